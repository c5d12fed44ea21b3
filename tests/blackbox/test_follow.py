"""sesbouncectl follow and watch: rows as they come, through whatever happens to the file."""

from __future__ import annotations

import json
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

import ses
from daemon import SESBOUNCECTL, Daemon, environment, eventually
from load import Load
from test_retention import age, prune

ANN, BEN, CYD = "ann@mail.example", "ben@mail.example", "cyd@other.example"


class Following:
    """A command that runs until it is stopped; its lines as they come."""

    def __init__(self, daemon: Daemon, *words: str) -> None:
        self.process = subprocess.Popen(
            [str(SESBOUNCECTL), "-c", str(daemon.config_file), *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        self.lines: queue.Queue[str] = queue.Queue()
        self.seen: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        with suppress(ValueError):
            for line in self.process.stdout:
                self.seen.append(line)
                self.lines.put(line)

    def line(self) -> str:
        return self.lines.get(timeout=20)

    def row(self) -> dict:
        return json.loads(self.line())

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(10)
        self.reader.join()
        return code

    def err(self) -> str:
        return self.process.stderr.read()


@pytest.fixture
def follow(daemon) -> Iterator[Callable[..., Following]]:
    made: list[Following] = []

    def start(*words: str) -> Following:
        made.append(Following(daemon, *words))
        return made[-1]

    yield start
    for following in made:
        following.process.kill()
        following.process.wait()
        following.reader.join()
        following.process.stdout.close()
        following.process.stderr.close()


def bounce(daemon: Daemon, sns, *addresses: str) -> None:
    for address in addresses:
        daemon.accept(sns.feedback(ses.bounce(ses.recipient(address))))


@pytest.mark.parametrize("what", ["changes", "events"])
def test_rows_come_as_they_are_stored(daemon, sns, follow, what):
    bounce(daemon, sns, ANN)
    following = follow("follow", what)
    assert following.row()["address"] == ANN
    bounce(daemon, sns, BEN)
    row = following.row()
    listing = ("events",) if what == "events" else ("suppress", "log")
    assert row == daemon.ctl("-o", "json", *listing).json()[1]
    later = follow("follow", what, "--after-id", str(row["id"]))
    bounce(daemon, sns, CYD)
    assert later.row()["address"] == CYD == following.row()["address"]
    assert later.stop() == 0 == following.stop(signal.SIGINT)
    assert following.err() == ""


def test_what_people_do_comes_too(daemon, follow):
    following = follow("follow", "changes")
    daemon.ctl("suppress", "add", "--note", "why", ANN)
    row = following.row()
    assert (row["action"], row["address"], row["note"]) == ("added", ANN, "why")


def test_it_ends_when_its_reader_has_gone(daemon, follow):
    following = subprocess.Popen(
        [str(SESBOUNCECTL), "-c", str(daemon.config_file), "follow", "events"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    following.stdout.close()
    assert following.wait(10) == 0
    assert following.stderr.read() == b""
    following.stderr.close()


@pytest.mark.parametrize("end", ["stop", "kill9"])
def test_it_goes_on_through_restarts_and_misses_nothing(daemon, sns, follow, end):
    following = follow("follow", "events")
    acknowledged: list[str] = []
    for _ in range(3):
        with Load(daemon, sns) as load:
            load.wait_for(50)
            getattr(daemon, end)()
            daemon.start()
        acknowledged += load.acknowledged
    # There may be others, too, whose acknowledgement was lost.
    eventually(lambda: set(acknowledged) <= {
        json.loads(line)["sns_message_id"] for line in list(following.seen)}, 20)
    assert following.stop() == 0
    rows = [json.loads(line) for line in following.seen]
    ids = [row["id"] for row in rows]
    assert ids == sorted(set(ids))


def test_the_file_is_put_to_rest_though_it_is_followed(daemon, sns, follow):
    following = follow("follow", "events")
    bounce(daemon, sns, ANN)
    assert following.row()["address"] == ANN
    assert daemon.stop() == 0
    eventually(lambda: daemon.ctl("db", "settle").code == 0
               and not list(daemon.database.parent.glob("sesbounced.db-*")))
    daemon.start()
    bounce(daemon, sns, BEN)
    assert following.row()["address"] == BEN


def test_what_retention_deleted_is_reported_with_what_to_type(daemon, sns, follow):
    bounce(daemon, sns, ANN, BEN)
    assert daemon.stop() == 0
    age(daemon, 2000)
    prune(daemon)
    daemon.start()
    bounce(daemon, sns, CYD)
    for what in ("changes", "events"):
        following = follow("follow", what, "--after-id", "1")
        assert following.process.wait(10) == 2
        said = following.err()
        assert "[retention]" in said and f"follow {what} --after-id 2" in said
        assert follow("follow", what, "--after-id", "2").row()["address"] == CYD
        assert follow("follow", what).row()["address"] == CYD


def test_an_older_copy_in_its_place_is_reported(daemon, sns, follow, home):
    bounce(daemon, sns, ANN)
    assert daemon.stop() == 0
    shutil.copy(daemon.database, home / "copy.db")
    daemon.start()
    bounce(daemon, sns, BEN)
    following = follow("follow", "events", "--after-id", "1")
    assert following.row()["address"] == BEN
    assert daemon.stop() == 0
    (home / "copy.db").rename(daemon.database)
    daemon.start()
    assert following.process.wait(20) == 2
    assert "the newest is 1" in following.err()


def test_a_newer_file_in_its_place_is_followed(daemon, sns, follow, home):
    bounce(daemon, sns, ANN)
    following = follow("follow", "events")
    assert following.row()["address"] == ANN
    assert daemon.stop() == 0
    shutil.copy(daemon.database, home / "copy.db")
    daemon.database.unlink()
    (home / "copy.db").rename(daemon.database)
    daemon.start()
    bounce(daemon, sns, BEN)
    assert following.row()["address"] == BEN


def test_watch_shows_a_line_for_each_event_from_now_on(daemon, sns, follow):
    bounce(daemon, sns, ANN)
    after = str(daemon.value("SELECT max(id) FROM events"))
    watching = follow("watch", "--after-id", after, "--class", "hard")
    daemon.accept(sns.feedback(ses.complaint(CYD)))
    recipient = ses.recipient(BEN, status="5.1.1", diagnosticCode="smtp; 550\x1b[2J no such user")
    daemon.accept(sns.feedback(ses.bounce(recipient)))
    line = watching.line()
    assert f"Z  Bounce hard unknown-user  {BEN}  smtp; 550?[2J no such user\n" in line
    assert watching.stop(signal.SIGINT) == 0
    from_now = follow("watch", "-o", "json")
    for number in range(50):
        bounce(daemon, sns, f"p{number}@mail.example")
        with suppress(queue.Empty):
            assert json.loads(from_now.lines.get(timeout=0.5))["address"].startswith("p")
            return
    raise AssertionError("nothing came")


@pytest.mark.parametrize("words", [
    ("-o", "csv", "follow", "events"), ("-o", "table", "follow", "changes"), ("-o", "csv", "watch"),
    ("follow", "events", "--after-id", "x"), ("follow", "events", "--class", "hard"), ("follow",),
    ("watch", "--class", "none"),
])
def test_what_cannot_be_followed_is_refused(daemon, words):
    result = daemon.ctl(*words)
    assert result.code == 2 and result.err and not result.out
