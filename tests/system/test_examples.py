"""contrib/examples: each in its own language, each with the same answers."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from conftest import BOUNCED, COMPLAINED, DATABASE, EXPIRED, FREE, GROUP, IDN, QUOTE, SCOPED
from daemon import REPOSITORY, Daemon, eventually
from jail import Jail, cache_folder, npm_folder

EXAMPLES = REPOSITORY / "contrib/examples"
BUILD_SECONDS = 180  # a compiler's, with an empty cache
GO_CACHE = "/srv/go-cache"
GO = ["env", f"GOCACHE={GO_CACHE}", "GO111MODULE=off", "GOPATH=/usr/share/gocode", "go", "build", "-o",
      "/usr/local/bin/may_mail", "/srv/examples/may_mail.go"]

# What is installed, and the words before DATABASE.
LANGUAGES = {
    "python": (["python3"], ["python3", "/srv/examples/may_mail.py"]),
    "php": (["php-cli", "php-sqlite3"], ["php", "/srv/examples/may_mail.php"]),
    "node": (["libstdc++6"], ["/srv/node/node_modules/node/bin/node", "--no-warnings",
                              "/srv/examples/may_mail.mjs"]),
    "go": (["golang-go", "golang-github-mattn-go-sqlite3-dev", "gcc", "libc6-dev"],
           ["/usr/local/bin/may_mail"]),
}


class Example:
    def __init__(self, jail: Jail, command: list[str]) -> None:
        self.jail, self.command = jail, command

    def words(self, *arguments: str) -> tuple[str, ...]:
        return ("setpriv", "--reuid=nobody", "--regid=nogroup", "--init-groups", *self.command,
                DATABASE, *arguments)

    def ask(self, *arguments: str) -> subprocess.CompletedProcess:
        return self.jail.run(*self.words(*arguments))

    def is_suppressed(self, *arguments: str) -> bool:
        done = self.ask(*arguments)
        assert done.returncode in (0, 1), f"{arguments}: {done}"
        assert done.stdout.startswith("suppressed since 20" if done.returncode else "may be mailed")
        return done.returncode == 1

    def refuses(self, *arguments: str) -> str:
        done = self.ask(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert done.stderr.startswith("do not send: ")
        return done.stderr


MakeExample = Callable[..., Example]


@pytest.fixture(params=LANGUAGES)
def make_example(request, listed: Daemon, make_jail) -> MakeExample:
    packages, command = LANGUAGES[request.param]
    shared = {"examples": EXAMPLES}
    if request.param == "node":
        shared["node"] = npm_folder("node@22")

    def make(*, member: bool = True) -> Example:
        jail = make_jail(listed, request.param, *packages, **shared)
        jail.must("groupadd", "-g", str(GROUP), "sesbounced")
        if member:
            jail.must("usermod", "-aG", "sesbounced", "nobody")
        if request.param == "go":
            jail.shared[GO_CACHE] = cache_folder("go-cache")
            jail.must(*GO, seconds=BUILD_SECONDS)
        return Example(jail, command)

    return make


def test_an_example_knows_who_may_be_mailed(listed, make_example):
    example = make_example()
    for address in (BOUNCED, BOUNCED.upper(), COMPLAINED, IDN, QUOTE):
        assert example.is_suppressed(address), address
    for address in (FREE, EXPIRED, SCOPED, "jane+shop@example.com", "x' OR 1 --@example.com"):
        if " " not in address:
            assert not example.is_suppressed(address), address
    assert example.is_suppressed(SCOPED, "newsletter")
    assert example.is_suppressed(BOUNCED, "newsletter")
    assert not example.is_suppressed(SCOPED, "no-such-scope")
    assert "not ASCII" in example.refuses("joe@bücher.example")
    listed.kill9()
    assert example.is_suppressed(BOUNCED)


@pytest.mark.parametrize("why", ["missing", "not a member", "no database"])
def test_do_not_send_if_the_list_cannot_be_asked(listed, make_example, why):
    assert listed.stop() == 0
    if why != "not a member":
        for file in listed.database.parent.glob("sesbounced.db*"):
            file.unlink()
    if why == "no database":
        listed.database.write_text("")
        listed.database.chmod(0o644)
    make_example(member=why != "not a member").refuses(FREE)
    assert listed.database.exists() == (why != "missing")


def is_waiting(jail: Jail) -> bool:
    """It has opened the file and sleeps; or it has ended, which is_suppressed() shows."""
    if jail.process.poll() is not None:
        return True
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "root").readlink() != jail.top:
                continue
            opened = any(fd.readlink().name == "sesbounced.db" for fd in (process / "fd").iterdir())
            calls = [(task / "syscall").read_text() for task in (process / "task").iterdir()]
        except OSError:
            continue
        if opened and any(re.match(r"(35|230) ", call) for call in calls):  # [clock_]nanosleep
            return True
    return False


def test_an_example_waits_for_a_lock(listed, make_example):
    example = make_example()
    assert listed.stop() == 0
    with closing(sqlite3.connect(listed.database, isolation_level=None)) as db:
        db.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        db.execute("BEGIN EXCLUSIVE")
        example.jail.start(*example.words(BOUNCED))
        eventually(lambda: is_waiting(example.jail), what="it waits")
        db.execute("ROLLBACK")
    assert example.jail.process.wait(20) == 1, example.jail.output()
