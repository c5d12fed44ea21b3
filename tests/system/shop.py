"""A month of an invented shop's mail: what the page is looked at with."""

from __future__ import annotations

import datetime as dt
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import ses
from daemon import Daemon
from fakesns import now

DAYS = 30
PROVIDERS = ("inbox.example", "post.example", "quickmail.example", "bluemail.example",
             "uni.example", "works.example", "oldisp.example", "mailbox.example")
WEIGHTS = (40, 22, 12, 9, 5, 5, 4, 3)
HARD = (
    ("smtp; 550 5.1.1 The email account that you tried to reach does not exist", 40),
    ("smtp; 550 5.1.1 <{}>: Recipient address rejected: User unknown in virtual mailbox table", 24),
    ("smtp; 550 5.4.1 Recipient address rejected: Access denied", 12),
    ("smtp; 554 5.7.1 Message rejected due to local policy (id {:06d}x)", 5),
)
SOFT = (
    ("smtp; 452 4.2.2 The recipient's inbox is out of storage space", 9),
    ("smtp; 421 4.7.0 Temporarily deferred due to unusual volume", 6),
)
CAMPAIGNS = (("autumn-sale", 8), ("welcome-series", 4), ("order-receipts", 3), ("price-drop", 2))


def _one(chance: random.Random, weighted) -> str:
    return chance.choices([text for text, _ in weighted], [weight for _, weight in weighted])[0]


def _reports(at: dt.datetime, n: int, chance: random.Random):
    name = chance.choice(("anna", "ben", "carla", "dmitri", "elif", "femi", "greta", "hugo"))
    address = f"{name}.{n:04d}@{chance.choices(PROVIDERS, WEIGHTS)[0]}"
    options = {"feed": "event", "at": at, "sent": at - dt.timedelta(seconds=40),
               "tags": {"campaign": [_one(chance, CAMPAIGNS)]}}
    kind = chance.random()
    if kind < 0.06:
        return ses.complaint(address, **options)
    text = _one(chance, HARD if kind < 0.72 else SOFT)
    text = text.format(n) if "{:" in text else text.format(address)
    status = text.split()[2]
    to = ses.failed(address, status, text)
    if kind < 0.72:
        return ses.bounce(to, **options)
    return ses.bounce(to, kind="Transient", subtype="General", **options)


def month(daemon: Daemon, folder: Path, seed: int = 5) -> None:
    """Into a daemon whose `campaign` is tag:campaign, imported as its history."""
    chance = random.Random(seed)
    sends: dict[str, int] = {}
    lines = []
    for day in range(DAYS):
        date = now() - dt.timedelta(days=DAYS - 1 - day)
        weekday = date.weekday() < 5
        sent = int(chance.gauss(3100 if weekday else 900, 260))
        share = 0.009 + (0.052 if day == 17 else 0) + (0.012 if day == 18 else 0)
        sends[date.strftime("%Y-%m-%d")] = sent
        for n in range(int(sent * share)):
            at = date.replace(hour=0, minute=0) + dt.timedelta(minutes=chance.randrange(1430))
            lines.append(json.dumps(_reports(min(at, now()), day * 1000 + n, chance)))
    file = folder / "month.json"
    file.write_text("\n".join(lines) + "\n")
    assert daemon.ctl("import", str(file)).code == 0
    with closing(sqlite3.connect(daemon.database, timeout=10)) as db, db:
        for day, sent in sends.items():
            db.execute("INSERT INTO day_count (day, scope, sends, deliveries) VALUES (?, '*', ?, ?)"
                       " ON CONFLICT DO UPDATE SET sends = ?2, deliveries = ?3",
                       (day, sent, int(sent * 0.985)))
