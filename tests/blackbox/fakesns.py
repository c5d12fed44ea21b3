"""A fake Amazon SNS: signs envelopes, serves certificates and confirms subscriptions.

An `Authority` is made once a session: a throw-away CA, the TLS certificate of every fake
server, and the keys that sign. A `FakeSns` is one TLS server on a port of the system's
choice; it records what it was asked, and a `Plan` says how it misbehaves. Nothing here
knows the daemon: test_fakesns.py checks it against the `openssl` command.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import secrets
import socket
import ssl
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

REGION = "us-east-1"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:ses-feedback"
FOREIGN_TOPIC = f"arn:aws:sns:{REGION}:666666666666:ses-feedback"
EVENT_SUBJECT = "Amazon SES Email Event Notification"

Envelope = dict[str, str]
UTC = dt.timezone.utc


def now() -> dt.datetime:
    return dt.datetime.now(UTC)


def stamp(at: dt.datetime) -> str:
    """SNS's own form of a time: milliseconds and Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def encode(envelope: Envelope) -> bytes:
    """The HTTP body, indented as SNS posts it."""
    return json.dumps(envelope, indent=2).encode()


def canonical(envelope: Envelope) -> bytes:
    """The string that SNS signs (sns-verify-signature-of-message)."""
    if envelope["Type"] == "Notification":
        keys = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    else:
        keys = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn"]
        keys.append("Type")
    present = [key for key in keys if envelope.get(key) is not None]
    return "".join(f"{key}\n{envelope[key]}\n" for key in present).encode()


def region_of(topic: str) -> str:
    return topic.split(":")[3]


@dataclass(frozen=True)
class Signer:
    """A signing key, its certificate, and the name the certificate is served under."""

    key: rsa.RSAPrivateKey
    pem: bytes
    file: str = field(
        default_factory=lambda: f"SimpleNotificationService-{secrets.token_hex(16)}.pem"
    )

    def sign(self, envelope: Envelope) -> str:
        digest = hashes.SHA1() if envelope["SignatureVersion"] == "1" else hashes.SHA256()
        signature = self.key.sign(canonical(envelope), padding.PKCS1v15(), digest)
        return base64.b64encode(signature).decode()


class Authority:
    """The keys of a session, and the CA that the daemon trusts."""

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "ca.pem"
        self.server_file = folder / "server.pem"
        self._ca_key = ec.generate_private_key(ec.SECP256R1())
        self._ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away CA")])
        self.ca_file.write_bytes(_pem(self._ca_certificate()))
        self.server_file.write_bytes(self.server_chain(ec.generate_private_key(ec.SECP256R1())))
        key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        self.signer = self.new_signer(key=key)
        self.stranger = self.new_signer(key=other)

    def new_signer(
        self,
        name: str = "sns.amazonaws.com",
        *,
        key: rsa.RSAPrivateKey | None = None,
        before: dt.timedelta = dt.timedelta(days=30),
        after: dt.timedelta = dt.timedelta(days=300),
    ) -> Signer:
        """Another certificate, under a URL of its own; the usual key unless one is given."""
        key = key or self.signer.key
        builder = self._builder(name, key.public_key(), before, after).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        return Signer(key, _pem(builder.sign(self._ca_key, hashes.SHA256())))

    def _builder(self, name, public_key, before, after) -> x509.CertificateBuilder:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._ca_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - before)
            .not_valid_after(now() + after)
        )

    def _ca_certificate(self) -> x509.Certificate:
        day = dt.timedelta(days=1)
        builder = self._builder("throw-away CA", self._ca_key.public_key(), day, day)
        builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
        return builder.sign(self._ca_key, hashes.SHA256())

    def server_chain(
        self,
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
        after: dt.timedelta = dt.timedelta(days=1),
    ) -> bytes:
        """A key and a new certificate for it, of a server on this machine."""
        day = dt.timedelta(days=1)
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = self._builder("localhost", key.public_key(), day, after).add_extension(
            x509.SubjectAlternativeName(names), critical=False
        )
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return private + _pem(builder.sign(self._ca_key, hashes.SHA256()))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    host: str


@dataclass(frozen=True)
class Answer:
    """What becomes of one request. `status` None: what SNS itself would answer."""

    status: int | None = None
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    until: threading.Event | None = None  # held back until it is set
    # In place of an answer: may look at the path, and write what it likes to `wfile`.
    by: Callable[[BaseHTTPRequestHandler], None] | None = None


GENUINE = Answer()


class Plan:
    """The answers to come, in turn; when they are used up, `otherwise`."""

    def __init__(self) -> None:
        self._next: deque[Answer] = deque()
        self.otherwise = GENUINE

    def then(self, *answers: Answer) -> None:
        self._next.extend(answers)

    def take(self) -> Answer:
        try:
            return self._next.popleft()
        except IndexError:
            return self.otherwise


class FakeSns:
    """One TLS server; `origin` is what `[sns] endpoint` is set to."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.signer = authority.signer
        self.certificates = {"/" + self.signer.file: self.signer.pem}
        self.certificate_plan = Plan()
        self.confirm_plan = Plan()
        self.requests: list[Request] = []
        self.connections = 0
        self.closing = threading.Event()
        self._changed = threading.Condition()
        self._server = _Server(self)
        self.port = self._server.server_address[1]
        self.origin = f"https://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.accept_all, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._server.stop_accepting()
        self._thread.join()
        self._server.server_close()

    # --- what it was asked

    def record(self, request: Request) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def connected(self) -> None:
        with self._changed:
            self.connections += 1

    def wait_for(self, count: int, of: Callable[[], list], timeout: float = 10) -> list:
        """Waits until `of()` has `count` members: sns.wait_for(1, sns.confirmations)."""
        with self._changed:
            reached = self._changed.wait_for(lambda: len(of()) >= count, timeout)
        assert reached, f"asked {self.requests} within {timeout} s"
        return of()

    def fetches(self) -> list[Request]:
        return [r for r in self.requests if r.path.endswith(".pem")]

    def confirmations(self) -> list[Request]:
        return [r for r in self.requests if r.query.get("Action") == "ConfirmSubscription"]

    # --- what it sends

    def certificate_url(self, topic: str, signer: Signer | None = None) -> str:
        host = f"sns.{region_of(topic)}.amazonaws.com"
        return f"https://{host}/{(signer or self.signer).file}"

    def add(self, signer: Signer) -> Signer:
        self.certificates["/" + signer.file] = signer.pem
        return signer

    def sign(self, envelope: Envelope, signer: Signer | None = None) -> Envelope:
        """Signs as it is now; SigningCertURL stays when there is one already."""
        signer = signer or self.signer
        url = self.certificate_url(envelope["TopicArn"], signer)
        envelope.setdefault("SigningCertURL", url)
        envelope["Signature"] = signer.sign(envelope)
        return envelope

    def notification(
        self,
        message: str,
        *,
        topic: str = TOPIC,
        subject: str | None = None,
        version: str = "2",
        at: dt.datetime | None = None,
        message_id: str | None = None,
        signer: Signer | None = None,
        **fields: str,
    ) -> Envelope:
        """A signed Notification; `fields` are added before it is signed."""
        envelope = _head("Notification", message, topic, version, at, message_id)
        if subject is not None:
            envelope["Subject"] = subject
        host = f"sns.{region_of(topic)}.amazonaws.com"
        envelope["UnsubscribeURL"] = (
            f"https://{host}/?Action=Unsubscribe&SubscriptionArn={topic}:{uuid.uuid4()}"
        )
        return self.sign(envelope | fields, signer)

    def feedback(self, event: dict, **options) -> Envelope:
        """An SES message in the dress of its feed: event publishing has a Subject and a
        newline at the end, identity notifications have neither."""
        text = json.dumps(event)
        if "eventType" in event:
            options.setdefault("subject", EVENT_SUBJECT)
            text += "\n"
        return self.notification(text, **options)

    def sized(self, event: dict, size: int) -> bytes:
        """A genuine body of `size` bytes: the blanks are behind the SES message, where they
        mean nothing and are signed."""
        text = json.dumps(event)
        text += " " * (size - len(encode(self.notification(text))))
        return encode(self.notification(text))

    def confirmation(
        self,
        type: str = "SubscriptionConfirmation",
        *,
        topic: str = TOPIC,
        token: str | None = None,
        subscribe_url: str | None = None,
        message: str | None = None,
        version: str = "2",
        at: dt.datetime | None = None,
        message_id: str | None = None,
        signer: Signer | None = None,
        **fields: str,
    ) -> Envelope:
        token = token or secrets.token_hex(128)
        message = message or (
            f"You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, "
            "visit the SubscribeURL included in this message."
        )
        envelope = _head(type, message, topic, version, at, message_id)
        envelope["Token"] = token
        envelope["SubscribeURL"] = subscribe_url or (
            f"https://sns.{region_of(topic)}.amazonaws.com/?Action=ConfirmSubscription"
            f"&TopicArn={quote(topic, safe='')}&Token={token}"
        )
        return self.sign(envelope | fields, signer)

    def unsubscription(
        self, *, topic: str = TOPIC, subscription: str | None = None, **options
    ) -> Envelope:
        """Of `subscription`, by default one that nobody has heard of."""
        subscription = subscription or f"{topic}:{uuid.uuid4()}"
        options.setdefault(
            "message",
            f"You have chosen to deactivate subscription {subscription}.\nTo cancel this "
            "operation and restore the subscription, visit the SubscribeURL included in this "
            "message.",
        )
        return self.confirmation("UnsubscribeConfirmation", topic=topic, **options)


def _head(type, message, topic, version, at, message_id) -> Envelope:
    return {
        "Type": type,
        "MessageId": str(uuid.uuid4()) if message_id is None else message_id,
        "TopicArn": topic,
        "Message": message,
        "Timestamp": stamp(at or now()),
        "SignatureVersion": version,
    }


def confirmed(topic: str) -> bytes:
    """The answer of ConfirmSubscription."""
    return f"""<ConfirmSubscriptionResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <ConfirmSubscriptionResult>
    <SubscriptionArn>{topic}:{uuid.uuid4()}</SubscriptionArn>
  </ConfirmSubscriptionResult>
  <ResponseMetadata>
    <RequestId>{uuid.uuid4()}</RequestId>
  </ResponseMetadata>
</ConfirmSubscriptionResponse>
""".encode()


def refusal(code: str, text: str) -> bytes:
    """The body of an error of SNS's query API."""
    return f"""<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <Error>
    <Type>Sender</Type>
    <Code>{code}</Code>
    <Message>{text}</Message>
  </Error>
  <RequestId>{uuid.uuid4()}</RequestId>
</ErrorResponse>
""".encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, sns: FakeSns) -> None:
        self.sns = sns
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(sns.authority.server_file)
        super().__init__(("127.0.0.1", 0), _Handler)

    def accept_all(self) -> None:
        """Instead of serve_forever(), which ends only at its next poll."""
        while not self.sns.closing.is_set():
            try:
                self.process_request(*self.get_request())
            except OSError:
                pass  # stop_accepting(), or a client that gave up at once

    def stop_accepting(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # closed before

    def finish_request(self, request, client_address) -> None:
        """In the connection's own thread, so that a stuck handshake stops nobody."""
        self.sns.connected()
        try:
            with self.tls.wrap_socket(request, server_side=True) as tls:
                super().finish_request(tls, client_address)
        except OSError:
            pass  # the client went away or does not trust us: its own affair

    def handle_error(self, request, client_address) -> None:
        pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *arguments) -> None:
        pass

    def do_GET(self) -> None:
        sns = self.server.sns
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        sns.record(Request(self.command, url.path, query, self.headers.get("Host", "")))
        if query.get("Action") == "ConfirmSubscription":
            answer = sns.confirm_plan.take()
            genuine = 200, confirmed(query.get("TopicArn", "")), "text/xml"
        else:
            answer = sns.certificate_plan.take()
            pem = sns.certificates.get(url.path)
            genuine = (200, pem, "application/x-pem-file") if pem else (404, b"", "text/xml")
        if self._held(answer):
            self.close_connection = True
            return
        if answer.by:
            self.close_connection = True
            answer.by(self)
        elif answer.status is None:
            self._send(*genuine)
        else:
            self._send(answer.status, answer.body, "text/plain", answer.headers)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def _held(self, answer: Answer) -> bool:
        """Waits for the answer's turn; True when the server closes before it comes."""
        while answer.until and not answer.until.wait(0.02):
            if self.server.sns.closing.is_set():
                return True
        return False

    def _send(self, status: int, body: bytes, content_type: str, headers=()) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
