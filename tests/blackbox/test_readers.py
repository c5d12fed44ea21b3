"""Another user of the group reads the file in every state of the daemon; nobody else.

Needs root: the daemon runs as root here, the reader as user 65534 with the file's group.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import pytest

import ses
from daemon import Daemon

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")

NOBODY = 65534
GROUP = 54321  # nobody's, so that the group alone gives the right to read

QUERY = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], uri=True, timeout=5)
print(*[row[0] for row in db.execute("SELECT address FROM suppressed ORDER BY 1")])
"""


def read_as(daemon: Daemon, group: int, mode: str = "?mode=ro") -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", QUERY, f"file:{daemon.database}{mode}"],
        capture_output=True,
        text=True,
        user=NOBODY,
        group=group,
        extra_groups=[],
        cwd="/",
        timeout=30,
    )


@pytest.fixture
def shared(make_daemon) -> Daemon:
    """A store that belongs to a group, as StateDirectory= with the daemon's user does."""
    daemon = make_daemon()
    folder = daemon.database.parent
    os.chown(folder, 0, GROUP)
    folder.chmod(0o2750)
    return daemon.start()


@pytest.mark.parametrize("mode", ["?mode=ro", ""], ids=["read-only", "plain"])
@pytest.mark.parametrize("state", ["running", "stopped", "killed", "started-again"])
def test_a_member_of_the_group_reads(shared, sns, state, mode):
    shared.accept(sns.feedback(ses.bounce("ann@mail.example")))
    if state == "stopped":
        assert shared.stop() == 0
    elif state == "killed":
        shared.kill9()
    elif state == "started-again":
        shared.restart()
    result = read_as(shared, GROUP, mode)
    assert (result.stdout, result.stderr) == ("ann@mail.example\n", "")


def test_reading_while_it_is_down_does_not_lock_the_daemon_out(shared, sns):
    shared.accept(sns.feedback(ses.bounce("a@mail.example")))
    shared.stop()
    assert read_as(shared, GROUP, "").returncode == 0
    shared.start()
    shared.accept(sns.feedback(ses.bounce("b@mail.example")))
    assert shared.suppressed() == ["a@mail.example", "b@mail.example"]


def test_a_stranger_cannot_read(shared, sns):
    shared.accept(sns.feedback(ses.bounce("ann@mail.example")))
    result = read_as(shared, NOBODY)
    assert result.returncode != 0 and "unable to open" in result.stderr


def test_the_group_cannot_write(shared, sns):
    shared.accept(sns.feedback(ses.bounce("ann@mail.example")))
    for file in shared.database.parent.iterdir():
        assert file.stat().st_mode & 0o027 == 0, file


def test_a_reader_with_an_open_transaction_holds_up_nobody(shared, sns):
    shared.accept(sns.feedback(ses.bounce("a@mail.example")))
    db = sqlite3.connect(f"file:{shared.database}?mode=ro", uri=True, isolation_level=None)
    db.execute("BEGIN")
    assert db.execute("SELECT count(*) FROM suppressed").fetchone() == (1,)
    shared.accept(*[sns.feedback(ses.bounce(f"{i}@mail.example")) for i in range(20)])
    assert db.execute("SELECT count(*) FROM suppressed").fetchone() == (1,)
    db.execute("ROLLBACK")
    assert db.execute("SELECT count(*) FROM suppressed").fetchone() == (21,)
    db.close()
