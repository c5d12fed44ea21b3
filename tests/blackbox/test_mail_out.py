"""What is sent out by mail."""

from __future__ import annotations

import email.utils
import socket
from collections.abc import Callable, Iterator

import pytest

import ses
from daemon import Daemon, eventually
from receiver import MailServer

EVENTS = ["event.bounce", "event.complaint"]


@pytest.fixture
def mail_server() -> Iterator[Callable[..., MailServer]]:
    made: list[MailServer] = []

    def make(**options) -> MailServer:
        made.append(MailServer(**options))
        return made[-1]

    yield make
    for server in made:
        server.close()


def section(server: MailServer, **more) -> dict:
    return {
        "smtp": server.url,
        "from": "sesbounced@example.org",
        "to": ["ops@example.org", "dev@example.org"],
        "events": EVENTS,
    } | more


def state(daemon: Daemon) -> dict:
    (row,) = daemon.rows("SELECT * FROM webhooks")
    return row


def test_a_mail_has_its_headers_and_says_what_happened(make_daemon, mail_server, sns):
    server = mail_server()
    daemon = make_daemon(**{"mail ops": section(server)}).start()
    daemon.accept(sns.feedback(ses.complaint("jane@example.com")))
    (mail,) = server.wait_for(1)
    assert mail.sender == "sesbounced@example.org"
    assert mail.recipients == ["ops@example.org", "dev@example.org"]
    message = mail.message
    assert message["Subject"].startswith("sesbounced: complaint: j***@example.com")
    assert message["From"] == "sesbounced <sesbounced@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.org>")
    assert email.utils.parsedate_to_datetime(message["Date"])
    assert "j***@example.com" in mail.text and "jane" not in mail.raw.decode()


def test_what_strangers_wrote_makes_no_header_and_no_end(make_daemon, mail_server, sns):
    server = mail_server()
    daemon = make_daemon(**{"mail ops": section(server, addresses="full")}).start()
    evil = "550 no\r\nBcc: victim@example.net\r\n\r\n.\r\nQUIT\r\n" + "x" * 1500 + " \u00fc"
    daemon.accept(sns.feedback(ses.bounce(ses.failed("jane@example.com", diagnostic=evil))))
    (mail,) = server.wait_for(1)
    assert mail.message["Bcc"] is None
    assert mail.recipients == ["ops@example.org", "dev@example.org"]
    assert "jane@example.com" in mail.text
    assert all(len(line) <= 998 for line in mail.raw.split(b"\r\n"))


def test_4xx_is_tried_again_with_the_same_id_and_5xx_is_given_up(
    make_daemon, mail_server, sns
):
    server = mail_server()
    server.replies.extend(["451 4.3.0 later", "250 ok", "554 5.7.1 spam"])
    daemon = make_daemon(**{"mail ops": section(server)}).start()
    daemon.accept(sns.feedback(ses.complaint("jane@example.com")))
    first, second = server.wait_for(2)
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.raw == second.raw
    eventually(lambda: state(daemon)["sent"] == 1)
    daemon.restart()  # which ends the pause between two mails
    daemon.accept(sns.feedback(ses.complaint("joe@example.com")))
    server.wait_for(3)
    eventually(lambda: state(daemon)["failed"] == 1)
    assert "554" in state(daemon)["last_fault"]
    daemon.wait_log("refused for good", "ops", "554")
    status = daemon.ctl("status")
    assert status.code == 1 and "given up: 1" in status.out


def test_one_dead_mailbox_does_not_stop_the_others(make_daemon, mail_server, sns):
    server = mail_server(refused=("ops@example.org",))
    daemon = make_daemon(**{"mail ops": section(server)}).start()
    daemon.accept(sns.feedback(ses.complaint("jane@example.com")))
    (mail,) = server.wait_for(1)
    assert mail.recipients == ["dev@example.org"]
    eventually(lambda: state(daemon)["sent"] == 1)


def test_it_logs_in_and_the_password_is_nowhere(make_daemon, mail_server, home, sns):
    server = mail_server(login=True)
    file = home / "password"
    file.write_text("s3cret word\n")
    file.chmod(0o600)
    daemon = make_daemon(
        **{"mail ops": section(server, user="me", password_file=str(file))}
    ).start()
    done = daemon.ctl("webhooks", "test", "ops")
    assert done.code == 0, done
    (mail,) = server.wait_for(1)
    assert mail.login == "\0me\0s3cret word"
    assert "nothing has happened" in mail.text
    assert "s3cret" not in daemon.log()


def test_a_server_that_is_not_there_is_tried_again(make_daemon, mail_server, sns):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"smtp://127.0.0.1:{free.getsockname()[1]}"
        settings = section(mail_server()) | {"smtp": url}
        daemon = make_daemon(**{"mail ops": settings}).start()
        daemon.accept(sns.feedback(ses.complaint("jane@example.com")))
        eventually(lambda: state(daemon)["state"] == "failing")
    assert "could not connect" in state(daemon)["last_fault"]
    assert state(daemon)["waiting"] == 1
