"""Fixtures of the black-box tests: each test has its own fake SNS, daemon and directory."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.dont_write_bytecode = True  # nothing is written into the source tree

from daemon import SESBOUNCED, Daemon, Settings  # noqa: E402
from fakesns import Authority, FakeSns  # noqa: E402

MakeDaemon = Callable[..., Daemon]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def make_sns(authority: Authority) -> Iterator[Callable[[], FakeSns]]:
    made: list[FakeSns] = []

    def make() -> FakeSns:
        made.append(FakeSns(authority))
        return made[-1]

    yield make
    for sns in made:
        sns.close()


@pytest.fixture
def sns(make_sns: Callable[[], FakeSns]) -> FakeSns:
    return make_sns()


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory that other users can pass through (pytest's own is for root alone)."""
    with tempfile.TemporaryDirectory(prefix="sesbounced-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def make_daemon(home: Path, sns: FakeSns) -> Iterator[MakeDaemon]:
    """make_daemon(section={"key": value}, …) gives a daemon that is not yet started."""
    if not SESBOUNCED.exists():
        pytest.skip(f"{SESBOUNCED} is not built (or set SESBOUNCED)")
    made: list[Daemon] = []

    def make(*, inherit: bool = True, **settings: dict) -> Daemon:
        folder = home / f"daemon{len(made)}"
        made.append(Daemon(folder, sns, Settings(settings), inherit=inherit))
        return made[-1]

    yield make
    for daemon in made:
        daemon.close()


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> Daemon:
    """One that runs, with the settings of daemon.py and nothing else."""
    return make_daemon().start()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """A failed test shows the log of each daemon it had."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Daemon):
                report.sections.append(("log of the daemon", value.log()[-8000:]))
