"""The ingest listener over TLS, as SNS reaches it without a proxy in front."""

from __future__ import annotations

import datetime as dt
import http.client
import re
import resource
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import ses
from daemon import Daemon, eventually
from fakesns import Authority, encode
from test_admin import Connection, listen, trusting


def put(home: Path, chain: bytes, *names: str) -> None:
    """Replaces `key` and `certificate`, or only the named one, as certbot does: by renaming."""
    key, certificate = re.split(rb"(?=-----BEGIN CERTIFICATE)", chain, maxsplit=1)
    for name, pem in (("key", key), ("certificate", certificate)):
        if name in (names or ("key", "certificate")):
            (home / f"{name}.new").write_bytes(pem)
            (home / f"{name}.new").chmod(0o600)
            (home / f"{name}.new").rename(home / f"{name}.pem")


def files(home: Path) -> dict[str, str]:
    return {"certificate": str(home / "certificate.pem"), "key": str(home / "key.pem")}


@pytest.fixture
def secured(make_daemon, authority: Authority, home) -> Daemon:
    """The fake SNS's own server certificate does for ours."""
    put(home, authority.server_file.read_bytes())
    return make_daemon(ingest=files(home)).start()


def connect(daemon: Daemon, authority: Authority, **limits) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that only the server can refuse
    for name, value in limits.items():
        setattr(context, name, value)
    return http.client.HTTPSConnection("127.0.0.1", daemon.port, context=context, timeout=20)


def test_deliveries_come_over_https(secured, authority, sns):
    connection = connect(secured, authority)
    for address in ("a@x.example", "b@x.example"):
        connection.request("POST", "/sns", encode(sns.feedback(ses.bounce(address))))
        reply = connection.getresponse()
        reply.read()
        assert reply.status == 200
    connection.close()
    assert secured.suppressed() == ["a@x.example", "b@x.example"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_versions_of_tls_are_served(secured, authority, version):
    connection = connect(secured, authority, minimum_version=version, maximum_version=version)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(secured, authority, version):
    connection = connect(secured, authority, minimum_version=version, maximum_version=version)
    with pytest.raises(OSError):
        connection.connect()


def serves_with(daemon: Daemon, cipher: str) -> bool:
    """Whether TLS 1.2 comes about with this suite; for its encryption, any certificate does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    try:
        with context.wrap_socket(daemon.connect()):
            return True
    except OSError:
        return False


def suites() -> list[dict]:
    """All that OpenSSL has for TLS 1.2 and a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")
    return [c for c in context.get_ciphers() if c["auth"] in ("auth-rsa", "auth-ecdsa")]


def test_every_suite_has_forward_secrecy_and_authenticated_encryption(secured, authority, home):
    accepted = {c["name"] for c in suites() if serves_with(secured, c["name"])}
    assert "ECDHE-ECDSA-AES128-GCM-SHA256" in accepted
    put(home, authority.server_chain(rsa.generate_private_key(65537, 2048)))
    secured.wait_log("renewed TLS certificate is served")
    accepted |= {c["name"] for c in suites() if serves_with(secured, c["name"])}
    assert {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"} <= accepted
    refused = [c for c in suites() if c["name"] not in accepted]
    assert {"AES128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES256-SHA"} <= {
        c["name"] for c in refused
    }
    for suite in suites():
        if suite["name"] in accepted:
            assert suite["aead"], suite["name"]
            assert suite["kea"] in ("kx-ecdhe", "kx-dhe"), suite["name"]


# --- a renewed certificate


def serial(connection: http.client.HTTPSConnection) -> int:
    der = connection.sock.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(der).serial_number


def serial_of(chain: bytes) -> int:
    return x509.load_pem_x509_certificate(chain[chain.index(b"-----BEGIN CERT") :]).serial_number


def served(daemon: Daemon, authority: Authority) -> int:
    connection = connect(daemon, authority)
    connection.connect()
    try:
        return serial(connection)
    finally:
        connection.close()


def deliver(connection: http.client.HTTPSConnection, sns, name: str) -> http.client.HTTPResponse:
    connection.request("POST", "/sns", encode(sns.feedback(ses.bounce(f"{name}@x.example"))))
    reply = connection.getresponse()
    reply.read()
    return reply


@pytest.fixture
def renewed(authority) -> bytes:
    return authority.server_chain(ec.generate_private_key(ec.SECP256R1()))


def test_a_renewed_certificate_is_served_without_dropping_a_connection(
    secured, authority, sns, home, renewed
):
    before = served(secured, authority)
    open_before = connect(secured, authority)
    assert deliver(open_before, sns, "ann").status == 200
    half = connect(secured, authority)
    half.connect()
    half.sock.sendall(b"POST /sns HTTP/1.1\r\nHost: x\r\n")

    put(home, renewed)
    line = secured.wait_log("renewed TLS certificate is served", "LISTENER=ingest")
    assert str(home / "certificate.pem") in line and "is valid until" in line
    assert served(secured, authority) == serial_of(renewed) != before

    # A client that was there is answered, and then sent to the new one.
    assert serial(open_before) == before
    reply = deliver(open_before, sns, "ben")
    assert (reply.status, reply.getheader("Connection")) == (200, "close")
    body = encode(sns.feedback(ses.bounce("cat@x.example")))
    half.sock.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert half.sock.recv(4096).startswith(b"HTTP/1.1 200")
    assert deliver(open_before, sns, "dan").status == 200  # http.client connects again
    assert serial(open_before) == serial_of(renewed)
    assert len(secured.suppressed()) == 4
    open_before.close()
    half.close()


def test_a_second_renewal_follows_when_the_first_one_s_connections_have_ended(
    secured, authority, sns, home, renewed
):
    held = connect(secured, authority)
    held.connect()
    put(home, renewed)
    secured.wait_log("renewed TLS certificate is served")
    again = authority.server_chain(ec.generate_private_key(ec.SECP256R1()))
    put(home, again)
    assert deliver(held, sns, "ann").status == 200
    eventually(lambda: served(secured, authority) == serial_of(again))
    held.close()
    assert secured.stop() == 0


def test_a_renewal_that_fails_because_descriptors_are_short_is_tried_again(
    secured, authority, home, renewed
):
    def highest():
        return max(int(fd.name) for fd in Path(f"/proc/{secured.process.pid}/fd").iterdir())

    idle = highest()
    before = served(secured, authority)
    eventually(lambda: highest() <= idle)  # that connection has ended
    limits = resource.prlimit(secured.process.pid, resource.RLIMIT_NOFILE)
    # Enough to read the files, too few for the threads that serve with them.
    few = (highest() + 3, limits[1])
    resource.prlimit(secured.process.pid, resource.RLIMIT_NOFILE, few)
    put(home, renewed)
    line = secured.wait_log("renewed TLS certificate is not served yet", "LISTENER=ingest")
    assert "file descriptors are short" in line and "check-config" not in line
    resource.prlimit(secured.process.pid, resource.RLIMIT_NOFILE, limits)
    secured.wait_log("renewed TLS certificate is served")
    assert served(secured, authority) == serial_of(renewed) != before
    assert "cannot be used" not in secured.log()


def test_half_a_renewal_keeps_the_previous_certificate_and_says_why_once(
    secured, authority, sns, home, renewed
):
    before = served(secured, authority)
    put(home, renewed, "certificate")
    line = secured.wait_log("the previous ones are still served", "LISTENER=ingest")
    assert "[ingest] key:" in line and "--check-config" in line
    assert served(secured, authority) == before
    told = "the renewed TLS certificate or key cannot be used"
    assert told in secured.ctl("status").out and secured.ctl("status").code == 1
    put(home, renewed, "key")
    secured.wait_log("renewed TLS certificate is served")
    assert served(secured, authority) == serial_of(renewed)
    assert told not in secured.ctl("status").out
    assert secured.log().count("the previous ones are still served") == 1


def test_a_certificate_that_is_gone_for_a_moment_changes_nothing(
    secured, authority, home, renewed
):
    before = served(secured, authority)
    (home / "key.pem").rename(home / "key.old")
    secured.wait_log("the previous ones are still served", "No such file")
    assert served(secured, authority) == before
    (home / "key.old").rename(home / "key.pem")
    put(home, renewed)
    secured.wait_log("renewed TLS certificate is served")
    assert served(secured, authority) == serial_of(renewed)


def test_a_renewed_certificate_that_has_expired_is_served_with_a_warning(
    secured, authority, home
):
    key = ec.generate_private_key(ec.SECP256R1())
    put(home, authority.server_chain(key, dt.timedelta(hours=-1)))
    line = secured.wait_log("renewed TLS certificate is served")
    assert "warning:" in line and "expired on" in line


def test_it_stops_while_connections_under_the_previous_certificate_are_open(
    secured, authority, sns, home, renewed
):
    held = connect(secured, authority)
    assert deliver(held, sns, "ann").status == 200
    put(home, renewed)
    secured.wait_log("renewed TLS certificate is served")
    assert secured.stop() == 0
    held.close()


def test_a_renewed_certificate_is_served_on_the_admin_listener(
    make_daemon, authority, home, renewed
):
    put(home, authority.server_file.read_bytes())
    daemon = make_daemon(admin=listen(home) | files(home)).start()
    put(home, renewed)
    daemon.wait_log("renewed TLS certificate is served", "LISTENER=admin")
    connection = Connection(home / "admin.sock", trusting(authority))
    connection.connect()
    assert serial(connection) == serial_of(renewed)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_plain_http_and_junk_do_not_harm_a_tls_listener(secured, authority):
    for junk in (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" * 100):
        with secured.connect() as raw:
            raw.sendall(junk)
    connection = connect(secured, authority)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_http_spoken_to_the_https_port_is_logged_in_plain_words_once_a_minute(secured):
    for _ in range(3):
        with secured.connect() as raw:
            raw.sendall(b"POST /sns HTTP/1.1\r\nHost: x\r\n\r\n")
            with suppress(OSError):
                raw.recv(1)
    secured.wait_log("a client failed", "spoke HTTP to the HTTPS port")
    assert "out of context" not in secured.log()
    assert secured.log().count("a client failed") <= 2  # a minute may end meanwhile


def test_a_certificate_without_its_key_is_78(make_daemon, home):
    (home / "certificate.pem").write_text("x")
    daemon = make_daemon(ingest={"certificate": str(home / "certificate.pem")})
    daemon.spawn()
    assert daemon.wait() == 78
