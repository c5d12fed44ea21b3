"""Signing certificates: from where, how often, and what happens when they do not come."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import ses
from daemon import ANSWER_SECONDS, assert_refusal, eventually
from fakesns import TOPIC, Answer, encode

HOST = "sns.us-east-1.amazonaws.com"
FILE = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"


def some_bounce(sns, **options):
    return sns.feedback(ses.bounce(f"{secrets.token_hex(4)}@mail.example"), **options)


# --- which URLs

REFUSED_URLS = {
    "http": f"http://{HOST}/{FILE}",
    "foreign-host": f"https://sns.evil.example/{FILE}",
    "bucket-named-sns": f"https://sns.s3-us-west-2.amazonaws.com/{FILE}",
    "suffix": f"https://{HOST}.evil.example/{FILE}",
    "prefix": f"https://evil-{HOST}/{FILE}",
    "other-region": f"https://sns.eu-west-1.amazonaws.com/{FILE}",
    "other-partition": f"https://{HOST}.cn/{FILE}",
    "userinfo": f"https://{HOST}@evil.example/{FILE}",
    "userinfo-2": f"https://user@{HOST}/{FILE}",
    "port": f"https://{HOST}:8443/{FILE}",
    "query": f"https://{HOST}/{FILE}?x=1",
    "fragment": f"https://{HOST}/{FILE}#x",
    "percent": f"https://{HOST}/%53impleNotificationService-00.pem",
    "upper-host": f"https://SNS.us-east-1.amazonaws.com/{FILE}",
    "upper-hex": f"https://{HOST}/SimpleNotificationService-ABCDEF.pem",
    "no-hex": f"https://{HOST}/SimpleNotificationService-.pem",
    "not-pem": f"https://{HOST}/SimpleNotificationService-00.key",
    "folder": f"https://{HOST}/x/{FILE}",
    "parent": f"https://{HOST}/../{FILE}",
    "backslash": f"https://{HOST}\\{FILE}",
    "newline": f"https://{HOST}/{FILE}\n",
    "loopback": f"https://127.0.0.1/{FILE}",
    "metadata": f"https://169.254.169.254/{FILE}",
    "file": f"file:///{FILE}",
    "no-uri": "not a uri",
    "empty": "",
    "long": f"https://{HOST}/SimpleNotificationService-{'0' * 5000}.pem",
}


@pytest.mark.parametrize("url", REFUSED_URLS.values(), ids=REFUSED_URLS.keys())
def test_403_without_any_fetch_for_a_url_that_is_not_of_sns(daemon, sns, url):
    envelope = sns.notification("x", SigningCertURL=url)
    reply = daemon.deliver(envelope)
    assert reply.status == 403 or (reply.status == 400 and url == "")
    assert sns.connections == 0
    assert not (daemon.home / FILE).exists()


def test_a_url_on_another_server_is_never_asked(daemon, sns, make_sns):
    attacker = make_sns()
    envelope = sns.notification("x", SigningCertURL=f"{attacker.origin}/{sns.signer.file}")
    assert_refusal(daemon.deliver(envelope), 403)
    daemon.accept(some_bounce(sns))
    assert attacker.connections == 0


@pytest.mark.parametrize("url", ["https://sns.us-east-1.amazonaws.com:443/{file}", "{own}/{file}"])
def test_port_443_and_the_endpoints_own_origin_are_accepted(daemon, sns, url):
    url = url.format(file=sns.signer.file, own=sns.origin)
    daemon.accept(some_bounce(sns, SigningCertURL=url))
    assert [r.path for r in sns.fetches()] == ["/" + sns.signer.file]


def test_the_endpoint_may_be_a_template_with_the_region(make_daemon, sns):
    """Only the form is tried here: the name must resolve, and localhost always does."""
    origin = f"https://localhost:{sns.port}"
    daemon = make_daemon(sns={"endpoint": origin}).start()
    daemon.accept(some_bounce(sns))
    assert len(sns.fetches()) == 1
    assert sns.fetches()[0].host == f"localhost:{sns.port}"


def test_a_certificate_of_one_region_is_not_accepted_for_another(make_daemon, sns):
    """An endpoint without {region} serves all regions under the same URL."""
    there = TOPIC.replace("us-east-1", "eu-central-2")
    daemon = make_daemon(sns={"topic": [TOPIC, there]}).start()
    opt_in = sns.add(sns.authority.new_signer("sns-signing.eu-central-2.amazonaws.com"))
    url = f"{sns.origin}/{opt_in.file}"
    daemon.accept(some_bounce(sns, topic=there, signer=opt_in, SigningCertURL=url))
    reply = daemon.deliver(some_bounce(sns, topic=TOPIC, signer=opt_in, SigningCertURL=url))
    assert_refusal(reply, 503)


@pytest.mark.parametrize("from_disk", [False, True], ids=["fetched", "from-disk"])
def test_a_certificate_serves_its_region_whatever_topic_asked_first(make_daemon, sns, from_disk):
    """An endpoint without {region}: a topic that may not use it asks first."""
    there = TOPIC.replace("us-east-1", "eu-central-2")
    daemon = make_daemon(sns={"topic": [TOPIC, there]})
    opt_in = sns.add(sns.authority.new_signer("sns-signing.eu-central-2.amazonaws.com"))
    url = f"{sns.origin}/{opt_in.file}"
    if from_disk:
        folder = daemon.certificates / sns.origin.removeprefix("https://")
        folder.mkdir(parents=True)
        (folder / opt_in.file).write_bytes(opt_in.pem)
    daemon.start()
    reply = daemon.deliver(some_bounce(sns, topic=TOPIC, signer=opt_in, SigningCertURL=url))
    assert_refusal(reply, 503)
    daemon.accept(some_bounce(sns, topic=there, signer=opt_in, SigningCertURL=url))
    assert len(sns.fetches()) == (0 if from_disk else 1)


def test_import_verifies_with_a_certificate_that_another_topic_asked_for(make_daemon, sns, home):
    there = TOPIC.replace("us-east-1", "eu-central-2")
    daemon = make_daemon(sns={"topic": [TOPIC, there]}).start()
    opt_in = sns.add(sns.authority.new_signer("sns-signing.eu-central-2.amazonaws.com"))
    url = f"{sns.origin}/{opt_in.file}"
    captured = home / "captured.json"
    wrong, right = (
        some_bounce(sns, topic=topic, signer=opt_in, SigningCertURL=url)
        for topic in (TOPIC, there)
    )
    captured.write_bytes(encode(wrong) + b"\n" + encode(right))
    daemon.ctl("import", str(captured))
    assert [event["topic_arn"] for event in daemon.events()] == [there]


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-gov-east-1"])
def test_both_govcloud_regions_sign_with_the_western_name(make_daemon, sns, region):
    topic = f"arn:aws-us-gov:sns:{region}:123456789012:ses-feedback"
    daemon = make_daemon(sns={"topic": [topic]}).start()
    signer = sns.add(sns.authority.new_signer("sns-us-gov-west-1.amazonaws.com"))
    daemon.accept(some_bounce(sns, topic=topic, signer=signer))


# --- how often


def test_fifty_waiting_deliveries_cause_one_fetch(daemon, sns):
    gate = threading.Event()
    sns.certificate_plan.then(Answer(until=gate))
    envelopes = [some_bounce(sns) for _ in range(50)]
    with ThreadPoolExecutor(50) as pool:
        replies = [pool.submit(daemon.deliver, envelope) for envelope in envelopes]
        sns.wait_for(1, sns.fetches)
        gate.set()
        assert [r.result().status for r in replies] == [200] * 50
    assert len(sns.fetches()) == 1
    assert len(daemon.events()) == 50


def test_a_certificate_is_kept_on_disk_over_a_restart(daemon, sns):
    daemon.accept(some_bounce(sns))
    file = daemon.certificates / HOST / sns.signer.file
    eventually(file.exists)
    assert file.read_bytes() == sns.signer.pem
    daemon.restart()
    daemon.accept(some_bounce(sns))
    assert len(sns.fetches()) == 1


def test_a_kept_certificate_works_while_sns_is_away(daemon, sns):
    daemon.accept(some_bounce(sns))
    eventually((daemon.certificates / HOST / sns.signer.file).exists)
    daemon.stop()
    sns.close()
    daemon.start()
    daemon.accept(some_bounce(sns))


def test_a_file_of_the_operator_is_used_without_a_fetch(make_daemon, sns):
    daemon = make_daemon()
    folder = daemon.certificates / HOST
    folder.mkdir(parents=True)
    (folder / sns.signer.file).write_bytes(sns.signer.pem)
    daemon.start()
    daemon.accept(some_bounce(sns))
    assert sns.connections == 0


def test_a_file_put_there_while_it_runs_is_used(daemon, sns):
    folder = daemon.certificates / HOST
    folder.mkdir(parents=True, exist_ok=True)
    (folder / sns.signer.file).write_bytes(sns.signer.pem)
    daemon.accept(some_bounce(sns))
    assert sns.connections == 0


@pytest.mark.parametrize("damage", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_damaged_file_is_fetched_again(make_daemon, sns, damage):
    daemon = make_daemon()
    folder = daemon.certificates / HOST
    folder.mkdir(parents=True)
    (folder / sns.signer.file).write_bytes(damage)
    daemon.start()
    daemon.accept(some_bounce(sns))
    eventually(lambda: (folder / sns.signer.file).read_bytes() == sns.signer.pem)


def test_a_new_url_is_fetched_while_the_old_one_still_serves(daemon, sns):
    daemon.accept(some_bounce(sns))
    renewed = sns.add(sns.authority.new_signer())
    daemon.accept(some_bounce(sns, signer=renewed), some_bounce(sns))
    assert len(sns.fetches()) == 2


def test_files_are_not_for_others(daemon, sns):
    daemon.accept(some_bounce(sns))
    file = daemon.certificates / HOST / sns.signer.file
    eventually(file.exists)
    assert file.stat().st_mode & 0o027 == 0
    assert [name for name in os.listdir(file.parent) if name != file.name] == []


# --- what may come


FAILURES = {
    "500": Answer(500),
    "503": Answer(503),
    "404": Answer(404),
    "403": Answer(403),
    "empty": Answer(200, b""),
    "html": Answer(200, b"<html><body>captive portal</body></html>"),
    "half": Answer(200, b"-----BEGIN CERTIFICATE-----\nMIIB\n"),
    "oversized": Answer(200, b"A" * (64 * 1024 + 1)),
    "huge": Answer(200, b"A" * 5_000_000),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_503_when_no_certificate_comes(daemon, sns, failure):
    sns.certificate_plan.otherwise = failure
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)
    assert list(daemon.certificates.glob("**/*.pem")) == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(daemon, sns, make_sns, status):
    other = make_sns()
    location = ("Location", f"{other.origin}/{sns.signer.file}")
    sns.certificate_plan.otherwise = Answer(status, headers=(location,))
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)
    assert other.connections == 0


@pytest.mark.parametrize("before, after", [(b"junk\n", b""), (b"", b"junk\n"), (b"<a>", b"</a>")])
def test_503_for_anything_around_the_certificate(daemon, sns, before, after):
    sns.certificate_plan.otherwise = Answer(200, before + sns.signer.pem + after)
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)


def test_503_for_two_certificates(daemon, sns):
    sns.certificate_plan.otherwise = Answer(200, sns.signer.pem * 2)
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "sns.evil.example",
        "sns.amazonaws.com.evil.example",
        "*.amazonaws.com",
        "sns-signing.eu-west-1.amazonaws.com",
    ],
)
def test_503_for_a_certificate_of_somebody_else(daemon, sns, name):
    signer = sns.add(sns.authority.new_signer(name))
    assert_refusal(daemon.deliver(some_bounce(sns, signer=signer)), 503)


def test_the_name_of_an_opt_in_region_is_accepted(make_daemon, sns):
    topic = "arn:aws:sns:af-south-1:123456789012:ses-feedback"
    daemon = make_daemon(sns={"topic": [topic]}).start()
    signer = sns.add(sns.authority.new_signer("sns-signing.af-south-1.amazonaws.com"))
    daemon.accept(some_bounce(sns, topic=topic, signer=signer))


def test_a_server_that_the_ca_file_does_not_vouch_for_is_503(make_daemon, sns, home):
    """The system's store knows nothing of the throw-away CA."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", "/dev/null", "-out", "other-ca.pem", "-subj", "/CN=other"]
    subprocess.run(command, cwd=home, check=True, capture_output=True)
    daemon = make_daemon(sns={"ca_file": str(home / "other-ca.pem")}).start()
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)
    assert sns.fetches() == []


# --- failures pass


@pytest.mark.slow
def test_complaint_08_a_failed_fetch_is_503_and_good_again_within_30_s(daemon, sns):
    sns.certificate_plan.then(Answer(500))
    envelope = some_bounce(sns)
    assert_refusal(daemon.deliver(envelope), 503)
    begun = time.monotonic()
    statuses: list[int] = []

    def delivered() -> bool:
        statuses.append(daemon.deliver(envelope).status)
        return statuses[-1] == 200

    eventually(delivered, timeout=30)
    assert set(statuses) <= {200, 503}
    assert time.monotonic() - begun < 30
    assert len(sns.fetches()) == 2, "the failure was remembered for a while"


@pytest.mark.slow
def test_a_fetch_that_hangs_is_503_in_time_and_holds_up_nobody(daemon, sns):
    daemon.accept(some_bounce(sns))
    sns.certificate_plan.otherwise = Answer(until=threading.Event())
    new = sns.add(sns.authority.new_signer())
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        stuck = [pool.submit(daemon.deliver, some_bounce(sns, signer=new)) for _ in range(8)]
        sns.wait_for(2, sns.fetches)
        daemon.accept(some_bounce(sns))
        assert time.monotonic() - begun < 3
        for reply in stuck:
            assert_refusal(reply.result(), 503)
    assert time.monotonic() - begun < ANSWER_SECONDS


def test_it_stops_cleanly_while_a_fetch_hangs(daemon, sns):
    sns.certificate_plan.otherwise = Answer(until=threading.Event())
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(daemon.deliver, some_bounce(sns))
        sns.wait_for(1, sns.fetches)
        begun = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - begun < 5
        assert stuck.result().status == 503


def junk(sns):
    """A message of our topic that names a certificate nobody has."""
    url = f"https://{HOST}/SimpleNotificationService-{secrets.token_hex(16)}.pem"
    return some_bounce(sns, SigningCertURL=url)


def test_strangers_cause_one_fetch_each_and_cannot_shut_out_known_certificates(daemon, sns):
    """How they cannot keep an unknown one from us is tried in test_starvation.py."""
    daemon.accept(some_bounce(sns))
    with ThreadPoolExecutor(60) as pool:
        replies = [pool.submit(daemon.deliver, junk(sns)) for _ in range(60)]
        daemon.accept(some_bounce(sns))
        for reply in replies:
            assert_refusal(reply.result(), 503)
    asked = [request.path for request in sns.fetches()]
    assert len(set(asked)) == len(asked) <= 61


def test_a_topic_that_is_not_allowed_causes_no_fetch(daemon, sns):
    foreign = TOPIC.replace("123456789012", "666666666666")
    assert_refusal(daemon.deliver(some_bounce(sns, topic=foreign)), 403)
    assert sns.connections == 0
