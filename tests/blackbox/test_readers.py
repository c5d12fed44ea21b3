"""Another user of the group reads the file in every state of the daemon; nobody else.

Needs root: the daemon runs as root here, the reader as user 65534 with the file's group.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import ses
from daemon import SESBOUNCECTL, Daemon

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


def backup(daemon: Daemon) -> Path:
    """As sesbounced(8) says: a copy that needs no -wal."""
    copy = daemon.home / "copy.db"
    with closing(sqlite3.connect(daemon.database)) as db:
        db.execute(f"VACUUM INTO '{copy}'")
    os.chown(copy, 0, GROUP)
    copy.chmod(0o640)
    return copy


def dot_backup(daemon: Daemon) -> Path:
    """As `sqlite3 FILE ".backup COPY"` does: the copy's header says WAL."""
    copy = daemon.home / "dot.db"
    with closing(sqlite3.connect(daemon.database)) as db, closing(sqlite3.connect(copy)) as to:
        db.backup(to)
    os.chown(copy, 0, GROUP)
    copy.chmod(0o640)
    return copy


def put_in_place(daemon: Daemon, copy: Path) -> None:
    copy.rename(daemon.database)


def running(daemon: Daemon) -> None:
    pass


def stopped(daemon: Daemon) -> None:
    assert daemon.stop() == 0


def killed(daemon: Daemon) -> None:
    daemon.kill9()


def started_again(daemon: Daemon) -> None:
    daemon.restart()


def stopped_and_copied_by_root(daemon: Daemon) -> None:
    assert daemon.stop() == 0
    dot_backup(daemon)


def stopped_and_written_by_root(daemon: Daemon) -> None:
    assert daemon.stop() == 0
    assert daemon.ctl("suppress", "add", "zoe@mail.example").code == 0
    assert daemon.ctl("suppress", "remove", "zoe@mail.example").code == 0


def killed_and_copied_by_root(daemon: Daemon) -> None:
    """The unit settles the file after a crash."""
    daemon.kill9()
    assert daemon.ctl("db", "settle").code == 0
    dot_backup(daemon)


def restored_with_mv(daemon: Daemon) -> None:
    copy = backup(daemon)
    assert daemon.stop() == 0
    put_in_place(daemon, copy)


def restored_with_cp(daemon: Daemon) -> None:
    copy = backup(daemon)
    assert daemon.stop() == 0
    shutil.copyfile(copy, daemon.database)


def restored_from_a_dot_backup_and_settled(daemon: Daemon) -> None:
    copy = dot_backup(daemon)
    assert daemon.stop() == 0
    put_in_place(daemon, copy)
    assert daemon.ctl("db", "settle").code == 0


def killed_and_copied_by_root_without_the_unit(daemon: Daemon) -> None:
    daemon.kill9()
    dot_backup(daemon)


def restored_from_a_dot_backup(daemon: Daemon) -> None:
    copy = dot_backup(daemon)
    assert daemon.stop() == 0
    put_in_place(daemon, copy)


STATES = [
    running,
    stopped,
    killed,
    started_again,
    stopped_and_copied_by_root,
    stopped_and_written_by_root,
    killed_and_copied_by_root,
    restored_with_mv,
    restored_with_cp,
    restored_from_a_dot_backup_and_settled,
]
# The header says WAL, and there is none: SQLite itself reads these with immutable=1 only.
ALONE = [killed_and_copied_by_root_without_the_unit, restored_from_a_dot_backup]


def as_member(*command: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        user=NOBODY,
        group=GROUP,
        extra_groups=[],
        cwd="/",
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def with_python(daemon: Daemon) -> str:
    return as_member(sys.executable, "-c", QUERY, f"file:{daemon.database}?mode=ro")


def with_python_plain(daemon: Daemon) -> str:
    return as_member(sys.executable, "-c", QUERY, f"file:{daemon.database}")


def with_python_immutable(daemon: Daemon) -> str:
    return as_member(sys.executable, "-c", QUERY, f"file:{daemon.database}?immutable=1")


def with_sqlite3(daemon: Daemon) -> str:
    if not shutil.which("sqlite3"):
        pytest.skip("sqlite3 is not installed")
    return as_member("sqlite3", str(daemon.database), "SELECT address FROM suppressed")


def with_sesbouncectl(daemon: Daemon) -> str:
    tool = shutil.copy(SESBOUNCECTL, daemon.home)  # where the member may go
    listed = as_member(
        tool, "--db", str(daemon.database), "-o", "json", "suppress", "list"
    )
    return json.loads(listed)["address"] + "\n"


READERS = [with_python, with_python_plain, with_sqlite3, with_sesbouncectl]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("state", STATES)
def test_a_member_of_the_group_reads(shared, sns, state, read):
    shared.accept(sns.feedback(ses.bounce("ann@mail.example")))
    state(shared)
    assert read(shared) == "ann@mail.example\n"


@pytest.mark.parametrize("read", [with_python_immutable, with_sesbouncectl])
@pytest.mark.parametrize("state", ALONE)
def test_a_member_of_the_group_reads_a_file_that_stands_alone(shared, sns, state, read):
    shared.accept(sns.feedback(ses.bounce("ann@mail.example")))
    state(shared)
    assert read(shared) == "ann@mail.example\n"


@pytest.mark.parametrize("state", STATES + ALONE)
def test_the_daemon_starts_from_every_state(shared, sns, state):
    shared.accept(sns.feedback(ses.bounce("ann@mail.example")))
    state(shared)
    shared.disconnect()
    if shared.process.poll() is not None:
        shared.start()
    shared.accept(sns.feedback(ses.bounce("ben@mail.example")))
    assert with_python(shared) == "ann@mail.example ben@mail.example\n"


def test_a_member_of_the_group_reads_while_it_restarts(shared, sns):
    shared.accept(sns.feedback(ses.bounce("ann@mail.example")))
    loop = (
        "import select, sqlite3, sys\n"
        "while not select.select([sys.stdin], [], [], 0)[0]:\n"
        "    db = sqlite3.connect(sys.argv[1], uri=True, timeout=5)\n"
        "    assert db.execute('SELECT count(*) FROM suppressed').fetchone() == (1,)\n"
        "    db.close()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", loop, f"file:{shared.database}?mode=ro"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        user=NOBODY,
        group=GROUP,
        extra_groups=[],
        cwd="/",
    ) as reader:
        for _ in range(5):
            shared.restart()
        _, error = reader.communicate("\n", timeout=30)
    assert (reader.returncode, error) == (0, "")


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


def test_the_unit_settles_the_file_also_when_the_settings_are_wrong(shared, home):
    shared.kill9()
    assert shared.database.with_name(shared.database.name + "-wal").exists()
    file = home / "wrong.conf"
    file.write_text(f"[store]\npath = {shared.database}\nzebra = 1\n")
    result = subprocess.run(
        [SESBOUNCECTL, "-c", file, "db", "settle"], capture_output=True, text=True, timeout=30
    )
    assert result.returncode == 0 and "wrong.conf:3" in result.stderr
    assert not shared.database.with_name(shared.database.name + "-wal").exists()


def ctl_as_reader(daemon: Daemon, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [SESBOUNCECTL, "--db", str(daemon.database), *words],
        capture_output=True,
        text=True,
        user=NOBODY,
        group=GROUP,
        extra_groups=[],
        cwd="/",
        timeout=30,
    )


def test_commands_name_the_user_who_may_write(shared, sns):
    """As commands that work as they are printed: with the user who may write."""
    a, prefix = "ann@mail.example", f"sudo -u root {SESBOUNCECTL} --db {shared.database}"
    shared.accept(sns.feedback(ses.bounce(a)))
    told = ctl_as_reader(shared, "why", a)
    assert f"\n  {prefix} suppress remove --note 'YOUR REASON' {a}\n" in told.stdout
    refused = ctl_as_reader(shared, "suppress", "remove", "--note", "it's right", a)
    assert refused.returncode == 2
    assert f"type: {prefix} --note 'it'\\''s right' suppress remove {a}\n" in refused.stderr
