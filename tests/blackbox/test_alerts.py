"""Alerts: each is raised once and ends once, by a controlled clock and over restarts."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import sys

import pytest

import ses
from daemon import REPOSITORY, UnixConnection, eventually
from fakesns import GENUINE, TOPIC, Answer, now
from test_eventbridge import TENANT, sending, wrapped

sys.path.append(str(REPOSITORY / "tests/fault"))

from ledger import sanitized  # noqa: E402
from preload import Preload, build  # noqa: E402

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
# Every look is at least this far from the one before.
LOOK = 31


@pytest.fixture(scope="session")
def clock_library(tmp_path_factory):
    if not shutil.which("cc"):
        pytest.skip("no C compiler: the clock cannot be built")
    if sanitized():
        pytest.skip("a sanitizer and LD_PRELOAD get in each other's way")
    return build(tmp_path_factory.mktemp("clock"))


class Watched:
    """A daemon whose clock is ours, and what became of its alerts."""

    def __init__(self, daemon, sns, library) -> None:
        self.daemon, self.sns = daemon, sns
        self._clock = Preload(daemon, library)

    @property
    def now(self) -> dt.datetime:
        return now() + dt.timedelta(milliseconds=self._clock["clock_ms"])

    def wait(self, seconds: float) -> None:
        """So much time passes, and there is a look afterwards."""
        self._clock["clock_ms"] += int(1000 * seconds)

    def accept(self, *events: dict) -> None:
        self.daemon.accept(*(self.sns.feedback(e, at=self.now) for e in events))

    def metrics(self) -> str:
        connection = UnixConnection(self.daemon.home / "admin.sock")
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    def look(self) -> None:
        """One whole look."""
        self.wait(LOOK)
        since = int(self.now.timestamp())

        def seen() -> bool:
            found = re.search(r"^sesbounced_alerts_seen_timestamp_seconds (\d+)$",
                              self.metrics(), re.M)
            return bool(found) and int(found[1]) >= since

        eventually(seen, what="a look")

    def settled(self, *expected: str, after: float = 0) -> list[dict]:
        """The alerts that are raised after a look are those."""
        self.wait(after)
        self.look()
        assert self.raised() == sorted(expected), f"{self.rows()}\n{self.daemon.log()}"
        return self.rows()

    def quiet(self, *expected: str) -> None:
        """A restart, and looks before and after it, raise and end nothing."""
        rows = self.settled(*expected)
        self.daemon.restart()
        assert self.settled(*expected) == rows

    def raised(self) -> list[str]:
        return self.daemon.column("SELECT name FROM alerts WHERE resolved_at IS NULL ORDER BY name")

    def rows(self) -> list[dict]:
        return self.daemon.rows("SELECT * FROM alerts ORDER BY id")

    def notices(self) -> list[tuple[str, dict]]:
        rows = self.daemon.rows("SELECT type, data FROM notice ORDER BY id")
        return [(row["type"], json.loads(row["data"])) for row in rows]

    def told(self) -> list[tuple[str, str, str]]:
        return [(kind, data["name"], data["level"]) for kind, data in self.notices()
                if kind.startswith("alert.")]


@pytest.fixture
def watched(make_daemon, sns, clock_library):
    def make(**settings) -> Watched:
        settings.setdefault("sns", {}).setdefault("max_age", 0)
        daemon = make_daemon(**settings)
        daemon.configure({"admin": {"listen": f"unix:{daemon.home}/admin.sock"}})
        made = Watched(daemon, sns, clock_library)
        daemon.start()
        return made

    return make


def people(count: int, domain: str = "mail.example", first: int = 0) -> list[str]:
    return [f"person{i}@{domain}" for i in range(first, first + count)]


def sends(*addresses: str) -> list[dict]:
    """As few events as SES would need."""
    return [ses.send(*addresses[i:i + 50]) for i in range(0, len(addresses), 50)]


def once(name: str, level: str) -> list[tuple[str, str, str]]:
    return [("alert.raised", name, level), ("alert.resolved", name, level)]


def test_a_pause_raises_one_alert_and_one_recovery(watched):
    it = watched()
    it.accept(sending("DISABLED", "2026-03-05T10:00:00Z"))
    it.settled("sending-paused")
    it.quiet("sending-paused")
    it.accept(sending("ENABLED", "2026-03-05T11:00:00Z"))
    it.settled()
    it.quiet()
    (row,) = it.rows()
    assert row["level"] == "pause" and row["subject"] == "tenant acme (eu-central-1)"
    assert row["resolved_at"] > row["since"]
    assert "Type: sesbouncectl status" in row["text"] and "High bounce rate" in row["text"]
    assert it.told() == once("sending-paused", "pause")
    (paused, resumed) = [n for n in it.notices() if n[0].startswith("sending.")]
    assert (paused[0], resumed[0]) == ("sending.paused", "sending.resumed")
    for _, data in (paused, resumed):
        assert (data["tenant"], data["cause"], data["alert_id"]) == ("acme", "High bounce rate", 1)
    assert paused[1]["resumed_at"] is None and resumed[1]["resumed_at"].endswith("Z")


def test_a_pause_is_reported_within_seconds(watched):
    """Without any time that passes: its event wakes the look."""
    it = watched()
    it.look()
    it.accept(sending("DISABLED", "2026-03-05T10:00:00Z"))
    eventually(lambda: it.raised() == ["sending-paused"], timeout=5)


def test_a_finding_of_ses_is_raised_and_resolved(watched):
    it = watched()

    def finding(word: str, at: str, detail: dict) -> dict:
        return wrapped(f"Advisor Recommendation Status {word}", detail, f"id {at}",
                       resources=[TENANT], time=at)

    it.accept(finding("Open", "2026-03-05T10:00:00Z", {
        "version": "1.0.0", "data": "The bounce rate exceeded 15.0% of 197 emails.",
        "metadata": {"impact": "HIGH", "type": "BOUNCE"}}))
    (row,) = it.settled("reputation-finding")
    assert row["subject"] == "BOUNCE: tenant acme (eu-central-1)"
    assert "The bounce rate exceeded 15.0%" in row["text"]
    it.quiet("reputation-finding")
    # Older by its own time: it says nothing any more.
    it.accept(finding("Resolved", "2026-03-05T09:00:00Z", {"metadata": {"type": "BOUNCE"}}))
    it.settled("reputation-finding")
    it.accept(finding("Resolved", "2026-03-06T10:00:00Z", {"metadata": {"type": "BOUNCE"}}))
    it.settled()
    assert it.daemon.quarantined() == []
    assert it.told() == once("reputation-finding", "alert")


def test_complaint_20_twenty_percent_of_bounces_are_reported_before_amazon_does(watched):
    """Nobody noticed 20 % bounces until AWS put the account on probation (plunk#259)."""
    it = watched(alerts={"least_sends": 100})
    them = people(100)
    it.accept(*sends(*them))
    it.settled()
    it.accept(*(ses.bounce(them[i], feed="event") for i in range(3)))
    (row,) = it.settled("bounce-rate")
    assert (row["level"], row["value"], row["threshold"]) == ("warning", 0.03, 0.025)
    it.quiet("bounce-rate")
    it.accept(*(ses.bounce(them[i], feed="event") for i in range(3, 20)))
    (row,) = it.settled("bounce-rate")
    assert (row["level"], row["value"]) == ("pause", 0.2)
    assert "20.0 % of all mail in the last 24 hours (20 of 100)" in row["text"]
    it.daemon.restart()
    # Better mail makes it better, and the hour of quiet passes.
    it.accept(*sends(*people(1000, first=1000)))
    it.settled("bounce-rate")
    it.settled("bounce-rate", after=30 * MINUTE)
    it.settled(after=30 * MINUTE)
    assert it.told() == [("alert.raised", "bounce-rate", "warning"),
                         ("alert.raised", "bounce-rate", "pause"),
                         ("alert.resolved", "bounce-rate", "pause")]
    it.quiet()


def test_complaint_21_one_bounce_in_thirteen_mails_alerts_nobody(watched):
    """A breaker tripped at 1 bounce in 13 mails (inbound#177), and simulator mail polluted the
    rates (plunk#491)."""
    it = watched()
    them = people(13)
    it.accept(*sends(*them), ses.bounce(them[0], feed="event"))
    it.settled()
    it.settled(after=2 * HOUR)
    assert it.rows() == []


def test_complaint_21_mail_to_the_simulator_never_counts(watched):
    it = watched(alerts={"least_sends": 100})
    it.accept(*sends(*people(200)))
    for i in range(30):
        simulated = f"bounce+{i}@simulator.amazonses.com"
        it.accept(ses.send(simulated), ses.bounce(simulated, feed="event"))
        it.accept(ses.complaint(f"complaint+{i}@simulator.amazonses.com", feed="event"))
    it.settled()
    assert it.rows() == []


def test_a_complaint_rate_counts_over_deliveries_and_by_identity(watched):
    """An identity whose mail is worse than everybody's has an alert of its own."""
    it = watched(alerts={"least_sends": 100})

    def of(event: dict, domain: str) -> dict:
        event["mail"]["sourceArn"] = f"arn:aws:ses:us-east-1:{ses.ACCOUNT}:identity/{domain}"
        return event

    def deliveries(addresses: list[str]) -> list[dict]:
        return [ses.delivery(*addresses[i:i + 50], feed="event")
                for i in range(0, len(addresses), 50)]

    it.accept(*(of(e, "good.example") for e in deliveries(people(2000))))
    bad = people(150, "gmx.example")
    it.accept(*(of(e, "bad.example") for e in deliveries(bad)))
    it.accept(of(ses.complaint(bad[0], feed="event"), "bad.example"))
    (row,) = it.settled("complaint-rate")
    assert row["subject"] == "bad.example" and row["level"] == "pause"
    assert "0.67 % of mail of bad.example in the last 24 hours (1 of 150)" in row["text"]


def test_complaint_22_a_topic_that_is_wired_up_and_silent_is_reported(watched):
    """Wired up but silent for weeks (archimedes#1804)."""
    it = watched()
    it.accept(ses.bounce("ann@mail.example"))
    it.settled()
    it.settled(after=7 * DAY)
    it.settled("topic-silent", after=2 * DAY)
    it.quiet("topic-silent")
    it.accept(ses.bounce("bob@mail.example"))
    it.settled()
    (row,) = it.rows()
    assert row["subject"] == TOPIC and row["level"] == "warning"
    assert it.told() == once("topic-silent", "warning")


def test_complaint_22_how_long_a_topic_is_usually_silent_is_learned(watched):
    it = watched()
    for day in range(8):
        for _ in range(3):
            it.accept(ses.out_of_office(f"person{day}@mail.example"))
            it.wait(2 * HOUR)
        it.wait(DAY - 6 * HOUR)
    # The pauses are 18 hours and two, and half as long again is usual, too.
    it.settled()
    it.settled("topic-silent", after=14 * HOUR)
    assert it.told() == [("alert.raised", "topic-silent", "warning")]


@pytest.mark.parametrize("setting, silent", [("off", False), ("2h", True)])
def test_silence_is_a_setting(watched, setting, silent):
    it = watched(alerts={"silence": setting})
    it.accept(ses.bounce("ann@mail.example"))
    it.settled(*(["topic-silent"] if silent else []), after=3 * HOUR)


def test_a_stuck_subscription_is_reported_once_and_ends_with_its_confirmation(watched):
    it = watched(sns={"confirm": "manual"})
    it.daemon.accept(it.sns.confirmation())
    it.settled()
    it.settled("subscription-stuck", after=HOUR)
    it.quiet("subscription-stuck")
    assert it.daemon.ctl("topics", "confirm", TOPIC).code == 0
    eventually(lambda: it.daemon.value("SELECT state FROM topics") == "confirmed", 15)
    it.settled()
    it.quiet()
    (row,) = it.rows()
    assert f"sesbouncectl topics confirm {TOPIC}" in row["text"]
    assert it.told() == once("subscription-stuck", "alert")


def test_a_subscription_that_ended_is_reported(watched):
    it = watched()
    it.daemon.accept(it.sns.confirmation())
    eventually(lambda: it.daemon.value("SELECT state FROM topics") == "confirmed", 15)
    arn = it.daemon.value("SELECT subscription_arn FROM topics")
    it.daemon.accept(it.sns.unsubscription(subscription=arn, at=it.now))
    it.settled("subscription-ended")
    assert it.daemon.ctl("topics", "forget", TOPIC).code == 0
    it.settled()
    assert it.told() == once("subscription-ended", "alert")


def test_a_quarantine_is_reported_once_and_ends_when_it_is_empty(watched):
    it = watched()
    it.daemon.accept(it.sns.notification("no JSON", at=it.now))
    it.settled("quarantine-growing")
    it.quiet("quarantine-growing")
    assert it.daemon.ctl("quarantine", "drop", "--all").code == 0
    it.settled()
    it.quiet()
    assert it.told() == once("quarantine-growing", "warning")
    # Old ones are known: what is reported is that it grows.
    it.daemon.accept(it.sns.notification("nor this", at=it.now))
    it.settled("quarantine-growing")
    it.settled(after=25 * HOUR)


def test_a_clock_that_is_behind_hides_behind_200_and_is_reported(watched):
    it = watched(sns={"max_age": "2h"})
    it.daemon.accept(it.sns.feedback(ses.bounce("ann@mail.example"),
                                     at=it.now + dt.timedelta(hours=1)))
    (row,) = it.settled("clock-wrong")
    assert "timedatectl" in row["text"] and row["value"] == 1
    assert it.daemon.ctl("quarantine", "retry", "--all").code == 0
    it.settled()
    assert it.told() == once("clock-wrong", "alert")


def test_our_authentication_refused_and_mail_to_the_list_are_reported_at_once(watched):
    it = watched()
    refused = ses.recipient("ann@mail.example", status="5.7.26", action="failed",
                            diagnosticCode="smtp; 550 5.7.26 SPF check failed for mail.example")
    it.accept(ses.bounce(refused))
    (row,) = it.settled("authentication-refused")
    assert "events --cause auth" in row["text"] and "ann@" not in row["text"]
    it.accept(ses.bounce("bob@mail.example"))
    it.wait(MINUTE)
    it.accept(ses.delivery("bob@mail.example", sent=it.now, feed="event"))
    it.settled("authentication-refused", "mail-to-suppressed")
    it.settled(after=25 * HOUR)
    assert len(it.told()) == 4


def test_the_outage_guard_is_reported_and_what_it_holds_a_day_later(watched):
    it = watched(suppression={"guard": "on", "guard_least": 10})
    for address in people(15):
        it.accept(ses.bounce(ses.recipient(address, status="5.1.1",
                                           diagnosticCode="smtp; 550 5.1.1 no such user here")))
    (row,) = it.settled("outage-guard")
    assert row["subject"] == "mail.example"
    assert "sesbouncectl suppress drop guard:mail.example" in row["text"]
    it.settled(after=3 * HOUR)
    it.settled("entries-held", after=22 * HOUR)
    assert it.daemon.ctl("suppress", "drop", "guard:mail.example").code == 0
    it.settled()
    assert it.told() == once("outage-guard", "warning") + once("entries-held", "warning")


def test_certificates_that_cannot_be_obtained_are_reported(watched):
    it = watched()
    it.sns.certificate_plan.otherwise = Answer(500)
    lost = it.sns.feedback(ses.bounce("ann@mail.example"))
    assert it.daemon.deliver(lost).status == 503
    it.settled()  # SNS repeats it: not yet worth a person's while
    (row,) = it.settled("certificates-unavailable", after=3 * MINUTE)
    assert row["subject"] == it.sns.origin
    it.quiet("certificates-unavailable")
    it.sns.certificate_plan.otherwise = GENUINE
    eventually(lambda: it.daemon.deliver(lost).status == 200, 40)
    it.settled("certificates-unavailable")
    it.settled(after=10 * MINUTE)
    assert it.told() == once("certificates-unavailable", "alert")


def test_status_metrics_log_and_the_verb_show_what_is_raised(watched):
    it = watched()
    it.daemon.accept(it.sns.notification("no JSON", at=it.now))
    it.settled("quarantine-growing")
    text = it.metrics()
    assert 'sesbounced_alert{name="quarantine-growing"} 1' in text
    assert 'sesbounced_alert{name="bounce-rate"} 0' in text
    line = it.daemon.wait_log("an alert is raised", "NAME=quarantine-growing")
    assert 'ADVICE="Type: sesbouncectl quarantine list"' in line and "LEVEL=warning" in line
    status = it.daemon.ctl("-o", "json", "status")
    assert status.code == 1
    assert status.json()[0]["name"] == "alert"
    assert status.json()[0]["value"].startswith("warning quarantine-growing, since 20")
    (row,) = it.daemon.ctl("-o", "json", "alerts").json()
    assert (row["name"], row["level"], row["value"]) == ("quarantine-growing", "warning", 1.0)
    assert row["resolved_at"] is None and row["since"].endswith("Z")
    assert "quarantine-growing" in it.daemon.ctl("alerts").out
    assert it.daemon.ctl("-o", "csv", "alerts").out.startswith("id,name,subject,level,since,")
    assert it.daemon.ctl("quarantine", "drop", "--all").code == 0
    it.settled()
    it.daemon.wait_log("an alert is over", "NAME=quarantine-growing")
    assert 'sesbounced_alert{name="quarantine-growing"} 0' in it.metrics()
    assert all(r["name"] != "alert" for r in it.daemon.ctl("-o", "json", "status").json())


def test_nothing_is_raised_twice_by_kill_9(watched):
    it = watched()
    it.accept(sending("DISABLED", "2026-03-05T10:00:00Z"))
    for _ in range(3):
        it.daemon.kill9()
        it.daemon.start()
    it.settled("sending-paused")
    it.daemon.kill9()
    it.daemon.start()
    it.settled("sending-paused")
    assert it.told() == [("alert.raised", "sending-paused", "pause")]


def test_alerts_do_not_need_the_admin_listener(make_daemon, sns):
    daemon = make_daemon().start()
    daemon.accept(sns.feedback(sending("DISABLED", "2026-03-05T10:00:00Z")))
    daemon.wait_log("an alert is raised", "NAME=sending-paused")
