"""More than the daemon takes on: what waits, what is sent away, and that it recovers.

`max_connections = 24` makes every bound small: 6 connections of one address, 6 deliveries
in the waiting room, half a MiB for large bodies with `max_body = 64K`.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

import ses
from daemon import SESBOUNCED, Daemon, eventually, run
from fakesns import Answer, FakeSns, encode
from test_admin import ask, listen
from test_framing import HEAD, is_closed, read_reply, reset, with_length

CONNECTIONS = 24
OF_ADDRESS = 6
WAITING = 6
MAX_BODY = 64 * 1024
LARGE_BODIES = 10  # of 64K, the first 16K of which are free, in 512K


class Metrics:
    """The admin listener's numbers, by name and reason."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def value(self, name: str) -> int:
        text = ask(self.home, "/metrics").text
        found = re.search(rf"^sesbounced_{re.escape(name)} (\d+)$", text, re.MULTILINE)
        assert found, f"no {name} in:\n{text}"
        return int(found[1])

    def shed(self, reason: str) -> int:
        return self.value(f'shed_total{{reason="{reason}"}}')

    def wait(self, name: str, value: int) -> None:
        eventually(lambda: self.value(name) == value, 20, f"{name} = {value}")

    def wait_shed(self, reason: str, value: int) -> None:
        self.wait(f'shed_total{{reason="{reason}"}}', value)


@pytest.fixture
def metrics(home: Path) -> Metrics:
    return Metrics(home)


@pytest.fixture
def small(make_daemon, home: Path) -> Daemon:
    """Not yet started."""
    return make_daemon(
        ingest={"max_connections": CONNECTIONS, "max_body": "64K"}, admin=listen(home)
    )


@pytest.fixture
def clients():
    """Closes what a test entered."""
    with ExitStack() as stack:
        yield stack


def bounce(sns: FakeSns, name: str) -> bytes:
    return encode(sns.feedback(ses.bounce(f"{name}@mail.example")))


def large(sns: FakeSns, name: str) -> bytes:
    """Genuine, and as large as can be."""
    return sns.sized(ses.bounce(f"{name}@mail.example"), MAX_BODY)


def kept_alive(
    daemon: Daemon, sns: FakeSns, clients: ExitStack, number: int
) -> list[socket.socket]:
    """Connections that delivered something, so that the daemon lets them idle."""
    connections = []
    for i in range(number):
        connections.append(clients.enter_context(daemon.connect()))
        connections[-1].sendall(with_length(bounce(sns, f"early{i}")))
        assert read_reply(connections[-1])[0] == 200
    return connections


# --- connections


@pytest.mark.parametrize("threads", [1, 2, 64])
def test_connections_beyond_the_limit_wait_and_are_served_afterwards(
    small, sns, metrics, clients, threads
):
    small.configure({"ingest": {"threads": threads}})
    small.start()
    holding = kept_alive(small, sns, clients, CONNECTIONS)
    metrics.wait("connections", CONNECTIONS)
    late = [clients.enter_context(small.connect()) for _ in range(WAITING)]
    for i, connection in enumerate(late):
        connection.sendall(with_length(bounce(sns, f"late{i}")))
    assert metrics.value("connections") == CONNECTIONS
    assert len(small.events()) == CONNECTIONS
    for connection in holding:
        connection.close()
    assert [read_reply(connection)[0] for connection in late] == [200] * WAITING


def test_loopback_may_take_all_connections(small, sns, metrics, clients):
    small.start()
    kept_alive(small, sns, clients, CONNECTIONS)
    metrics.wait("connections", CONNECTIONS)
    assert metrics.shed("connections-of-address") == 0


def address_of_this_machine() -> str:
    """One that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return probe.getsockname()[0]


def test_one_address_gets_its_share_and_the_rest_is_closed_at_once(
    small, sns, metrics, clients
):
    here = address_of_this_machine()
    assert small.listener
    small.listener.close()
    small.listener = socket.create_server((here, 0), backlog=64)
    place = small.listener.getsockname()
    small.start()

    def connect() -> socket.socket:
        return clients.enter_context(socket.create_connection(place, timeout=30))

    mine = [connect() for _ in range(OF_ADDRESS)]
    metrics.wait("connections", OF_ADDRESS)
    for _ in range(3):
        try:
            assert is_closed(connect())
        except ConnectionResetError:
            pass  # sooner than connect() returned
    assert metrics.shed("connections-of-address") == 3
    assert f"ADDRESS={here}" in small.wait_log("one address had a quarter", "COUNT=")
    assert small.log().count("one address had a quarter") == 1

    # Who was let in is served, and each who leaves makes room.
    mine[0].sendall(with_length(bounce(sns, "ann")))
    assert read_reply(mine[0])[0] == 200
    mine[1].close()
    metrics.wait("connections", OF_ADDRESS - 1)
    again = connect()
    again.sendall(with_length(bounce(sns, "ben")))
    assert read_reply(again)[0] == 200


def test_too_few_files_mean_fewer_connections_and_a_word_on_it(
    make_daemon, home, sns, metrics, clients
):
    daemon = make_daemon(admin=listen(home))
    daemon.launcher = ["bash", "-c", 'ulimit -n 492 && exec "$@"', "bash"]
    daemon.start()
    assert "LimitNOFILE=1472" in daemon.wait_log("fewer connections", "CONNECTIONS=44")
    holding = kept_alive(daemon, sns, clients, 44)
    holding += [clients.enter_context(daemon.connect()) for _ in range(20)]
    metrics.wait("connections", 44)
    for connection in holding:
        connection.close()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))


def test_the_soft_limit_of_files_is_raised(make_daemon, home, sns, metrics, clients):
    daemon = make_daemon(ingest={"max_connections": 100}, admin=listen(home))
    daemon.launcher = ["bash", "-c", 'ulimit -Sn 64 && exec "$@"', "bash"]
    daemon.start()
    kept_alive(daemon, sns, clients, 100)
    metrics.wait("connections", 100)
    assert "LimitNOFILE" not in daemon.log()


# --- whole requests


class Dripper(threading.Thread):
    """Sends a byte from time to time for as long as the connection lives."""

    def __init__(self, connection: socket.socket, byte: bytes) -> None:
        super().__init__()
        self.connection, self.byte = connection, byte
        self.stopped = threading.Event()

    def run(self) -> None:
        try:
            while not self.stopped.wait(0.2):
                self.connection.sendall(self.byte)
        except OSError:
            self.stopped.set()


@pytest.mark.slow
def test_who_brings_no_whole_request_is_ended_and_nobody_else(small, sns, metrics, clients):
    small.start()
    connections = [clients.enter_context(small.connect()) for _ in range(5)]
    silent, header, body, refused, kept = connections
    for connection, name in ((kept, "kept"), (body, "body")):
        connection.sendall(with_length(bounce(sns, name)))
        assert read_reply(connection)[0] == 200
    refused.sendall(with_length(b"{}"))
    assert read_reply(refused)[0] == 400
    header.sendall(HEAD + b"X-Slow: ")
    body.sendall(HEAD + b"Content-Length: 60000\r\n\r\n")
    drippers = [Dripper(header, b"x"), Dripper(body, b" ")]
    for dripper in drippers:
        dripper.start()
    try:
        metrics.wait_shed("slow-request", 3)  # who was refused owes nothing
        for connection in (silent, header, body, refused):
            assert is_closed(connection)
        metrics.wait("connections", 1)
        kept.sendall(with_length(bounce(sns, "more")))
        assert read_reply(kept)[0] == 200
    finally:
        for dripper in drippers:
            dripper.stopped.set()
            dripper.join()


def test_in_a_crowd_only_who_delivers_keeps_the_connection(small, sns, metrics, clients):
    probe = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    small.start()
    early, asking, delivering = (clients.enter_context(small.connect()) for _ in range(3))
    for _ in range(2):
        early.sendall(probe)
        assert read_reply(early)[0] == 200
    kept_alive(small, sns, clients, CONNECTIONS - 3)
    metrics.wait("connections", CONNECTIONS)
    for connection in (early, asking):
        connection.sendall(probe)
        assert read_reply(connection)[0] == 200
        assert is_closed(connection)
    for i in range(2):
        delivering.sendall(with_length(bounce(sns, f"crowd{i}")))
        assert read_reply(delivering)[0] == 200
    assert metrics.value("storing") == 1
    assert metrics.value("connections_max") == CONNECTIONS


@pytest.mark.slow
def test_the_sweep_goes_on_while_nobody_reads_the_socket_of_systemd(small, metrics, clients):
    small.launcher = ["env", "WATCHDOG_USEC=1000000"]  # something to tell each second
    small.start()
    with small.filled_notify_socket():
        silent = clients.enter_context(small.connect())
        metrics.wait_shed("slow-request", 1)
        assert is_closed(silent)
    small.notified.clear()
    eventually(lambda: small.has_notified("WATCHDOG=1"))
    assert small.stop() == 0


def test_the_watchdog_is_petted_when_the_unit_asks_for_it(small):
    small.launcher = ["env", "WATCHDOG_USEC=1000000"]
    small.start()
    eventually(lambda: small.has_notified("WATCHDOG=1"))


# --- what waits, and memory


def test_deliveries_beyond_the_waiting_room_get_503_and_the_others_wait(
    small, sns, metrics, clients
):
    gate = threading.Event()
    sns.certificate_plan.then(Answer(until=gate))
    small.start()
    connections = [clients.enter_context(small.connect()) for _ in range(WAITING + 1)]
    for i, connection in enumerate(connections):
        connection.sendall(with_length(bounce(sns, f"waits{i}")))
    metrics.wait_shed("waiting-room", 1)
    refused = select.select(connections, [], [], 20)[0]
    assert [read_reply(connection)[0] for connection in refused] == [503]
    gate.set()
    others = [connection for connection in connections if connection not in refused]
    assert [read_reply(connection)[0] for connection in others] == [200] * WAITING
    small.accept(sns.feedback(ses.bounce("after@mail.example")))
    assert "too many deliveries wait" in small.log()


def test_large_bodies_beyond_the_memory_for_them_get_503_and_small_ones_do_not(
    small, sns, metrics, clients
):
    small.start()
    connections = [clients.enter_context(small.connect()) for _ in range(LARGE_BODIES + 2)]
    for i, connection in enumerate(connections):
        connection.sendall(with_length(large(sns, f"large{i}"))[:-1])
    metrics.wait_shed("body-memory", 2)
    small.accept(sns.feedback(ses.bounce("usual@mail.example")))

    for connection in connections:
        connection.sendall(b"}")
    statuses = sorted(read_reply(connection)[0] for connection in connections)
    assert statuses == [200] * LARGE_BODIES + [503] * 2
    assert "too many large bodies" in small.log()

    metrics.wait("large_body_bytes", 0)
    assert small.post(large(sns, "again")).status == 200
    metrics.wait("large_body_bytes", 0)
    assert metrics.value("shed_total{reason=\"body-memory\"}") == 2


def test_announcing_large_bodies_takes_no_memory_from_others(small, sns, metrics, clients):
    small.start()
    for _ in range(LARGE_BODIES + 2):
        connection = clients.enter_context(small.connect())
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n{" % MAX_BODY)
    metrics.wait("connections", LARGE_BODIES + 2)
    assert small.post(large(sns, "large")).status == 200
    assert metrics.shed("body-memory") == 0


def test_a_large_body_that_is_refused_or_broken_off_gives_its_memory_back(
    small, sns, metrics
):
    small.start()
    for _ in range(2 * LARGE_BODIES):
        connection = small.connect()
        connection.sendall(with_length(large(sns, "gone"))[:-1])
        reset(connection)
    assert small.post(b" " * (MAX_BODY + 1)).status == 413
    assert small.post(iter([b" " * MAX_BODY, b" "])).status in (400, 413)
    metrics.wait("large_body_bytes", 0)
    assert small.post(large(sns, "large")).status == 200


def resident_peak(daemon: Daemon) -> int:
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    (kib,) = re.findall(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)
    return int(kib) * 1024


def promised_bytes(daemon: Daemon) -> int:
    printed = run(SESBOUNCED, "--check-config", "-c", daemon.config_file).out
    (mib,) = re.findall(r"at most (\d+)M of memory", printed)
    return int(mib) * 1024 * 1024


def test_recipients_of_waiting_messages_count_towards_the_memory_that_is_promised(
    make_daemon, home, sns, metrics, clients
):
    """A message of 1,000 recipients has 60 KB, and 860 KB once it is read."""
    many = [f"u{i}@mail.example" for i in range(1000)]
    daemon = make_daemon(
        ingest={"max_connections": 64, "max_body": "128K", "threads": 1}, admin=listen(home)
    ).start()
    # One behind the other, so that SQLite's caches are what they will be.
    for _ in range(48):
        daemon.accept(sns.feedback(ses.reject(*many)))
    bodies = [encode(sns.feedback(ses.reject(*many))) for _ in range(48)]
    connections = [clients.enter_context(daemon.connect()) for _ in bodies]
    before = resident_peak(daemon)
    with open(f"{daemon.database}.turn", "rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # the writer takes nothing on
        for connection, body in zip(connections, bodies):
            connection.sendall(with_length(body))
        eventually(lambda: metrics.shed("body-memory") > 0, 20, "some are sent away")
        assert metrics.value("large_body_bytes") <= 8 * 128 * 1024 + 1024 * 1024
    statuses = {read_reply(connection)[0] for connection in connections}
    assert statuses <= {200, 503}
    if not os.environ.get("SANITIZE"):  # whose allocators keep what was freed
        assert resident_peak(daemon) - before < promised_bytes(daemon)
    metrics.wait("large_body_bytes", 0)
    daemon.accept(sns.feedback(ses.reject("usual@mail.example")))
