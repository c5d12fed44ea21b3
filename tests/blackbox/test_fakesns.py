"""The fake SNS is checked by itself: by the openssl command and by a plain TLS client."""

from __future__ import annotations

import base64
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import ses
from fakesns import TOPIC, Answer, Authority, Envelope, FakeSns


def get(sns: FakeSns, path: str) -> bytes:
    context = ssl.create_default_context(cafile=str(sns.authority.ca_file))
    with urllib.request.urlopen(sns.origin + path, context=context, timeout=10) as answer:
        return answer.read()


def openssl_verifies(folder: Path, pem: bytes, text: str, envelope: Envelope) -> bool:
    (folder / "cert.pem").write_bytes(pem)
    (folder / "text").write_bytes(text.encode())
    (folder / "signature").write_bytes(base64.b64decode(envelope["Signature"]))
    extract = ["openssl", "x509", "-in", "cert.pem", "-noout", "-pubkey"]
    key = subprocess.run(extract, cwd=folder, check=True, capture_output=True).stdout
    (folder / "key.pem").write_bytes(key)
    digest = "-sha1" if envelope["SignatureVersion"] == "1" else "-sha256"
    check = ["openssl", "dgst", digest, "-verify", "key.pem", "-signature", "signature", "text"]
    return subprocess.run(check, cwd=folder, capture_output=True).returncode == 0


@pytest.mark.parametrize("version", ["1", "2"])
def test_notification_without_subject_verifies_with_openssl(sns, tmp_path, version):
    e = sns.notification('a "quoted"\n text \u00e9\U0001f600', version=version)
    text = (
        f"Message\n{e['Message']}\nMessageId\n{e['MessageId']}\n"
        f"Timestamp\n{e['Timestamp']}\nTopicArn\n{TOPIC}\nType\nNotification\n"
    )
    assert openssl_verifies(tmp_path, sns.signer.pem, text, e)
    assert not openssl_verifies(tmp_path, sns.signer.pem, text + "x", e)


@pytest.mark.parametrize("version", ["1", "2"])
def test_notification_with_subject_verifies_with_openssl(sns, tmp_path, version):
    e = sns.feedback(ses.bounce("ann@mail.example", feed="event"), version=version)
    assert e["Message"].endswith("}\n")
    text = (
        f"Message\n{e['Message']}\nMessageId\n{e['MessageId']}\n"
        f"Subject\nAmazon SES Email Event Notification\n"
        f"Timestamp\n{e['Timestamp']}\nTopicArn\n{TOPIC}\nType\nNotification\n"
    )
    assert openssl_verifies(tmp_path, sns.signer.pem, text, e)


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_confirmations_verify_with_openssl(sns, tmp_path, kind):
    e = sns.confirmation(kind)
    text = (
        f"Message\n{e['Message']}\nMessageId\n{e['MessageId']}\n"
        f"SubscribeURL\n{e['SubscribeURL']}\nTimestamp\n{e['Timestamp']}\n"
        f"Token\n{e['Token']}\nTopicArn\n{TOPIC}\nType\n{kind}\n"
    )
    assert openssl_verifies(tmp_path, sns.signer.pem, text, e)


def test_stranger_does_not_verify_with_the_served_certificate(sns, tmp_path):
    e = sns.notification("x", signer=sns.authority.stranger)
    text = (
        f"Message\nx\nMessageId\n{e['MessageId']}\nTimestamp\n{e['Timestamp']}\n"
        f"TopicArn\n{TOPIC}\nType\nNotification\n"
    )
    assert not openssl_verifies(tmp_path, sns.signer.pem, text, e)
    assert openssl_verifies(tmp_path, sns.authority.stranger.pem, text, e)


def test_certificate_is_served_over_tls_and_recorded(sns):
    assert get(sns, "/" + sns.signer.file) == sns.signer.pem
    assert [r.path for r in sns.fetches()] == ["/" + sns.signer.file]
    assert sns.connections == 1


def test_unknown_certificate_is_404(sns):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(sns, "/SimpleNotificationService-00.pem")


def test_confirmation_answer_names_the_topic(sns):
    body = get(sns, f"/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc")
    assert f"<SubscriptionArn>{TOPIC}:".encode() in body
    assert [r.query["Token"] for r in sns.confirmations()] == ["abc"]


def test_plan_answers_in_turn_and_then_genuinely(sns):
    sns.certificate_plan.then(Answer(500), Answer(200, b"junk"))
    with pytest.raises(urllib.error.HTTPError, match="500"):
        get(sns, "/" + sns.signer.file)
    assert get(sns, "/" + sns.signer.file) == b"junk"
    assert get(sns, "/" + sns.signer.file) == sns.signer.pem


def test_held_answer_waits_for_its_event(sns):
    gate = threading.Event()
    sns.certificate_plan.then(Answer(until=gate))
    got: list[bytes] = []
    client = threading.Thread(target=lambda: got.append(get(sns, "/" + sns.signer.file)))
    client.start()
    sns.wait_for(1, sns.fetches)
    assert not got
    gate.set()
    client.join(10)
    assert got == [sns.signer.pem]


def test_closing_frees_a_held_answer(authority: Authority):
    sns = FakeSns(authority)
    sns.certificate_plan.otherwise = Answer(until=threading.Event())
    failures: list[Exception] = []

    def client() -> None:
        try:
            get(sns, "/" + sns.signer.file)
        except OSError as failure:
            failures.append(failure)

    thread = threading.Thread(target=client)
    thread.start()
    sns.wait_for(1, sns.fetches)
    sns.close()
    thread.join(10)
    assert len(failures) == 1


def test_a_stuck_handshake_stops_nobody(sns):
    with socket.create_connection(("127.0.0.1", sns.port)):
        assert get(sns, "/" + sns.signer.file) == sns.signer.pem
