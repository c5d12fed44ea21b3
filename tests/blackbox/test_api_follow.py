"""GET /v1/changes and /v1/events: everything, once, in order, as it comes."""

from __future__ import annotations

import http.client
import json
import resource
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import ses
from api import Client, client_of, settings
from daemon import SESBOUNCED, Daemon, assert_problem, eventually
from load import Load
from test_retention import age, prune

ANN, BEN, CYD = "ann@mail.example", "ben@mail.example", "cyd@other.example"
CHANGES, EVENTS = "/v1/changes", "/v1/events"
BOTH = pytest.mark.parametrize("path", [CHANGES, EVENTS])
POLLS = 1000  # wait at a time in at most 20 MB
WAITS_MAX = 1024


@pytest.fixture
def daemon(make_daemon, home) -> Daemon:
    return make_daemon(admin=settings(home)).start()


@pytest.fixture
def api(daemon) -> Client:
    return client_of(daemon)


def bounce(daemon: Daemon, sns, *addresses: str) -> None:
    for address in addresses:
        daemon.accept(sns.feedback(ses.bounce(ses.recipient(address))))


def query(**parameters) -> str:
    return "&".join(f"{name}={value}" for name, value in parameters.items())


def walk(api: Client, path: str, after: int, **parameters) -> list[dict]:
    """To the end, without waiting."""
    found: list[dict] = []
    while True:
        page = api.get(f"{path}?{query(after=after, **parameters)}")
        if not page["items"] and page["next"] == after:
            return found
        found += page["items"]
        assert page["next"] > after
        after = page["next"]


class Poll:
    """A long poll that has been sent."""

    def __init__(self, daemon: Daemon, path: str, **parameters) -> None:
        self.client = client_of(daemon)
        self.client.request("GET", f"{path}?{query(wait=60, **parameters)}")
        self.sent = time.monotonic()

    def reply(self) -> http.client.HTTPResponse:
        return self.client.getresponse()

    def page(self) -> dict:
        reply = self.reply()
        text = reply.read()
        assert reply.status == 200, text
        return json.loads(text)

    def is_answered(self) -> bool:
        return bool(select.select([self.client.sock], [], [], 0)[0])

    def addresses(self) -> list[str]:
        return [item["address"] for item in self.page()["items"]]


def waiting(daemon: Daemon) -> int:
    text = client_of(daemon).ask("GET", "/metrics").text
    (line,) = [row for row in text.splitlines() if row.startswith("sesbounced_api_waiting ")]
    return int(line.split()[1])


@contextmanager
def polling(daemon: Daemon, path: str, count: int = 1, **parameters) -> Iterator[list[Poll]]:
    """Long polls that the daemon has taken."""
    polls = [Poll(daemon, path, **parameters) for _ in range(count)]
    eventually(lambda: waiting(daemon) >= count, 30, "the polls wait")
    yield polls
    for poll in polls:
        poll.client.close()


# --- reading


def test_rows_are_those_of_the_views(daemon, api, sns):
    bounce(daemon, sns, ANN, BEN)
    daemon.accept(sns.feedback(ses.complaint(CYD)))
    daemon.ctl("suppress", "remove", ANN)
    assert api.get(EVENTS)["items"] == daemon.ctl("-o", "json", "events").json()
    assert api.get(CHANGES)["items"] == daemon.ctl("-o", "json", "suppress", "log").json()
    assert [row["action"] for row in api.get(CHANGES)["items"]] == ["added"] * 3 + ["removed"]


@BOTH
def test_pages_of_any_size_are_all_of_it(daemon, api, sns, path):
    bounce(daemon, sns, *(f"p{number}@mail.example" for number in range(25)))
    everything = api.get(f"{path}?limit=1000")["items"]
    assert len(everything) == 25
    ids = [row["id"] for row in everything]
    assert ids == sorted(set(ids))
    for limit in (1, 7, 25, 26):
        assert walk(api, path, 0, limit=limit) == everything
    assert walk(api, path, ids[9]) == everything[10:]
    empty = api.get(f"{path}?after={ids[-1]}")
    assert empty["items"] == [] and empty["next"] >= ids[-1]
    assert api.get(f"{path}?limit=100000")["items"] == everything


@BOTH
def test_nothing_is_nothing(api, path):
    assert api.get(path) == {"items": [], "next": 0}


def test_events_are_selected_as_sesbouncectl_does(daemon, api, sns):
    bounce(daemon, sns, ANN, BEN)
    daemon.accept(sns.feedback(ses.complaint(CYD)))
    message = daemon.value("SELECT ses_message_id FROM events WHERE address = ?", BEN)
    for name, value, expected in (
        ("address", ANN.upper(), [ANN]), ("type", "complaint", [CYD]), ("class", "hard", [ANN, BEN]),
        ("domain", "other.example", [CYD]), ("cause", "timeout", []), ("message", message, [BEN]),
        ("since", "1d", [ANN, BEN, CYD]), ("until", "1d", []), ("rule", "permanent-general", None),
        ("campaign", "none", []),
    ):
        items = walk(api, EVENTS, 0, **{name: value})
        told = daemon.ctl("-o", "json", "events", f"--{name}", value).json()
        assert items == told
        assert expected is None or [row["address"] for row in items] == expected


@pytest.mark.parametrize("parameters", [
    "after=x", "after=-1", "after=", "after", "limit=0", "limit=x", "wait=x", "wait=-1",
    "wait=99999999999999999999", "scope=*", "type=Bounce", "after-id=1",
])
def test_a_faulty_question_gets_400(api, parameters):
    assert_problem(api.ask("GET", f"{CHANGES}?{parameters}"), 400)


@pytest.mark.parametrize("parameters", ["class=x", "since=never", "address=junk", "rule=x", "id=1"])
def test_what_selects_no_events_gets_400(api, parameters):
    assert_problem(api.ask("GET", f"{EVENTS}?{parameters}"), 400)


# --- what retention deleted


@BOTH
def test_410_names_the_oldest_row_that_is_there(daemon, api, sns, path):
    bounce(daemon, sns, ANN, BEN)
    assert daemon.stop() == 0
    age(daemon, 2000)
    daemon.start()
    bounce(daemon, sns, CYD)
    prune(daemon)
    eventually(lambda: len(api.get(path)["items"]) == 1)
    (row,) = api.get(path)["items"]
    for after in (0, 1):
        reply = api.ask("GET", f"{path}?after={after}&wait=60")
        assert reply.status == 410 and reply.headers.get_content_type() == "application/problem+json"
        problem = json.loads(reply.text)
        assert set(problem) == {"type", "title", "status", "detail", "oldest"}
        assert problem["oldest"] == row["id"] and f" {row['id']}" in problem["detail"]
        assert "retention" in problem["detail"] and f"after={row['id'] - 1}" in problem["detail"]
    assert walk(api, path, row["id"] - 1) == [row]
    assert walk(api, path, 2) == [row], "who had read it all goes on"


@BOTH
def test_410_when_nothing_is_left(daemon, api, sns, path):
    bounce(daemon, sns, ANN, BEN)
    assert daemon.stop() == 0
    age(daemon, 2000)
    prune(daemon)
    daemon.start()
    reply = api.ask("GET", f"{path}?after=1")
    assert reply.status == 410
    assert json.loads(reply.text)["oldest"] == 3
    assert api.get(path)["items"] == []
    bounce(daemon, sns, CYD)
    assert [item["address"] for item in walk(api, path, 2)] == [CYD]


@BOTH
def test_an_erased_person_is_not_a_gap(daemon, api, sns, path):
    bounce(daemon, sns, ANN, BEN, CYD)
    assert daemon.ctl("erase", "--forget", BEN).code == 0
    assert [item["address"] for item in walk(api, path, 0)][:2] == [ANN, CYD]


@BOTH
def test_an_older_copy_of_the_database_is_reported(daemon, api, sns, path):
    bounce(daemon, sns, ANN)
    reply = api.ask("GET", f"{path}?after=1000&wait=60")
    assert reply.status == 410
    assert "newest is 1:" in json.loads(reply.text)["detail"]


# --- waiting


@BOTH
def test_a_poll_is_answered_when_there_is_something(daemon, api, sns, path):
    bounce(daemon, sns, ANN)
    after = api.get(path)["next"]
    with polling(daemon, path, after=after) as (poll,):
        assert not poll.is_answered()
        bounce(daemon, sns, BEN)
        assert poll.addresses() == [BEN]
        assert time.monotonic() - poll.sent < 10


def test_a_poll_that_need_not_wait_does_not(daemon, api, sns):
    bounce(daemon, sns, ANN)
    assert Poll(daemon, EVENTS, after=0).addresses() == [ANN]


@pytest.mark.parametrize("who", ["the API", "another process"])
def test_a_change_by_others_wakes_it(daemon, api, who):
    with polling(daemon, CHANGES) as (poll,):
        if who == "the API":
            api.change("/v1/suppressions", address=ANN)
        else:
            daemon.ctl("suppress", "add", ANN)
        assert poll.addresses() == [ANN]
        assert time.monotonic() - poll.sent < 15


@BOTH
def test_a_poll_ends_empty_when_its_time_is_over(daemon, api, sns, path):
    bounce(daemon, sns, ANN)
    begun = time.monotonic()
    page = api.get(f"{path}?after=1&wait=1")
    assert page["items"] == [] and page["next"] >= 1
    assert 0.9 < time.monotonic() - begun < 10


def test_only_what_was_asked_for_wakes_it(daemon, api, sns):
    with polling(daemon, EVENTS, type="Complaint") as (poll,):
        bounce(daemon, sns, ANN, BEN)
        assert api.get(f"{EVENTS}?after=1&wait=0")["items"]
        assert not poll.is_answered()
        daemon.accept(sns.feedback(ses.complaint(CYD)))
        assert poll.addresses() == [CYD]


def test_an_event_that_changes_nothing_does_not_end_a_poll_for_changes(daemon, api, sns):
    bounce(daemon, sns, ANN)
    with polling(daemon, CHANGES, after=1) as (poll,):
        bounce(daemon, sns, ANN)
        eventually(lambda: len(api.get(EVENTS)["items"]) == 2)
        assert not poll.is_answered()
        bounce(daemon, sns, BEN)
        assert poll.addresses() == [BEN]


@BOTH
def test_polls_are_answered_at_the_stop_and_go_on_after_it(daemon, sns, path):
    bounce(daemon, sns, ANN)
    with polling(daemon, path, 20, after=1) as polls:
        assert daemon.stop() == 0
        for poll in polls:
            page = poll.page()
            assert page["items"] == [] and page["next"] >= 1
    daemon.start()
    bounce(daemon, sns, BEN)
    assert Poll(daemon, path, after=1).addresses() == [BEN]


def test_who_goes_away_disturbs_nobody(daemon, api, sns):
    with polling(daemon, EVENTS, 50):
        pass
    with polling(daemon, EVENTS) as (poll,):
        bounce(daemon, sns, ANN)
        assert poll.addresses() == [ANN]
    eventually(lambda: waiting(daemon) == 0)


def test_another_file_in_its_place_ends_the_polls(daemon, sns):
    bounce(daemon, sns, ANN)
    with polling(daemon, EVENTS, after=1) as (poll,):
        moved = daemon.database.with_suffix(".moved")
        daemon.database.rename(moved)
        reply = poll.reply()
        assert reply.status in (200, 503)


class Follower(threading.Thread):
    """Follows through restarts and kills, until it has seen all that was acknowledged."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__()
        self.daemon_, self.ids, self.messages = daemon, [], []
        self.stopped = threading.Event()

    def run(self) -> None:
        after = 0
        while not self.stopped.is_set():
            try:
                page = client_of(self.daemon_).get(f"{EVENTS}?after={after}&wait=1&limit=50")
            except (OSError, http.client.HTTPException, AssertionError):
                continue  # it is not there; or 503
            self.ids += [item["id"] for item in page["items"]]
            self.messages += [item["sns_message_id"] for item in page["items"]]
            after = page["next"]


@pytest.mark.parametrize("end", ["kill9", "stop"])
def test_a_follower_sees_everything_once_through_restarts(daemon, sns, end):
    follower = Follower(daemon)
    follower.start()
    acknowledged: list[str] = []
    for _ in range(3):
        with Load(daemon, sns) as load:
            load.wait_for(100)
            getattr(daemon, end)()
            daemon.start()
        acknowledged += load.acknowledged
    eventually(lambda: set(acknowledged) <= set(follower.messages), 30)
    follower.stopped.set()
    follower.join()
    assert follower.ids == sorted(set(follower.ids))


# --- many


def resident_kib(daemon: Daemon) -> int:
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


@pytest.fixture
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_wait_in_20_MB_and_all_are_answered(daemon, api, sns, many_files):
    bounce(daemon, sns, ANN)
    api.get(EVENTS)
    before = resident_kib(daemon)
    with polling(daemon, EVENTS, POLLS, after=1) as polls:
        grown = resident_kib(daemon) - before
        assert "san" in str(SESBOUNCED.parent.name) or grown < 20 * 1000_000 / 1024, grown
        print(f"{POLLS} long polls: {grown} KiB")
        # Others are served meanwhile.
        assert api.ask("POST", "/v1/check", {"addresses": [ANN]}).status == 200
        bounce(daemon, sns, BEN)
        assert [poll.addresses() for poll in polls] == [[BEN]] * POLLS


def test_503_beyond_what_may_wait(daemon, api, sns, many_files):
    with ExitStack() as stack, polling(daemon, CHANGES, WAITS_MAX):
        assert_problem(api.ask("GET", f"{CHANGES}?wait=60"), 503)
        assert api.get(CHANGES) == {"items": [], "next": 0}
        assert stack


def test_a_poll_over_tcp_that_sends_nothing_more_holds_no_place_for_a_request(daemon, home):
    with socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(home / "admin.sock"))
        slow.sendall(f"GET {CHANGES}?wait=60 HTTP/1.1\r\nHost: x".encode())
        assert waiting(daemon) == 0
