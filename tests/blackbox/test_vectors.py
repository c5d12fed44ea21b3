"""Real messages: checked against the folder VECTORS (default ../shared/vectors).

The folder is not part of the repository and may hold nothing that is copied here. Where
it is not there, this tier is skipped and says so.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conftest import MakeDaemon
from daemon import REPOSITORY, SESBOUNCED, Daemon, Settings, ctl
from fakesns import Authority, FakeSns

VECTORS = Path(os.environ.get("VECTORS", REPOSITORY.parent / "shared/vectors"))

pytestmark = pytest.mark.skipif(
    not VECTORS.is_dir(), reason=f"the vectors are not at {VECTORS} (set VECTORS)"
)

# Every topic of every account that the envelopes are from.
ACCOUNTS = {
    account
    for path in VECTORS.glob("sns-*/*.json")
    for account in re.findall(rb':sns:[a-z0-9-]+:([0-9]{12}):', path.read_bytes())
}
EVERY_TOPIC = sorted(f"arn:*:sns:*:{account.decode()}:*" for account in ACCOUNTS)
ALL_TYPES = {"keep": ["*"], "count": [], "ignore": []}
# A refused certificate does not refuse the message: SNS's server may be right next time.
NOT_OF_SNS = {"rails-ingress-valid-signature-selfsigned"}


def names(folder: str) -> list[str]:
    return sorted(path.stem for path in (VECTORS / folder).glob("*.json"))


def body_of(folder: str, name: str) -> bytes:
    return (VECTORS / folder / f"{name}.json").read_bytes()


def certificate_of(folder: str, name: str) -> Path | None:
    path = VECTORS / folder / f"{name}.pem"
    return path if path.exists() else None


def is_for_lambda(body: bytes) -> bool:
    return b'"SigningCertUrl"' in body


def signing_cert_url(body: bytes) -> str:
    try:
        envelope = json.loads(body)
        return envelope.get("SigningCertURL") or envelope.get("SigningCertUrl") or ""
    except (ValueError, AttributeError):
        return ""


def seed(daemon: Daemon, sns: FakeSns, folder: str, name: str) -> None:
    """Puts the certificate where the daemon looks, and where it would fetch it."""
    pem = certificate_of(folder, name)
    url = urlsplit(signing_cert_url(body_of(folder, name)))
    if not pem or not url.hostname or not url.path.endswith(".pem"):
        return
    target = daemon.certificates / url.hostname / url.path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(pem.read_bytes())
    sns.certificates[url.path] = pem.read_bytes()


def old_ones_welcome(make_daemon: MakeDaemon) -> Daemon:
    return make_daemon(sns={"topic": EVERY_TOPIC, "max_age": "0"}, events=ALL_TYPES)


# --- envelopes


@pytest.mark.parametrize("name", names("sns-real"))
def test_real_messages_get_200(make_daemon, sns, name):
    daemon = old_ones_welcome(make_daemon)
    seed(daemon, sns, "sns-real", name)
    daemon.start()
    body = body_of("sns-real", name)
    reply = daemon.post(body)
    assert reply.status in ((200, 400) if is_for_lambda(body) else (200,)), reply.text
    assert sns.fetches() == []


@pytest.mark.parametrize("name", names("sns-negative"))
def test_negative_messages_are_refused(make_daemon, sns, name):
    daemon = old_ones_welcome(make_daemon)
    seed(daemon, sns, "sns-negative", name)
    daemon.start()
    reply = daemon.post(body_of("sns-negative", name))
    allowed = (400, 403, 503) if name in NOT_OF_SNS else (400, 403)
    assert reply.status in allowed, f"{reply.status} {reply.text}\n{daemon.log()}"
    assert daemon.rows("SELECT * FROM events") == [] and daemon.quarantined() == []


CERTIFICATES = sorted((VECTORS / "sns-negative" / "certs").glob("*"))


@pytest.mark.parametrize("file", CERTIFICATES, ids=[path.stem for path in CERTIFICATES])
def test_negative_certificates_are_refused(daemon, sns, file):
    sns.certificates["/" + sns.signer.file] = file.read_bytes()
    assert daemon.deliver(sns.notification("x")).status == 503


@pytest.fixture
def built(make_daemon) -> None:
    """Skips where the programs are not built."""


@pytest.mark.parametrize("name", names("sns-real"))
def test_message_verify_says_yes(built, name):
    pem = VECTORS / "sns-real" / f"{name}.pem"
    file = VECTORS / "sns-real" / f"{name}.json"
    result = ctl("message", "verify", "--certificate", str(pem), str(file))
    lambda_cased = is_for_lambda(file.read_bytes())
    assert result.code in ((0, 1) if lambda_cased else (0,)), result.err + result.out


@pytest.mark.parametrize("name", names("sns-negative"))
def test_message_verify_says_no(built, name):
    pem = certificate_of("sns-negative", name)
    pem = pem or VECTORS / "sns-real" / "ruby-notification-v1.pem"
    file = VECTORS / "sns-negative" / f"{name}.json"
    result = ctl("message", "verify", "--certificate", str(pem), str(file))
    assert result.code == 1, result.err + result.out
    assert (result.out + result.err).strip(), "no without a reason"


# --- SES messages


@dataclass
class Outcome:
    """What the views say of one message."""

    events: list[dict] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    suppressed: set[str] = field(default_factory=set)

    @property
    def verdict(self) -> str:
        if self.quarantined:
            return "quarantine"
        return "yes" if self.suppressed else "no"


def expectations() -> list[dict[str, str]]:
    with open(VECTORS / "ses" / "EXPECT.tsv", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [{key: value or "" for key, value in row.items()} for row in reader]


def listed(text: str) -> set[str]:
    return {part.strip() for part in text.split(",") if part.strip()}


def identifying(row: dict[str, str]) -> set[str]:
    """What two messages may not share in one database: addresses, and SES's ids."""
    marks = {address.lower() for address in listed(row["recipients"])}
    return marks | {row["feedbackId"], row["sesMessageId"]} - {""}


def batches(rows: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    """As few groups as it takes for no two messages of one to disturb each other."""
    groups: list[tuple[set[str], list[dict[str, str]]]] = []
    for row in rows:
        marks = identifying(row)
        for used, group in groups:
            if not used & marks:
                break
        else:
            used, group = set(), []
            groups.append((used, group))
        used |= marks
        group.append(row)
    return [group for _, group in groups]


def outcome(daemon: Daemon, message_id: str, recipients: set[str]) -> Outcome:
    everything = set(daemon.suppressed())
    by_message = "SELECT reason FROM quarantine WHERE sns_message_id = ?"
    events = daemon.rows("SELECT * FROM events WHERE sns_message_id = ?", message_id)
    named = {address.lower() for address in recipients}
    named |= {event["address"] for event in events if event["address"]}
    return Outcome(events, daemon.column(by_message, message_id), everything & named)


def play(batch: list[dict[str, str]], authority: Authority, home: Path) -> dict[str, Outcome]:
    """What became of each message of a batch, by its file name."""
    result = {}
    sns = FakeSns(authority)
    settings: Settings = {"events": ALL_TYPES}
    daemon = Daemon(home, sns, settings)
    try:
        daemon.start()
        for row in batch:
            envelope = sns.notification((VECTORS / "ses" / row["file"]).read_text())
            daemon.accept(envelope)
            recipients = listed(row["recipients"])
            result[row["file"]] = outcome(daemon, envelope["MessageId"], recipients)
    finally:
        daemon.close()
        sns.close()
    return result


BATCHES = batches(expectations()) if VECTORS.is_dir() else []


@pytest.fixture(scope="module")
def outcome_of(authority: Authority, tmp_path_factory) -> Callable[[str], Outcome]:
    """Plays the batch that holds the file, with an empty database, when first asked."""
    if not SESBOUNCED.exists():
        pytest.skip(f"{SESBOUNCED} is not built (or set SESBOUNCED)")
    known: dict[str, Outcome] = {}

    def find(file: str) -> Outcome:
        if file not in known:
            batch = next(b for b in BATCHES if any(row["file"] == file for row in b))
            known.update(play(batch, authority, tmp_path_factory.mktemp("ses") / "daemon"))
        return known[file]

    return find


def assert_judged(row: dict[str, str], got: Outcome) -> None:
    expected = listed(row["suppress_addresses"].lower())
    if row["confidence"] == "firm":
        assert got.verdict == row["suppress"], got.quarantined
        if row["suppress"] == "yes":
            assert got.suppressed == expected
        return
    assert got.verdict in {row["suppress"], *listed(row["also_acceptable"])}, got.quarantined
    if got.verdict == "yes":
        assert expected <= got.suppressed <= listed(row["recipients"].lower())


def assert_recorded(row: dict[str, str], got: Outcome) -> None:
    assert got.events, "neither an event nor in quarantine: lost"
    facts = {
        "type": row["type"],
        "bounce_type": row["bounceType"],
        "bounce_subtype": row["bounceSubType"],
        "feedback_type": row["complaintFeedbackType"],
        "complaint_subtype": row["complaintSubType"],
        "feedback_id": row["feedbackId"],
        "ses_message_id": row["sesMessageId"],
    }
    for event in got.events:
        assert {key: event[key] or "" for key in facts} == facts
    spelled = listed(row["recipients"])
    addresses = {event["address"] for event in got.events if event["address"]}
    expected = {address.lower() for address in spelled}
    assert addresses == expected or (row["confidence"] != "firm" and addresses < expected)
    for event in got.events:
        if event["address"]:
            assert event["address_seen"] in {with_lower_domain(a) for a in spelled}


def with_lower_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


# Batch by batch, so that workers that share the tests share few batches.
ROWS = [row for batch in BATCHES for row in batch]


@pytest.mark.parametrize("row", ROWS, ids=[row["file"].removesuffix(".json") for row in ROWS])
def test_ses_message(outcome_of: Callable[[str], Outcome], row: dict[str, str]):
    got = outcome_of(row["file"])
    if row["type"] == "AmazonSnsSubscriptionSucceeded":
        assert (got.events, got.quarantined) == ([], [])
        return
    assert_judged(row, got)
    if got.verdict != "quarantine":
        assert_recorded(row, got)


def not_json() -> list[tuple[str, str]]:
    if not VECTORS.is_dir():
        return []
    with open(VECTORS / "ses-not-json" / "EXPECT.tsv", newline="") as file:
        return [(row["file"], row["expect"]) for row in csv.DictReader(file, delimiter="\t")]


@pytest.mark.parametrize("file, expected", not_json())
def test_text_that_is_not_an_ses_message(daemon, sns, file, expected):
    text = (VECTORS / "ses-not-json" / file).read_bytes().decode()
    daemon.accept(sns.notification(text))
    assert daemon.events() == [] and daemon.suppressed() == []
    verdict = "quarantine" if daemon.quarantined() else "ignore"
    assert verdict in expected.split(" or ")
