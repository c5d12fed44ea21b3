"""What becomes of an address, as plainly as possible: a specification that runs.

Written from the words of sesbounced-policy(7), independently of src/policy, slow on
purpose. Everything is a function of the history of one address: which events occurred
when, and what people decided when. The order in which messages arrive does not appear, so
it cannot matter.

Times are milliseconds since 1970. An entry is in force from `since` until just before
`until`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

HOUR = 3_600_000
DAY = 24 * HOUR
FOREVER = math.inf

EVERYTHING = "*"  # the scope of all mail
REASONS = ("SOFT", "BOUNCE", "COMPLAINT", "MANUAL")  # weaker before stronger

DOUBLINGS_MAX = 7
DOUBT_APART = DAY  # two doubtful bounces confirm each other: so far apart at least …
DOUBT_WINDOW = 30 * DAY  # … and at most
DELIVERIES_WITHIN_DAYS = 7
SIMULATOR_DOMAIN = "@simulator.amazonses.com"
SIMULATOR_TERM = DAY


# --- the table ------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """What one rule of the policy does."""

    what: str = "record"  # record suppress soft doubtful hold lift reset
    reason: str = ""
    term: float = FOREVER
    doubles: bool = False  # the term, each time that it repeats after a term has ended
    second_for_ever: bool = False  # permanent after a complaint about another mail
    list_hit: bool = False  # SES did not try
    in_own_scope: bool = False  # in the event's scope, whatever BOUNCE applies to
    needs_scope: bool = False  # nothing in scope `*`


def _bounce(term: float = FOREVER, **more: bool) -> Effect:
    return Effect("suppress", "BOUNCE", term, **more)


def _complaint(term: float = FOREVER, **more: bool) -> Effect:
    return Effect("suppress", "COMPLAINT", term, in_own_scope=True, **more)


RECORD, SOFT = Effect(), Effect("soft", "SOFT")

TABLE: dict[str, Effect] = {
    "no-address": RECORD,
    "not-addressed": RECORD,
    "allowed": RECORD,
    "permanent-on-account-list": _bounce(list_hit=True),
    "permanent-on-tenant-list": _bounce(list_hit=True, in_own_scope=True),
    "permanent-suppressed": _bounce(30 * DAY, doubles=True),
    "permanent-validation": _bounce(30 * DAY),
    "permanent-unsubscribed": _bounce(in_own_scope=True, needs_scope=True),
    "permanent-delayed": SOFT,
    "permanent-auth": RECORD,
    "permanent-blocked": RECORD,
    "permanent-policy": _bounce(14 * DAY),
    "permanent-no-email": _bounce(),
    "permanent-general": _bounce(),
    "permanent-other": _bounce(30 * DAY, doubles=True),
    "transient-too-large": RECORD,
    "transient-content": RECORD,
    "transient-attachment": RECORD,
    "transient-custom-timeout": RECORD,
    "transient-mailbox-full": SOFT,
    "transient-gone": Effect("doubtful", "BOUNCE"),
    "transient-gave-up": SOFT,
    "transient-autoreply": RECORD,
    "transient-said": SOFT,
    "transient-silent": RECORD,
    "transient-other": SOFT,
    "undetermined-autoreply": RECORD,
    "undetermined-refused": SOFT,
    "undetermined": RECORD,
    "complaint-on-account-list": _complaint(list_hit=True),
    "complaint-on-tenant-list": _complaint(list_hit=True),
    "complaint-auth-failure": RECORD,
    "complaint-virus": RECORD,
    "complaint-not-spam": Effect("lift", "COMPLAINT"),
    "complaint-not-spam-of-many": RECORD,
    "complaint": _complaint(),
    "complaint-of-few": _complaint(180 * DAY, second_for_ever=True),
    "complaint-of-many": Effect("hold", "COMPLAINT", in_own_scope=True),
    "delivery": Effect("reset"),
    "opt-out": _complaint(needs_scope=True),
}


# --- the policy in force --------------------------------------------------------------


@dataclass(frozen=True)
class Scope:
    """A `[scope NAME]` section. `matches`: (what, pattern), or ("tag", NAME, pattern)."""

    name: str
    matches: tuple[tuple[str, ...], ...]
    own_bounces: bool = False


@dataclass(frozen=True)
class Policy:
    soft_days: int = 5  # 0: no SOFT entries
    soft_span: int = 10 * DAY
    soft_window: int = 30 * DAY
    soft_term: int = 14 * DAY
    soft_term_max: int = 180 * DAY
    rules: Mapping[str, tuple[str, float | None]] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    scope_by: str = "none"

    def effect(self, rule: str) -> Effect:
        """That of the table, unless the operator says otherwise."""
        usual = TABLE[rule]
        if rule not in self.rules:
            return usual
        what, term = self.rules[rule]
        reason = "COMPLAINT" if rule.startswith("complaint") else "BOUNCE"
        if what == "suppress":
            term = term or (usual.term if usual.what == "suppress" else FOREVER)
            return Effect("suppress", reason, term, in_own_scope=reason == "COMPLAINT")
        hold = Effect("hold", reason, in_own_scope=reason == "COMPLAINT")
        return {"record": RECORD, "soft": SOFT, "hold": hold}[what]

    def is_allowed(self, address: str) -> bool:
        return address in self.allow or "*" + address[address.rindex("@") :] in self.allow

    def scope_of(self, mail: Mapping[str, str]) -> tuple[str, bool]:
        """The scope of a mail, and whether its bounces apply to that scope alone. `mail`
        has configuration_set, from_domain, identity, tenant and tag:NAME where known."""
        for scope in self.scopes:
            for *kind, pattern in scope.matches:
                value = mail.get(":".join(kind))
                if value is not None and _is_like(value, pattern):
                    return scope.name, scope.own_bounces
        if mail.get(self.scope_by):
            return f"{self.scope_by}:{mail[self.scope_by]}", False
        return EVERYTHING, False


def _is_like(value: str, pattern: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.S))


# --- a history ------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """One event about the address. `scope` is that of its mail."""

    at: int
    rule: str
    mail: str = ""
    scope: str = EVERYTHING
    own_bounces: bool = False
    identity: str = ""


@dataclass(frozen=True)
class Added:
    at: int
    until: float = FOREVER
    scope: str = EVERYTHING


@dataclass(frozen=True)
class Removed:
    at: int
    scope: str = EVERYTHING


@dataclass
class History:
    address: str
    events: list[Event] = field(default_factory=list)
    decisions: list[Added | Removed] = field(default_factory=list)


@dataclass
class Term:
    since: int
    until: float

    def holds(self, now: int) -> bool:
        return self.since <= now < self.until


Identities = Mapping[str, set[int]]  # the UTC days on which Deliveries of each were seen


# --- what becomes of the address ------------------------------------------------------


def terms(
    policy: Policy, history: History, identities: Identities
) -> dict[tuple[str, str], list[Term]]:
    """All terms that there ever were, by (scope, reason), except those that were lifted."""
    life = _Life(policy, history, identities)
    scopes = {e.scope for e in history.events} | {d.scope for d in history.decisions}
    found = {}
    for scope in scopes | {EVERYTHING}:
        found[scope, "MANUAL"] = life.manual(scope)
        if policy.is_allowed(history.address):
            continue
        found[scope, "COMPLAINT"] = life.complaints(scope)
        found[scope, "BOUNCE"] = life.bounces(scope)
        found[scope, "SOFT"] = life.soft(scope)
    return {key: value for key, value in found.items() if value}


def in_force(
    policy: Policy, history: History, identities: Identities, now: int
) -> dict[tuple[str, str], Term]:
    """The term of each (scope, reason) that holds now."""
    found = terms(policy, history, identities)
    return {key: t for key, all_terms in found.items() for t in all_terms if t.holds(now)}


def suppressed(
    policy: Policy, history: History, identities: Identities, now: int
) -> dict[str, tuple[str, int, float]]:
    """scope → (reason, since, until) of what the view `suppressed` shows: the strongest
    reason, and the latest end of all."""
    held = in_force(policy, history, identities, now)
    shown = {}
    for scope in {scope for scope, _ in held}:
        here = {reason: t for (s, reason), t in held.items() if s == scope}
        strongest = max(here, key=REASONS.index)
        until = max(t.until for t in here.values())
        shown[scope] = (strongest, here[strongest].since, until)
    return shown


def waiting(policy: Policy, history: History) -> set[tuple[str, str]]:
    """The (scope, reason) that was left to a person, who has not decided since. What is in
    force already stays so, and what takes effect later need not wait."""
    life = _Life(policy, history, {})
    scopes = {e.scope for e in history.events} | {EVERYTHING}
    if policy.is_allowed(history.address):
        return set()
    return {
        (scope, effect.reason)
        for event, effect in life.with_("hold")
        for scope in scopes
        if life.makes_entry_in(scope, event, effect)
        and not (effect.reason == "COMPLAINT" and event.at <= life.forgiven(scope))
        and all(term.until <= event.at for term in life.of(effect.reason, scope))
    }


class _Life:
    def __init__(self, policy: Policy, history: History, identities: Identities) -> None:
        self.policy = policy
        self.identities = identities
        self.decisions = sorted(history.decisions, key=lambda d: d.at)
        self.events = sorted(history.events, key=lambda e: e.at)
        self.is_simulator = history.address.endswith(SIMULATOR_DOMAIN)

    def with_(self, *what: str) -> Iterable[tuple[Event, Effect]]:
        for event in self.events:
            effect = self.policy.effect(event.rule)
            if effect.what in what:
                yield event, effect

    def _removed(self, scope: str) -> float:
        """When a person last removed the address from the scope."""
        times = [d.at for d in self.decisions if isinstance(d, Removed) and d.scope == scope]
        return max(times, default=-math.inf)

    def _delivered(self) -> list[int]:
        return [event.at for event, _ in self.with_("reset")]

    def of(self, reason: str, scope: str) -> list[Term]:
        return self.complaints(scope) if reason == "COMPLAINT" else self.bounces(scope)

    # --- people

    def manual(self, scope: str) -> list[Term]:
        """Only a person ends what a person began; adding again gives it another end."""
        entry = None
        for decision in self.decisions:
            if decision.scope != scope:
                continue
            if isinstance(decision, Removed):
                entry = None
            elif entry and entry.holds(decision.at):
                entry = Term(entry.since, decision.until)
            else:
                entry = Term(decision.at, decision.until)
        return [entry] if entry else []

    # --- BOUNCE and COMPLAINT

    def _scope_of_bounces(self, event: Event) -> str:
        return event.scope if event.own_bounces else EVERYTHING

    def makes_entry_in(self, scope: str, event: Event, effect: Effect) -> bool:
        where = event.scope if effect.in_own_scope else self._scope_of_bounces(event)
        if where != scope or (effect.needs_scope and event.scope == EVERYTHING):
            return False
        removed = self._removed(scope)
        if effect.list_hit and removed > -math.inf:
            return False
        return event.at > removed

    def _term(self, term: float) -> float:
        return SIMULATOR_TERM if self.is_simulator else term

    def forgiven(self, scope: str) -> float:
        """When a recipient last took a complaint back; who had left before has not come back."""
        left = [e.at for e, f in self.with_("suppress")
                if e.rule == "opt-out" and self.makes_entry_in(scope, e, f)]
        times = [e.at for e, _ in self.with_("lift")
                 if e.scope == scope and e.at < min(left, default=math.inf)]
        return max(times, default=-math.inf)

    def complaints(self, scope: str) -> list[Term]:
        forgiven = self.forgiven(scope)
        counting = [
            (event, effect)
            for event, effect in self.with_("suppress")
            if effect.reason == "COMPLAINT"
            and self.makes_entry_in(scope, event, effect)
            and event.at > forgiven
        ]
        spans = []
        for event, effect in counting:
            about_another_mail = any(
                e.at < event.at and e.mail != event.mail for e, _ in counting
            )
            term = effect.term
            if effect.second_for_ever and about_another_mail:
                term = FOREVER
            spans.append((event.at, self._term(term), False))
        return _joined(spans)

    def bounces(self, scope: str) -> list[Term]:
        spans = [
            (event.at, self._term(effect.term), effect.doubles and not self.is_simulator)
            for event, effect in self.with_("suppress")
            if effect.reason == "BOUNCE" and self.makes_entry_in(scope, event, effect)
        ]
        spans += [(at, self._term(FOREVER), False) for at in self._confirmed(scope)]
        return _joined(sorted(spans))

    def _confirmed(self, scope: str) -> list[int]:
        """When a doubtful bounce confirmed an earlier one: nothing was delivered between
        them, and no person intervened after the earlier one."""
        removed = self._removed(scope)
        doubtful = [
            event.at
            for event, _ in self.with_("doubtful")
            if self._scope_of_bounces(event) == scope and event.at > removed
        ]
        return [
            later
            for later in doubtful
            if any(
                DOUBT_APART <= later - earlier <= DOUBT_WINDOW
                and not any(earlier < at < later for at in self._delivered())
                for earlier in doubtful
            )
        ]

    # --- SOFT

    def _soft_days(self, scope: str) -> list[int]:
        """The first bounce of each UTC day that counts, in order."""
        begin = max([*self._delivered(), self._removed(scope)])
        first: dict[int, int] = {}
        for event, _ in self.with_("soft", "doubtful"):
            if event.scope == scope and event.at > begin and self._has_deliveries(event):
                first.setdefault(event.at // DAY, event.at)
        return sorted(first.values())

    def _has_deliveries(self, event: Event) -> bool:
        """Otherwise nothing would ever end the counting."""
        seen = self.identities.get(event.identity, set())
        today = event.at // DAY
        return any(today - n in seen for n in range(DELIVERIES_WITHIN_DAYS + 1))

    def soft(self, scope: str) -> list[Term]:
        policy, days = self.policy, self._soft_days(scope)
        found: list[Term] = []
        if policy.soft_days == 0:
            return found
        for day in days:
            if found and found[-1].holds(day):
                continue
            counting = [d for d in days if day - policy.soft_window <= d <= day]
            if len(counting) < policy.soft_days or day - counting[0] < policy.soft_span:
                continue
            term = min(policy.soft_term * 2 ** len(found), policy.soft_term_max)
            found.append(Term(day, day + self._term(term)))
        return found


def _joined(spans: list[tuple[int, float, bool]]) -> list[Term]:
    """Spans of (since, length, doubles), in order: those that overlap are one term. Each
    doubling one that comes after a term has ended doubles the lengths from then on."""
    found: list[Term] = []
    doublings = 0
    for since, length, doubles in spans:
        if not found or since >= found[-1].until:
            doublings += bool(found and doubles)
            found.append(Term(since, since))
        if doubles:
            length *= 2 ** min(doublings, DOUBLINGS_MAX)
        found[-1].until = max(found[-1].until, since + length)
    return found
