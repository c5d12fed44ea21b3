"""Every row of the table of answers in CONTRACT.md, on the ingest side."""

from __future__ import annotations

import base64
import json
import sqlite3

import pytest

import ses
from daemon import Daemon, assert_refusal, eventually
from fakesns import FOREIGN_TOPIC, encode

# Stands in every request that is refused and must stand in no answer.
SECRET = "zebra-4711"


# --- 200


def test_200_is_given_for_new_duplicate_and_quarantined_messages(daemon, sns):
    new = sns.feedback(ses.bounce("ann@mail.example"))
    daemon.accept(new, new, sns.notification("no json"))
    assert len(daemon.events()) == 1
    assert daemon.quarantined() == ["not-json"]


def test_200_has_no_body_to_speak_of_and_keeps_the_connection(daemon, sns):
    reply = daemon.deliver(sns.feedback(ses.bounce("ann@mail.example")))
    assert reply.status == 200
    assert len(reply.body) < 200
    assert reply.headers.get("Connection", "").lower() != "close"


# --- 400


def test_400_for_no_body(daemon):
    assert_refusal(daemon.post(b""), 400)


NO_ENVELOPES = {
    "blanks": b"  \n",
    "text": SECRET.encode(),
    "array": b'["zebra-4711"]',
    "string": b'"zebra-4711"',
    "number": b"4711",
    "null": b"null",
    "empty-object": b"{}",
    "cut-short": b'{"Type": "Notification", "Message": "zebra-4711',
    "two-objects": b'{"Type": "zebra-4711"} {}',
    "nul": b"\x00zebra-4711",
    "not-utf8": b'{"Type": "zebra-4711 \xff"}',
    "bom": b"\xef\xbb\xbf{}",
    "deep": b'{"zebra-4711":' + b"[" * 20000 + b"]" * 20000 + b"}",
    "xml": b"<zebra-4711/>",
}


@pytest.mark.parametrize("body", NO_ENVELOPES.values(), ids=NO_ENVELOPES.keys())
def test_400_for_what_is_not_a_json_object_of_sns(daemon, body):
    assert_refusal(daemon.post(body), 400, secret=SECRET)


def test_400_for_a_page_of_html_says_that_it_is_html(daemon):
    reply = daemon.post(b"<!DOCTYPE html><html><body>zebra-4711</body></html>")
    assert_refusal(reply, 400, secret=SECRET)
    assert "html" in reply.text.lower()


REQUIRED = "Type MessageId TopicArn Message Timestamp SignatureVersion Signature SigningCertURL"


@pytest.mark.parametrize("field", REQUIRED.split())
def test_400_for_a_missing_required_field(daemon, sns, field):
    envelope = sns.notification(SECRET)
    del envelope[field]
    assert_refusal(daemon.post(encode(envelope)), 400, secret=SECRET)


@pytest.mark.parametrize("field", REQUIRED.split())
def test_400_for_a_required_field_that_is_not_a_string(daemon, sns, field):
    envelope = sns.notification(SECRET)
    envelope[field] = 4711
    assert_refusal(daemon.post(encode(envelope)), 400, secret=SECRET)


@pytest.mark.parametrize("field", ["Token", "SubscribeURL"])
@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_400_for_a_confirmation_without_its_fields(daemon, sns, kind, field):
    envelope = sns.confirmation(kind)
    del envelope[field]
    assert_refusal(daemon.post(encode(envelope)), 400)


def test_400_for_duplicate_keys(daemon, sns):
    text = encode(sns.notification(SECRET)).decode()
    twice = text.replace("{", '{\n  "TopicArn": "arn:aws:sns:us-east-1:1:x",', 1)
    assert_refusal(daemon.post(twice.encode()), 400, secret=SECRET)


def test_400_for_an_unknown_type(daemon, sns):
    envelope = sns.notification(SECRET) | {"Type": "Advertisement"}
    assert_refusal(daemon.post(encode(envelope)), 400, secret=SECRET)


def test_400_for_a_type_header_that_contradicts_the_body(daemon, sns):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    headers = {"x-amz-sns-message-type": "UnsubscribeConfirmation"}
    assert_refusal(daemon.deliver(envelope, **headers), 400)
    assert daemon.events() == []


def test_refusals_leave_nothing_behind(daemon, sns):
    for body in NO_ENVELOPES.values():
        daemon.post(body)
    assert daemon.events() == [] and daemon.quarantined() == []
    assert sns.connections == 0


# --- 401


@pytest.fixture
def guarded(make_daemon, home) -> Daemon:
    file = home / "credentials"
    file.write_text("sns:opensesame\nother:word with blanks\n")
    file.chmod(0o600)
    return make_daemon(ingest={"credentials_file": str(file)}).start()


def basic(user_and_password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(user_and_password.encode()).decode()}


def test_401_without_credentials_names_the_scheme(guarded, sns):
    reply = guarded.deliver(sns.feedback(ses.bounce("ann@mail.example")))
    assert_refusal(reply, 401)
    assert reply.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "headers",
    [
        basic("sns:zebra-4711"),
        basic("sns:opensesam"),
        basic("sns:opensesame2"),
        basic("sns"),
        basic(":opensesame"),
        basic(""),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer opensesame"},
        {"Authorization": ""},
    ],
    ids=["wrong", "prefix", "longer", "no-colon", "no-user", "empty", "junk", "bearer", "none"],
)
def test_401_for_wrong_credentials(guarded, sns, headers):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    assert_refusal(guarded.deliver(envelope, **headers), 401, secret=SECRET)
    assert guarded.events() == []


def test_the_log_tells_missing_credentials_from_wrong_ones(guarded, sns):
    """And knows what AWS prints in place of the password."""
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    assert_refusal(guarded.deliver(envelope), 401)
    guarded.wait_log("a request without credentials got 401")
    assert_refusal(guarded.deliver(envelope, **basic("sns:zebra-4711")), 401)
    line = guarded.wait_log("a request with wrong credentials got 401", "are not in")
    assert "zebra" not in line
    assert_refusal(guarded.deliver(envelope, **basic("sns:****")), 401)
    guarded.wait_log("a request with wrong credentials got 401", "AWS prints in place")


@pytest.mark.parametrize("who", ["sns:opensesame", "other:word with blanks"])
def test_200_with_the_right_credentials(guarded, sns, who):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    assert guarded.deliver(envelope, **basic(who)).status == 200


def test_healthz_needs_no_credentials(guarded):
    assert guarded.request("GET", "/healthz").status == 200


# --- 403: see also test_signature.py and test_certificates.py


def test_403_for_a_topic_that_is_not_allowed(daemon, sns):
    envelope = sns.notification(SECRET, topic=FOREIGN_TOPIC)
    reply = daemon.deliver(envelope)
    assert_refusal(reply, 403, secret=SECRET)
    assert "topic" in reply.text


def test_403_does_not_tell_a_stranger_which_topics_are_allowed(make_daemon, sns):
    daemon = make_daemon(sns={"min_signature_version": 2}).start()
    genuine = sns.feedback(ses.bounce("ann@mail.example"))
    daemon.accept(genuine)  # now the certificate is known, and no fetch tells them apart
    stranger = sns.notification("x", topic=FOREIGN_TOPIC)
    probes = {
        "is this topic yours": stranger,
        "its signature is wrong": genuine | {"Signature": stranger["Signature"]},
        "SigningCertURL": genuine | {"SigningCertURL": "https://sns.example/a.pem"},
        "min_signature_version": sns.notification("x", version="1"),
    }
    replies = {}
    for logged, envelope in probes.items():
        reply = daemon.deliver(envelope)
        assert_refusal(reply, 403)
        headers = sorted((k, v) for k, v in reply.headers.items() if k != "Date")
        replies[logged] = (reply.status, reply.text, headers)
        daemon.wait_log("delivery refused", logged)
    assert len(set(map(repr, replies.values()))) == 1, replies


def test_403_for_every_topic_when_none_is_configured_and_start_up_says_so(make_daemon, sns):
    daemon = make_daemon(sns={"topic": []}).start()
    daemon.wait_log("topic")
    assert_refusal(daemon.deliver(sns.notification("x")), 403)


@pytest.mark.parametrize(
    "pattern, allowed",
    [
        ("arn:aws:sns:us-east-1:123456789012:*", True),
        ("arn:aws:sns:*:123456789012:ses-feedback", True),
        ("arn:aws:sns:us-east-1:123456789012:ses-*", True),
        ("arn:aws:sns:us-east-1:999999999999:*", False),
        ("arn:aws:sns:us-east-1:*", False),
        ("arn:aws:sns:us-east-1:123456789012:ses", False),
    ],
)
def test_a_star_in_a_topic_matches_within_one_field(make_daemon, sns, pattern, allowed):
    daemon = make_daemon(sns={"topic": [pattern]})
    daemon.spawn()
    if not allowed and pattern.count(":") < 5:
        assert daemon.wait() == 78 or pytest.fail("not refused at start")
        return
    daemon.wait_ready()
    reply = daemon.deliver(sns.feedback(ses.bounce("ann@mail.example")))
    assert reply.status == (200 if allowed else 403)


# --- 404, 405, 413


@pytest.mark.parametrize(
    "path", ["/", "/zebra-4711", "/sns/", "/SNS", "//sns", "/sns%2F", "/%73ns", "/sns%00"]
)
def test_404_for_another_path(daemon, sns, path):
    body = encode(sns.feedback(ses.bounce("ann@mail.example")))
    assert_refusal(daemon.request("POST", path, body), 404, secret=SECRET)
    assert daemon.events() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_405_for_another_method_names_the_right_one(daemon, method):
    reply = daemon.request(method, "/sns")
    assert_refusal(reply, 405)
    assert "POST" in reply.headers["Allow"]


def test_405_for_a_browser_says_what_this_address_is_for(daemon):
    reply = daemon.request("GET", "/sns", headers={"Accept": "text/html"})
    assert_refusal(reply, 405)
    assert "SNS" in reply.text


def test_head_has_no_body(daemon):
    reply = daemon.request("HEAD", "/sns")
    assert (reply.status, reply.body) == (405, b"")


def test_the_path_is_a_setting(make_daemon, sns):
    daemon = make_daemon(ingest={"path": "/hooks/ses"}).start()
    body = encode(sns.feedback(ses.bounce("ann@mail.example")))
    assert daemon.request("POST", "/hooks/ses", body).status == 200
    assert_refusal(daemon.request("POST", "/sns", body), 404)


@pytest.fixture
def small(make_daemon) -> Daemon:
    return make_daemon(ingest={"max_body": "64K"}).start()


@pytest.mark.parametrize("size", [64 * 1024 + 1, 200 * 1024])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_413_for_too_large_a_body(small, size, chunked):
    blocks = [SECRET.encode().ljust(1000)] * (size // 1000) + [b" " * (size % 1000)]
    body = iter(blocks) if chunked else b"".join(blocks)
    headers = {"Transfer-Encoding": "chunked"} if chunked else {}
    reply = small.request("POST", "/sns", body, headers, chunked=chunked)
    assert_refusal(reply, 413, secret=SECRET)


def test_a_body_of_just_max_body_is_read(small, sns):
    assert small.post(sns.sized(ses.bounce("ann@mail.example"), 64 * 1024)).status == 200


@pytest.mark.parametrize("padding", [
    {"UnsubscribeURL": "https://sns.example/" + "u" * 16384},
    {"MessageAttributes": {"a": {"Type": "String", "Value": "v" * 16384}}},
    {"Unknown": [" " * 16384]},
], ids=lambda padding: next(iter(padding)))
def test_400_for_16_KiB_that_are_not_signed(daemon, sns, padding):
    envelope = sns.feedback(ses.bounce("ann@mail.example"))
    assert_refusal(daemon.post(encode(envelope | padding)), 400)
    assert_refusal(daemon.post(encode(envelope).replace(b"{", b"{" + b" " * 16384, 1)), 400)
    assert daemon.events() == [] and daemon.quarantined() == []
    daemon.accept(envelope)


def test_quarantine_show_names_what_is_not_signed(daemon, sns):
    envelope = sns.notification("no json", subject="a subject") | {"Added\u202e": "by somebody"}
    daemon.accept(envelope)
    (row,) = daemon.ctl("-o", "json", "quarantine", "show", "1").json()
    names = row["not_signed"].split(", ")
    assert set(names) >= {"SignatureVersion", "Signature", "SigningCertURL", "Added\u202e"}
    assert not set(names) & {"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
    shown = daemon.ctl("quarantine", "show", "1").out
    assert "not_signed: " in shown and "\u202e" not in shown


def test_the_largest_message_that_sns_sends_fits_by_default(daemon, sns):
    event = ses.bounce("ann@mail.example")
    event["mail"]["headers"] = [{"name": "X-Long", "value": '"\\' * 64_000}]
    assert 250_000 < len(json.dumps(event)) < 256 * 1024
    daemon.accept(sns.feedback(event))
    assert daemon.suppressed() == ["ann@mail.example"]


# --- 503: see also test_certificates.py and test_start.py


def test_503_while_the_database_is_locked_and_200_afterwards(daemon, sns):
    warm, late = (sns.feedback(ses.bounce(f"{n}@mail.example")) for n in ("a", "b"))
    daemon.accept(warm)
    lock = sqlite3.connect(daemon.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    assert_refusal(daemon.deliver(late), 503)
    lock.execute("ROLLBACK")
    lock.close()
    eventually(lambda: daemon.deliver(late).status == 200)
    assert daemon.suppressed() == ["a@mail.example", "b@mail.example"]


# --- healthz


def test_healthz_says_ok(daemon):
    reply = daemon.request("GET", "/healthz")
    assert (reply.status, reply.text.strip()) == (200, "ok")


def test_healthz_says_503_while_messages_cannot_be_stored(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("a@mail.example")))
    lock = sqlite3.connect(daemon.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    daemon.deliver(sns.feedback(ses.bounce("b@mail.example")))
    assert daemon.request("GET", "/healthz").status == 503
    lock.execute("ROLLBACK")
    lock.close()
    eventually(lambda: daemon.request("GET", "/healthz").status == 200)


# --- the log


def test_refusals_are_logged_with_the_topic_and_the_verdict(daemon, sns):
    daemon.deliver(sns.notification("x", topic=FOREIGN_TOPIC))
    daemon.wait_log(FOREIGN_TOPIC)


def test_strangers_cannot_write_lines_into_the_log(daemon, sns):
    envelope = sns.notification("x", topic=FOREIGN_TOPIC + "\nforged line\x1b[31m")
    daemon.deliver(envelope, **{"x-amz-sns-topic-arn": "x"})
    daemon.post(b'{"Type": "Notification\\nforged line"}')
    daemon.stop()
    assert "\nforged line" not in daemon.log() and "\x1b" not in daemon.log()


@pytest.mark.parametrize("mode", ["none", "hash", "full"])
def test_mail_addresses_appear_in_the_log_only_as_configured(make_daemon, sns, mode):
    daemon = make_daemon(log={"addresses": mode}).start()
    daemon.accept(sns.feedback(ses.bounce("ann.zebra@mail.example")))
    daemon.stop()
    assert ("ann.zebra@mail.example" in daemon.log()) == (mode == "full")


def test_strangers_cause_thirty_lines_per_minute_and_one_per_topic(daemon, sns):
    """Some of them name certificates that nobody has. Two minutes may be touched."""
    before = len(daemon.log().splitlines())
    foreign = sns.notification("x", topic=FOREIGN_TOPIC)
    nobody = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-%032x.pem"
    for i in range(100):
        daemon.deliver(foreign)
        daemon.deliver(sns.notification("x", SigningCertURL=nobody % i))
        daemon.post(b"{}")
    daemon.accept(sns.feedback(ses.bounce("a@mail.example")))
    daemon.wait_log("VERDICT=stored")
    lines = daemon.log().splitlines()[before:]
    assert len([line for line in lines if FOREIGN_TOPIC in line]) == 1
    assert len([line for line in lines if "VERDICT=stored" not in line]) <= 60
