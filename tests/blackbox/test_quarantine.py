"""Authentic messages that cannot be applied are kept verbatim, and nothing is guessed."""

from __future__ import annotations

import datetime as dt
import json

import pytest

import ses
from daemon import eventually
from fakesns import TOPIC, encode, now

NOT_JSON = {
    "text": "hello",
    "cut-short": '{"notificationType": "Bounce"',
    "empty": "",
    "blank": " \n",
    "trailing": '{"notificationType": "Bounce"} x',
}


@pytest.mark.parametrize("message", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_text_that_does_not_parse_is_not_json(daemon, sns, message):
    daemon.accept(sns.notification(message))
    assert daemon.quarantined() == ["not-json"]
    assert daemon.events() == []


@pytest.mark.parametrize("message", ["{}", '{"hello": "world"}', '{"bounce": {}}'])
def test_json_without_a_type_is_quarantined_as_no_type(daemon, sns, message):
    daemon.accept(sns.notification(message))
    assert daemon.quarantined() == ["no-type"]


def test_a_bounce_without_its_type_suppresses_nobody(daemon, sns):
    event = ses.bounce("ann@mail.example")
    del event["notificationType"]
    daemon.accept(sns.feedback(event))
    assert daemon.quarantined() == ["no-type"]
    assert daemon.suppressed() == []


@pytest.mark.parametrize("build, block, recipients", [
    (ses.bounce, "bounce", "bouncedRecipients"),
    (ses.complaint, "complaint", "complainedRecipients"),
])
@pytest.mark.parametrize("how", ["no-block", "null-block", "no-list", "empty-list", "null-list"])
def test_one_that_names_nobody_is_incomplete(daemon, sns, build, block, recipients, how):
    event = build("ann@mail.example", destination=["bystander@mail.example"])
    if how == "no-block":
        del event[block]
    elif how == "null-block":
        event[block] = None
    elif how == "no-list":
        del event[block][recipients]
    else:
        event[block][recipients] = [] if how == "empty-list" else None
    daemon.accept(sns.feedback(event))
    assert daemon.quarantined() == ["incomplete"]
    assert daemon.suppressed() == [] and daemon.events() == []


@pytest.mark.parametrize("kind", ["Eternal", "permanent ", ""])
def test_an_unknown_bounce_type_suppresses_nobody(daemon, sns, kind):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example", kind=kind)))
    assert daemon.suppressed() == []
    assert len(daemon.quarantined()) == 1


@pytest.mark.parametrize("address", ["free text", "", "@", "ann@", "@x.example"])
def test_a_recipient_that_is_not_an_address_suppresses_nobody(daemon, sns, address):
    daemon.accept(sns.feedback(ses.bounce(address, destination=["b@x.example"])))
    assert daemon.suppressed() == []
    assert len(daemon.quarantined()) == 1


# --- too old


@pytest.mark.parametrize(
    "age, reasons",
    [
        (dt.timedelta(hours=3), ["stale"]),
        (dt.timedelta(hours=1), []),
        (dt.timedelta(minutes=-20), ["future"]),
        (dt.timedelta(minutes=-10), []),
    ],
    ids=["3h", "1h", "20min-ahead", "10min-ahead"],
)
def test_what_is_too_old_is_stale_and_what_is_ahead_is_future(daemon, sns, age, reasons):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example"), at=now() - age))
    assert daemon.quarantined() == reasons
    assert daemon.suppressed() == ([] if reasons else ["ann@mail.example"])


def test_status_says_to_check_the_clock_for_messages_from_the_future(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    assert "clock" not in daemon.ctl("status").out
    ahead = now() + dt.timedelta(minutes=20)
    daemon.accept(sns.feedback(ses.bounce("bob@mail.example"), at=ahead))
    assert "check the clock" in daemon.ctl("status").out
    assert daemon.ctl("quarantine", "retry", "--all").code == 0
    assert daemon.suppressed() == ["ann@mail.example", "bob@mail.example"]
    assert daemon.ctl("status").code == 0


def test_status_says_to_check_the_clock_for_a_surge_of_stale_messages(daemon, sns):
    old = now() - dt.timedelta(hours=3)
    envelopes = [sns.feedback(ses.bounce(f"{i}@mail.example"), at=old) for i in range(10)]
    daemon.accept(*envelopes[:9])
    assert "clock" not in daemon.ctl("status").out, "a few may be late"
    daemon.accept(envelopes[9])
    assert "check the clock" in daemon.ctl("status").out
    daemon.accept(*[sns.feedback(ses.bounce(f"new{i}@mail.example")) for i in range(9)])
    assert "check the clock" in daemon.ctl("status").out
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    assert "clock" not in daemon.ctl("status").out, "half of them are good"


def test_max_age_is_a_setting(make_daemon, sns):
    daemon = make_daemon(sns={"max_age": "10m"}).start()
    old = now() - dt.timedelta(minutes=11)
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example"), at=old))
    assert daemon.quarantined() == ["stale"]


def test_max_age_0_accepts_any_age(make_daemon, sns):
    daemon = make_daemon(sns={"max_age": "0"}).start()
    signer = sns.add(sns.authority.new_signer(before=dt.timedelta(days=900)))
    old = now() - dt.timedelta(days=800)
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example"), at=old, signer=signer))
    assert daemon.suppressed() == ["ann@mail.example"]


# --- what is kept


def test_the_body_is_kept_verbatim(daemon, sns):
    envelope = sns.notification("no json at all: \u00e9 \U0001f600\n")
    daemon.accept(envelope)
    (row,) = daemon.rows("SELECT * FROM quarantine")
    body = row["body"] if isinstance(row["body"], bytes) else row["body"].encode()
    assert body in (encode(envelope), envelope["Message"].encode())
    assert row["topic_arn"] == TOPIC
    assert row["sns_message_id"] == envelope["MessageId"]


def test_a_retry_is_quarantined_once(daemon, sns):
    envelope = sns.notification("no json")
    daemon.accept(envelope, envelope)
    assert daemon.quarantined() == ["not-json"]


def test_one_bad_message_in_a_batch_harms_no_other(daemon, sns):
    daemon.accept(
        sns.feedback(ses.bounce("a@x.example")),
        sns.notification("no json"),
        sns.feedback(ses.bounce("b@x.example")),
    )
    assert daemon.suppressed() == ["a@x.example", "b@x.example"]


# --- what is tolerated


MINIMAL = {
    "no-feedback-id": lambda e: e["bounce"].pop("feedbackId"),
    "no-time": lambda e: e["bounce"].pop("timestamp"),
    "no-dsn": lambda e: e["bounce"].update(bouncedRecipients=[{"emailAddress": "a@x.example"}]),
    "no-tags": lambda e: e["mail"].pop("tags", None),
    "no-source-arn": lambda e: e["mail"].pop("sourceArn"),
    "null-headers": lambda e: e["mail"].update(headers=None, commonHeaders=None),
    "time-offset": lambda e: e["bounce"].update(timestamp="2026-05-04T03:02:01-07:00"),
    "time-micro": lambda e: e["bounce"].update(timestamp="2026-05-04T03:02:01.123456"),
    "time-junk": lambda e: e["bounce"].update(timestamp="yesterday"),
    "new-fields": lambda e: e.update(novelty={"a": [1, 2.5, None]}),
    "other-blocks-null": lambda e: e.update(complaint=None, delivery=None),
    "big-numbers": lambda e: e.update(novelty=10**30),
}


@pytest.mark.parametrize("feed", ["notification", "event"])
@pytest.mark.parametrize("change", MINIMAL.values(), ids=MINIMAL.keys())
def test_what_is_not_essential_may_be_missing_or_odd(daemon, sns, change, feed):
    event = ses.bounce("a@x.example", feed=feed)
    change(event)
    daemon.accept(sns.notification(json.dumps(event)))
    assert daemon.suppressed() == ["a@x.example"], daemon.quarantined()


def test_a_lone_surrogate_in_a_diagnostic_does_not_hide_the_bounce(daemon, sns):
    event = ses.bounce("ann@mail.example")
    event["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = "smtp; 550 gone \ud83d"
    daemon.accept(sns.notification(json.dumps(event)))
    assert daemon.quarantined() == []
    assert [row["diagnostic"] for row in daemon.events()] == ["smtp; 550 gone \ufffd"]
    assert daemon.suppressed() == ["ann@mail.example"]


# --- how much of it is kept


def test_beyond_its_bytes_the_oldest_repeated_are_dropped_and_it_says_so(make_daemon, sns):
    daemon = make_daemon(retention={"quarantine_bytes": "1M"}).start()
    daemon.accept(sns.notification("{}"))  # the only one of its reason
    for i in range(15):
        daemon.accept(sns.notification(f"{i} " + 100_000 * "x"))
    daemon.wait_log("the quarantine has reached [retention] quarantine_bytes")
    size = "SELECT sum(length(CAST(body AS BLOB))) FROM quarantine"
    eventually(lambda: daemon.value(size) <= 1024 * 1024)
    assert daemon.value(size) > 900_000
    kept = daemon.column("SELECT body FROM quarantine ORDER BY id")
    assert '"{}"' in kept[0] and '"14 xx' in kept[-1]
    status = {r["name"]: r.get("value") for r in daemon.ctl("-o", "json", "status").json()}
    assert status["quarantine"] == len(kept)
    assert status["quarantine_bytes"] == daemon.value(size)
    assert status["quarantine_dropped_last_day"] == 16 - len(kept)
    assert "the quarantine was full" in daemon.ctl("status").out


def test_with_room_nothing_is_dropped_from_the_quarantine(daemon, sns):
    daemon.accept(*[sns.notification(f"{i} " + 100_000 * "x") for i in range(15)])
    assert len(daemon.quarantined()) == 15
    assert "quarantine was full" not in daemon.ctl("status").out
