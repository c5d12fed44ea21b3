"""What is old goes by itself, in small steps, and what the list rests on stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

import ses
from daemon import Daemon, eventually
from load import Load


def age(daemon: Daemon, days: int, where: str = "1") -> None:
    """As if all of it had been received so long ago."""
    with closing(sqlite3.connect(daemon.database, timeout=30)) as db:
        db.execute(
            "UPDATE sns_message SET received_at = strftime('%Y-%m-%d %H:%M:%f', received_at, ?)"
            f" WHERE {where}",
            (f"-{days} days",),
        )
        db.execute("UPDATE list_change SET at_ms = at_ms - ? * 86400000", (days,))
        db.commit()


def prune(daemon: Daemon, *options: str) -> dict:
    result = daemon.ctl("-o", "json", "db", "prune", *options)
    assert result.code == 0, result.err
    (row,) = result.json()
    return row


def test_what_is_old_goes_when_asked_and_the_list_stays(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    daemon.accept(sns.feedback(ses.bounce("ben@mail.example")))
    assert daemon.stop() == 0  # else it might be faster
    age(daemon, 401, "id = 1")
    before = daemon.rows("SELECT * FROM suppressed ORDER BY address")
    planned = prune(daemon, "--dry-run")
    assert daemon.value("SELECT count(*) FROM events") == 2
    done = prune(daemon)
    assert done == planned == {"bodies": 1, "events": 1, "quarantined": 0, "changes": 0}
    assert daemon.column("SELECT address FROM events") == ["ben@mail.example"]
    assert daemon.rows("SELECT * FROM suppressed ORDER BY address") == before
    assert daemon.value("SELECT sum(hard_bounces) FROM daily") == 2
    status = {row["name"]: row["value"] for row in daemon.ctl("-o", "json", "status").json()
              if "value" in row}
    assert status["events"] == 1
    assert prune(daemon)["events"] == 0


def test_the_log_is_complete_after_its_events_are_gone(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    before = daemon.rows("SELECT * FROM suppression_log")
    with closing(sqlite3.connect(daemon.database, timeout=30)) as db:
        db.execute("UPDATE sns_message SET received_at = '2020-01-01 00:00:00.000'")
        db.commit()
    prune(daemon)
    assert daemon.value("SELECT count(*) FROM events") == 0
    assert daemon.rows("SELECT * FROM suppression_log") == before
    (line,) = daemon.ctl("-o", "json", "suppress", "log", "--address", "ann@mail.example").json()
    assert line["rule"] and line["action"] == "added"


@pytest.mark.parametrize("stored", ["before the start", "while it runs"])
def test_the_daemon_prunes_by_itself(daemon, sns, stored):
    daemon.configure({"retention": {"events": "1h", "bodies": "30m", "quarantine": "2h"}})
    if stored == "while it runs":
        daemon.restart()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")), sns.feedback({"no": 1}))
    age(daemon, 1)
    if stored == "before the start":
        daemon.restart()
    eventually(lambda: daemon.value("SELECT count(*) FROM events") == 0, 30)
    eventually(lambda: daemon.value("SELECT count(*) FROM quarantine") == 0, 30)
    assert daemon.value("SELECT count(*) FROM body") == 0
    assert daemon.suppressed() == ["ann@mail.example"]


def test_a_clock_that_is_ahead_deletes_nothing(daemon, sns):
    """By our clock the event is 200 days old; SNS's newest time is 400 days behind that clock."""
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    age(daemon, 200)
    with closing(sqlite3.connect(daemon.database, timeout=30)) as db:
        db.execute("UPDATE sns_message SET sns_timestamp_ms = sns_timestamp_ms - 400 * 86400000")
        # Old by any clock, and the last that a pass comes to: then that is over.
        db.execute("INSERT INTO list_change (at_ms, address, scope, action)"
                   " VALUES (0, 'old@mail.example', '*', 'added')")
        db.commit()
    daemon.configure({"retention": {"events": "100d", "bodies": "100d"}})
    daemon.restart()
    old = "SELECT count(*) FROM list_change WHERE at_ms = 0"
    eventually(lambda: daemon.value(old) == 0, 30)
    assert daemon.value("SELECT count(*) FROM events") == 1
    assert daemon.value("SELECT count(*) FROM body") == 1
    assert prune(daemon)["events"] == 1  # a person has looked at the clock


@pytest.mark.parametrize("kept", ["30d", "forever"])
def test_complaint_23_the_database_does_not_grow_without_end(daemon, sns, kept):
    daemon.configure({"retention": {"bodies": kept, "events": kept, "quarantine": kept}})
    daemon.restart()
    with Load(daemon, sns) as load:
        load.wait_for(300)
    age(daemon, 31)
    with Load(daemon, sns) as more:
        if kept == "30d":
            eventually(lambda: daemon.value(
                "SELECT count(*) FROM sns_message"
                " WHERE received_at < datetime('now', '-1 day')") == 0, 60)
        more.wait_for(20)
    assert load.failed == more.failed == []
    old = daemon.value("SELECT count(*) FROM events WHERE received_at < datetime('now', '-1 day')")
    assert old == (0 if kept == "30d" else len(load.acknowledged))
    assert len(daemon.suppressed()) == len(load.acknowledged) + len(more.acknowledged)
    assert daemon.ctl("db", "check").code == 0


def test_after_an_upgrade_the_log_says_a_day_before_that_something_is_deleted(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    age(daemon, 401)
    daemon.stop()
    with closing(sqlite3.connect(daemon.database, timeout=30)) as db:
        # As in a file that an earlier version began.
        db.execute("DELETE FROM total WHERE name = 'prune_from'")
        db.commit()
    for _ in range(2):  # a restart does not make it later
        daemon.start()
        line = daemon.wait_log("is about to delete what it keeps no longer")
        assert "bodies = 30 days: from 20" in line and "events = 400 days: from 20" in line, line
        assert "events = forever" in line, line
        begins = daemon.value("SELECT n FROM total WHERE name = 'prune_from'")
        assert 86000 < begins - daemon.value("SELECT strftime('%s', 'now')+0") <= 86400
        assert daemon.value("SELECT count(*) FROM events") == 1
        daemon.stop()
    status = daemon.ctl("status")
    assert "[retention] deletes what it keeps no longer, for the first time" in status.out
    assert "sesbouncectl db prune --dry-run" in status.out
    with closing(sqlite3.connect(daemon.database, timeout=30)) as db:
        db.execute("UPDATE total SET n = n - 86401 WHERE name = 'prune_from'")
        db.commit()
    daemon.start()
    eventually(lambda: daemon.value("SELECT count(*) FROM events") == 0, 30)
    assert "for the first time" not in daemon.ctl("status").out
