"""The check that follows every fault is able to fail."""

from __future__ import annotations

import sqlite3

import pytest

from ledger import Ledger, bounce


@pytest.fixture
def kept(daemon, sns):
    """A daemon, and the ledger of ten messages that it acknowledged."""
    ledger = Ledger("tampered")
    ledger.insist(daemon, *(bounce(sns) for _ in range(10)))
    ledger.check(daemon)
    return daemon, ledger


def tamper(daemon, *statements: str) -> None:
    db = sqlite3.connect(daemon.database, timeout=10)
    for statement in statements:
        assert db.execute(statement).rowcount > 0, statement
    db.commit()
    db.close()


def test_a_message_that_was_never_kept_is_reported(kept):
    daemon, ledger = kept
    ledger.acknowledged.add("a-message-that-is-not-there")
    with pytest.raises(AssertionError, match="missing"):
        ledger.check(daemon)
    assert ledger.lost == 1


def test_an_address_that_is_no_longer_on_the_list_is_reported(kept):
    daemon, ledger = kept
    address = daemon.suppressed()[0]
    assert daemon.ctl("suppress", "remove", address).code == 0
    with pytest.raises(AssertionError, match="missing"):
        ledger.check(daemon)


def test_a_counter_that_counted_twice_is_reported(kept):
    daemon, ledger = kept
    tamper(daemon, "UPDATE day_count SET hard_bounces = hard_bounces + 1")
    with pytest.raises(AssertionError, match="counters"):
        ledger.check(daemon)
    assert ledger.doubled == 1


def test_an_event_that_is_there_twice_is_reported(kept):
    daemon, ledger = kept
    columns = ", ".join(
        row["name"]
        for row in daemon.rows("PRAGMA table_info(event)")
        if row["name"] not in ("id", "key_time", "key_hash")
    )
    tamper(daemon, f"INSERT INTO event ({columns}) SELECT {columns} FROM event LIMIT 1")
    tamper(daemon, "UPDATE sns_message SET last_event_id = (SELECT max(id) FROM event)")
    with pytest.raises(AssertionError, match="twice"):
        ledger.check(daemon)
    assert ledger.doubled >= 1


@pytest.mark.parametrize("status, retry", [(400, "10"), (500, None), (503, None), (503, "0")])
def test_an_answer_that_makes_sns_give_up_is_reported(kept, sns, status, retry):
    daemon, ledger = kept
    ledger.note(bounce(sns), status, retry)
    with pytest.raises(AssertionError):
        ledger.settle(daemon, sns, 1)


def test_a_daemon_that_ended_is_reported(kept, sns):
    daemon, ledger = kept
    daemon.kill9()
    with pytest.raises(AssertionError, match="exit status -9"):
        ledger.settle(daemon, sns, 1, exits=(65,))


def test_a_daemon_that_takes_too_much_memory_is_reported(kept, sns):
    daemon, ledger = kept
    with pytest.raises(AssertionError):
        ledger.settle(daemon, sns, 1, rss_kib_max=1024)
