"""`why` and its neighbours never say what the state beside it contradicts."""

from __future__ import annotations

import json

import pytest

import ses
from fakesns import now
from test_why import A, days, old, soft, story, tell  # noqa: F401 (fixtures)

NEWS = {"scope news": {"match": "configuration_set:newsletter"}}
MANY = [f"p{i}@mail.example" for i in range(6)]


@pytest.fixture
def news(make_daemon):
    return make_daemon(sns={"max_age": "0"}, **NEWS).start()


def imported(daemon, home, event: dict) -> None:
    file = home / "event.json"
    file.write_text(json.dumps(event))
    assert daemon.ctl("import", str(file)).code == 0


def test_remove_says_what_becomes_of_a_held_entry(old, tell):
    old.start()
    tell(old, (days(1), ses.complaint(*MANY, at=days(1))))
    old.ctl("suppress", "add", MANY[0])
    also, only = (old.ctl("suppress", "remove", address, "--note", "asked") for address in MANY[:2])
    assert also.out == f"{MANY[0]}  removed; the held COMPLAINT entry was discarded, too\n"
    assert only.out == (
        f"{MANY[1]}  is not on the list; the held COMPLAINT entry was discarded\n")
    log = old.rows("SELECT address, action, reason_before FROM suppression_log"
                   " WHERE origin = 'person' ORDER BY id")
    assert [tuple(row.values()) for row in log] == [
        (MANY[0], "added", None), (MANY[0], "removed", "MANUAL"), (MANY[0], "dropped", None),
        (MANY[1], "dropped", None)]
    told = story(old, MANY[1])
    assert "dropped the held entry for all mail" in told and "off the list" not in told


def test_a_report_of_not_spam_lifts_no_opt_out(news, tell):
    tell(news, (now(), ses.subscription(A)),
         (now(), ses.complaint(A, feedback="not-spam", feed="event")))
    told = story(news)
    assert "this lifts a suppression for a complaint, not for an unsubscription." in told
    assert "Nothing was to be lifted." in told


def test_a_weaker_entry_is_one(old, tell):
    old.start()
    tell(old, (days(3), ses.complaint(A, at=days(3))), (days(2), ses.bounce(A, at=days(2))))
    told = story(old)
    assert "A BOUNCE entry, permanent, now stands beside the COMPLAINT entry for all mail." in told
    assert "this alone" not in told


def test_an_imported_weaker_entry_is_one(old, tell, home):
    old.start()
    tell(old, (days(3), ses.complaint(A, at=days(3))))
    imported(old, home, ses.bounce(A, at=days(40), sent=days(40)))
    told = story(old)
    assert ("On import of old events: a BOUNCE entry, permanent, now stands beside the COMPLAINT "
            "entry for all mail.") in told
    assert "added nothing" not in told


def test_what_a_person_adds_stands_beside_the_rest(old, tell):
    old.start()
    tell(old, (days(3), ses.bounce(A, at=days(3))))
    old.ctl("suppress", "add", A)
    told = story(old)
    assert "added a MANUAL entry for all mail, permanent; the BOUNCE entry stays." in told
    assert "changed the entry" not in told


def test_a_removal_names_all_reasons(old, tell):
    old.start()
    tell(old, (days(3), ses.bounce(A, at=days(3))), (days(2), ses.complaint(A, at=days(2))))
    old.ctl("suppress", "remove", "--complaint", A)
    told = story(old)
    assert "took the address off the list for all mail (COMPLAINT and BOUNCE)." in told


def test_what_was_erased_is_not_told_by_a_later_event(old, tell, home):
    old.start()
    imported(old, home, ses.bounce(A, at=days(10), sent=days(10)))
    assert old.ctl("erase", A).code == 0
    tell(old, (now(), ses.bounce(A)))
    header = story(old).split("\n\n")[0]
    assert "The details were erased. It bounced again at " in header
    assert "imported" not in header and "Rule" not in header


def test_what_a_list_said_is_not_told_by_a_later_event(old, tell, home):
    old.start()
    (home / "list.csv").write_text(f"email,reason,created\n{A},BOUNCE,2024-01-01\n")
    assert old.ctl("suppress", "import", str(home / "list.csv")).code == 0
    tell(old, (now(), ses.bounce(A)))
    header = story(old).split("\n\n")[0]
    assert "imported it with a list. It bounced again at " in header
    assert "The event" not in header


def test_nothing_is_stored(old, tell):
    old.start()
    tell(old, (days(1), ses.bounce("stranger@mail.example", destination=[A], at=days(1))))
    told = story(old, "stranger@mail.example")
    assert "No event or decision about it is stored." in told
    assert "SES reported nothing" not in told


def test_a_claim_about_a_stranger_is_one(old, tell):
    old.start()
    others = ["bob@mail.example", "cyd@mail.example"]
    tell(old, (days(1), ses.complaint(A, destination=others, at=days(1))))
    told = story(old)
    assert "A report says that this address complained, but the mail was not sent to it" in told
    assert "The recipient" not in told and "aws" not in told


def test_soft_bounces_that_do_not_count_are_not_said_to(old, tell):
    old.start()
    tell(old, soft(days(3)), soft(days(2)))
    told = story(old)
    assert "counts as" not in told and "2 days do not count" in told


def test_a_rule_says_what_holds_in_general(old, tell):
    old.start()
    tell(old, (days(3), ses.bounce(A, at=days(3))))
    old.ctl("suppress", "remove", A)
    assert "it is suppressed" not in story(old) and "such an address is suppressed" in story(old)
    tell(old, (days(1), ses.complaint(*MANY, at=days(1))))
    old.ctl("suppress", "drop", MANY[0])
    told = story(old, MANY[0])
    assert "until a person decides" not in told
    assert "The entry for all mail was held for a person's decision." in told


def test_a_list_hit_of_a_tenant_without_a_scope(old, tell):
    old.start()
    hit = ses.bounce(ses.recipient(A), subtype="OnTenantSuppressionList", at=days(2))
    tell(old, (days(2), hit))
    told = story(old)
    assert "All mail: suppressed" in told
    assert "in the event's scope (for all mail where it has none)" in told
    (line,) = [line for line in told.splitlines() if "delete-suppressed" in line]
    assert "--tenant-name TENANT" in line


def test_nobody_can_change_the_global_list(old, tell):
    old.start()
    tell(old, (days(2), ses.bounce(ses.recipient(A), subtype="Suppressed", at=days(2))))
    told = story(old)
    assert "SES's global suppression list, which only SES can change" in told
    assert "delete-suppressed" not in told
    assert "twice as long if it happens again after the term" in told
    assert "aws" not in old.ctl("suppress", "remove", A).err


def test_an_import_of_what_had_passed(make_daemon, home):
    daemon = make_daemon(suppression={"rule": "permanent-general suppress 2d"}).start()
    imported(daemon, home, ses.bounce(A, at=days(40), sent=days(40)))
    told = story(daemon)
    assert "the address would have been on the list for all mail until" in told
    assert "which had passed when it was imported" in told and "put the address" not in told


def test_a_policy_of_the_server_ends_after_its_latest_bounce(old, tell):
    old.start()
    for n in (5, 2):
        refused = ses.failed(A, "5.7.1", "smtp; 550 5.7.1 members only")
        tell(old, (days(n), ses.bounce(refused, at=days(n))))
    told = story(old)
    assert "for 14 days from its latest bounce" in told and "only 14 days" not in told


def test_the_end_of_a_complaint_is_what_works(old, tell):
    old.start()
    tell(old, (days(1), ses.complaint(A, at=days(1))))
    assert "or `suppress remove --complaint` ends it" in story(old)


def test_the_help_says_which_exit_status_why_has(old):
    told = old.ctl("--help").out
    assert "`why` answers with 0" in told


def test_the_delivery_that_ended_the_counting_is_named(old, tell):
    old.start()
    tell(old, (days(5), ses.delivery("x@mail.example", at=days(5))), soft(days(4)), soft(days(3)))
    tell(old, (days(1), ses.delivery(A, at=days(1))))
    assert "Soft bounces for all mail: no day counts now, because a mail was delivered at" in story(old)


def test_check_names_the_scopes_that_it_was_not_asked_about(news, tell):
    tell(news, (days(2), ses.complaint(A, at=days(2), feed="event")))
    checked = news.ctl("check", A)
    assert (checked.code, checked.out) == (
        0, f"{A}  may be mailed, except in scope news (--scope asks for one)\n")
    assert news.ctl("check", "--scope", "news", A).code == 1


def test_a_list_hit_after_a_removal_and_an_opt_out_of_no_scope(old, tell):
    old.start()
    tell(old, (days(3), ses.bounce(A, at=days(3))))
    old.ctl("suppress", "remove", A)
    tell(old, (now(), ses.bounce(ses.recipient(A), subtype="OnAccountSuppressionList")))
    assert "A person had removed the address, and that stands" in story(old)
    tell(old, (now(), ses.subscription("bob@mail.example")))
    assert "The event belongs to no scope, so nobody is suppressed" in story(old, "bob@mail.example")


def test_what_has_no_bearing_is_named(old, tell):
    old.start()
    tell(old, (now(), ses.reject(A)))
    assert "1 other event has no bearing on the list: 1 Reject." in story(old)


def test_an_address_that_begins_like_an_option(old):
    refused = old.ctl("why", "-dash@mail.example")
    assert refused.code == 2 and "`-dash@mail.example` begins with -: put -- before it" in refused.err
