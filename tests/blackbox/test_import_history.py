"""`sesbouncectl import` of what people have kept: S3, SQS, Lambda, EventBridge, by hand."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import re
import subprocess
import tarfile
import uuid
import zipfile
from pathlib import Path

import pytest

import ses
from daemon import SESBOUNCECTL, Daemon, environment, shell
from fakesns import FOREIGN_TOPIC, encode, now
from test_eventbridge import wrapped

A, B, C = (f"{name}@mail.example" for name in ("ann", "ben", "cyd"))
NOTICE = "Successfully validated SNS topic for Amazon SES event publishing."


def bare(address: str) -> str:
    return json.dumps(ses.bounce(address, feed="event"))


def signed(sns, address: str, **options) -> dict:
    return sns.feedback(ses.bounce(address), **options)


def of_lambda(envelope: dict) -> dict:
    """As Lambda spells the members, and puts the empty ones in."""
    names = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    sns = {names.get(key, key): value for key, value in envelope.items()}
    sns = {"Subject": None, "MessageAttributes": {}} | sns
    return {"EventVersion": "1.0", "EventSource": "aws:sns", "Sns": sns,
            "EventSubscriptionArn": f"{envelope['TopicArn']}:{uuid.uuid4()}"}


def of_firehose(envelope: dict) -> dict:
    """firehose-archived-message-format-S3: without a signature."""
    unsigned = {k: v for k, v in envelope.items() if not k.startswith("Sign")}
    return unsigned | {"MessageAttributes": {}}


def of_sqs(body: str) -> dict:
    return {"MessageId": str(uuid.uuid4()), "ReceiptHandle": "AQEB+/==", "Body": body,
            "MD5OfBody": "0" * 32, "Attributes": {"SentTimestamp": "1"}}


def of_sqs_for_lambda(body: str) -> dict:
    return {"messageId": str(uuid.uuid4()), "receiptHandle": "AQEB", "body": body,
            "attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs"}


def bodies(sns) -> list[str]:
    return [encode(signed(sns, A)).decode(), bare(B), json.dumps(wrapped(
        "Email Bounced", ses.bounce(C, feed="event")))]


def envelopes(sns) -> list[dict]:
    return [signed(sns, address) for address in (A, B, C)]


# What a file can look like that holds the bounces of A, B and C.
CONTAINERS = {
    "firehose": lambda sns: "".join(map(bare, (A, B, C))),
    "firehose-lines": lambda sns: "".join(bare(a) + "\n" for a in (A, B, C)),
    "firehose-notice": lambda sns: NOTICE + "".join(map(bare, (A, B))) + NOTICE + bare(C),
    "firehose-envelopes": lambda sns: "".join(
        json.dumps(of_firehose(e)) for e in envelopes(sns)),
    "firehose-both": lambda sns: bare(A) + "".join(
        json.dumps(signed(sns, a)) for a in (B, C)),
    "eventbridge": lambda sns: "\n".join(
        json.dumps(wrapped("Email Bounced", ses.bounce(a, feed="event"), f"id-{a}"))
        for a in (A, B, C)),
    "sqs": lambda sns: json.dumps({"Messages": list(map(of_sqs, bodies(sns)))}, indent=4),
    "sqs-calls": lambda sns: "\n".join(
        json.dumps({"Messages": [of_sqs(body)]}, indent=4) for body in bodies(sns)),
    "sqs-messages": lambda sns: json.dumps(list(map(of_sqs, bodies(sns)))),
    "sqs-bodies": lambda sns: json.dumps(bodies(sns)),
    "sqs-texts": lambda sns: "\t".join(bodies(sns)),
    "sqs-strings": lambda sns: "\n".join(map(json.dumps, bodies(sns))),
    "lambda-sns": lambda sns: json.dumps({"Records": list(map(of_lambda, envelopes(sns)))}),
    "lambda-sqs": lambda sns: json.dumps(
        {"Records": list(map(of_sqs_for_lambda, bodies(sns)))}, indent=2),
    "lambda-dead-letters": lambda sns: json.dumps({"Messages": [
        of_sqs(json.dumps({"Records": [of_lambda(e)]})) for e in envelopes(sns)]}),
    "sns-of-lambda": lambda sns: "".join(
        json.dumps(of_lambda(e)["Sns"]) for e in envelopes(sns)),
    "envelopes": lambda sns: json.dumps(envelopes(sns)),
}


def summary(daemon: Daemon, *words: str, **options) -> dict:
    (row,) = daemon.ctl("-o", "json", "import", *words, **options).json()
    return row


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_is_imported_packed_or_not(daemon, sns, home, container):
    text = CONTAINERS[container](sns).encode()
    (home / "plain").write_bytes(text)
    (home / "packed").write_bytes(gzip.compress(text))
    assert summary(daemon, "--dry-run", str(home / "plain"))["applied"] == 3
    assert daemon.events() == []
    result = daemon.ctl("import", str(home / "packed"))
    assert result.code == 0 and result.err == "", result
    assert daemon.suppressed() == [A, B, C]
    assert set(daemon.column("SELECT origin FROM suppressed")) == {"import"}
    again = summary(daemon, str(home / "plain"))
    assert (again["applied"], again["refused"]) == (0, 0) and again["duplicate"] >= 3
    for piped in (text, gzip.compress(text)):
        assert daemon.ctl("import", "-", input=piped).code == 0
    assert len(daemon.events()) == 3


def test_members_of_gzip_one_behind_the_other(daemon, home):
    text = (bare(A) + bare(B) + bare(C)).encode()
    cuts = [text[:100], text[100:], b""]
    (home / "m.gz").write_bytes(b"".join(map(gzip.compress, cuts)))
    assert daemon.ctl("import", str(home / "m.gz")).code == 0
    assert daemon.suppressed() == [A, B, C]


def test_what_is_readable_of_a_damaged_gzip_file_is_applied(daemon, home):
    packed = gzip.compress((bare(A) + "\n").encode()) + gzip.compress(bare(B).encode())
    (home / "1-short.gz").write_bytes(packed[:-12])
    damaged = bytearray(gzip.compress((bare(B) + "\n").encode()))
    damaged[-8] ^= 1
    (home / "2-damaged.gz").write_bytes(damaged)
    (home / "3-good.json").write_text(bare(C))
    result = daemon.ctl("import", str(home / "1-short.gz"), str(home / "2-damaged.gz"),
                        str(home / "3-good.json"))
    assert result.code == 2
    assert re.search(r"1-short\.gz: .*gzip.* too early", result.err)
    assert re.search(r"2-damaged\.gz: .*gzip.* damaged", result.err)
    assert daemon.suppressed() == [A, B, C], "the readable ones, and the files behind"


def test_a_decompression_bomb_needs_no_memory(daemon, home):
    with gzip.open(home / "bomb.gz", "wb", compresslevel=9) as file:
        for _ in range(256):
            file.write(b" " * (1 << 20))
        file.write(bare(A).encode())
        file.write(b'{"a":"')
        for _ in range(64):
            file.write(b"x" * (1 << 20))
    assert (home / "bomb.gz").stat().st_size < 400_000
    command = [SESBOUNCECTL, "-c", daemon.config_file, "import", home / "bomb.gz"]
    process = subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 1 and daemon.suppressed() == [A]
    assert usage.ru_maxrss < 200 * 1024, "KiB, also with a sanitizer"


def test_a_folder_of_s3_is_walked_in_the_order_of_names(daemon, home):
    folder = home / "s3"
    for hour, address in (("11", B), ("02", A), ("23", C)):
        at = folder / "2026" / "03" / "05" / hour
        at.mkdir(parents=True)
        (at / f"stream-{hour}").write_bytes(gzip.compress(bare(address).encode()))
    (folder / "2026" / "empty").touch()
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    result = daemon.ctl("import", str(folder))
    assert result.code == 0 and result.err == ""
    assert daemon.column("SELECT address FROM events ORDER BY id") == [A, B, C]


def test_a_folder_is_not_left_through_a_link(daemon, home):
    (home / "in").mkdir()
    (home / "out").mkdir()
    (home / "out" / "m.json").write_text(bare(A))
    (home / "in" / "b.json").write_text(bare(B))
    (home / "in" / "a-link").symlink_to(home / "out")
    (home / "in" / "c-loop").symlink_to(home / "in")
    os.mkfifo(home / "in" / "d-pipe")
    result = daemon.ctl("import", str(home / "in"))
    assert daemon.suppressed() == [B]
    assert result.code == 2 and result.err.count("a symbolic link") == 2 and "d-pipe" in result.err
    (home / "named").symlink_to(home / "out")
    assert daemon.ctl("import", str(home / "named")).code == 0, "a link that was named"
    assert daemon.suppressed() == [A, B]


def test_a_folder_that_is_too_deep_is_named(daemon, home):
    deep = home / "deep"
    at = deep.joinpath(*["d"] * 20)
    at.mkdir(parents=True)
    (at / "m.json").write_text(bare(A))
    result = daemon.ctl("import", str(deep))
    assert result.code == 2 and "too deep" in result.err and daemon.suppressed() == []
    assert daemon.ctl("import", str(at)).code == 0


def test_faults_are_listed_by_record_and_line_without_stopping(daemon, home):
    lines = [bare(A), '{"x": 1}', bare(B), "no json", '{"Type":', bare(C)]
    (home / "m.json").write_text("\n".join(lines) + "\n")
    result = daemon.ctl("import", str(home / "m.json"))
    assert result.code == 1 and daemon.suppressed() == [A, B]
    for place in ("m.json:2 (line 2)", "m.json:4 (line 4)", "m.json:5 (line 5)"):
        assert place in result.err


def test_only_so_many_faults_are_printed_and_the_others_counted(daemon, home):
    (home / "m.json").write_text('{"x": 1}\n' * 1000 + bare(A))
    result = daemon.ctl("import", str(home / "m.json"))
    assert result.code == 1 and daemon.suppressed() == [A]
    lines = result.err.splitlines()
    assert len(lines) == 51 and "950 more" in lines[-1] and "1000 refused" in result.out


# --- what proves nothing


def forged(envelope: dict) -> dict:
    return envelope | {"Message": envelope["Message"].replace("ann@", "eve@")}


@pytest.mark.parametrize("wrap", [
    lambda e: e,
    lambda e: {"Records": [of_lambda(e)]},
    lambda e: {"Messages": [of_sqs(json.dumps(e))]},
    lambda e: {k: v for k, v in e.items() if k != "Signature"},
    lambda e: {k: v for k, v in e.items() if k not in ("Signature", "SigningCertURL")},
    lambda e: {"Records": [of_lambda({k: v for k, v in e.items() if k != "Signature"})]},
], ids=["bare", "lambda", "sqs", "no-signature", "no-certificate", "lambda-no-signature"])
def test_a_forged_envelope_is_refused_in_every_container(daemon, sns, home, wrap):
    (home / "m.json").write_text(json.dumps(wrap(forged(signed(sns, A)))))
    result = daemon.ctl("import", str(home / "m.json"))
    assert result.code == 1 and "refused" in result.err
    assert daemon.suppressed() == [] and daemon.events() == []


@pytest.mark.parametrize("wrap", [of_firehose, lambda e: {"Records": [of_lambda(e)]}])
def test_a_topic_that_is_not_allowed_is_refused_in_every_container(daemon, sns, home, wrap):
    envelope = signed(sns, A, topic=FOREIGN_TOPIC)
    (home / "m.json").write_text(json.dumps(wrap(envelope)))
    result = daemon.ctl("import", str(home / "m.json"))
    assert result.code == 1 and FOREIGN_TOPIC in result.err and daemon.events() == []


def test_an_envelope_of_lambda_is_kept_as_sns_signed_it(daemon, sns, home):
    envelope = signed(sns, A)
    (home / "m.json").write_text(json.dumps({"Records": [of_lambda(envelope)]}))
    assert daemon.ctl("import", str(home / "m.json")).code == 0
    (event,) = daemon.events()
    kept = daemon.ctl("message", "show", str(event["id"])).out
    assert json.loads(kept)["Signature"] == envelope["Signature"]
    (home / "kept.json").write_text(kept)
    assert daemon.ctl("message", "verify", str(home / "kept.json")).code == 0
    daemon.accept(envelope)
    assert len(daemon.events()) == 1, "what SNS delivers is the same message"


# --- what is something else


def archive_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m.json", bare(A))


def archive_tar(path: Path) -> None:
    (path.parent / "m.json").write_text(bare(A))
    with tarfile.open(path, "w:gz") as archive:
        archive.add(path.parent / "m.json", "m.json")


CLOUDTRAIL = {"Records": [{"eventVersion": "1.08", "userIdentity": {"type": "IAMUser"},
                           "eventSource": "ses.amazonaws.com", "eventName": "SendEmail"}]}
SES_LIST = {"SuppressedDestinationSummaries": [
    {"EmailAddress": A, "Reason": "BOUNCE", "LastUpdateTime": "2026-03-05T10:15:30Z"}]}
MAIL = f"Return-Path: <>\nTo: news@shop.example\nSubject: Undelivered\n\n{A} failed\n"
OTHERS = {
    "list": (f"{A}\n{B}\n", " suppress import "),
    "csv": (f'email,reason\n"{A}",bounce\n', " suppress import "),
    "ses-list": (json.dumps(SES_LIST), " suppress import "),
    "mbox": (f"From MAILER-DAEMON Thu Mar  5 10:15:30 2026\n{MAIL}", "a mailbox"),
    "eml": (MAIL, "a mail"),
    "cloudtrail": (json.dumps(CLOUDTRAIL), "CloudTrail"),
    "parquet": ("PAR1\x15\x04", "Parquet"),
    "zip": (archive_zip, "unzip -p"),
    "tar": (archive_tar, "tar -xOf"),
    "xml": ('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "XML"),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_a_file_of_another_kind_gets_advice(daemon, home, kind):
    content, says = OTHERS[kind]
    file = home / f"a {kind}"
    content(file) if callable(content) else file.write_text(content)
    (home / "z.json").write_text(bare(C))
    result = daemon.ctl("import", str(file), str(home / "z.json"))
    assert result.code == 2 and says in result.err and str(file) in result.err
    assert len(result.err.splitlines()) <= 2
    assert daemon.suppressed() == [C], "the next file is read all the same"


def test_the_advice_for_an_archive_works(daemon, home):
    archive_tar(home / "an archive")
    result = daemon.ctl("import", str(home / "an archive"))
    command = re.search(r"type: (.* \| .* import -)$", result.err, re.M)[1]
    assert shell(command).code == 0
    assert daemon.suppressed() == [A]


def test_what_is_dated_in_the_future_is_refused_and_the_rest_imported(daemon, home):
    """It would be later than what people decide until then. A clock may be slow a little."""
    soon, later = now() + dt.timedelta(minutes=14), now() + dt.timedelta(minutes=16)
    lines = [ses.bounce(A, at=later), ses.bounce(B, at=soon), ses.bounce(C)]
    file = home / "some.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = daemon.ctl("-o", "json", "import", str(file))
    assert result.code == 1 and daemon.suppressed() == [B, C]
    assert f"{file}:1 (line 1): refused: it is dated 2" in result.err and "future" in result.err
    (done,) = result.json()
    assert (done["applied"], done["refused"]) == (2, 1)
