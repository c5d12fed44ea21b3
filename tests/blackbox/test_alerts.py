"""Alerts: each is raised once and ends once, by a controlled clock and over restarts."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import sys

import pytest

import ses
from daemon import REPOSITORY, UnixConnection, eventually
from fakesns import TOPIC, Answer, now
from test_eventbridge import TENANT, sending, wrapped

sys.path.append(str(REPOSITORY / "tests/fault"))

from ledger import sanitized  # noqa: E402
from preload import Preload, build  # noqa: E402

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
# Every look is at least this far from the one before.
LOOK = 31


@pytest.fixture(scope="session")
def clock_library(tmp_path_factory):
    if not shutil.which("cc"):
        pytest.skip("no C compiler: the clock cannot be built")
    if sanitized():
        pytest.skip("a sanitizer and LD_PRELOAD get in each other's way")
    return build(tmp_path_factory.mktemp("clock"))


class Watched:
    """A daemon whose clock is ours, and what became of its alerts."""

    def __init__(self, daemon, sns, library) -> None:
        self.daemon, self.sns = daemon, sns
        self._clock = Preload(daemon, library)

    @property
    def now(self) -> dt.datetime:
        return now() + dt.timedelta(milliseconds=self._clock["clock_ms"])

    def wait(self, seconds: float) -> None:
        """So much time passes, and there is a look afterwards."""
        self._clock["clock_ms"] += int(1000 * seconds)

    def accept(self, *events: dict) -> None:
        self.daemon.accept(*(self.sns.feedback(e, at=self.now) for e in events))

    def metrics(self) -> str:
        connection = UnixConnection(self.daemon.home / "admin.sock")
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    def look(self) -> None:
        """One whole look."""
        self.wait(LOOK)
        since = int(self.now.timestamp())

        def seen() -> bool:
            found = re.search(r"^sesbounced_alerts_seen_timestamp_seconds (\d+)$",
                              self.metrics(), re.M)
            return bool(found) and int(found[1]) >= since

        eventually(seen, what="a look")

    def settled(self, *expected: str) -> list[dict]:
        """The alerts that are raised after a look are those, and after one more."""
        for _ in range(2):
            self.look()
            assert self.raised() == sorted(expected), f"{self.rows()}\n{self.daemon.log()}"
        return self.rows()

    def raised(self) -> list[str]:
        return self.daemon.column("SELECT name FROM alerts WHERE resolved_at IS NULL ORDER BY name")

    def rows(self) -> list[dict]:
        return self.daemon.rows("SELECT * FROM alerts ORDER BY id")

    def notices(self) -> list[tuple[str, dict]]:
        rows = self.daemon.rows("SELECT type, data FROM notice ORDER BY id")
        return [(row["type"], json.loads(row["data"])) for row in rows]

    def told(self) -> list[tuple[str, str, str]]:
        return [(kind, data["name"], data["level"]) for kind, data in self.notices()
                if kind.startswith("alert.")]


@pytest.fixture
def watched(make_daemon, sns, clock_library):
    def make(**settings) -> Watched:
        settings.setdefault("sns", {})["max_age"] = 0
        daemon = make_daemon(**settings)
        daemon.configure({"admin": {"listen": f"unix:{daemon.home}/admin.sock"}})
        made = Watched(daemon, sns, clock_library)
        daemon.start()
        return made

    return make


def test_a_pause_raises_one_alert_and_one_recovery_over_a_restart(watched):
    it = watched()
    it.accept(sending("DISABLED", "2026-03-05T10:00:00Z"))
    it.settled("sending-paused")
    it.daemon.restart()
    it.settled("sending-paused")
    it.accept(sending("ENABLED", "2026-03-05T11:00:00Z"))
    it.settled()
    it.daemon.restart()
    (row,) = it.settled()
    assert row["level"] == "pause" and row["resolved_at"] >= row["since"]
    assert it.told() == [("alert.raised", "sending-paused", "pause"),
                         ("alert.resolved", "sending-paused", "pause")]
