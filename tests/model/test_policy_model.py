"""The model by itself: each clause of the policy, on a history that fits into one line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from histories import KINDS
from policy_model import (
    DAY,
    FOREVER,
    TABLE,
    Added,
    Event,
    History,
    Policy,
    Removed,
    Scope,
    suppressed,
    waiting,
)

ANN = "ann@mail.example"
MANUAL = Path(__file__).resolve().parents[2] / "contrib/man/sesbounced-policy.7"
ALWAYS = {"shop": set(range(1000))}
SCOPED = Policy(
    scopes=(
        Scope("news", (("configuration_set", "news*"), ("tag", "kind", "promo"))),
        Scope("bills", (("identity", "*.bills.example"),), own_bounces=True),
    ),
    scope_by="tenant",
)


def at(day: float, rule: str, **more) -> Event:
    more.setdefault("mail", f"mail {day}")
    return Event(round(day * DAY), rule, identity="shop", **more)


def soft(*days: float) -> list[Event]:
    return [at(day, "transient-mailbox-full") for day in days]


def listed(*events, now: float = 400, policy=Policy(), address=ANN, identities=ALWAYS) -> dict:
    """scope → (reason, since, until) in days."""
    happened = [e for part in events for e in (part if isinstance(part, list) else [part])]
    history = History(
        address,
        [e for e in happened if isinstance(e, Event)],
        [d for d in happened if not isinstance(d, Event)],
    )
    shown = suppressed(policy, history, identities, round(now * DAY))
    return {s: (r, a / DAY, u if u == FOREVER else u / DAY) for s, (r, a, u) in shown.items()}


def entry(*events, **more) -> tuple | None:
    return listed(*events, **more).get("*")


def removed(day: float, scope: str = "*") -> Removed:
    return Removed(round(day * DAY), scope)


def added(day: float, until: float = FOREVER) -> Added:
    return Added(round(day * DAY), until if until == FOREVER else round(until * DAY))


# --- the table


def test_the_manual_has_the_same_rules() -> None:
    text = MANUAL.read_text().split("rules: written by")[1].split("end of rules")[0]
    assert re.findall(r"^\.It Li (\S+)", text, re.M) == list(TABLE)


def test_a_history_can_hold_every_rule() -> None:
    assert set(KINDS) == set(TABLE) - {"no-address", "allowed"}


@pytest.mark.parametrize("rule", TABLE)
def test_one_event_of_each_rule(rule: str) -> None:
    effect = TABLE[rule]
    entry_there = effect.what == "suppress" and not effect.needs_scope
    expected = (effect.reason, 100, 100 + effect.term / DAY) if entry_there else None
    assert entry(at(100, rule), now=101) == expected


# --- terms


def test_an_entry_holds_until_just_before_its_end() -> None:
    event = at(100, "permanent-policy")
    assert entry(event, now=99.999) is None
    assert entry(event, now=100) == ("BOUNCE", 100, 114)
    assert entry(event, now=114) is None


def test_spans_that_overlap_are_one_term() -> None:
    first, second = at(100, "permanent-policy"), at(113, "permanent-policy")
    assert entry(first, second, now=120) == ("BOUNCE", 100, 127)
    assert entry(first, at(114, "permanent-policy"), now=120) == ("BOUNCE", 114, 128)


def test_a_shorter_term_ends_nothing() -> None:
    events = at(100, "permanent-suppressed"), at(101, "permanent-policy")
    assert entry(*events, now=102) == ("BOUNCE", 100, 130)


def test_each_repeat_after_the_end_doubles() -> None:
    events = [at(day, "permanent-suppressed") for day in (0, 10, 50, 200)]
    assert entry(events, now=39) == ("BOUNCE", 0, 40)
    assert entry(events, now=60) == ("BOUNCE", 50, 110)
    assert entry(events, now=210) == ("BOUNCE", 200, 320)


def test_only_events_of_rules_that_double_do() -> None:
    events = [at(day, "permanent-policy") for day in (0, 50)] + [at(100, "permanent-other")]
    assert entry(events, now=101) == ("BOUNCE", 100, 160)
    assert entry(events, at(200, "permanent-policy"), now=201) == ("BOUNCE", 200, 214)


def test_the_strongest_reason_and_the_latest_end_are_shown() -> None:
    events = at(100, "complaint-of-few"), at(101, "permanent-general")
    assert entry(*events, now=110) == ("COMPLAINT", 100, FOREVER)
    assert entry(*events, now=300) == ("BOUNCE", 101, FOREVER)


# --- complaints


def test_a_second_complaint_about_another_mail_is_permanent() -> None:
    first = at(100, "complaint-of-few", mail="a")
    again, other = (at(110, "complaint-of-few", mail=mail) for mail in "ab")
    assert entry(first, now=120) == ("COMPLAINT", 100, 280)
    assert entry(first, again, now=120) == ("COMPLAINT", 100, 290)
    assert entry(first, other, now=120) == ("COMPLAINT", 100, FOREVER)


def test_the_first_complaint_counts_even_when_its_term_has_ended() -> None:
    events = at(0, "complaint-of-few"), at(200, "complaint-of-few")
    assert entry(*events) == ("COMPLAINT", 200, FOREVER)


def test_not_spam_lifts_what_is_older() -> None:
    lift = at(110, "complaint-not-spam")
    assert entry(at(100, "complaint"), lift) is None
    assert entry(at(120, "complaint"), lift) == ("COMPLAINT", 120, FOREVER)
    assert entry(at(100, "permanent-general"), lift) == ("BOUNCE", 100, FOREVER)
    assert entry(at(100, "complaint"), at(110, "complaint-not-spam-of-many"))


def test_a_complaint_of_many_waits_until_a_person_decides_or_it_is_taken_back() -> None:
    def left(*events) -> set:
        return waiting(Policy(), History(ANN, [e for e in events if isinstance(e, Event)],
                                         [d for d in events if not isinstance(d, Event)]))

    many = at(100, "complaint-of-many")
    assert entry(many) is None
    assert left(many) == {("*", "COMPLAINT")}
    assert left(many, removed(101)) == set()
    assert left(many, at(101, "complaint-not-spam")) == set()


# --- soft


def test_five_days_over_ten_make_an_entry_of_fourteen_days() -> None:
    assert entry(soft(100, 102, 105, 107, 110), now=111) == ("SOFT", 110, 124)
    assert entry(soft(100, 102, 105, 110), now=111) is None, "four"
    assert entry(soft(100, 102, 105, 107, 109.9), now=111) is None, "too close"
    assert entry(soft(100, 102, 105, 107, 130), now=131) == ("SOFT", 130, 144)
    assert entry(soft(99.9, 102, 105, 107, 130), now=131) is None, "one is too old"


def test_a_day_counts_once_and_with_its_first_bounce() -> None:
    assert entry(soft(100, 100.1, 100.2, 105, 110.5), now=111) is None
    assert entry(soft(100.9, 101, 102, 103, 110.8, 110.95), now=111) is None
    assert entry(soft(100.7, 101, 102, 103, 110.8, 110.95), now=111) == ("SOFT", 110.8, 124.8)


def test_a_delivery_starts_over() -> None:
    days = soft(100, 102, 105, 107, 110)
    assert entry(days, at(108, "delivery"), now=111) is None
    assert entry(days, at(115, "delivery"), now=116) is None
    assert entry(days, at(99, "delivery"), now=111) == ("SOFT", 110, 124)
    assert entry(days, at(108, "delivery", scope="news"), now=111) is None


def test_soft_terms_double_up_to_a_maximum() -> None:
    policy = Policy(soft_days=2, soft_span=DAY, soft_term_max=50 * DAY)
    days = soft(0, 1, 5, 14, 16, 44, 45, 100, 102)
    shown = [entry(days, now=n, policy=policy) for n in (2, 15, 20, 46, 99, 103)]
    assert shown[0] == ("SOFT", 1, 15)
    assert shown[1] is None
    assert shown[2] == ("SOFT", 16, 44)
    assert shown[3] == ("SOFT", 44, 94)
    assert shown[4] is None
    assert shown[5] == ("SOFT", 102, 152)


def test_days_without_deliveries_of_the_identity_do_not_count() -> None:
    days = soft(100, 102, 105, 107, 110)
    assert entry(days, now=111, identities={"shop": {93, 100, 105}})
    assert entry(days, now=111, identities={"shop": {92, 101, 105}}) is None
    assert entry(days, now=111, identities={}) is None


def test_no_soft_entries_where_they_are_off() -> None:
    assert entry(soft(*range(100, 130)), policy=Policy(soft_days=0), now=131) is None


# --- doubtful


def gone(*days: float, **more) -> list[Event]:
    return [at(day, "transient-gone", **more) for day in days]


def test_a_second_doubtful_bounce_is_permanent() -> None:
    assert entry(gone(100, 101)) == ("BOUNCE", 101, FOREVER)
    assert entry(gone(100, 100.9)) is None
    assert entry(gone(100, 130.1)) is None
    assert entry(gone(100, 100.9, 101.5)) == ("BOUNCE", 101.5, FOREVER)


def test_a_delivery_between_doubtful_bounces_contradicts() -> None:
    assert entry(gone(100, 105), at(102, "delivery")) is None
    assert entry(gone(100, 105), at(106, "delivery")) == ("BOUNCE", 105, FOREVER)


def test_doubtful_bounces_confirm_each_other_across_scopes() -> None:
    pair = gone(100, scope="news") + gone(105, scope="bills")
    assert listed(pair) == {"*": ("BOUNCE", 105, FOREVER)}
    own = [replace(e, own_bounces=True) for e in pair]
    assert listed(own) == {}


def test_doubtful_bounces_are_soft_days_too() -> None:
    days = gone(100, 130.5) + soft(131, 132, 140.5)
    assert entry(days, now=141) is None
    assert entry(gone(100.5) + soft(101, 102, 103, 110.5), now=111) == ("SOFT", 110.5, 124.5)


# --- scopes


def test_the_first_section_that_matches_is_the_scope() -> None:
    assert SCOPED.scope_of({"configuration_set": "newsletter"}) == ("news", False)
    assert SCOPED.scope_of({"tag:kind": "promo", "identity": "a.bills.example"})[0] == "news"
    assert SCOPED.scope_of({"identity": "a.bills.example"}) == ("bills", True)
    assert SCOPED.scope_of({"tenant": "acme"}) == ("tenant:acme", False)
    assert SCOPED.scope_of({"configuration_set": "other"}) == ("*", False)


def test_which_scope_an_entry_is_in() -> None:
    here = {"scope": "news"}
    assert set(listed(at(100, "permanent-general", **here))) == {"*"}
    assert set(listed(at(100, "permanent-general", own_bounces=True, **here))) == {"news"}
    assert set(listed(at(100, "complaint", **here))) == {"news"}
    assert set(listed(at(100, "permanent-on-tenant-list", **here))) == {"news"}
    assert set(listed(at(100, "permanent-on-account-list", **here))) == {"*"}
    assert set(listed(at(100, "opt-out", **here))) == {"news"}
    assert set(listed(at(100, "permanent-unsubscribed", **here))) == {"news"}
    assert listed(at(100, "opt-out"), at(100, "permanent-unsubscribed")) == {}


# --- people


def test_a_removal_holds_until_something_later_occurs() -> None:
    events = at(100, "permanent-general"), at(101, "complaint"), removed(110)
    assert entry(*events) is None
    assert entry(*events, at(109, "permanent-policy")) is None
    assert entry(*events, at(111, "permanent-general")) == ("BOUNCE", 111, FOREVER)
    assert entry(*events, at(111, "permanent-on-account-list")) is None


def test_a_removal_forgets_repeats_complaints_doubts_and_soft_days() -> None:
    assert entry(at(0, "permanent-suppressed"), removed(50), at(60, "permanent-suppressed"),
                 now=61) == ("BOUNCE", 60, 90)
    assert entry(at(0, "complaint-of-few"), removed(5), at(9, "complaint-of-few"),
                 now=10) == ("COMPLAINT", 9, 189)
    assert entry(gone(100), removed(101), gone(102)) is None
    assert entry(soft(100, 102, 105), removed(106), soft(107, 110), now=111) is None


def test_a_removal_is_of_one_scope() -> None:
    events = at(100, "complaint", scope="news"), at(100, "complaint")
    assert set(listed(*events, removed(101))) == {"news"}
    assert set(listed(*events, removed(101, "news"))) == {"*"}


def test_only_people_end_what_people_began() -> None:
    assert entry(added(100), at(101, "delivery")) == ("MANUAL", 100, FOREVER)
    assert entry(added(100), removed(101)) is None
    assert entry(added(100, 120), now=120) is None
    assert entry(added(100, 120), at(101, "permanent-general")) == ("BOUNCE", 101, FOREVER)
    assert entry(added(100, 120), added(110), now=300) == ("MANUAL", 100, FOREVER)


# --- the operator


def test_an_allowed_address_is_never_suppressed_by_an_event() -> None:
    for allow in ("ann@mail.example", "*@mail.example"):
        policy = Policy(allow=(allow,))
        assert entry(at(100, "complaint"), gone(100, 105), policy=policy) is None
        assert entry(added(100), policy=policy) == ("MANUAL", 100, FOREVER)


def test_the_operator_changes_a_row() -> None:
    def policy(effect: str, term: float | None = None) -> Policy:
        return Policy(rules={"permanent-general": (effect, term), "complaint": (effect, term)})

    assert entry(at(100, "permanent-general"), policy=policy("record")) is None
    assert entry(at(100, "complaint"), policy=policy("hold")) is None
    week = policy("suppress", 7 * DAY)
    assert entry(at(100, "permanent-general"), policy=week, now=101) == ("BOUNCE", 100, 107)
    assert entry(at(100, "complaint"), policy=week, now=101) == ("COMPLAINT", 100, 107)
    days = [at(day, "permanent-general") for day in (100, 102, 104, 106, 110)]
    assert entry(days, policy=policy("soft"), now=111) == ("SOFT", 110, 124)


def test_the_simulator_is_listed_for_a_day() -> None:
    simulator = "bounce@simulator.amazonses.com"
    for rule, reason in {"permanent-general": "BOUNCE", "complaint": "COMPLAINT"}.items():
        assert entry(at(100, rule), address=simulator, now=100.5) == (reason, 100, 101)
    repeats = [at(day, "permanent-suppressed") for day in (100, 105)]
    assert entry(repeats, address=simulator, now=105.5) == ("BOUNCE", 105, 106)


def test_the_order_of_arrival_is_nothing() -> None:
    events = [*soft(100, 102, 105, 107, 110), at(99, "delivery"), *gone(90, 95)]
    assert listed(events) == listed(events[::-1])
