"""HTTP as clients, proxies and attackers send it: raw sockets, byte by byte."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

import pytest

import ses
from daemon import Daemon, eventually
from fakesns import Answer, encode

HEAD = b"POST /sns HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"


def read_reply(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next answer; 0 when the connection just ended."""
    reader = connection.makefile("rb", buffering=0)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = reader.read(1)
        if not byte:
            return 0, head
        head += byte
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    body = b""
    while len(body) < length and (more := reader.read(length - len(body))):
        body += more
    return int(head.split()[1]), body


def is_closed(connection: socket.socket) -> bool:
    """libmicrohttpd's own errors may trail behind, but another answer must not."""
    connection.settimeout(5)
    try:
        while rest := connection.recv(4096):
            assert b"HTTP/1.1 2" not in rest
        return True
    except ConnectionResetError:
        return True


def exchange(daemon: Daemon, raw: bytes) -> tuple[int, bytes]:
    with daemon.connect() as connection:
        connection.sendall(raw)
        return read_reply(connection)


def with_length(body: bytes) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.fixture
def body(sns) -> bytes:
    return encode(sns.feedback(ses.bounce("ann@mail.example")))


def chunks(body: bytes, size: int) -> bytes:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


BAD = {
    "two-equal-lengths": b"Content-Length: {n}\r\nContent-Length: {n}\r\n",
    "two-lengths": b"Content-Length: {n}\r\nContent-Length: 0\r\n",
    "length-and-chunked": b"Content-Length: {n}\r\nTransfer-Encoding: chunked\r\n",
    "chunked-and-length": b"Transfer-Encoding: chunked\r\nContent-Length: {n}\r\n",
    "gzip-chunked": b"Transfer-Encoding: gzip, chunked\r\n",
    "chunked-twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "identity": b"Transfer-Encoding: identity\r\n",
    "unknown-coding": b"Transfer-Encoding: zebra\r\n",
    "negative-length": b"Content-Length: -1\r\n",
    "length-no-number": b"Content-Length: ten\r\n",
}


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD.keys())
def test_400_and_close_for_a_body_of_doubtful_length(daemon, body, headers):
    headers = headers.replace(b"{n}", b"%d" % len(body))
    framed = chunks(body, 1000) if b"hunked" in headers else body
    with daemon.connect() as connection:
        connection.sendall(HEAD + headers + b"\r\n" + framed)
        status, _ = read_reply(connection)
        assert status == 400
        assert is_closed(connection)
    assert daemon.events() == []


def test_what_follows_a_refused_frame_is_never_a_second_request(daemon, sns, body):
    hidden = with_length(body)
    smuggled = HEAD + b"Content-Length: %d\r\nContent-Length: 0\r\n\r\n" % len(hidden)
    with daemon.connect() as connection:
        connection.sendall(smuggled + hidden)
        assert read_reply(connection)[0] == 400
        assert is_closed(connection)
    assert daemon.events() == []


# What libmicrohttpd 0.9.75 understands as no body, and others as one.
GARBLED = {
    "length-in-the-next-line": b"Content-Length:\r\n {n}\r\n",
    "length-in-the-next-line-behind-a-tab": b"Content-Length:\r\n\t{n}\r\n",
    "length-goes-on-in-the-next-line": b"Content-Length: 0\r\n {n}\r\n",
    "coding-in-the-next-line": b"Transfer-Encoding:\r\n chunked\r\n",
    "no-length-and-coding-in-the-next-line": b"Content-Length: 0\r\n"
    b"Transfer-Encoding:\r\n chunked\r\n",
    "length-behind-a-bare-cr": b"X: y\rContent-Length: {n}\r\n",
    "no-length-and-coding-behind-a-bare-cr": b"Content-Length: 0\r\n"
    b"X: y\rTransfer-Encoding: chunked\r\n",
}


def answers(connection: socket.socket) -> bytes:
    """All that comes until the connection ends, which it must."""
    reply = b""
    with suppress(ConnectionResetError):
        while more := connection.recv(4096):
            reply += more
    return reply


@pytest.mark.parametrize("path", [b"POST /sns", b"GET /healthz"], ids=["post", "probe"])
@pytest.mark.parametrize("headers", GARBLED.values(), ids=GARBLED.keys())
def test_400_for_a_length_that_libmicrohttpd_loses(daemon, body, headers, path):
    hidden = with_length(body)
    head = HEAD.replace(b"POST /sns", path) + headers.replace(b"{n}", b"%d" % len(hidden))
    with daemon.connect() as connection:
        connection.sendall(head + b"\r\n" + hidden)
        reply = answers(connection)
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert reply.count(b"HTTP/1.1 ") == 1
    assert daemon.events() == []


def test_400_for_no_length_on_http_1_1(daemon):
    assert exchange(daemon, HEAD + b"\r\n")[0] == 400


UNANNOUNCED = {
    "probe": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", 200),
    "head": (b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n", 200),
    "post": (HEAD, 400),
    "get": (b"GET /sns HTTP/1.1\r\nHost: x\r\n", 405),
    "elsewhere": (b"GET / HTTP/1.1\r\nHost: x\r\n", 404),
}


@pytest.mark.parametrize("head, status", UNANNOUNCED.values(), ids=UNANNOUNCED.keys())
def test_a_request_that_announces_no_body_is_the_last_of_its_connection(
    daemon, body, head, status
):
    hidden = with_length(body)
    with daemon.connect() as connection:
        connection.sendall(head + b"\r\n" + hidden)
        reply = answers(connection)
    assert reply.startswith(b"HTTP/1.1 %d " % status)
    assert reply.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in reply
    assert daemon.events() == []


def test_a_probe_that_announces_an_empty_body_keeps_its_connection(daemon):
    with daemon.connect() as connection:
        for _ in range(2):
            connection.sendall(UNANNOUNCED["probe"][0] + b"Content-Length: 0\r\n\r\n")
            assert read_reply(connection)[0] == 200


@pytest.mark.parametrize("size", [1, 17, 4096])
def test_chunked_bodies_are_read(daemon, body, size):
    raw = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(body, size)
    assert exchange(daemon, raw)[0] == 200


def test_chunked_is_recognised_whatever_its_case(daemon, body):
    raw = HEAD + b"transfer-encoding: Chunked\r\n\r\n" + chunks(body, 100)
    assert exchange(daemon, raw)[0] == 200


def test_http_1_0_is_answered_and_closed(daemon, body):
    raw = with_length(body).replace(b"HTTP/1.1", b"HTTP/1.0")
    with daemon.connect() as connection:
        connection.sendall(raw)
        assert read_reply(connection)[0] == 200
        assert is_closed(connection)


def test_pipelined_requests_are_answered_in_order(daemon, sns):
    good = [encode(sns.feedback(ses.bounce(f"p{i}@mail.example"))) for i in range(2)]
    with daemon.connect() as connection:
        connection.sendall(with_length(good[0]) + with_length(b"{}") + with_length(good[1]))
        assert [read_reply(connection)[0] for _ in range(3)] == [200, 400, 200]


def test_expect_100_continue_is_served(daemon, body):
    with daemon.connect() as connection:
        expect = b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(HEAD + expect)
        assert read_reply(connection)[0] == 100
        connection.sendall(body)
        assert read_reply(connection)[0] == 200


def test_a_body_in_small_pieces_is_read(daemon, body):
    raw = with_length(body)
    with daemon.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(0, len(raw), 50):
            connection.sendall(raw[i : i + 50])
        assert read_reply(connection)[0] == 200


def test_slow_clients_hold_up_nobody(daemon, sns, body):
    raw = with_length(body)
    slow = [daemon.connect() for _ in range(40)]
    for connection in slow:
        connection.sendall(raw[:-10])
    daemon.accept(sns.feedback(ses.bounce("quick@mail.example")))
    assert daemon.suppressed() == ["quick@mail.example"]
    for connection in slow:
        connection.sendall(raw[-10:])
    assert [read_reply(connection)[0] for connection in slow] == [200] * 40
    assert daemon.suppressed() == ["ann@mail.example", "quick@mail.example"]
    for connection in slow:
        connection.close()


def reset(connection: socket.socket) -> None:
    """Closes with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["fin", "reset"])
@pytest.mark.parametrize("part", [0, 20, 120, -10], ids=["none", "line", "head", "body"])
def test_a_client_that_leaves_early_harms_nobody(daemon, sns, body, part, end):
    for _ in range(20):
        connection = daemon.connect()
        connection.sendall(with_length(body)[:part])
        end(connection)
    daemon.accept(sns.feedback(ses.bounce("ben@mail.example")))
    assert daemon.suppressed() == ["ben@mail.example"]


def test_a_message_whose_sender_left_before_the_answer_is_kept(daemon, body):
    connection = daemon.connect()
    connection.sendall(with_length(body))
    connection.shutdown(socket.SHUT_WR)
    eventually(lambda: daemon.suppressed() == ["ann@mail.example"])
    connection.close()


def test_a_sender_that_leaves_while_the_certificate_is_fetched_harms_nobody(daemon, sns, body):
    gate = threading.Event()
    sns.certificate_plan.then(Answer(until=gate))
    connection = daemon.connect()
    connection.sendall(with_length(body))
    sns.wait_for(1, sns.fetches)
    reset(connection)
    gate.set()
    daemon.accept(sns.feedback(ses.bounce("ben@mail.example")))
    assert "ben@mail.example" in daemon.suppressed()
    assert daemon.stop() == 0


@pytest.mark.parametrize(
    "junk",
    [b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\x00" * 64],
    ids=["blank", "tls", "no-path", "nuls"],
)
def test_junk_on_the_socket_harms_nobody_and_stays_out_of_the_log(daemon, sns, junk):
    for _ in range(5):
        with daemon.connect() as connection:
            connection.sendall(junk)
            connection.shutdown(socket.SHUT_WR)
    daemon.accept(sns.feedback(ses.bounce("ben@mail.example")))
    assert daemon.stop() == 0
    assert "\x00" not in daemon.log() and "\x16" not in daemon.log()


def test_headers_without_end_are_refused(daemon, sns):
    with daemon.connect() as connection:
        try:
            connection.sendall(HEAD + b"X-Long: " + b"a" * 2_000_000)
            status = read_reply(connection)[0]
        except OSError:
            status = 0
    assert status in (0, 400, 413, 414, 431)
    daemon.accept(sns.feedback(ses.bounce("ben@mail.example")))
