"""SESv2's operations on a suppression list, as they are on the wire (rest-json, SigV4)."""

from __future__ import annotations

import datetime as dt
import json
import time
from urllib.parse import quote, urlencode

import pytest

import ses
from api import READER, WRITER, Client, bearer, client_of, settings
from daemon import Daemon, Reply

ANN, BEN, CYD = "ann@mail.example", "ben@mail.example", "cyd@other.example"
LIST = "/v2/email/suppression/addresses"


def sigv4(token: str) -> dict[str, str]:
    """As botocore sends it; the signature is of a key that nobody knows."""
    scope = f"{token}/20261128/eu-west-1/ses/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, "
            f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"}


@pytest.fixture
def daemon(make_daemon, home) -> Daemon:
    return make_daemon(admin=settings(home)).start()


@pytest.fixture
def api(daemon) -> Client:
    return client_of(daemon)


def one(address: str, **query: str) -> str:
    return f"{LIST}/{quote(address, safe='')}" + (f"?{urlencode(query)}" if query else "")


def put(api: Client, address: str, reason: str = "BOUNCE", **members) -> None:
    body = {"EmailAddress": address, "Reason": reason, **members}
    reply = api.ask("PUT", LIST, body, **sigv4(WRITER))
    assert (reply.status, json.loads(reply.text)) == (200, {}), reply.text
    assert reply.headers.get_content_type() == "application/json"


def get(api: Client, address: str, **query: str) -> dict:
    reply = api.ask("GET", one(address, **query), **sigv4(READER))
    assert reply.status == 200, reply.text
    return json.loads(reply.text)["SuppressedDestination"]


def listed(api: Client, query: str = "") -> dict:
    reply = api.ask("GET", f"{LIST}{query}", **sigv4(READER))
    assert reply.status == 200, reply.text
    return json.loads(reply.text)


def addresses(api: Client, query: str = "") -> list[str]:
    return [row["EmailAddress"] for row in listed(api, query)["SuppressedDestinationSummaries"]]


def assert_error(reply: Reply, status: int, kind: str) -> None:
    assert (reply.status, reply.headers["x-amzn-ErrorType"]) == (status, kind), reply.text
    assert reply.headers.get_content_type() == "application/json"
    error = json.loads(reply.text)
    assert set(error) == {"message"} and len(error["message"]) > 10
    for name in ("ann", "ben", "cyd", READER, WRITER):
        assert name not in error["message"]


def test_put_get_delete(daemon, api):
    before = time.time()
    put(api, ANN.upper(), "COMPLAINT")
    found = get(api, ANN)
    assert (found["EmailAddress"], found["Reason"]) == (ANN, "COMPLAINT")
    assert set(found) == {"EmailAddress", "Reason", "LastUpdateTime"}
    assert before - 1 < found["LastUpdateTime"] < time.time() + 1
    (row,) = daemon.rows("SELECT * FROM suppressed")
    assert (row["reason"], row["scope"], row["origin"], row["actor"], row["until"]) == (
        "COMPLAINT", "*", "api", "shop", None)
    told = daemon.ctl("why", ANN).out
    assert "shop added it through the API" in told
    reply = api.ask("DELETE", one(ANN), **sigv4(WRITER))
    assert (reply.status, json.loads(reply.text)) == (200, {})
    assert daemon.suppressed() == []
    log = daemon.rows("SELECT action, origin, actor FROM suppression_log ORDER BY id")
    assert [tuple(row.values()) for row in log] == [("added", "api", "shop"),
                                                    ("removed", "api", "shop")]
    assert_error(api.ask("GET", one(ANN), **sigv4(READER)), 404, "NotFoundException")
    assert_error(api.ask("DELETE", one(ANN), **sigv4(WRITER)), 404, "NotFoundException")
    put(api, ANN)
    put(api, ANN)
    assert get(api, ANN)["Reason"] == "BOUNCE"
    assert daemon.ctl("suppress", "rebuild").code == 0
    assert daemon.suppressed() == [ANN]


def test_what_came_otherwise_is_there_too(daemon, api, sns):
    daemon.accept(sns.feedback(ses.bounce(ANN)), sns.feedback(ses.complaint(BEN)))
    assert daemon.ctl("suppress", "add", CYD).code == 0
    found = {row["EmailAddress"]: row["Reason"]
             for row in listed(api)["SuppressedDestinationSummaries"]}
    assert found == {ANN: "BOUNCE", BEN: "COMPLAINT", CYD: "BOUNCE"}
    assert get(api, CYD)["Reason"] == "BOUNCE"


@pytest.mark.parametrize("address", [
    "a/b@mail.example", "a+b@mail.example", "a%40b@mail.example", "o'hara@mail.example",
    "a?b=c&d@mail.example", "a#b@mail.example", '"a b"@mail.example', "ü@bücher.example",
])
def test_an_address_in_the_path(daemon, api, address):
    put(api, address)
    (kept,) = daemon.suppressed()
    assert get(api, address)["EmailAddress"] == kept
    assert api.ask("DELETE", one(address), **sigv4(WRITER)).status == 200
    assert daemon.suppressed() == []


def test_no_part_of_an_address_in_the_path_reaches_the_log(daemon, api):
    put(api, ANN)
    for method in ("GET", "DELETE", "POST", "PATCH", "OPTIONS", "DELETE"):
        api.ask(method, one(ANN), **sigv4(WRITER))
        api.ask(method, one(ANN), b"x" * 70_000, **sigv4(WRITER))
        api.ask(method, one("ann"), **sigv4("wrong"))
        api.ask(method, one(ANN) + "%00", **sigv4(WRITER))
        api.ask(method, one(ANN, TenantName="ann", x="ann"), **sigv4(WRITER))
    daemon.database.unlink()
    assert_error(api.ask("GET", one(ANN), **sigv4(READER)), 503, "ServiceUnavailableException")
    assert daemon.stop() == 0
    assert "ann" not in daemon.log() and "mail.example" not in daemon.log()


def test_a_tenant_has_a_list_of_its_own(daemon, api):
    put(api, ANN, TenantName="acme")
    put(api, BEN)
    assert get(api, ANN, TenantName="acme")["TenantName"] == "acme"
    assert_error(api.ask("GET", one(ANN), **sigv4(READER)), 404, "NotFoundException")
    assert_error(api.ask("GET", one(BEN, TenantName="acme")), 404, "NotFoundException")
    assert addresses(api) == [BEN]
    assert addresses(api, "?TenantName=acme") == [ANN]
    assert daemon.column("SELECT scope FROM suppressed ORDER BY address") == ["tenant:acme", "*"]
    assert_error(api.ask("DELETE", one(ANN), **sigv4(WRITER)), 404, "NotFoundException")
    assert api.ask("DELETE", one(ANN, TenantName="acme"), **sigv4(WRITER)).status == 200
    assert addresses(api, "?TenantName=acme") == []


def test_pages_and_filters(daemon, api):
    made = [f"p{n}@mail.example" for n in range(7)]
    for n, address in enumerate(made):
        put(api, address, "COMPLAINT" if n % 2 else "BOUNCE")
    found, token = [], ""
    while token is not None:
        page = listed(api, f"?PageSize=3{token and '&NextToken=' + token}")
        assert len(page["SuppressedDestinationSummaries"]) <= 3
        found += [row["EmailAddress"] for row in page["SuppressedDestinationSummaries"]]
        token = page.get("NextToken")
    assert found == made
    assert addresses(api, "?Reason=COMPLAINT") == made[1::2]
    assert addresses(api, "?Reason=BOUNCE") == made[::2]
    assert addresses(api, "?Reason=BOUNCE&Reason=COMPLAINT") == made

    def at(seconds: int) -> str:
        moment = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=seconds)
        return quote(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))

    assert addresses(api, f"?StartDate={at(-60)}&EndDate={at(60)}") == made
    assert addresses(api, f"?StartDate={at(60)}") == addresses(api, f"?EndDate={at(-60)}") == []


@pytest.mark.parametrize("query", ["PageSize=0", "PageSize=1001", "PageSize=x", "Reason=MANUAL",
                                   "StartDate=never", "EndDate=", "NextToken=zz", "TenantName=",
                                   "Colour=red", "TenantName=" + "a" * 200])
def test_a_query_that_is_not_one(api, query):
    assert_error(api.ask("GET", f"{LIST}?{query}", **sigv4(READER)), 400, "BadRequestException")


@pytest.mark.parametrize("body", [
    b"", b"[]", {}, {"EmailAddress": ANN}, {"Reason": "BOUNCE"},
    {"EmailAddress": ANN, "Reason": "MANUAL"}, {"EmailAddress": "junk", "Reason": "BOUNCE"},
    {"EmailAddress": ANN, "Reason": "BOUNCE", "Colour": "red"},
    {"EmailAddress": ANN, "Reason": "BOUNCE", "TenantName": ""},
])
def test_a_body_that_is_not_one(daemon, api, body):
    assert_error(api.ask("PUT", LIST, body, **sigv4(WRITER)), 400, "BadRequestException")
    assert daemon.suppressed() == []


def test_an_address_that_is_not_one(api):
    for method, token in (("GET", READER), ("DELETE", WRITER)):
        assert_error(api.ask(method, one("junk"), **sigv4(token)), 400, "BadRequestException")


def test_the_token_takes_the_place_of_the_key_id(daemon, api):
    body = {"EmailAddress": ANN, "Reason": "BOUNCE"}
    far = {"X-Forwarded-For": "192.0.2.1"}
    assert_error(api.ask("PUT", LIST, body), 401, "UnrecognizedClientException")
    assert_error(api.ask("PUT", LIST, body, **sigv4("AKIAIOSFODNN7EXAMPLE")), 401,
                 "UnrecognizedClientException")
    assert_error(api.ask("PUT", LIST, body, **sigv4(READER)), 403, "AccessDeniedException")
    assert_error(api.ask("GET", LIST, **far), 401, "UnrecognizedClientException")
    assert api.ask("GET", LIST, **sigv4(READER), **far).status == 200
    for sent in ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=",
                 f"AWS4-HMAC-SHA256 Credential={WRITER}", f"AWS4-HMAC-SHA256 {WRITER}/a/b/c/d",
                 f"AWS4-HMAC-SHA256 Credential={WRITER}/a/b/c", "AWS4-HMAC-SHA256 Credential=/a/b/c/d"):
        assert_error(api.ask("PUT", LIST, body, Authorization=sent), 401,
                     "UnrecognizedClientException")
    assert daemon.suppressed() == []
    assert api.ask("PUT", LIST, body, **bearer(WRITER)).status == 200


def test_other_paths_methods_and_hosts(api):
    assert_error(api.ask("GET", "/v2/email/account"), 404, "NotFoundException")
    assert_error(api.ask("GET", LIST + "/"), 404, "NotFoundException")
    assert_error(api.ask("POST", LIST), 405, "BadRequestException")
    assert_error(api.ask("GET", LIST, Host="evil.example"), 421, "BadRequestException")
    assert_error(api.ask("PUT", LIST, b" " * 70_000, **sigv4(WRITER)), 413, "BadRequestException")
