"""The daemon ends: killed, with the machine, or because it was told to."""

from __future__ import annotations

import random
import select
import shutil
import threading
import time

import pytest

from daemon import Daemon, eventually
from ledger import FULL, Clients


def run_until_some_moment(clients: Clients, dice: random.Random) -> None:
    """In the middle of a commit as well as between two: load first, then a few moments."""
    clients.wait_for(dice.randint(5, 60))
    time.sleep(dice.random() * 0.02)


@pytest.mark.kind("kill -9 under load")
def test_kill_9_at_random_moments_loses_and_doubles_nothing(daemon, sns, ledger, dice):
    for number in range(50 if FULL else 6):
        with Clients(daemon, sns, ledger) as clients:
            run_until_some_moment(clients, dice)
            daemon.kill9()
            daemon.start()
        if FULL or number == 5:
            ledger.settle(daemon, sns, 1 if FULL else 6)


@pytest.mark.kind("power cut under load")
def test_a_power_cut_takes_only_what_was_not_acknowledged(make_preloaded, sns, ledger, dice):
    daemon, faults = make_preloaded(recording=True)
    daemon.start()
    dropped = 0
    for _ in range(40 if FULL else 6):
        # Some big ones, so that checkpoints are under way, too.
        with Clients(daemon, sns, ledger, big=0.6) as clients:
            run_until_some_moment(clients, dice)
            daemon.kill9()
            dropped += faults.cut_power(dice)
            daemon.start()
        ledger.settle(daemon, sns, 1)
    assert dropped > 0, "no write was ever unsynced: nothing was tried"


@pytest.mark.kind("SIGTERM under load")
def test_sigterm_under_load_fails_no_request(daemon, sns, ledger):
    rounds = 20 if FULL else 4
    with Clients(daemon, sns, ledger) as clients:
        for _ in range(rounds):
            clients.wait_for(80)
            assert daemon.stop() == 0
            daemon.start()
        clients.wait_for(80)
    assert clients.failed == []
    ledger.settle(daemon, sns, rounds)


class Activator(threading.Thread):
    """Does what systemd does with a socket unit: starts the daemon when somebody comes."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self.starts = 0
        self._daemon = daemon
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.is_set():
            dead = self._daemon.process.poll() is not None
            if dead and select.select([self._daemon.listener], [], [], 0.05)[0]:
                self.starts += 1
                self._daemon.start()
            self._end.wait(0.01)

    def __exit__(self, *_) -> None:
        self._end.set()
        self.join()

    def __enter__(self) -> Activator:
        self.start()
        return self


@pytest.mark.kind("restart by socket activation under load")
def test_requests_that_start_the_daemon_do_not_fail(daemon, sns, ledger):
    rounds = 20 if FULL else 4
    with Activator(daemon) as activator, Clients(daemon, sns, ledger) as clients:
        for _ in range(rounds):
            clients.wait_for(80)
            assert daemon.stop() == 0
            clients.wait_for(1)
    assert clients.failed == []
    assert activator.starts == rounds
    ledger.settle(daemon, sns, rounds)


@pytest.mark.kind("restart by socket activation under load")
def test_systemd_s_own_activator_starts_it_with_the_first_request(make_daemon, sns, ledger):
    if not shutil.which("systemd-socket-activate"):
        pytest.skip("no systemd-socket-activate")
    daemon = make_daemon(inherit=False)
    path = daemon.home / "ingest.sock"
    activator = ["systemd-socket-activate", "-l", str(path), "--fdname=ingest"]
    daemon.launcher += [*activator, "-E", "NOTIFY_SOCKET"]
    daemon.spawn()
    eventually(path.exists, what="the activator's socket")
    assert not daemon.has_notified("READY=1")
    with Clients(daemon, sns, ledger) as clients:
        clients.wait_for(80)
    assert clients.failed == []
    assert daemon.has_notified("READY=1")
    ledger.settle(daemon, sns, 1)
    assert daemon.stop() == 0
