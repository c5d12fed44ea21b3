"""The views are the interface: every name of CONTRACT.md is there, filled as promised."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3

import pytest

import ses
from fakesns import now

SUPPRESSED = """address, scope, reason, detail, since, until, last_event_at, event_count,
    first_event_at, origin, actor, note"""
EVENTS = """id, type, class, cause, address, address_seen, domain, scope, occurred_at, sent_at,
    received_at, bounce_type, bounce_subtype, complaint_subtype, feedback_type, candidates,
    status, action, diagnostic, reporting_mta, remote_mta_ip, user_agent, feedback_id,
    ses_message_id, source, from_domain, identity, account_id, region, configuration_set,
    tenant, campaign, tags, destination_count, source_ip, is_simulator, topic_arn,
    sns_message_id, rule, subject, message_id_header"""
VIEWS = {
    "suppressed": SUPPRESSED,
    "events": EVENTS,
    "bounces": EVENTS,
    "complaints": EVENTS,
    "quarantine": "id, received_at, topic_arn, sns_message_id, reason, body",
    "topics": """topic_arn, account_id, region, state, subscription_arn, since,
        last_message_at, messages""",
    "daily": """day, sends, deliveries, hard_bounces, soft_bounces, complaints, rejects,
        list_hits, bounce_rate, complaint_rate""",
    "hourly": """hour, account_id, region, identity, configuration_set, provider, scope, sends,
        deliveries, hard_bounces, soft_bounces, complaints, rejects, list_hits""",
    "leaks": """address, scope, suppressed_since, sent_at, identity, configuration_set,
        source_ip, campaign, ses_message_id""",
    "unsubscribes": "address, scope, contact_list, occurred_at, event_id",
}
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


@pytest.fixture
def filled(daemon, sns):
    """A daemon with at least one row in every view."""
    daemon.accept(
        sns.feedback(ses.bounce("ann@mail.example", feed="event")),
        sns.feedback(ses.bounce("ben@mail.example", kind="Transient", subtype="MailboxFull")),
        sns.feedback(ses.bounce("bounce@simulator.amazonses.com")),
        sns.feedback(ses.complaint("cyd@mail.example", "dan@mail.example")),
        sns.feedback(ses.reject("eve@mail.example")),
        sns.feedback(ses.send("fay@mail.example")),
        sns.notification("no json"),
        sns.feedback(ses.delivery("ann@mail.example", sent=now() + dt.timedelta(seconds=9))),
        sns.feedback(ses.subscription("gus@mail.example")),
    )
    return daemon


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_the_columns_of_the_contract(filled, view):
    rows = filled.rows(f"SELECT * FROM {view}")
    assert rows, "an empty view would prove nothing"
    names = re.split(r",\s*", VIEWS[view].strip())
    assert [name for name in names if name not in rows[0]] == []


@pytest.mark.parametrize("view", VIEWS)
def test_times_are_text_in_one_form(filled, view):
    names = [n for n in re.split(r",\s*", VIEWS[view].strip()) if n.endswith("_at")]
    names += [n for n in ("since", "until") if n in VIEWS[view].split(", ")]
    for row in filled.rows(f"SELECT * FROM {view}"):
        for name in names:
            assert row[name] is None or TIME.fullmatch(row[name]), (name, row[name])


@pytest.mark.parametrize("view", VIEWS)
def test_absent_is_null_and_never_empty(filled, view):
    for row in filled.rows(f"SELECT * FROM {view}"):
        assert [name for name, value in row.items() if value == ""] == []


def test_bounces_and_complaints_are_the_events_of_their_type(filled):
    for view, word in (("bounces", "Bounce"), ("complaints", "Complaint")):
        of_view = filled.rows(f"SELECT * FROM {view} ORDER BY id")
        assert of_view == [row for row in filled.events() if row["type"] == word]


def test_daily_has_counts_of_recipients_and_of_complaints_whatever_their_candidates(filled):
    (day,) = filled.rows("SELECT * FROM daily")
    assert day["day"] == now().strftime("%Y-%m-%d")
    counts = {name: day[name] for name in day if name not in ("day",) and "rate" not in name}
    expected = {"sends": 1, "hard_bounces": 1, "soft_bounces": 1, "complaints": 1, "rejects": 1}
    assert {name: counts[name] for name in expected} == expected
    assert counts["list_hits"] == 0 and counts["deliveries"] == 1
    assert isinstance(day["bounce_rate"], float)


def test_an_expired_entry_is_not_in_the_view(filled):
    for entry in filled.rows("SELECT until FROM suppressed"):
        assert entry["until"] is None or entry["until"] > now().strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize("column", ["address", "ADDRESS"])
@pytest.mark.parametrize("view", ["suppressed", "events"])
def test_a_look_up_by_address_uses_an_index(filled, view, column):
    plan = filled.rows(f"EXPLAIN QUERY PLAN SELECT * FROM {view} WHERE {column} = 'A@x.example'")
    details = " / ".join(row["detail"] for row in plan)
    assert "SEARCH" in details and "address" in details.lower(), details


def test_an_incremental_read_by_id_uses_the_key(filled):
    plan = filled.rows("EXPLAIN QUERY PLAN SELECT * FROM events WHERE id > 5")
    assert any("SEARCH" in row["detail"] for row in plan), plan


def test_a_reader_without_any_of_our_settings_can_query(filled):
    db = sqlite3.connect(filled.database)
    for view in VIEWS:
        assert db.execute(f"SELECT count(*) FROM {view}").fetchone()[0] > 0
    db.close()


def test_the_journal_of_our_settings_is_kept(filled):
    db = sqlite3.connect(filled.database)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA page_size").fetchone() == (8192,)
    db.close()
