"""Starts build/sesbounced as systemd would, and talks to it as SNS would.

The listening socket is bound here on a port of the system's choice and passed by
systemd's protocol (LISTEN_FDS), so no port is fixed, and it stays open over restarts.
READY comes by sd_notify to an abstract socket. Standard error goes to a file: `log()`.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import re
import select
import shlex
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fakesns import TOPIC, Envelope, FakeSns, encode

REPOSITORY = Path(__file__).resolve().parents[2]
SESBOUNCED = Path(os.environ.get("SESBOUNCED", REPOSITORY / "build/sesbounced"))
SESBOUNCECTL = Path(os.environ.get("SESBOUNCECTL", SESBOUNCED.parent / "sesbouncectl"))

START_SECONDS = 20
STOP_SECONDS = 15
# CONTRACT: every answer is given within 12 seconds.
ANSWER_SECONDS = 12

EVENTS_NOT_FOUND = """
SELECT e.id AS event, m.id AS message FROM event AS e JOIN sns_message AS m ON m.id = e.message_id
WHERE (e.id BETWEEN m.first_event_id AND m.last_event_id) IS NOT TRUE
"""

Value = str | int | list[str]
Settings = dict[str, dict[str, Value]]
T = TypeVar("T")


def eventually(probe: Callable[[], T], timeout: float = 10, what: str = "") -> T:
    """Polls until `probe()` is true and returns what it gave."""
    deadline = time.monotonic() + timeout
    while not (result := probe()):
        assert time.monotonic() < deadline, f"not within {timeout} s: {what or probe}"
        time.sleep(0.02)
    return result


def ini(settings: Settings) -> str:
    """A configuration file; a list becomes a repeated key, [] an empty one."""
    lines = []
    for section, keys in settings.items():
        lines.append(f"[{section}]")
        for key, value in keys.items():
            values = value if isinstance(value, list) else [value]
            lines += [f"{key} = {item}".rstrip() for item in values or [""]]
    return "\n".join(lines) + "\n"


def environment(**more: str) -> dict[str, str]:
    """Ours without what would change the daemon: proxies, systemd, locale."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key in ("PATH", "HOME", "TMPDIR") or key.endswith("SAN_OPTIONS")
    }
    return {**kept, "LC_ALL": "C", **more}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def listening_socket(host: str = "127.0.0.1") -> socket.socket:
    listener = socket.socket()
    listener.bind((host, 0))
    listener.listen(512)
    return listener


class Daemon:
    """One daemon with a directory of its own; `settings` are laid over what it needs."""

    def __init__(
        self,
        home: Path,
        sns: FakeSns,
        settings: Settings,
        *,
        inherit: bool = True,
        host: str = "127.0.0.1",
    ) -> None:
        self.home = home
        self.inherit = inherit
        self.database = home / "store" / "sesbounced.db"
        self.certificates = home / "certificates"
        self.config_file = home / "sesbounced.conf"
        self.stderr_file = home / "stderr.log"
        self.launcher: list[str] = []  # words before the command: `env A=B`, `setpriv …`
        self.program: Path | str = SESBOUNCED
        self.notified: list[str] = []
        self.process: subprocess.Popen | None = None
        home.mkdir(exist_ok=True)
        self.database.parent.mkdir(mode=0o750)
        self.listener = listening_socket(host) if inherit else None
        self.port = self.listener.getsockname()[1] if self.listener else 0
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(b"")  # the kernel chooses an abstract name
        self._local = threading.local()
        self.settings = self._defaults(sns)
        self.configure(settings)

    def _defaults(self, sns: FakeSns) -> Settings:
        # Without a passed socket: a port that was free a moment ago may be taken by now.
        listen = f"127.0.0.1:{self.port}" if self.inherit else f"unix:{self.home}/ingest.sock"
        return {
            "ingest": {"listen": listen, "threads": 2},
            "sns": {
                "topic": [TOPIC],
                "endpoint": sns.origin,
                "ca_file": str(sns.authority.ca_file),
            },
            "store": {
                "path": str(self.database),
                "certificates": str(self.certificates),
            },
            "admin": {"listen": ""},
            # Tests send many alike bounces of one provider.
            "suppression": {"guard": "off"},
        }

    def configure(self, settings: Settings) -> None:
        """Lays `settings` over the present ones; for the next start."""
        for section, keys in settings.items():
            self.settings.setdefault(section, {}).update(keys)
        self.config_file.write_text(ini(self.settings))

    # --- its life

    def start(self) -> Daemon:
        self.spawn()
        self.wait_ready()
        return self

    def spawn(self) -> None:
        """Starts it without waiting for READY."""
        command = [*self.launcher, str(self.program), "-c", str(self.config_file)]
        self.notified.clear()
        self._drain()
        script, fds = 'umask 027; exec "$@"', ()
        env = environment(NOTIFY_SOCKET="@" + self._notify.getsockname()[1:].decode())
        if self.listener:
            # Above 9, so that it is never the descriptor 3 that systemd's protocol wants.
            fd = fcntl.fcntl(self.listener, fcntl.F_DUPFD, 10)
            script = f'umask 027; export LISTEN_PID=$$; exec "$@" 3<&{fd} {fd}<&-'
            env |= {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "ingest"}
            fds = (fd,)
        with open(self.stderr_file, "ab") as stderr:
            self.process = subprocess.Popen(
                ["bash", "-c", script, "sesbounced", *command],
                env=env,
                pass_fds=fds,
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                cwd=self.home,
            )
        for fd in fds:
            os.close(fd)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.has_notified("READY=1"):
            assert self.process.poll() is None, f"exit {self.process.poll()}:\n{self.log()}"
            assert time.monotonic() < deadline, f"never READY:\n{self.log()}"
            select.select([self._notify], [], [], 0.1)

    def has_notified(self, line: str) -> bool:
        self._drain()
        return any(line in message.split("\n") for message in self.notified)

    def status_line(self) -> str:
        """The last STATUS= it told systemd."""
        self._drain()
        lines = [line for m in self.notified for line in m.split("\n")]
        return next((s[7:] for s in reversed(lines) if s.startswith("STATUS=")), "")

    @contextmanager
    def filled_notify_socket(self) -> Iterator[None]:
        """Meanwhile it takes no message more: nobody reads it."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            with suppress(BlockingIOError):
                while True:
                    sender.sendto(b"", self._notify.getsockname())
            yield
        self._drain()

    def _drain(self) -> None:
        while select.select([self._notify], [], [], 0)[0]:
            self.notified.append(self._notify.recv(4096).decode())

    def stop(self) -> int:
        """SIGTERM; returns the exit code. An idle connection of ours would only cost the
        second that the daemon grants it: test_kill.py tries that."""
        self.disconnect()
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise AssertionError(f"did not stop:\n{self.log()}") from None

    def kill9(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        assert self.stop() == 0, self.log()
        self.start()

    def close(self) -> None:
        """For the fixture: whatever is still there goes away."""
        if self.process and self.process.poll() is None:
            self.kill9()
        self.check_references()
        self._notify.close()
        if self.listener:
            self.listener.close()

    def check_references(self) -> None:
        """No row refers to one that is not there, which SQLite does not see to; unless the test
        has damaged the file, or moved it."""
        with suppress(sqlite3.Error):
            assert self.rows("PRAGMA foreign_key_check") == []
            assert self.rows(EVENTS_NOT_FOUND) == []

    def log(self) -> str:
        return self.stderr_file.read_text(errors="replace") if self.stderr_file.exists() else ""

    def wait_log(self, *words: str, timeout: float = 10) -> str:
        """Waits for a line of the log that holds all the words, and returns it."""

        def found() -> str:
            lines = self.log().splitlines()
            return next((line for line in lines if all(w in line for w in words)), "")

        return eventually(found, timeout, f"a log line with {words} in:\n{self.log()}")

    # --- talking to it

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
        *,
        chunked: bool = False,
    ) -> Reply:
        """One exchange over this thread's kept-alive connection."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            if self.inherit:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            else:
                connection = UnixConnection(self.home / "ingest.sock")
            self._local.connection = connection
        try:
            connection.request(method, path, body, headers or {}, encode_chunked=chunked)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def disconnect(self) -> None:
        """Ends this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection:
            connection.close()

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> Reply:
        return self.request("POST", "/sns", body, sns_headers(headers))

    def deliver(self, envelope: Envelope, **headers: str) -> Reply:
        """Posts an envelope with the headers SNS sends along."""
        extra = {
            "x-amz-sns-message-type": envelope["Type"],
            "x-amz-sns-message-id": envelope["MessageId"],
            "x-amz-sns-topic-arn": envelope["TopicArn"],
        }
        return self.post(encode(envelope), extra | headers)

    def accept(self, *envelopes: Envelope) -> None:
        """Delivers and insists on 200."""
        for envelope in envelopes:
            reply = self.deliver(envelope)
            assert reply.status == 200, f"{reply.status} {reply.text}\n{self.log()}"

    def connect(self) -> socket.socket:
        """A raw connection, for what http.client would never send."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    # --- its database and its tool

    def rows(self, sql: str, *arguments: Any) -> list[dict[str, Any]]:
        uri = f"file:{self.database}?mode=ro"
        db = sqlite3.connect(uri, uri=True, timeout=10)
        try:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(sql, arguments)]
        finally:
            db.close()

    def value(self, sql: str, *arguments: Any) -> Any:
        """The one value that the query gives."""
        (row,) = self.rows(sql, *arguments)
        (value,) = row.values()
        return value

    def column(self, sql: str, *arguments: Any) -> list[Any]:
        return [next(iter(row.values())) for row in self.rows(sql, *arguments)]

    def suppressed(self) -> list[str]:
        return self.column("SELECT address FROM suppressed ORDER BY address")

    def events(self) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM events ORDER BY id")

    def quarantined(self) -> list[str]:
        return self.column("SELECT reason FROM quarantine ORDER BY id")

    def ctl(self, *arguments: str, input: bytes = b"") -> Result:
        return ctl("-c", str(self.config_file), *arguments, input=input)


@dataclass(frozen=True)
class Result:
    """What became of a command."""

    code: int
    out: str
    err: str

    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def run(*command: str | Path, input: bytes = b"") -> Result:
    words = [str(word) for word in command]
    done = subprocess.run(
        words, input=input, capture_output=True, env=environment(USER="tester"), timeout=60
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def ctl(*arguments: str, input: bytes = b"") -> Result:
    return run(SESBOUNCECTL, *arguments, input=input)


def typed(told: str) -> list[list[str]]:
    """What a text says to type to sesbouncectl: the words behind its -c FILE, of each command
    that ends a line, or a parenthesis."""
    prefix = rf"{re.escape(str(SESBOUNCECTL))} -c \S+ "
    found = re.findall(rf"{prefix}(.*?)\)?$", told, re.M)
    return [shlex.split(words.replace(REASON_MARK, REASON)) for words in found]


# What stands for a reason, and one.
REASON_MARK, REASON = "'YOUR REASON'", "'asked by phone'"


def shell(command: str) -> Result:
    """A command as it was printed, with a reason."""
    return run("sh", "-c", command.replace(REASON_MARK, REASON))


def sns_headers(extra: dict[str, str] | None = None) -> dict[str, str]:
    return {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    } | (extra or {})


def assert_problem(reply: Reply, status: int, *, secret: str | None = None) -> None:
    """An error of the admin side: RFC 9457."""
    assert reply.status == status, f"{reply.status} {reply.text}"
    assert reply.headers.get_content_type() == "application/problem+json"
    problem = json.loads(reply.text)
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["status"] == status and len(problem["detail"]) > 5
    assert secret is None or secret not in reply.text
    if status == 503:
        assert int(reply.headers["Retry-After"]) > 0


def assert_refusal(reply: Reply, status: int, *, secret: str | None = None) -> None:
    """An error as CONTRACT.md wants it: one line of plain text, no echo of the request."""
    assert reply.status == status, f"{reply.status} {reply.text}"
    assert reply.headers.get_content_type() == "text/plain"
    assert len(reply.text.rstrip("\n")) > 10
    assert "\n" not in reply.text.rstrip("\n"), reply.text
    assert secret is None or secret not in reply.text
    if status == 503:
        assert int(reply.headers["Retry-After"]) > 0
