"""What is sent out, received by programs of others: npm's standardwebhooks, and Postfix."""

from __future__ import annotations

import email
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import ses
from daemon import Daemon, eventually
from jail import npm_folder
from postfix import Postfix
from receiver import Receiver, new_secret

VERIFY = Path(__file__).with_name("verify.mjs")
NODE = "/srv/node/node_modules/node/bin/node"
EVENTS = ["event.bounce", "suppression.added"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def verified(make_jail, daemon: Daemon, secret: str, messages: list[dict]) -> list[dict]:
    shared = {"node": npm_folder("node@22"), "lib": npm_folder("standardwebhooks@1")}
    jail = make_jail(daemon, "node", "libstdc++6", **shared)
    jail.write("/srv/verify.mjs", VERIFY.read_text())
    lines = "".join(json.dumps(message) + "\n" for message in messages)
    out = jail.must(NODE, "--no-warnings", "/srv/verify.mjs", secret, input=lines)
    return [json.loads(line) for line in out.split("\n") if line]


def test_npm_standardwebhooks_verifies_what_is_sent(
    make_daemon, make_jail, home, sns, receiver
):
    old, secret = new_secret(24), new_secret(64)
    file = home / "secret"
    file.write_text(f"{old}\n{secret}\n")
    hook = {"url": receiver.url, "secret_file": str(file), "events": EVENTS}
    daemon = make_daemon(**{"webhook app": hook}).start()
    strange = ses.failed("jane@example.com", diagnostic='550 "\u00fc\u2028" \\ </script> \U0001f600')
    daemon.accept(sns.feedback(ses.bounce(strange)))
    assert daemon.ctl("webhooks", "test", "app").code == 0
    got = receiver.wait_for(3)
    messages = [{"headers": one.headers, "body": one.body.decode()} for one in got]
    forged = {**messages[0], "body": messages[0]["body"].replace("j***", "k***")}
    for key in (old, secret):
        *answers, last = verified(make_jail, daemon, key, [*messages, forged])
        assert [answer["message"] for answer in answers] == [one.json for one in got]
        assert "refused" in last
    types = sorted(one.json["type"] for one in got)
    assert types == ["event.bounce", "suppression.added", "webhook.test"]


def test_postfix_takes_the_mail(listed, make_jail, sns):
    jail = make_jail(listed, "postfix", "postfix", "postfix-sqlite")
    postfix = Postfix(jail, 54321, main="mydestination = local.example\nmailbox_size_limit = 0\n")
    try:
        mail = {
            "smtp": f"smtp://127.0.0.1:{postfix.plain}",
            "from": "sesbounced@local.example",
            "to": ["nobody@local.example", "no-such-user@local.example"],
            "events": ["event.complaint"],
        }
        listed.configure({"mail ops": mail})
        listed.restart()
        listed.accept(sns.feedback(ses.complaint("jane@example.com")))
        eventually(lambda: listed.value("SELECT sent FROM webhooks") == 1)
        box = jail.upper / "var/mail/nobody"
        message = email.message_from_string(eventually(lambda: box.exists() and box.read_text()))
        assert message["Message-ID"].endswith("@local.example>")
        assert "complaint: j***@example.com" in message.get_payload()
    finally:
        print(postfix.log())
        postfix.close()
