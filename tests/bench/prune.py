#!/usr/bin/python3
"""What pruning costs the deliveries that arrive meanwhile.

usage: prune.py BUILD [EVENTS [DAYS]]

A file with EVENTS events of the last year, of which DAYS days (with their bodies) are older
than `[retention] events`; 500 deliveries a second arrive while these go, and again when
nothing is due. Needs `make bench-programs`.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import scale
from servers import Daemon, fresh, tool

RATE = 500
SECONDS = 20
CONNECTIONS = 64
PART_SECONDS = 5


def sign(folder: Path, messages: Path, count: int) -> None:
    fresh(messages)
    subprocess.run([folder / "generate", messages, str(count)], check=True, timeout=600)


def bodies(database: Path, before: str) -> int:
    """Those of the events that are due, and as many bytes as the one there is."""
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("INSERT INTO body (message_id, body, dictionary) SELECT m.id, b.body, b.dictionary"
               " FROM sns_message AS m, (SELECT * FROM body LIMIT 1) AS b"
               " WHERE m.received_at < datetime('now', ?) AND m.id > 1", (before,))
    due = db.execute("SELECT count(*) FROM sns_message WHERE received_at < datetime('now', ?)",
                     (before,)).fetchone()[0]
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    db.close()
    return due


def left(database: Path, before: str) -> int:
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return db.execute("SELECT count(*) FROM sns_message WHERE id IN (SELECT id FROM"
                          " sns_message ORDER BY id LIMIT 500000) AND received_at <"
                          " datetime('now', ?)", (before,)).fetchone()[0]
    finally:
        db.close()


def main() -> None:
    build = Path(sys.argv[1]).resolve()
    events = int(sys.argv[2]) if len(sys.argv) > 2 else 1_500_000
    days = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    folder = build / "bench"
    messages = folder / "signed-prune"
    total = 2 * RATE * SECONDS + 1
    sign(folder, messages, total)
    home = fresh(folder / "run" / "prune")
    daemon = Daemon(build, messages, home)
    pace = [folder / "pace"]

    def load(server: Daemon, first: int, seconds: int) -> dict:
        return tool(*pace, server.port, "/sns", messages / "messages", first, RATE * seconds,
                    RATE, CONNECTIONS, timeout=seconds + 40)

    with daemon:
        tool(*pace, daemon.port, "/sns", messages / "messages", total - 1, 1, RATE, 1, timeout=40)
    scale.fill(daemon.database, events)
    before = f"-{365 - days} days"
    due = bodies(daemon.database, before)
    for keep in ("forever", f"{365 - days}d"):
        daemon = Daemon(build, messages, home)
        with open(daemon.config, "a", encoding="ascii") as config:
            config.write(f"[retention]\nevents = {keep}\nbodies = {keep}\n")
        first = 0 if keep == "forever" else RATE * SECONDS
        with daemon:
            began, runs = time.monotonic(), []
            for part in range(SECONDS // PART_SECONDS):
                runs.append(load(daemon, first + part * RATE * PART_SECONDS, PART_SECONDS))
                runs[-1]["left"] = left(daemon.database, before)
            peak = daemon.peak_mb()
        print(json.dumps({"events": events, "due": due, "keep": keep, "peak_mb": round(peak),
                          "seconds": round(time.monotonic() - began, 1), "runs": runs}))


main()
