"""The fixtures of tests/blackbox, and jails for the programs that read the list."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

sys.dont_write_bytecode = True  # nothing is written into the source tree
BLACKBOX = Path(__file__).resolve().parents[1] / "blackbox"
sys.path.insert(0, str(BLACKBOX))

import ses  # noqa: E402
from daemon import Daemon  # noqa: E402
from jail import Jail, root_with  # noqa: E402

# By path: a module named conftest is this one.
_spec = importlib.util.spec_from_file_location("blackbox_fixtures", BLACKBOX / "conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

authority = _fixtures.authority
make_sns = _fixtures.make_sns
sns = _fixtures.sns
home = _fixtures.home
make_daemon = _fixtures.make_daemon
pytest_runtest_makereport = _fixtures.pytest_runtest_makereport

GROUP = 54321  # of the files, in the jail and outside
FOLDER = "/var/lib/sesbounced"
DATABASE = f"{FOLDER}/sesbounced.db"

BOUNCED = "jane@example.com"
COMPLAINED = "ben@example.com"
EXPIRED = "expired@example.com"
SCOPED = "news@example.com"  # in scope `newsletter` alone
FREE = "free@example.com"
IDN = "joe@xn--bcher-kva.example"
QUOTE = "o'hara@example.com"


def change(daemon: Daemon, sql: str, *values: str) -> None:
    """What only time or a later setting can do."""
    with closing(sqlite3.connect(daemon.database, timeout=10)) as db, db:
        assert db.execute(sql, values).rowcount > 0


@pytest.fixture
def listed(make_daemon, sns) -> Daemon:
    """A running daemon whose files belong to a group, as with StateDirectory=."""
    daemon = make_daemon()
    folder = daemon.database.parent
    os.chown(folder, 0, GROUP)
    folder.chmod(0o2750)
    daemon.start()
    for address in (BOUNCED, EXPIRED, SCOPED, IDN, QUOTE):
        daemon.accept(sns.feedback(ses.bounce(address)))
    daemon.accept(sns.feedback(ses.complaint(COMPLAINED)))
    change(daemon, "UPDATE suppression SET until = '2020-01-01 00:00:00.000' WHERE address = ?",
           EXPIRED)
    change(daemon, "UPDATE suppression SET scope = 'newsletter' WHERE address = ?", SCOPED)
    return daemon


MakeJail = Callable[..., Jail]


@pytest.fixture
def make_jail(home: Path) -> Iterator[MakeJail]:
    """make_jail(daemon, NAME, PACKAGE…): the daemon's files lie where a package has them."""
    made: list[Jail] = []

    def make(daemon: Daemon, name: str, *packages: str, **shared: Path) -> Jail:
        root = root_with(name, *packages)
        more = {f"/srv/{name}": folder for name, folder in shared.items()}
        made.append(Jail(root, home / f"jail{len(made)}", {FOLDER: daemon.database.parent} | more))
        return made[-1]

    yield make
    for jail in made:
        jail.close()
