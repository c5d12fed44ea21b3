"""The place certificates come from misbehaves while many deliveries wait for one."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from crowd import Crowd
from daemon import ANSWER_SECONDS
from fakesns import Answer, FakeSns, Signer
from ledger import FULL, bounce

EACH = 60 if FULL else 20

Handler = BaseHTTPRequestHandler


def head(handler: Handler, status: int, length: int, *more: tuple[str, str]) -> None:
    handler.send_response(status)
    for name, value in (("Content-Length", str(length)), *more):
        handler.send_header(name, value)
    handler.end_headers()


def hang(handler: Handler, sns: FakeSns, pem: bytes) -> None:
    sns.closing.wait(30)


def drip(handler: Handler, sns: FakeSns, pem: bytes) -> None:
    head(handler, 200, len(pem))
    for byte in pem:
        handler.wfile.write(bytes([byte]))
        if sns.closing.wait(0.2):
            return


def redirect(handler: Handler, sns: FakeSns, pem: bytes) -> None:
    head(handler, 302, 0, ("Location", f"{sns.origin}/elsewhere{handler.path}"))


def oversize(handler: Handler, sns: FakeSns, pem: bytes) -> None:
    head(handler, 200, 64 << 20)
    for _ in range(64):
        handler.wfile.write(pem.ljust(1 << 20))


def garbage(handler: Handler, sns: FakeSns, pem: bytes) -> None:
    head(handler, 200, 4096)
    handler.wfile.write(bytes(range(256)) * 16)


def cut_short(handler: Handler, sns: FakeSns, pem: bytes) -> None:
    head(handler, 200, len(pem))
    handler.wfile.write(pem[: len(pem) // 2])


def reset(handler: Handler, sns: FakeSns, pem: bytes) -> None:
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


KINDS = (hang, drip, redirect, oversize, garbage, cut_short, reset)


@pytest.mark.slow
@pytest.mark.kind("certificate endpoint misbehaves")
def test_a_misbehaving_endpoint_costs_time_and_no_message(daemon, sns, ledger):
    """All kinds at once, each with a certificate that many deliveries wait for."""
    signers: dict[str, tuple[Signer, Callable]] = {}
    for kind in KINDS:
        signer = sns.authority.new_signer()
        signers["/" + signer.file] = signer, kind

    def misbehave(handler: Handler) -> None:
        signer, kind = signers.get(handler.path, (sns.signer, garbage))
        kind(handler, sns, signer.pem)

    sns.certificate_plan.otherwise = Answer(by=misbehave)
    with Crowd(daemon, sns, ledger) as crowd:
        for signer, _ in signers.values():
            crowd.post(EACH, lambda: bounce(sns, signer=signer))
        crowd.run_until_answered()
        assert all(c.status in (200, 503) for c in crowd.clients)
        # The promise is of 12 s; reading the answers of all is ours.
        late = [c for c in crowd.clients if c.ended - c.began > ANSWER_SECONDS + 2]
        assert late == []
        assert len(crowd.refused()) == len(crowd.clients)
        assert not any("elsewhere" in request.path for request in sns.requests)
        sns.certificates |= {path: signer.pem for path, (signer, _) in signers.items()}
        sns.certificate_plan.otherwise = Answer()
        for kind in range(len(KINDS)):
            ledger.insist(daemon, crowd.clients[kind * EACH].envelope)
        ledger.insist(daemon, *crowd.refused())
    ledger.settle(daemon, sns, len(KINDS))
