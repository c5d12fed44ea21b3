"""SMTP as a client speaks it, line by line."""

from __future__ import annotations

import select
import socket

ANSWER_SECONDS = 10


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Smtp:
    """One session; bytes as they are, since smtplib encodes."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(ANSWER_SECONDS)
        self._connection = connection
        self._lines = connection.makefile("rb")

    def answer(self) -> str:
        text = ""
        while True:
            line = self._lines.readline().decode()
            assert line, "the connection was closed"
            text += line
            if line[3:4] != "-":
                return text.rstrip("\r\n")

    def send(self, line: str) -> None:
        self._connection.sendall(line.encode() + b"\r\n")

    def say(self, line: str) -> str:
        self.send(line)
        return self.answer()

    def is_silent(self) -> bool:
        """So far it has sent nothing."""
        return not select.select([self._connection], [], [], 0)[0]

    def recipient(self, address: str, options: str = "") -> str:
        assert self.say("RSET").startswith("250")
        assert self.say(f"MAIL FROM:<shop@sender.example>{options}").startswith("250")
        return self.say(f"RCPT TO:<{address}>")

    def close(self) -> None:
        self._lines.close()
        self._connection.close()
