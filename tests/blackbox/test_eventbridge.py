"""SES's events in EventBridge's wrapper, and what only that bus brings."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
import subprocess

import pytest

import ses
from daemon import REPOSITORY
from fakesns import now

REGION = "eu-central-1"
TENANT = f"arn:aws:ses:{REGION}:{ses.ACCOUNT}:tenant/acme/tn-1"
CONFIGURATION_SET = f"arn:aws:ses:{REGION}:{ses.ACCOUNT}:configuration-set/news"


def wrapped(detail_type: str, detail: dict, event_id: str = "id-1", **more) -> dict:
    return {
        "version": "0", "id": event_id, "detail-type": detail_type, "source": "aws.ses",
        "account": ses.ACCOUNT, "time": "2026-03-05T10:15:30Z", "region": REGION,
        "resources": [], "detail": detail, **more,
    }


def sending(status: str, at: str, cause: str | None = "High bounce rate", *,
            resource: str = TENANT, event_id: str | None = None, origin: str = "AWS_MANAGED"):
    record = {"status": status, "lastUpdatedTimestamp": at}
    if cause:
        record["cause"] = cause
    word = "Disabled" if status == "DISABLED" else "Enabled"
    return wrapped(f"Sending Status {word}", {"data": {"record": record, "origin": origin}},
                   event_id or f"{resource} {status} {at}", resources=[resource])


def accept(daemon, sns, *messages: dict) -> None:
    daemon.accept(*(sns.notification(json.dumps(message)) for message in messages))


def pauses(daemon) -> list[str]:
    rows = daemon.ctl("-o", "json", "status").json()
    return [row["value"] for row in rows
            if row["name"] == "attention" and "sending has been paused" in row["value"]]


@pytest.mark.parametrize("wrapped_first", [True, False])
def test_a_bounce_through_eventbridge_is_applied_once_with_the_plain_feed(
        daemon, sns, wrapped_first):
    event = ses.bounce("ann@mail.example", feed="event")
    both = [wrapped("Email Bounced", event), event]
    accept(daemon, sns, *(both if wrapped_first else reversed(both)))
    assert daemon.quarantined() == []
    (row,) = daemon.events()
    assert (row["type"], row["address"]) == ("Bounce", "ann@mail.example")
    assert daemon.suppressed() == ["ann@mail.example"]
    assert daemon.value("SELECT hard_bounces FROM daily") == 1


def test_a_counted_event_without_feedback_id_counts_once_through_both_feeds(daemon, sns):
    event = ses.send("ann@mail.example")
    accept(daemon, sns, wrapped("Email Sent", event), event)
    assert daemon.value("SELECT sends FROM daily") == 1


def test_the_wrapper_tells_account_and_region_where_the_event_does_not(daemon, sns):
    event = ses.bounce("ann@mail.example", feed="event")
    for name in ("sendingAccountId", "sourceArn"):
        event["mail"].pop(name, None)
    accept(daemon, sns, wrapped("Email Bounced", event, region="us-west-2"))
    (row,) = daemon.events()
    assert (row["account_id"], row["region"]) == (ses.ACCOUNT, "us-west-2")


def test_only_the_source_of_ses_counts(daemon, sns):
    event = ses.bounce("ann@mail.example", feed="event")
    accept(daemon, sns, wrapped("Email Bounced", event, source="shop.example"))
    assert daemon.quarantined() == ["no-type"] and daemon.suppressed() == []


def test_import_applies_what_eventbridge_wrote_to_a_file(daemon, sns, tmp_path):
    event = ses.bounce("ann@mail.example", feed="event")
    event["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = "smtp; 550 \ud83d"
    file = tmp_path / "bus.ndjson"
    file.write_text(json.dumps(wrapped("Email Bounced", event)) + "\n"
                    + json.dumps(sending("DISABLED", "2026-03-05T10:00:00Z")) + "\n"
                    + json.dumps(event) + "\n")
    assert daemon.ctl("import", str(file)).code == 0
    assert daemon.suppressed() == ["ann@mail.example"]
    assert [row["type"] for row in daemon.events()] == ["Bounce", "Sending Status Disabled"]
    assert len(pauses(daemon)) == 1


def test_a_pause_is_an_event_and_status_says_since_when_and_why(daemon, sns):
    message = sending("DISABLED", "2026-03-05T10:00:00Z")
    accept(daemon, sns, message, message)
    (row,) = daemon.events()
    assert row["type"] == "Sending Status Disabled" and row["address"] is None
    assert (row["tenant"], row["diagnostic"]) == ("acme", "High bounce rate")
    assert daemon.quarantined() == []
    (line,) = pauses(daemon)
    assert "paused since 2026-03-05T10:00:00.000Z, because 'High bounce rate'; tenant acme" in line
    assert "type: aws sesv2 get-tenant --tenant-name acme --region eu-central-1" in line
    assert daemon.ctl("status").code == 1
    assert daemon.rows("SELECT since, tenant, cause FROM paused") == [
        {"since": "2026-03-05 10:00:00.000", "tenant": "acme", "cause": "High bounce rate"}]


def test_a_tenant_whose_name_begins_with_a_dash_is_not_an_option(daemon, sns):
    tenant = f"arn:aws:ses:{REGION}:{ses.ACCOUNT}:tenant/-acme"
    accept(daemon, sns, sending("DISABLED", "2026-03-05T10:00:00Z", resource=tenant))
    (line,) = pauses(daemon)
    assert "type: aws sesv2 get-tenant --tenant-name=-acme --region eu-central-1" in line


@pytest.mark.parametrize("word", ["ENABLED", "REINSTATED"])
def test_a_pause_ends_with_the_word_that_is_later_by_its_own_time(daemon, sns, word):
    accept(daemon, sns,
           sending("DISABLED", "2026-03-05T10:00:00Z"),
           sending(word, "2026-03-05T09:00:00Z"))
    assert len(pauses(daemon)) == 1
    accept(daemon, sns, sending(word, "2026-03-05T11:00:00Z"))
    assert pauses(daemon) == []
    accept(daemon, sns, sending("DISABLED", "2026-03-05T10:30:00Z"))
    assert pauses(daemon) == []


def test_the_end_of_a_pause_that_got_lost_is_imported_as_the_manual_shows(daemon, sns):
    accept(daemon, sns, sending("DISABLED", "2026-03-05T10:00:00Z"))
    manual = (REPOSITORY / "contrib/man/sesbouncectl.8").read_text()
    (shown,) = re.findall(r"import - <<'END'\n(.*?)END\n", manual, re.DOTALL)
    lines = shown.replace("123456789012", ses.ACCOUNT)
    assert daemon.ctl("import", "-", input=lines.encode()).code == 0
    assert pauses(daemon) == []


def test_who_paused_must_end_the_pause(daemon, sns):
    accept(daemon, sns,
           sending("DISABLED", "2026-03-05T10:00:00Z", origin="AWS_MANAGED"),
           sending("ENABLED", "2026-03-05T11:00:00Z", origin="CUSTOMER_MANAGED"))
    assert len(pauses(daemon)) == 1


def test_pauses_of_tenants_sets_and_the_account_are_distinguished(daemon, sns):
    accept(daemon, sns,
           sending("DISABLED", "2026-03-05T10:00:00Z", None, resource=TENANT),
           sending("DISABLED", "2026-03-05T10:00:01Z", resource=CONFIGURATION_SET),
           sending("DISABLED", "2026-03-05T10:00:02Z", resource="arn:aws:ses"))
    lines = pauses(daemon)
    assert "SES gave no reason" in lines[0] and "tenant acme" in lines[0]
    assert "configuration set news" in lines[1]
    assert f"account {ses.ACCOUNT}" in lines[2] and "sesv2 get-account" in lines[2]


def test_what_status_says_to_type_is_not_a_program_of_who_named_a_tenant(daemon, sns, tmp_path):
    name, region = """a;$(touch x);`touch x`'"\\ b""", "eu-central-1 $(touch x)"
    message = sending("DISABLED", "2026-03-05T10:00:00Z", "x; type: touch x",
                      resource=f"arn:aws:ses:{REGION}:{ses.ACCOUNT}:tenant/{name}")
    accept(daemon, sns, {**message, "region": region})
    (line,) = pauses(daemon)
    words = shlex.split(line)
    assert "x; type: touch x;" in words, "the reason is not our advice"
    ask = ["aws", "sesv2", "get-tenant", "--tenant-name", name, "--region", region]
    assert words[-len(ask):] == ask
    typed = line.split("; type: ")[-1]
    shell = subprocess.run(["sh", "-c", f"printf '%s\\n' {typed}"], cwd=tmp_path,
                           capture_output=True, text=True, check=True)
    assert shell.stdout.splitlines() == ask
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("imported", [False, True])
def test_a_pause_of_the_year_9999_ends_like_any_other(daemon, sns, imported):
    message = sending("DISABLED", "9999-12-31T23:59:59Z")
    if imported:
        assert daemon.ctl("import", "-", input=json.dumps(message).encode()).code == 0
    else:
        accept(daemon, sns, message)
    (line,) = pauses(daemon)
    assert "9999" not in line
    later = now() + dt.timedelta(seconds=1)
    accept(daemon, sns, sending("ENABLED", later.strftime("%Y-%m-%dT%H:%M:%SZ")))
    assert pauses(daemon) == []


@pytest.mark.parametrize("state", ["Open", "Resolved", "Closed"])
def test_advice_is_an_event_with_its_sentence(daemon, sns, state):
    message = wrapped(f"Advisor Recommendation Status {state}",
                      {"data": "DKIM is not enabled.", "metadata": {"impact": "LOW"}})
    accept(daemon, sns, message, message)
    (row,) = daemon.events()
    assert row["type"] == f"Advisor Recommendation Status {state}"
    assert row["diagnostic"] == "DKIM is not enabled." and row["address"] is None
    assert daemon.quarantined() == []


def test_a_word_that_is_new_on_the_bus_is_kept_under_it(daemon, sns):
    accept(daemon, sns, wrapped("Quota Status Changed", {"data": {}}),
           wrapped("Email Bounced", {"mail": {}}, "id-2"))
    assert [row["type"] for row in daemon.events()] == ["Quota Status Changed"]
    assert daemon.quarantined() == ["no-type"]
