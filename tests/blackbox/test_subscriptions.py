"""Subscriptions: confirmed through the outbox, ended without a word to anybody."""

from __future__ import annotations

import datetime as dt
import json

import pytest

import ses
from daemon import Daemon, assert_refusal, eventually
from fakesns import FOREIGN_TOPIC, TOPIC, Answer, FakeSns, confirmed, encode, now, refusal

OTHER_TOPIC = TOPIC + "-2"


def state(daemon: Daemon, topic: str = TOPIC) -> str | None:
    states = daemon.column("SELECT state FROM topics WHERE topic_arn = ?", topic)
    return states[0] if states else None


def subscription_of(daemon: Daemon) -> str:
    return daemon.value("SELECT subscription_arn FROM topics")


def subscribe(daemon: Daemon, sns: FakeSns) -> None:
    daemon.accept(sns.confirmation())
    wait_state(daemon, "confirmed")


def wait_state(daemon: Daemon, expected: str, topic: str = TOPIC) -> None:
    eventually(lambda: state(daemon, topic) == expected, 15, f"state {expected}")


def test_auto_confirms_with_topic_and_token_at_the_topics_endpoint(daemon, sns):
    daemon.accept(sns.confirmation(token="0123abc"))
    (request,) = sns.wait_for(1, sns.confirmations)
    assert (request.method, request.path) == ("GET", "/")
    assert request.query == {
        "Action": "ConfirmSubscription",
        "TopicArn": TOPIC,
        "Token": "0123abc",
    }
    wait_state(daemon, "confirmed")
    (topic,) = daemon.rows("SELECT * FROM topics")
    assert topic["topic_arn"] == TOPIC
    assert topic["account_id"] == "123456789012"
    assert topic["region"] == "us-east-1"
    assert topic["subscription_arn"].startswith(TOPIC + ":")


def test_it_is_confirming_until_the_answer_is_there(daemon, sns):
    daemon.accept(sns.confirmation())
    assert state(daemon) in ("confirming", "confirmed")


def test_tokens_are_percent_encoded(daemon, sns):
    token = "a&Action=Unsubscribe+/%=#?"
    daemon.accept(sns.confirmation(token=token))
    (request,) = sns.wait_for(1, sns.confirmations)
    assert request.query["Token"] == token
    assert request.query["Action"] == "ConfirmSubscription"


def test_subscribe_url_is_never_fetched(daemon, sns, make_sns):
    attacker = make_sns()
    url = f"{attacker.origin}/?Action=ConfirmSubscription&Token=x"
    daemon.accept(sns.confirmation(subscribe_url=url))
    sns.wait_for(1, sns.confirmations)
    wait_state(daemon, "confirmed")
    assert attacker.connections == 0


def test_manual_waits_for_the_operator(make_daemon, sns):
    daemon = make_daemon(sns={"confirm": "manual"}).start()
    daemon.accept(sns.confirmation())
    assert state(daemon) == "pending"
    daemon.wait_log("topics confirm")
    assert sns.confirmations() == []
    assert daemon.ctl("topics", "confirm", TOPIC).code == 0
    sns.wait_for(1, sns.confirmations)
    wait_state(daemon, "confirmed")
    assert len(sns.confirmations()) == 1


def test_a_500_is_tried_again(daemon, sns):
    sns.confirm_plan.then(Answer(500))
    daemon.accept(sns.confirmation())
    sns.wait_for(2, sns.confirmations, timeout=15)
    wait_state(daemon, "confirmed")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(400, refusal("InvalidParameter", "Invalid parameter: Token")),
        Answer(403, refusal("AuthorizationError", "Not authorized")),
        Answer(404, b""),
    ],
    ids=["400", "403", "404"],
)
def test_a_4xx_fails_at_once_and_says_so(daemon, sns, answer):
    sns.confirm_plan.otherwise = answer
    daemon.accept(sns.confirmation())
    wait_state(daemon, "failed")
    assert len(sns.confirmations()) == 1
    daemon.wait_log(TOPIC, "confirm")


def test_a_new_confirmation_after_a_failure_starts_over(daemon, sns):
    sns.confirm_plan.then(Answer(400, refusal("InvalidParameter", "Token expired")))
    daemon.accept(sns.confirmation(token="old"))
    wait_state(daemon, "failed")
    daemon.accept(sns.confirmation(token="new"))
    wait_state(daemon, "confirmed")
    assert [r.query["Token"] for r in sns.confirmations()] == ["old", "new"]


def test_topics_confirm_after_a_failure_starts_over(daemon, sns):
    sns.confirm_plan.then(Answer(404, b""))
    daemon.accept(sns.confirmation())
    wait_state(daemon, "failed")
    assert daemon.ctl("topics", "confirm", TOPIC).code == 0
    wait_state(daemon, "confirmed")


@pytest.mark.parametrize(
    "body",
    [confirmed(OTHER_TOPIC), confirmed(FOREIGN_TOPIC)],
    ids=["other-topic", "other-account"],
)
def test_an_answer_for_another_topic_is_not_a_confirmation(daemon, sns, body):
    sns.confirm_plan.otherwise = Answer(200, body)
    daemon.accept(sns.confirmation())
    wait_state(daemon, "failed")


@pytest.mark.parametrize("body", [b"", b"<html>portal</html>"], ids=["empty", "html"])
def test_an_answer_without_an_arn_is_not_a_confirmation(daemon, sns, body):
    sns.confirm_plan.otherwise = Answer(200, body)
    daemon.accept(sns.confirmation())
    sns.wait_for(1, sns.confirmations)
    daemon.wait_log(TOPIC, "confirm")
    assert state(daemon) in ("confirming", "failed")


@pytest.mark.parametrize("end", ["stop", "kill9"])
def test_the_outbox_survives_a_restart(daemon, sns, end):
    sns.confirm_plan.otherwise = Answer(500)
    daemon.accept(sns.confirmation())
    sns.wait_for(1, sns.confirmations)
    getattr(daemon, end)()
    sns.confirm_plan.otherwise = Answer()
    daemon.start()
    wait_state(daemon, "confirmed")


def test_a_repeated_confirmation_is_confirmed_once(daemon, sns):
    envelope = sns.confirmation()
    daemon.accept(envelope, envelope, envelope)
    wait_state(daemon, "confirmed")
    daemon.accept(sns.confirmation(topic=TOPIC, token="second"))
    sns.wait_for(2, sns.confirmations)
    assert [r.query["Token"] for r in sns.confirmations()] == [envelope["Token"], "second"]


@pytest.mark.parametrize("second", [0, 0.4, -0.4], ids=["equal", "later", "earlier"])
def test_complaint_28_two_subscriptions_within_a_second_are_both_confirmed(daemon, sns, second):
    at = now()
    daemon.accept(
        sns.confirmation(token="one", at=at),
        sns.confirmation(token="two", at=at + dt.timedelta(seconds=second)),
    )
    sns.wait_for(2, sns.confirmations)
    assert sorted(r.query["Token"] for r in sns.confirmations()) == ["one", "two"]
    wait_state(daemon, "confirmed")
    eventually(lambda: daemon.value("SELECT waiting FROM topics") == 0)
    assert daemon.ctl("status").code == 0


def test_a_confirmation_is_stale_after_three_days(daemon, sns):
    daemon.accept(sns.confirmation(at=now() - dt.timedelta(days=2, hours=23)))
    wait_state(daemon, "confirmed")
    daemon.accept(sns.confirmation(topic=TOPIC, at=now() - dt.timedelta(days=3, hours=1)))
    assert daemon.quarantined() == ["stale"]
    assert state(daemon) == "confirmed"
    assert len(sns.confirmations()) == 1


def token_is_nowhere(daemon, envelope) -> bool:
    token = envelope["Token"].encode()
    return all(token not in file.read_bytes()
               for file in daemon.database.parent.iterdir() if file.is_file())


def test_a_stale_confirmation_is_quarantined_without_its_token(daemon, sns, tmp_path):
    """Members of the group read the quarantine; SNS may take the token for longer than we."""
    old = sns.confirmation(at=now() - dt.timedelta(days=3, hours=1))
    escaped = sns.confirmation(at=now() - dt.timedelta(days=3, hours=2))
    daemon.accept(old)
    token = "".join(f"\\u{ord(c):04x}" for c in escaped["Token"])
    body = encode(escaped).replace(escaped["Token"].encode(), token.encode())
    assert daemon.post(body).status == 200
    bodies = [bytes(row["body"], "utf-8") if isinstance(row["body"], str) else row["body"]
              for row in daemon.rows("SELECT body FROM quarantine ORDER BY id")]
    for kept, sent, posted in ((bodies[0], old, encode(old)), (bodies[1], escaped, body)):
        expected = {**sent, "Token": "removed", "SubscribeURL": "removed"}
        assert json.loads(kept) == expected
        assert len(kept) < len(posted)
        assert token_is_nowhere(daemon, sent)
    assert token.encode() not in bodies[1]
    assert daemon.ctl("quarantine", "retry", "--all").code == 1
    assert daemon.quarantined() == ["stale", "stale"]
    (tmp_path / "kept").write_bytes(bodies[0])
    verified = daemon.ctl("message", "verify", str(tmp_path / "kept"))
    assert verified.code == 2 and "token was removed" in verified.err
    assert "--certificate" not in verified.err


def test_topics_confirm_starts_every_token_that_waits(make_daemon, sns):
    daemon = make_daemon(sns={"confirm": "manual"}).start()
    daemon.accept(sns.confirmation(token="one"), sns.confirmation(token="two"))
    assert daemon.value("SELECT waiting FROM topics") == 2
    assert daemon.ctl("topics", "confirm", TOPIC).code == 0
    sns.wait_for(2, sns.confirmations)
    wait_state(daemon, "confirmed")
    # Now it delivers; a third one can be confirmed nevertheless.
    daemon.accept(sns.confirmation(token="three"))
    assert state(daemon) == "confirmed"
    assert daemon.ctl("topics", "confirm", TOPIC).code == 0
    sns.wait_for(3, sns.confirmations)
    eventually(lambda: daemon.value("SELECT waiting FROM topics") == 0)
    assert "already" in daemon.ctl("topics", "confirm", TOPIC).out


@pytest.mark.parametrize("confirm", ["manual", "auto"])
def test_no_token_is_in_a_file_that_the_group_reads(make_daemon, sns, confirm):
    daemon = make_daemon(sns={"confirm": confirm}).start()
    sns.confirm_plan.otherwise = Answer(500)
    daemon.accept(sns.confirmation(token="zebra4711zebra"))
    files = [path for path in daemon.home.rglob("*") if path.is_file()]
    holders = [path for path in files if b"zebra4711zebra" in path.read_bytes()]
    assert [oct(path.stat().st_mode & 0o777) for path in holders] == ["0o600"]
    assert "zebra4711" not in daemon.log()


def test_after_a_restored_backup_topics_confirm_says_to_subscribe_again(make_daemon, sns):
    daemon = make_daemon(sns={"confirm": "manual"}).start()
    daemon.accept(sns.confirmation())
    for file in daemon.database.parent.glob("*.token-*"):
        file.unlink()
    result = daemon.ctl("topics", "confirm", TOPIC)
    assert result.code == 1
    assert "aws sns subscribe --topic-arn " + TOPIC in result.out


def test_a_token_lost_on_its_way_fails_with_the_reason(daemon, sns):
    sns.confirm_plan.otherwise = Answer(500)
    daemon.accept(sns.confirmation())
    sns.wait_for(1, sns.confirmations)
    for file in daemon.database.parent.glob("*.token-*"):
        file.unlink()
    wait_state(daemon, "failed")
    assert "subscribe again" in daemon.value("SELECT fault FROM topics")
    daemon.wait_log("could not be confirmed", "its token is lost")


# --- the end of a subscription


@pytest.fixture
def two_topics(make_daemon) -> Daemon:
    return make_daemon(sns={"topic": [TOPIC, OTHER_TOPIC]}).start()


def test_an_unsubscription_is_recorded_and_warned_of(daemon, sns):
    subscribe(daemon, sns)
    daemon.accept(sns.unsubscription(subscription=subscription_of(daemon)))
    assert state(daemon) == "unsubscribed"
    daemon.wait_log(TOPIC, "the subscription has ended")
    told = daemon.ctl("status").out
    assert "was unsubscribed" in told and "unless it has another subscription" in told


def test_complaint_03_an_unsubscription_is_never_followed(two_topics, sns, make_sns):
    attacker = make_sns()
    url = f"{attacker.origin}/?Action=ConfirmSubscription&Token=x"
    two_topics.accept(sns.unsubscription(subscribe_url=url))
    two_topics.accept(sns.unsubscription())
    # Whatever it was up to would have been done before the next topic is confirmed.
    two_topics.accept(sns.confirmation(topic=OTHER_TOPIC))
    wait_state(two_topics, "confirmed", OTHER_TOPIC)
    assert [r.query["TopicArn"] for r in sns.confirmations()] == [OTHER_TOPIC]
    assert attacker.connections == 0
    assert state(two_topics) == "unsubscribed"


def test_complaint_28_a_token_that_waits_outlives_the_end_of_another_subscription(daemon, sns):
    subscribe(daemon, sns)
    sns.confirm_plan.then(Answer(500))
    daemon.accept(sns.confirmation(token="new", at=now() - dt.timedelta(minutes=1)))
    daemon.accept(sns.unsubscription(subscription=subscription_of(daemon)))
    assert state(daemon) in ("confirming", "confirmed")
    wait_state(daemon, "confirmed")
    assert [r.query["Token"] for r in sns.confirmations()][1:] == ["new", "new"]
    assert daemon.ctl("status").code == 0


def test_an_unsubscription_ends_only_the_subscription_it_names(daemon, sns):
    subscribe(daemon, sns)
    first = subscription_of(daemon)
    daemon.accept(sns.confirmation())
    sns.wait_for(2, sns.confirmations)
    eventually(lambda: daemon.value("SELECT waiting FROM topics") == 0)
    daemon.accept(sns.unsubscription(subscription=first), sns.unsubscription())
    assert state(daemon) == "confirmed"
    assert subscription_of(daemon) != first
    daemon.wait_log(TOPIC, "the topic has another one")
    assert daemon.ctl("status").code == 0
    daemon.accept(sns.unsubscription(subscription=subscription_of(daemon)))
    assert state(daemon) == "unsubscribed"


def test_an_unsubscription_that_names_none_raises_an_alarm_until_a_notification(daemon, sns):
    subscribe(daemon, sns)
    daemon.accept(sns.unsubscription(message="Your subscription was deactivated."))
    assert state(daemon) == "unsubscribed"
    assert "SNS did not say which" in daemon.value("SELECT fault FROM topics")
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    assert state(daemon) == "confirmed"


def test_a_stale_unsubscription_is_quarantined_and_changes_nothing(daemon, sns):
    subscribe(daemon, sns)
    old = sns.unsubscription(
        subscription=subscription_of(daemon), at=now() - dt.timedelta(hours=3)
    )
    daemon.accept(old, old)
    assert daemon.quarantined() == ["stale"]
    assert state(daemon) == "confirmed"
    assert token_is_nowhere(daemon, old)
    # A person may say that it holds all the same.
    assert daemon.ctl("quarantine", "retry", "--all").code == 0
    assert daemon.quarantined() == []
    assert state(daemon) == "unsubscribed"


def test_subscribing_again_after_an_unsubscription_works(daemon, sns):
    daemon.accept(sns.unsubscription())
    daemon.accept(sns.confirmation())
    wait_state(daemon, "confirmed")


def test_confirmations_of_foreign_topics_are_refused(daemon, sns):
    for envelope in (
        sns.confirmation(topic=FOREIGN_TOPIC),
        sns.unsubscription(topic=FOREIGN_TOPIC),
    ):
        assert_refusal(daemon.deliver(envelope), 403)
    assert state(daemon, FOREIGN_TOPIC) is None


def test_the_topics_view_counts_messages(daemon, sns):
    daemon.accept(*[sns.feedback(ses.bounce(f"{i}@mail.example")) for i in range(3)])
    (topic,) = daemon.rows("SELECT * FROM topics")
    assert topic["messages"] == 3
    assert topic["last_message_at"] is not None
