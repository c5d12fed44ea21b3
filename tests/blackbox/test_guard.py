"""The outage guard: a provider that suddenly refuses everybody loses nobody."""

from __future__ import annotations

import pytest

import ses

LEAST = 10
UNKNOWN = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user here"}


@pytest.fixture
def guarded(make_daemon):
    return make_daemon(suppression={"guard": "on", "guard_least": LEAST}).start()


def bounce(daemon, sns, address: str, **facts) -> None:
    daemon.accept(sns.feedback(ses.bounce(ses.recipient(address, **(facts or UNKNOWN)))))


def outage(daemon, sns, count: int, domain: str = "mail.example", first: int = 0) -> list[str]:
    people = [f"person{i}@{domain}" for i in range(first, first + count)]
    for address in people:
        bounce(daemon, sns, address)
    return people


def held(daemon) -> list[str]:
    return [row["address"] for row in daemon.rows("SELECT address FROM held ORDER BY id")]


def test_complaint_14_an_outage_of_a_provider_wipes_nobody_out(guarded, sns):
    people = outage(guarded, sns, LEAST + 15)
    assert guarded.suppressed() == sorted(people[: LEAST - 1])
    assert held(guarded) == people[LEAST - 1 :]
    assert guarded.value("SELECT DISTINCT why FROM held") == "guard:mail.example"
    assert guarded.ctl("check", people[-1]).code == 0
    log = guarded.wait_log("PROVIDER=mail.example")
    assert "sesbouncectl suppress drop guard:mail.example" in log


def test_status_says_what_is_held_and_where_there_is_an_outage(guarded, sns):
    outage(guarded, sns, LEAST + 5)
    told = {row["name"]: row.get("value") for row in guarded.ctl("-o", "json", "status").json()
            if row["name"] != "attention"}
    assert (told["held"], told["guarded"]) == (6, "mail.example")
    assert "held entries, which suppress nobody until you decide: 6" in guarded.ctl("status").out


def test_one_command_drops_them_all(guarded, sns):
    outage(guarded, sns, LEAST + 5)
    assert guarded.ctl("suppress", "drop", "guard:mail.example").out == "6 dropped\n"
    assert held(guarded) == [] and len(guarded.suppressed()) == LEAST - 1


def test_one_command_releases_them_all(guarded, sns):
    people = outage(guarded, sns, LEAST + 5)
    assert guarded.ctl("suppress", "release", "guard:mail.example").out == "6 released\n"
    assert guarded.suppressed() == sorted(people)


def test_another_provider_is_not_held(guarded, sns):
    outage(guarded, sns, LEAST + 5)
    (other,) = outage(guarded, sns, 1, "other.example")
    assert other in guarded.suppressed()


def test_complaint_21_a_small_senders_bounces_never_trip_it(guarded, sns):
    people = outage(guarded, sns, LEAST - 1)
    assert guarded.suppressed() == sorted(people) and held(guarded) == []


def test_the_log_names_every_provider_of_one_message(make_daemon, sns):
    daemon = make_daemon(suppression={"guard": "on", "guard_least": 5}).start()
    providers = [f"mail{n}.example" for n in range(20)]
    for n in range(5):
        daemon.accept(sns.feedback(ses.bounce(
            *[ses.recipient(f"person{n}@{provider}", **UNKNOWN) for provider in providers])))
    assert daemon.value("SELECT count(*) FROM guards") == len(providers)
    daemon.wait_log("PROVIDER=mail0.example ")
    assert "PROVIDERS=4 " in daemon.log()
    assert sum(f"PROVIDER={provider} " in daemon.log() for provider in providers) == 16


def test_different_answers_do_not_trip_it(guarded, sns):
    for i in range(LEAST + 5):
        bounce(guarded, sns, f"person{i}@mail.example",
               status="5.1.1", diagnosticCode=f"smtp; 550 reason {chr(97 + i)} of its own")
    assert held(guarded) == [] and len(guarded.suppressed()) == LEAST + 5


def test_where_most_mail_is_delivered_nothing_is_held(guarded, sns):
    for i in range(LEAST + 10):
        guarded.accept(sns.feedback(ses.delivery(f"happy{i}@mail.example")))
    outage(guarded, sns, LEAST + 5)
    assert held(guarded) == []


def test_complaints_are_never_held_by_the_guard(guarded, sns):
    outage(guarded, sns, LEAST + 2)
    guarded.accept(sns.feedback(ses.complaint("angry@mail.example")))
    assert "angry@mail.example" in guarded.suppressed()


def test_a_restart_does_not_forget_an_outage(guarded, sns):
    outage(guarded, sns, LEAST + 2)
    assert guarded.stop() == 0
    guarded.start()
    (later,) = outage(guarded, sns, 1, first=100)
    assert later in held(guarded)


def test_it_can_be_switched_off(make_daemon, sns):
    daemon = make_daemon(suppression={"guard_least": LEAST}).start()
    people = outage(daemon, sns, LEAST + 5)
    assert daemon.suppressed() == sorted(people)
