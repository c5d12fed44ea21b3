"""Where the list stops being the same in every order of arrival, as sesbounced-policy(7)
says under "The order of events"."""

from __future__ import annotations

import contextlib
import sqlite3
import time

import pytest

from borrowed import authority, home, make_daemon, make_sns, sns  # noqa: F401
from histories import LIFE_EVENTS_MAX, Message, Sender
from policy_model import DAY, EVERYTHING
from test_histories import clock, make_program  # noqa: F401
from test_orders import FULL, GONE, LISTED, SAID

ANN, BEN, READER = "ann@mail.example", "ben@mail.example", "reader@crowd.example"
SHOP = Sender("shop.example", 1.0)
SOFT_SCOPES_MAX = 64


@pytest.fixture
def begin(clock) -> int:  # noqa: F811
    if clock is None:
        pytest.skip("needs a clock of its own, which a sanitizer does not let it have")
    return int(time.time() * 1000) // DAY * DAY - 100 * DAY


def message(begin: int, day: float, rule: str, address: str = ANN, sender: Sender = SHOP):
    key = f"{rule}-{day}-{address[:3]}-{sender.identity[:5]}-000000"
    at = int(begin + day * DAY)
    return Message(at, rule, (address,), sender, key, key, ("event",)).text("event")


def row(program, begin: int, address: str = ANN, scope: str = EVERYTHING):
    shown = program.shown().get((address, scope))
    return shown and (shown[0], *((ms - begin) / DAY for ms in shown[1:]))


def change(program, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(program.database)) as db, db:
        db.execute(statement)


def query(program, statement: str):
    with contextlib.closing(sqlite3.connect(program.database)) as db:
        return db.execute(statement).fetchall()


@pytest.mark.parametrize("more", [0, 1])
def test_an_address_with_too_many_events_is_rebuilt(make_program, clock, begin, more) -> None:  # noqa: F811
    program = make_program({})()
    noise = [
        message(begin, 1 + n / 1000, "transient-silent")
        for n in range(LIFE_EVENTS_MAX - 2 + more)
    ]
    late = [message(begin, 90, LISTED), message(begin, 0, LISTED)]
    program.at(begin + 99 * DAY).learn([*noise, *late])
    assert row(program, begin) == ("BOUNCE", 90, 120 if more else 150)
    program.run("suppress", "rebuild")
    assert row(program, begin) == ("BOUNCE", 90, 150)


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_counted_delivery_is_known_for_three_days(make_program, clock, begin, forgotten) -> None:  # noqa: F811
    program = make_program({})()
    program.at(begin + 12 * DAY)
    days = (1, 3, 5, 8)
    program.learn([message(begin, day, SAID, READER) for day in range(0, 12, 6)])
    program.learn([message(begin, 11, SAID)])
    if forgotten:
        change(program, "DELETE FROM counted")
    program.learn([message(begin, day, FULL) for day in days])
    program.learn([message(begin, 11.5, FULL)])
    assert row(program, begin) == (("SOFT", 11.5, 25.5) if forgotten else None)


def test_a_delivery_stays_known_where_it_mattered(make_program, clock, begin) -> None:  # noqa: F811
    program = make_program({})()
    program.at(begin + 12 * DAY)
    program.learn([message(begin, 5, GONE), message(begin, 7, SAID)])
    change(program, "DELETE FROM counted")
    program.learn([message(begin, day, GONE) for day in (5.5, 8, 8.5)])
    assert row(program, begin) is None


def test_of_a_day_the_first_and_the_last_are_kept(make_program, clock, begin) -> None:  # noqa: F811
    program = make_program({})()
    events = [message(begin, 1 + n / 100, FULL) for n in range(40)]
    program.at(begin + 12 * DAY).learn([message(begin, 0, SAID, READER), *reversed(events)])
    ((count, first, last),) = query(
        program, "SELECT count(*), min(at_ms), max(at_ms) FROM soft_event"
    )
    assert count == 16
    assert (first, last) == (begin + DAY, int(begin + 1.39 * DAY))


def test_soft_bounces_count_in_so_many_scopes(make_program, clock, begin) -> None:  # noqa: F811
    program = make_program({"suppression": {"scope_by": "tenant"}})()
    senders = [
        Sender("shop.example", 1.0, (("ses:tenant-name", f"t{n}"),))
        for n in range(SOFT_SCOPES_MAX + 1)
    ]
    days = (1, 3, 5, 8, 11.5)
    told = [message(begin, day, SAID, READER) for day in range(0, 12, 6)]
    for n, sender in enumerate(senders):
        for day in days:
            at = Message(int(begin + day * DAY) + n, FULL, (BEN,), sender,
                         f"{n}-{day}-000000", f"{n}-{day}-000000", ("event",))
            told.append(at.text("event"))
    program.at(begin + 12 * DAY).learn(told)
    scopes = {scope for address, scope in program.shown() if address == BEN}
    assert scopes == {f"tenant:t{n}" for n in range(SOFT_SCOPES_MAX)}
    assert query(program, "SELECT count(*) FROM event WHERE address LIKE 'ben@%'") == [
        (len(days) * len(senders),)
    ]


def test_the_tenants_list_is_of_the_scope_of_the_mail(make_program, clock, begin) -> None:  # noqa: F811
    program = make_program({"suppression": {"scope_by": "tenant"}})()
    tenant = Sender("shop.example", 1.0, (("ses:tenant-name", "acme"),))
    hit = "permanent-on-tenant-list"
    program.at(begin + 2 * DAY).learn(
        [message(begin, 1, hit, ANN, tenant), message(begin, 1, hit, BEN)]
    )
    assert set(program.shown()) == {(ANN, "tenant:acme"), (BEN, EVERYTHING)}


def test_the_feed_that_comes_first_says_the_scope(make_program, clock, begin) -> None:  # noqa: F811
    tenant = Sender("shop.example", 1.0, (("ses:tenant-name", "acme"),))
    scopes, fresh = [], make_program({"suppression": {"scope_by": "tenant"}})
    for feeds in ("event", "notification"), ("notification", "event"):
        program = fresh()
        told = Message(begin + DAY, "complaint", (ANN,), tenant, "m-1", "f-1", feeds)
        program.at(begin + 2 * DAY).learn([told.text(feed) for feed in feeds])
        scopes += [scope for _, scope in program.shown()]
    assert scopes == ["tenant:acme", EVERYTHING]
