"""The admin listener: metrics and the health check, for whom and over what."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import http.client
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

import ses
from daemon import SESBOUNCED, Daemon, Reply, assert_problem, environment, eventually
from fakesns import TOPIC, Authority, now

TOKEN = "zebra-4711"
TIMEOUT = 20
SCRAPE_SECONDS = 10  # Prometheus's own time-out unless it is set
PROXIED = {"X-Forwarded-For": "203.0.113.7"}  # it speaks for somebody else
PATHS = pytest.mark.parametrize("path", ["/metrics", "/healthz"])


class Connection(http.client.HTTPConnection):
    """HTTP, or HTTPS with a context, over a unix socket."""

    def __init__(self, path: Path, context: ssl.SSLContext | None = None) -> None:
        super().__init__("127.0.0.1", timeout=TIMEOUT)
        self.path, self.context = path, context

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(str(self.path))
        if self.context:
            self.sock = self.context.wrap_socket(self.sock, server_hostname="127.0.0.1")


def ask(
    home: Path,
    path: str,
    headers: dict[str, str] | None = None,
    *,
    method: str = "GET",
    context: ssl.SSLContext | None = None,
) -> Reply:
    connection = Connection(home / "admin.sock", context)
    try:
        connection.request(method, path, headers=headers or {})
        reply = connection.getresponse()
        return Reply(reply.status, reply.headers, reply.read())
    finally:
        connection.close()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def line(token: str, right: str = "read") -> str:
    return f"scraper:{right}:{hashlib.sha256(token.encode()).hexdigest()}\n"


def listen(home: Path) -> dict[str, str]:
    return {"listen": f"unix:{home}/admin.sock"}


def write(file: Path, text: str) -> str:
    file.write_text(text)
    file.chmod(0o600)
    return str(file)


def tokens(home: Path, text: str) -> dict[str, str]:
    return {"tokens_file": write(home / "tokens", text)}


def pem(home: Path, authority: Authority) -> dict[str, str]:
    """The fake SNS's own server certificate does for ours."""
    text = authority.server_file.read_text()
    key, certificate = re.split(r"(?=-----BEGIN CERTIFICATE)", text, maxsplit=1)
    return {
        "certificate": write(home / "certificate.pem", certificate),
        "key": write(home / "key.pem", key),
    }


def trusting(authority: Authority, **limits) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that only the server can refuse
    for name, value in limits.items():
        setattr(context, name, value)
    return context


def assert_78(daemon: Daemon, *words: str) -> None:
    daemon.spawn()
    assert daemon.wait() == 78, daemon.log()
    assert not daemon.has_notified("READY=1")
    for word in words:
        assert word in daemon.log()


# --- without tokens: loopback and unix sockets only


def test_metrics_count_what_was_kept(make_daemon, home, sns):
    daemon = make_daemon(admin=listen(home)).start()
    before = ask(home, "/metrics")
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    after = ask(home, "/metrics")
    assert before.status == after.status == 200
    assert before.text != after.text
    assert ask(home, "/healthz").text == "ok\n"


def metric(text: str, name: str) -> float:
    (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.M)
    return float(value)


def test_metrics_tell_what_is_in_the_database(make_daemon, home, sns):
    daemon = make_daemon(admin=listen(home)).start()
    daemon.accept(
        sns.feedback(ses.bounce("ann@mail.example")),
        sns.feedback(ses.bounce("ben@mail.example")),
        sns.feedback(ses.complaint("eve@mail.example")),
        sns.notification("no json"),
        sns.feedback(ses.delivery("ann@mail.example", sent=now() + dt.timedelta(seconds=9))),
    )
    assert daemon.ctl("suppress", "add", "--scope", "news", "fay@mail.example").code == 0
    daemon.restart()  # it looks at once, and then every ten seconds
    text = eventually(lambda: re.search(r"(?s).*sesbounced_quarantined.*", metrics(home)))[0]
    assert metric(text, 'sesbounced_suppressed{reason="BOUNCE"}') == 2
    assert metric(text, 'sesbounced_suppressed{reason="COMPLAINT"}') == 1
    assert metric(text, "sesbounced_quarantined") == 1
    assert metric(text, "sesbounced_quarantined_bytes") > 0
    assert metric(text, "sesbounced_database_bytes") == daemon.database.stat().st_size
    assert metric(text, "sesbounced_wal_bytes") >= 0
    assert metric(text, "sesbounced_leaks_total") == 1
    assert metric(text, 'sesbounced_entries{reason="BOUNCE",scope="*"}') == 2
    assert metric(text, 'sesbounced_entries{reason="BOUNCE",scope="scoped"}') == 0
    assert metric(text, 'sesbounced_entries{reason="MANUAL",scope="scoped"}') == 1
    assert metric(text, "sesbounced_outbox_oldest_age_seconds") == 0
    assert metric(text, "sesbounced_held") == metric(text, "sesbounced_guarded_providers") == 0
    last = metric(text, f'sesbounced_topic_last_message_timestamp_seconds{{topic="{TOPIC}"}}')
    assert abs(time.time() - last) < 60
    assert abs(time.time() - metric(text, "sesbounced_database_seen_timestamp_seconds")) < 60


def test_metrics_measure_deliveries_and_transactions(make_daemon, home, sns):
    daemon = make_daemon(admin=listen(home)).start()
    daemon.accept(*(sns.feedback(ses.bounce(f"p{i}@mail.example")) for i in range(3)))
    assert daemon.post(b"{}").status == 400
    text = metrics(home)
    for name, count in (("verify", 3), ("response", 4)):
        assert metric(text, f"sesbounced_{name}_seconds_count") == count
        assert metric(text, f'sesbounced_{name}_seconds_bucket{{le="+Inf"}}') == count
        assert 0 < metric(text, f"sesbounced_{name}_seconds_sum") < 20
    assert (metric(text, "sesbounced_commit_seconds_count")
            >= metric(text, "sesbounced_batches_total") > 0)


def metrics(home: Path) -> str:
    return ask(home, "/metrics").text


def test_status_says_that_there_are_no_metrics_because_their_port_is_taken(make_daemon):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        daemon = make_daemon(admin={"listen": f"127.0.0.1:{port}"}).start()
        assert "there are no metrics" in daemon.ctl("status").out
    daemon.restart()
    assert "there are no metrics" not in daemon.ctl("status").out


def test_metrics_are_in_the_format_of_prometheus(make_daemon, home, sns):
    daemon = make_daemon(admin=listen(home)).start()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    daemon.restart()
    text = eventually(lambda: re.search(r"(?s).*sesbounced_database_seen.*", metrics(home)))[0]
    sample = r'[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? -?[0-9]+(\.[0-9]+)?'
    described = set()
    for row in text.splitlines():
        if row.startswith("# TYPE "):
            assert row.split()[2] not in described, "one group of a name"
            described.add(row.split()[2])
        elif not row.startswith("# HELP "):
            assert re.fullmatch(sample, row), row
            name = re.match("[a-z_]+", row)[0]
            assert name in described or re.sub("_(bucket|sum|count)$", "", name) in described, row


def test_there_is_nothing_else(make_daemon, home):
    make_daemon(admin=listen(home)).start()
    assert_problem(ask(home, "/other"), 404)
    assert ask(home, "/metrics", method="POST").headers["Allow"] == "GET"
    assert_problem(ask(home, "/metrics%00/x"), 400)


# --- with tokens


@pytest.fixture
def guarded(make_daemon, home) -> Daemon:
    text = "# who may ask\n\n" + line("other", "write") + line(TOKEN)
    return make_daemon(admin=listen(home) | tokens(home, text)).start()


@PATHS
@pytest.mark.parametrize("token", [TOKEN, "other"], ids=["read", "write"])
def test_200_with_a_token_of_the_file(guarded, home, path, token):
    assert ask(home, path, bearer(token) | PROXIED).status == 200


@PATHS
def test_reading_from_this_machine_needs_no_token(guarded, home, path):
    for headers in ({}, bearer("wrong"), bearer(TOKEN)):
        assert ask(home, path, headers).status == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_a_proxy_on_this_machine_needs_a_token(guarded, home, header):
    assert_problem(ask(home, "/metrics", {header: "for=203.0.113.7"}), 401)


@PATHS
@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(""),
        bearer("wrong"),
        bearer(TOKEN[:-1]),
        bearer(TOKEN + "x"),
        bearer(hashlib.sha256(TOKEN.encode()).hexdigest()),
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"X-Authorization": f"Bearer {TOKEN}"},
    ],
    ids=["none", "empty", "wrong", "prefix", "longer", "hash", "bare", "basic", "misnamed"],
)
def test_401_without_a_token_of_the_file(guarded, home, path, headers):
    reply = ask(home, path, headers | PROXIED)
    assert_problem(reply, 401, secret=TOKEN)
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in reply.text and "tokens_file" in reply.text


def test_401_comes_before_anything_is_disclosed(guarded, home):
    assert_problem(ask(home, "/nothing-here", PROXIED), 401)
    assert_problem(ask(home, "/metrics", PROXIED, method="DELETE"), 401)
    assert_problem(ask(home, f"/metrics?token={TOKEN}", PROXIED), 401)


def test_421_for_the_name_of_another_site(make_daemon, home):
    make_daemon(admin={**listen(home), "host": "bounces.internal"}).start()
    reply = ask(home, "/metrics", {"Host": "evil.example:9026"})
    assert_problem(reply, 421)
    assert "host = NAME" in reply.text and "evil" not in reply.text
    for host in ("bounces.internal:9026", "localhost", "192.0.2.1", "[::1]:1"):
        assert ask(home, "/metrics", {"Host": host}).status == 200, host


def test_421_comes_before_the_token(guarded, home):
    assert_problem(ask(home, "/metrics", {"Host": "evil.example"}), 421)


def test_a_connection_is_asked_again_for_each_request(guarded, home):
    connection = Connection(home / "admin.sock")
    for headers, status in ((bearer(TOKEN), 200), ({}, 401), (bearer(TOKEN), 200)):
        connection.request("GET", "/healthz", headers=headers | PROXIED)
        reply = connection.getresponse()
        reply.read()
        assert reply.status == status
    connection.close()


# --- slow clients


class Drippers(threading.Thread):
    """Clients that send a byte from time to time, and reconnect when they are disconnected."""

    def __init__(self, path: Path, number: int) -> None:
        super().__init__()
        self.path, self.number = path, number
        self.ended = 0
        self.full, self.stopped = threading.Event(), threading.Event()

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.setblocking(False)
        with suppress(BlockingIOError):  # the backlog is full: the next drop finds out
            connection.connect(str(self.path))
        return connection

    def _drip(self, connection: socket.socket) -> socket.socket:
        try:
            connection.send(b"x")
            return connection
        except OSError:
            self.ended += 1
            connection.close()
            return self._connect()

    def run(self) -> None:
        connections = [self._connect() for _ in range(self.number)]
        while not self.stopped.wait(0.05):
            connections = [self._drip(connection) for connection in connections]
            self.full.set()
        for connection in connections:
            connection.close()

    def __enter__(self) -> Drippers:
        self.start()
        assert self.full.wait(TIMEOUT)
        return self

    def __exit__(self, *_) -> None:
        self.stopped.set()
        self.join()


@pytest.mark.parametrize("number", [16, 96, 200])
def test_a_scrape_gets_through_while_slow_clients_hold_every_place(make_daemon, home, number):
    daemon = make_daemon(ingest={"max_connections": 64}, admin=listen(home))
    # Too few for more than 16 long polls: there are 48 places.
    daemon.launcher = ["bash", "-c", 'ulimit -n 448 && exec "$@"', "bash"]
    daemon.start()
    with Drippers(home / "admin.sock", number) as drippers:
        for _ in range(3):
            started = time.monotonic()
            assert ask(home, "/metrics").status == 200
            assert time.monotonic() - started < SCRAPE_SECONDS
    if number > 48:
        assert drippers.ended > 0


def test_every_answer_closes_its_connection(make_daemon, home):
    """So nobody holds a place without asking, and a second request never hides behind a
    first."""
    make_daemon(admin=listen(home)).start()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(str(home / "admin.sock"))
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sendall(request + request)
        reply = b""
        with suppress(ConnectionResetError):
            while more := connection.recv(4096):
                reply += more
    assert reply.startswith(b"HTTP/1.1 200")
    assert reply.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in reply


def test_the_healthz_of_ingest_stays_open(guarded):
    assert guarded.request("GET", "/healthz").status == 200


@pytest.mark.parametrize(
    "text",
    ["", "# nobody\n", "scraper:read\n", f"scraper:read:{TOKEN}\n", line(TOKEN, "all")],
    ids=["empty", "comment", "no-hash", "token-itself", "no-right"],
)
def test_78_for_a_tokens_file_that_is_wrong(make_daemon, home, text):
    daemon = make_daemon(admin=listen(home) | tokens(home, text))
    assert_78(daemon, "tokens_file", str(home / "tokens"))
    assert TOKEN not in daemon.log()


@pytest.mark.parametrize("name", ["missing", "."], ids=["missing", "folder"])
def test_78_for_a_tokens_file_that_cannot_be_read(make_daemon, home, name):
    admin = listen(home) | {"tokens_file": str(home / name)}
    assert_78(make_daemon(admin=admin), "tokens_file", str(home / name))


# --- with TLS


@pytest.fixture
def secured(make_daemon, authority, home) -> Daemon:
    files = tokens(home, line(TOKEN)) | pem(home, authority)
    return make_daemon(admin=listen(home) | files).start()


@PATHS
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_is_served_and_asks_for_the_token(secured, authority, home, path, version):
    context = trusting(authority, minimum_version=version, maximum_version=version)
    assert ask(home, path, bearer(TOKEN) | PROXIED, context=context).status == 200
    assert_problem(ask(home, path, PROXIED, context=context), 401)


def test_plain_http_gets_nothing_from_a_tls_listener(secured, home):
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(home, "/metrics", bearer(TOKEN))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(secured, authority, home, version):
    context = trusting(authority, minimum_version=version, maximum_version=version)
    with pytest.raises(OSError):
        ask(home, "/metrics", bearer(TOKEN), context=context)


@pytest.mark.parametrize("key", ["certificate", "key"])
@pytest.mark.parametrize("content", [None, "junk\n"], ids=["missing", "junk"])
def test_78_for_pem_files_that_cannot_be_used(make_daemon, authority, home, key, content):
    admin = listen(home) | pem(home, authority)
    if content is None:
        Path(admin[key]).unlink()
    else:
        write(Path(admin[key]), content)
    assert_78(make_daemon(admin=admin), "[admin]", key)


def test_78_for_a_certificate_and_a_foreign_key(make_daemon, authority, home):
    admin = listen(home) | pem(home, authority)
    other = Authority(home)
    write(home / "key.pem", other.server_file.read_text().split("-----BEGIN CERT")[0])
    assert_78(make_daemon(admin=admin), "[admin]")


def test_metrics_tell_the_days_until_a_certificate_expires(make_daemon, authority, home):
    files = pem(home, authority)
    signer = authority.new_signer(after=dt.timedelta(days=-2, minutes=-5))
    (home / "expired.pem").write_bytes(signer.pem)
    key = signer.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    ingest = {
        "certificate": str(home / "expired.pem"),
        "key": write(home / "other.pem", key.decode()),
    }
    make_daemon(admin=listen(home) | files, ingest=ingest).start()
    text = ask(home, "/metrics", context=trusting(authority)).text
    name = "sesbounced_tls_certificate_days_left"
    assert metric(text, f'{name}{{listener="ingest"}}') == -3
    assert metric(text, f'{name}{{listener="admin"}}') == 0
    assert metric(text, 'sesbounced_tls_certificate_unusable{listener="ingest"}') == 0


# --- a socket that systemd passes


def spawn_passing(daemon: Daemon, listener: socket.socket) -> None:
    """Starts it with `listener` as systemd's socket `admin`; ingest it opens itself."""
    fd = fcntl.fcntl(listener, fcntl.F_DUPFD, 10)
    script = f'export LISTEN_PID=$$; exec "$@" 3<&{fd} {fd}<&-'
    command = [str(SESBOUNCED), "-c", str(daemon.config_file)]
    with open(daemon.stderr_file, "ab") as stderr:
        daemon.process = subprocess.Popen(
            ["bash", "-c", script, "sesbounced", *command],
            env=environment(LISTEN_FDS="1", LISTEN_FDNAMES="admin"),
            pass_fds=(fd,),
            stderr=stderr,
            cwd=daemon.home,
        )
    os.close(fd)


@pytest.fixture
def in_the_open() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen(8)
        yield listener


def test_a_passed_socket_in_the_open_is_served_with_tokens_and_tls(
    make_daemon, authority, home, in_the_open
):
    admin = listen(home) | tokens(home, line(TOKEN)) | pem(home, authority)
    daemon = make_daemon(inherit=False, admin=admin)
    spawn_passing(daemon, in_the_open)
    daemon.wait_log("notice: ready")
    for headers, status in ((bearer(TOKEN), 200), ({}, 401), (bearer("other"), 401)):
        connection = http.client.HTTPSConnection(
            "127.0.0.1", in_the_open.getsockname()[1], context=trusting(authority), timeout=20
        )
        connection.request("GET", "/metrics", headers=headers)
        assert connection.getresponse().status == status
        connection.close()


@pytest.mark.parametrize("has", ["nothing", "tokens", "tls"])
def test_78_for_a_passed_socket_in_the_open_without_both(
    make_daemon, authority, home, in_the_open, has
):
    files = {"nothing": {}, "tokens": tokens(home, line(TOKEN)), "tls": pem(home, authority)}
    daemon = make_daemon(inherit=False, admin=listen(home) | files[has])
    spawn_passing(daemon, in_the_open)
    assert daemon.wait() == 78, daemon.log()
    assert "tokens_file, certificate and key" in daemon.log()


def test_a_passed_socket_on_loopback_needs_neither(make_daemon, home):
    daemon = make_daemon(inherit=False, admin=listen(home))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        spawn_passing(daemon, listener)
        daemon.wait_log("notice: ready")
        connection = http.client.HTTPConnection(
            "127.0.0.1", listener.getsockname()[1], timeout=20
        )
        connection.request("GET", "/metrics")
        assert connection.getresponse().status == 200
        connection.close()


def test_a_passed_socket_and_who_waits_at_it_outlive_the_daemon(make_daemon, home):
    daemon = make_daemon(inherit=False, admin=listen(home))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        spawn_passing(daemon, listener)
        daemon.wait_log("notice: ready")
        daemon.process.terminate()
        assert daemon.wait() == 0
        with socket.create_connection(listener.getsockname(), timeout=TIMEOUT) as waiting:
            waiting.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            spawn_passing(daemon, listener)
            assert waiting.recv(4096).startswith(b"HTTP/1.1 200")
