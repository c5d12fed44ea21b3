"""Only what SNS signed is accepted: versions, fields, keys, certificates."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest

import ses
from daemon import assert_refusal
from fakesns import TOPIC, encode


def test_version_1_and_version_2_are_accepted(daemon, sns):
    daemon.accept(
        sns.feedback(ses.bounce("one@mail.example"), version="1"),
        sns.feedback(ses.bounce("two@mail.example", feed="event"), version="2"),
    )
    assert daemon.suppressed() == ["one@mail.example", "two@mail.example"]


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_confirmations_of_both_versions_are_accepted(daemon, sns, kind, version):
    daemon.accept(sns.confirmation(kind, version=version))


@pytest.mark.parametrize("version", ["3", "0", "", "2 ", "1.0"])
def test_another_version_is_403(daemon, sns, version):
    assert_refusal(daemon.deliver(sns.notification("x", version=version)), 403)


def test_min_signature_version_2_refuses_sha_1(make_daemon, sns):
    daemon = make_daemon(sns={"min_signature_version": 2}).start()
    event = ses.bounce("ann@mail.example")
    assert_refusal(daemon.deliver(sns.feedback(event, version="1")), 403)
    daemon.accept(sns.feedback(event, version="2"))


@pytest.mark.parametrize("claimed", ["1", "2"])
def test_a_relabelled_version_is_403(daemon, sns, claimed):
    signed = "2" if claimed == "1" else "1"
    envelope = sns.feedback(ses.bounce("ann@mail.example"), version=signed)
    assert_refusal(daemon.deliver(envelope | {"SignatureVersion": claimed}), 403)


TAMPERED = {
    "Message": '{"notificationType": "Bounce"}',
    "MessageId": "00000000-0000-0000-0000-000000000000",
    "Subject": "another subject",
    "Timestamp": "2026-01-01T00:00:00.000Z",
}


@pytest.mark.parametrize("field", TAMPERED)
def test_a_changed_field_is_403(daemon, sns, field):
    envelope = sns.feedback(ses.bounce("ann@mail.example", feed="event"))
    assert_refusal(daemon.deliver(envelope | {field: TAMPERED[field]}), 403)
    assert daemon.events() == []


def test_a_message_for_another_allowed_topic_is_403(make_daemon, sns):
    other = TOPIC + "-2"
    daemon = make_daemon(sns={"topic": [TOPIC, other]}).start()
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    assert_refusal(daemon.deliver(envelope | {"TopicArn": other}), 403)


def test_a_removed_or_added_subject_is_403(daemon, sns):
    with_subject = sns.feedback(ses.bounce("ann@mail.example", feed="event"))
    del with_subject["Subject"]
    assert_refusal(daemon.deliver(with_subject), 403)
    without = sns.feedback(ses.bounce("ann@mail.example"))
    assert_refusal(daemon.deliver(without | {"Subject": "added"}), 403)


def test_a_notification_relabelled_as_a_confirmation_is_refused(daemon, sns):
    envelope = sns.notification("x") | {
        "Type": "SubscriptionConfirmation",
        "Token": "abc",
        "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?x",
    }
    assert_refusal(daemon.deliver(envelope), 403)
    assert daemon.rows("SELECT * FROM topics WHERE state = 'confirming'") == []


@pytest.mark.parametrize("field", ["Token", "SubscribeURL"])
def test_a_changed_confirmation_is_403(daemon, sns, field):
    envelope = sns.confirmation()
    envelope[field] += "0"
    assert_refusal(daemon.deliver(envelope), 403)


def test_a_null_subject_counts_as_none(daemon, sns):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    daemon.accept(envelope | {"Subject": None})
    assert daemon.suppressed() == ["ann@mail.example"]


SIGNATURES = {
    "empty": "",
    "not-base64": "!" * 344,
    "one-byte": base64.b64encode(b"\0").decode(),
    "zeros": base64.b64encode(bytes(256)).decode(),
    "ones": base64.b64encode(b"\xff" * 256).decode(),
    "too-long": base64.b64encode(bytes(257)).decode(),
    "huge": "A" * 10_000,
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_broken_signature_is_403(daemon, sns, signature):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    reply = daemon.deliver(envelope | {"Signature": signature})
    assert reply.status in (400, 403), "an empty one may count as missing"
    assert reply.status == 403 or signature == ""
    assert daemon.events() == []


def test_a_wrong_key_is_403(daemon, sns):
    url = sns.certificate_url(TOPIC)
    envelope = sns.notification("x", signer=sns.authority.stranger, SigningCertURL=url)
    assert_refusal(daemon.deliver(envelope), 403)


@pytest.mark.parametrize(
    "before, after",
    [(dt.timedelta(days=30), -dt.timedelta(days=1)), (-dt.timedelta(days=1), dt.timedelta(9))],
    ids=["expired", "not-yet"],
)
def test_a_certificate_not_valid_at_the_timestamp_proves_nothing(daemon, sns, before, after):
    signer = sns.add(sns.authority.new_signer(before=before, after=after))
    reply = daemon.deliver(sns.feedback(ses.bounce("ann@mail.example"), signer=signer))
    assert_refusal(reply, reply.status)
    assert reply.status in (403, 503)
    assert daemon.events() == []


def test_an_expired_certificate_proves_what_it_signed_in_its_time(make_daemon, sns):
    daemon = make_daemon(sns={"max_age": "0"}).start()
    signer = sns.add(sns.authority.new_signer(after=-dt.timedelta(days=1)))
    then = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=2)
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example"), signer=signer, at=then))
    assert daemon.suppressed() == ["ann@mail.example"]


MESSAGES = {
    "newline-end": "text\n",
    "newlines": "\n\n",
    "crlf": "a\r\nb\r\n",
    "escapes-two-deep": r'{"a": "\"b\\\"\u00e9"}',
    "surrogate-pair": "\U0001f600 and \u00e9",
    "nul": "before\0after",
    "controls": "".join(map(chr, range(1, 32))),
    "del-and-high": "\x7f\x80\uffff",
    "like-canonical": "x\nMessageId\ny\nSubject\nz",
    "empty": "",
    "long": "ab\n" * 80_000,
}


@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "utf8"])
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_the_message_is_verified_untouched(daemon, sns, message, ascii_only):
    envelope = sns.notification(message)
    daemon_reply = daemon.post(json.dumps(envelope, ensure_ascii=ascii_only).encode())
    assert daemon_reply.status == 200, daemon_reply.text
    assert daemon.quarantined() in (["not-json"], ["no-type"])


# Signed by the right key, but with another meaning if the canonical string is cut
# elsewhere; so the fields' forms are strict.
AMBIGUOUS = {
    "message-id-with-subject": {"message_id": "x\nSubject\ny"},
    "message-id-too-long": {"message_id": "a" * 101},
    "message-id-empty": {"message_id": ""},
    "message-id-blank": {"message_id": "a b"},
    "subject-with-newline": {"subject": "a\nTimestamp\nb"},
    "topic-with-newline": {"topic": TOPIC + "\nType\nx"},
}


@pytest.mark.parametrize("options", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_a_signed_field_without_its_strict_form_is_refused(make_daemon, sns, options):
    daemon = make_daemon(sns={"topic": ["arn:aws:sns:*:123456789012:*"]}).start()
    envelope = sns.notification("x", **options)
    reply = daemon.post(encode(envelope))
    assert reply.status in (400, 403), reply.text
    assert daemon.quarantined() == []


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00.000Z", "2026-01-01", ""])
def test_a_timestamp_that_is_not_a_time_is_refused(daemon, sns, text):
    envelope = sns.notification("x") | {"Timestamp": text}
    sns.sign(envelope)
    reply = daemon.deliver(envelope)
    assert reply.status in (400, 403)


def test_unsigned_members_may_be_anything(daemon, sns):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    envelope |= {
        "MessageAttributes": {"a": {"Type": "String", "Value": "b"}},
        "SequenceNumber": "10000000000000003000",
        "UnsubscribeURL": "https://anywhere.example/",
        "SomethingNew": [1, {"deep": None}],
    }
    daemon.accept(envelope)
    assert daemon.suppressed() == ["ann@mail.example"]


def test_headers_decide_nothing(daemon, sns):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    headers = {
        "x-amz-sns-topic-arn": "arn:aws:sns:us-east-1:1:other",
        "x-amz-sns-message-id": "something else",
    }
    assert daemon.deliver(envelope, **headers).status == 200


def test_the_casing_of_lambda_never_arrives_over_http(daemon, sns):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    envelope["SigningCertUrl"] = envelope.pop("SigningCertURL")
    assert_refusal(daemon.deliver(envelope), 400)
