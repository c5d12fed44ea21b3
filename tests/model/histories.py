"""Random histories of addresses: messages of SES, in which order they arrive, and what
people decide meanwhile. Everything follows from one seed.

A history runs through moments. Until each of them messages arrive; then people decide.
Messages arrive late, twice, in any order and by both feeds of SES.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import borrowed  # noqa: F401, the path to ses.py
import ses
from policy_model import (
    DAY,
    EVERYTHING,
    FOREVER,
    HOUR,
    Added,
    Event,
    History,
    Policy,
    Removed,
    in_force,
    waiting,
)

SPAN = 500 * DAY
MINUTE = 60_000
CLEAR_OF_MOMENTS = 20 * MINUTE  # what occurs is on a definite side of each decision

SIMULATOR = "simulator.amazonses.com"
ALLOWED_DOMAIN, ALLOWED_ADDRESS = "board.example", "owner@mail.example"


def when(ms: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)


# --- who sends ------------------------------------------------------------------------


@dataclass(frozen=True)
class Sender:
    """`reports`: the share of weeks in which its Deliveries are seen."""

    identity: str
    reports: float
    tags: tuple[tuple[str, str], ...] = ()

    def facts(self, feed: str) -> dict[str, str]:
        """What a scope may match; identity notifications have no tags."""
        known = {"identity": self.identity, "from_domain": self.identity}
        if feed == "event":
            names = {"ses:configuration-set": "configuration_set", "ses:tenant-name": "tenant"}
            known |= {names.get(name, f"tag:{name}"): value for name, value in self.tags}
        return known

    def put_into(self, message: dict) -> dict:
        mail, domain = message["mail"], self.identity
        mail["source"] = f"news@{domain}"
        mail["sourceArn"] = f"arn:aws:ses:us-east-1:{ses.ACCOUNT}:identity/{domain}"
        mail["headers"] = [{"name": "From", "value": f"Shop <news@{domain}>"}]
        mail["commonHeaders"]["from"] = [f"Shop <news@{domain}>"]
        if "tags" in mail:
            mail["tags"] = {"ses:from-domain": [domain]} | {n: [v] for n, v in self.tags}
        return message


SENDERS = (
    Sender("shop.example", 1.0, (("ses:configuration-set", "newsletter-weekly"),)),
    Sender("shop.example", 1.0, (("ses:configuration-set", "receipts"), ("kind", "receipt"))),
    Sender("alerts.example", 1.0, (("ses:tenant-name", "acme"), ("kind", "alert"))),
    Sender("tenants.example", 1.0, (("ses:tenant-name", "Globex"),)),
    Sender("seldom.example", 0.4, (("ses:configuration-set", "seldom"),)),
    Sender("quiet.example", 0.0),
)


# --- messages, by the rule that they are under ------------------------------------------

Build = Callable[..., dict]


def _bounce(kind, subtype, status=None, diagnostic=None, action="failed") -> Build:
    facts = {"status": status, "diagnosticCode": diagnostic, "action": action}
    given = {k: v for k, v in facts.items() if v} if status or diagnostic else {}

    def build(recipients: list[str], **options) -> dict:
        named = [ses.recipient(r, **given) for r in recipients]
        options.setdefault("destination", recipients)
        return ses.bounce(*named, kind=kind, subtype=subtype, **options)

    return build


def _complaint(feedback: str | None = "abuse", subtype: str | None = None) -> Build:
    return lambda recipients, **options: ses.complaint(
        *recipients, feedback=feedback, subtype=subtype, **options
    )


def _opt_out(recipients, *, at, feedback_id, feed, **options) -> dict:
    message = ses.subscription(*recipients, **options)
    message["subscription"]["timestamp"] = ses.stamp(at)
    return message


def _delivery(recipients, *, feedback_id, **options) -> dict:
    return ses.delivery(*recipients, **options)


def _not_addressed(recipients, *, at, **options) -> dict:
    sent_to = ["one@crowd.example", "two@crowd.example"]
    return ses.bounce(*recipients, at=at, destination=sent_to, **options)


P, T, U = "Permanent", "Transient", "Undetermined"
# rule → class (None: not judged), and how to make one
KINDS: dict[str, tuple[str | None, Build]] = {
    "not-addressed": ("hard", _not_addressed),
    "permanent-on-account-list": ("hard", _bounce(P, "OnAccountSuppressionList")),
    "permanent-on-tenant-list": ("hard", _bounce(P, "OnTenantSuppressionList")),
    "permanent-suppressed": ("hard", _bounce(P, "Suppressed")),
    "permanent-validation": ("policy", _bounce(P, "EmailValidationSuppressed")),
    "permanent-unsubscribed": ("policy", _bounce(P, "UnsubscribedRecipient")),
    "permanent-delayed": (
        "soft",
        _bounce(P, "General", "4.0.0", "smtp; 450 later", "delayed"),
    ),
    "permanent-auth": (
        "policy",
        _bounce(P, "General", "5.7.1", "smtp; 550 5.7.1 SPF check failed"),
    ),
    "permanent-blocked": (
        "policy",
        _bounce(P, "General", "5.7.1", "smtp; 554 5.7.1 listed on a DNS blocklist"),
    ),
    "permanent-policy": (
        "policy",
        _bounce(P, "General", "5.7.1", "smtp; 550 5.7.1 members of the group only"),
    ),
    "permanent-no-email": ("hard", _bounce(P, "NoEmail")),
    "permanent-general": (
        "hard",
        _bounce(P, "General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
    ),
    "permanent-other": ("hard", _bounce(P, "Novel")),
    "transient-too-large": ("ignored", _bounce(T, "MessageTooLarge", "5.3.4")),
    "transient-content": ("ignored", _bounce(T, "ContentRejected", "5.1.1")),
    "transient-attachment": ("ignored", _bounce(T, "AttachmentRejected", "5.1.1")),
    "transient-custom-timeout": ("ignored", _bounce(T, "CustomTimeoutExceeded", "4.4.7")),
    "transient-mailbox-full": ("soft", _bounce(T, "MailboxFull", "4.2.2", "smtp; 452 full")),
    "transient-gone": (
        "soft",
        _bounce(T, "General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
    ),
    "transient-gave-up": ("soft", _bounce(T, "General", "4.4.7", "smtp; 554 4.4.7 expired")),
    "transient-autoreply": (
        "ignored",
        _bounce(T, "General", "5.0.0", "smtp; 550 5.0.0 Auto-reply: out of the office"),
    ),
    "transient-said": (
        "soft",
        _bounce(T, "General", "4.2.1", "smtp; 450 4.2.1 try again later"),
    ),
    "transient-silent": ("ignored", _bounce(T, "General")),
    "transient-other": ("soft", _bounce(T, "Novel")),
    "undetermined-autoreply": (
        "ignored",
        _bounce(U, "Undetermined", "5.0.0", "smtp; 550 5.0.0 Auto-reply: out of the office"),
    ),
    "undetermined-refused": (
        "soft",
        _bounce(U, "Undetermined", "5.2.0", "smtp; 554 5.2.0 something happened"),
    ),
    "undetermined": ("ignored", _bounce(U, "Undetermined")),
    "complaint-on-account-list": ("hard", _complaint(None, "OnAccountSuppressionList")),
    "complaint-on-tenant-list": ("hard", _complaint(None, "OnTenantSuppressionList")),
    "complaint-auth-failure": ("complaint", _complaint("auth-failure")),
    "complaint-virus": ("complaint", _complaint("virus")),
    "complaint-not-spam": ("complaint", _complaint("not-spam")),
    "complaint-not-spam-of-many": ("complaint", _complaint("not-spam")),
    "complaint": ("complaint", _complaint()),
    "complaint-of-few": ("complaint", _complaint()),
    "complaint-of-many": ("complaint", _complaint("other")),
    "delivery": (None, _delivery),
    "opt-out": ("policy", _opt_out),
}
# A server reports these, so it may name somebody else, or nobody.
REPORTED = "permanent-general permanent-policy transient-mailbox-full transient-gone".split()
CANDIDATES = {
    "complaint-of-few": (2, 5),
    "complaint-of-many": (6, 9),
    "complaint-not-spam-of-many": (2, 4),
}


@dataclass(frozen=True)
class Message:
    """One event of SES; `copies` are its messages, one for each feed that reports it."""

    at: int
    rule: str
    recipients: tuple[str, ...]
    sender: Sender
    mail: str
    key: str  # the feedback id, or for types without one the id of the mail
    feeds: tuple[str, ...]
    stage: int = 0  # when it arrives first: before the moment of this number
    oddity: str = ""  # forwarded: the report names somebody else; unreadable: one more
    turn: float = 0  # among those of its stage, from 0 to 1; its copies come later

    def text(self, feed: str) -> dict:
        named = [r.upper() if self.at % 7 == 0 else r for r in self.recipients]
        options = {}
        if self.oddity == "forwarded":
            named, options["destination"] = ["elsewhere@crowd.example"], named
        message = KINDS[self.rule][1](
            named,
            at=when(self.at),
            feed=feed,
            feedback_id=self.key,
            message_id=self.mail,
            sent=when(self.at - 5 * MINUTE),
            **options,
        )
        if self.oddity == "unreadable":
            message["bounce"]["bouncedRecipients"].append(ses.recipient("no address at all"))
        return self.sender.put_into(message)

    def event(self, policy: Policy) -> Event:
        scope, own = policy.scope_of(self.sender.facts(self.feeds[0]))
        return Event(self.at, self.rule, self.mail, scope, own, self.sender.identity)


# --- what a life may look like ----------------------------------------------------------

SOFT_RULES = (
    "transient-mailbox-full transient-gave-up transient-said transient-other"
    " permanent-delayed undetermined-refused"
).split()
GAPS = (5 * HOUR, 20 * HOUR, DAY, DAY, 2 * DAY, 3 * DAY, 5 * DAY, 10 * DAY)
LONG_GAPS = (3 * DAY, 10 * DAY, 14 * DAY, 20 * DAY, 30 * DAY, 45 * DAY, 75 * DAY, 200 * DAY)
TERMS = "permanent-suppressed permanent-policy permanent-validation permanent-other".split()
COMPLAINTS = (
    "complaint complaint-of-few complaint-of-few complaint-of-few complaint-of-many"
    " complaint-not-spam complaint-not-spam-of-many complaint-on-account-list"
    " complaint-on-tenant-list complaint-virus opt-out"
).split()
PLOTS: dict[str, tuple[list[str], tuple[int, ...], float, tuple[int, int]]] = {
    # rules, gaps, the chance of a Delivery instead, how many
    "full": (SOFT_RULES, GAPS, 0.03, (4, 40)),
    "flaky": (SOFT_RULES + ["transient-gone"], GAPS, 0.15, (4, 25)),
    "gone": (["transient-gone"], GAPS + LONG_GAPS[:5], 0.2, (2, 6)),
    "terms": (TERMS, LONG_GAPS, 0.1, (2, 9)),
    "hits": (
        ["permanent-on-account-list", "permanent-on-tenant-list", *TERMS],
        LONG_GAPS,
        0.1,
        (1, 5),
    ),
    "complaints": (COMPLAINTS, LONG_GAPS, 0.1, (1, 6)),
    "anything": (sorted(set(KINDS) - {"delivery"}), GAPS + LONG_GAPS, 0.1, (1, 12)),
}


@dataclass
class Decided:
    """What people decide at a moment."""

    # address → scope, and whether a COMPLAINT is to be removed, too
    remove: dict[str, tuple[str, bool]] = field(default_factory=dict)
    # address → scope, and for how many days
    add: dict[str, tuple[str, int | None]] = field(default_factory=dict)


@dataclass
class Plan:
    """Everything that will happen, in the order in which the program learns of it."""

    policy: Policy
    moments: list[int]
    messages: list[Message]
    decided: list[Decided]
    seed: int = 0

    def portions(self, stage: int) -> list[tuple[int, list[dict]]]:
        """What arrives before this moment, in portions, and at which time by a clock that
        may be wrong: it decides nothing, as long as nothing seems to be in the future."""
        dice, moment = random.Random(f"{self.seed} {stage}"), self.moments[stage]
        arriving = self._arrivals(stage)
        size = max(1, -(-len(arriving) // dice.randint(1, 3)))
        return [
            (moment + dice.choice((0, 0, -10 * MINUTE, HOUR)), arriving[n : n + size])
            for n in range(0, len(arriving), size)
        ]

    def _arrivals(self, stage: int) -> list[dict]:
        """In the order of their turns, some of it again and again."""
        found = []
        for message in self.messages:
            dice = random.Random(f"{self.seed} {stage} {message.key}")
            if message.stage > stage or (message.stage < stage and dice.random() > 0.03):
                continue
            turn = message.turn
            for feed in message.feeds:
                for _ in range(dice.choice((1, 1, 1, 2))):
                    found.append((turn, len(found), message.text(feed)))
                    turn = dice.uniform(turn, 1)
        return [text for _, _, text in sorted(found)]

    def only(self, keep: Iterable[Message], addresses: set[str]) -> Plan:
        decided = [
            Decided(
                {a: v for a, v in d.remove.items() if a in addresses},
                {a: v for a, v in d.add.items() if a in addresses},
            )
            for d in self.decided
        ]
        return replace(self, messages=list(keep), decided=decided)


# The program replays no more of an address when something comes late (test_limits.py).
LIFE_EVENTS_MAX = 100


class Generator:
    def __init__(self, seed: int, policy: Policy, moments: list[int], scopes: list[str]):
        self.seed = seed
        self.dice = random.Random(seed)
        self.policy = policy
        self.moments = moments
        self.scopes = scopes  # in which people decide
        self.messages: list[Message] = []
        self.count = 0

    def plan(self, addresses: int, *, in_order: bool = False) -> Plan:
        self._report_deliveries()
        if not in_order:
            self.messages = self._mix(self.messages)
        names = [self._address(n) for n in range(addresses)]
        for name in names:
            begin = len(self.messages)
            self._live(name)
            life = self.messages[begin:]
            self.messages[begin:] = life if in_order else self._mix(life)
        decided = [self._decide(names) for _ in self.moments]
        return Plan(self.policy, self.moments, self.messages, decided, self.seed)

    def _mix(self, life: list[Message]) -> list[Message]:
        """Some arrive late, and all in any order."""
        mixed = []
        for message in life:
            stage = message.stage
            while stage < len(self.moments) - 1 and self.dice.random() < 0.1:
                stage += 1
            mixed.append(replace(message, stage=stage, turn=self.dice.random()))
        return mixed

    def _address(self, n: int) -> str:
        if n == 0:
            return ALLOWED_ADDRESS
        domain = self.dice.choices(
            ("mail.example", "post.example", ALLOWED_DOMAIN, SIMULATOR), (20, 20, 1, 2)
        )[0]
        return f"person{n}@{domain}"

    def _report_deliveries(self) -> None:
        """Deliveries to other people, by which an identity shows that it reports them."""
        for identity, share in {s.identity: s.reports for s in SENDERS}.items():
            sender = next(s for s in SENDERS if s.identity == identity)
            for n in range(SPAN // (6 * DAY) + 2):
                if self.dice.random() >= share:
                    continue
                at = self.moments[-1] - SPAN + (n - 1) * 6 * DAY + self.dice.randrange(3 * DAY)
                if at < self.moments[-1] - CLEAR_OF_MOMENTS:
                    self._happen("delivery", ["reader@crowd.example"], at, sender)

    def _live(self, name: str) -> None:
        dice = self.dice
        at = self.moments[-1] - dice.randrange(SPAN)
        senders = dice.sample(SENDERS, dice.choice((1, 1, 2, 6)))
        before: list[Message] = []
        taken: set[int] = set()
        is_delivered = dice.random() < 0.6
        for _ in range(dice.choice((1, 1, 2, 3))):
            rules, gaps, delivered, (least, most) = PLOTS[dice.choice(list(PLOTS))]
            for _ in range(dice.randint(least, most)):
                at += dice.choice(gaps)
                if dice.random() < 0.7:  # else exactly so far apart
                    at += dice.randrange(-HOUR, HOUR)
                at = self._clear(at)
                if at >= self.moments[-1] or at in taken or len(before) == LIFE_EVENTS_MAX:
                    break
                taken.add(at)
                rule, sender, mail = dice.choice(rules), dice.choice(senders), ""
                if before and dice.random() < 0.15:
                    sender, mail = (m := dice.choice(before)).sender, m.mail
                if is_delivered and dice.random() < delivered:
                    rule, sender, mail = "delivery", dice.choice(SENDERS), ""
                before.append(self._happen(rule, [name], at, sender, mail))
            at = self.moments[-1] - dice.randrange(SPAN)

    def _clear(self, at: int) -> int:
        for moment in self.moments:
            if abs(at - moment) < CLEAR_OF_MOMENTS:
                at = moment + CLEAR_OF_MOMENTS
        return at

    def _happen(
        self, rule: str, recipients: list[str], at: int, sender: Sender, mail: str = ""
    ) -> Message:
        dice = self.dice
        self.count += 1
        mail = mail or f"0100{at:012x}-{self.seed:08x}-{self.count:08d}-000000"
        low, high = CANDIDATES.get(rule, (1, 1))
        others = [f"bystander{self.count}-{n}@mail.example" for n in range(high)]
        recipients = recipients + others[: dice.randint(low, high) - 1]
        feeds = [dice.choice(("notification", "event"))]
        if rule == "opt-out":
            feeds = ["event"]
        other = "event" if feeds[0] == "notification" else "notification"
        same = self.policy.scope_of(sender.facts(other)) == self.policy.scope_of(
            sender.facts(feeds[0])
        )
        if rule != "opt-out" and same and dice.random() < 0.3:
            feeds.append(other)
        stage = next(n for n, moment in enumerate(self.moments) if moment > at)
        begin = self.moments[stage - 1] if stage else self.moments[-1] - 2 * SPAN
        turn = (at - begin) / (self.moments[stage] - begin)
        key = f"0100{at:012x}-{self.seed:08x}-{self.count:08d}-feedbk"
        oddity = ""
        if rule in REPORTED and dice.random() < 0.1:
            oddity = dice.choice(("forwarded", "unreadable"))
        about = tuple(recipients)
        self.messages.append(
            Message(at, rule, about, sender, mail, key, tuple(feeds), stage, oddity, turn)
        )
        return self.messages[-1]

    def _decide(self, names: list[str]) -> Decided:
        dice, decided = self.dice, Decided()
        for name in names:
            scope = dice.choice(self.scopes)
            chance = dice.random()
            if chance < 0.08:
                decided.remove[name] = scope, dice.random() < 0.8
            elif chance < 0.11:
                decided.add[name] = scope, dice.choice((None, 5, 60))
        return decided


# --- the same, as the model wants it ----------------------------------------------------


@dataclass
class Known:
    """What the program knows so far, as histories."""

    policy: Policy
    histories: dict[str, History] = field(default_factory=dict)
    identities: dict[str, set[int]] = field(default_factory=dict)

    def of(self, address: str) -> History:
        return self.histories.setdefault(address, History(address))

    def learn(self, message: Message) -> None:
        if message.rule == "delivery":
            days = self.identities.setdefault(message.sender.identity, set())
            days.add(message.at // DAY)
        for recipient in message.recipients:
            self.of(recipient).events.append(message.event(self.policy))

    def _can_remove(self, address: str, scope: str, complaint: bool, now: int) -> bool:
        """Otherwise the program refuses, and nothing happens."""
        history = self.of(address)
        listed = in_force(self.policy, history, self.identities, now)
        if (scope, "COMPLAINT") in listed and not complaint:
            return False
        there = {*listed, *waiting(self.policy, history)}
        return any(s == scope for s, _ in there)

    def decide(self, decided: Decided, now: int) -> None:
        for address, (scope, complaint) in decided.remove.items():
            if self._can_remove(address, scope, complaint, now):
                self.of(address).decisions.append(Removed(now, scope))
        for address, (scope, days) in decided.add.items():
            until = FOREVER if days is None else now // 1000 * 1000 + days * DAY
            self.of(address).decisions.append(Added(now, until, scope))


__all__ = ["EVERYTHING", "Generator", "Known", "Message", "Plan", "when"]
