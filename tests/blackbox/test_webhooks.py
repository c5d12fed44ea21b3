"""What is sent out by HTTP: signed, in order, again until it is received, and never for a
delivery's sake or at its expense."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ses
from daemon import SESBOUNCED, Daemon, UnixConnection, eventually, run
from receiver import Receiver, Say, new_secret, verify
from test_eventbridge import sending

sys.path.append(str(Path(__file__).parents[1] / "fault"))
from ledger import sanitized  # noqa: E402

ALL = [
    "suppression.added",
    "suppression.removed",
    "suppression.held",
    "event.bounce",
    "event.complaint",
    "alert.raised",
    "alert.resolved",
    "sending.paused",
    "sending.resumed",
]
ADDED = ["suppression.added"]


@pytest.fixture
def receivers() -> Iterator[Callable[[], Receiver]]:
    made: list[Receiver] = []

    def make() -> Receiver:
        made.append(Receiver())
        return made[-1]

    yield make
    for receiver in made:
        receiver.otherwise.until and receiver.otherwise.until.set()
        receiver.close()


@pytest.fixture
def receiver(receivers) -> Receiver:
    return receivers()


@pytest.fixture
def secret() -> str:
    return new_secret()


def hook(home, receiver: Receiver, secret: str | None, **more) -> dict:
    """A section [webhook …] for the receiver."""
    settings = {"url": receiver.url, "events": ADDED} | more
    if secret:
        file = home / f"secret-{receiver.port}"
        file.write_text(secret + "\n")
        file.chmod(0o600)
        settings["secret_file"] = str(file)
    else:
        settings["format"] = "slack"
    return settings


@pytest.fixture
def start(make_daemon, home, receiver, secret):
    """A daemon with [webhook app] at the receiver."""

    def start(**more) -> Daemon:
        return make_daemon(**{"webhook app": hook(home, receiver, secret, **more)}).start()

    return start


def add(daemon: Daemon, *addresses: str) -> None:
    assert daemon.ctl("suppress", "add", *addresses).code == 0


def webhook(daemon: Daemon, name: str = "app") -> dict:
    (row,) = daemon.rows("SELECT * FROM webhooks WHERE name = ?", name)
    return row


# --- Standard Webhooks


def test_a_change_is_sent_signed_with_the_columns_of_its_row(start, receiver, secret):
    daemon = start(addresses="full")
    add(daemon, "jane@example.com")
    (got,) = receiver.wait_for(1)
    message = verify(secret, got.headers, got.body)
    assert message["type"] == "suppression.added"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["timestamp"])
    (row,) = daemon.ctl("suppress", "log", "-o", "json").json()
    assert message["data"] == row | {"change_id": row["id"]}
    assert message["timestamp"] == row["at"]
    assert got.headers["content-type"] == "application/json"
    assert re.fullmatch(r"msg_[0-9a-f]+_c\d+", got.id)
    assert got.path == "/hook?key=s3cret"


def test_a_bounce_and_a_complaint_are_sent_with_the_columns_of_their_events(
    start, receiver, secret, sns
):
    daemon = start(addresses="full", events=ALL)
    daemon.accept(sns.feedback(ses.bounce("a@example.com")))
    daemon.accept(sns.feedback(ses.complaint("b@example.com")))
    daemon.accept(sns.feedback(ses.delivery("c@example.com")))
    got = receiver.wait_for(4)
    messages = [verify(secret, one.headers, one.body) for one in got]
    assert sorted(m["type"] for m in messages) == [
        "event.bounce",
        "event.complaint",
        "suppression.added",
        "suppression.added",
    ]
    rows = {row["type"]: row for row in daemon.ctl("events", "-o", "json").json()}
    data = {m["type"]: m["data"] for m in messages}
    assert data["event.bounce"] == rows["Bounce"]
    assert data["event.complaint"] == rows["Complaint"]
    assert len({one.id for one in got}) == 4


def test_addresses_are_masked_unless_the_settings_say_full(start, receiver, sns):
    start(events=ALL).accept(sns.feedback(ses.bounce("jane.doe@example.com")))
    for got in receiver.wait_for(2):
        assert b"jane" not in got.body
        assert got.json["data"]["address"] == "j***@example.com"


def test_several_secrets_make_several_signatures(make_daemon, home, receiver):
    old, new = new_secret(24), new_secret(64)
    section = hook(home, receiver, f"# old\n{old}\n\n{new}")
    add(make_daemon(**{"webhook app": section}).start(), "jane@example.com")
    (got,) = receiver.wait_for(1)
    verify(old, got.headers, got.body)
    verify(new, got.headers, got.body)
    assert len(got.headers["webhook-signature"].split(" ")) == 2
    with pytest.raises(AssertionError):
        verify(new_secret(), got.headers, got.body)


def test_they_arrive_in_order_and_only_what_was_asked_for(start, receiver, sns):
    daemon = start(addresses="full")
    addresses = [f"a{i:03}@example.com" for i in range(100)]
    for i in range(0, 100, 10):
        add(daemon, *addresses[i : i + 10])
        daemon.accept(sns.feedback(ses.delivery("c@example.com")))
    assert daemon.ctl("suppress", "remove", *addresses[:5]).code == 0
    got = receiver.wait_for(100)
    assert [one.json["data"]["address"] for one in got] == addresses
    eventually(lambda: webhook(daemon)["sent"] == 100)
    assert webhook(daemon)["waiting"] == 0 and len(receiver.got) == 100


def test_removed_is_news(start, receiver, sns):
    daemon = start(addresses="full", events=ALL)
    add(daemon, "jane@example.com")
    assert daemon.ctl("suppress", "remove", "jane@example.com").code == 0
    got = receiver.wait_for(2)
    assert [one.json["type"] for one in got] == ["suppression.added", "suppression.removed"]


def test_a_new_webhook_begins_at_the_present_and_replay_goes_back(
    daemon, home, receiver, secret
):
    add(daemon, "old@example.com")
    daemon.configure({"webhook app": hook(home, receiver, secret, addresses="full")})
    daemon.restart()
    add(daemon, "new@example.com")
    (first,) = receiver.wait_for(1)
    assert first.json["data"]["address"] == "new@example.com"
    eventually(lambda: webhook(daemon)["sent"] == 1)
    assert daemon.ctl("webhooks", "replay", "app", "--since", "1d").code == 0
    got = receiver.wait_for(3)
    assert [one.json["data"]["address"] for one in got[1:]] == [
        "old@example.com",
        "new@example.com",
    ]
    assert got[2].id == first.id, "a receiver can tell that it has that one already"


def test_what_an_import_brings_is_not_sent(start, receiver, tmp_path):
    daemon = start(events=ALL)
    file = tmp_path / "list.csv"
    file.write_text("address\n" + "".join(f"a{i}@example.com\n" for i in range(3000)))
    assert daemon.ctl("suppress", "import", str(file)).code == 0
    bare = tmp_path / "bounce.json"
    bare.write_text(json.dumps(ses.bounce("b@example.com")))
    assert daemon.ctl("import", str(bare)).code == 0
    assert len(daemon.suppressed()) == 3001
    add(daemon, "jane@example.com")
    assert receiver.wait_for(1)[0].json["data"]["address"] == "j***@example.com"
    eventually(lambda: webhook(daemon)["sent"] == 1)
    assert len(receiver.got) == 1


# --- again until it is received


def test_it_is_tried_again_with_the_same_id_and_the_same_body(start, receiver, secret):
    receiver.then(Say(500))
    daemon = start()
    add(daemon, "jane@example.com")
    first, second = receiver.wait_for(2)
    assert 5 <= second.at - first.at <= 8
    assert first.id == second.id and first.body == second.body
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    verify(secret, second.headers, second.body)
    daemon.wait_log("could not be sent yet", "app", "HTTP 500")
    daemon.wait_log("messages are sent again", "app")
    assert "s3cret" not in daemon.log()


FAULTS = {
    "redirect": Say(302, (("Location", "http://127.0.0.1:1/elsewhere"),)),
    "closes": Say(hang_up=True),
    "garbage": Say(raw=b"\x00\xffgarbage\r\n\r\n"),
    "client-error": Say(400, body=b"no"),
    "halfway": Say(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_receiver_is_not_the_end(start, receiver, fault):
    receiver.then(FAULTS[fault])
    daemon = start()
    add(daemon, "jane@example.com")
    first, second = receiver.wait_for(2)
    assert first.id == second.id
    eventually(lambda: webhook(daemon)["state"] == "ok")
    assert webhook(daemon)["sent"] == 1


def test_what_a_receiver_answers_with_2xx_does_not_matter(start, receiver):
    receiver.then(Say(200, body=b"x" * 300_000))
    daemon = start()
    add(daemon, "jane@example.com")
    eventually(lambda: webhook(daemon)["sent"] == 1)
    assert webhook(daemon)["last_fault"] is None


def test_retry_after_is_honoured_for_all_messages(start, receiver):
    receiver.then(Say(429, (("Retry-After", "9"),)))
    daemon = start()
    add(daemon, "a@example.com")
    receiver.wait_for(1)
    add(daemon, "b@example.com")
    first, *later = receiver.wait_for(3, timeout=25)
    assert all(one.at - first.at >= 8.5 for one in later)
    assert webhook(daemon)["state"] == "ok" or eventually(
        lambda: webhook(daemon)["state"] == "ok"
    )


def test_410_switches_it_off_until_a_person_retries(start, receiver):
    receiver.then(Say(410))
    daemon = start()
    add(daemon, "a@example.com")
    daemon.wait_log("410 Gone", "switched off", "app")
    eventually(lambda: webhook(daemon)["state"] == "off")
    add(daemon, "b@example.com")
    status = daemon.ctl("status")
    assert "webhook" in status.out and "app" in status.out and status.code == 1
    daemon.restart()
    assert webhook(daemon)["state"] == "off" and len(receiver.got) == 1
    assert daemon.ctl("webhooks", "retry", "app").code == 0
    got = receiver.wait_for(3)
    assert got[1].id == got[0].id
    eventually(lambda: webhook(daemon)["state"] == "ok")


def test_a_slow_receiver_delays_neither_another_nor_a_delivery(
    make_daemon, home, receivers, secret, sns
):
    slow, fast = receivers(), receivers()
    gate = threading.Event()
    slow.otherwise = Say(until=gate)
    daemon = make_daemon(
        **{
            "webhook slow": hook(home, slow, secret, timeout="60s"),
            "webhook fast": hook(home, fast, secret),
        }
    ).start()
    begun = time.monotonic()
    for i in range(30):
        daemon.accept(sns.feedback(ses.bounce(f"a{i}@example.com")))
    fast.wait_for(30, timeout=10)
    assert time.monotonic() - begun < 10 and len(slow.got) == 1
    daemon.accept(sns.confirmation())
    eventually(lambda: daemon.column("SELECT state FROM topics") == ["confirmed"])
    gate.set()
    slow.wait_for(30)


# --- nothing is lost


def test_kill_9_before_the_send_and_before_its_result(start, receiver, secret, sns):
    gate = threading.Event()
    receiver.then(Say(until=gate))
    daemon = start(addresses="full")
    daemon.accept(sns.feedback(ses.bounce("first@example.com")))
    receiver.wait_for(1)
    for i in range(20):
        daemon.accept(sns.feedback(ses.bounce(f"a{i}@example.com")))
    daemon.disconnect()
    daemon.kill9()
    gate.set()
    daemon.start()
    got = receiver.wait_for(22)
    assert got[1].id == got[0].id, "received, but its result was not: again"
    addresses = [verify(secret, one.headers, one.body)["data"]["address"] for one in got[1:]]
    assert addresses == ["first@example.com", *(f"a{i}@example.com" for i in range(20))]


def test_kills_at_any_moment_lose_nothing(start, receiver, sns):
    daemon = start(addresses="full")
    sent = []
    for round in range(4):
        for i in range(25):
            sent.append(f"r{round}i{i}@example.com")
            daemon.accept(sns.feedback(ses.bounce(sent[-1])))
        daemon.disconnect()
        daemon.kill9()
        daemon.start()
    eventually(lambda: webhook(daemon)["sent"] >= 1 and webhook(daemon)["waiting"] == 0)
    eventually(lambda: {one.json["data"]["address"] for one in receiver.got} == set(sent), 20)
    by_id = {one.id: one.json["data"]["address"] for one in receiver.got}
    assert len(by_id) == len(sent)


def test_a_section_that_is_taken_out_takes_its_messages_along(start, receiver):
    receiver.otherwise = Say(500)
    daemon = start()
    add(daemon, "a@example.com")
    receiver.wait_for(1)
    eventually(lambda: webhook(daemon)["state"] == "failing")
    daemon.stop()
    del daemon.settings["webhook app"]
    daemon.configure({})
    daemon.start()
    daemon.wait_log("not in the settings any more", "COUNT=1")
    assert daemon.rows("SELECT * FROM webhooks") == []
    assert daemon.value("SELECT count(*) FROM outbox") == 0


def test_what_was_erased_meanwhile_is_not_sent(start, receiver):
    receiver.then(Say(500))
    daemon = start(addresses="full")
    add(daemon, "jane@example.com")
    receiver.wait_for(1)
    eventually(lambda: webhook(daemon)["state"] == "failing")
    assert daemon.ctl("erase", "jane@example.com", "--forget").code == 0
    eventually(lambda: webhook(daemon)["waiting"] == 0, 15)
    assert len(receiver.got) == 1


# --- Slack


def test_slack_gets_a_text_and_a_burst_becomes_one_message(
    make_daemon, home, receiver, sns
):
    daemon = make_daemon(**{"webhook chat": hook(home, receiver, None, events=ALL[3:5])})
    daemon.start()
    diagnostic = "smtp; 550 <jane@example.com> & <others> unknown"
    failed = ses.failed("jane@example.com", diagnostic=diagnostic)
    daemon.accept(sns.feedback(ses.bounce(failed)))
    (first,) = receiver.wait_for(1)
    assert set(first.json) == {"text"}
    text = first.json["text"]
    assert "bounce: j***@example.com" in text
    assert "&lt;j***@example.com&gt; &amp; &lt;others&gt;" in text
    assert "webhook-signature" not in first.headers
    for i in range(40):
        daemon.accept(sns.feedback(ses.bounce(f"a{i}@example.com")))
    daemon.accept(sns.feedback(ses.complaint("b@example.com")))
    eventually(lambda: "complaint" in receiver.got[-1].json["text"], 20)
    assert len(receiver.got) <= 4
    many = receiver.got[-1].json["text"]
    assert re.match(r"\d+ bounces, 1 complaint\n", many) and "more; to see them" in many


# --- sesbouncectl


def test_test_reports_what_became_of_it(start, receiver, secret):
    daemon = start()
    done = daemon.ctl("webhooks", "test", "app")
    assert done.code == 0, done
    (got,) = receiver.wait_for(1)
    assert verify(secret, got.headers, got.body)["type"] == "webhook.test"
    receiver.then(Say(403))
    refused = daemon.ctl("webhooks", "test", "app")
    assert refused.code == 1 and "HTTP 403" in refused.out + refused.err
    assert daemon.value("SELECT count(*) FROM outbox") == 0
    assert daemon.ctl("webhooks", "test", "nobody").code == 2


def test_test_says_that_nobody_sends(start):
    daemon = start()
    daemon.stop()
    done = daemon.ctl("webhooks", "test", "app")
    assert done.code == 2 and "running" in done.err
    assert daemon.value("SELECT count(*) FROM outbox") == 0


def test_list_shows_each_and_what_waits(start, receiver):
    receiver.otherwise = Say(500)
    daemon = start()
    add(daemon, "a@example.com")
    eventually(lambda: webhook(daemon)["state"] == "failing")
    (row,) = daemon.ctl("webhooks", "list", "-o", "json").json()
    assert (row["name"], row["format"], row["state"]) == ("app", "standard", "failing")
    assert row["waiting"] == 1 and "HTTP 500" in row["last_fault"]
    assert row["next_attempt_at"] and row["last_success_at"] is None
    (message,) = daemon.ctl("webhooks", "list", "app", "-o", "json").json()
    assert message["state"] == "waiting" and message["what"].startswith("change ")
    receiver.otherwise = Say()
    assert daemon.ctl("webhooks", "retry", str(message["id"])).code == 0
    eventually(lambda: webhook(daemon)["state"] == "ok", 4)
    assert daemon.ctl("webhooks", "retry", str(message["id"])).code == 1
    assert daemon.ctl("webhooks", "retry", "nobody").code == 2
    assert daemon.ctl("webhooks", "replay", "nobody", "--since", "1d").code == 2


def test_metrics_name_each(make_daemon, home, receiver, secret):
    daemon = make_daemon(
        admin={"listen": f"unix:{home}/admin.sock"},
        **{"webhook app": hook(home, receiver, secret)},
    ).start()
    add(daemon, "a@example.com")
    eventually(lambda: webhook(daemon)["sent"] == 1)
    connection = UnixConnection(home / "admin.sock")

    def metrics() -> str:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()

    eventually(lambda: 'sesbounced_webhook_sent_total{webhook="app"} 1\n' in metrics(), 30)
    text = metrics()
    for name in ("failed", "waiting", "failing"):
        assert f'sesbounced_webhook_{name}{{webhook="app"}} 0\n' in text


# --- settings


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is empty"),
        ("whsec_c2hvcnQ=\n", "24 to 64 bytes"),
        ("s3cret\n", "does not begin with `whsec_`"),
        (None, "does not exist"),
    ],
)
def test_a_bad_secret_is_a_fault_of_the_settings(make_daemon, home, receiver, text, fault):
    file = home / "secret"
    if text is not None:
        file.write_text(text)
    settings = hook(home, receiver, new_secret()) | {"secret_file": str(file)}
    daemon = make_daemon(**{"webhook app": settings})
    done = run(SESBOUNCED, "-c", daemon.config_file, "--check-config")
    assert done.code == 78 and "s3cret" not in done.err.replace(receiver.url, "")
    assert "[webhook app] secret_file: " in done.err and fault in done.err
    daemon.spawn()
    assert daemon.wait() == 78
    assert fault in daemon.log()


# --- the clock


def test_with_a_controlled_clock_ten_attempts_and_then_it_is_given_up(
    make_daemon, home, receiver, secret, tmp_path
):
    preload = pytest.importorskip("preload")
    if sanitized() or not shutil.which("cc"):
        pytest.skip("preload.c cannot be built, or not be loaded")
    receiver.otherwise = Say(500)
    daemon = make_daemon(**{"webhook app": hook(home, receiver, secret)})
    clock = preload.Preload(daemon, preload.build(tmp_path))
    daemon.start()
    add(daemon, "a@example.com")
    for attempt, seconds in enumerate((5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)):
        receiver.wait_for(attempt + 1)
        eventually(lambda n=attempt: messages(daemon)["attempts"] == n + 1)
        next_at = messages(daemon)["next_attempt_at"]
        failed_at = webhook(daemon)["last_fault_at"]
        delay = moment(next_at) - moment(failed_at)
        assert seconds - 0.01 <= delay <= seconds * 1.2 + 0.01
        clock["clock_ms"] += int(delay * 1000) - 1000
        if attempt == 4:
            daemon.restart()
    receiver.wait_for(10)
    eventually(lambda: messages(daemon)["state"] == "failed")
    clock["clock_ms"] += 10 * 86_400_000
    assert webhook(daemon)["failed"] == 1 and len({one.id for one in receiver.got}) == 1
    receiver.otherwise = Say()
    assert daemon.ctl("webhooks", "retry", "app").code == 0
    receiver.wait_for(11)
    eventually(lambda: webhook(daemon)["sent"] == 1)


def messages(daemon: Daemon) -> dict:
    (row,) = daemon.rows("SELECT * FROM webhook_messages")
    return row


def moment(text: str) -> float:
    return dt.datetime.fromisoformat(text + "+00:00").timestamp()


def test_a_pause_reaches_a_webhook_that_asks_for_nothing_in_particular(
        make_daemon, home, receiver, receivers, secret, sns):
    """From the event to the receivers, by way of the alert."""
    chat = receivers()
    app, slack = hook(home, receiver, secret), hook(home, chat, None)
    del app["events"], slack["events"]
    daemon = make_daemon(**{"sns": {"max_age": 0}, "webhook app": app, "webhook chat": slack})
    daemon.start()
    daemon.accept(sns.feedback(sending("DISABLED", "2026-03-05T10:00:00Z")))
    got = [verify(secret, one.headers, one.body) for one in receiver.wait_for(2)]
    assert sorted(one["type"] for one in got) == ["alert.raised", "sending.paused"]
    alert = next(one["data"] for one in got if one["type"] == "alert.raised")
    assert (alert["name"], alert["level"]) == ("sending-paused", "pause")
    (said,) = chat.wait_for(1)
    text = json.loads(said.body)["text"]
    assert text == f"alert raised: sending-paused, pause\n{alert['text']}", text
