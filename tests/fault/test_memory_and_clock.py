"""No memory, and a wall clock that jumps."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon import eventually
from fakesns import Answer, now
from ledger import FULL, bounce
from preload import ALWAYS

# No delivery allocates more often; a test that gets here found something.
ALLOCATIONS_MAX = 20_000
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


@pytest.mark.kind("allocation failure, N-th")
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
def test_each_allocation_of_a_delivery_may_fail(
    make_preloaded, sns, ledger, dice, lasting
):
    daemon, faults = make_preloaded()
    daemon.start()
    ledger.insist(daemon, bounce(sns))
    # After a lasting one the daemon needs up to a second: then not each number.
    stride = (3 if FULL else 20) if lasting else 1
    number, hits, passed = 0, 0, 0
    while passed < 2:
        number += dice.randint(1, 2 * stride - 1)
        envelope = bounce(sns)
        daemon.disconnect()  # the connection's own allocations, too
        faults.arm_allocations(number, ALWAYS if lasting else None)
        ledger.deliver(daemon, envelope)
        hit = faults.heal_allocations()
        hits += hit
        # Other threads allocate now and then: once may be their doing, twice is none.
        passed = 0 if hit else passed + 1
        ledger.insist(daemon, envelope)
        assert daemon.process.poll() is None, f"allocation {number}:\n{daemon.log()}"
        assert number < ALLOCATIONS_MAX
    assert number > 20, "nothing was tried"
    ledger.settle(daemon, sns, hits)


@pytest.mark.kind("allocation failure while fetching a certificate")
def test_allocations_may_fail_while_a_certificate_is_fetched(
    make_preloaded, sns, ledger, dice
):
    """Here they are thousands: some of them. The ration of fetches sets the pace."""
    daemon, faults = make_preloaded()
    daemon.start()
    ledger.insist(daemon, bounce(sns))
    hits = 0
    for _ in range(40 if FULL else 12):
        ledger.insist(daemon, bounce(sns))
        signer = sns.authority.new_signer()
        sns.certificates["/" + signer.file] = signer.pem
        first = int(10 ** dice.uniform(0, 3.5))
        faults.arm_allocations(first, first + dice.choice((0, 0, 5, 50)))
        ledger.deliver(daemon, bounce(sns, signer=signer))
        hits += faults.heal_allocations()
        assert daemon.process.poll() is None, daemon.log()
    assert hits > 0
    ledger.settle(daemon, sns, hits)


@pytest.mark.kind("wall clock jumps")
def test_what_a_jump_makes_stale_or_future_is_kept_aside_and_nothing_is_lost(
    make_preloaded, sns, ledger
):
    daemon, faults = make_preloaded()
    daemon.start()
    jumps = (3 * HOUR_MS, -HOUR_MS, 40 * DAY_MS, -20 * DAY_MS) * (5 if FULL else 1)
    aside: list[str] = []
    for jump in jumps:
        ledger.insist(daemon, bounce(sns))
        faults["clock_ms"] = jump
        # Of SNS's time, which the daemon takes for older than 2 h or from the future.
        assert daemon.deliver(bounce(sns)).status == 200
        aside.append("stale" if jump > 0 else "future")
        assert daemon.quarantined() == aside
        there = dt.timedelta(milliseconds=jump)
        ledger.insist(daemon, bounce(sns, at=now() + there))
        faults["clock_ms"] = 0
    ledger.settle(daemon, sns, len(jumps))


@pytest.mark.kind("wall clock jumps")
@pytest.mark.parametrize("jump", [DAY_MS, -DAY_MS], ids=["forward", "back"])
def test_a_confirmation_goes_out_although_the_clock_jumped(
    make_preloaded, sns, ledger, jump
):
    daemon, faults = make_preloaded()
    daemon.start()
    sns.confirm_plan.then(Answer(status=503), Answer(status=503))
    confirmation = sns.confirmation()
    assert daemon.deliver(confirmation).status == 200

    def asked() -> int:
        return sum(r.query.get("Action") == "ConfirmSubscription" for r in sns.requests)

    eventually(lambda: asked() == 1, what="the first try")
    faults["clock_ms"] = jump
    eventually(lambda: asked() >= 3, 15, "tried again after the jump")
    eventually(lambda: daemon.column("SELECT state FROM topics") == ["confirmed"])
    faults["clock_ms"] = 0
    ledger.settle(daemon, sns, 1)
