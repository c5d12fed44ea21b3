"""Talks to the JSON API of the admin side over its unix socket."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
from pathlib import Path
from typing import Any

from daemon import Daemon, Reply

READER, WRITER = "zebra-read", "tapir-write"
TIMEOUT = 20


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def settings(home: Path) -> dict[str, str]:
    """Of [admin]: a socket, and a token of either right."""
    tokens = {"reader:read": READER, "shop:write": WRITER}
    lines = [f"{of}:{hashlib.sha256(token.encode()).hexdigest()}\n" for of, token in tokens.items()]
    file = home / "tokens"
    file.write_text("".join(lines))
    file.chmod(0o600)
    return {"listen": f"unix:{home}/admin.sock", "tokens_file": str(file)}


class Client(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("127.0.0.1", timeout=TIMEOUT)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        text = json.dumps(body).encode() if isinstance(body, dict) else body
        self.request(method, path, text, headers)
        reply = self.getresponse()
        return Reply(reply.status, reply.headers, reply.read())

    def write(self, path: str, **members: Any) -> Reply:
        return self.ask("POST", path, members, **bearer(WRITER))

    def change(self, path: str, **members: Any) -> Any:
        """What a change that succeeds says of `changed`."""
        reply = self.write(path, **members)
        assert reply.status == 200, reply.text
        assert reply.headers.get_content_type() == "application/json"
        return json.loads(reply.text)["changed"]

    def get(self, path: str) -> dict[str, Any]:
        reply = self.ask("GET", path)
        assert reply.status == 200, reply.text
        return json.loads(reply.text)


def client_of(daemon: Daemon) -> Client:
    return Client(daemon.home.parent / "admin.sock")
