"""Random histories: what the program makes of them is what policy_model.py says.

HISTORY_SEED=N repeats a run, HISTORY_ADDRESSES=N says how many addresses each test has.
A failure prints the seed and the smallest history that it could find.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import mmap
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from borrowed import authority, home, make_daemon, make_sns, sns  # noqa: F401

import daemon as programs
import preload
from histories import KINDS, MINUTE, SPAN, Decided, Generator, Known, Message, Plan, when
from ledger import sanitized
from policy_model import (
    DAY,
    EVERYTHING,
    FOREVER,
    HOUR,
    TABLE,
    Policy,
    Scope,
    suppressed,
    waiting,
)

IS_LONG = "HISTORY_ADDRESSES" in os.environ
# A sanitizer looks for what a few show as well, ten times slower.
ADDRESSES = int(os.environ.get("HISTORY_ADDRESSES") or (40 if sanitized() else 150))
SEED = int(os.environ.get("HISTORY_SEED") or (random.randrange(1 << 31) if IS_LONG else 1))
EXAMPLES = int(os.environ.get("HISTORY_EXAMPLES") or 2)  # so many are printed
# The actor's decision is at the moment, and at most so much later by the program's clock.
DECISION_TAKES = 10 * MINUTE

Shown = dict[tuple[str, str], tuple[str, int, float]]  # (address, scope) → …


# --- the program, at any time -----------------------------------------------------------


class Program:
    """sesbouncectl, with a database of its own and, where there is `clock`, the library
    preload.c, at a moment that the test chooses."""

    def __init__(self, home: Path, config: Path, database: Path, clock: Path | None) -> None:
        self.home = home
        self.clock = clock
        self.database = home / "list.db"
        self.config = home / "sesbounced.conf"
        home.mkdir()
        shutil.copy(database, self.database)
        self.config.write_text(
            config.read_text().replace(str(database), str(self.database))
        )
        self.control = home / "control"
        self.control.write_bytes(bytes(8 * len(preload.FIELDS)))
        self.now = 0

    def at(self, now: int) -> Program:
        self.now = now
        return self

    def run(self, *words: str, input: str = "", codes: tuple[int, ...] = (0,)) -> str:
        env = programs.environment(USER="tester")
        if self.clock:
            with open(self.control, "r+b") as file:
                with mmap.mmap(file.fileno(), 0) as control:
                    late = self.now - int(time.time() * 1000)
                    struct.pack_into("q", control, 8 * preload.FIELDS.index("clock_ms"), late)
            env |= {
                "LD_PRELOAD": str(self.clock),
                "FAULT_CONTROL": str(self.control),
                "FAULT_DATABASE": "/none",
            }
        done = subprocess.run(
            [str(programs.SESBOUNCECTL), "-c", str(self.config), *words],
            input=input,
            capture_output=True,
            text=True,
            env=env,
            timeout=600,
        )
        assert done.returncode in codes, f"{words}: {done.returncode}\n{done.stderr[-2000:]}"
        return done.stdout

    def learn(self, messages: list[dict]) -> None:
        self.run("import", "-", input="".join(json.dumps(m) + "\n" for m in messages))

    def decide(self, decided: Decided) -> None:
        for scope, complaint in sorted(set(decided.remove.values())):
            names = [a for a, value in decided.remove.items() if value == (scope, complaint)]
            words = ["suppress", "remove", "--scope", scope, "-"]
            words += ["--complaint"] if complaint else []
            self.run(*words, input="\n".join(names), codes=(0, 1))
        for scope, days in sorted(set(decided.add.values()), key=str):
            names = [a for a, value in decided.add.items() if value == (scope, days)]
            words = ["suppress", "add", "--scope", scope]
            if days is not None:
                until = when(self.now // 1000 * 1000 + days * DAY)
                words += ["--until", until.strftime("%Y-%m-%dT%H:%M:%SZ")]
            self.run(*words, "-", input="\n".join(names))

    def shown(self) -> Shown:
        rows = map(json.loads, self.run("suppress", "list", "-o", "json").splitlines())
        return {
            (row["address"], row["scope"]): (
                row["reason"],
                _ms(row["since"]),
                _ms(row["until"]) if row["until"] else FOREVER,
            )
            for row in rows
        }

    def held(self) -> set[tuple[str, str, str]]:
        """(address, scope, reason) of the view `held`."""
        db = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        with contextlib.closing(db):
            return set(db.execute("SELECT address, scope, reason FROM held"))


def _ms(text: str) -> int:
    return round(dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


# --- both, step by step -----------------------------------------------------------------


def expected(known: Known, now: int) -> Shown:
    return {
        (address, scope): row
        for address, history in known.histories.items()
        for scope, row in suppressed(
            known.policy, history, known.identities, now
        ).items()
    }


def _differs(one, other) -> bool:
    if one is None or other is None or one[0] != other[0] or one[2] != other[2]:
        return one != other
    slack = DECISION_TAKES if one[0] == "MANUAL" else 0
    return abs(one[1] - other[1]) > slack


Difference = tuple[int, str, str, tuple | None, tuple | None]


def differences(plan: Plan, program: Program) -> list[Difference]:
    """(stage, address, scope, the model's row, the program's row) of the first moment at
    which they disagree."""
    known = Known(plan.policy)
    for stage, moment in enumerate(plan.moments):
        for now, messages in plan.portions(stage):
            program.at(now).learn(messages)
        for message in plan.messages:
            if message.stage == stage:
                known.learn(message)
        found = _compared(stage, known, moment, program.at(moment))
        if found:
            return found
        known.decide(plan.decided[stage], moment)
        program.at(moment).decide(plan.decided[stage])
        found = _compared(stage, known, moment + MINUTE, program.at(moment + MINUTE))
        if found:
            return found
    return []


def _compared(stage: int, known: Known, now: int, program: Program) -> list[Difference]:
    model, shown = expected(known, now), program.shown()
    return [
        (stage, *key, model.get(key), shown.get(key))
        for key in sorted(model.keys() | shown.keys())
        if _differs(model.get(key), shown.get(key))
    ] + _held_compared(stage, known, program)


def _held_compared(stage: int, known: Known, program: Program) -> list[Difference]:
    shown = program.held()
    model = {
        (address, *entry)
        for address, history in known.histories.items()
        for entry in waiting(known.policy, history)
    }
    held = ("HELD", 0, 0)
    return [
        (stage, address, scope, *((held, None) if there else (None, held)))
        for keys, there in ((model - shown, True), (shown - model, False))
        for address, scope, reason in sorted(keys)
    ]


# --- telling it -------------------------------------------------------------------------


def smallest(plan: Plan, address: str, fresh) -> tuple[Plan, list[Difference]]:
    """The history of this address without all that the disagreement does not need."""

    def disagrees(messages: list[Message]) -> list[Difference]:
        tried = plan.only(messages, {address})
        return [d for d in differences(tried, fresh()) if d[1] == address]

    kept = [m for m in plan.messages if address in m.recipients or m.rule == "delivery"]
    found = disagrees(kept)
    if not found:
        return plan, []
    size = max(1, len(kept) // 2)
    while size:
        begin = 0
        while begin < len(kept):
            fewer = kept[:begin] + kept[begin + size :]
            again = disagrees(fewer)
            if again:
                kept, found = fewer, again
            else:
                begin += size
        size //= 2
    return plan.only(kept, {address}), found


def _day(ms: float, begin: int) -> str:
    return "permanent" if ms == FOREVER else f"{(ms - begin) / DAY:+.3f} d"


def _row(row: tuple | None, begin: int) -> str:
    return f"{row[0]} {_day(row[1], begin)} … {_day(row[2], begin)}" if row else "nothing"


def story(plan: Plan, address: str, found: list[Difference]) -> str:
    """What the plan tells about the address, up to the disagreement."""
    begin = min((m.at for m in plan.messages), default=plan.moments[0])
    last = found[0][0]
    lines = [f"  {address} (times from {when(begin)})"]
    for stage, moment in enumerate(plan.moments[: last + 1]):
        for m in sorted(plan.messages, key=lambda m: m.at):
            if m.stage == stage:
                lines.append(f"  {_day(m.at, begin)}: {_told(m, address, plan.policy)}")
        decided = plan.decided[stage]
        people = [
            f"{what} {which[address]}"
            for what, which in (("removed from", decided.remove), ("added to", decided.add))
            if address in which
        ]
        lines.append(f"  {_day(moment, begin)}: moment {stage} {', '.join(people)}")
    for _, _, scope, model, program in found:
        lines.append(f"    scope {scope}: model:   {_row(model, begin)}")
        lines.append(f"    scope {scope}: program: {_row(program, begin)}")
    return "\n".join(lines)


def _told(m: Message, address: str, policy: Policy) -> str:
    about = "" if address in m.recipients else " to others"
    return (
        f"{m.rule}{about}, {m.sender.identity}, {m.event(policy).scope}, {m.mail[-15:-7]},"
        f" arrives at {m.turn:.3f} by {'+'.join(m.feeds)} {m.oddity}"
    )


def assert_agreement(plan: Plan, make_program) -> None:
    program = make_program()
    found = differences(plan, program)
    if not found:
        before = program.shown()
        program.run("suppress", "rebuild")
        assert program.shown() == before, f"HISTORY_SEED={SEED}: rebuild changes the list"
        return
    kinds = Counter((m and m[0], p and p[0]) for _, _, _, m, p in found)
    text = [f"HISTORY_SEED={SEED}: {len(found)} rows differ, (model, program): {dict(kinds)}"]
    one_of_each = {(m and m[0], p and p[0]): a for _, a, _, m, p in reversed(found)}
    for address in list(one_of_each.values())[:EXAMPLES]:
        least, still = smallest(plan, address, make_program)
        if not still:  # alone it agrees: the others have a part in it
            least = plan.only([m for m in plan.messages if address in m.recipients], {address})
            still = [d for d in found if d[1] == address]
        text.append(story(least, address, still))
    pytest.fail("\n".join(text), pytrace=False)


# --- fixtures and tests -----------------------------------------------------------------


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """None: the only moment is the present one."""
    if sanitized() or not shutil.which("cc"):
        return None
    return preload.build(tmp_path_factory.mktemp("clock"))


@pytest.fixture
def make_program(make_daemon, tmp_path: Path, clock: Path | None):
    """make_program(settings)() gives a program that knows nothing yet."""

    def make(settings: dict):
        daemon = make_daemon(**settings)
        words = [programs.SESBOUNCED, "--check-config", "-c", daemon.config_file]
        if programs.run(*words).code == 78:
            pytest.skip("the program does not have these settings yet")
        started = daemon.start()
        assert started.stop() == 0
        made: list[Program] = []

        def fresh() -> Program:
            if made:
                shutil.rmtree(made[-1].home)
            home = tmp_path / f"program{len(made)}"
            made.append(Program(home, started.config_file, started.database, clock))
            return made[-1]

        return fresh

    return make


def moments_of(clock: Path | None, seed: int) -> list[int]:
    now = int(time.time() * 1000) - MINUTE
    if not clock:
        return [now]
    dice = random.Random(seed)
    return sorted(now - dice.randrange(HOUR, SPAN // 2) for _ in range(4)) + [now]


def settings_of(policy: Policy) -> dict[str, dict]:
    """The configuration file that says so."""
    usual, sections = Policy(), {}
    suppression: dict = {
        name: f"{getattr(policy, name) // DAY}d" if name != "soft_days" else policy.soft_days
        for name in ("soft_days", "soft_span", "soft_window", "soft_term", "soft_term_max")
        if getattr(policy, name) != getattr(usual, name)
    }
    for name, (effect, term) in policy.rules.items():
        words = [name, effect]
        if term:
            words.append("forever" if term == FOREVER else f"{int(term // DAY)}d")
        suppression.setdefault("rule", []).append(" ".join(words))
    if policy.allow:
        suppression["allow"] = list(policy.allow)
    if policy.scope_by != "none":
        suppression["scope_by"] = policy.scope_by
    if suppression:
        sections["suppression"] = suppression
    for scope in policy.scopes:
        matches = [
            f"tag:{rest[0]}={rest[1]}" if kind == "tag" else f"{kind}:{rest[0]}"
            for kind, *rest in scope.matches
        ]
        sections[f"scope {scope.name}"] = {"match": matches}
        if scope.own_bounces:
            sections[f"scope {scope.name}"]["bounces"] = "own"
    return sections


USUAL = Policy()
SCOPED = Policy(
    scopes=(
        Scope("news", (("configuration_set", "newsletter*"), ("tag", "kind", "promo"))),
        Scope("alerts", (("tag", "kind", "al*t"),), own_bounces=True),
        Scope("some", (("identity", "seldom.example"), ("from_domain", "*.example.net"))),
        Scope("late", (("configuration_set", "*"),), own_bounces=True),
    ),
    scope_by="tenant",
)
ALTERED = Policy(
    soft_days=3,
    soft_span=2 * DAY,
    soft_window=12 * DAY,
    soft_term=5 * DAY,
    soft_term_max=18 * DAY,
    rules={
        "permanent-policy": ("record", None),
        "permanent-no-email": ("soft", None),
        "permanent-general": ("hold", None),
        "transient-content": ("suppress", 7 * DAY),
        "transient-mailbox-full": ("suppress", 3 * DAY),
        "transient-gone": ("soft", None),
        "undetermined": ("suppress", FOREVER),
        "complaint": ("hold", None),
        "complaint-of-many": ("suppress", 90 * DAY),
    },
    allow=("owner@mail.example", "*@board.example"),
)
POLICIES = {
    "usual": (USUAL, [EVERYTHING]),
    "scoped": (SCOPED, [EVERYTHING, "news", "alerts", "some", "late", "tenant:Globex"]),
    "altered": (ALTERED, [EVERYTHING]),
}


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("shuffled", [False, True], ids=["in-order", "shuffled"])
def test_histories(make_program, clock, name: str, shuffled: bool) -> None:
    policy, scopes = POLICIES[name]
    generator = Generator(SEED, policy, moments_of(clock, SEED), scopes)
    plan = generator.plan(ADDRESSES, in_order=not shuffled)
    assert_agreement(plan, make_program(settings_of(policy)))


def test_each_message_is_under_its_rule(make_program, clock) -> None:
    """So that the histories above are about what becomes of addresses, and nothing else."""
    now = moments_of(clock, SEED)[-1]
    generator = Generator(SEED, USUAL, [now], [EVERYTHING])
    plan = generator.plan(2 * ADDRESSES)
    program = make_program({})()
    for clock_says, messages in plan.portions(0):
        program.at(clock_says).learn(messages)
    judged = {
        (row["ses_message_id"], row["feedback_id"], row["address"], _ms(row["occurred_at"])): row
        for row in map(json.loads, program.run("events", "-o", "json").splitlines())
        if row["rule"] != "no-address"
    }
    seen = set()
    for message in plan.messages:
        class_, _ = KINDS[message.rule]
        if class_ is None:
            continue  # only counted
        feedback = None if message.rule == "opt-out" else message.key
        seen.add(message.rule)
        for recipient in message.recipients:
            row = judged.pop((message.mail, feedback, recipient, message.at), None)
            assert row, f"{message} is not there"
            assert (row["rule"], row["class"]) == (message.rule, class_), message
    assert not judged
    assert seen == set(TABLE) - {"no-address", "allowed", "delivery"}
