"""`suppress rebuild`: the list is a function of events, policy and what people decided."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

import ses
from daemon import eventually
from test_guard import outage

POLICY = ses.recipient("policy@mail.example", status="5.7.1",
                       diagnosticCode="smtp; 550 5.7.1 refused by local policy")


@pytest.fixture
def lived(make_daemon, sns):
    """A bit of everything."""
    daemon = make_daemon(suppression={"guard": "on", "guard_least": 5}).start()
    feedback = [
        ses.bounce("hard@mail.example"),
        ses.bounce("twice@mail.example"),
        ses.bounce("twice@mail.example"),
        ses.bounce(POLICY),
        ses.complaint("angry@mail.example"),
        ses.complaint(*[f"one{i}@mail.example" for i in range(3)]),
        ses.complaint(*[f"many{i}@mail.example" for i in range(6)]),
        ses.bounce("removed@mail.example"),
        ses.bounce("again@mail.example"),
        ses.bounce("listed@mail.example", subtype="OnAccountSuppressionList"),
    ]
    for event in feedback:
        daemon.accept(sns.feedback(event))
    outage(daemon, sns, 8, "outage.example")
    daemon.ctl("suppress", "remove", "removed@mail.example", "again@mail.example")
    daemon.ctl("suppress", "add", "manual@mail.example")
    daemon.ctl("suppress", "release", "many0@mail.example")
    daemon.ctl("suppress", "drop", "many1@mail.example")
    daemon.accept(sns.feedback(ses.bounce("again@mail.example")))
    return daemon


def the_list(daemon) -> list[dict]:
    return daemon.rows("SELECT address, scope, reason, detail, since, until, rule"
                       " FROM suppressed ORDER BY address, scope")


def test_the_policy_that_made_the_list_makes_it_again(lived):
    before = the_list(lived)
    assert len(before) > 10
    for words in (["--dry-run"], []):
        told = lived.ctl("suppress", "rebuild", *words)
        assert told.code == 0 and told.out.endswith(", 0 of them differ\n"), told
    assert the_list(lived) == before


def test_what_a_changed_policy_would_do_is_shown_and_then_done(lived):
    before = the_list(lived)
    lived.configure({"suppression": {"rule": "permanent-policy record"}})
    told = lived.ctl("suppress", "rebuild", "--dry-run")
    assert "1 would be lifted: BOUNCE, such as policy@mail.example\n" in told.out
    assert the_list(lived) == before
    assert lived.ctl("suppress", "rebuild").code == 0
    assert the_list(lived) == [row for row in before if row["address"] != "policy@mail.example"]
    log = lived.rows("SELECT * FROM suppression_log ORDER BY id DESC LIMIT 1")[0]
    assert (log["address"], log["action"], log["note"]) == (
        "policy@mail.example", "lifted", "suppress rebuild")


def test_what_is_said_to_differ_is_changed_to_the_last_address(make_daemon, sns):
    """Half of a turn's addresses were left as they were."""
    daemon = make_daemon(suppression={"guard": "off"}).start()
    for i in range(7):
        daemon.accept(sns.feedback(ses.bounce(f"soft{i}@mail.example", kind="Transient",
                                              subtype="General")))
    assert the_list(daemon) == []
    daemon.configure({"suppression": {"guard": "off", "rule": "transient-silent suppress"}})
    told = daemon.ctl("suppress", "rebuild")
    assert told.out.endswith("\n7 addresses, 7 of them differ\n"), told
    assert [row["address"] for row in the_list(daemon)] == [
        f"soft{i}@mail.example" for i in range(7)]
    assert daemon.ctl("suppress", "rebuild").out.endswith(", 0 of them differ\n")


def test_and_the_old_policy_brings_it_back(lived):
    before = the_list(lived)
    lived.configure({"suppression": {"rule": "permanent-policy record"}})
    lived.ctl("suppress", "rebuild")
    lived.configure({"suppression": {"rule": "permanent-policy suppress 14d"}})
    assert lived.ctl("suppress", "rebuild").code == 0
    assert the_list(lived) == before


def test_a_new_scope_moves_complaints_there(lived):
    lived.configure({"suppression": {"scope_by": "configuration_set"}})
    assert lived.ctl("suppress", "rebuild").code == 0
    scopes = {row["scope"] for row in the_list(lived) if row["address"] == "angry@mail.example"}
    assert len(scopes) == 1


def test_the_list_is_the_same_after_everything_was_pruned(lived):
    before = the_list(lived)
    lived.configure({"retention": {"events": "1s", "bodies": "1s", "log": "1s"}})
    lived.restart()
    assert lived.ctl("db", "prune").code == 0
    eventually(lambda: lived.ctl("db", "prune").code == 0
               and lived.value("SELECT count(*) FROM events") == 0)
    told = lived.ctl("suppress", "rebuild")
    assert told.code == 0 and told.out.endswith(", 0 of them differ\n"), told
    assert the_list(lived) == before


def test_an_address_with_too_many_events_stays_as_it_is_and_is_named(lived):
    """What takes longer than a delivery may wait is not replayed."""
    with closing(sqlite3.connect(lived.database, timeout=30)) as db, db:
        columns = ", ".join(name for (name,) in db.execute(
            "SELECT name FROM pragma_table_xinfo('event') WHERE hidden = 0")
            if name not in ("id", "key_time", "key_hash"))
        db.execute(f"INSERT INTO event ({columns}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
                   f" SELECT i + 1 FROM n WHERE i < 5001) SELECT {columns} FROM"
                   " (SELECT * FROM event WHERE address = 'policy@mail.example') JOIN n")
        db.execute("UPDATE sns_message SET last_event_id = (SELECT max(id) FROM event)")
    before = the_list(lived)
    lived.configure({"suppression": {"rule": "permanent-policy record"}})
    for words in (["--dry-run"], []):
        told = lived.ctl("suppress", "rebuild", *words)
        assert told.code == 0 and told.out.endswith(", 0 of them differ\n"), told
        assert "1 addresses have more than 5000 bounces" in told.err, told
        assert "such as policy@mail.example\n" in told.err, told
    assert the_list(lived) == before
