"""Other processes at the same database, and a writer that falls behind."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crowd import Crowd
from daemon import ANSWER_SECONDS, Daemon, eventually
from ledger import FULL, Clients, bounce
from locks import sqlite_lock, turn_lock
from test_admin import listen
from test_overload import Metrics

# STORE_WAL_BYTES and journal_size_limit: when a checkpoint is asked for, and what is
# left of the file when it has begun anew.
WAL_BYTES = 32 << 20
WAL_KEPT_BYTES = 64 << 20
# What may come in while a checkpoint is under way.
WAL_SLACK_BYTES = 32 << 20


@pytest.mark.kind("foreign lock")
@pytest.mark.parametrize("lock", [sqlite_lock, turn_lock])
def test_a_foreign_lock_held_for_too_long_is_503_and_heals(
    daemon, sns, ledger, lock: Callable
):
    rounds = 8 if FULL else 1
    with Clients(daemon, sns, ledger) as clients:
        for _ in range(rounds):
            clients.wait_for(20)
            refused = ledger.statuses["503"]
            with lock(daemon):
                eventually(lambda: ledger.statuses["503"] > refused + 16, 20, "503")
            clients.wait_for(20)
    ledger.settle(daemon, sns, rounds)


def wal_bytes(daemon: Daemon) -> int:
    return Path(f"{daemon.database}-wal").stat().st_size


@pytest.mark.kind("checkpoint held up by a reader")
def test_a_reader_that_pins_the_log_costs_disk_and_nothing_else(daemon, sns, ledger):
    reader = sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True, isolation_level=None)
    ledger.insist(daemon, bounce(sns))
    for _ in range(3 if FULL else 1):
        reader.execute("BEGIN")
        seen = reader.execute("SELECT count(*) FROM events").fetchone()
        with Clients(daemon, sns, ledger, count=4, big=1) as clients:
            # A checkpoint is asked for at each multiple of WAL_BYTES, and is in vain.
            start = wal_bytes(daemon)
            eventually(lambda: wal_bytes(daemon) > start + 2 * WAL_BYTES, 60, "a grown log")
            assert reader.execute("SELECT count(*) FROM events").fetchone() == seen
            reader.execute("COMMIT")
            peak = wal_bytes(daemon)
            eventually(lambda: wal_bytes(daemon) <= WAL_KEPT_BYTES, 60, "a log begun anew")
            clients.wait_for(20)
            assert wal_bytes(daemon) < peak + WAL_BYTES + WAL_SLACK_BYTES
        assert clients.failed == []
        ledger.settle(daemon, sns, 1)
    reader.close()


CONNECTIONS = 24
QUEUE = 18  # three quarters


@pytest.mark.kind("writer stalled, queue full")
def test_what_the_queue_does_not_hold_is_503_at_once_and_counted(
    make_preloaded, home, sns, ledger
):
    daemon, faults = make_preloaded(
        ingest={"max_connections": CONNECTIONS}, admin=listen(home)
    )
    daemon.start()
    metrics = Metrics(home)
    ledger.insist(daemon, bounce(sns))
    daemon.disconnect()
    with Crowd(daemon, sns, ledger) as crowd:
        with faults.held_syncs():
            crowd.post(1)
            crowd.run_until(lambda: faults["held"] > 0, "a sync that is held up")
            crowd.post(CONNECTIONS - 1)
            beyond = CONNECTIONS - 1 - QUEUE
            crowd.run_until(lambda: ledger.statuses["503"] == beyond, "503 beyond the queue")
            assert metrics.shed("writer-queue") == beyond
            probe = daemon.request("GET", "/healthz")
            assert probe.status == 503 and "more arrive than the disk can write" in probe.text
            assert sum(1 for client in crowd.clients if client.ended) == beyond
        crowd.run_until_answered()
        assert ledger.statuses == {"200": 1 + CONNECTIONS - beyond, "503": beyond}
        ledger.insist(daemon, *crowd.refused())
    assert metrics.shed("writer-queue") == beyond
    ledger.settle(daemon, sns, 1)


@pytest.mark.kind("writer stalled, queue full")
def test_more_than_the_queue_holds_is_503_and_what_got_200_is_kept(
    make_preloaded, sns, ledger
):
    daemon, faults = make_preloaded()
    daemon.start()
    ledger.insist(daemon, bounce(sns))
    rounds = 4 if FULL else 1
    for number in range(rounds):
        with Crowd(daemon, sns, ledger) as crowd:
            crowd.post(1600 if FULL else 1200)
            with faults.held_syncs():
                until = time.monotonic() + (ANSWER_SECONDS if number == 1 else 0)
                crowd.run_until(lambda: faults["held"] > 0, "a sync that is held up")
                crowd.run_until(lambda: crowd.sent >= 1000, "as many as are let in")
                crowd.run_until(lambda: time.monotonic() >= until, "too long for SNS")
                crowd.run_until(lambda: ledger.statuses["503"] > 0, "503 beyond the queue")
                assert all(client.status != 200 for client in crowd.clients)
            crowd.run_until_answered()
            ledger.insist(daemon, *crowd.refused())
    ledger.settle(daemon, sns, rounds)
