"""`why`: ten invented histories, one per kind of rule, and what it says about each.

`pytest -s tests/blackbox/test_why.py` prints the stories: read them aloud.
"""

from __future__ import annotations

import datetime as dt
import re

import pytest

import ses
from daemon import shell, typed
from fakesns import now

A = "ann@mail.example"


def days(n: float) -> dt.datetime:
    return now() - dt.timedelta(days=n)


@pytest.fixture
def old(make_daemon):
    """A daemon that takes messages of any age: histories are long."""
    return make_daemon(sns={"max_age": "0"})


@pytest.fixture
def tell(sns):
    """Delivers events that occurred at given times."""

    def deliver(daemon, *events: tuple[dt.datetime, dict]) -> None:
        for at, event in events:
            daemon.accept(sns.feedback(event, at=at))

    return deliver


def story(daemon, *words: str) -> str:
    result = daemon.ctl("why", *(words or (A,)))
    assert result.code == 0, result.err
    print("\n" + result.out)
    assert not re.search(r"\b(NULL|None|null)\b", result.out)
    assert not re.search(r"\d{4}-\d\d-\d\d \d\d:", result.out), "times are RFC 3339"
    return result.out


def soft(at: dt.datetime, text: str = "smtp; 452 4.2.2 mailbox full") -> tuple:
    bounced = ses.recipient(A, status="4.2.2", action="failed", diagnosticCode=text)
    return at, ses.bounce(bounced, kind="Transient", subtype="General", at=at)


# --- the histories


def test_a_dead_address(old, tell):
    old.start()
    tell(old, (days(3), ses.bounce(A, at=days(3))))
    told = story(old)
    assert told.startswith(f"{A} must not be mailed.\n")
    assert "All mail: suppressed since" in told and "permanently (BOUNCE, Permanent/General)" in told
    assert told.count("The server permanently refused mail") == 1
    assert "The BOUNCE entry for all mail never expires; only `suppress remove` ends it." in told
    assert "SES reported a permanent bounce: the server said “550 5.1.1 user unknown”" in told
    assert "Rule permanent-general: The server permanently refused mail" in told
    assert "The address went on the list for all mail, permanently" in told
    (remove,) = re.findall("^  (.* suppress remove .*)$", told, re.M)
    assert shell(remove).code == 0, "it works as it is printed"
    assert old.ctl("check", A).code == 0


def test_somebody_removed_it_and_it_bounced_again(old, tell):
    old.start()
    tell(old, (days(3), ses.bounce(A, at=days(3))))
    old.ctl("suppress", "remove", A, "--note", "asked by phone")
    told = story(old)
    assert told.startswith(f"{A} may be mailed: it is not on the list.\n")
    assert "tester took the address off the list for all mail (BOUNCE)" in told or (
        "took the address off the list for all mail (BOUNCE)" in told)
    assert "with the note “asked by phone”" in told
    tell(old, (now(), ses.bounce(A)))
    told = story(old)
    assert told.startswith(f"{A} must not be mailed.\n")
    assert told.index("took the address off") < told.rindex("went on the list")
    assert "(event 3, rule permanent-general)." in told  # the removal has the number before


def test_a_complaint(old, tell):
    old.start()
    tell(old, (days(1), ses.complaint(A, at=days(1))))
    told = story(old)
    assert "The recipient complained about a mail, with the feedback type abuse" in told
    (remove,) = typed(told)
    assert "--complaint" in remove
    assert old.ctl(*remove).code == 0
    assert old.suppressed() == []


def test_one_of_three_and_then_not_spam(old, tell):
    old.start()
    others = ["bob@mail.example", "cyd@mail.example"]
    tell(old, (days(9), ses.complaint(A, *others, at=days(9))))
    told = story(old)
    assert "One of 3 recipients complained about a mail, with the feedback type abuse" in told
    assert "The COMPLAINT entry for all mail expires at" in told
    tell(old, (days(2), ses.complaint(A, feedback="not-spam", at=days(2))))
    told = story(old)
    assert "The recipient reported that a mail is not spam" in told
    assert "The address came off the list for all mail (COMPLAINT)." in told


def test_one_of_many_is_held(old, tell):
    old.start()
    tell(old, (days(1), ses.complaint(A, *[f"p{i}@mail.example" for i in range(6)], at=days(1))))
    told = story(old)
    assert told.startswith(f"{A} may be mailed until a person decides about a held entry.\n")
    assert "held since" in told and "it suppresses nobody yet" in told
    release, drop = typed(told)
    assert release[:2] == ["suppress", "release"] and drop[:2] == ["suppress", "drop"]
    assert old.ctl(*release).code == 0
    told = story(old)
    assert told.startswith(f"{A} must not be mailed.\n")
    assert "released the held entry: the address is on the list for all mail" in told
    assert "with the note “asked by phone”" in told


def test_a_full_mailbox(old, tell):
    """Counted, reset by a Delivery, and at last on the list."""
    old.start()
    tell(old, (days(29), ses.delivery("x@mail.example", at=days(29))), soft(days(28)))
    tell(old, (days(23), ses.delivery("x@mail.example", at=days(23))), soft(days(22)))
    told = story(old)
    assert told.startswith(f"{A} may be mailed: it is not on the list.\n")
    assert "Soft bounces for all mail: 2 days count so far. 5 such days within 30 days" in told
    assert "a delivered mail sets the count back to 0" in told
    for n in (21, 16, 11, 6):
        tell(old, (days(n), ses.delivery("x@mail.example", at=days(n))))
        if n != 6:
            tell(old, soft(days(n - 0.5)))
    told = story(old)
    assert told.startswith(f"{A} must not be mailed.\n")
    assert "(SOFT, Transient/General, 5 events)" in told
    assert "bounced temporarily on several days" in told
    assert re.search("The SOFT entry for all mail expires at .*; a delivered mail or `supp", told)
    tell(old, (days(1), ses.delivery(A, at=days(1))))
    told = story(old)
    assert "The address came off the list for all mail (SOFT)." in told
    assert told.startswith(f"{A} may be mailed")


def test_a_full_mailbox_of_an_identity_that_reports_no_deliveries(old, tell):
    old.start()
    tell(old, soft(days(3)), soft(days(2)))
    told = story(old)
    assert "2 days do not count, because no Delivery event for mail of shop.example" in told
    (line,) = [line for line in told.splitlines() if line.startswith("  aws ")]
    assert "create-configuration-set-event-destination" in line and "[DELIVERY]" in line


def test_the_sender_is_to_blame(old, tell):
    old.start()
    refused = ses.failed(A, "5.7.1", "smtp; 550 5.7.1 SPF check failed")
    tell(old, (days(1), ses.bounce(refused, at=days(1))))
    told = story(old)
    assert told.startswith(f"{A} may be mailed: it is not on the list.\n")
    assert "that is the sender's fault" in told


def test_a_list_hit_of_a_tenant_and_its_commands(old, tell):
    old.start()
    seen = "Ann@Mail.example"
    tag = {"ses:tenant-name": ["acme"]}
    hit = ses.bounce(
        ses.recipient(seen),
        subtype="OnTenantSuppressionList",
        at=days(2),
        feed="event",
        tags=tag,
    )
    tell(old, (days(4), ses.bounce(A, at=days(4))), (days(2), hit))
    told = story(old)
    assert "SES did not try to deliver a mail to the address: it is on the tenant's" in told
    lines = [line.strip() for line in told.splitlines() if "delete-suppressed" in line]
    assert lines == [
        "aws sesv2 delete-suppressed-destination --email-address Ann@mail.example"
        " --region us-east-1 --tenant-name acme  # account 123456789012",
        "aws sesv2 delete-suppressed-destination --email-address ann@mail.example"
        " --region us-east-1  # account 123456789012",
    ]


def test_each_scope_has_its_own_line(make_daemon, tell):
    daemon = make_daemon(
        sns={"max_age": "0"},
        **{"scope news": {"match": "configuration_set:newsletter"}},
    ).start()
    tell(daemon, (days(2), ses.complaint(A, at=days(2), feed="event")))
    told = story(daemon)
    assert told.startswith(f"{A} may be mailed, except in scope news.\n")
    assert "Scope news: suppressed since" in told
    (remove,) = typed(told)
    assert remove[2:5] == ["--scope", "news", "--complaint"]
    told = story(daemon, "--scope", "news", A)
    assert told.startswith(f"{A} must not be mailed in scope news.\n")
    assert daemon.ctl(*remove).code == 0
    assert story(daemon).startswith(f"{A} may be mailed: it is not on the list.\n")


def test_what_ends_an_opt_out_is_a_person(make_daemon, sns):
    daemon = make_daemon(**{"scope news": {"match": "configuration_set:newsletter"}}).start()
    daemon.accept(sns.feedback(ses.subscription(A)))
    told = story(daemon)
    assert "The recipient unsubscribed through SES's list management" in told
    assert "The COMPLAINT entry in scope news never expires; only `suppress remove --complaint` ends" in told


def test_an_expired_entry_and_the_simulator_are_said(make_daemon, tell):
    rule = "permanent-general suppress 2d"
    daemon = make_daemon(sns={"max_age": "0"}, suppression={"rule": rule}).start()
    simulated = "bounce@simulator.amazonses.com"
    tell(daemon, (days(0.5), ses.bounce(simulated, at=days(0.5))))
    told = story(daemon, simulated)
    assert "SES's mailbox simulator caused it, and such entries last 1 day." in told
    assert "suppressed permanently" not in told.split("\n\n")[0]
    tell(daemon, (days(3), ses.bounce(A, at=days(3))))
    told = story(daemon)
    assert told.startswith(f"{A} may be mailed: it is not on the list.\n")
    assert re.search(r"^  All mail: the BOUNCE entry expired at \S+Z\.$", told, re.M)


def test_a_rebuild_has_its_name(old, tell):
    old.start()
    tell(old, (days(3), ses.bounce(A, at=days(3))))
    old.stop()
    old.configure({"suppression": {"rule": "permanent-general record"}})
    old.start()
    assert old.ctl("suppress", "rebuild").code == 0
    assert "ran `suppress rebuild`. The address came off the list for all mail" in story(old)


def test_what_a_person_released_or_erased_is_said(old, tell):
    old.start()
    tell(old, (days(1), ses.complaint(A, *[f"p{i}@mail.example" for i in range(6)], at=days(1))))
    old.ctl("suppress", "release", A, "--note", "he did")
    told = story(old).split("\n\n")[0]
    assert re.search("The entry was held by the rule complaint-of-many, and .* released it. The note says “he did”.", told)
    assert "waits until" not in told
    old.ctl("erase", A)
    assert "(COMPLAINT). The details were erased." in story(old)


def test_an_override_and_the_allow_list_are_said(make_daemon, tell):
    daemon = make_daemon(
        sns={"max_age": "0"},
        suppression={"rule": "permanent-general suppress 60d", "allow": "*@friend.example"},
    ).start()
    friend = "f@friend.example"
    tell(daemon, (days(2), ses.bounce(A, at=days(2))), (days(1), ses.bounce(friend, at=days(1))))
    told = story(daemon)
    assert "the configuration overrides this rule: the address is suppressed for 60 days." in told
    assert "The BOUNCE entry for all mail expires at" in told
    told = story(daemon, friend)
    assert "The configuration allows it ([suppression] allow)" in told
    assert "Rule allowed: " in told


def test_an_import_is_said(daemon, home):
    import json

    file = home / "bounce.json"
    file.write_text(json.dumps(ses.bounce(A, at=days(40), sent=days(40))))
    assert daemon.ctl("import", str(file)).code == 0
    told = story(daemon)
    assert "(event 1, imported" in told
    assert "On import of old events: the address went on the list for all mail, permanently" in told


def test_a_long_history_is_folded_and_shortened(old, tell):
    old.start()
    tell(old, *[soft(days(29 - n / 2)) for n in range(40)])
    told = story(old)
    assert "… 39 more like it, the last at" in told
    assert told.count("SES reported") == 1
    tell(old, *[soft(days(10 - n / 10), f"smtp; 452 4.2.2 full, case {n}") for n in range(40)])
    told = story(old)
    assert re.search(r"^… \d+ more, from \S+Z to \S+Z; `events` and `suppress log` show", told, re.M)
    assert told.count("SES reported") == 24
    assert "case 39" in told and "case 20" not in told


def test_what_strangers_write_drives_no_terminal(old, tell):
    old.start()
    evil = ses.failed(A, "5.1.1", "smtp; 550 \x1b[31mred\x07\r\n550 second line")
    tell(old, (days(1), ses.bounce(evil, at=days(1))))
    told = story(old)
    assert "\x1b" not in told and "\x07" not in told
    assert "red? 550 second line" in told


def test_an_outage_is_explained_by_what_the_guard_saw(make_daemon, tell):
    daemon = make_daemon(suppression={"guard": "on", "guard_least": 10}).start()
    gone = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user here"}
    people = [f"p{i}@mail.example" for i in range(12)]
    tell(daemon, *[(now(), ses.bounce(ses.recipient(p, **gone))) for p in people])
    told = story(daemon, people[-1])
    assert told.startswith(f"{people[-1]} may be mailed until a person decides")
    assert "mail.example refused far more addresses than usual" in told
    assert "(10 hard bounces in the hour in which that began, none in any earlier hour)" in told
    assert "The entry for all mail was held for a person's decision." in told
    waiting = len(daemon.rows("SELECT 1 FROM held"))
    assert f"all {waiting} entries that the outage guard holds for mail.example" in told
    for one, every in zip(typed(told)[:2], typed(told)[2:]):
        assert one[:-1] == every[:-1] and every[-1] == "guard:mail.example"
    (release,) = re.findall("^  (.* suppress release .* guard:mail.example)$", told, re.M)
    assert shell(release).out == f"{waiting} released\n"


# --- what programs read


def test_json_names_the_view_of_each_row(old, tell):
    old.start()
    tell(old, (days(3), ses.bounce(A, at=days(3))))
    old.ctl("suppress", "remove", A, "--note", "asked")
    rows = old.ctl("-o", "json", "why", A).json()
    assert [row["view"] for row in rows] == [
        "entries", "decisions", "events", "suppression_log", "suppression_log",
    ]
    for row in rows:
        (same,) = [
            r for r in old.rows(f"SELECT * FROM {row['view']}") if r.get("id") == row.get("id")
        ]
        assert row.keys() == same.keys() | {"view"}
    log = [row for row in rows if row["view"] == "suppression_log"]
    assert {row["action"] for row in log} == {"added", "removed"}


def test_a_decision_from_before_the_log_is_there_once(old, tell):
    import sqlite3

    old.start()
    tell(old, (days(3), ses.bounce(A, at=days(3))))
    old.ctl("suppress", "remove", A, "--note", "asked")
    old.stop()
    with sqlite3.connect(old.database) as db:
        db.execute("DELETE FROM list_change")
    told = story(old)
    assert told.count("took the address off the list for all mail") == 1
    assert "with the note “asked”" in told


# --- complaints of users of comparable software


def test_complaint_17_why_says_what_to_type_and_it_works(old, tell):
    """There is no way to un-suppress, or to see why; the AWS list must be cleared too."""
    old.start()
    tell(old, (days(3), ses.bounce("Ann@Mail.example", at=days(3))))
    tell(old, (days(2), ses.complaint(A, at=days(2))))
    told = story(old)
    assert "the server said “550 5.1.1 user unknown”" in told
    (remove,) = typed(told)
    assert old.ctl(*remove).code == 0 and old.ctl("check", A).code == 0
    assert "--email-address Ann@mail.example --region us-east-1" in told
    assert f"--email-address {A} --region us-east-1" in told


def test_complaint_34_remove_says_where_amazon_may_still_block_it(old, tell):
    """Removing an address here while Amazon still blocks it is reported as a bug."""
    old.start()
    hit = {"kind": "Permanent", "subtype": "OnAccountSuppressionList"}
    tell(old, (days(3), ses.bounce("Ann@mail.example", at=days(3))))
    removed = old.ctl("suppress", "remove", A)
    assert removed.code == 0
    (line,) = [line for line in removed.err.splitlines() if "delete-suppressed" in line]
    assert line.split("aws ")[1] == (
        "sesv2 delete-suppressed-destination --email-address Ann@mail.example"
        " --region us-east-1  # account 123456789012"
    )
    # SES still has it: that suppresses nobody here, but `why` says so.
    tell(old, (now(), ses.bounce(ses.recipient(A), **hit)))
    told = story(old)
    assert told.startswith(f"{A} may be mailed")
    assert "SES did not try to deliver a mail to the address: it is on the account's suppression list" in told
    assert "delete-suppressed-destination" in told
    # What a person alone put on our list says nothing about Amazon's.
    old.ctl("suppress", "add", "bob@mail.example")
    assert "aws" not in old.ctl("suppress", "remove", "bob@mail.example").err
