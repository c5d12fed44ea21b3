"""The page of the admin side, as its markup: what it shows, what it never does, who gets it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

import ses
from api import READER, WRITER, Client, bearer, client_of, settings
from daemon import Daemon, Reply, assert_problem, eventually
from fakesns import TOPIC

ANN, BEN = "ann@mail.example", "ben@mail.example"
UNKNOWN = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user here"}
FAR = {"X-Forwarded-For": "192.0.2.1"}
FILES = {"/page.css": "text/css", "/page.js": "text/javascript", "/page.svg": "image/svg+xml"}
VOID = {"meta", "link", "img", "input", "br"}
HOSTILE = """'"><script>alert(1)</script><img src=x onerror=alert(2)>&lt;"""


class Page(HTMLParser):
    """What a browser makes of it, roughly. Elements must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), attributes
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str, **attributes: str) -> list[dict]:
        return [found for name, found in self.elements
                if name == tag and attributes.items() <= found.items()]

    def headings(self) -> set[str]:
        return {found["id"] for name, found in self.elements
                if name in ("h1", "h2", "h3") and "id" in found}


@pytest.fixture
def daemon(make_daemon, home) -> Daemon:
    return make_daemon(
        admin=settings(home), events={"campaign": ["tag:campaign"]},
        suppression={"guard": "on", "guard_least": "5"}).start()


@pytest.fixture
def api(daemon) -> Client:
    return client_of(daemon)


@pytest.fixture
def busy(daemon, sns) -> Daemon:
    tags = {"campaign": ["autumn-sale"]}
    daemon.accept(
        sns.feedback(ses.send("x@mail.example", ANN, BEN, "y@mail.example")),
        sns.feedback(ses.delivery(ANN)), sns.feedback(ses.complaint(ANN, feed="event", tags=tags)),
        sns.feedback(ses.bounce(BEN)), sns.notification("no json"))
    for i in range(7):
        to = ses.recipient(f"person{i}@mail.example", **UNKNOWN)
        daemon.accept(sns.feedback(ses.bounce(to)))
    return daemon


def overview(api: Client, **headers: str) -> Page:
    reply = api.ask("GET", "/", **headers)
    assert reply.status == 200, reply.text
    return Page(reply.text)


def look_up(api: Client, address: str, **headers: str) -> Reply:
    return api.ask("POST", "/why", urlencode({"address": address}).encode(), **headers)


def story(api: Client, address: str) -> Page:
    reply = look_up(api, address)
    assert reply.status == 200, reply.text
    return Page(reply.text)


# --- what it shows


def test_each_block_has_its_data(busy, api):
    page = overview(api)
    assert page.headings() >= {
        "state", "bounces-rate", "complaints-rate", "mails", "reports", "held", "diagnostics",
        "providers", "campaigns", "latest", "topics", "quarantine", "changes"}
    assert "things need your attention" in page.text
    assert "Messages in quarantine, not applied: 1; type: sesbouncectl quarantine list" in page.text
    assert "held by guard:mail.example" in page.text
    assert "550 5.1.1 no such user here" in page.text and "autumn-sale" in page.text
    assert TOPIC in page.text and "not-json" in page.text
    assert "sesbouncectl quarantine show 1" in page.text
    assert page.all("button", value=ANN, form="why")


def test_the_rates_are_those_of_stats(busy, api):
    (row,) = api.get("/v1/rates?by=all")["items"]
    page = overview(api)
    assert row["sends"] == 4 and row["hard_bounces"] == 8
    assert "in 7 days: 8 of 4 mails, above 10 %: AWS may pause your sending" in page.text
    assert "100.00 %" in page.text and "100.000 %" in page.text
    for limit in ("5 % · AWS reviews", "10 % · AWS pauses", "0.1 % · AWS reviews",
                  "0.5 % · AWS pauses"):
        assert limit in page.text
    assert {svg["role"] for svg in page.all("svg") if "aria-hidden" not in svg} == {"img"}


def test_without_sends_the_rates_are_unknown_and_what_to_type_is_there(daemon, api, sns):
    daemon.accept(sns.feedback(ses.bounce(BEN, feed="event")))
    page = overview(api)
    assert "Rates are unknown" in page.text
    assert f"SnsDestination={{TopicArn={TOPIC}}}" in page.text
    assert "bounces-rate" not in page.headings()


def test_where_all_is_well_it_says_so(daemon, api, sns):
    daemon.accept(sns.feedback(ses.delivery(ANN)), sns.feedback(ses.bounce(BEN)))
    page = overview(api)
    assert "All is well" in page.text and "attention" not in page.text
    assert page.headings().isdisjoint({"held", "quarantine"})


def test_an_alert_that_is_raised_comes_first(busy, api):
    with closing(sqlite3.connect(busy.database, timeout=10)) as db, db:
        db.execute("INSERT INTO alert (name, subject, level, since, text) VALUES"
                   " ('bounce_rate', 'x', 'pause', '2026-01-02 03:04:05.678', ?)", (HOSTILE,))
    page = overview(api)
    assert "Pause bounce_rate, since 2 Jan 2026 03:04 : '\">" in page.text
    assert len(page.all("script")) == 1
    assert page.all("section", **{"class": "state unwell"})


def test_before_anything_has_arrived_it_says_what_to_do(daemon, api):
    page = overview(api)
    assert "Waiting for the first message" in page.text
    assert f"aws sns subscribe --topic-arn {TOPIC}" in page.text
    assert "bounce@simulator.amazonses.com" in page.text
    assert page.headings() == {"state"} | {"token-title", "sure-title"}


def test_without_a_topic_that_is_the_first_step(make_daemon, home):
    make_daemon(admin=settings(home), sns={"topic": []}).start()
    page = overview(Client(home / "admin.sock"))
    assert "Allow your topic" in page.text and "No topic is allowed" in page.text


def test_the_lists_are_bounded(daemon, api, sns):
    for i in range(30):
        daemon.accept(sns.feedback(ses.bounce(f"p{i}@host{i}.example")))
    page = overview(api)
    assert len(page.all("button", form="why")) == 24
    assert "p29@host29.example" in page.text and "p1@host1.example" not in page.text
    assert "There are more: sesbouncectl suppress log" in page.text


# --- the story of an address


def test_an_address_leads_to_its_story(busy, api):
    page = story(api, ANN)
    assert f"{ANN} must not be mailed." in page.text
    assert "The recipient complained about a mail" in page.text
    (form,) = page.all("form", **{"data-path": "/v1/suppressions/remove"})
    assert "data-complaint" in form and "hidden" in form
    assert page.all("input", name="address", value=ANN, type="hidden")
    page = story(api, BEN.upper())
    (form,) = page.all("form", **{"data-path": "/v1/suppressions/remove"})
    assert "data-complaint" not in form


def test_what_is_held_and_what_is_free_can_be_decided(busy, api):
    page = story(api, "person6@mail.example")
    assert page.all("form", **{"data-path": "/v1/held/release"})
    assert page.all("button", formaction="/v1/held/drop")
    page = story(api, "free@mail.example")
    assert "may be mailed: it is not on the list" in page.text
    assert page.all("form", **{"data-path": "/v1/suppressions"})
    assert page.all("input", name="until", type="date")


def test_without_tokens_nothing_can_be_done_and_it_says_how(make_daemon, home, sns):
    daemon = make_daemon(admin={"listen": f"unix:{home}/admin.sock"}).start()
    daemon.accept(sns.feedback(ses.bounce(BEN)))
    page = story(Client(home / "admin.sock"), BEN)
    assert page.all("form", **{"class": "act card"}) == []
    assert "[admin] tokens_file" in page.text


@pytest.mark.parametrize("typed, why", [
    ("", "type an address"), ("junk", "is not a mail address"), ("a@b@c", "is not a mail address"),
    (HOSTILE, "is not a mail address"), ("ann@mail.example\0", "is not a mail address")])
def test_what_is_not_an_address_gets_a_page_that_says_so(daemon, api, typed, why):
    reply = look_up(api, typed)
    assert reply.status == 400 and reply.headers.get_content_type() == "text/html"
    assert why in Page(reply.text).text
    assert "<script>alert" not in reply.text


def test_how_forms_are_encoded(busy, api):
    for body in (b"address=ann%40mail.example", b"x=1&address=+ann@mail.example+",
                 b"address=%61nn%40mail.example&y"):
        assert ANN in Page(api.ask("POST", "/why", body).text).text
    for body in (b"address=%", b"address=%4", b"address=%zz", b"address", b"", b"&&=&"):
        assert api.ask("POST", "/why", body).status == 400


def test_no_address_is_in_a_place_that_is_kept(busy, api):
    story(api, BEN)
    page = overview(api)
    assert all(form["method"] == "post" for form in page.all("form", action="/why"))
    for tag, attributes in page.elements:
        assert "@" not in attributes.get("href", "") + attributes.get("action", ""), tag
    assert BEN not in busy.log()


# --- what strangers write


def test_nothing_that_strangers_write_is_markup(daemon, api, sns):
    tags = {"campaign": [HOSTILE], "ses:tenant-name": [HOSTILE]}
    address = '"<script>alert(1)</script>"@mail.example'
    to = ses.recipient("victim@mail.example", status="5.1.1",
                       diagnosticCode=f"smtp; 550 5.1.1 {HOSTILE} `x` type: rm; \u202e")
    daemon.accept(sns.feedback(ses.bounce(to, feed="event", tags=tags)),
                  sns.feedback(ses.bounce(address)),
                  sns.feedback(ses.complaint("<b>nobody</b>", feed="event")))
    daemon.ctl("suppress", "add", "--note", HOSTILE, "victim2@mail.example")
    pages = [overview(api), story(api, "victim@mail.example"), story(api, "victim2@mail.example")]
    for page in pages:
        assert len(page.all("script")) == 1
        assert page.all("img") == [{"src": "/page.svg", "alt": "", "width": "28", "height": "28"}]
        assert "\u202e" not in page.source
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
    assert HOSTILE in pages[0].text.replace("\ufffd", "")
    assert address in [button["value"] for button in pages[0].all("button", form="why")]


# --- what a browser may do with it


def test_it_needs_nothing_from_elsewhere_and_nothing_inline(busy, api):
    for page in (overview(api), story(api, ANN)):
        for tag, attributes in page.elements:
            assert "style" not in attributes and tag != "style", (tag, attributes)
            for name in ("src", "href", "action", "formaction", "data-path"):
                target = attributes.get(name, "/")
                assert re.fullmatch(r"/[\w./]*|#main", target), (tag, target)
        assert [script.get("src") for script in page.all("script")] == ["/page.js"]
        ids = [found["id"] for _, found in page.elements if "id" in found]
        assert len(ids) == len(set(ids))
    for path in FILES:
        text = api.ask("GET", path).text.replace("http://www.w3.org/2000/svg", "")
        assert "//" not in re.sub(r"(?<!\S)// .*", "", text), path


def assert_protected(reply: Reply) -> None:
    policy = dict(part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; "))
    assert policy.pop("default-src") == policy.pop("base-uri") == "'none'"
    assert policy.pop("frame-ancestors") == "'none'"
    assert set(policy.values()) == {"'self'"}
    assert set(policy) == {"script-src", "style-src", "img-src", "connect-src", "form-action"}
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Set-Cookie"] is None
    assert reply.headers["Access-Control-Allow-Origin"] is None


def test_the_headers_of_every_page(busy, api):
    for reply in (api.ask("GET", "/"), look_up(api, ANN), look_up(api, "junk"),
                  api.ask("GET", "/", **FAR), api.ask("POST", "/", b"")):
        if reply.status == 405:
            continue
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert_protected(reply)


@pytest.mark.parametrize("path", FILES)
def test_the_files_are_for_everybody(daemon, api, path):
    for headers in ({}, FAR, bearer("wrong") | FAR):
        reply = api.ask("GET", path, **headers)
        assert reply.status == 200 and reply.headers.get_content_type() == FILES[path]
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert_problem(api.ask("GET", path, **{"Host": "evil.example"}), 421)
    assert_problem(api.ask("POST", path, b""), 405)


# --- who gets it


@pytest.mark.parametrize("method, path", [("GET", "/"), ("POST", "/why")])
def test_from_elsewhere_it_takes_a_token(busy, api, method, path):
    body = urlencode({"address": ANN}).encode() if method == "POST" else None
    for headers in (FAR, FAR | bearer("wrong"), FAR | {"Cookie": f"token={WRITER}"},
                    {"Forwarded": "for=192.0.2.1"}):
        reply = api.ask(method, path, body, **headers)
        assert reply.status == 401 and reply.headers["WWW-Authenticate"] == "Bearer"
        page = Page(reply.text)
        assert page.all("form", id="sign-in") and "hidden" in page.all("form")[0]
        assert "ssh -L" in page.text
        assert "mail.example" not in reply.text and TOPIC not in reply.text
    for token in (READER, WRITER):
        reply = api.ask(method, path, body, **(FAR | bearer(token)))
        assert reply.status == 200 and ANN in reply.text


def test_other_names_and_methods_are_refused(daemon, api):
    reply = api.ask("GET", "/", **{"Host": "evil.example"})
    assert reply.status == 421 and "host = NAME" in Page(reply.text).text
    assert_problem(api.ask("GET", "/why"), 405)
    assert_problem(api.ask("POST", "/", b"x"), 405)
    assert_problem(api.ask("GET", "/other", **FAR), 401)
    assert_problem(api.ask("GET", "/other"), 404)
    assert_problem(api.ask("GET", "/page.css/x"), 404)
    assert api.ask("GET", "/?a=1").status == 400
    assert look_up(api, "x" * 9000).status == 413


def test_without_a_database_it_says_so(busy, api):
    overview(api)
    busy.database.unlink()
    eventually(lambda: api.ask("GET", "/").status == 503)
    reply = api.ask("GET", "/")
    assert "No answer now" in Page(reply.text).text
    assert_protected(reply)
