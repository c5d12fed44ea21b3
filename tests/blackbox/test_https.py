"""The ingest listener over TLS, as SNS reaches it without a proxy in front."""

from __future__ import annotations

import http.client
import re
import ssl

import pytest

import ses
from daemon import Daemon
from fakesns import Authority, encode


@pytest.fixture
def secured(make_daemon, authority: Authority, home) -> Daemon:
    """The fake SNS's own server certificate does for ours."""
    pem = authority.server_file.read_text()
    key, certificate = re.split(r"(?=-----BEGIN CERTIFICATE)", pem, maxsplit=1)
    (home / "key.pem").write_text(key)
    (home / "key.pem").chmod(0o600)
    (home / "certificate.pem").write_text(certificate)
    files = {"certificate": str(home / "certificate.pem"), "key": str(home / "key.pem")}
    return make_daemon(ingest=files).start()


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


def test_plain_http_and_junk_do_not_harm_a_tls_listener(secured, authority):
    for junk in (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" * 100):
        with secured.connect() as raw:
            raw.sendall(junk)
    connection = connect(secured, authority)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_a_certificate_without_its_key_is_78(make_daemon, home):
    (home / "certificate.pem").write_text("x")
    daemon = make_daemon(ingest={"certificate": str(home / "certificate.pem")})
    daemon.spawn()
    assert daemon.wait() == 78
