"""Clients that are slow, many, or gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from crowd import RUN_SECONDS, Crowd
from fakesns import Answer, encode
from ledger import FULL, bounce
from locks import sqlite_lock
from test_admin import listen
from test_overload import Metrics

SLOW_CLIENTS = 2000
# At a time: the others wait until some are ended.
CONNECTIONS = 1000
GENUINE = 16
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


def drip(crowd: Crowd, sns, end: Callable[[], bool], what: str) -> int:
    """Until `end()`. All places are wanted all the time: who is thrown out comes back, the
    genuine ones, too. Returns how many slow ones came back."""
    deadline, clock, came = time.monotonic() + RUN_SECONDS, threading.Event(), 0
    while not end():
        assert time.monotonic() < deadline, f"not within {RUN_SECONDS} s: {what}"
        crowd.run(0)
        living = [client for client in crowd.clients if not client.ended]
        coming = [client.envelope for client in living]
        for envelope in crowd.refused():
            kept = envelope["MessageId"] in crowd.ledger.acknowledged
            if not kept and envelope not in coming:
                crowd.post(1, lambda envelope=envelope: envelope)
                coming.append(envelope)
        for _ in range(CONNECTIONS - coming.count(None)):
            join_slow(crowd, sns, SLOW_CLIENTS + came)
            came += 1
        clock.wait(DRIP_SECONDS)
    return came


@pytest.mark.kind("2,000 slow clients")
def test_meanwhile_genuine_deliveries_get_200(make_daemon, home, sns, ledger):
    daemon = make_daemon(ingest={"max_connections": CONNECTIONS}, admin=listen(home))
    daemon.start()
    metrics, came = Metrics(home), 0
    ledger.insist(daemon, bounce(sns))
    daemon.disconnect()
    for _ in range(3 if FULL else 1):
        with Crowd(daemon, sns, ledger) as crowd:
            for number in range(SLOW_CLIENTS):
                join_slow(crowd, sns, number)
            came += SLOW_CLIENTS
            full = lambda: metrics.value("connections") == CONNECTIONS  # noqa: E731
            came += drip(crowd, sns, full, "all places taken")
            # Each has a connection of its own, and there is no place for it.
            genuine = [bounce(sns) for _ in range(GENUINE)]
            ids = {envelope["MessageId"] for envelope in genuine}
            crowd.post(GENUINE, iter(genuine).__next__)
            came += drip(crowd, sns, lambda: ids <= ledger.acknowledged, "genuine ones kept")
            slow = [client for client in crowd.clients if not client.envelope]
            assert not any(client.received.startswith(b"HTTP/1.1 200") for client in slow)
    assert metrics.shed("slow-request") > 0
    ledger.settle(daemon, sns, came)


# So many places there are for what is lent; those that come when all are taken are
# refused, and that is the proof that this many are lent when they reset.
LENT = 100
BEYOND = 30
QUEUE = {"max_connections": LENT * 4 // 3}  # three quarters may wait for the writer
ROOM = {"max_connections": LENT * 4}  # a quarter may wait for a certificate


def reset_when_full(crowd: Crowd, metrics: Metrics, reason: str, beyond=BEYOND) -> int:
    """Of clients that sent nothing yet; `beyond` are refused, or more."""
    before = metrics.shed(reason)

    def is_full() -> bool:
        refused = metrics.shed(reason) - before
        return refused >= beyond and refused == sum(c.status == 503 for c in crowd.clients)

    crowd.run_until(is_full, "all places taken")
    resets = crowd.reset_all()
    assert resets >= LENT
    return resets


@pytest.mark.kind("reset while lent to the writer")
def test_clients_that_reset_while_their_delivery_is_committed(
    make_preloaded, home, sns, ledger
):
    """Committed or not: SNS sends it again, and it counts once."""
    daemon, faults = make_preloaded(ingest=QUEUE, admin=listen(home))
    daemon.start()
    ledger.insist(daemon, bounce(sns))
    metrics, injected = Metrics(home), 0
    for _ in range(10 if FULL else 2):
        with Crowd(daemon, sns, ledger) as crowd:
            with faults.held_syncs():
                crowd.post(1)
                crowd.run_until(lambda: faults["held"] > 0, "a commit that is held up")
                crowd.post(LENT + BEYOND)
                injected += reset_when_full(crowd, metrics, "writer-queue")
            ledger.insist(daemon, *crowd.refused())
    ledger.settle(daemon, sns, injected)


@pytest.mark.kind("reset while lent to the writer")
def test_clients_that_reset_while_the_writer_waits_for_a_lock(
    make_daemon, home, sns, ledger
):
    """Needs nothing preloaded, so that a sanitizer can watch. Who comes before the writer
    looks at its queue leaves it with the first: then fewer are refused."""
    daemon = make_daemon(ingest=QUEUE, admin=listen(home)).start()
    metrics, injected = Metrics(home), 0
    for _ in range(10 if FULL else 2):
        ledger.insist(daemon, bounce(sns))
        made = [bounce(sns) for _ in range(LENT + BEYOND)]  # the lock is waited for 2 s only
        with Crowd(daemon, sns, ledger) as crowd:
            with sqlite_lock(daemon):
                crowd.post(1)
                crowd.run_until(lambda: crowd.sent == 1, "one for the writer to wait with")
                crowd.post(len(made), iter(made).__next__)
                injected += reset_when_full(crowd, metrics, "writer-queue", 1)
            ledger.insist(daemon, *crowd.refused())
    ledger.settle(daemon, sns, injected)


@pytest.mark.kind("reset while waiting for a certificate")
def test_clients_that_reset_while_they_wait_for_a_certificate(
    make_daemon, home, sns, ledger
):
    daemon = make_daemon(ingest=ROOM, admin=listen(home)).start()
    metrics, injected = Metrics(home), 0
    for _ in range(5 if FULL else 2):
        there, signer = threading.Event(), sns.authority.new_signer()
        sns.certificates["/" + signer.file] = signer.pem
        sns.certificate_plan.then(Answer(until=there))
        asked = len(sns.requests)
        with Crowd(daemon, sns, ledger) as crowd:
            crowd.post(1, lambda: bounce(sns, signer=signer))
            crowd.run_until(lambda: len(sns.requests) > asked, "asked for the certificate")
            crowd.post(LENT - 1 + BEYOND, lambda: bounce(sns, signer=signer))
            injected += reset_when_full(crowd, metrics, "waiting-room")
            there.set()
            ledger.insist(daemon, *crowd.refused())
    ledger.settle(daemon, sns, injected)
