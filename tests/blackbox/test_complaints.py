"""What users of comparable software complain about, line by line.

The number is that of the complaint; lines 3 and 8 have one more test each where they
belong: test_subscriptions.py and test_certificates.py.
"""

from __future__ import annotations

import json

import pytest

import ses
from daemon import assert_refusal, eventually
from fakesns import FOREIGN_TOPIC, TOPIC, Answer, encode, refusal

A = "ann@mail.example"

# --- 1: a valid signature from an attacker's own topic is accepted


def test_complaint_01_foreign_topic_is_refused(daemon, sns):
    envelope = sns.feedback(ses.bounce(A), topic=FOREIGN_TOPIC)
    assert_refusal(daemon.deliver(envelope), 403)
    assert daemon.events() == [] and daemon.suppressed() == []


def test_complaint_01_foreign_topic_is_not_confirmed(make_daemon, sns):
    ours = TOPIC + "-2"
    daemon = make_daemon(sns={"topic": [TOPIC, ours]}).start()
    assert_refusal(daemon.deliver(sns.confirmation(topic=FOREIGN_TOPIC)), 403)
    # Had the foreign one been queued, it would have been asked for before ours.
    daemon.accept(sns.confirmation(topic=ours))
    (request,) = sns.wait_for(1, sns.confirmations)
    assert request.query["TopicArn"] == ours
    assert daemon.column("SELECT topic_arn FROM topics") == [ours]


def test_complaint_01_foreign_topic_costs_no_request(daemon, sns):
    for envelope in (
        sns.feedback(ses.bounce(A), topic=FOREIGN_TOPIC),
        sns.confirmation(topic=FOREIGN_TOPIC),
        sns.unsubscription(topic=FOREIGN_TOPIC),
    ):
        assert_refusal(daemon.deliver(envelope), 403)
    assert sns.connections == 0


def test_complaint_01_foreign_topic_named_like_ours_is_refused(daemon, sns):
    for topic in (
        TOPIC + "2",
        TOPIC[:-1],
        TOPIC.upper(),
        TOPIC.replace("us-east-1", "us-east-2"),
        TOPIC.replace("arn:aws:", "arn:aws-cn:"),
        TOPIC + ":00000000-0000-0000-0000-000000000000",
    ):
        reply = daemon.deliver(sns.notification("x", topic=topic))
        assert reply.status in (400, 403), topic
    assert sns.connections == 0


# --- 2: no verification at all, SSRF through SubscribeURL


def test_complaint_02_an_unsigned_message_is_refused(daemon, sns):
    envelope = sns.feedback(ses.bounce(A))
    envelope["Signature"] = "AAAA"
    assert_refusal(daemon.deliver(envelope), 403)
    del envelope["Signature"]
    assert_refusal(daemon.deliver(envelope), 400)
    assert daemon.events() == []


def test_complaint_02_subscribe_url_is_never_visited(daemon, sns, make_sns):
    attacker = make_sns()
    url = f"{attacker.origin}/latest/meta-data/"
    forged = sns.confirmation(subscribe_url=url, signer=sns.authority.stranger)
    forged["SigningCertURL"] = f"{attacker.origin}/{attacker.signer.file}"
    assert_refusal(daemon.deliver(forged), 403)
    daemon.accept(sns.confirmation(subscribe_url=url))
    sns.wait_for(1, sns.confirmations)
    assert attacker.connections == 0


def test_complaint_02_unsubscribe_url_is_never_visited(daemon, sns, make_sns):
    attacker = make_sns()
    daemon.accept(sns.feedback(ses.bounce(A), UnsubscribeURL=f"{attacker.origin}/?x"))
    daemon.accept(sns.confirmation())
    sns.wait_for(1, sns.confirmations)
    assert attacker.connections == 0


# --- 3: on UnsubscribeConfirmation the URL is fetched: see also test_subscriptions.py


def test_complaint_03_the_operator_learns_that_a_subscription_ended(daemon, sns):
    daemon.accept(sns.unsubscription())
    daemon.wait_log(TOPIC, "unsubscribe")
    assert daemon.column("SELECT state FROM topics") == ["unsubscribed"]


# --- 4: stuck at "pending confirmation" and nothing in the log


def test_complaint_04_a_refused_confirmation_says_what_to_configure(daemon, sns):
    reply = daemon.deliver(sns.confirmation(topic=FOREIGN_TOPIC))
    assert_refusal(reply, 403)
    assert "topic" in reply.text
    daemon.wait_log(FOREIGN_TOPIC, "topic")


def test_complaint_04_no_topic_configured_is_said_at_start(make_daemon):
    daemon = make_daemon(sns={"topic": []}).start()
    daemon.wait_log("[sns]", "topic")


def test_complaint_04_a_confirmation_is_logged(daemon, sns):
    daemon.accept(sns.confirmation())
    sns.wait_for(1, sns.confirmations)
    daemon.wait_log(TOPIC, "confirmed")


def test_complaint_04_a_failed_confirmation_is_logged_with_the_reason(daemon, sns):
    body = refusal("InvalidParameter", "Invalid parameter: Token")
    sns.confirm_plan.otherwise = Answer(400, body)
    daemon.accept(sns.confirmation())
    daemon.wait_log(TOPIC, "400")


def test_complaint_04_a_confirmation_that_must_wait_is_logged(daemon, sns):
    sns.confirm_plan.then(Answer(500))
    daemon.accept(sns.confirmation())
    daemon.wait_log(TOPIC, "500")


def test_complaint_04_manual_mode_says_what_to_type(make_daemon, sns):
    daemon = make_daemon(sns={"confirm": "manual"}).start()
    daemon.accept(sns.confirmation())
    daemon.wait_log("sesbouncectl topics confirm", TOPIC)


# --- 5: raw delivery breaks everything with a cryptic error


def test_complaint_05_raw_delivery_is_refused_with_what_to_do(daemon):
    body = json.dumps(ses.bounce(A)).encode()
    reply = daemon.post(body, {"x-amz-sns-rawdelivery": "true"})
    assert_refusal(reply, 400, secret=A)
    assert "raw" in reply.text.lower()


def test_complaint_05_raw_delivery_is_recognised_by_its_body(daemon):
    for event in (ses.bounce(A), ses.bounce(A, feed="event")):
        reply = daemon.post(json.dumps(event).encode())
        assert_refusal(reply, 400, secret=A)
        assert "raw" in reply.text.lower()
    daemon.wait_log("raw")


# --- 6: the text/plain body is not parsed


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain; charset=UTF-8",
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded",
        "",
    ],
)
def test_complaint_06_the_body_is_read_whatever_its_content_type(daemon, sns, content_type):
    envelope = sns.feedback(ses.bounce(A))
    reply = daemon.request("POST", "/sns", encode(envelope), {"Content-Type": content_type})
    assert reply.status == 200
    assert daemon.suppressed() == [A]


# --- 7: the "Successfully validated SNS topic" text is an error, retried or lost


def test_complaint_07_the_validation_text_is_acknowledged(daemon, sns):
    daemon.accept(sns.notification(ses.ANNOUNCEMENT_TEXT, subject="Amazon SES"))
    daemon.accept(sns.notification(json.dumps(ses.announcement())))
    assert daemon.events() == [] and daemon.quarantined() == []
    assert daemon.column("SELECT topic_arn FROM topics") == [TOPIC]


# --- 8: SignatureVersion 2 unsupported; a failed fetch answered 403


def test_complaint_08_signature_version_2_is_supported(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(A), version="2"))
    assert daemon.suppressed() == [A]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_complaint_08_a_failed_certificate_fetch_is_503(daemon, sns, status):
    sns.certificate_plan.then(Answer(status))
    assert_refusal(daemon.deliver(sns.feedback(ses.bounce(A))), 503)


# --- 9: the same bounce counted one to eight times


def test_complaint_09_a_bounce_told_by_both_feeds_counts_once(daemon, sns):
    feedback_id, message_id = ses.ses_id(), ses.ses_id()
    for feed in ("notification", "event", "notification"):
        event = ses.bounce(A, feed=feed, feedback_id=feedback_id, message_id=message_id)
        daemon.accept(sns.feedback(event))
    assert len(daemon.events()) == 1
    assert daemon.column("SELECT event_count FROM suppressed") == [1]
    assert daemon.column("SELECT hard_bounces FROM daily") == [1]


def test_complaint_09_a_bounce_delivered_eight_times_counts_once(daemon, sns):
    envelope = sns.feedback(ses.bounce(A))
    daemon.accept(*[envelope] * 8)
    assert len(daemon.events()) == 1
    assert daemon.column("SELECT event_count FROM suppressed") == [1]
    assert daemon.column("SELECT hard_bounces FROM daily") == [1]


def test_complaint_09_two_events_on_one_connection_are_two(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(A)), sns.feedback(ses.bounce("b@mail.example")))
    assert daemon.column("SELECT hard_bounces FROM daily") == [2]


# --- 11: an out-of-office reply unsubscribes people


@pytest.mark.parametrize("feed", ["notification", "event"])
def test_complaint_11_an_out_of_office_reply_suppresses_nobody(daemon, sns, feed):
    for _ in range(10):
        daemon.accept(sns.feedback(ses.out_of_office(A, feed=feed)))
    assert daemon.suppressed() == []
    rows = daemon.rows("SELECT DISTINCT class, cause FROM events")
    assert rows == [{"class": "ignored", "cause": "autoreply"}]
    assert daemon.rows("SELECT * FROM daily WHERE hard_bounces > 0 OR soft_bounces > 0") == []


# --- 15: every recipient is suppressed because one bounced, or only the first


def test_complaint_15_only_those_that_bounced_are_suppressed(daemon, sns):
    three = ["a@x.example", "b@x.example", "c@x.example"]
    daemon.accept(sns.feedback(ses.bounce("b@x.example", destination=three)))
    assert daemon.suppressed() == ["b@x.example"]
    assert daemon.column("SELECT destination_count FROM events") == [3]


def test_complaint_15_all_of_those_that_bounced_are_suppressed(daemon, sns):
    three = ["a@x.example", "b@x.example", "c@x.example"]
    daemon.accept(sns.feedback(ses.bounce(*three)))
    assert daemon.suppressed() == three


def test_complaint_15_each_recipient_is_judged_by_its_own_status(daemon, sns):
    dead = ses.failed("dead@x.example")
    late = ses.recipient("late@x.example", action="delayed", status="4.0.0")
    daemon.accept(sns.feedback(ses.bounce(dead, late)))
    assert daemon.suppressed() == ["dead@x.example"]


def test_complaint_15_recipients_are_never_guessed(daemon, sns):
    event = ses.bounce(A, destination=["bystander@x.example"])
    event["bounce"]["bouncedRecipients"] = []
    daemon.accept(sns.feedback(event))
    assert daemon.suppressed() == []
    assert daemon.quarantined() == ["incomplete"]


# --- 16: not-spam and OnAccountSuppressionList are treated as complaints


def test_complaint_16_not_spam_suppresses_nobody(daemon, sns):
    daemon.accept(sns.feedback(ses.complaint(A, feedback="not-spam")))
    assert daemon.suppressed() == []


def test_complaint_16_not_spam_takes_a_complaint_back(daemon, sns):
    daemon.accept(sns.feedback(ses.complaint(A)))
    assert daemon.suppressed() == [A]
    daemon.accept(sns.feedback(ses.complaint(A, feedback="not-spam")))
    assert daemon.suppressed() == []


@pytest.mark.parametrize("build", [ses.bounce, ses.complaint], ids=["bounce", "complaint"])
def test_complaint_16_a_list_hit_is_neither_a_complaint_nor_a_bounce(daemon, sns, build):
    daemon.accept(sns.feedback(build(A, subtype="OnAccountSuppressionList")))
    (row,) = daemon.events()
    assert (row["class"], row["cause"]) == ("hard", "list-hit")
    (day,) = daemon.rows("SELECT * FROM daily")
    assert (day["complaints"], day["hard_bounces"], day["list_hits"]) == (0, 0, 1)


# --- 24: a new event type was misread as a bounce


@pytest.mark.parametrize("feed", ["notification", "event"])
def test_complaint_24_a_new_type_is_kept_and_judged_nothing(daemon, sns, feed):
    event = ses.bounce(A, feed=feed)
    event["eventType" if feed == "event" else "notificationType"] = "Teleportation"
    event["teleportation"] = event["bounce"]
    daemon.accept(sns.feedback(event))
    assert daemon.suppressed() == []
    rows = daemon.events()
    assert [(row["type"], row["class"]) for row in rows] in ([("Teleportation", None)], [])
    assert rows or len(daemon.quarantined()) == 1, "neither stored nor quarantined: lost"


def test_complaint_24_a_new_sub_type_of_a_soft_bounce_suppresses_nobody(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(A, kind="Transient", subtype="SolarFlare")))
    assert daemon.suppressed() == []
    assert daemon.column("SELECT bounce_subtype FROM events") == ["SolarFlare"]


def test_complaint_24_a_new_bounce_type_suppresses_nobody(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(A, kind="Perennial")))
    assert daemon.suppressed() == []


def test_complaint_24_a_type_wins_over_the_blocks_that_are_there(daemon, sns):
    event = ses.delivery(A, feed="event")
    event["bounce"] = ses.bounce(A)["bounce"]
    daemon.accept(sns.feedback(event))
    eventually(lambda: daemon.column("SELECT deliveries FROM daily") == [1])
    assert daemon.suppressed() == []
