"""What stays known of an entry when something comes late."""

from __future__ import annotations

from borrowed import authority, home, make_daemon, make_sns, sns  # noqa: F401
from policy_model import DAY, HOUR
from test_histories import clock, make_program  # noqa: F401
from test_limits import ANN, READER, SHOP, begin, message, query, row  # noqa: F401
from test_orders import FULL, GONE, POLICY, PREDICTED, SAID


def test_a_counted_delivery_fixes_no_soft_entry(make_program, clock, begin) -> None:  # noqa: F811
    """Otherwise the terms after it could not be counted again."""
    program = make_program({})()
    told = [message(begin, day, SAID, READER) for day in (0, 6, 12)]
    told += [message(begin, day, FULL) for day in (1, 3, 5, 8, 11.5)]
    program.at(begin + 13 * DAY).learn([*told, message(begin, 12.5, SAID)])
    ((lifted, is_basis),) = query(program, "SELECT lifted_at, is_basis FROM suppression")
    assert lifted and not is_basis
    again = [message(begin, day, FULL) for day in (13, 15, 17, 20, 24)]
    again.append(message(begin, 18, SAID, READER))
    program.at(begin + 25 * DAY).learn(again)
    assert row(program, begin) == ("SOFT", 24, 38)
    program.learn([message(begin, 16, SAID)])
    assert row(program, begin) is None


def test_bounces_count_when_deliveries_become_known(make_program, clock, begin) -> None:  # noqa: F811
    program = make_program({})()
    days = (1, 3, 5, 8, 11.5)
    program.at(begin + 12 * DAY).learn([message(begin, day, FULL) for day in days])
    assert row(program, begin) is None
    program.learn([message(begin, 0, SAID, READER), message(begin, 7, SAID, READER)])
    assert row(program, begin) == ("SOFT", 11.5, 25.5)
    assert query(program, "SELECT rule, detail FROM entries") == [
        (FULL, "Transient/MailboxFull")
    ]
    assert query(program, "SELECT action, rule FROM suppression_log") == [("added", FULL)]


def test_a_late_delivery_lifts_what_it_doubts(make_program, clock, begin) -> None:  # noqa: F811
    program = make_program({})()
    program.at(begin + 12 * DAY).learn([message(begin, day, GONE) for day in (1, 5)])
    assert row(program, begin)[0] == "BOUNCE"
    program.learn([message(begin, 3, SAID)])
    assert row(program, begin) is None
    actions = query(program, "SELECT action FROM suppression_log ORDER BY id")
    assert actions == [("added",), ("lifted",)]


def test_who_released_it_stays_known(make_program, clock, begin) -> None:  # noqa: F811
    program = make_program({"suppression": {"rule": f"{POLICY} hold 14d"}})()
    program.at(begin + 6 * DAY).learn([message(begin, 5, POLICY)])
    ((held,),) = query(program, "SELECT id FROM held")
    program.run("suppress", "release", "--note", "asked her", str(held))
    program.at(begin + 10 * DAY)
    program.learn([message(begin, 9, POLICY), message(begin, 7, PREDICTED)])
    assert round(row(program, begin)[2]) == 37
    ((actor, *rest),) = query(program, "SELECT actor, note, origin FROM entries")
    assert actor and rest == ["asked her", "person"]


def test_an_imported_term_stays_imported(make_program, clock, begin) -> None:  # noqa: F811
    program = make_program({})()
    program.at(begin + 14 * DAY)
    program.learn([message(begin, day, POLICY) for day in (10, 0)])
    assert row(program, begin) == ("BOUNCE", 0, 24)
    assert query(program, "SELECT DISTINCT origin FROM entries") == [("import",)]
    program.at(begin + 30 * DAY + HOUR)
    assert row(program, begin) is None
