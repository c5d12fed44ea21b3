"""A stranger who knows a topic cannot keep a new signing certificate from being fetched.

Each of the stranger's messages names a certificate that nobody has. SNS delivers one
message after the other meanwhile, as it does, and one of them must be kept within ten
seconds: its certificate has come.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import ses
from daemon import Daemon, encode, eventually, sns_headers
from fakesns import Answer, FakeSns
from test_admin import ask

# What is promised.
SECONDS = 10
FLOOD = Path(__file__).with_name("flood.py")


def template(sns: FakeSns) -> bytes:
    url = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-HEX.pem"
    envelope = sns.notification("x", SigningCertURL=url, message_id="ID")
    return encode(envelope).replace(b"\n", b" ") + b"\n"


@contextmanager
def stranger(
    daemon: Daemon, sns: FakeSns, rate: int, same: int, *source: str
) -> Iterator[subprocess.Popen]:
    host = daemon.listener.getsockname()[0]
    words = [host, daemon.port, rate, 600, same, *source]
    command = [sys.executable, str(FLOOD), *map(str, words)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdin.write(template(sns))
        process.stdin.flush()
        yield process
        out, _ = process.communicate(timeout=30)
        assert int(out) > 0
    finally:
        process.kill()
        process.wait()


def hang(sns: FakeSns) -> Callable:
    """The genuine certificate at once, any other never."""

    def answer(handler) -> None:
        pem = sns.certificates.get(handler.path)
        if pem:
            handler._send(200, pem, "application/x-pem-file")
        else:
            sns.closing.wait(60)

    return answer


def seconds_until_kept(daemon: Daemon, sns: FakeSns, post: Callable) -> float:
    """SNS delivers a message every two seconds."""
    begun = time.monotonic()
    signer = sns.add(sns.authority.new_signer())
    kept = threading.Event()

    def deliver() -> None:
        event = ses.bounce(f"{secrets.token_hex(4)}@mail.example")
        if post(encode(sns.feedback(event, signer=signer))) == 200:
            kept.set()

    while time.monotonic() - begun < 2 * SECONDS and not kept.is_set():
        threading.Thread(target=deliver, daemon=True).start()
        kept.wait(2)
    assert kept.is_set(), daemon.log()[-4000:]
    return time.monotonic() - begun


def listen_for_metrics(daemon: Daemon) -> None:
    daemon.configure({"admin": {"listen": f"unix:{daemon.home}/admin.sock"}})


def wait_for_flood(daemon: Daemon, sns: FakeSns, rate: int, fetches: str) -> None:
    """Until it has reached SNS and, where it can fill the waiting room, has filled it."""
    eventually(lambda: len(sns.fetches()) >= 3, timeout=30, what="the flood")
    if fetches == "hanging" and rate >= 100:
        displaced = 'sesbounced_shed_total{reason="waiting-room"} '

        def is_full() -> bool:
            text = ask(daemon.home, "/metrics").text
            return int(text.split("\n" + displaced)[1].split()[0]) > 0

        eventually(is_full, timeout=30, what="a full waiting room")


@pytest.mark.parametrize("same", [1, 20], ids=["one-each", "twenty-each"])
@pytest.mark.parametrize("fetches", ["refused", "hanging"])
@pytest.mark.parametrize("rate", [10, 100, 1000])
def test_strangers_cannot_keep_the_genuine_certificate_from_us(
    make_daemon, sns, rate, fetches, same
):
    """Through a proxy on this machine: one address for all."""
    if fetches == "hanging":
        sns.certificate_plan.otherwise = Answer(by=hang(sns))
    daemon = make_daemon()
    listen_for_metrics(daemon)
    daemon.start()
    with stranger(daemon, sns, rate, same):
        wait_for_flood(daemon, sns, rate, fetches)
        seconds = seconds_until_kept(daemon, sns, lambda body: daemon.post(body).status)
    assert seconds < SECONDS


# --- one public address: in a network of the test's own


class Networks:
    """Two public addresses that only this thread, and what it starts, can see."""

    OURS, STRANGER, SNS = "203.0.113.1", "203.0.113.66", "203.0.113.2"

    def enter(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(0x40000000) != 0:  # CLONE_NEWNET
            raise PermissionError(ctypes.get_errno(), "unshare")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in (self.OURS, self.STRANGER, self.SNS):
            subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)


def post_from(source: str, target: tuple[str, int], body: bytes) -> int:
    import http.client

    connection = http.client.HTTPConnection(*target, timeout=30, source_address=(source, 0))
    connection.request("POST", "/sns", body, sns_headers())
    status = connection.getresponse().status
    connection.close()
    return status


def from_one_public_address(authority, rate: int, fetches: str) -> float:
    Networks().enter()
    with tempfile.TemporaryDirectory(prefix="sesbounced-") as home:
        sns = FakeSns(authority)
        if fetches == "hanging":
            sns.certificate_plan.otherwise = Answer(by=hang(sns))
        daemon = Daemon(Path(home) / "daemon", sns, {}, host=Networks.OURS)
        listen_for_metrics(daemon)
        daemon.start()
        target = (Networks.OURS, daemon.port)
        try:
            with stranger(daemon, sns, rate, 1, Networks.STRANGER):
                wait_for_flood(daemon, sns, rate, fetches)
                return seconds_until_kept(
                    daemon, sns, lambda body: post_from(Networks.SNS, target, body)
                )
        finally:
            daemon.close()
            sns.close()


@pytest.mark.parametrize("fetches", ["refused", "hanging"])
@pytest.mark.parametrize("rate", [10, 100, 1000])
def test_one_public_address_cannot_keep_the_genuine_certificate_from_us(
    authority, rate, fetches
):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a network of its own")
    results: list[float | BaseException] = []

    def run() -> None:
        try:
            results.append(from_one_public_address(authority, rate, fetches))
        except BaseException as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    (result,) = results
    if isinstance(result, (PermissionError, FileNotFoundError)):
        pytest.skip(f"no network of its own: {result}")
    if isinstance(result, BaseException):
        raise result
    assert result < SECONDS
