"""Entries that wait for a person, and the log of what has changed."""

from __future__ import annotations

import json

import pytest

import ses
from daemon import typed

MANY = [f"person{i}@mail.example" for i in range(6)]


@pytest.fixture
def held(daemon, sns):
    """One of six recipients complained: nobody is suppressed."""
    daemon.accept(sns.feedback(ses.complaint(*MANY)))
    return daemon


def rows(daemon, *words: str) -> list[dict]:
    result = daemon.ctl("-o", "json", *words)
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def test_a_complaint_of_many_is_held_and_suppresses_nobody(held):
    assert held.suppressed() == []
    assert held.ctl("check", MANY[0]).code == 0
    waiting = rows(held, "suppress", "held")
    assert [row["address"] for row in waiting] == MANY
    assert {row["why"] for row in waiting} == {"complaint-of-many"}
    assert {row["reason"] for row in waiting} == {"COMPLAINT"}
    event_ids = [row["id"] for row in held.rows("SELECT id FROM events ORDER BY id")]
    assert [row["event_id"] for row in waiting] == event_ids


def test_held_says_what_to_type(held):
    told = held.ctl("suppress", "held")
    release, drop = typed(told.err)
    assert held.ctl(*release).out == "1 released\n"
    assert held.ctl(*drop[:-1], "complaint-of-many").out == "5 dropped\n"
    assert "WHY stands for all its entries" in told.err
    held.ctl("suppress", "drop", "complaint-of-many")
    assert held.ctl("suppress", "held").err == ""


@pytest.mark.parametrize("mark", ["YOUR REASON", "..."])
def test_what_stands_for_a_reason_is_refused(held, mark):
    refused = held.ctl("suppress", "drop", "--note", mark, "complaint-of-many")
    assert refused.code == 2 and "stands for your reason" in refused.err
    assert len(held.rows("SELECT 1 FROM held")) == 6


def test_check_says_that_an_entry_is_held(held):
    checked = held.ctl("check", MANY[0], "free@mail.example")
    assert checked.code == 0 and checked.out == (
        f"{MANY[0]}  may be mailed; held for a decision: complaint-of-many\n"
        "free@mail.example  may be mailed\n"
    )
    for address, waits in ((MANY[0], True), ("free@mail.example", False)):
        (row,) = rows(held, "check", address)
        assert (row["suppressed"], row["held"]) == (False, waits)
    (row,) = rows(held, "check", "--scope", "no-such-scope", MANY[0])
    assert row["held"] is True


def test_release_makes_an_entry_by_id_and_drop_by_address(held):
    first = rows(held, "suppress", "held")[0]
    assert held.ctl("suppress", "release", str(first["id"]), "--note", "he did").code == 0
    assert held.suppressed() == [MANY[0]]
    assert held.ctl("suppress", "drop", MANY[1]).out == "1 dropped\n"
    assert [row["address"] for row in rows(held, "suppress", "held")] == MANY[2:]
    assert held.ctl("suppress", "drop", "complaint-of-many").out == "4 dropped\n"
    assert rows(held, "suppress", "held") == []
    again = held.ctl("suppress", "drop", MANY[1])
    assert again.code == 1 and f"nothing is held for {MANY[1]}" in again.err
    assert held.suppressed() == [MANY[0]]


def test_dry_run_says_how_many_and_changes_nothing(held):
    assert held.ctl("suppress", "release", "complaint-of-many", "--dry-run").out == (
        "6 would be released\n"
    )
    assert held.suppressed() == []


def test_every_change_is_in_the_log_with_its_cause(held, sns):
    held.accept(sns.feedback(ses.bounce("ann@mail.example")))
    held.ctl("suppress", "add", "bob@mail.example", "--note", "asked")
    held.ctl("suppress", "remove", "ann@mail.example")
    held.ctl("suppress", "release", MANY[0])
    log = rows(held, "suppress", "log")
    assert [(row["address"], row["action"], row["reason_before"], row["reason_after"])
            for row in log[6:]] == [
        ("ann@mail.example", "added", None, "BOUNCE"),
        ("bob@mail.example", "added", None, "MANUAL"),
        ("ann@mail.example", "removed", "BOUNCE", None),
        (MANY[0], "released", None, "COMPLAINT"),
    ]
    assert {row["action"] for row in log[:6]} == {"held"}
    assert log[6]["rule"] == "permanent-general" and log[6]["origin"] == "event"
    assert log[6]["event_id"] == held.value("SELECT max(id) FROM events")
    assert log[7]["note"] == "asked" and log[7]["origin"] == "person"
    assert [row["id"] for row in log] == sorted(row["id"] for row in log)
    assert len(rows(held, "suppress", "log", "--address", "ann@mail.example")) == 2
    assert rows(held, "suppress", "log", "--after-id", str(log[8]["id"])) == log[9:]


def test_the_log_of_an_address_is_found_by_an_index(held):
    plan = held.rows("EXPLAIN QUERY PLAN SELECT * FROM suppression_log"
                     " WHERE address = 'Ann@mail.example'")
    assert not [row for row in plan if row["detail"].startswith("SCAN")], plan


def test_a_complaint_is_removed_only_on_purpose_17(daemon, sns):
    daemon.accept(sns.feedback(ses.complaint("ann@mail.example")))
    refused = daemon.ctl("suppress", "remove", "ann@mail.example")
    assert refused.code == 1 and "--complaint" in refused.out
    assert daemon.suppressed() == ["ann@mail.example"]
    assert daemon.ctl("suppress", "remove", "--complaint", "ann@mail.example").code == 0
    assert daemon.suppressed() == []


def test_an_entry_that_is_named_twice_counts_once(held):
    first, second = rows(held, "suppress", "held")[:2]
    words = [str(first["id"]), first["address"], str(first["id"])]
    assert held.ctl("suppress", "release", *words, "--dry-run").out == "1 would be released\n"
    assert held.ctl("suppress", "release", *words, second["address"]).out == "2 released\n"
    assert held.suppressed() == sorted([first["address"], second["address"]])


def test_what_is_not_held_beside_what_is_makes_the_answer_no(held):
    first = rows(held, "suppress", "held")[0]
    some = held.ctl("suppress", "release", str(first["id"]), "9999")
    assert (some.code, some.out) == (1, "1 released\n")
    assert "nothing is held for 9999" in some.err
    assert held.suppressed() == [first["address"]]
