"""Makes the database of a release, and its own answers, for tests/blackbox/test_previous.py.

usage: make.py CLONE FOLDER   CLONE is a clone of the release, in which `make` has run

The release's program stores what is below: FOLDER/database.sql is a dump of its file,
FOLDER/answers.json has what its views show and its tool answers, and FOLDER/imported which
messages of ../ses were imported. Everything is
invented. A term has ended or lasts until 2099, so that no answer depends on the clock.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

CLONE, FOLDER = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
CASES = Path(__file__).resolve().parents[1] / "ses"
os.environ["SESBOUNCED"] = str(CLONE / "build/sesbounced")
sys.path.insert(0, str(CLONE / "tests/blackbox"))

import ses  # noqa: E402
from daemon import Daemon, eventually  # noqa: E402
from fakesns import TOPIC, Answer, Authority, FakeSns, now, refusal  # noqa: E402

VIEWS = ("entries", "suppressed", "decisions", "events", "quarantine", "topics", "daily")
# Bare messages that are imported, one of each kind.
IMPORTED = (
    "a-complaint-from-the-account-list-is-a-list-hit-16",
    "a-delay-is-told-for-each-recipient",
    "a-hard-bounce-fills-every-field",
    "a-rendering-failure-says-why",
    "a-subscription-that-leaves-a-topic-is-an-opt-out",
    "a-type-that-we-do-not-know-is-kept-and-not-judged-24",
    "an-event-carries-tags-set-and-tenant",
    "each-recipient-is-judged-by-himself",
    "nul-and-huge-numbers-do-not-stop-a-bounce",
    "times-of-all-shapes-are-read",
)
# Their story is kept, too: reported twice, listed after two days, lifted, listed for two
# reasons, listed by hand.
STORIES = ("ann", "cyd", "hal", "ida", "joe")


def at(day: int, hour: int = 12, year: int = 2024) -> dt.datetime:
    return dt.datetime(year, 1, day, hour, tzinfo=dt.timezone.utc)


def address(name: str) -> str:
    return f"{name}@mail.example"


def soft(name: str, subtype: str) -> dict:
    return ses.bounce(ses.failed(address(name)), kind="Transient", subtype=subtype)


def feedback(sns: FakeSns) -> list[tuple[dict, dt.datetime]]:
    """SES's messages, and when SNS sent them."""
    mail, report = ses.ses_id(at(1)), ses.ses_id(at(1, 13))
    both = [
        ses.bounce(address("ann"), feed=feed, message_id=mail, feedback_id=report, **tags)
        for feed, tags in (("notification", {}), ("event", {"tags": {"campaign": ["spring"]}}))
    ]
    blocked = ses.failed(address("gus"), "5.7.1", "smtp; 554 5.7.1 listed on a DNS blocklist")
    return [
        *((message, at(1, 13)) for message in both),
        (soft("ben", "MailboxFull"), at(3)),
        # A second day makes an entry: one has it, one waits for it (test_previous.py).
        *((soft("cyd", "General"), at(day)) for day in (3, 5)),
        (soft("dan", "General"), at(3, year=2099)),
        (ses.bounce(address("eve"), subtype="Suppressed"), at(6)),
        (ses.complaint(address("fay")), at(7)),
        (ses.complaint(*map(address, ("kim", "lea", "max"))), at(7, 13)),
        (ses.complaint(address("ann"), feedback="not-spam"), at(7, 14)),
        (ses.bounce(blocked), at(8)),
        (ses.bounce("bounce@simulator.amazonses.com"), at(8, 13)),
        (ses.bounce(address("hal")), at(9)),
        (ses.bounce(address("ida")), at(9, 13)),
        *((ses.send(address(name)), at(10)) for name in ("ann", "ben", "nan")),
        *((ses.delivery(address(name)), at(10, 13)) for name in ("ben", "nan")),
        (ses.reject(address("oda")), at(11)),
        (ses.opened(address("nan")), at(11, 13)),
    ]


def subscribe(daemon: Daemon, sns: FakeSns) -> None:
    """A topic in each state, with tokens that do not get too old."""

    def reached(topic: str, state: str) -> None:
        sql = "SELECT count(*) FROM topics WHERE topic_arn = ? AND state = ?"
        eventually(lambda: daemon.value(sql, topic, state))

    def ask(name: str) -> None:
        topic = f"{TOPIC}-{name}" if name else TOPIC
        daemon.accept(sns.confirmation(at=at(1, year=2099), topic=topic, token=name or "confirmed"))

    ask("")
    reached(TOPIC, "confirmed")
    ask("left")
    reached(f"{TOPIC}-left", "confirmed")
    left = f"{TOPIC}-left"
    arn = daemon.value("SELECT subscription_arn FROM topics WHERE topic_arn = ?", left)
    ended = f"You have chosen to deactivate subscription {arn}.\nTo cancel, visit the SubscribeURL."
    daemon.accept(sns.unsubscription(at=at(2, year=2099), topic=left, Message=ended))
    reached(left, "unsubscribed")
    sns.confirm_plan.then(Answer(400, refusal("InvalidParameter", "Invalid token")))
    ask("failed")
    reached(f"{TOPIC}-failed", "failed")
    sns.confirm_plan.otherwise = Answer(500)
    ask("tried")
    eventually(lambda: daemon.column("SELECT fault FROM topics WHERE state = 'confirming'")[0])
    daemon.configure({"sns": {"confirm": "manual"}})
    daemon.restart()
    ask("pending")


def fill(daemon: Daemon, sns: FakeSns) -> None:
    def people(*words: str) -> None:
        assert daemon.ctl("suppress", *words).code == 0

    subscribe(daemon, sns)
    for message, sent in feedback(sns):
        daemon.accept(sns.feedback(message, at=sent))
    for text in ("no json: \u00e9", '{"hello": "world"}', '{"notificationType": "Bounce"}'):
        daemon.accept(sns.notification(text, at=at(12)))
    people("add", address("joe"), "--note", "asked by telephone")
    people("add", address("pia"), "--until", "2099-02-01")
    people("add", address("ida"), "--note", "twice")
    people("remove", address("hal"), "--note", "it was our fault")
    people("add", address("rob"))
    people("remove", address("rob"))
    for case in IMPORTED:
        assert daemon.ctl("import", str(CASES / case / "input.json")).code in (0, 1), case
    # It ends with a stale message, which a daemon of the usual settings quarantines.
    daemon.configure({"sns": {"max_age": "2h"}})
    daemon.restart()
    daemon.accept(sns.feedback(ses.bounce(address("sue")), at=at(13)))


def dump(database: Path) -> str:
    with sqlite3.connect(database) as db:
        # Always due, and not yet given up, which it would be three days after it was created.
        created = int(at(1, year=2099).timestamp() * 1000)
        db.execute("UPDATE outbox SET next_at_ms = 0, created_at_ms = ?", (created,))
        db.text_factory = bytes
        bodies = {body.hex(): body for (body,) in db.execute("SELECT body FROM body")}
        db.text_factory = str
        names = ("application_id", "user_version", "page_size")
        lines = [f"PRAGMA {n} = {db.execute(f'PRAGMA {n}').fetchone()[0]};" for n in names]
        text = "\n".join([*lines, *db.iterdump()]) + "\n"
    # A body that is not packed is text that a person can read.
    for hexadecimal, body in bodies.items():
        with suppress(UnicodeDecodeError):
            quoted = body.decode().replace("'", "''")
            text = text.replace(f"X'{hexadecimal.upper()}'", f"CAST('{quoted}' AS BLOB)")
    return text


def answers(daemon: Daemon) -> dict[str, list]:
    """Without NULLs, of which there are many."""
    given = {view: daemon.rows(f"SELECT * FROM {view} ORDER BY 1, 2, 3") for view in VIEWS}
    for name in STORIES:
        given[f"why {address(name)}"] = daemon.ctl("-o", "json", "why", address(name)).json()
    return {
        question: [{key: row[key] for key in row if row[key] is not None} for row in rows]
        for question, rows in given.items()
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        sns = FakeSns(Authority(Path(home)))
        before, after = now() - at(1), at(31, year=2099) - now()
        sns.signer = sns.add(sns.authority.new_signer(before=before, after=after))
        settings = {
            "sns": {"max_age": "0", "topic": [TOPIC, f"{TOPIC}-*"]},
            "events": {"campaign": "tag:campaign"},
        }
        daemon = Daemon(Path(home) / "daemon", sns, settings)
        try:
            fill(daemon.start(), sns)
            assert daemon.stop() == 0, daemon.log()
            given = answers(daemon)
            (FOLDER / "database.sql").write_text(dump(daemon.database))
        finally:
            daemon.close()
            sns.close()
    text = ",\n".join(
        f"{json.dumps(question)}: [\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"
        for question, rows in given.items()
    )
    (FOLDER / "answers.json").write_text(f"{{\n{text}\n}}\n")
    (FOLDER / "imported").write_text("\n".join(IMPORTED) + "\n")


main()
