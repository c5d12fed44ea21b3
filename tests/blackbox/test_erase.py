"""Erasure and access: nothing of an address is left, or all of it is shown."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

import ses
from daemon import Daemon

JANE = "Jane.Doe@Mail.example"
KEY = JANE.lower()


def bytes_of(daemon: Daemon) -> bytes:
    """Of all files of the database, in lower case."""
    files = [daemon.database.with_name(daemon.database.name + end) for end in ("", "-wal", "-shm")]
    return b"".join(file.read_bytes() for file in files if file.exists()).lower()


def erase(daemon: Daemon, *options: str) -> tuple[dict, str]:
    result = daemon.ctl("-o", "json", "erase", KEY, *options)
    assert result.code == 0, result.err
    (row,) = result.json()
    return row, result.err


@pytest.fixture
def known(daemon, sns):
    """Of every kind, about Jane alone or about others, too."""
    daemon.accept(
        sns.feedback(ses.bounce(JANE)),
        sns.feedback(ses.complaint(JANE)),
        sns.feedback(ses.bounce(JANE, "ben@mail.example")),
        sns.feedback({"no": 1, "to": JANE}),
    )
    daemon.ctl("suppress", "add", JANE, "--note", f"{JANE} asked")
    daemon.ctl("suppress", "add", "ann@mail.example", "--note", f"sister of {JANE}")
    return daemon


def test_complaint_25_nothing_is_left_of_who_is_forgotten(known):
    assert KEY.encode() in bytes_of(known)
    row, said = erase(known, "--forget", "--note", f"letter of {JANE}")
    assert row["events"] == 3 and row["quarantined"] == 1 and not row["suppressed"]
    assert KEY.encode() not in bytes_of(known)
    for word in ("may be mailed again", "keyed hash", "the domain mail.example", "400 days",
                 "backups", "journal", "delete-suppressed-destination"):
        assert word in said
    assert known.ctl("check", KEY).code == 0
    assert known.suppressed() == ["ann@mail.example", "ben@mail.example"]
    (event,) = known.events()
    body = known.ctl("message", "show", str(event["id"])).out
    assert KEY not in body.lower() and "ben@mail.example" in body
    (line,) = known.rows("SELECT * FROM suppression_log WHERE action = 'erased'")
    assert line["address"] is None and KEY not in line["note"].lower()
    assert known.stop() == 0
    assert KEY.encode() not in bytes_of(known)
    assert known.ctl("db", "check").code == 0


def test_who_must_not_be_mailed_stays_on_the_list_without_the_story(known):
    (before,) = known.rows("SELECT * FROM suppressed WHERE address = ?", KEY)
    row, said = erase(known)
    assert row["suppressed"] and "--forget" in said
    (after,) = known.rows("SELECT * FROM suppressed WHERE address = ?", KEY)
    kept = ("address", "scope", "reason", "since", "until")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["note"] is after["detail"] is after["rule"] is after["last_event_at"] is None
    assert known.ctl("check", KEY).code == 1
    actions = known.column("SELECT action FROM suppression_log WHERE address = ? ORDER BY id", KEY)
    assert actions[-1] == "erased"


def test_what_was_erased_does_not_come_back_by_an_import(known, tmp_path):
    """Bare messages, captured before; what happens afterwards works as ever."""
    captured = tmp_path / "captured.json"
    captured.write_text(json.dumps(ses.bounce(JANE)))
    erase(known, "--forget")
    result = known.ctl("-o", "json", "import", str(captured))
    (done,) = result.json()
    assert (done["applied"], done["erased"]) == (0, 1)
    assert known.ctl("check", KEY).code == 0
    assert KEY.encode() not in bytes_of(known)


def test_who_comes_again_after_the_erasure_is_treated_as_ever(known, sns):
    erase(known, "--forget")
    known.accept(sns.feedback(ses.bounce(JANE)))
    assert known.ctl("check", KEY).code == 1
    erase(known)
    assert known.ctl("check", KEY).code == 1


def test_a_dry_run_says_what_would_go_and_changes_nothing(known):
    before = known.value("SELECT count(*) FROM events")
    planned, said = erase(known, "--forget", "--dry-run")
    assert planned["events"] == 3 and "would no longer be on the list, and might" in said
    assert known.value("SELECT count(*) FROM events") == before
    done, _ = erase(known, "--forget")
    assert done == planned


def test_a_reader_that_keeps_the_log_is_named(known):
    with closing(sqlite3.connect(f"file:{known.database}?mode=ro", uri=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        result = known.ctl("erase", KEY, "--forget")
        assert result.code == 2 and "-wal" in result.err
    assert known.ctl("erase", KEY, "--forget").code == 0
    assert KEY.encode() not in bytes_of(known)


def test_an_access_request_shows_everything(known):
    result = known.ctl("-o", "json", "export", "--address", JANE)
    assert result.code == 0, result.err
    rows = result.json()
    kinds = [row["kind"] for row in rows]
    assert kinds.count("event") == kinds.count("message") == 3
    assert {"entry", "decision", "change", "quarantined"} <= set(kinds)
    (named,) = [row for row in rows if row["kind"] == "mentioned_in_message"]
    (event,) = known.rows("SELECT * FROM events WHERE address = 'ben@mail.example'")
    assert named["event_id"] == event["id"] and "ben" not in json.dumps(named)
    rows.remove(named)
    assert all(KEY in json.dumps(row).lower() for row in rows)
    assert known.ctl("export", "--address", JANE).code == 2
    erase(known, "--forget")
    nothing = known.ctl("-o", "json", "export", "--address", JANE)
    assert (nothing.code, nothing.out) == (1, "") and "nothing is kept" in nothing.err


def test_a_list_from_before_the_erasure_does_not_bring_it_back(known, tmp_path):
    lines = tmp_path / "list.csv"
    lines.write_text(f"email,created\n{KEY},2024-05-01T00:00:00Z\n"
                     "new@mail.example,2024-05-01T00:00:00Z\n")
    erase(known, "--forget")
    result = known.ctl("-o", "json", "suppress", "import", str(lines), "--reason", "BOUNCE")
    assert result.code == 0, result.err
    (done,) = result.json()
    assert (done["imported"], done["erased"]) == (1, 1)
    assert known.ctl("check", KEY).code == 0


def test_what_was_only_counted_goes_and_a_sending_identity_is_named(daemon, sns):
    """The memory of counted events has hashes without a key: anybody could try addresses."""
    daemon.accept(sns.feedback(ses.delivery(JANE)), sns.feedback(ses.delivery("ben@mail.example")))
    sent = ses.bounce("ben@mail.example")
    sent["mail"]["sourceArn"] = f"arn:aws:ses:us-east-1:{ses.ACCOUNT}:identity/{KEY}"
    daemon.accept(sns.feedback(sent))
    before = daemon.value("SELECT count(*) FROM counted")
    planned, said = erase(daemon, "--dry-run")
    assert planned["counted"] == 1 and daemon.value("SELECT count(*) FROM counted") == before
    assert f"mail is sent from {KEY}" in said and "[retention] events" in said
    done, _ = erase(daemon)
    assert done == planned
    assert daemon.value("SELECT count(*) FROM counted") == before - 1
