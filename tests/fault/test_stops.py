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
from preload import Preload


def run_until_some_moment(clients: Clients, dice: random.Random) -> None:
    """In the middle of a commit as well as between two: load first, then a few moments.
    The moment is the fault, so this does sleep."""
    clients.wait_for(dice.randint(5, 60))
    time.sleep(dice.random() * 0.02)


def kill9_in_a_commit(daemon: Daemon, faults: Preload, clients: Clients) -> None:
    """What is committed is written, and its sync does not return: neither does an answer."""
    clients.wait_for(5)
    with faults.held_syncs():
        eventually(lambda: faults["held"] > 0, what="a sync that is held up")
        daemon.kill9()


@pytest.mark.kind("kill -9 under load")
def test_kill_9_at_random_moments_loses_and_doubles_nothing(daemon, sns, ledger, dice):
    for number in range(50 if FULL else 6):
        with Clients(daemon, sns, ledger) as clients:
            run_until_some_moment(clients, dice)
            daemon.kill9()
            daemon.start()
        if FULL or number == 5:
            ledger.settle(daemon, sns, 1 if FULL else 6)


@pytest.mark.kind("kill -9 under load")
def test_kill_9_between_write_and_sync_loses_and_doubles_nothing(make_preloaded, sns, ledger):
    daemon, faults = make_preloaded()
    daemon.start()
    rounds = 10 if FULL else 2
    for _ in range(rounds):
        with Clients(daemon, sns, ledger) as clients:
            kill9_in_a_commit(daemon, faults, clients)
            daemon.start()
    ledger.settle(daemon, sns, rounds)


@pytest.mark.kind("power cut under load")
def test_a_power_cut_takes_only_what_was_not_acknowledged(make_preloaded, sns, ledger, dice):
    daemon, faults = make_preloaded(recording=True)
    daemon.start()
    for _ in range(40 if FULL else 6):
        # Some big ones, so that checkpoints are under way, too.
        with Clients(daemon, sns, ledger, big=0.6) as clients:
            run_until_some_moment(clients, dice)
            daemon.kill9()
            faults.cut_power(dice)
            daemon.start()
        ledger.settle(daemon, sns, 1)


@pytest.mark.kind("power cut under load")
@pytest.mark.parametrize("kept", [0, 0.5, 0.9], ids=["none", "half", "most"])
def test_a_power_cut_in_a_commit_takes_what_was_written_and_not_synced(
    make_preloaded, sns, ledger, dice, kept
):
    daemon, faults = make_preloaded(recording=True)
    daemon.start()
    for _ in range(5 if FULL else 1):
        with Clients(daemon, sns, ledger, big=0.6) as clients:
            kill9_in_a_commit(daemon, faults, clients)
            assert faults.cut_power(dice, kept) > 0, "all was synced: nothing was tried"
            daemon.start()
        ledger.settle(daemon, sns, 1)


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


@pytest.mark.kind("SIGTERM under load")
def test_sigterm_while_every_thread_is_busy_never_aborts(make_preloaded, sns, ledger):
    """libmicrohttpd 0.9.75 aborts in MHD_quiesce_daemon() when one of its threads takes the
    listening socket out of its epoll set before it: 20 of 20 with the window widened."""
    daemon, faults = make_preloaded()
    daemon.start()
    faults["forget_us"] = 2000
    rounds = 20 if FULL else 5
    with Clients(daemon, sns, ledger) as clients:
        for _ in range(rounds):
            clients.wait_for(20)
            assert daemon.stop() == 0
            daemon.start()
        clients.wait_for(20)
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
