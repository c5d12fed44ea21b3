"""The fixtures of tests/blackbox, and those of faults: a ledger and a preloaded library."""

from __future__ import annotations

import importlib.util
import os
import random
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.dont_write_bytecode = True  # nothing is written into the source tree
BLACKBOX = Path(__file__).resolve().parents[1] / "blackbox"
sys.path.insert(0, str(BLACKBOX))

from daemon import Daemon  # noqa: E402
from ledger import FULL, SEED, Ledger, sanitized  # noqa: E402
from preload import Preload, build  # noqa: E402

# By path: a module named conftest is this one.
_spec = importlib.util.spec_from_file_location("blackbox_fixtures", BLACKBOX / "conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

authority = _fixtures.authority
make_sns = _fixtures.make_sns
sns = _fixtures.sns
home = _fixtures.home
make_daemon = _fixtures.make_daemon
daemon = _fixtures.daemon
pytest_runtest_makereport = _fixtures.pytest_runtest_makereport


def pytest_configure(config: pytest.Config) -> None:
    # Before the workers of xdist start, so that all of them roll the same dice.
    os.environ["FAULT_SEED"] = str(SEED)


def pytest_report_header() -> str:
    return f"FAULTS={'full' if FULL else 'short'} FAULT_SEED={SEED}"


@pytest.fixture(scope="session", autouse=True)
def many_descriptors() -> None:
    """Thousands of clients live in this process; the daemon inherits the limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """What was acknowledged; at the end it writes the kind's line of the report."""
    ledger = Ledger(request.node.get_closest_marker("kind").args[0])
    yield ledger
    ledger.report()
    assert ledger.settled, "no fault was followed by settle()"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("cc"):
        pytest.skip("no C compiler: preload.c cannot be built")
    if sanitized():
        pytest.skip("a sanitizer and LD_PRELOAD get in each other's way")
    return build(tmp_path_factory.mktemp("preload"))


MakePreloaded = Callable[..., tuple[Daemon, Preload]]


@pytest.fixture
def make_preloaded(make_daemon, library: Path) -> MakePreloaded:
    """A daemon, not yet started, with preload.c inside; and what arms its faults."""

    def make(*, recording: bool = False, **settings: dict) -> tuple[Daemon, Preload]:
        daemon = make_daemon(**settings)
        return daemon, Preload(daemon, library, recording=recording)

    return make
