"""The default policy, row by row, as seen from outside: class, cause and entry."""

from __future__ import annotations

import pytest

import ses
from fakesns import now, stamp

A = "ann@mail.example"


def judged(daemon, sns, event) -> tuple:
    """(class, cause, entry's reason, detail, days) after one event for `A`."""
    daemon.accept(sns.feedback(event))
    assert daemon.quarantined() == []
    (row,) = daemon.rows("SELECT class, cause FROM events WHERE address = ?", A)
    entries = daemon.rows(
        "SELECT reason, detail, round(julianday(until) - julianday(since), 1) AS days"
        " FROM suppressed WHERE address = ?",
        A,
    )
    entry = entries[0] if entries else {"reason": None, "detail": None, "days": None}
    return row["class"], row["cause"], entry["reason"], entry["detail"], entry["days"]


def bounced(kind, subtype, status=None, diagnostic=None, action=None) -> dict:
    facts = {"status": status, "diagnosticCode": diagnostic, "action": action}
    recipient = ses.recipient(A, **{k: v for k, v in facts.items() if v is not None})
    return ses.bounce(recipient, kind=kind, subtype=subtype)


P, T, U = "Permanent", "Transient", "Undetermined"

# event → class, cause (None: any), reason, days (None: permanent)
BOUNCES = {
    "general": (bounced(P, "General", "5.1.1", "smtp; 550 user unknown"), "hard", "BOUNCE", None),
    "general-without-dsn": (bounced(P, "General"), "hard", "BOUNCE", None),
    "no-email-we-wrote-to": (bounced(P, "NoEmail"), "hard", "BOUNCE", None),
    "suppressed": (bounced(P, "Suppressed"), "hard", "BOUNCE", 30),
    "predicted": (bounced(P, "EmailValidationSuppressed"), "policy", "BOUNCE", 30),
    "list-hit": (bounced(P, "OnAccountSuppressionList"), "hard", "BOUNCE", None),
    "unsubscribed": (bounced(P, "UnsubscribedRecipient"), "policy", None, None),
    "spf": (
        bounced(P, "General", "5.7.1", "smtp; 550 5.7.1 SPF check failed"),
        "policy",
        None,
        None,
    ),
    "dkim": (
        bounced(P, "General", "5.7.20", "smtp; 550 5.7.20 no passing DKIM signature"),
        "policy",
        None,
        None,
    ),
    "blocklist": (
        bounced(P, "General", "5.7.1", "smtp; 554 5.7.1 listed on a DNS blocklist"),
        "policy",
        None,
        None,
    ),
    "spf-with-a-filler": (
        bounced(P, "General", "5.3.0", "smtp; 550 SPF check failed for shop.example"),
        "policy",
        None,
        None,
    ),
    "blocklist-with-a-filler": (
        bounced(P, "General", "5.0.0", "smtp; 554 192.0.2.7 is on our blocklist"),
        "policy",
        None,
        None,
    ),
    "likely-unsolicited": (
        bounced(
            P,
            "General",
            "5.7.1",
            "smtp; 550-5.7.1 Our system has detected that this message is likely\n"
            "550-5.7.1 unsolicited mail. To reduce the amount of spam",
        ),
        "policy",
        None,
        None,
    ),
    "unknown-user-with-a-policy": (
        bounced(P, "General", "5.0.0", "smtp; 550 User unknown. See our SPF policy"),
        "hard",
        "BOUNCE",
        None,
    ),
    "expired-on-a-full-mailbox": (
        bounced(
            T, "General", "4.4.7", "smtp; 554 4.4.7 Message expired.<452 4.2.2 mailbox full>"
        ),
        "soft",
        None,
        None,
    ),
    "other-5.7": (
        bounced(P, "General", "5.7.1", "smtp; 550 5.7.1 members of the group only"),
        "policy",
        "BOUNCE",
        14,
    ),
    "delayed": (bounced(P, "General", "4.0.0", "smtp; 450 later", "delayed"), "soft", None, None),
    "4xx": (bounced(P, "General", "4.4.7", "smtp; 451 4.4.7 expired"), "soft", None, None),
    "unknown-user": (
        bounced(T, "General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
        "soft",
        None,
        None,
    ),
    "no-domain": (bounced(T, "General", "5.4.4", "smtp; 550 5.4.4 NXDOMAIN"), "soft", None, None),
    "mailbox-full": (bounced(T, "MailboxFull"), "soft", None, None),
    "gave-up": (bounced(T, "General", "4.4.7", "smtp; 554 4.4.7 expired"), "soft", None, None),
    "autoreply": (bounced(T, "General"), "ignored", None, None),
    "too-large": (bounced(T, "MessageTooLarge", "5.3.4"), "ignored", None, None),
    "content": (bounced(T, "ContentRejected", "5.1.1"), "ignored", None, None),
    "attachment": (bounced(T, "AttachmentRejected", "5.1.1"), "ignored", None, None),
    "own-timer": (bounced(T, "CustomTimeoutExceeded", "4.4.7"), "ignored", None, None),
    "undetermined": (bounced(U, "Undetermined"), "ignored", None, None),
    "undetermined-4xx": (bounced(U, "Undetermined", "4.2.0", "smtp; 450"), "soft", None, None),
}


@pytest.mark.parametrize("event, klass, reason, days", BOUNCES.values(), ids=BOUNCES.keys())
def test_bounce(daemon, sns, event, klass, reason, days):
    got_class, _, got_reason, _, got_days = judged(daemon, sns, event)
    assert (got_class, got_reason, got_days) == (klass, reason, days)


CAUSES = {
    "general": "unknown-user",
    "list-hit": "list-hit",
    "spf": "auth",
    "blocklist": "blocked",
    "mailbox-full": "mailbox-full",
    "no-domain": "dns",
    "autoreply": "autoreply",
    "too-large": "too-large",
    "own-timer": "timeout",
    "spf-with-a-filler": "auth",
    "blocklist-with-a-filler": "blocked",
    "likely-unsolicited": "blocked",
    "unknown-user-with-a-policy": "unknown-user",
    "gave-up": "timeout",
    "expired-on-a-full-mailbox": "mailbox-full",
}


@pytest.mark.parametrize("case", CAUSES)
def test_cause(daemon, sns, case):
    assert judged(daemon, sns, BOUNCES[case][0])[1] == CAUSES[case]


COMPLAINTS = {
    "no-type": (ses.complaint(A, feedback=None), "COMPLAINT", None),
    "abuse": (ses.complaint(A), "COMPLAINT", None),
    "fraud": (ses.complaint(A, feedback="fraud"), "COMPLAINT", None),
    "other": (ses.complaint(A, feedback="other"), "COMPLAINT", None),
    "one-of-two": (ses.complaint(A, "b@mail.example"), "COMPLAINT", 180),
    "one-of-five": (ses.complaint(A, *[f"{i}@mail.example" for i in range(4)]), "COMPLAINT", 180),
    "one-of-six": (ses.complaint(A, *[f"{i}@mail.example" for i in range(5)]), None, None),
    "auth-failure": (ses.complaint(A, feedback="auth-failure"), None, None),
    "virus": (ses.complaint(A, feedback="virus"), None, None),
    "not-spam": (ses.complaint(A, feedback="not-spam"), None, None),
}


@pytest.mark.parametrize("event, reason, days", COMPLAINTS.values(), ids=COMPLAINTS.keys())
def test_complaint(daemon, sns, event, reason, days):
    got_class, _, got_reason, _, got_days = judged(daemon, sns, event)
    assert (got_class, got_reason, got_days) == ("complaint", reason, days)


def test_a_complaint_of_several_candidates_says_how_many(daemon, sns):
    event = ses.complaint(A, "b@mail.example", "c@mail.example")
    assert judged(daemon, sns, event)[3] == "abuse (1 of 3)"
    assert daemon.column("SELECT candidates FROM events") == [3, 3, 3]


def test_a_second_complaint_of_a_candidate_is_permanent(daemon, sns):
    for other in ("b@mail.example", "c@mail.example"):
        daemon.accept(sns.feedback(ses.complaint(A, other)))
    assert daemon.column("SELECT until FROM suppressed WHERE address = ?", A) == [None]


def test_a_stronger_reason_replaces_a_weaker_one_and_never_the_other_way(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(A)))
    assert daemon.column("SELECT reason FROM suppressed") == ["BOUNCE"]
    daemon.accept(sns.feedback(ses.complaint(A)))
    assert daemon.column("SELECT reason FROM suppressed") == ["COMPLAINT"]
    daemon.accept(sns.feedback(ses.bounce(A)))
    assert daemon.column("SELECT reason FROM suppressed") == ["COMPLAINT"]


def test_a_permanent_entry_is_not_shortened_by_a_later_term(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(A)))
    daemon.accept(sns.feedback(bounced(P, "Suppressed")))
    assert daemon.column("SELECT until FROM suppressed") == [None]


def test_a_list_hit_counts_as_list_hit_only(daemon, sns):
    daemon.accept(sns.feedback(bounced(P, "OnAccountSuppressionList")))
    (day,) = daemon.rows("SELECT * FROM daily")
    assert (day["hard_bounces"], day["list_hits"]) == (0, 1)


def test_no_email_about_a_stranger_is_quarantined(daemon, sns):
    event = ses.bounce(A, subtype="NoEmail", destination=["other@mail.example"])
    daemon.accept(sns.feedback(event))
    assert daemon.quarantined() == ["no-email"]
    assert daemon.suppressed() == []


def test_a_persons_remove_holds_until_something_occurs_later(daemon, sns):
    before = now()
    daemon.accept(sns.feedback(ses.bounce(A)))
    assert daemon.ctl("suppress", "remove", A).code == 0
    assert daemon.suppressed() == []
    late = ses.bounce(A, at=before)
    daemon.accept(sns.feedback(late, at=before))
    assert daemon.suppressed() == [], "it occurred before the person decided"
    daemon.accept(sns.feedback(ses.bounce(A)))
    assert daemon.suppressed() == [A]


def test_a_list_hit_never_brings_back_what_a_person_removed(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(A)))
    assert daemon.ctl("suppress", "remove", A).code == 0
    daemon.accept(sns.feedback(bounced(P, "OnAccountSuppressionList")))
    assert daemon.suppressed() == []


def test_not_spam_lifts_a_complaint_but_never_a_persons_add(daemon, sns):
    daemon.accept(sns.feedback(ses.complaint(A)), sns.feedback(ses.complaint("b@x.example")))
    assert daemon.ctl("suppress", "add", "b@x.example").code == 0
    for address in (A, "b@x.example"):
        daemon.accept(sns.feedback(ses.complaint(address, feedback="not-spam")))
    assert daemon.rows("SELECT address, reason FROM suppressed") == [
        {"address": "b@x.example", "reason": "MANUAL"}
    ]


def test_the_entry_tells_when_it_began_and_how_often(daemon, sns):
    at = now()
    daemon.accept(sns.feedback(ses.bounce(A), at=at))
    (entry,) = daemon.rows("SELECT * FROM suppressed")
    text = stamp(at).replace("T", " ").rstrip("Z")
    assert entry["since"] == entry["first_event_at"] == entry["last_event_at"] == text
    assert (entry["scope"], entry["origin"], entry["event_count"]) == ("*", "event", 1)
    assert (entry["detail"], entry["until"], entry["note"]) == ("Permanent/General", None, None)
