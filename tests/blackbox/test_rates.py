"""Rates that say what they are: by `stats` and by GET /v1/rates; and GET /v1/status."""

from __future__ import annotations

import datetime as dt
import json
import select
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

import ses
from daemon import Daemon, Reply, UnixConnection, assert_problem
from fakesns import TOPIC, now

COUNTERS = {"sends", "deliveries", "hard_bounces", "soft_bounces", "complaints", "rejects",
            "list_hits"}
RATES = {"bounce_rate", "complaint_rate", "reporting_complaint_rate", "unseen_share", "unknown"}


def get(home: Path, path: str) -> Reply:
    connection = UnixConnection(home / "admin.sock")
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return Reply(reply.status, reply.headers, reply.read())
    finally:
        connection.close()


def rates(home: Path, query: str = "") -> dict:
    reply = get(home, f"/v1/rates{query}")
    assert reply.status == 200, reply.text
    assert reply.headers.get_content_type() == "application/json"
    return json.loads(reply.text)


@pytest.fixture
def daemon(make_daemon, home) -> Daemon:
    return make_daemon(admin={"listen": f"unix:{home}/admin.sock"}).start()


@pytest.fixture
def gmail(daemon, sns) -> Daemon:
    """Of twelve deliveries nine go to a provider whose complaints nobody sees."""
    for i in range(9):
        daemon.accept(sns.feedback(ses.delivery(f"p{i}@gmail.example", feed="event")))
    for i in range(3):
        daemon.accept(sns.feedback(ses.delivery(f"p{i}@yahoo.example", feed="event")))
    daemon.accept(sns.feedback(ses.complaint("p1@yahoo.example", feed="event")))
    return daemon


def test_complaints_are_also_shown_of_the_mail_whose_complaints_can_be_seen(gmail, home):
    answer = rates(home)
    assert set(answer) == {"since", "by", "total", "items", "more", "advice"}
    (day,) = answer["items"]
    assert set(day) == {"day"} | COUNTERS | RATES
    assert answer["by"] == "day" and day["day"] == now().strftime("%Y-%m-%d")
    for row in (day, answer["total"]):
        assert row["complaint_rate"] == pytest.approx(1 / 12)
        assert row["reporting_complaint_rate"] == pytest.approx(1 / 3)
        assert row["unseen_share"] == pytest.approx(0.75)
        assert row["unknown"] is None
    assert answer["total"]["days"] == 1
    assert answer["advice"] is None and answer["more"] is False


def test_a_provider_that_has_ever_complained_is_seen_from_then_on(gmail, home, sns):
    gmail.accept(sns.feedback(ses.complaint("p1@gmail.example")))
    total = rates(home)["total"]
    assert total["reporting_complaint_rate"] == pytest.approx(2 / 12)
    assert total["unseen_share"] == 0
    by = {row["domain"]: row for row in rates(home, "?by=domain")["items"]}
    assert by["gmail.example"]["reporting_complaint_rate"] == pytest.approx(1 / 9)


def test_where_only_sends_arrive_the_rates_are_of_sends(daemon, home, sns):
    for i in range(4):
        daemon.accept(sns.feedback(ses.send(f"p{i}@gmail.example", f"p{i}@yahoo.example")))
    daemon.accept(sns.feedback(ses.complaint("p1@yahoo.example", feed="event")))
    total = rates(home)["total"]
    assert total["complaint_rate"] == pytest.approx(1 / 8)
    assert total["reporting_complaint_rate"] == pytest.approx(1 / 4)
    assert total["unseen_share"] == pytest.approx(0.5)


def test_a_provider_that_never_complained_has_no_rate_of_its_own(gmail, home):
    by = {row["domain"]: row for row in rates(home, "?by=domain")["items"]}
    assert by["gmail.example"]["complaint_rate"] == 0
    assert by["gmail.example"]["reporting_complaint_rate"] is None
    assert by["gmail.example"]["unseen_share"] == 1
    assert by["yahoo.example"]["reporting_complaint_rate"] == pytest.approx(1 / 3)
    assert by["yahoo.example"]["unseen_share"] == 0


@pytest.mark.parametrize("by", ["day", "all", "domain", "identity", "configuration_set", "scope",
                                "campaign", "tenant"])
def test_stats_and_the_api_say_the_same(gmail, home, by):
    result = gmail.ctl("-o", "json", "stats", "--by", by)
    assert result.code == 0
    assert rates(home, f"?by={by}")["items"] == result.json()


def test_the_table_ends_with_all_days(make_daemon, sns):
    daemon = make_daemon(sns={"max_age": "0", "topic": [TOPIC], "endpoint": sns.origin,
                              "ca_file": str(sns.authority.ca_file)}).start()
    for days in (0, 1, 2):
        at = now() - dt.timedelta(days=days)
        daemon.accept(sns.feedback(ses.delivery("ann@gmail.example", sent=at), at=at),
                      sns.feedback(ses.delivery("ann@yahoo.example", sent=at), at=at))
        if days == 0:
            assert "all days" not in daemon.ctl("stats").out, "one day is all"
    daemon.accept(sns.feedback(ses.complaint("ann@yahoo.example")))
    lines = daemon.ctl("stats").out.splitlines()
    assert len(lines) == 1 + 3 + 1
    assert lines[-1].startswith("all days")
    assert all(word in lines[-1] for word in (" 16.667 %", " 33.333 %", " 50 %"))


def test_an_unknown_rate_has_a_reason_and_a_remedy(daemon, home, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example", feed="event")))
    for query in ("", "?by=identity", "?by=configuration_set", "?by=domain", "?by=scope"):
        answer = rates(home, query)
        (row,) = answer["items"]
        assert row["bounce_rate"] is row["complaint_rate"] is None
        assert row["unknown"] == "no-sends"
        assert "aws sesv2 create-configuration-set-event-destination" in answer["advice"]
        assert f"TopicArn={TOPIC}" in answer["advice"]
    (row,) = rates(home, "?by=all")["items"]
    assert row["unknown"] == "no-sends"


def test_a_tenants_rate_is_unknown_for_another_reason(daemon, home, sns):
    tags = {"ses:tenant-name": ["acme"]}
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example", feed="event", tags=tags)))
    answer = rates(home, "?by=tenant")
    (row,) = answer["items"]
    assert (row["tenant"], row["unknown"]) == ("acme", "not-kept")
    assert "scope_by = tenant" in answer["advice"]


def test_a_tenant_that_is_a_scope_has_rates(make_daemon, home, sns):
    daemon = make_daemon(admin={"listen": f"unix:{home}/admin.sock"},
                         suppression={"scope_by": "tenant"}).start()
    tags = {"ses:tenant-name": ["acme"]}
    daemon.accept(
        sns.feedback(ses.send("ann@mail.example", "bob@mail.example", tags=tags)),
        sns.feedback(ses.bounce("ann@mail.example", feed="event", tags=tags)))
    (row,) = rates(home, "?by=scope")["items"]
    assert row["scope"] == "tenant:acme" and row["bounce_rate"] == pytest.approx(0.5)


def test_since_and_limit_select(gmail, home):
    assert rates(home, "?since=2d")["since"] == (
        now() - dt.timedelta(days=2)).strftime("%Y-%m-%dT00:00:00.000Z")
    tomorrow = (now() + dt.timedelta(days=1)).strftime("%Y-%m-%d")
    answer = rates(home, f"?since={tomorrow}")
    assert answer["items"] == [] and answer["total"]["days"] == 0
    answer = rates(home, "?by=domain&limit=1")
    assert [row["domain"] for row in answer["items"]] == ["yahoo.example"]
    assert answer["more"] is True


def test_nobody_waits_for_a_report(daemon, home):
    """A quarter of a million counters take a while; a look-up does not wait for them."""
    hour = int(time.time()) // 3600
    with closing(sqlite3.connect(daemon.database, timeout=10)) as db, db:
        db.execute("INSERT INTO dimension VALUES (1, '', '', '', '', '*')")
        db.executemany("INSERT INTO hour_count VALUES (?, 1, ?, 1, 1)",
                       ((hour - h, f"p{p}.example") for h in range(500) for p in range(500)))
    report = UnixConnection(home / "admin.sock")
    report.request("GET", "/v1/rates?by=domain")
    assert get(home, "/healthz").status == 200  # behind it: the report has been lent
    assert get(home, "/v1/suppressions").status == 200
    assert not select.select([report.sock], [], [], 0)[0], "the report was not over before"
    assert len(json.loads(report.getresponse().read())["items"]) == 500
    report.close()


@pytest.mark.parametrize("query", ["?by=colour", "?since=never", "?limit=0", "?days=3"])
def test_what_it_does_not_know_is_a_problem(daemon, home, query):
    assert_problem(get(home, f"/v1/rates{query}"), 400)


# --- status


def status(home: Path) -> dict:
    reply = get(home, "/v1/status")
    assert reply.status == 200, reply.text
    return json.loads(reply.text)


def test_status_over_the_api_is_that_of_sesbouncectl(gmail, home, sns):
    gmail.accept(sns.notification("no json"))
    answer = status(home)
    printed = gmail.ctl("-o", "json", "status").json()
    # What changes between the two, and how a command begins.
    moving = ("bytes", "age")

    def still(rows: list[dict]) -> list:
        return [{name: value for name, value in row.items() if "age_seconds" not in name}
                for row in rows
                if row["name"] != "attention" and not row["name"].endswith(moving)]

    assert still(answer["items"]) == still(printed)
    needed = [row["value"] for row in answer["items"] if row["name"] == "attention"]
    assert answer["attention"] == len(needed) == 1
    assert needed[0].endswith("; type: sesbouncectl quarantine list")


def test_status_over_the_api_says_how_the_daemon_is(daemon, home):
    rows = {row["name"]: row["value"] for row in status(home)["items"]}
    assert rows["daemon"] == "running, and storing messages"
    assert "tls_certificate_days_left" not in rows
    assert status(home)["attention"] == 1 and rows["attention"].startswith("nothing has arrived")
