"""The same life in every order of arrival: the list is the same each time. Each case is
the life of one address, and each order of it happens to an address of its own."""

from __future__ import annotations

import itertools
import random
import time

import pytest

from borrowed import authority, home, make_daemon, make_sns, sns  # noqa: F401
from histories import SIMULATOR, Known, Message, Sender
from ledger import sanitized
from policy_model import DAY, EVERYTHING, HOUR, Policy
from test_histories import clock, expected, make_program  # noqa: F401

ORDERS_MAX = 20 if sanitized() else 120

FULL, GONE, SAID = "transient-mailbox-full", "transient-gone", "delivery"
FEW, FINE, LISTED = "complaint-of-few", "complaint-not-spam", "permanent-suppressed"
SEEN = "a Delivery to somebody else"  # by which the identity shows that it reports them
QUIET = "a soft bounce of an identity that reports no Deliveries"
PREDICTED, POLICY = "permanent-validation", "permanent-policy"


def full(*days: float) -> list[tuple[float, str]]:
    return [(day, FULL) for day in days]


# what occurs on which day
CASES: dict[str, list[tuple[float, str]]] = {
    "five soft days": full(0, 2, 4, 6, 11),
    "soft days in excess": full(0, 1, 4, 6, 11, 12, 13),
    "soft days before and after a term": full(0, 2, 4, 6, 11, 26, 28),
    "a Delivery before soft days": [(0, SAID), *full(0.5, 2, 4, 6, 11)],
    "a Delivery after a SOFT entry began": [*full(0, 2, 4, 6, 11), (12, SAID)],
    "a Delivery between soft days": [*full(0, 2, 4, 6, 11), (5, SAID)],
    "a Delivery on the first soft day": [*full(0.2, 2, 4, 6, 11), (0.6, SAID)],
    "a Delivery, and five soft days after it": [*full(0, 6, 7, 8, 9, 17), (5, SAID)],
    "a Delivery that ends the doubling": [*full(0, 2, 4, 6, 11, 26, 28, 30, 40), (12, SAID)],
    "Deliveries of the identity": [*full(0.5, 2, 4, 6, 11), (0.2, SEEN), (7, SEEN)],
    "two identities on a day": [*full(0, 2, 4, 6), (11, QUIET), (11.2, FULL)],
    "soft days of the simulator": full(0, 2, 4, 6, 10, 11.2),
    "two doubtful bounces": [(0, GONE), (5, GONE), *full(2)],
    "three doubtful bounces on a day": [(d, GONE) for d in (0.5, 1.3, 1.55, 1.7)],
    "a Delivery between doubtful bounces": [(0, GONE), (2, SAID), (5, GONE)],
    "a Delivery after doubtful bounces": [(0, GONE), (5, GONE), (8, SAID)],
    "doubtful bounces that touch terms": [(0, POLICY), (10, POLICY), (12, GONE), (14.3, GONE)],
    "two complaints": [(0, FEW), (10, FEW)],
    "two complaints, far apart": [(0, FEW), (190, FEW)],
    "three complaints": [(0, FEW), (90, FEW), (290, FEW)],
    "a complaint that is taken back": [(0, "complaint"), (10, FINE)],
    "the first of two complaints is taken back": [(0, FEW), (10, FINE), (20, FEW)],
    "repeats after the end of the term": [(0, LISTED), (50, LISTED), (200, LISTED)],
    "repeats within the term": [(0, LISTED), (10, LISTED), (30, LISTED)],
    "a bounce that joins two terms": [(0, POLICY), (10, POLICY), (20, POLICY)],
    "a term within another": [(0, PREDICTED), (10, POLICY), (60, POLICY)],
    "a permanent bounce after a term": [(0, POLICY), (20, "permanent-general"), (30, POLICY)],
}


READER = "reader@crowd.example"


def _message(at: float, rule: str, address: str, n: int, sender: Sender) -> Message:
    key = f"{rule}-{n}-{address[:8]}-000000"
    others = ("other1@crowd.example", "other2@crowd.example") if rule == FEW else ()
    if rule == SEEN:
        rule, address = SAID, READER
    elif rule == QUIET:
        rule, sender = FULL, Sender("quiet.example", 0.0)
    return Message(int(at), rule, (address, *others), sender, key, key, ("event",))


def _address(claim: str, n: int) -> str:
    return f"{n:08d}@{SIMULATOR if 'simulator' in claim else 'mail.example'}"


def _told(claim: str, orders: list, begin: int) -> list[Message]:
    """Every order of that life, one after the other, each with an identity of its own."""
    life = CASES[claim]
    told = []
    for n, order in enumerate(orders):
        sender = Sender(f"shop{n}.example", 1.0)
        if all(rule != SEEN for _, rule in life):
            for week in range(int(max(day for day, _ in life)) // 7 + 1):
                told.append(_message(begin + 7 * week * DAY, SEEN, f"{n:08d}", week, sender))
        for m, (day, rule) in enumerate(order):
            address = _address(claim, n)
            told.append(_message(begin + day * DAY, rule, address, 100 + m, sender))
    return told


@pytest.mark.parametrize("claim", CASES)
def test_every_order(make_program, clock, claim: str) -> None:  # noqa: F811
    if clock is None and "simulator" in claim:
        pytest.skip("a term of a day needs a clock of its own")
    life = CASES[claim]
    last = max(day for day, _ in life)
    begin = int(time.time() * 1000) // DAY * DAY - (int(last) + 1) * DAY
    orders = list(itertools.permutations(life))
    if len(orders) > ORDERS_MAX:
        orders = [tuple(life), *random.Random(claim).sample(orders, ORDERS_MAX)]
    known, program, messages = Known(Policy()), make_program({})(), _told(claim, orders, begin)
    for message in messages:
        known.learn(message)
    now = begin + int(last * DAY) + HOUR
    program.at(now).learn([message.text("event") for message in messages])
    model, shown = expected(known, now), program.at(now).shown()
    wrong = []
    for n, order in enumerate(orders):
        key = _address(claim, n), EVERYTHING
        if model.get(key) != shown.get(key):
            days = [_in_days(row, begin) for row in (model.get(key), shown.get(key))]
            wrong.append("{}\n  model {}\n  program {}".format(order, *days))
    assert not wrong, f"{len(wrong)} of {len(orders)} orders; the first:\n{wrong[0]}"


def _in_days(row: tuple | None, begin: int) -> str:
    return f"{row[0]} {[(ms - begin) / DAY for ms in row[1:]]}" if row else "nothing"
