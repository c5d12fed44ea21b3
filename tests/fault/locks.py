"""What another process can hold against the daemon."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from daemon import Daemon


@contextmanager
def sqlite_lock(daemon: Daemon) -> Iterator[None]:
    db = sqlite3.connect(daemon.database, isolation_level=None)
    db.execute("PRAGMA busy_timeout = 10000")
    db.execute("BEGIN IMMEDIATE")
    yield
    db.execute("ROLLBACK")
    db.close()


@contextmanager
def turn_lock(daemon: Daemon) -> Iterator[None]:
    with open(f"{daemon.database}.turn") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
