"""A database of an earlier release, once migrated, answers as it did there. data/database
has the databases and the answers, which that release gave itself, and make.py, which
makes them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

import ses
from daemon import REPOSITORY, Daemon, eventually
from fakesns import TOPIC, Answer, FakeSns, now

DATA = REPOSITORY / "tests/data"
RELEASES = sorted(path.parent for path in DATA.glob("database/*/database.sql"))
DAN, SUE = "dan@mail.example", "sue@mail.example"
IN_2099 = datetime(2099, 1, 5, tzinfo=timezone.utc)


# Later schemas keep tokens in files beside the database.
with_tokens = pytest.mark.parametrize("release", RELEASES[:1], indirect=True, ids=["schema-1"])


def answers(release: Path) -> dict[str, list[dict]]:
    return json.loads((release / "answers.json").read_text())


@pytest.fixture(params=RELEASES, ids=lambda release: release.name)
def release(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def migrated(make_daemon, sns: FakeSns, release: Path) -> Daemon:
    """SNS goes on to answer 500 to the confirmation that it had begun."""
    sns.confirm_plan.otherwise = Answer(500)
    daemon = make_daemon(sns={"max_age": "0", "topic": [TOPIC, f"{TOPIC}-*"]})
    with closing(sqlite3.connect(daemon.database)) as db:
        db.executescript((release / "database.sql").read_text())
        db.execute("PRAGMA journal_mode = WAL")
    daemon.database.chmod(0o640)
    return daemon.start()


def answer(daemon: Daemon, question: str) -> list[dict]:
    if " " in question:
        return daemon.ctl("-o", "json", *question.split()).json()
    return daemon.rows(f"SELECT * FROM {question} ORDER BY 1, 2, 3")


def test_every_question_has_the_same_answer(migrated, release):
    for question, expected in answers(release).items():
        # A view may have got more columns, and NULLs are left out.
        known = {name for row in expected for name in row}
        given = [
            {name: row[name] for name in known & row.keys() if row[name] is not None}
            for row in answer(migrated, question)
        ]
        assert given == expected, question
    assert migrated.ctl("db", "check").code == 0


def test_the_upgrade_is_logged_and_systemd_waits_for_it(migrated, release):
    begin, end = (migrated.wait_log(words, "EVENTS=") for words in (
        "the database is of an earlier version", "the database has been upgraded"))
    version = release.name.removeprefix("schema-")
    events = max(int(row["id"]) for row in answers(release)["events"])
    for line in (begin, end):
        assert f"FROM={version} TO=9 EVENTS={events} SECONDS=" in line, line
    extending = [text for text in migrated.notified if "EXTEND_TIMEOUT_USEC=900000000" in text]
    assert extending and "STATUS=upgrading the database" in extending[0]


def test_what_was_imported_is_known(migrated, release):
    before = migrated.rows("SELECT * FROM daily"), migrated.events()
    names = (release / "imported").read_text().split()
    cases = [str(DATA / "ses" / name / "input.json") for name in names]
    assert migrated.ctl("import", *cases).code == 0
    assert before == (migrated.rows("SELECT * FROM daily"), migrated.events())


def test_a_stale_message_can_be_applied(migrated):
    (id,) = migrated.column("SELECT id FROM quarantine WHERE reason = 'stale'")
    assert migrated.ctl("quarantine", "retry", str(id)).code == 0
    assert SUE in migrated.suppressed()


def test_a_second_day_follows_the_first(migrated, sns):
    assert DAN not in migrated.suppressed()
    signer = sns.add(sns.authority.new_signer(after=IN_2099 + timedelta(days=1) - now()))
    message = ses.bounce(ses.failed(DAN), kind="Transient", subtype="General")
    migrated.accept(sns.feedback(message, at=IN_2099, signer=signer))
    assert DAN in migrated.suppressed()


@with_tokens
def test_a_confirmation_under_way_goes_on(migrated, sns):
    request = sns.wait_for(1, sns.confirmations)[0]
    assert request.query["TopicArn"] == f"{TOPIC}-tried" and request.query["Token"] == "tried"


@with_tokens
@pytest.mark.parametrize("state", ["pending", "failed"])
def test_a_token_is_still_there(migrated, sns, state):
    topic = f"{TOPIC}-{state}"
    sns.confirm_plan.otherwise = Answer()
    assert migrated.ctl("topics", "confirm", topic).code == 0
    sql = "SELECT state FROM topics WHERE topic_arn = ?"
    eventually(lambda: migrated.value(sql, topic) == "confirmed")
    assert (topic, state) in {(r.query["TopicArn"], r.query["Token"]) for r in sns.confirmations()}
