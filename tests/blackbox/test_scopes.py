"""[suppression] and [scope NAME] of the configuration, in a running daemon."""

from __future__ import annotations

import pytest

import ses

NEWS = {"match": ["tag:kind=news*", "from_domain:news.example"]}


def entries(daemon) -> dict[tuple[str, str], str]:
    rows = daemon.rows("SELECT address, scope, reason FROM suppressed")
    return {(row["address"], row["scope"]): row["reason"] for row in rows}


def tagged(builder, address: str, kind: str, **options) -> dict:
    return builder(address, feed="event", tags={"kind": [kind]}, **options)


def test_a_complaint_about_a_newsletter_does_not_stop_other_mail(make_daemon, sns):
    daemon = make_daemon(**{"scope news": NEWS}).start()
    daemon.accept(sns.feedback(tagged(ses.complaint, "ann@mail.example", "news-weekly")))
    daemon.accept(sns.feedback(tagged(ses.complaint, "bob@mail.example", "receipt")))
    daemon.accept(sns.feedback(tagged(ses.bounce, "zoe@mail.example", "news")))
    assert entries(daemon) == {
        ("ann@mail.example", "news"): "COMPLAINT",
        ("bob@mail.example", "*"): "COMPLAINT",
        ("zoe@mail.example", "*"): "BOUNCE",
    }
    assert daemon.ctl("check", "ann@mail.example").code == 0
    assert daemon.ctl("check", "--scope", "news", "ann@mail.example").code == 1
    assert daemon.ctl("check", "--scope", "news", "bob@mail.example").code == 1


def test_a_scope_may_have_bounces_of_its_own(make_daemon, sns):
    daemon = make_daemon(**{"scope news": NEWS | {"bounces": "own"}}).start()
    daemon.accept(sns.feedback(tagged(ses.bounce, "ann@mail.example", "news")))
    daemon.accept(sns.feedback(tagged(ses.bounce, "bob@mail.example", "receipt")))
    assert entries(daemon) == {
        ("ann@mail.example", "news"): "BOUNCE",
        ("bob@mail.example", "*"): "BOUNCE",
    }


@pytest.mark.parametrize(
    ("by", "tag", "scope"),
    [
        ("tenant", "ses:tenant-name", "tenant:acme"),
        ("configuration_set", "ses:configuration-set", "configuration_set:acme"),
    ],
)
def test_scope_by_gives_each_a_scope_of_its_own(make_daemon, sns, by, tag, scope):
    daemon = make_daemon(suppression={"scope_by": by}).start()
    message = ses.complaint("ann@mail.example", feed="event", tags={tag: ["acme"]})
    daemon.accept(sns.feedback(message))
    daemon.accept(sns.feedback(ses.complaint("bob@mail.example")))
    assert entries(daemon) == {
        ("ann@mail.example", scope): "COMPLAINT",
        ("bob@mail.example", "*"): "COMPLAINT",
    }


def test_rules_are_overridden_and_addresses_allowed(make_daemon, sns):
    daemon = make_daemon(
        suppression={
            "rule": ["complaint record", "permanent-general suppress 60d"],
            "allow": ["Ann@MAIL.example", "*@vip.example"],
        }
    ).start()
    daemon.accept(sns.feedback(ses.complaint("bob@mail.example")))
    for address in ("ann@mail.example", "x@vip.example", "x@sub.vip.example"):
        daemon.accept(sns.feedback(ses.bounce(address)))
    assert entries(daemon) == {("x@sub.vip.example", "*"): "BOUNCE"}
    days = daemon.value("SELECT julianday(until) - julianday(since) FROM suppressed")
    assert round(days) == 60
    rules = {row["address"]: row["rule"] for row in daemon.rows("SELECT * FROM events")}
    assert rules["ann@mail.example"] == rules["x@vip.example"] == "allowed"


def test_check_names_the_scope_of_an_entry(make_daemon, sns):
    daemon = make_daemon(**{"scope news": {"match": "configuration_set:newsletter"}}).start()
    daemon.accept(sns.feedback(ses.complaint("ann@mail.example", feed="event")))
    daemon.accept(sns.feedback(ses.bounce("bob@mail.example")))
    words = ("check", "--scope", "news", "ann@mail.example", "bob@mail.example", "cy@mail.example")
    found = daemon.ctl("-o", "json", *words).json()
    assert [row["scope"] for row in found] == ["news", "*", None]
    told = daemon.ctl(*words).out.splitlines()
    assert " in scope news (why: " in told[0] and "in scope" not in told[1]


def test_a_scope_that_no_mail_belongs_to_is_said(make_daemon):
    a = "ann@mail.example"
    daemon = make_daemon(
        suppression={"scope_by": "tenant"},
        **{"scope news": {"match": "configuration_set:newsletter"}},
    ).start()
    for scope in ("news", "tenant:acme", "*"):
        assert daemon.ctl("check", "--scope", scope, a).err == ""
    for scope in ("nwes", "configuration_set:main"):
        for words, code in ((["check"], 0), (["why"], 0), (["suppress", "add"], 0), (["check"], 1)):
            result = daemon.ctl(*words, "--scope", scope, a)
            assert result.code == code, result
            assert f"no mail belongs to the scope `{scope}`" in result.err
    assert daemon.ctl("check", "--scope", "nwes", "-", input=b"bob@mail.example\n").code == 0
