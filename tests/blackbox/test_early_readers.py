"""Readers that began while the daemon was stopped delay nobody, and read what was there.

The file at rest is not in WAL mode, so such a reader reads the file itself: until it ends,
nothing may get from the write-ahead log into the file.
"""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest

import ses
from daemon import SESBOUNCECTL, Daemon

ENDED = "began to read the database while sesbounced was stopped has ended"
READS = "began to read the database while sesbounced was stopped is still reading"

# A process of its own: SQLite's locks are those of a process. It reads a page at a time.
READER = """
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN")
for _ in sys.stdin:
    print(db.execute("SELECT count(*) FROM suppressed").fetchone()[0],
          db.execute("PRAGMA integrity_check").fetchone()[0], flush=True)
"""


class Reader:
    def __init__(self, daemon: Daemon):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-c", READER, str(daemon.database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.read()

    def read(self) -> str:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def readers() -> Iterator[list[Reader]]:
    made: list[Reader] = []
    yield made
    for reader in made:
        reader.end()


def fill(daemon: Daemon, sns, name: str, count: int = 20) -> None:
    daemon.accept(
        *[sns.feedback(ses.bounce(f"{name}{i}@mail.example")) for i in range(count)]
    )


def checkpoint(daemon: Daemon) -> tuple[int, int]:
    """As root's sqlite3 would. How many pages are in the log, and how many in the file."""
    with closing(sqlite3.connect(daemon.database, timeout=0)) as db:
        _, logged, copied = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return logged, copied


def begin_at_rest(daemon: Daemon, sns, readers: list[Reader]) -> Reader:
    fill(daemon, sns, "before")
    assert daemon.stop() == 0
    readers.append(Reader(daemon))
    return readers[-1]


def test_a_reader_that_is_there_at_the_start_holds_up_no_delivery(daemon, sns, readers):
    reader = begin_at_rest(daemon, sns, readers)
    daemon.start()
    fill(daemon, sns, "after")
    assert daemon.request("GET", "/healthz").status == 200
    assert len(daemon.suppressed()) == 40
    daemon.wait_log(READS)
    assert f"READER={reader.process.pid}" in daemon.log()


def test_a_reader_that_is_there_at_the_start_reads_on_what_was_there(daemon, sns, readers):
    reader = begin_at_rest(daemon, sns, readers)
    daemon.start()
    fill(daemon, sns, "after")
    logged, copied = checkpoint(daemon)
    assert logged > 0 and copied == 0
    assert reader.read() == "20 ok"


def test_the_log_is_copied_as_soon_as_the_early_readers_have_ended(daemon, sns, readers):
    first = begin_at_rest(daemon, sns, readers)
    readers.append(Reader(daemon))
    daemon.start()
    fill(daemon, sns, "after")
    with closing(sqlite3.connect(daemon.database)) as later:
        later.execute("SELECT count(*) FROM suppressed").fetchone()  # stays connected
        first.end()
        fill(daemon, sns, "more")
        assert readers[1].read() == "20 ok"
        assert checkpoint(daemon)[1] == 0
        readers[1].end()
        daemon.wait_log(ENDED)
        logged, copied = checkpoint(daemon)
        assert logged > 0 and copied == logged
    assert daemon.stop() == 0
    assert daemon.database.read_bytes()[18] == 1  # at rest again


@pytest.mark.parametrize("end", [Daemon.stop, Daemon.kill9])
def test_an_early_reader_is_remembered_by_the_next_daemon(daemon, sns, readers, end):
    reader = begin_at_rest(daemon, sns, readers)
    daemon.start()
    fill(daemon, sns, "after")
    end(daemon)
    daemon.disconnect()
    daemon.start()
    fill(daemon, sns, "again")
    assert checkpoint(daemon)[1] == 0
    assert reader.read() == "20 ok"
    reader.end()
    daemon.wait_log(ENDED)
    logged, copied = checkpoint(daemon)
    assert copied == logged
    assert len(daemon.suppressed()) == 60


def test_a_command_between_two_daemons_leaves_early_readers_in_peace(daemon, sns, readers):
    reader = begin_at_rest(daemon, sns, readers)
    daemon.start()
    fill(daemon, sns, "after")
    assert daemon.stop() == 0
    assert daemon.ctl("db", "compact").code == 0
    assert reader.read() == "20 ok"
    daemon.start()
    assert checkpoint(daemon)[1] == 0


def test_a_reader_of_the_running_daemon_is_not_an_early_one(daemon, sns, readers):
    fill(daemon, sns, "before")
    readers.append(Reader(daemon))
    daemon.restart()
    fill(daemon, sns, "after")
    assert READS not in daemon.log()
    assert readers[0].read() == "20 ok"


def test_a_command_whose_output_nobody_reads_holds_up_no_start(daemon, sns):
    for i in range(40):
        failed = ses.failed(f"a{i}@mail.example", "5.1.1", "x" * 3000)
        daemon.accept(sns.feedback(ses.bounce(failed)))
    assert daemon.stop() == 0
    command = [str(SESBOUNCECTL), "--db", str(daemon.database), "-o", "json", "events"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as pager:
        assert pager.stdout.read(1) == b"{"  # it has begun, and a pipe holds 64 KiB
        daemon.start()
        fill(daemon, sns, "after")
        assert pager.stdout.read().count(b"\n") == 40
    assert pager.returncode == 0
