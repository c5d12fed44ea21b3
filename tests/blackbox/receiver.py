"""Receivers of what the daemon sends out: an HTTP server for webhooks, and an SMTP server.

Both record what they get, and answer as a test says; verify() is Standard Webhooks 1.0.0
as its specification has it, and knows nothing of the daemon.
"""

from __future__ import annotations

import base64
import email
import hashlib
import hmac
import json
import secrets
import socket
import socketserver
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def new_secret(size: int = 32) -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(size)).decode()


def verify(secret: str, headers: dict[str, str], body: bytes) -> dict:
    """The message, if one of the signatures is that of the secret."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    stamp = headers["webhook-timestamp"]
    assert abs(time.time() - int(stamp)) < 300 or "x-any-time" in headers
    signed = f"{headers['webhook-id']}.{stamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = headers["webhook-signature"].split(" ")
    assert any(hmac.compare_digest(one, "v1," + expected) for one in given), given
    return json.loads(body)


@dataclass(frozen=True)
class Got:
    """A request: its headers have lower-case names."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass(frozen=True)
class Say:
    """An answer; `until` holds it back, `raw` is written in its place, `hang_up` closes."""

    status: int = 204
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    until: threading.Event | None = None
    raw: bytes | None = None
    hang_up: bool = False


class Receiver:
    """One HTTP server on a port of the system's choice."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.otherwise = Say()
        self._next: deque[Say] = deque()
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=s3cret"

    def then(self, *answers: Say) -> None:
        self._next.extend(answers)

    def take(self, got: Got) -> Say:
        with self._changed:
            self.got.append(got)
            self._changed.notify_all()
            return self._next.popleft() if self._next else self.otherwise

    def wait_for(self, count: int, timeout: float = 15) -> list[Got]:
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.got) >= count, timeout)
            assert enough, f"{len(self.got)} of {count} requests within {timeout} s"
            return list(self.got)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    receiver: Receiver

    def handle_error(self, request, client_address) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *arguments) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        say = self.server.receiver.take(Got(self.path, headers, body, time.monotonic()))
        if say.until:
            say.until.wait(60)
        if say.raw is not None or say.hang_up:
            self.wfile.write(say.raw or b"")
            self.close_connection = True
            return
        self.send_response(say.status)
        for name, value in say.headers:
            self.send_header(name, value)
        if say.status != 204:
            self.send_header("Content-Length", str(len(say.body)))
        self.end_headers()
        self.wfile.write(say.body)

    def do_GET(self) -> None:
        self.server.receiver.take(Got(self.path, {}, b"GET", time.monotonic()))
        self.send_error(405)


@dataclass
class Mailed:
    """A mail: its envelope, and the message, verbatim."""

    sender: str
    recipients: list[str]
    raw: bytes
    login: str | None = None

    @property
    def message(self) -> email.message.Message:
        return email.message_from_bytes(self.raw)

    @property
    def text(self) -> str:
        return self.message.get_payload(decode=True).decode()


@dataclass
class MailServer:
    """SMTP without TLS on loopback. `replies` are taken for `DATA`'s end, `refused` are
    recipients that do not exist; `login`: AUTH PLAIN is offered."""

    login: bool = False
    refused: tuple[str, ...] = ()
    replies: deque[str] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.got: list[Mailed] = []
        self._changed = threading.Condition()
        self._server = _MailServer(("127.0.0.1", 0), _MailHandler)
        self._server.mails = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def take(self, mail: Mailed) -> str:
        with self._changed:
            self.got.append(mail)
            self._changed.notify_all()
            return self.replies.popleft() if self.replies else "250 2.0.0 queued"

    def wait_for(self, count: int, timeout: float = 15) -> list[Mailed]:
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.got) >= count, timeout)
            assert enough, f"{len(self.got)} of {count} mails within {timeout} s"
            return list(self.got)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    mails: MailServer

    def handle_error(self, request, client_address) -> None:
        pass


class _MailHandler(socketserver.StreamRequestHandler):
    server: _MailServer

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        mail = Mailed("", [], b"")
        self.say("220 mail.example ESMTP")
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                self.say("250-mail.example")
                if self.server.mails.login:
                    self.say("250-AUTH PLAIN")
                self.say("250 8BITMIME")
            elif verb == "AUTH":
                self.say("334 ")
                mail.login = base64.b64decode(next(self.rfile)).decode()
                self.say("235 2.7.0 welcome")
            elif line.upper().startswith("MAIL FROM:"):
                mail.sender = line[10:].split(">")[0].lstrip("<")
                self.say("250 ok")
            elif line.upper().startswith("RCPT TO:"):
                address = line[8:].split(">")[0].lstrip("<")
                if address in self.server.mails.refused:
                    self.say("550 5.1.1 no such user")
                else:
                    mail.recipients.append(address)
                    self.say("250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                mail.raw = self.data()
                self.say(self.server.mails.take(mail))
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("500 what?")

    def data(self) -> bytes:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            assert line.endswith(b"\r\n"), line
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)
