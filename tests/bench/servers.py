"""What is measured: each a process with a fresh folder of its own, on loopback only."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
START_SECONDS = 20
STOP_SECONDS = 20
TICKS = os.sysconf("SC_CLK_TCK")
TOPIC = "arn:aws:sns:us-east-1:123456789012:ses-feedback"
CERTIFICATE = "sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"


class Failed(Exception):
    """A run that cannot be measured; the text says why."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def tool(*command: object, timeout: float) -> dict:
    """Runs one of this folder's programs (or wrk), whose last line is a JSON object."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=timeout
    )
    if done.returncode != 0:
        raise Failed(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


class Server:
    """`with` starts it and waits until it answers; it is stopped at the end."""

    rows_query: str | None = None  # counts the messages that are in its database

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.home = home
        self.port = free_port()
        self.database = home / "store.db"
        self.process: subprocess.Popen | None = None
        self.started_ms = 0.0

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        return {**kept, "LC_ALL": "C"}

    def __enter__(self):
        began = time.monotonic()
        with open(self.home / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), stdout=log, stderr=log
            )
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > began + START_SECONDS:
                self.__exit__()
                raise Failed(f"{self.name} does not start: see {self.home / 'log'}")
            time.sleep(0.001)
        self.started_ms = (time.monotonic() - began) * 1000
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{self.name} does not stop") from None

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def rows(self) -> int:
        """After it was stopped."""
        db = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return db.execute(self.rows_query).fetchone()[0]
        finally:
            db.close()


class Daemon(Server):
    # An event without its message, its body or its entry would not be the whole of it.
    rows_query = """
        SELECT count(*) FROM event AS e JOIN sns_message AS m ON m.id = e.message_id
        JOIN body AS b ON b.message_id = m.id
        JOIN suppression AS s ON s.address = e.address"""

    def __init__(self, build: Path, messages: Path, home: Path, name="sesbounced") -> None:
        super().__init__(name, home)
        self.program = build / "sesbounced"
        self.admin_port = free_port()
        self.config = home / "sesbounced.conf"
        if not (home / "certificates").exists():
            shutil.copytree(messages / "certificates", home / "certificates")
        # Thousands of bounces with the same words are what the outage guard waits for.
        self.configure("[suppression]\nguard = off\n")
        if subprocess.run([*self.command(), "--check-config"], capture_output=True).returncode:
            self.configure("")  # an earlier program, without a guard

    def configure(self, more: str) -> None:
        self.config.write_text(
            f"[ingest]\nlisten = 127.0.0.1:{self.port}\n"
            f"[sns]\ntopic = {TOPIC}\nmax_age = 0\n"
            f"[store]\npath = {self.database}\n"
            f"certificates = {self.home / 'certificates'}\n"
            f"[admin]\nlisten = 127.0.0.1:{self.admin_port}\n{more}"
        )

    def command(self) -> list[str]:
        return [str(self.program), "-c", str(self.config)]

    def page_ms(self) -> float:
        """Of one look at the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=5)
        began = time.monotonic()
        connection.request("GET", "/")
        reply = connection.getresponse()
        reply.read()
        connection.close()
        assert reply.status == 200
        return (time.monotonic() - began) * 1000

    def batches(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=5)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return int(re.search(r"^sesbounced_batches_total (\d+)$", text, re.M)[1])


class Peer(Server):
    rows_query = """
        SELECT count(*) FROM bounces AS b JOIN suppressions AS s ON s.address = b.address"""

    def __init__(self, packages: Path, messages: Path, home: Path) -> None:
        super().__init__("Node peer", home)
        self.packages = packages
        self.certificate = messages / "certificates" / CERTIFICATE

    def command(self) -> list[str]:
        script = str(HERE / "peer.js")
        return ["node", script, str(self.port), str(self.database), str(self.certificate)]

    def environment(self) -> dict[str, str]:
        node_path = str(self.packages / "node_modules")
        return {**super().environment(), "NODE_PATH": node_path, "NODE_ENV": "production"}


class Empty(Server):
    def __init__(self, programs: Path, home: Path) -> None:
        super().__init__("empty handler", home)
        self.program = programs / "empty"

    def command(self) -> list[str]:
        return [str(self.program), str(self.port)]


def install_peer(packages: Path) -> str | None:
    """None when the peer can run, else why not. npm packages, by name, never committed."""
    names = ["express", "sns-validator", "better-sqlite3"]
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not both here (npm is missing: apt-get install npm)"
    packages.mkdir(parents=True, exist_ok=True)
    if not _loads(packages, names):
        print("bench: installing the peer's npm packages, once; better-sqlite3 is compiled,"
              " some minutes", flush=True)
        (packages / "package.json").write_text('{"private": true}\n')
        with open(packages / "install.log", "wb") as log:
            try:
                subprocess.run(["npm", "install", "--no-audit", "--no-fund", *names],
                               cwd=packages, stdin=subprocess.DEVNULL, stdout=log,
                               stderr=log, timeout=900)
            except subprocess.TimeoutExpired:
                pass
    if not _loads(packages, names):
        return f"its npm packages could not be installed: see {packages / 'install.log'}"
    return None


def _loads(packages: Path, names: list[str]) -> bool:
    script = "".join(f"require({name!r});" for name in names)
    script += "new (require('better-sqlite3'))(':memory:')"
    return subprocess.run(["node", "-e", script], cwd=packages, timeout=60,
                          capture_output=True).returncode == 0
