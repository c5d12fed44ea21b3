"""A stranger: posts messages of an allowed topic, each naming a certificate of its own.

usage: flood.py HOST PORT RATE CONNECTIONS SAME [SOURCE] < TEMPLATE

SAME requests in a row name one certificate, then another.

TEMPLATE is an envelope with HEX for the 32 digits of the certificate's file and ID for the
MessageId. Runs until its standard input is closed behind the template; then prints how
many requests it has sent. A process of its own, so that it and the fake SNS do not share
Python's lock.
"""

from __future__ import annotations

import secrets
import selectors
import socket
import sys
import time


class Stranger:
    def __init__(self, target: tuple[str, int], source: list[str], same: int) -> None:
        self.target, self.source, self.same = target, source, same
        self.template = sys.stdin.buffer.readline()
        self.hex = b""
        self.selector = selectors.DefaultSelector()
        self.idle: list[socket.socket] = []
        self.open = 0
        self.sent = 0

    def connect(self) -> socket.socket | None:
        try:
            connection = socket.create_connection(
                self.target, 1, (self.source[0], 0) if self.source else None
            )
        except OSError:
            return None
        connection.setblocking(False)
        self.selector.register(connection, selectors.EVENT_READ)
        self.open += 1
        return connection

    def forget(self, connection: socket.socket) -> None:
        self.selector.unregister(connection)
        connection.close()
        self.open -= 1
        if connection in self.idle:
            self.idle.remove(connection)

    def post(self, most: int) -> None:
        connection = self.idle.pop() if self.idle else None
        if connection is None and self.open < most:
            connection = self.connect()
        if connection is None:
            return  # all of them wait for an answer
        if self.sent % self.same == 0:
            self.hex = secrets.token_hex(16).encode()
        body = self.template.replace(b"HEX", self.hex)
        body = body.replace(b"ID", secrets.token_hex(16).encode())
        head = f"POST /sns HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        try:
            connection.sendall(head.encode() + body)
            self.sent += 1
        except OSError:
            self.forget(connection)

    def read(self, wait: float) -> bool:
        """Takes answers; false when the template's sender has closed."""
        for key, _ in self.selector.select(wait):
            connection = key.fileobj
            if connection is sys.stdin:
                return False
            try:
                answer = connection.recv(65536)
            except OSError:
                answer = b""
            if not answer or b"onnection: close" in answer:
                self.forget(connection)
            elif connection not in self.idle:
                self.idle.append(connection)
        return True


def main() -> None:
    host, port, rate, most, same, *source = sys.argv[1:]
    stranger = Stranger((host, int(port)), source, int(same))
    stranger.selector.register(sys.stdin, selectors.EVENT_READ)
    begun = time.monotonic()
    tried = 0
    while stranger.read(0.5 / int(rate)):
        for _ in range(min(50, int((time.monotonic() - begun) * int(rate)) - tried)):
            stranger.post(int(most))
            tried += 1
    print(stranger.sent)


main()
