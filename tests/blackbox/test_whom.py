"""Whom a bounce or complaint may name: a remote server writes its report, and SES passes
the address in it on. Only recipients of the mail are judged by what others say of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

import ses
from fakesns import now

A = "ann@mail.example"
B = "bob@mail.example"
CEO = "ceo@customer.example"


def rules(daemon) -> dict:
    return {row["address"]: row["rule"] for row in daemon.events()}


def test_a_remote_server_lists_nobody_whom_the_mail_was_not_sent_to(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(CEO, destination=[A, B])))
    assert daemon.suppressed() == []
    (row,) = daemon.events()
    assert (row["address"], row["rule"], row["class"]) == (CEO, "not-addressed", "hard")
    assert daemon.value("SELECT count(*) FROM entries") == 0


def test_a_mail_to_one_that_bounced_for_one_is_about_that_one(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("Ceo@customer.example", destination=[A])))
    assert daemon.suppressed() == [A]
    (row,) = daemon.events()
    assert row["address"] == A and row["domain"] == "mail.example"
    assert row["address_seen"] == "Ceo@customer.example"
    assert row["rule"] == "permanent-general"
    assert "reported as Ceo@customer.example" in daemon.ctl("why", A).out


def test_why_says_as_what_an_address_was_reported_only_where_it_is_another(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("Ann@Mail.example", destination=[A])))
    assert "reported as" not in daemon.ctl("why", A).out


def test_a_mail_to_one_that_bounced_for_two_lists_neither(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(CEO, B, destination=[A])))
    assert daemon.suppressed() == []
    assert rules(daemon) == {CEO: "not-addressed", B: "not-addressed"}


def test_spellings_of_a_recipient_are_that_recipient(daemon, sns):
    destination = ["Ann <ANN@Mail.Example>", "bob@bücher.example", "cy@Mail.Example."]
    named = [A, "BOB@xn--bcher-kva.example", "cy@mail.example"]
    daemon.accept(sns.feedback(ses.bounce(*named, destination=destination)))
    assert len(daemon.suppressed()) == 3


@pytest.mark.parametrize("kind, subtype", [("Transient", "MailboxFull"), ("Transient", "General")])
def test_a_strangers_soft_bounce_counts_no_day(daemon, sns, kind, subtype):
    named = ses.failed(CEO, "5.1.1")
    daemon.accept(
        sns.feedback(ses.bounce(named, kind=kind, subtype=subtype, destination=[A, B]))
    )
    status = {row["name"]: row.get("value") for row in daemon.ctl("-o", "json", "status").json()}
    assert status["addresses_with_soft_bounces"] == 0
    assert rules(daemon) == {CEO: "not-addressed"}


def test_a_strangers_not_spam_lifts_nothing(daemon, sns):
    daemon.accept(sns.feedback(ses.complaint(CEO)))
    daemon.accept(sns.feedback(ses.complaint(CEO, feedback="not-spam", destination=[A, B])))
    assert daemon.suppressed() == [CEO]
    daemon.accept(sns.feedback(ses.complaint(CEO, feedback="not-spam", destination=[CEO, B])))
    assert daemon.suppressed() == []


def test_a_complaint_names_nobody_whom_the_mail_was_not_sent_to(daemon, sns):
    daemon.accept(sns.feedback(ses.complaint(CEO, A, destination=[A, B])))
    assert daemon.suppressed() == [A]
    rows = daemon.rows("SELECT address, rule, candidates FROM events ORDER BY address")
    assert [tuple(row.values()) for row in rows] == [(A, "complaint", 1), (CEO, "not-addressed", 1)]


@pytest.mark.parametrize("destination", [[A], [A, B]])
@pytest.mark.parametrize("subtype", ["OnAccountSuppressionList", "OnTenantSuppressionList"])
def test_a_list_hit_is_the_word_of_ses_about_anybody(daemon, sns, subtype, destination):
    daemon.accept(sns.feedback(ses.bounce(CEO, subtype=subtype, destination=destination)))
    assert daemon.suppressed() == [CEO]


def test_strangers_do_not_raise_the_rates(daemon, sns):
    strangers = [f"{i}@customer.example" for i in range(20)]
    daemon.accept(sns.feedback(ses.bounce(A, *strangers, destination=[A, B])))
    daemon.accept(sns.feedback(ses.complaint(*strangers, destination=[A, B])))
    (day,) = daemon.rows("SELECT hard_bounces, soft_bounces, complaints FROM daily")
    assert tuple(day.values()) == (1, 0, 0)


def test_the_same_report_through_two_feeds_is_one_row(daemon, sns):
    report = dict(feedback_id=ses.ses_id(), destination=[A])
    daemon.accept(sns.feedback(ses.bounce(CEO, **report)))
    daemon.accept(sns.feedback(ses.bounce(CEO, feed="event", **report)))
    assert len(daemon.events()) == 1
    assert daemon.value("SELECT event_count FROM suppressed") == 1


# --- recipients that cannot be read


def test_an_unreadable_recipient_keeps_no_readable_one_off_the_list(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(A, "the user bob", destination=[A, B])))
    assert daemon.quarantined() == [] and daemon.suppressed() == [A]
    (row,) = daemon.rows("SELECT * FROM events WHERE address IS NULL")
    assert (row["rule"], row["address_seen"], row["domain"]) == ("no-address", "the user bob", None)


def test_an_unreadable_candidate_keeps_no_complaint_off_the_list(daemon, sns):
    daemon.accept(sns.feedback(ses.complaint(A, "the user bob", destination=[A, B])))
    assert daemon.quarantined() == [] and daemon.suppressed() == [A]
    assert daemon.value("SELECT rule FROM events WHERE address IS NULL") == "no-address"


def test_unreadable_recipients_are_one_row_each_however_often_they_come(daemon, sns):
    report = dict(feedback_id=ses.ses_id(), destination=[A, B])
    named = [A, "the user bob", "the user cy", "the user bob"]
    for feed in ("notification", "event"):
        daemon.accept(sns.feedback(ses.bounce(*named, feed=feed, **report)))
    seen = daemon.column("SELECT address_seen FROM events ORDER BY id")
    assert seen == [A, "the user bob", "the user cy"]


@pytest.mark.parametrize("build", [ses.bounce, ses.complaint])
def test_who_names_nobody_readable_is_incomplete(daemon, sns, build):
    daemon.accept(sns.feedback(build("the user bob", "the user cy", destination=[A])))
    assert daemon.quarantined() == ["incomplete"] and daemon.events() == []


# --- status


def test_status_counts_what_was_not_addressed_in_the_last_day(daemon, sns):
    def counted() -> int:
        rows = daemon.ctl("-o", "json", "status").json()
        return next(row["value"] for row in rows if row["name"] == "not_addressed_last_day")

    daemon.accept(sns.feedback(ses.bounce(A)))
    result = daemon.ctl("status")
    assert counted() == 0 and result.code == 0 and "not-addressed" not in result.out
    daemon.accept(sns.feedback(ses.bounce(CEO, B, destination=[A])))
    result = daemon.ctl("status")
    assert counted() == 2 and result.code == 1
    assert "attention" in result.out and "man sesbounced-policy" in result.out
    command = "events --rule not-addressed --since 1d"
    assert f" {command}\n" in result.out
    shown = daemon.ctl("-o", "json", *command.split()).json()
    assert {row["address"] for row in shown} == {CEO, B}


def test_status_forgets_what_was_not_addressed_before_the_last_day(make_daemon, sns):
    daemon = make_daemon(sns={"max_age": "0"}).start()
    before = now() - timedelta(hours=25)
    daemon.accept(sns.feedback(ses.bounce(CEO, B, destination=[A], at=before), at=before))
    rows = daemon.ctl("-o", "json", "status").json()
    assert {"name": "not_addressed_last_day", "value": 0} in rows
