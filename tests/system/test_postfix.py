"""contrib/postfix against Debian's Postfix, over SMTP, in every state of the daemon."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from conftest import BOUNCED, COMPLAINED, EXPIRED, FREE, GROUP, IDN, QUOTE, SCOPED
from daemon import Daemon
from postfix import CHECK, Postfix

SINCE = f"suppressed since {dt.datetime.now(dt.timezone.utc):%Y-%m-%d}"
ACCEPTED = "250 2.1.5 Ok"

MakePostfix = Callable[..., Postfix]


@pytest.fixture
def make_postfix(listed: Daemon, make_jail) -> Iterator[MakePostfix]:
    made: list[Postfix] = []

    def make(**options) -> Postfix:
        jail = make_jail(listed, "postfix", "postfix", "postfix-sqlite")
        made.append(Postfix(jail, GROUP, **options))
        return made[-1]

    yield make
    for postfix in made:
        postfix.close()
        print(postfix.log())  # shown if the test failed


def refusal(address: str, reason: str, status: str) -> str:
    return f"550 {status} <{address}>: Recipient address rejected: {SINCE}: {reason}"


def move_away(daemon: Daemon) -> Path:
    aside = daemon.home / "aside"
    aside.mkdir()
    for file in daemon.database.parent.glob("sesbounced.db*"):
        file.rename(aside / file.name)
    return aside


def move_back(daemon: Daemon, aside: Path) -> None:
    for file in aside.iterdir():
        file.rename(daemon.database.parent / file.name)


@pytest.mark.parametrize("state", ["running", "stopped", "killed"])
def test_a_suppressed_recipient_is_refused_with_reason_and_date(listed, make_postfix, state):
    postfix = make_postfix()
    if state == "stopped":
        assert listed.stop() == 0
    elif state == "killed":
        listed.kill9()
    smtp = postfix.session()
    assert smtp.recipient(BOUNCED) == refusal(BOUNCED, "BOUNCE", "5.1.1")
    assert smtp.recipient(COMPLAINED) == refusal(COMPLAINED, "COMPLAINT", "5.7.1")
    assert smtp.recipient(FREE) == ACCEPTED


def test_the_list_is_asked_while_it_changes(listed, sns, make_postfix):
    smtp = make_postfix().session()
    assert listed.ctl("suppress", "remove", BOUNCED).code == 0
    assert smtp.recipient(BOUNCED) == ACCEPTED
    assert listed.ctl("suppress", "add", FREE).code == 0
    assert smtp.recipient(FREE) == refusal(FREE, "MANUAL", "5.7.1")
    assert smtp.recipient(COMPLAINED).startswith("550")
    listed.restart()
    assert smtp.recipient(FREE) == refusal(FREE, "MANUAL", "5.7.1")


def test_it_is_the_address_however_it_is_written(make_postfix):
    smtp = make_postfix().session()
    for written in (BOUNCED.upper(), '"jane"@example.com', "jane@example.com.",
                    "@relay.example:jane@example.com", "joe@XN--bcher-kva.example", QUOTE):
        assert smtp.recipient(written).startswith("550 5.1.1"), written
    for other in ("jane@example.org", "jane", "example.com@jane.example", "x'--@example.com"):
        assert "suppressed" not in smtp.recipient(other), other


def test_what_has_expired_or_has_another_scope_blocks_nothing(make_postfix):
    smtp = make_postfix().session()
    assert smtp.recipient(EXPIRED) == ACCEPTED
    assert smtp.recipient(SCOPED) == ACCEPTED


def test_the_recipe_of_a_scope_blocks_that_scope_and_all(make_postfix):
    smtp = make_postfix(recipe="sesbounced-scope.cf").session()
    assert smtp.recipient(SCOPED) == refusal(SCOPED, "BOUNCE", "5.1.1")
    assert smtp.recipient(BOUNCED) == refusal(BOUNCED, "BOUNCE", "5.1.1")
    assert smtp.recipient(FREE) == ACCEPTED


@pytest.mark.parametrize(("delimiter", "blocked"), [("+", True), ("", False)])
def test_an_extension_is_ignored_if_postfix_has_a_delimiter(make_postfix, delimiter, blocked):
    smtp = make_postfix(main=f"recipient_delimiter = {delimiter}\n").session()
    assert smtp.recipient("jane+shop@example.com").startswith("550") == blocked
    assert smtp.recipient(BOUNCED).startswith("550")


def test_a_domain_that_is_not_ascii_is_refused_without_smtputf8(make_postfix):
    smtp = make_postfix().session()
    print(smtp.recipient("joe@bücher.example"))
    assert smtp.recipient("joe@bücher.example").startswith("5")
    assert smtp.recipient(IDN) == refusal(IDN, "BOUNCE", "5.1.1")


def test_with_smtputf8_such_a_domain_gets_past_the_list(make_postfix):
    """What the recipe warns of. If this fails, Postfix has learned: change the README."""
    smtp = make_postfix(main="smtputf8_enable = yes\n").session()
    assert smtp.recipient("joe@bücher.example", " SMTPUTF8") == ACCEPTED


@pytest.mark.parametrize("why", ["missing", "not a member", "no database"])
def test_while_the_file_cannot_be_read_the_client_waits_and_nobody_else(
    listed, make_postfix, why
):
    """Postfix 3.7: proxymap exits, smtpd asks again each second, and nothing bounds that."""
    assert listed.stop() == 0
    aside = move_away(listed) if why != "not a member" else None
    if why == "no database":
        listed.database.write_text("")
        os.chown(listed.database, 0, GROUP)
    postfix = make_postfix(member=why != "not a member",
                           main="daemon_timeout = 5s\n" if why == "missing" else "")
    smtp = postfix.connect()
    if why == "no database":
        assert smtp.answer().startswith("220")
        smtp.say("EHLO client.example")
        smtp.say("MAIL FROM:<shop@sender.example>")
        smtp.send(f"RCPT TO:<{FREE}>")
    postfix.wait_for("bad command startup -- throttling")
    assert postfix.session(postfix.plain).recipient(BOUNCED) == ACCEPTED
    assert smtp.is_silent()
    if why == "no database":
        listed.database.unlink()
    if aside:
        move_back(listed, aside)
    else:
        assert postfix.command("usermod", "-aG", "sesbounced", "postfix").returncode == 0
    if why == "no database":
        assert smtp.answer() == ACCEPTED
        return
    assert smtp.answer().startswith("220")
    assert smtp.say("EHLO client.example").startswith("250")
    assert smtp.recipient(BOUNCED) == refusal(BOUNCED, "BOUNCE", "5.1.1")
    assert smtp.recipient(FREE) == ACCEPTED


def test_a_file_that_was_replaced_is_read_after_a_reload(listed, make_postfix):
    postfix = make_postfix()
    assert postfix.recipient(BOUNCED).startswith("550")
    copy = listed.home / "copy.db"
    with closing(sqlite3.connect(listed.database)) as db:
        db.execute(f"VACUUM INTO '{copy}'")
    assert listed.ctl("suppress", "add", FREE).code == 0
    assert listed.stop() == 0
    os.chown(copy, 0, GROUP)
    copy.chmod(0o640)
    move_away(listed)
    shutil.move(copy, listed.database)
    assert postfix.recipient(FREE).startswith("550")  # the file that is still open
    assert postfix.command("postfix", "reload").returncode == 0
    postfix.wait_for("reload -- version")
    assert postfix.recipient(FREE) == ACCEPTED
    assert postfix.recipient(BOUNCED).startswith("550")


def test_without_proxy_a_chrooted_smtpd_ends_at_the_first_recipient(make_postfix):
    postfix = make_postfix(check=CHECK.replace("proxy:", ""))
    smtp = postfix.session()
    with pytest.raises(AssertionError, match="closed"):
        smtp.recipient(FREE)
    postfix.wait_for("fatal: dict_sqlite_lookup: /etc/postfix/sesbounced.cf: SQL prepare failed")


def test_the_map_must_be_among_proxy_read_maps(make_postfix):
    postfix = make_postfix(main="proxy_read_maps = $local_recipient_maps\n")
    postfix.connect()
    postfix.wait_for("fatal: proxymap service is not configured for table")
