"""`policy list` and `policy test`."""

from __future__ import annotations

import json

import pytest

import ses
from daemon import ctl
from fakesns import FOREIGN_TOPIC

A = "ann@mail.example"
OVERRIDES = {"rule": ["permanent-policy suppress 60d", "transient-content hold 36h"]}


@pytest.fixture
def check(daemon, home):
    """Tests a message: its exit code, rows and what it notes."""

    def run(message: dict, on=daemon, *words: str):
        file = home / "message.json"
        file.write_text(json.dumps(message))
        result = on.ctl("-o", "json", *words, "policy", "test", str(file))
        return result.code, result.json(), result.err

    return run


def test_the_list_needs_no_database_and_marks_overrides(make_daemon):
    daemon = make_daemon(suppression=OVERRIDES)
    rows = {row["rule"]: row for row in daemon.ctl("-o", "json", "policy", "list").json()}
    assert not daemon.database.exists()
    lines = daemon.config_file.read_text().splitlines()
    for rule, term in (("permanent-policy", "60 days"), ("transient-content", "36 hours")):
        line = next(i for i, text in enumerate(lines, 1) if rule in text)
        assert rows[rule]["override"] == f"{daemon.config_file}:{line}: {lines[line - 1]}"
        assert rows[rule]["term"] == term
    assert rows["transient-content"]["outcome"] == "held for a person's decision: BOUNCE for 36 hours"
    assert [r for r in rows if rows[r]["override"]] == list(
        rule.split()[0] for rule in OVERRIDES["rule"])
    assert rows["permanent-general"]["applies_to"] == "Bounce, Permanent/General"
    assert rows["permanent-suppressed"]["flags"] == "twice as long if repeated after the term"
    listed = daemon.ctl("policy", "list")
    assert "soft bounces on 5 days put an address on the list (SOFT) for 14 days" in listed.err
    assert "the outage guard is" in listed.err
    table = listed.out
    assert table.count("\n") == len(rows) + 1 and "held for a person" in table
    csv = daemon.ctl("-o", "csv", "policy", "list").out
    assert csv.count("\r\n") == len(rows) + 1


def test_one_rule_by_its_name(daemon):
    told = daemon.ctl("policy", "list", "--rule", "complaint-of-few").out
    assert "outcome: COMPLAINT for 180 days\n" in told
    assert "flags: permanent after a second\n" in told
    assert "explanation: One of 2 to 5 recipients" in told
    wrong = daemon.ctl("policy", "list", "--rule", "complaint-of-fee")
    assert wrong.code == 2 and "no rule" in wrong.err


def test_a_bounce_would_add_and_nothing_is_done(daemon, check):
    code, (row,), _ = check(ses.bounce(A))
    assert code == 1 and row["suppresses"] is True
    assert (row["rule"], row["class"], row["cause"]) == (
        "permanent-general", "hard", "unknown-user")
    assert (row["effect"], row["reason"], row["scope"], row["term"]) == (
        "suppress", "BOUNCE", "*", "permanent")
    assert row["change"] == "added" and row["address"] == A
    assert daemon.events() == [] and daemon.suppressed() == []


def test_each_recipient_is_judged_and_an_out_of_office_suppresses_nobody(check):
    code, rows, _ = check(ses.complaint(A, "bob@mail.example"))
    assert code == 1
    assert [(row["address"], row["term"]) for row in rows] == [
        (A, "180 days"), ("bob@mail.example", "180 days")]
    code, (row,), _ = check(ses.out_of_office(A))
    assert (code, row["effect"], row["change"]) == (0, "record", "none")


def test_what_is_known_or_removed_changes_nothing(daemon, sns, check):
    event = ses.bounce(A)
    daemon.accept(sns.feedback(event))
    code, (row,), _ = check(event)
    assert (code, row["change"]) == (1, "none: the event is stored already")
    hit = ses.bounce(ses.recipient(A), subtype="OnAccountSuppressionList")
    assert daemon.ctl("suppress", "remove", A).code == 0
    code, (row,), _ = check(hit)
    assert (code, row["change"]) == (0, "none: a person removed the address")


def test_a_soft_bounce_takes_effect_in_two_scopes(make_daemon, check):
    daemon = make_daemon(**{"scope news": {"match": "configuration_set:newsletter"}}).start()
    gone = ses.recipient(A, status="5.1.1", diagnosticCode="smtp; 550 5.1.1 no such user")
    code, rows, _ = check(ses.bounce(gone, kind="Transient", feed="event"), daemon)
    assert code == 0
    assert [(row["scope"], row["effect"], row["change"]) for row in rows] == [
        ("*", "soft, then suppress", "a day with a soft bounce"),
        ("news", "soft", "a day with a soft bounce"),
    ]
    assert daemon.value("SELECT count(*) FROM soft_event") == 0


def test_an_envelope_is_not_verified_and_says_so(daemon, sns, check):
    envelope = sns.feedback(ses.bounce(A))
    envelope["Signature"] = "AAAA"
    code, (row,), noted = check(envelope)
    assert code == 1 and "the signature is not verified" in noted
    assert "would refuse it" not in noted
    _, _, noted = check(sns.feedback(ses.bounce(A), topic=FOREIGN_TOPIC))
    assert "its topic is not in [sns] topic" in noted


def test_quarantine_and_unreadable_files_are_2(check, home, daemon):
    stranger = ses.bounce(A, subtype="NoEmail", destination=["other@mail.example"])
    code, rows, noted = check(stranger)
    assert (code, rows) == (2, []) and "no-email" in noted
    code, rows, noted = check({"hello": "world"})
    assert code == 2 and "neither an SNS envelope nor a message of SES" in noted
    missing = daemon.ctl("policy", "test", str(home / "missing.json"))
    assert missing.code == 2 and "missing.json" in missing.err


def test_without_a_database_the_rule_is_said(make_daemon, check):
    daemon = make_daemon(suppression=OVERRIDES)
    refused = ses.bounce(ses.failed(A, "5.7.1", "smtp; 550 5.7.1 members only"))
    code, (row,), noted = check(refused, daemon)
    assert (code, row["term"], row["change"]) == (1, "60 days", None)
    assert "without the database" in noted


def test_a_type_that_is_ignored_or_concerns_nobody(daemon, sns, check):
    code, rows, noted = check(ses.opened(A))
    assert code == 0
    code, rows, noted = check(sns.confirmation())
    assert (code, rows) == (0, []) and "subscription" in noted


def test_the_verbs_are_in_the_help():
    assert "policy test FILE|-" in ctl("--help").out
