"""--check-config and the start judge alike what the settings name, in the same words."""

from __future__ import annotations

import datetime as dt
import os
import re
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from daemon import SESBOUNCED, Daemon, run
from fakesns import Authority, Signer


def check(daemon: Daemon):
    return run(SESBOUNCED, "--check-config", "-c", daemon.config_file)


def write(file: Path, content: str | bytes, mode: int = 0o600) -> str:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    file.chmod(mode)
    return str(file)


def private_pem(signer: Signer, passphrase: bytes | None = None) -> bytes:
    encryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    return signer.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


@pytest.fixture
def pair(authority: Authority, home: Path) -> dict[str, str]:
    """A certificate and its key: good until a test spoils them."""
    return {
        "certificate": write(home / "certificate.pem", authority.signer.pem),
        "key": write(home / "key.pem", private_pem(authority.signer)),
    }


def assert_both_refuse(daemon: Daemon, setting: str, words: str) -> None:
    """With one line each, and the same."""
    checked = check(daemon)
    assert checked.code == 78 and not checked.out
    daemon.spawn()
    assert daemon.wait() == 78
    pattern = rf"^{re.escape(str(daemon.config_file))}:\d+: {re.escape(setting)}: .*$"
    (line,) = re.findall(pattern, checked.err, re.M)
    assert words in line
    assert daemon.log().splitlines().count(line) == 1
    assert len(daemon.log().splitlines()) == 1, daemon.log()
    assert line in daemon.status_line()


SECTIONS = pytest.mark.parametrize("section", ["ingest", "admin"])


@SECTIONS
def test_a_key_that_does_not_belong_to_the_certificate(make_daemon, authority, pair, section):
    write(Path(pair["key"]), private_pem(authority.stranger))
    assert_both_refuse(make_daemon(**{section: pair}), f"[{section}] key", "does not belong")


@SECTIONS
@pytest.mark.parametrize("key", ["certificate", "key"])
@pytest.mark.parametrize(
    "content",
    [
        "junk\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ],
    ids=["junk", "certificate", "key"],
)
def test_pem_files_that_hold_garbage(make_daemon, pair, section, key, content):
    write(Path(pair[key]), content)
    assert_both_refuse(make_daemon(**{section: pair}), f"[{section}] {key}", "in PEM form")


def test_garbage_behind_a_good_certificate(make_daemon, authority, pair):
    garbage = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    write(Path(pair["certificate"]), authority.signer.pem + garbage)
    assert_both_refuse(make_daemon(ingest=pair), "[ingest] certificate", "cannot be read")


def test_a_key_with_a_passphrase(make_daemon, authority, pair):
    write(Path(pair["key"]), private_pem(authority.signer, b"secret"))
    assert_both_refuse(make_daemon(ingest=pair), "[ingest] key", "passphrase")


def test_a_key_that_anyone_may_write(make_daemon, pair):
    Path(pair["key"]).chmod(0o602)
    assert_both_refuse(make_daemon(ingest=pair), "[ingest] key", "chmod o-w")


def test_credentials_that_nobody_has(make_daemon, home):
    file = write(home / "credentials", "# nobody\n")
    daemon = make_daemon(ingest={"credentials_file": file})
    assert_both_refuse(daemon, "[ingest] credentials_file", "nobody could deliver")


def test_a_line_of_credentials_is_not_quoted(make_daemon, home):
    file = write(home / "credentials", "sns:secret\nhunter2\n")
    daemon = make_daemon(ingest={"credentials_file": file})
    assert_both_refuse(daemon, "[ingest] credentials_file", "line 2: ")
    assert "hunter2" not in daemon.log()


def test_tokens_that_are_invalid(make_daemon, home):
    file = write(home / "tokens", "scraper:read:secret\n")
    daemon = make_daemon(admin={"tokens_file": file})
    assert_both_refuse(daemon, "[admin] tokens_file", "SHA256HEX")


def test_a_ca_file_without_certificates(make_daemon, home):
    daemon = make_daemon(sns={"ca_file": write(home / "ca", "junk\n")})
    assert_both_refuse(daemon, "[sns] ca_file", "in PEM form")


def test_the_simulators_key_that_is_not_a_key(make_daemon, home):
    simulator = {"enabled": "yes", "key": write(home / "simulator", "junk\n")}
    assert_both_refuse(make_daemon(simulator=simulator), "[simulator] key", "remove it")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run it as somebody else")
def test_a_key_that_the_daemons_user_may_not_read(make_daemon, home, pair):
    daemon = make_daemon(ingest=pair, store={"path": str(home / "nobodys" / "list.db")})
    (home / "nobodys").mkdir()
    os.chown(home / "nobodys", 65534, 65534)
    for file in (daemon.config_file, home / "certificate.pem", home / "daemon0"):
        file.chmod(0o755)
    daemon.stderr_file.touch()
    daemon.launcher = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    checked = run(*daemon.launcher, SESBOUNCED, "--check-config", "-c", daemon.config_file)
    assert checked.code == 78 and "[ingest] key: " in checked.err and "chgrp" in checked.err
    daemon.spawn()
    assert daemon.wait() == 78
    assert daemon.log() == checked.err


def test_the_simulator_is_refused_on_a_passed_socket_in_the_open(make_daemon, home):
    daemon = make_daemon(simulator={"enabled": "yes", "key": str(home / "simulator.pem")})
    daemon.listener.close()
    daemon.listener = socket.socket()
    daemon.listener.bind(("0.0.0.0", 0))
    daemon.listener.listen()
    daemon.spawn()
    assert daemon.wait() == 78
    assert re.search(r"sesbounced\.conf:\d+: \[simulator\] enabled: .*0\.0\.0\.0", daemon.log())


# --- warnings


def warned(daemon: Daemon, *words: str) -> None:
    checked = check(daemon)
    assert checked.code == 0 and checked.out
    daemon.start()
    for text in (checked.err, daemon.log()):
        (line,) = [li for li in text.splitlines() if li.startswith("warning: ")]
        for word in words:
            assert word in line


def days(number: int) -> dt.timedelta:
    return dt.timedelta(days=number)


@pytest.mark.parametrize(
    "before, after, words",
    [
        (days(90), -days(2), "expired on"),
        (days(300), days(29), "expires on"),
        (days(60), days(29), "in 28 days"),
        (-days(1), days(29), "clock"),
    ],
    ids=["expired", "soon", "last-third", "not-yet"],
)
def test_a_certificate_that_wants_to_be_renewed_is_a_warning(
    make_daemon, authority, pair, before, after, words
):
    signer = authority.new_signer(before=before, after=after)
    write(Path(pair["certificate"]), signer.pem)
    warned(make_daemon(ingest=pair), "[ingest] certificate: ", words)


@pytest.mark.parametrize("before, after", [(300, 31), (2, 4)], ids=["a-year", "a-week"])
def test_a_certificate_before_the_last_third_of_its_life_causes_no_warning(
    make_daemon, authority, pair, before, after
):
    signer = authority.new_signer(before=days(before), after=days(after))
    write(Path(pair["certificate"]), signer.pem)
    assert check(make_daemon(ingest=pair)).err == ""


def test_a_secret_that_anyone_may_read_is_a_warning(make_daemon, home):
    file = write(home / "credentials", "sns:secret\n", 0o644)
    warned(make_daemon(ingest={"credentials_file": file}), "credentials_file: ", "chmod o-r")


def test_an_empty_list_of_topics_is_a_warning(make_daemon):
    warned(make_daemon(sns={"topic": ""}), "[sns] topic: ", "everything is refused")


# --- several at once


def test_syntax_faults_do_not_hide_file_faults(make_daemon, home):
    daemon = make_daemon(
        ingest={"credentials_file": write(home / "credentials", "junk\n")},
        sns={"max_age": "a while"},
    )
    for text in (check(daemon).err, start_in_vain(daemon)):
        assert re.search(r":\d+: \[ingest\] credentials_file: ", text)
        assert re.search(r":\d+: \[sns\] max_age: ", text)


def start_in_vain(daemon: Daemon) -> str:
    daemon.spawn()
    assert daemon.wait() == 78
    return daemon.log()
