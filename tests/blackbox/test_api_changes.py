"""The JSON API of the admin side: what changes the list, who may, and what is left of it."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import threading

import pytest

import ses
from api import READER, WRITER, Client, bearer, client_of, settings
from daemon import Daemon, assert_problem

ANN, BEN = "ann@mail.example", "ben@mail.example"
ADD, REMOVE = "/v1/suppressions", "/v1/suppressions/remove"
RELEASE, DROP = "/v1/held/release", "/v1/held/drop"
ROUTES = pytest.mark.parametrize("path, body", [
    (ADD, {"address": ANN}), (REMOVE, {"address": ANN}),
    (RELEASE, {"ids": [1]}), (DROP, {"why": "guard:mail.example"}),
], ids=["add", "remove", "release", "drop"])
MANY = [f"person{i}@mail.example" for i in range(6)]
UNKNOWN = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user here"}


@pytest.fixture
def daemon(make_daemon, home) -> Daemon:
    return make_daemon(admin=settings(home)).start()


@pytest.fixture
def api(daemon) -> Client:
    return client_of(daemon)


def log(daemon: Daemon) -> list[tuple]:
    rows = daemon.rows("SELECT * FROM suppression_log ORDER BY id")
    return [(row["action"], row["address"], row["origin"], row["actor"]) for row in rows]


# --- who may


@ROUTES
def test_a_change_needs_a_token_that_may_write(daemon, api, path, body):
    assert_problem(api.ask("POST", path, body), 401)
    assert_problem(api.ask("POST", path, body, **bearer("wrong")), 401)
    reply = api.ask("POST", path, body, **bearer(READER))
    assert_problem(reply, 403, secret=READER)
    assert "`write`" in reply.text
    assert api.ask("POST", path, body, **bearer(WRITER)).status == 200


@ROUTES
def test_without_tokens_nothing_can_be_changed(make_daemon, home, path, body):
    make_daemon(admin={"listen": f"unix:{home}/admin.sock"}).start()
    for headers in ({}, bearer(WRITER)):
        reply = Client(home / "admin.sock").ask("POST", path, body, **headers)
        assert_problem(reply, 401)
        assert "tokens_file" in reply.text and "NAME:write:SHA256HEX" in reply.text


@ROUTES
def test_a_change_under_the_name_of_another_site_is_refused(daemon, api, path, body):
    headers = bearer(WRITER) | {"Host": "evil.example:9026"}
    assert_problem(api.ask("POST", path, body, **headers), 421)
    assert log(daemon) == []


@ROUTES
def test_what_a_browser_sends_by_itself_does_not_count(daemon, api, path, body):
    """A form, a cookie, a password that it remembers, a token in the address or the body."""
    kinds = ("text/plain", "application/x-www-form-urlencoded", "application/json")
    for headers in ({"Cookie": f"token={WRITER}; Authorization=Bearer {WRITER}"},
                    {"Authorization": f"Basic {WRITER}"},
                    {"Origin": "https://evil.example", "Referer": "http://localhost/"},
                    *({"Content-Type": kind} for kind in kinds)):
        assert_problem(api.ask("POST", path, body, **headers), 401)
    assert_problem(api.ask("POST", f"{path}?token={WRITER}", body), 401)
    assert log(daemon) == []


def test_a_preflight_of_a_browser_gets_no_permission(api):
    reply = api.ask("OPTIONS", ADD, Origin="https://evil.example")
    assert_problem(reply, 405)
    assert reply.headers["Allow"] == "GET, POST"
    assert not [name for name in reply.headers if name.startswith("Access-Control")]


# --- the list


def test_add_and_remove_are_lines_of_the_log_by_the_token(daemon, api):
    assert api.change(ADD, address=ANN.upper(), note="asked by phone") is True
    (row,) = daemon.rows("SELECT * FROM suppressed")
    assert (row["address"], row["scope"], row["reason"], row["until"]) == (ANN, "*", "MANUAL", None)
    assert (row["origin"], row["actor"], row["note"]) == ("api", "shop", "asked by phone")
    assert api.change(ADD, address=ANN) is False
    assert api.change(REMOVE, address=ANN) is True
    assert api.change(REMOVE, address=ANN) is False
    assert log(daemon) == [("added", ANN, "api", "shop"), ("removed", ANN, "api", "shop")]


def test_a_scope_and_an_end(daemon, api):
    assert api.change(ADD, address=ANN, scope="news", until="2999-01-31T12:00:00Z") is True
    (row,) = daemon.rows("SELECT * FROM suppressed")
    assert (row["scope"], row["until"]) == ("news", "2999-01-31 12:00:00.000")
    assert api.change(REMOVE, address=ANN) is False
    assert api.change(REMOVE, address=ANN, scope="news") is True


def test_a_complaint_is_removed_only_on_demand(daemon, api, sns):
    daemon.accept(sns.feedback(ses.complaint(ANN)))
    for members in ({}, {"complaint": False}):
        reply = api.write(REMOVE, address=ANN, **members)
        assert_problem(reply, 409, secret=ANN)
        assert '\\"complaint\\": true' in reply.text
    assert daemon.suppressed() == [ANN]
    assert api.change(REMOVE, address=ANN, complaint=True) is True
    assert daemon.suppressed() == []


def test_a_bounce_after_a_removal_counts_again(daemon, api, sns):
    daemon.accept(sns.feedback(ses.bounce(ses.recipient(ANN))))
    assert api.change(REMOVE, address=ANN) is True
    daemon.accept(sns.feedback(ses.bounce(ses.recipient(ANN))))
    assert daemon.suppressed() == [ANN]


@pytest.mark.parametrize("path, body, status, words", [
    (ADD, b"", 400, "not a JSON object"),
    (ADD, b"[]", 400, "not a JSON object"),
    (ADD, b"{}", 400, "no member `address`"),
    (ADD, {"address": 1}, 400, "a string"),
    (ADD, {"address": "junk"}, 400, "not a mail address"),
    (ADD, {"address": "a\u200b@b.example"}, 400, "not a mail address"),
    (ADD, {"address": ANN, "complaint": True}, 400, "no member `complaint`"),
    (ADD, {"address": ANN, "scope": ""}, 400, "`scope`"),
    (ADD, {"address": ANN, "scope": "a b"}, 400, "`scope`"),
    (ADD, {"address": ANN, "scope": "s" * 128}, 400, "`scope`"),
    (ADD, {"address": ANN, "note": "n" * 4097}, 400, "`note`"),
    (ADD, {"address": ANN, "until": "soon"}, 400, "2027-01-31T12:00:00Z"),
    (ADD, {"address": ANN, "until": "2020-01-31T12:00:00Z"}, 422, "has passed"),
    (REMOVE, {"address": ANN, "until": "2999-01-31T12:00:00Z"}, 400, "no member `until`"),
    (REMOVE, {"address": ANN, "complaint": "yes"}, 400, "true or false"),
    (RELEASE, {}, 400, "either `ids`"),
    (RELEASE, {"ids": [1], "why": "guard:a.example"}, 400, "either `ids`"),
    (RELEASE, {"ids": 1}, 400, "an array"),
    (DROP, {"ids": ["1"]}, 400, "1 or more"),
    (DROP, {"ids": [0]}, 400, "1 or more"),
    (DROP, {"ids": [1] * 2501}, 400, "2500"),
    (ADD, b" " * (64 * 1024 + 1), 413, "65536"),
], ids=lambda value: repr(value)[:40])
def test_a_request_that_is_not_a_change_is_refused_with_a_reason(daemon, api, path, body, status, words):
    reply = api.ask("POST", path, body, **bearer(WRITER))
    assert_problem(reply, status)
    assert words in json.loads(reply.text)["detail"]
    assert log(daemon) == []


def test_a_path_lists_its_methods(api):
    for path, methods in ((ADD, "GET, POST"), (REMOVE, "POST"), ("/v1/check", "POST")):
        reply = api.ask("DELETE", path, **bearer(WRITER))
        assert_problem(reply, 405)
        assert reply.headers["Allow"] == methods


# --- what is held


def test_held_entries_are_released_and_dropped_by_id(daemon, api, sns):
    daemon.accept(sns.feedback(ses.complaint(*MANY)))
    ids = daemon.column("SELECT id FROM held ORDER BY id")
    assert api.change(RELEASE, ids=ids[:2] + ids[:1] + [999999], note="really") == 2
    assert daemon.suppressed() == MANY[:2]
    assert api.change(DROP, ids=ids) == 4
    assert api.change(DROP, ids=ids) == 0 == api.change(RELEASE, ids=[])
    assert [row[0] for row in log(daemon)] == ["held"] * 6 + ["released"] * 2 + ["dropped"] * 4
    assert {row[2:] for row in log(daemon)[6:]} == {("api", "shop")}


@pytest.mark.parametrize("path, action, suppressed",
                         [(RELEASE, "released", 259), (DROP, "dropped", 9)])
def test_all_that_is_held_for_a_reason_is_decided_in_parts(make_daemon, home, sns, path, action,
                                                           suppressed):
    guard = {"guard": "on", "guard_least": 10}
    daemon = make_daemon(admin=settings(home), suppression=guard).start()
    people = [ses.recipient(f"p{i}@mail.example", **UNKNOWN) for i in range(259)]
    for recipient in people[:10]:
        daemon.accept(sns.feedback(ses.bounce(recipient)))
    daemon.accept(sns.feedback(ses.bounce(*people[10:])))
    daemon.accept(sns.feedback(ses.complaint(*(f"q{i}@other.example" for i in range(6)))))
    held = daemon.value("SELECT count(*) FROM held WHERE why = 'guard:mail.example'")
    assert held == 250
    assert client_of(daemon).change(path, why="guard:mail.example") == held
    assert client_of(daemon).change(path, why="guard:mail.example") == 0
    assert len(daemon.suppressed()) == suppressed
    assert [row[0] for row in log(daemon)].count(action) == held
    assert daemon.value("SELECT count(*) FROM held") == 6


# --- what is acknowledged is kept


class Adders(threading.Thread):
    """Adds one address after another, until the daemon is gone."""

    def __init__(self, daemon: Daemon, name: str) -> None:
        super().__init__()
        self.api, self.name_ = client_of(daemon), name
        self.acknowledged: list[str] = []
        self.some = threading.Event()

    def run(self) -> None:
        try:
            for number in range(100_000):
                address = f"{self.name_}{number}@mail.example"
                if self.api.change(ADD, address=address):
                    self.acknowledged.append(address)
                if number == 20:
                    self.some.set()
        except (OSError, http.client.HTTPException, AssertionError):
            self.some.set()  # it is gone, or says that it is going


@pytest.mark.parametrize("end", ["kill9", "stop"])
def test_what_was_acknowledged_survives(daemon, end):
    adders = [Adders(daemon, f"thread{number}-") for number in range(4)]
    for adder in adders:
        adder.start()
    assert all(adder.some.wait(20) for adder in adders)
    getattr(daemon, end)()
    for adder in adders:
        adder.join()
    daemon.start()
    acknowledged = {address for adder in adders for address in adder.acknowledged}
    assert len(acknowledged) > 80
    assert acknowledged - set(daemon.suppressed()) == set()
    assert len(log(daemon)) == len(daemon.suppressed())


def test_a_change_is_seen_by_the_next_question(daemon, api):
    for number in range(20):
        address = f"p{number}@mail.example"
        api.change(ADD, address=address)
        reply = api.ask("POST", "/v1/check", {"addresses": [address]})
        assert json.loads(reply.text)["results"][0]["suppressed"]


def test_503_while_another_process_keeps_the_database_locked(daemon, api):
    with sqlite3.connect(daemon.database) as other:
        other.execute("BEGIN IMMEDIATE")
        reply = api.write(ADD, address=ANN)
        assert_problem(reply, 503, secret=ANN)
        other.rollback()
    assert api.change(ADD, address=ANN) is True


def test_a_slow_client_holds_up_nobody(daemon, api, home):
    head = (f"POST {ADD} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {WRITER}\r\n"
            f"Content-Length: 30\r\n\r\n")
    with socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(home / "admin.sock"))
        slow.sendall(head.encode() + b'{"address":')
        assert api.change(ADD, address=BEN) is True
        slow.sendall(b'"' + ANN.encode() + b'"}')
        assert b" 200 " in slow.recv(4096)
    assert daemon.suppressed() == [ANN, BEN]


def test_no_address_and_no_token_is_in_the_log(daemon, api):
    api.write(ADD, address=ANN, note="b@mail.example")
    api.write(REMOVE, address="junk@@")
    api.ask("POST", ADD, {"address": ANN}, **bearer(READER))
    for word in ("ann@", "junk@", "b@", READER, WRITER):
        assert word not in daemon.log()
