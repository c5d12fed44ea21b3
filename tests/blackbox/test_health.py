"""Health: /healthz, the metric, Status: and `status` say whether messages can be verified
and stored. The store's part is tried in test_http_answers.py and test_start.py."""

from __future__ import annotations

import secrets
import shutil
import socket

import pytest

import ses
from daemon import assert_refusal, eventually
from fakesns import TOPIC, Answer
from test_admin import ask


AWS = "https://sns.us-east-1.amazonaws.com"


def some_bounce(sns, **options):
    return sns.feedback(ses.bounce(f"{secrets.token_hex(4)}@mail.example"), **options)


def some_new_bounce(sns):
    """Signed with a certificate whose URL nobody has asked for."""
    return some_bounce(sns, signer=sns.add(sns.authority.new_signer()))


def unknown_url(sns) -> str:
    return f"{sns.origin}/SimpleNotificationService-{secrets.token_hex(16)}.pem"


def place(daemon, signer, origin: str = AWS) -> None:
    """As an operator puts a certificate there by hand."""
    host = daemon.certificates / origin.split("://")[1]
    host.mkdir(parents=True, exist_ok=True)
    (host / signer.file).write_bytes(signer.pem)
    (host / signer.file).chmod(0o640)


def health(daemon) -> int:
    return daemon.request("GET", "/healthz").status


def break_off(handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


NO_WAY_OUT = {
    "500": Answer(500),
    "503": Answer(503),
    "proxy-407": Answer(407),
    "redirect": Answer(302, headers=(("Location", "https://portal.example/"),)),
    "captive-portal": Answer(200, b"<html>log in</html>"),
    "oversized": Answer(200, b"A" * (64 * 1024 + 1)),
    "broken-off": Answer(by=break_off),
}


@pytest.mark.parametrize("answer", NO_WAY_OUT.values(), ids=NO_WAY_OUT.keys())
def test_no_way_out_to_sns_is_unhealthy_until_a_certificate_comes(daemon, sns, answer):
    assert health(daemon) == 200
    sns.certificate_plan.otherwise = answer
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)
    for _ in range(20):
        reply = daemon.request("GET", "/healthz")
        assert_refusal(reply, 503)
        assert sns.origin in reply.text and f"curl -v {sns.origin}/" in reply.text
    eventually(lambda: "NOT VERIFYING" in daemon.status_line())
    assert sns.origin in daemon.status_line()
    daemon.wait_log("NOT VERIFYING", f"ORIGIN={sns.origin}", "curl -v")
    told = daemon.ctl("status").out
    assert "the daemon answers 503" in told and "nothing has arrived" not in told
    sns.certificate_plan.otherwise = Answer()
    daemon.accept(some_new_bounce(sns))
    assert health(daemon) == 200
    daemon.wait_log("messages can be verified again")
    eventually(lambda: daemon.status_line().startswith("storing"))


def test_a_host_that_nobody_answers_for_is_unhealthy(make_daemon, sns):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        origin = f"https://127.0.0.1:{closed.getsockname()[1]}"
        daemon = make_daemon(sns={"endpoint": origin}).start()
        assert_refusal(daemon.deliver(some_bounce(sns)), 503)
        reply = daemon.request("GET", "/healthz")
        assert_refusal(reply, 503)
        assert "could not connect" in reply.text


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_url_that_sns_does_not_have_is_not_unhealthy(daemon, sns, status):
    """Any stranger can name one."""
    sns.certificate_plan.otherwise = Answer(status)
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)
    assert health(daemon) == 200


def test_a_region_that_does_not_exist_is_not_unhealthy(make_daemon, sns):
    """With `*` for the region any stranger can name one; written out, it is the operator's."""
    url = "https://sns.xx-none-1.amazonaws.com/SimpleNotificationService-00.pem"
    there = TOPIC.replace("us-east-1", "xx-none-1")
    for topic, status in ((TOPIC.replace("us-east-1", "*"), 200), (there, 503)):
        daemon = make_daemon(sns={"topic": [topic], "endpoint": "https://{region}.invalid"})
        daemon.start()
        assert_refusal(daemon.deliver(some_bounce(sns, topic=there, SigningCertURL=url)), 503)
        assert health(daemon) == status


def test_a_region_that_cannot_be_reached_is_not_unhealthy_while_others_verify(
    make_daemon, sns
):
    """With `*` for the region any stranger can name one that a firewall keeps from us."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"https://{{region}}.localhost:{closed.getsockname()[1]}"
    topic = TOPIC.replace("us-east-1", "*")
    daemon = make_daemon(sns={"topic": [topic], "endpoint": endpoint})
    place(daemon, sns.signer)
    daemon.start()
    there = TOPIC.replace("us-east-1", "eu-west-9")

    def strangers():
        name = f"SimpleNotificationService-{secrets.token_hex(16)}.pem"
        url = f"https://sns.eu-west-9.amazonaws.com/{name}"
        return some_bounce(sns, topic=there, SigningCertURL=url, Signature="AAAA")

    def genuine():
        return some_bounce(sns, SigningCertURL=f"{AWS}/{sns.signer.file}")

    assert_refusal(daemon.deliver(strangers()), 503)
    assert health(daemon) == 503  # no certificate was used yet: nobody knows better
    daemon.accept(genuine())
    assert health(daemon) == 200
    assert_refusal(daemon.deliver(strangers()), 503)
    daemon.accept(genuine())
    assert health(daemon) == 200


def test_a_verified_delivery_ends_what_was_unhealthy(daemon, sns):
    sns.certificate_plan.otherwise = Answer(503)
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)
    assert health(daemon) == 503
    place(daemon, signer := sns.add(sns.authority.new_signer()))
    daemon.accept(some_bounce(sns, signer=signer))
    assert health(daemon) == 200
    daemon.wait_log("messages can be verified again")


def test_a_stranger_who_wants_an_unknown_certificate_turns_nothing_while_one_is_known(
    daemon, sns
):
    """Without any way out; the genuine certificate is known, whether mail flows or not."""
    genuine = some_bounce(sns)
    daemon.accept(genuine)
    for restarted in (False, True):
        if restarted:
            daemon.restart()
        sns.certificate_plan.otherwise = Answer(503)
        for _ in range(20):
            stranger = some_bounce(sns, SigningCertURL=unknown_url(sns), Signature="AAAA")
            assert_refusal(daemon.deliver(stranger), 503)
            assert health(daemon) == 200
            if restarted:
                daemon.accept(some_bounce(sns))
    assert "NOT VERIFYING" not in daemon.log()
    assert "verified again" not in daemon.log()
    assert daemon.log().count("cannot get a signing certificate") <= 10


def test_a_stranger_cannot_choose_the_name_under_which_no_certificate_is_known(make_daemon, sns):
    """SigningCertURL may name AWS's host or the endpoint's: both are one place."""
    for known, named in ((sns.origin, AWS), (AWS, sns.origin)):
        daemon = make_daemon().start()
        place(daemon, sns.signer, known)
        url = f"{known}/{sns.signer.file}"
        daemon.accept(some_bounce(sns, SigningCertURL=url))
        sns.certificate_plan.otherwise = Answer(503)
        url = f"{named}/SimpleNotificationService-{secrets.token_hex(16)}.pem"
        assert_refusal(daemon.deliver(some_bounce(sns, SigningCertURL=url)), 503)
        assert health(daemon) == 200
        daemon.stop()


def test_no_way_out_is_unhealthy_at_once_when_no_certificate_is_known_any_more(daemon, sns):
    """Another region's is known, or none: the real outage shows with the first delivery.
    That of a renewed certificate shows after a while: tests/unit/daemon/test_health.c."""
    daemon.accept(some_bounce(sns))
    assert daemon.stop() == 0
    shutil.rmtree(daemon.certificates)
    sns.certificate_plan.otherwise = Answer(503)
    daemon.start()
    assert health(daemon) == 200
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)
    assert health(daemon) == 503


def test_known_certificates_are_healthy_without_any_way_out(daemon, sns):
    daemon.accept(some_bounce(sns))
    sns.certificate_plan.otherwise = Answer(503)
    daemon.accept(some_bounce(sns))
    assert health(daemon) == 200


@pytest.mark.slow
def test_health_comes_back_though_nobody_delivers(daemon, sns):
    """A load balancer that believes /healthz lets nobody through who could end it."""
    sns.certificate_plan.then(Answer(503))
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)
    assert health(daemon) == 503
    eventually(lambda: health(daemon) == 200, timeout=40)


def test_the_metric_and_status_say_what_healthz_says(make_daemon, sns, home):
    daemon = make_daemon(admin={"listen": f"unix:{home}/admin.sock"}).start()
    sns.certificate_plan.otherwise = Answer(503)
    assert_refusal(daemon.deliver(some_bounce(sns)), 503)
    assert "\nsesbounced_storing 0\n" in ask(home, "/metrics").text
    reply = ask(home, "/healthz")
    assert reply.status == 503 and "HTTP 503" in reply.text and sns.origin in reply.text
    status = daemon.ctl("status")
    assert status.code == 1 and f"curl -v {sns.origin}/" in status.out
    sns.certificate_plan.otherwise = Answer()
    daemon.accept(some_new_bounce(sns))
    assert "\nsesbounced_storing 1\n" in ask(home, "/metrics").text
    assert ask(home, "/healthz").status == 200
