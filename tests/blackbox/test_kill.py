"""200 means kept: whatever happens to the daemon, what was acknowledged is there, once.

KILL_ROUNDS sets the number of rounds (default 3; 20 in the long tier).
"""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

import ses
from daemon import Daemon
from load import Load

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))


def assert_all_there_once(daemon: Daemon, acknowledged: list[str]) -> None:
    kept = daemon.column("SELECT sns_message_id FROM events")
    assert len(kept) == len(set(kept)), "a message is there twice"
    assert set(acknowledged) - set(kept) == set(), "an acknowledged message is missing"
    assert daemon.value("PRAGMA integrity_check") == "ok"
    assert daemon.value("SELECT sum(hard_bounces) FROM daily") == len(kept)
    assert daemon.value("SELECT count(*) FROM suppressed") == len(kept)


def test_kill_9_under_load_loses_nothing_acknowledged(daemon, sns):
    acknowledged: list[str] = []
    for _ in range(ROUNDS):
        with Load(daemon, sns) as load:
            load.wait_for(random.randint(50, 400))
            daemon.kill9()
            # The socket is still there: what was sent meanwhile waits for the next one.
            daemon.start()
        acknowledged += load.acknowledged
        assert_all_there_once(daemon, acknowledged)
    daemon.restart()
    assert_all_there_once(daemon, acknowledged)


def test_sigterm_under_load_fails_no_request(daemon, sns):
    with Load(daemon, sns) as load:
        for _ in range(3):
            load.wait_for(150)
            daemon.restart()
        load.wait_for(150)
    assert load.failed == []
    assert_all_there_once(daemon, load.acknowledged)


def test_sigterm_finishes_what_is_under_way(daemon, sns):
    with Load(daemon, sns) as load:
        load.wait_for(50)
        assert daemon.stop() == 0
        # The socket is still there, so the clients wait for somebody to accept.
        daemon.start()
        load.wait_for(50)
    assert load.failed == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_with_0(daemon, sns, number):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    daemon.process.send_signal(number)
    assert daemon.wait() == 0
    assert daemon.has_notified("STOPPING=1")


def test_an_idle_connection_does_not_keep_it(daemon):
    with daemon.connect() as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in idle.recv(4096)
        begun = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - begun < 5
        assert idle.recv(4096) in (b"", b"ok\n")


def test_a_second_daemon_on_one_database_harms_nothing(make_daemon, daemon, sns):
    """Two at once are a mistake, but never a corrupt file or a lost message."""
    second = make_daemon(
        store={"path": str(daemon.database), "certificates": str(daemon.certificates)}
    )
    second.spawn()
    envelopes = [sns.feedback(ses.bounce(f"{i}@mail.example")) for i in range(20)]
    daemon.accept(*envelopes)
    assert len(daemon.events()) == 20
    assert daemon.value("PRAGMA integrity_check") == "ok"
