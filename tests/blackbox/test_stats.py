"""Counts by hour, rates by whom they concern, and the life of one mail."""

from __future__ import annotations

import datetime as dt
import re

import pytest

import ses
from fakesns import TOPIC, now

COUNTERS = ("sends", "deliveries", "hard_bounces", "soft_bounces", "complaints", "rejects",
            "list_hits")


def sums(daemon, view: str) -> dict:
    columns = ", ".join(f"sum({name}) AS {name}" for name in COUNTERS)
    (row,) = daemon.rows(f"SELECT {columns} FROM {view}")
    return row


def stats(daemon, *words: str) -> list[dict]:
    result = daemon.ctl("-o", "json", "stats", *words)
    assert result.code == 0, result.err
    return result.json()


@pytest.fixture
def busy(daemon, sns):
    """A provider where half of the mail bounces, among others."""
    for i in range(10):
        daemon.accept(sns.feedback(ses.send(f"p{i}@good.example", f"p{i}@bad.example")))
        daemon.accept(sns.feedback(ses.delivery(f"p{i}@good.example", feed="event")))
    for i in range(5):
        daemon.accept(sns.feedback(ses.bounce(f"p{i}@bad.example", feed="event")))
    daemon.accept(
        sns.feedback(ses.bounce("p6@bad.example", kind="Transient", subtype="MailboxFull",
                                feed="event")),
        sns.feedback(ses.complaint("p1@good.example", feed="event",
                                   tags={"campaign": ["spring"]})),
        sns.feedback(ses.reject("p2@good.example")),
        sns.feedback(ses.bounce("p3@good.example", subtype="OnAccountSuppressionList",
                                feed="event")),
        sns.feedback(ses.bounce("bounce@simulator.amazonses.com", feed="event")),
    )
    return daemon


def test_hourly_agrees_with_daily(busy, sns):
    """Also for what is reported twice, by two feeds, and again and again."""
    id = ses.ses_id()
    for i in range(25):
        busy.accept(sns.feedback(ses.bounce("rex@bad.example", message_id=id)))
    twice = ses.bounce("twice@bad.example")
    busy.accept(sns.feedback(twice), sns.feedback(twice))
    assert sums(busy, "hourly") == sums(busy, "daily")
    assert sums(busy, "hourly") == {"sends": 20, "deliveries": 10, "hard_bounces": 7,
                                    "soft_bounces": 1, "complaints": 1, "rejects": 1,
                                    "list_hits": 1}
    assert busy.value("SELECT count(*) FROM hourly WHERE provider LIKE '%simulator%'") == 0


def test_a_row_of_hourly_says_who_sent_what_to_whom(busy):
    (row,) = busy.rows("SELECT * FROM hourly WHERE provider = 'bad.example'"
                       " AND configuration_set = 'newsletter'")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:00:00\.000", row["hour"])
    assert row["account_id"] == ses.ACCOUNT and row["region"] == "us-east-1"
    assert row["identity"] == ses.SENDER_DOMAIN and row["scope"] == "*"
    assert row["sends"] == 10 and row["hard_bounces"] == 5


def test_complaint_20_a_rate_of_twenty_percent_is_seen_on_the_first_day(busy):
    """Nobody noticed 20 % bounces until AWS did (plunk#259)."""
    (today,) = stats(busy, "--days", "1")
    assert today["day"] == now().strftime("%Y-%m-%d")
    assert today["bounce_rate"] == pytest.approx(0.25)
    worst = stats(busy, "--by", "domain")[0]
    assert worst["domain"] == "bad.example" and worst["bounce_rate"] == pytest.approx(0.5)
    shown = busy.ctl("stats", "--by", "domain")
    (line,) = [line for line in shown.out.splitlines() if line.startswith("bad.example")]
    assert "50.00 %" in line and "█" * 20 in line
    assert shown.err == ""


def test_complaint_21_the_simulator_is_in_no_rate(daemon, sns):
    """Mail to the simulator pollutes the rates of others (plunk#491)."""
    for i in range(13):
        daemon.accept(sns.feedback(ses.send(f"p{i}@good.example")))
    for name in ("bounce", "complaint", "success"):
        address = f"{name}@simulator.amazonses.com"
        daemon.accept(
            sns.feedback(ses.send(address)),
            sns.feedback(ses.bounce(address)),
            sns.feedback(ses.complaint(address)),
        )
    (row,) = stats(daemon, "--by", "domain")
    assert row["domain"] == "good.example" and row["sends"] == 13
    assert row["bounce_rate"] == row["complaint_rate"] == 0.0


@pytest.mark.parametrize("by, name", [("identity", ses.SENDER_DOMAIN), ("scope", "*"),
                                      ("configuration_set", "newsletter")])
def test_stats_by_who_sent(busy, by, name):
    (row,) = [row for row in stats(busy, "--by", by) if row[by] == name]
    assert row["sends"] == 20 and row["hard_bounces"] == 5
    assert set(row) == {by, *COUNTERS, "bounce_rate", "complaint_rate", "unknown",
                        "reporting_complaint_rate", "unseen_share"}


def test_a_rate_without_sends_is_unknown_and_the_remedy_is_one_line(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example", feed="event")))
    (row,) = stats(daemon, "--by", "configuration_set")
    assert row["hard_bounces"] == 1
    assert row["bounce_rate"] is row["complaint_rate"] is None
    shown = daemon.ctl("stats")
    assert shown.code == 0 and shown.out.count("unknown") == 2
    assert (
        "aws sesv2 create-configuration-set-event-destination"
        " --configuration-set-name newsletter --event-destination-name sesbounced-counts"
        " --event-destination 'Enabled=true,MatchingEventTypes=[SEND,DELIVERY],"
        f"SnsDestination={{TopicArn={TOPIC}}}' --region {TOPIC.split(':')[3]}\n"
    ) in shown.err


def test_campaigns_come_from_events_and_say_that_they_have_no_denominator(make_daemon, sns):
    daemon = make_daemon(events={"campaign": "tag:campaign"}).start()
    spring = {"campaign": ["spring"]}
    id = ses.ses_id()
    daemon.accept(
        sns.feedback(ses.send("ann@mail.example", tags=spring)),
        sns.feedback(ses.complaint("ann@mail.example", "bob@mail.example", feed="event",
                                   tags=spring)),
        *(sns.feedback(ses.bounce("cyd@mail.example", feed="event", tags=spring,
                                  message_id=id)) for _ in range(2)),
    )
    (row,) = stats(daemon, "--by", "campaign")
    assert row["campaign"] == "spring"
    assert (row["hard_bounces"], row["complaints"]) == (1, 1)
    assert row["sends"] is row["bounce_rate"] is None
    shown = daemon.ctl("stats", "--by", "campaign")
    assert "no rate is known" in shown.err and "aws" not in shown.err


def test_campaigns_have_rates_where_sends_are_kept(make_daemon, sns):
    daemon = make_daemon(events={"campaign": "tag:campaign", "keep": "*"}).start()
    spring = {"campaign": ["spring"]}
    daemon.accept(
        sns.feedback(ses.send("ann@mail.example", "bob@mail.example", tags=spring)),
        sns.feedback(ses.bounce("ann@mail.example", feed="event", tags=spring)),
    )
    (row,) = stats(daemon, "--by", "campaign")
    assert row["sends"] == 2 and row["bounce_rate"] == pytest.approx(0.5)


def test_stats_refuses_what_it_does_not_know(daemon):
    assert daemon.ctl("stats", "--by", "colour").code == 2
    assert daemon.ctl("stats", "--days", "0").code == 2
    assert daemon.ctl("stats", "--days", "99999999").code == 0


def test_the_life_of_one_mail(make_daemon, sns):
    daemon = make_daemon(events={"keep": "*"}).start()
    sent = now() - dt.timedelta(minutes=5)
    id = ses.ses_id(sent)
    of_mail = {"message_id": id, "sent": sent}
    ann, bob = "ann@mail.example", "bob@mail.example"

    def at(minutes: int) -> dt.datetime:
        return sent + dt.timedelta(minutes=minutes)

    daemon.accept(
        sns.feedback(ses.bounce(bob, destination=[ann, bob], **of_mail), at=at(3)),
        sns.feedback(ses.send(ann, bob, **of_mail), at=at(0)),
        sns.feedback(ses.delivery(ann, **of_mail), at=at(1)),
        sns.feedback(ses.opened(ann, **of_mail), at=at(2)),
        sns.feedback(ses.delivery(ann)),
    )
    rows = daemon.ctl("-o", "json", "events", "--message", id).json()
    assert [(row["type"], row["address"]) for row in rows] == [
        ("Send", ann), ("Send", bob), ("Delivery", ann), ("Open", ann), ("Bounce", bob)]
    shown = daemon.ctl("events", "--message", id).out.splitlines()
    assert len(shown) == 6
    assert daemon.ctl("events", "--message", ses.ses_id()).out.count("\n") <= 1


def test_subject_and_message_id_are_columns_of_events(daemon, sns):
    own = ses.bounce("ann@mail.example")
    own["mail"]["commonHeaders"]["messageId"] = "<7@shop.example>"
    of_ses = ses.bounce("bob@mail.example")
    id = of_ses["mail"]["messageId"]
    of_ses["mail"]["commonHeaders"]["messageId"] = f"<{id}@email.amazonses.com>"
    same = ses.bounce("cyd@mail.example")
    same["mail"]["commonHeaders"]["messageId"] = same["mail"]["messageId"]
    without = ses.bounce("dan@mail.example")
    del without["mail"]["commonHeaders"], without["mail"]["headers"]
    daemon.accept(*(sns.feedback(event) for event in (own, of_ses, same, without)))
    rows = daemon.rows("SELECT subject, message_id_header FROM events ORDER BY id")
    assert [row["subject"] for row in rows] == ["News", "News", "News", None]
    assert [row["message_id_header"] for row in rows] == [
        "<7@shop.example>", f"<{id}@email.amazonses.com>", same["mail"]["messageId"], None]


def test_the_other_feed_fills_in_the_headers(daemon, sns):
    id, feedback_id = ses.ses_id(), ses.ses_id()
    bare = ses.bounce("ann@mail.example", message_id=id, feedback_id=feedback_id)
    del bare["mail"]["commonHeaders"], bare["mail"]["headers"]
    full = ses.bounce("ann@mail.example", message_id=id, feedback_id=feedback_id, feed="event")
    full["mail"]["commonHeaders"]["messageId"] = f"<{id}@email.amazonses.com>"
    daemon.accept(sns.feedback(bare), sns.feedback(full))
    (row,) = daemon.events()
    assert row["subject"] == "News"
    assert row["message_id_header"] == f"<{id}@email.amazonses.com>"


def soft_counting(daemon) -> str:
    rows = daemon.ctl("-o", "json", "status").json()
    (value,) = [row["value"] for row in rows if row["name"] == "soft_counting"]
    return value


def test_status_says_whose_soft_bounces_are_only_recorded(daemon, sns):
    soft = {"kind": "Transient", "subtype": "MailboxFull"}
    assert soft_counting(daemon) == "on"
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example", **soft)))
    said = soft_counting(daemon)
    assert f"on, except for mail of {ses.SENDER_DOMAIN}: " in said
    assert "aws sesv2 create-configuration-set-event-destination" in said
    assert "MatchingEventTypes=[DELIVERY]" in said
    assert daemon.ctl("status").code == 0, "it is as the operator configured SES"
    daemon.accept(sns.feedback(ses.delivery("bob@mail.example")))
    assert soft_counting(daemon) == "on"


def test_status_says_that_soft_counting_is_off(make_daemon):
    daemon = make_daemon(suppression={"soft_days": "0"}).start()
    assert soft_counting(daemon).startswith("off")
