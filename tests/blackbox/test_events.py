"""From an SES message to rows: recipients, both feeds, keeping, counting, duplicates."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest

import ses
from fakesns import TOPIC, now, stamp

ALL = {"keep": ["*"], "count": [], "ignore": []}
BOTH_FEEDS = pytest.mark.parametrize("feed", ["notification", "event"])


# --- what is written


@BOTH_FEEDS
def test_a_bounce_becomes_one_row_with_all_its_facts(daemon, sns, feed):
    recipient = ses.failed("Ann.Lee@Mail.Example", "5.1.1", "smtp; 550 5.1.1 no such user")
    event = ses.bounce(recipient, feed=feed, destination=["Ann.Lee@Mail.Example", "b@x.example"])
    envelope = sns.feedback(event)
    daemon.accept(envelope)
    (row,) = daemon.events()
    expected = {
        "type": "Bounce",
        "class": "hard",
        "cause": "unknown-user",
        "address": "ann.lee@mail.example",
        "address_seen": "Ann.Lee@mail.example",
        "domain": "mail.example",
        "scope": "*",
        "bounce_type": "Permanent",
        "bounce_subtype": "General",
        "complaint_subtype": None,
        "feedback_type": None,
        "candidates": None,
        "status": "5.1.1",
        "action": "failed",
        "diagnostic": "smtp; 550 5.1.1 no such user",
        "remote_mta_ip": "198.51.100.25",
        "user_agent": None,
        "feedback_id": event["bounce"]["feedbackId"],
        "ses_message_id": event["mail"]["messageId"],
        "source": ses.SENDER,
        "from_domain": ses.SENDER_DOMAIN,
        "identity": ses.SENDER_DOMAIN,
        "account_id": ses.ACCOUNT,
        "region": "us-east-1",
        "configuration_set": "newsletter" if feed == "event" else None,
        "tenant": None,
        "campaign": None,
        "destination_count": 2,
        "source_ip": "192.0.2.7",
        "is_simulator": 0,
        "topic_arn": TOPIC,
        "sns_message_id": envelope["MessageId"],
    }
    assert {key: row[key] for key in expected} == expected
    assert row["reporting_mta"].endswith("a8-70.smtp-out.amazonses.com")
    assert (json.loads(row["tags"]) if row["tags"] else None) == event["mail"].get("tags")


@BOTH_FEEDS
def test_a_complaint_becomes_one_row_with_all_its_facts(daemon, sns, feed):
    event = ses.complaint("ann@mail.example", feed=feed)
    daemon.accept(sns.feedback(event))
    (row,) = daemon.events()
    expected = {
        "type": "Complaint",
        "class": "complaint",
        "feedback_type": "abuse",
        "complaint_subtype": None,
        "candidates": 1,
        "bounce_type": None,
        "user_agent": "ExampleCorp Feedback Loop (V0.01)",
        "feedback_id": event["complaint"]["feedbackId"],
    }
    assert {key: row[key] for key in expected} == expected


def test_times_are_sqlites_own_text_in_utc(daemon, sns):
    sent = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.timezone.utc)
    occurred = now() - dt.timedelta(minutes=5)
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example", sent=sent), at=occurred))
    (row,) = daemon.events()
    assert row["sent_at"] == "2026-01-02 03:04:05.678"
    assert row["occurred_at"] == stamp(occurred).replace("T", " ").rstrip("Z")
    recent = "SELECT count(*) FROM events WHERE received_at > datetime('now', '-1 minute')"
    assert daemon.value(recent) == 1
    assert daemon.value("SELECT count(*) FROM events WHERE occurred_at < datetime('now')") == 1


ONE_OF_EACH = {
    "Bounce": ses.bounce,
    "Complaint": ses.complaint,
    "Delivery": ses.delivery,
    "Send": ses.send,
    "Reject": ses.reject,
    "Open": ses.opened,
    "Click": ses.click,
    "Rendering Failure": ses.rendering_failure,
    "DeliveryDelay": ses.delivery_delay,
    "Subscription": ses.subscription,
}


def test_keep_star_keeps_a_row_of_every_type(make_daemon, sns):
    daemon = make_daemon(events=ALL).start()
    for build in ONE_OF_EACH.values():
        daemon.accept(sns.feedback(build("ann@mail.example")))
    rows = daemon.events()
    assert [row["type"] for row in rows] == list(ONE_OF_EACH)
    assert {row["address"] for row in rows} == {"ann@mail.example"}


def test_keep_star_alone_keeps_a_row_of_every_type(make_daemon, sns):
    daemon = make_daemon(events={"keep": ["*"]}).start()
    for build in ONE_OF_EACH.values():
        daemon.accept(sns.feedback(build("ann@mail.example")))
    assert [row["type"] for row in daemon.events()] == list(ONE_OF_EACH)


def test_a_type_in_another_case_is_that_type(daemon, sns):
    event = ses.bounce("ann@mail.example")
    event["notificationType"] = "bounce"
    event["bounce"]["bounceType"] = "permanent"
    daemon.accept(sns.feedback(event))
    assert [row["type"] for row in daemon.events()] == ["Bounce"]
    assert daemon.value("SELECT count(*) FROM bounces WHERE bounce_type = 'Permanent'") == 1
    assert daemon.suppressed() == ["ann@mail.example"]


def test_a_replay_of_an_ignored_message_counts_once(daemon, sns):
    envelope = sns.feedback(ses.opened("ann@mail.example"))
    daemon.accept(envelope, envelope, envelope)
    assert daemon.column("SELECT n FROM type_count WHERE type = 'Open'") == [1]


def test_only_bounces_and_complaints_suppress(make_daemon, sns):
    daemon = make_daemon(events=ALL).start()
    for i, build in enumerate(ONE_OF_EACH.values()):
        daemon.accept(sns.feedback(build(f"a{i}@mail.example")))
    assert daemon.suppressed() == ["a0@mail.example", "a1@mail.example"]


# --- keep, count, ignore


def test_by_default_sends_and_deliveries_are_only_counted(daemon, sns):
    daemon.accept(
        sns.feedback(ses.send("a@x.example", "b@x.example")),
        sns.feedback(ses.delivery("a@x.example", "b@x.example")),
        sns.feedback(ses.opened("a@x.example")),
        sns.feedback(ses.click("a@x.example")),
    )
    assert daemon.events() == []
    (day,) = daemon.rows("SELECT * FROM daily")
    assert (day["sends"], day["deliveries"]) == (2, 2)


def test_a_counted_message_is_counted_once(daemon, sns):
    envelope = sns.feedback(ses.send("a@x.example"))
    daemon.accept(envelope, envelope)
    daemon.restart()
    daemon.accept(envelope)
    assert daemon.value("SELECT sum(sends) FROM daily") == 1


def test_a_delivery_told_by_both_feeds_is_counted_once(daemon, sns):
    at, message_id = now(), ses.ses_id()
    for feed in ("notification", "event"):
        event = ses.delivery("a@x.example", feed=feed, message_id=message_id, at=at)
        daemon.accept(sns.feedback(event))
    assert daemon.value("SELECT sum(deliveries) FROM daily") == 1


def test_a_mail_that_is_reported_without_end_takes_no_room_without_end(daemon, sns):
    message_id, at = ses.ses_id(), now()
    for _ in range(25):
        report = ses.bounce("ann@evil.example", message_id=message_id, at=at)
        daemon.accept(sns.feedback(report))
    assert len(daemon.events()) == 20
    assert daemon.value("SELECT count(*) FROM body") == 20
    assert daemon.value("SELECT sum(hard_bounces) FROM daily") == 1
    assert daemon.value("SELECT event_count FROM suppressed") == 25
    daemon.accept(sns.feedback(report))  # the last one through another SNS message
    assert daemon.value("SELECT event_count FROM suppressed") == 25
    assert ["repeats_last_day", 5] in [
        [row["name"], row.get("value")] for row in daemon.ctl("-o", "json", "status").json()
    ]


def test_a_mail_that_names_somebody_else_each_time_takes_no_room_without_end(daemon, sns):
    message_id = ses.ses_id()
    for i in range(30):
        report = ses.bounce(
            f"x{i}@nowhere.example",
            f"x{i}@simulator.amazonses.com",
            destination=["ann@evil.example"],
            message_id=message_id,
        )
        daemon.accept(sns.feedback(report))
    assert daemon.value("SELECT count(*) FROM events") == 20
    assert daemon.value("SELECT count(*) FROM body") == 10
    assert daemon.value("SELECT count(*) FROM suppressed") == 0


def test_what_made_an_entry_is_found_however_much_was_reported_before(daemon, sns):
    message_id, victim = ses.ses_id(), "victim@corp.example"
    mail = {"destination": [victim, "e@evil.example"], "message_id": message_id}
    for _ in range(22):
        empty = ses.bounce(victim, kind="Transient", subtype="General", **mail)
        daemon.accept(sns.feedback(empty))
    daemon.accept(sns.feedback(ses.bounce(victim, **mail)))
    assert daemon.value("SELECT count(*) FROM bounces WHERE rule = 'permanent-general'") == 1
    assert daemon.value("SELECT count(*) FROM body") == 21
    assert "permanent-general" in daemon.ctl("why", victim).out


def test_a_type_named_outright_goes_before_the_star(make_daemon, sns):
    settings = {"keep": ["*"], "count": ["Send"], "ignore": ["Open"]}
    daemon = make_daemon(events=settings).start()
    for build in (ses.send, ses.opened, ses.click, ses.delivery):
        daemon.accept(sns.feedback(build("a@x.example")))
    assert [row["type"] for row in daemon.events()] == ["Click", "Delivery"]


def test_an_ignored_bounce_suppresses_nobody(make_daemon, sns):
    settings = {"keep": ["Complaint"], "count": [], "ignore": ["Bounce"]}
    daemon = make_daemon(events=settings).start()
    daemon.accept(sns.feedback(ses.bounce("a@x.example")))
    assert daemon.events() == [] and daemon.suppressed() == []


def test_ids_grow_in_the_order_of_commits(daemon, sns):
    for i in range(20):
        daemon.accept(sns.feedback(ses.bounce(f"a{i}@x.example")))
    rows = daemon.events()
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows})
    assert [row["address"] for row in rows] == [f"a{i}@x.example" for i in range(20)]


# --- duplicates


def test_a_retry_is_one_row_even_after_a_restart(daemon, sns):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    daemon.accept(envelope, envelope)
    daemon.restart()
    daemon.accept(envelope)
    assert len(daemon.events()) == 1


def test_the_same_event_through_another_topic_is_one_row(make_daemon, sns):
    other = TOPIC + "-2"
    daemon = make_daemon(sns={"topic": [TOPIC, other]}).start()
    event = ses.bounce("ann@mail.example")
    daemon.accept(sns.feedback(event), sns.feedback(event, topic=other))
    assert len(daemon.events()) == 1


def test_two_bounces_of_one_address_are_two_rows_and_one_entry(daemon, sns):
    daemon.accept(*[sns.feedback(ses.bounce("ann@mail.example")) for _ in range(2)])
    assert len(daemon.events()) == 2
    (entry,) = daemon.rows("SELECT * FROM suppressed")
    assert (entry["address"], entry["event_count"]) == ("ann@mail.example", 2)


def test_another_recipient_under_the_same_feedback_id_is_another_row(daemon, sns):
    feedback_id, message_id = ses.ses_id(), ses.ses_id()
    for address in ("a@x.example", "b@x.example"):
        event = ses.bounce(address, feedback_id=feedback_id, message_id=message_id)
        daemon.accept(sns.feedback(event))
    assert daemon.suppressed() == ["a@x.example", "b@x.example"]


def test_one_sns_id_cannot_carry_two_messages(daemon, sns):
    """SNS keeps id and time over retries; what differs in time is another message."""
    same = str(uuid.uuid4())
    first = sns.feedback(ses.bounce("a@x.example"), message_id=same)
    second = sns.feedback(
        ses.bounce("b@x.example"), message_id=same, at=now() - dt.timedelta(minutes=1)
    )
    daemon.accept(first, second)
    assert daemon.suppressed() == ["a@x.example", "b@x.example"]


# --- addresses


@pytest.mark.parametrize(
    "seen, address",
    [
        ("John <John@X.example>", "john@x.example"),
        ("  john@x.example ", "john@x.example"),
        ("JOHN@X.EXAMPLE", "john@x.example"),
        ('"john doe"@x.example', '"john doe"@x.example'),
        ("a+label@x.example", "a+label@x.example"),
        ("test..me@x.example", "test..me@x.example"),
        ("o'hara@x.example", "o'hara@x.example"),
        ("ann@b\u00fccher.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_addresses_are_made_comparable(daemon, sns, seen, address):
    daemon.accept(sns.feedback(ses.bounce(seen)))
    assert daemon.suppressed() == [address]
    assert daemon.column("SELECT domain FROM events") == [address.rpartition("@")[2]]


def test_a_look_up_by_address_is_blind_to_case(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    query = "SELECT count(*) FROM suppressed WHERE address = 'ANN@Mail.Example'"
    assert daemon.value(query) == 1


def test_one_recipient_named_twice_is_one_row(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example", "Ann@MAIL.example")))
    assert len(daemon.events()) == 1


def test_texts_from_outside_may_hold_anything(daemon, sns):
    nasty = "smtp; 550 'quoted' \"twice\"; DROP TABLE events; --\n\0 \U0001f600"
    recipient = ses.failed("ann@mail.example", "5.1.1", nasty)
    daemon.accept(sns.feedback(ses.bounce(recipient)))
    (row,) = daemon.events()
    assert row["diagnostic"] == nasty.replace("\0", "\ufffd")


# --- campaign, tags, simulator


def test_the_campaign_comes_from_the_first_setting_that_is_present(make_daemon, sns):
    campaign = ["tag:campaign", "header:X-Campaign"]
    daemon = make_daemon(events={"campaign": campaign}).start()
    header = [{"name": "x-campaign", "value": "by-header"}]
    tags = {"campaign": ["by-tag"]}
    daemon.accept(
        sns.feedback(ses.bounce("a@x.example", feed="event", tags=tags, headers=header)),
        sns.feedback(ses.bounce("b@x.example", feed="event", headers=header)),
        sns.feedback(ses.bounce("c@x.example", feed="event")),
    )
    assert [row["campaign"] for row in daemon.events()] == ["by-tag", "by-header", None]


def test_simulator_addresses_are_marked_and_listed_for_a_day(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("bounce@simulator.amazonses.com")))
    (row,) = daemon.events()
    assert row["is_simulator"] == 1
    (entry,) = daemon.rows(
        "SELECT detail, (julianday(until) - julianday(since)) AS days FROM suppressed"
    )
    assert entry["detail"] == "Permanent/General (simulator)"
    assert entry["days"] == pytest.approx(1, abs=0.01)


def test_simulator_addresses_stay_out_of_the_rates(daemon, sns):
    daemon.accept(
        sns.feedback(ses.bounce("bounce@simulator.amazonses.com")),
        sns.feedback(ses.complaint("complaint@simulator.amazonses.com")),
        sns.feedback(ses.bounce("ann@mail.example")),
    )
    totals = "SELECT sum(hard_bounces) AS hard, sum(complaints) AS complaints FROM daily"
    assert daemon.rows(totals) == [{"hard": 1, "complaints": 0}]


def test_rates_are_fractions_and_null_without_sends(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    assert daemon.column("SELECT bounce_rate FROM daily") == [None]
    daemon.accept(*[sns.feedback(ses.send(f"s{i}@x.example")) for i in range(4)])
    assert daemon.column("SELECT bounce_rate FROM daily") == [0.25]
    assert daemon.column("SELECT complaint_rate FROM daily") in ([0.0], [0])
