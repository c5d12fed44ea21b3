"""Thousands of clients in one thread: an epoll loop over raw sockets."""

from __future__ import annotations

import errno
import selectors
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from daemon import Daemon
from fakesns import Envelope, FakeSns, encode
from ledger import Ledger, bounce

RUN_SECONDS = 40


@dataclass
class Client:
    socket: socket.socket
    envelope: Envelope | None
    to_send: bytes
    slice: int  # bytes at a time; 1: as slowly as can be
    received: bytes = b""
    began: float = field(default_factory=time.monotonic)
    ended: float = 0
    status: int = 0  # 0: none came


class Crowd:
    """Clients with one request each; `run()` moves all of them on."""

    def __init__(self, daemon: Daemon, sns: FakeSns, ledger: Ledger) -> None:
        self.clients: list[Client] = []
        self.sent = 0  # requests that are wholly sent
        self.ledger = ledger
        self._daemon, self._sns = daemon, sns
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_) -> None:
        for client in self.clients:
            client.socket.close()
        self._selector.close()

    # --- who comes

    def post(self, count: int, make: Callable[[], Envelope] | None = None) -> None:
        """`count` genuine deliveries."""
        for _ in range(count):
            envelope = make() if make else bounce(self._sns)
            body = encode(envelope)
            head = (
                f"POST /sns HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            self.join(head.encode() + body, envelope)

    def join(self, bytes_: bytes, envelope: Envelope | None = None, slice: int = 1 << 20):
        sock = socket.socket()
        sock.setblocking(False)
        code = sock.connect_ex(("127.0.0.1", self._daemon.port))
        assert code in (0, errno.EINPROGRESS), errno.errorcode[code]
        client = Client(sock, envelope, bytes_, slice)
        self.clients.append(client)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if bytes_ else 0)
        self._selector.register(sock, events, client)

    # --- what happens

    def run(self, seconds: float = 0.05) -> None:
        """Whatever can be sent or received now."""
        for key, events in self._selector.select(seconds):
            client = key.data
            try:
                if events & selectors.EVENT_WRITE:
                    self._send(client)
                if events & selectors.EVENT_READ:
                    self._receive(client)
            except OSError:  # the daemon has ended it
                self._end(client)

    def run_until(self, probe: Callable[[], bool], what: str, seconds=RUN_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not probe():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            self.run()

    def run_until_answered(self) -> None:
        self.run_until(lambda: all(c.ended for c in self.clients), "all answered")

    def refused(self) -> list[Envelope]:
        """What SNS would send again."""
        return [c.envelope for c in self.clients if c.envelope and c.status != 200]

    def reset_all(self) -> int:
        """Each connection ends with RST, whatever the daemon is about to say."""
        living = [client for client in self.clients if not client.ended]
        for client in living:
            linger = struct.pack("ii", 1, 0)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._end(client)
        return len(living)

    def _send(self, client: Client) -> None:
        sent = client.socket.send(client.to_send[: client.slice])
        client.to_send = client.to_send[sent:]
        if not client.to_send:
            self.sent += 1
            self._selector.modify(client.socket, selectors.EVENT_READ, client)

    def _receive(self, client: Client) -> None:
        bytes_ = client.socket.recv(65536)
        client.received += bytes_
        if not bytes_:
            self._end(client)

    def _end(self, client: Client) -> None:
        self._selector.unregister(client.socket)
        client.socket.close()
        client.ended = time.monotonic()
        head = client.received.split(b"\r\n\r\n")[0].decode("latin-1")
        lines = head.split("\r\n")
        if lines[0].startswith("HTTP/1.1 ") and client.envelope:
            headers = dict(line.split(": ", 1) for line in lines[1:])
            client.status = int(lines[0].split()[1])
            self.ledger.note(client.envelope, client.status, headers.get("Retry-After"))
