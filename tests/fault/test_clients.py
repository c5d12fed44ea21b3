"""Clients that are slow, many, or gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from crowd import Crowd
from daemon import SESBOUNCED, Daemon, run
from fakesns import Answer, encode
from ledger import FULL, bounce
from locks import sqlite_lock

SLOW_CLIENTS = 2000
# Between two bytes of a slow client.
DRIP_SECONDS = 0.1


def join_slow(crowd: Crowd, sns, number: int) -> None:
    """In turn: silent, the headers byte by byte, the body byte by byte."""
    body = encode(bounce(sns)) if number < 3 else b"{" + b" " * 5000 + b"}"
    head = b"POST /sns HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(body)
    if number % 3 == 0:
        crowd.join(b"")
    elif number % 3 == 1:
        crowd.join(head + b"X-Slow: " + b"x" * 4000, slice=1)
    else:
        crowd.join(head + b"\r\n" + body, slice=1)


def drip(crowd: Crowd, clock: threading.Event, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        crowd.run(0)
        clock.wait(DRIP_SECONDS)


@pytest.mark.kind("2,000 slow clients")
def test_2000_slow_clients_cost_little_and_then_others_are_served(daemon, sns, ledger):
    ledger.insist(daemon, bounce(sns))
    with Crowd(daemon, sns, ledger) as crowd:
        for number in range(SLOW_CLIENTS):
            join_slow(crowd, sns, number)
            if number % 100 == 0:
                crowd.run(0)
        drip(crowd, threading.Event(), 2)
        answered = [c.received for c in crowd.clients if c.received.startswith(b"HTTP/1.1 200")]
        assert answered == []
    ledger.settle(daemon, sns, SLOW_CLIENTS)


@pytest.fixture
def shedding(daemon: Daemon) -> Daemon:
    """A daemon that sheds load; older ones only recover afterwards."""
    check = run(SESBOUNCED, "-c", daemon.config_file, "--check-config")
    if "max_connections" not in check.out:
        pytest.skip("this daemon sheds no load")
    return daemon


@pytest.mark.kind("2,000 slow clients")
@pytest.mark.skipif(not FULL, reason="FAULTS=full: waits for the sweep of slow connections")
def test_meanwhile_genuine_deliveries_get_200(shedding, sns, ledger):
    daemon, end = shedding, threading.Event()
    ledger.insist(daemon, bounce(sns))
    with Crowd(daemon, sns, ledger) as crowd:
        for number in range(SLOW_CLIENTS):
            join_slow(crowd, sns, number)

        def besiege() -> None:
            while not end.is_set():
                drip(crowd, end, 1)

        siege = threading.Thread(target=besiege)
        siege.start()
        try:
            ledger.insist(daemon, *(bounce(sns) for _ in range(16)))
        finally:
            end.set()
            siege.join()
    ledger.settle(daemon, sns, SLOW_CLIENTS)


def reset_100_while(
    held: AbstractContextManager,
    daemon: Daemon,
    sns,
    ledger,
    is_lent: Callable[[], bool] = lambda: True,
) -> int:
    """Committed or not: SNS sends it again, and it counts once."""
    with Crowd(daemon, sns, ledger) as crowd:
        crowd.post(100)
        with held:
            crowd.run_until(lambda: crowd.sent == 100 and is_lent(), "all sent and lent")
            injected = crowd.reset_all()
        ledger.insist(daemon, *crowd.refused())
    return injected


@pytest.mark.kind("reset while lent to the writer")
def test_clients_that_reset_while_their_delivery_is_committed(make_preloaded, sns, ledger):
    daemon, faults = make_preloaded()
    daemon.start()
    ledger.insist(daemon, bounce(sns))
    injected = 0
    for _ in range(10 if FULL else 2):
        held = faults.held_syncs()
        injected += reset_100_while(held, daemon, sns, ledger, lambda: faults["held"] > 0)
    assert injected > 0
    ledger.settle(daemon, sns, injected)


@pytest.mark.kind("reset while lent to the writer")
def test_clients_that_reset_while_the_writer_waits_for_a_lock(daemon, sns, ledger):
    """Needs nothing preloaded, so that a sanitizer can watch."""
    ledger.insist(daemon, bounce(sns))
    rounds = range(10 if FULL else 2)
    injected = sum(reset_100_while(sqlite_lock(daemon), daemon, sns, ledger) for _ in rounds)
    assert injected > 0
    ledger.settle(daemon, sns, injected)


@pytest.mark.kind("reset while waiting for a certificate")
def test_clients_that_reset_while_they_wait_for_a_certificate(daemon, sns, ledger):
    injected = 0
    for _ in range(5 if FULL else 2):
        there, signer = threading.Event(), sns.authority.new_signer()
        sns.certificates["/" + signer.file] = signer.pem
        sns.certificate_plan.then(Answer(until=there))
        with Crowd(daemon, sns, ledger) as crowd:
            asked = len(sns.requests)
            crowd.post(100, lambda: bounce(sns, signer=signer))
            crowd.run_until(lambda: crowd.sent == 100, "all sent")
            crowd.run_until(lambda: len(sns.requests) > asked, "asked for the certificate")
            injected += crowd.reset_all()
            there.set()
            ledger.insist(daemon, *crowd.refused())
    assert injected > 0
    ledger.settle(daemon, sns, injected)
