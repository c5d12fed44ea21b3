"""The JSON API of the admin side: who may be mailed, and who is on the list."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing

import pytest

import ses
from api import Client
from daemon import Daemon, assert_problem, eventually

ANN, BEN, CYD = "ann@mail.example", "ben@mail.example", "cyd@other.example"
JSON = {"Content-Type": "application/json"}
CHECK = "/v1/check"
NAMES = ["address", "suppressed", "reason", "scope", "until", "valid"]


@pytest.fixture
def daemon(make_daemon, home) -> Daemon:
    return make_daemon(admin={"listen": f"unix:{home}/admin.sock"}).start()


@pytest.fixture
def api(daemon, home) -> Client:
    return Client(home / "admin.sock")


def check(api: Client, *addresses: str, **members) -> list[dict]:
    reply = api.ask("POST", CHECK, {"addresses": addresses, **members})
    assert reply.status == 200, reply.text
    assert reply.headers.get_content_type() == "application/json"
    return json.loads(reply.text)["results"]


def listed(api: Client, query: str = "") -> dict:
    reply = api.ask("GET", f"/v1/suppressions{query}")
    assert reply.status == 200, reply.text
    return json.loads(reply.text)


def walk(api: Client, query: str) -> list[str]:
    """Every page to the end."""
    found, after = [], ""
    while after is not None:
        page = listed(api, f"?{query}{after and '&after=' + after}")
        found += [item["address"] for item in page["items"]]
        after = page["next"]
    return found


def test_check_answers_in_order_with_the_reason(daemon, api, sns):
    daemon.accept(sns.feedback(ses.bounce(ses.recipient(ANN))))
    assert daemon.ctl("suppress", "add", "--for", "2d", BEN).code == 0
    ben, ann, cyd, junk = check(api, BEN.upper(), ANN, CYD, "junk")
    assert [list(row) for row in (ben, ann, cyd, junk)] == [NAMES] * 4
    assert ann == {"address": ANN, "suppressed": True, "reason": "BOUNCE", "scope": "*",
                   "until": None, "valid": True}
    assert (ben["address"], ben["reason"]) == (BEN.upper(), "MANUAL")
    assert ben["until"].endswith("Z") and "T" in ben["until"]
    assert (cyd["suppressed"], cyd["reason"], cyd["valid"]) == (False, None, True)
    assert (junk["suppressed"], junk["valid"]) == (False, False)


def test_check_asks_about_one_scope(daemon, api):
    assert daemon.ctl("suppress", "add", "--scope", "news", ANN).code == 0
    assert not check(api, ANN)[0]["suppressed"]
    (row,) = check(api, ANN, scope="news")
    assert (row["suppressed"], row["scope"]) == (True, "news")


def test_check_sees_what_was_acknowledged(daemon, api, sns):
    for n in range(20):
        address = f"person{n}@mail{n}.example"
        assert not check(api, address)[0]["suppressed"]
        daemon.accept(sns.feedback(ses.bounce(ses.recipient(address))))
        assert check(api, address)[0]["suppressed"]


def test_check_takes_10_000_addresses_and_no_more(daemon, api):
    many = [f"p{n}@mail.example" for n in range(10_000)]
    assert daemon.ctl("suppress", "add", many[9_999]).code == 0
    rows = check(api, *many)
    assert [row["address"] for row in rows] == many
    assert [row["suppressed"] for row in rows].count(True) == 1 and rows[-1]["suppressed"]
    assert_problem(api.ask("POST", CHECK, {"addresses": [*many, ANN]}), 400)


@pytest.mark.parametrize("body, words", [
    (b"", "not a JSON object"),
    (b"[]", "not a JSON object"),
    (b'{"addresses":["a@b.example"]', "not a JSON object"),
    (b'{"addresses":[],"addresses":[]}', "duplicate"),
    (b'{"address":["a@b.example"]}', "`address`"),
    (b'{"addresses":"a@b.example"}', "`addresses`"),
    (b'{"addresses":[1]}', "not a string"),
    (b'{"addresses":[],"scope":null}', "`scope`"),
    (b'{"scope":"*"}', "no member"),
    (b'{"addresses":["\xff"]}', "decode byte"),
    (b'{"addresses":["\\u0000"]}', ""),
    (b"[" * 100_000, "not a JSON object"),
], ids=lambda value: repr(value)[:40])
def test_check_refuses_what_is_not_its_question(api, body, words):
    reply = api.ask("POST", CHECK, body)
    assert_problem(reply, 400)
    assert words in json.loads(reply.text)["detail"]
    assert check(api, ANN)  # the connection goes on


def test_what_a_problem_quotes_is_utf_8(api):
    assert_problem(api.ask("POST", CHECK, {"ü" * 301: 1, "addresses": []}), 400)
    assert_problem(api.ask("POST", CHECK, json.dumps({"ü" * 301: 1}, ensure_ascii=False).encode()),
                   400)
    assert_problem(api.ask("GET", "/v1/suppressions?%ff=1"), 400)


def test_a_body_that_is_too_long_gets_413(api):
    assert_problem(api.ask("POST", CHECK, b" " * (1024 * 1024 + 1)), 413)
    assert_problem(api.ask("GET", "/v1/suppressions", b"x"), 413)
    assert_problem(api.ask("POST", CHECK, b" " * (3 * 1024 * 1024)), 413)


def test_other_paths_methods_and_parameters(api):
    assert_problem(api.ask("GET", "/v1/nothing"), 404)
    reply = api.ask("GET", CHECK)
    assert_problem(reply, 405)
    assert reply.headers["Allow"] == "POST"
    for query in ("limits=3", "limit", "limit=0", "limit=x", "reason=none", "since=never",
                  "after=zz", "after=6162", "after=", "domain=@"):
        assert_problem(api.ask("GET", f"/v1/suppressions?{query}"), 400)


def test_why_tells_the_story_of_an_address(daemon, api, sns):
    def why(address: str, **members) -> dict:
        reply = api.ask("POST", "/v1/why", {"address": address, **members})
        assert reply.status == 200, reply.text
        return json.loads(reply.text)

    assert why(ANN)["state"] == "not suppressed"
    daemon.accept(sns.feedback(ses.bounce(ses.recipient(ANN))))
    daemon.ctl("suppress", "add", "--scope", "news", "--note", "by mail", BEN)
    told = why(ANN.upper())
    assert list(told) == ["address", "state", "story"]
    assert (told["address"], told["state"]) == (ANN.upper(), "suppressed")
    assert any(row.get("rule") == "permanent-general" for row in told["story"])
    assert any(row.get("note") == "by mail" for row in why(BEN)["story"])
    assert why(BEN)["state"] == why(BEN, scope="other")["state"] == "not suppressed"
    assert why(ANN, scope="news")["state"] == "suppressed"
    assert why(BEN, scope="news")["state"] == "suppressed"
    for row, printed in zip(told["story"], daemon.ctl("-o", "json", "why", ANN).out.splitlines()):
        assert row == json.loads(printed)
    assert_problem(api.ask("POST", "/v1/why", {"address": "junk"}), 400)
    assert_problem(api.ask("POST", "/v1/why", {}), 400)


def test_why_searches_a_bounded_part_of_the_quarantine(daemon, api, sns):
    daemon.accept(sns.feedback({"about": ANN}))
    assert "quarantine_searched" not in json.loads(
        api.ask("POST", "/v1/why", {"address": ANN}).text)
    for _ in range(10):
        daemon.accept(sns.feedback({"about": "x" * 1_900_000}))
    api.close()  # the daemon may have done so: under a sanitizer this takes long
    told = json.loads(api.ask("POST", "/v1/why", {"address": ANN}).text)
    assert told["quarantine_searched"] == "newest"
    assert told["state"] == "not suppressed"


def test_suppressions_come_in_pages(daemon, api):
    everybody = sorted(f"p{n:03}@{'mail' if n % 3 else 'other'}.example" for n in range(250))
    assert daemon.ctl("suppress", "add", "-", input="\n".join(everybody).encode()).code == 0
    page = listed(api)
    assert [item["address"] for item in page["items"]] == everybody[:100]
    assert page["items"][0].keys() >= {"address", "scope", "reason", "since", "until", "note"}
    assert walk(api, "limit=7") == everybody
    assert walk(api, "limit=1000") == everybody
    assert walk(api, "domain=OTHER.example&limit=9") == [a for a in everybody if "other" in a]
    assert walk(api, "reason=BOUNCE") == [] == walk(api, "scope=news")
    assert walk(api, "reason=manual&scope=*&since=1d") == everybody


def test_a_page_goes_on_behind_a_row_that_was_removed(daemon, api):
    for address in (ANN, BEN, CYD):
        daemon.ctl("suppress", "add", address)
    page = listed(api, "?limit=1")
    daemon.ctl("suppress", "remove", ANN)
    rest = listed(api, f"?after={page['next']}")
    assert [item["address"] for item in rest["items"]] == [BEN, CYD] and rest["next"] is None


def test_an_empty_list_is_an_empty_page(api):
    assert listed(api) == {"items": [], "next": None}


def test_no_question_is_answered_from_a_database_that_was_replaced(daemon, api, home):
    daemon.ctl("suppress", "add", ANN)
    assert check(api, ANN)[0]["suppressed"]
    with closing(sqlite3.connect(daemon.database)) as db, \
            closing(sqlite3.connect(home / "copy.db")) as copy:
        db.backup(copy)
    daemon.ctl("suppress", "remove", ANN)
    os.replace(home / "copy.db", daemon.database)

    def answers() -> bool:
        reply = api.ask("POST", CHECK, {"addresses": [ANN]})
        return reply.status == 200 and json.loads(reply.text)["results"][0]["suppressed"]

    eventually(answers, what="the list of the new file")


def test_the_file_is_put_to_rest_though_questions_were_asked(daemon, api):
    check(api, ANN)
    assert daemon.stop() == 0
    assert [file.name for file in daemon.database.parent.glob("sesbounced.db-*")] == []


def test_the_api_asks_for_the_token(make_daemon, home):
    tokens = home / "tokens"
    tokens.write_text("app:read:" + "0" * 64 + "\n")
    tokens.chmod(0o600)
    make_daemon(admin={"listen": f"unix:{home}/admin.sock", "tokens_file": tokens}).start()
    api = Client(home / "admin.sock")
    proxied = {"X-Forwarded-For": "203.0.113.7"}
    assert_problem(api.ask("POST", CHECK, {"addresses": [ANN]}, **proxied), 401, secret=ANN)
    assert_problem(api.ask("GET", "/v1/suppressions", **proxied), 401)
    assert api.ask("GET", "/v1/suppressions").status == 200


def test_no_address_is_in_the_log(daemon, api):
    check(api, ANN, "ben@@", "cyd")
    api.ask("POST", f"/v1/{BEN}", {"addresses": [ANN]})
    api.ask("GET", f"/v1/suppressions?domain={ANN}")
    assert "ann@" not in daemon.log() and "ben@" not in daemon.log()
