"""Mail that was sent although its address was suppressed, and who unsubscribed."""

from __future__ import annotations

import datetime as dt

import ses
from fakesns import now

A, B = "ann@mail.example", "bob@mail.example"


def before(**ago: float) -> dt.datetime:
    return now() - dt.timedelta(**ago)


def status(daemon) -> dict:
    rows = daemon.ctl("-o", "json", "status").json()
    return {row["name"]: row.get("value") for row in rows if row["name"] != "attention"}


def attention(daemon) -> list[str]:
    rows = daemon.ctl("-o", "json", "status").json()
    return [row["value"] for row in rows if row["name"] == "attention"]


def test_a_sender_that_ignores_the_list_is_found(daemon, sns):
    """The mail of a list that nobody asks bounces on SES's own list: a leak."""
    daemon.accept(sns.feedback(ses.bounce(A, sent=before(minutes=5)), at=before(minutes=4)))
    daemon.accept(sns.feedback(ses.delivery(A, sent=before(minutes=4, seconds=1))))
    assert daemon.rows("SELECT * FROM leaks") == []
    assert daemon.ctl("status").code == 0
    late = ses.bounce(A, subtype="OnAccountSuppressionList", sent=before(minutes=2),
                      feed="event", tags={"campaign": ["spring"]})
    daemon.accept(sns.feedback(late))
    (leak,) = daemon.rows("SELECT * FROM leaks")
    assert leak["address"] == A and leak["scope"] == "*"
    assert leak["identity"] == ses.SENDER_DOMAIN
    assert leak["configuration_set"] == "newsletter" and leak["source_ip"] == "192.0.2.7"
    assert leak["ses_message_id"] == late["mail"]["messageId"]
    assert leak["suppressed_since"] < leak["sent_at"]
    said = status(daemon)
    assert said["leaks"] == said["leaks_last_day"] == 1
    assert said["leaks_last_day_identity"] == ses.SENDER_DOMAIN
    (line,) = attention(daemon)
    assert ": 1;" in line and "leaks --since 1d" in line
    assert daemon.ctl("status").code == 1, "somebody must look for that sender"
    assert A in daemon.ctl("leaks", "--since", "1d").out


def test_send_and_delivery_show_leaks_without_a_row_of_their_own(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(A, sent=before(minutes=5)), at=before(minutes=4)))
    id = ses.ses_id()
    sent = before(minutes=1)
    daemon.accept(
        sns.feedback(ses.send(A, B, sent=sent, message_id=id)),
        sns.feedback(ses.delivery(A, sent=sent, message_id=id)),
    )
    assert daemon.column("SELECT ses_message_id FROM leaks") == [id]
    assert daemon.value("SELECT count(*) FROM events") == 1


def test_other_mail_is_not_a_leak_because_of_a_complaint_in_a_scope(make_daemon, sns):
    daemon = make_daemon(
        **{"scope news": {"match": "configuration_set:newsletter"}}).start()
    daemon.accept(sns.feedback(ses.complaint(A, feed="event", sent=before(minutes=5)),
                               at=before(minutes=4)))
    assert daemon.column("SELECT scope FROM suppressed") == ["news"]
    daemon.accept(sns.feedback(ses.delivery(A, sent=before(minutes=1))))
    assert daemon.rows("SELECT * FROM leaks") == []
    daemon.accept(sns.feedback(ses.delivery(A, sent=before(minutes=1), feed="event")))
    assert daemon.column("SELECT scope FROM leaks") == ["news"]


def test_who_unsubscribed_from_which_list_is_in_a_view(daemon, sns):
    joined = ses.subscription(B)
    joined["subscription"]["newTopicPreferences"]["unsubscribeAll"] = False
    daemon.accept(sns.feedback(ses.subscription(A)), sns.feedback(joined))
    (left,) = daemon.rows("SELECT * FROM unsubscribes")
    assert left["address"] == A and left["contact_list"] == "customers"
    assert left["scope"] == "*" and left["occurred_at"]
    assert left["event_id"] == daemon.value("SELECT id FROM events WHERE address = ?", A)
    assert daemon.column("SELECT contact_list FROM events ORDER BY id") == ["customers", None]
    assert daemon.ctl("-o", "json", "unsubscribes").json()[0]["contact_list"] == "customers"
