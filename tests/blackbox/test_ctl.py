"""sesbouncectl: verbs, exit codes and forms of output, beside a running daemon."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sqlite3

import pytest

import ses
from daemon import Daemon, Result, ctl, eventually
from fakesns import FOREIGN_TOPIC, TOPIC, encode, now
from load import Load

ANN, BEN, CYD = "ann@mail.example", "ben@mail.example", "cyd@mail.example"


@pytest.fixture
def listed(daemon, sns) -> Daemon:
    """`ANN` bounced, `BEN` complained; `CYD` may be mailed."""
    daemon.accept(sns.feedback(ses.bounce(ANN)), sns.feedback(ses.complaint(BEN)))
    return daemon


def rows_of_csv(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.out, newline="")))


# --- the command line


@pytest.mark.parametrize(
    "words",
    [
        ["zebra"],
        ["suppress"],
        ["suppress", "zebra"],
        ["check"],
        ["check", "--zebra", ANN],
        ["events", "--limit", "many"],
        ["-o", "xml", "events"],
        ["events", "--since", "long ago"],
        [],
    ],
    ids=lambda words: "-".join(words) or "nothing",
)
def test_2_for_a_wrong_command_line_with_a_word_on_it(daemon, words):
    result = daemon.ctl(*words)
    assert result.code == 2 and result.err.strip() and not result.out


def test_help_names_the_verbs(daemon):
    result = ctl("--help")
    assert result.code == 0
    for verb in ("check", "suppress", "events", "quarantine", "topics", "import", "status"):
        assert verb in result.out


def test_2_and_the_fix_when_the_database_is_not_there(daemon, home):
    result = ctl("--db", str(home / "none.db"), "check", ANN)
    assert result.code == 2 and "none.db" in result.err
    assert not (home / "none.db").exists()


def test_2_when_the_configuration_is_bad(daemon, home):
    file = home / "bad.conf"
    file.write_text("[store]\nzebra = 1\n")
    result = ctl("-c", str(file), "check", ANN)
    assert result.code == 2 and "bad.conf:2" in result.err


# --- check


def test_check_says_who_may_be_mailed(listed):
    assert listed.ctl("check", CYD).code == 0
    assert listed.ctl("check", CYD, "someone@else.example").code == 0
    result = listed.ctl("check", CYD, ANN)
    assert result.code == 1
    assert len(result.out.splitlines()) == 2
    assert "BOUNCE" in result.out


@pytest.mark.parametrize("spelled", ["ANN@MAIL.EXAMPLE", "Ann <ann@mail.example>"])
def test_check_knows_an_address_however_it_is_spelled(listed, spelled):
    assert listed.ctl("check", spelled).code == 1


def test_check_gives_json_and_csv(listed):
    rows = listed.ctl("-o", "json", "check", ANN, CYD).json()
    assert [(row["address"], row["suppressed"]) for row in rows] == [(ANN, True), (CYD, False)]
    assert rows[0]["reason"] == "BOUNCE" and rows[1]["reason"] is None
    rows = rows_of_csv(listed.ctl("check", "-o", "csv", BEN))
    assert rows[0]["reason"] == "COMPLAINT"


def test_check_2_for_what_is_no_address(listed):
    assert listed.ctl("check", "no address").code == 2


def test_check_filters_standard_input_byte_for_byte(listed):
    lines = f"{CYD}\r\nAnn <{ANN}>\n  Zoe <zoe@x.example>  \n{BEN}\nlast@x.example"
    kept = f"{CYD}\r\n  Zoe <zoe@x.example>  \nlast@x.example"
    result = listed.ctl("check", "-", input=lines.encode())
    assert (result.code, result.out) == (0, kept)
    inverted = listed.ctl("check", "--invert", "-", input=lines.encode())
    assert (inverted.code, inverted.out) == (0, f"Ann <{ANN}>\n{BEN}\n")


@pytest.mark.parametrize(
    "option, code, out",
    [
        ([], 2, None),
        (["--invalid", "fail"], 2, None),
        (["--invalid", "pass"], 0, f"junk\n{CYD}\n"),
        (["--invalid", "drop"], 0, f"{CYD}\n"),
    ],
    ids=["default", "fail", "pass", "drop"],
)
def test_check_does_as_told_with_lines_that_hold_no_address(listed, option, code, out):
    result = listed.ctl("check", *option, "-", input=f"junk\n{CYD}\n".encode())
    assert result.code == code
    assert out is None or result.out == out


def test_check_reads_while_the_daemon_is_down(listed):
    listed.stop()
    assert listed.ctl("check", ANN).code == 1
    assert listed.ctl("check", CYD).code == 0


def test_an_expired_entry_may_be_mailed(listed):
    assert listed.ctl("suppress", "add", CYD, "--until", "2020-01-01").code in (0, 2)
    assert listed.ctl("check", CYD).code == 0


# --- suppress


def test_suppress_add_and_remove(listed):
    assert listed.ctl("suppress", "add", CYD, "--note", "asked by telephone").code == 0
    (entry,) = listed.rows("SELECT * FROM suppressed WHERE address = ?", CYD)
    expected = {"reason": "MANUAL", "origin": "person", "note": "asked by telephone"}
    assert {key: entry[key] for key in expected} == expected
    assert entry["actor"] and entry["until"] is None
    assert listed.ctl("check", CYD).code == 1
    assert listed.ctl("suppress", "remove", CYD).code == 0
    assert listed.ctl("check", CYD).code == 0


def test_suppress_remove_of_who_is_not_listed_is_1(listed):
    assert listed.ctl("suppress", "remove", CYD).code == 1


def test_suppress_dry_run_changes_nothing(listed):
    assert listed.ctl("suppress", "add", "--dry-run", CYD).code == 0
    assert listed.ctl("suppress", "remove", "--dry-run", ANN).code == 0
    assert listed.suppressed() == [ANN, BEN]


def test_suppress_changes_nothing_when_one_word_is_no_address(listed):
    assert listed.ctl("suppress", "add", CYD, "junk").code == 2
    assert listed.suppressed() == [ANN, BEN]


def test_what_a_person_added_outlives_events(listed, sns):
    listed.ctl("suppress", "add", ANN)
    listed.accept(sns.feedback(ses.complaint(ANN, feedback="not-spam")))
    assert ANN in listed.suppressed()


def test_suppress_list_in_every_form(listed):
    rows = listed.ctl("-o", "json", "suppress", "list").json()
    assert sorted(row["address"] for row in rows) == [ANN, BEN]
    assert rows_of_csv(listed.ctl("-o", "csv", "suppress", "list"))[0].keys() == rows[0].keys()
    table = listed.ctl("suppress", "list")
    assert ANN in table.out and BEN in table.out and "BOUNCE" in table.out
    only = listed.ctl("-o", "json", "suppress", "list", "--reason", "COMPLAINT").json()
    assert [row["address"] for row in only] == [BEN]


def test_json_has_the_views_columns_and_rfc_3339_times(listed):
    (row,) = listed.rows("SELECT * FROM suppressed WHERE address = ?", ANN)
    shown = listed.ctl("-o", "json", "suppress", "list", "--reason", "BOUNCE").json()[0]
    assert shown.keys() == row.keys()
    assert shown["since"] == row["since"].replace(" ", "T") + "Z"


def test_why_shows_the_event_behind_an_entry(listed):
    result = listed.ctl("why", ANN)
    assert result.code == 0
    assert "BOUNCE" in result.out and "Permanent/General" in result.out


def test_why_shows_the_person_who_removed_an_entry(listed):
    assert listed.ctl("suppress", "remove", ANN, "--note", "asked by phone").code == 0
    told = listed.ctl("why", ANN).out
    assert "may be mailed" in told
    assert "was suppressed: BOUNCE" in told and "a person decided: remove" in told
    assert told.count("asked by phone") == 2


# --- events


def test_events_can_be_selected(listed, sns):
    listed.accept(sns.feedback(ses.bounce(CYD, kind="Transient", subtype="MailboxFull")))

    def found(*options: str) -> list[str]:
        return [row["address"] for row in listed.ctl("-o", "json", "events", *options).json()]

    assert found() == [ANN, BEN, CYD]
    assert found("--address", "ANN@mail.example") == [ANN]
    assert found("--type", "Complaint") == [BEN]
    assert found("--class", "soft") == [CYD]
    assert found("--cause", "mailbox-full") == [CYD]
    assert found("--domain", "mail.example") == [ANN, BEN, CYD]
    assert found("--domain", "x.example") == []
    assert found("--since", "1h") == [ANN, BEN, CYD]
    assert found("--until", "1h") == []
    first = listed.events()[0]["id"]
    assert found("--after-id", str(first)) == [BEN, CYD]
    assert found("--after-id", str(first), "--limit", "1") == [BEN]


def test_a_table_of_events_is_cut_at_50_and_says_so(daemon, sns):
    for i in range(3):
        some = [f"a{i}-{j}@x.example" for j in range(20)]
        daemon.accept(sns.feedback(ses.bounce(*some)))
    table = daemon.ctl("events")
    assert sum("@x.example" in line for line in table.out.splitlines()) == 50
    assert "50" in table.err + table.out
    assert len(daemon.ctl("-o", "json", "events").json()) == 60
    assert len(rows_of_csv(daemon.ctl("-o", "csv", "events"))) == 60


def test_untrusted_text_cannot_steer_a_terminal_or_a_spreadsheet_row(daemon, sns):
    nasty = 'smtp; 550 \x1b[31mred\x1b[0m "quoted", comma\nsecond line'
    daemon.accept(sns.feedback(ses.bounce(ses.failed(ANN, "5.1.1", nasty))))
    assert "\x1b" not in daemon.ctl("events").out
    assert daemon.ctl("-o", "json", "events").json()[0]["diagnostic"] == nasty
    assert len(rows_of_csv(daemon.ctl("-o", "csv", "events"))) == 1


# --- quarantine


@pytest.fixture
def quarantined(daemon, sns) -> tuple[Daemon, str]:
    """A stale bounce of `ANN`, which can be applied, and text, which cannot."""
    old = now() - dt.timedelta(hours=5)
    daemon.accept(sns.feedback(ses.bounce(ANN), at=old), sns.notification("no json"))
    assert daemon.quarantined() == ["stale", "not-json"]
    return daemon, str(daemon.value("SELECT min(id) FROM quarantine"))


def test_quarantine_list_and_show(quarantined):
    daemon, stale = quarantined
    rows = daemon.ctl("-o", "json", "quarantine", "list").json()
    assert sorted(row["reason"] for row in rows) == ["not-json", "stale"]
    (row,) = daemon.ctl("-o", "json", "quarantine", "show", stale).json()
    assert ANN in row["body"]
    assert daemon.ctl("quarantine", "show", "4711").code == 1


def test_quarantine_retry_applies_what_can_be_applied(quarantined):
    daemon, stale = quarantined
    assert daemon.ctl("quarantine", "retry", stale).code == 0
    assert daemon.suppressed() == [ANN]
    assert daemon.quarantined() == ["not-json"]
    assert daemon.ctl("quarantine", "retry", "--all").code == 1
    assert daemon.quarantined() == ["not-json"]


def test_quarantine_retry_dry_run_changes_nothing(quarantined):
    daemon, stale = quarantined
    assert daemon.ctl("quarantine", "retry", "--dry-run", stale).code == 0
    assert daemon.quarantined() == ["stale", "not-json"] and daemon.suppressed() == []


def test_quarantine_drop_forgets(quarantined):
    daemon, stale = quarantined
    assert daemon.ctl("quarantine", "drop", stale).code == 0
    assert daemon.quarantined() == ["not-json"]
    assert daemon.ctl("quarantine", "drop", stale).code == 1


# --- topics


def test_topics_list_and_confirm(make_daemon, sns):
    daemon = make_daemon(sns={"confirm": "manual"}).start()
    assert daemon.ctl("topics", "confirm", TOPIC).code in (1, 2)
    daemon.accept(sns.confirmation())
    (row,) = daemon.ctl("-o", "json", "topics", "list").json()
    assert (row["topic_arn"], row["state"]) == (TOPIC, "pending")
    assert daemon.ctl("topics", "confirm", "--dry-run", TOPIC).code == 0
    assert daemon.ctl("topics", "confirm", TOPIC).code == 0
    sns.wait_for(1, sns.confirmations)
    assert daemon.ctl("topics", "confirm", FOREIGN_TOPIC).code in (1, 2)


# --- message verify


def test_message_verify_answers_yes_no_and_cannot_tell(daemon, sns, home):
    pem, message = home / "signer.pem", home / "message.json"
    pem.write_bytes(sns.signer.pem)
    envelope = sns.feedback(ses.bounce(ANN))
    message.write_bytes(encode(envelope))
    verify = ["message", "verify", "--certificate", str(pem), str(message)]
    assert ctl(*verify).code == 0
    message.write_bytes(encode(envelope | {"Timestamp": "2026-01-01T00:00:00.000Z"}))
    refused = ctl(*verify)
    assert refused.code == 1 and "signature" in (refused.out + refused.err).lower()
    message.unlink()
    assert ctl(*verify).code == 2


def test_message_verify_uses_what_the_daemon_keeps(daemon, sns, home):
    envelope = sns.feedback(ses.bounce(ANN))
    daemon.accept(envelope)
    eventually(lambda: list(daemon.certificates.glob("*/*.pem")))
    message = home / "message.json"
    message.write_bytes(encode(envelope))
    assert daemon.ctl("message", "verify", str(message)).code == 0
    assert daemon.ctl("message", "verify", "-", input=encode(envelope)).code == 0
    assert len(sns.fetches()) == 1


# --- import


def test_import_takes_bare_messages_in_every_arrangement(daemon, home):
    texts = [json.dumps(ses.bounce(f"i{n}@x.example")) for n in range(5)]
    (home / "one.json").write_text(json.dumps(ses.bounce("one@x.example"), indent=2))
    (home / "lines.json").write_text(texts[0] + "\n" + texts[1] + "\n")
    (home / "joined.json").write_text(texts[2] + texts[3])
    files = [str(home / name) for name in ("one.json", "lines.json", "joined.json")]
    assert daemon.ctl("import", *files).code == 0
    assert daemon.ctl("import", "-", input=texts[4].encode()).code == 0
    expected = [f"i{n}@x.example" for n in range(5)] + ["one@x.example"]
    assert daemon.suppressed() == expected
    assert set(daemon.column("SELECT origin FROM suppressed")) == {"import"}
    assert daemon.ctl("import", *files).code == 0, "importing twice changes nothing"
    assert len(daemon.events()) == 6


def test_import_counts_a_bare_message_from_the_time_ses_gives(daemon, home):
    at = dt.datetime(2026, 3, 4, 5, 6, 7, tzinfo=dt.timezone.utc)
    (home / "m.json").write_text(json.dumps(ses.bounce(ANN, at=at)))
    daemon.ctl("import", str(home / "m.json"))
    assert daemon.column("SELECT occurred_at FROM events") == ["2026-03-04 05:06:07.000"]


def test_import_verifies_envelopes_whatever_their_age(daemon, sns, home):
    daemon.accept(sns.feedback(ses.bounce(BEN)))
    eventually(lambda: list(daemon.certificates.glob("*/*.pem")))
    good = sns.feedback(ses.bounce(ANN), at=now() - dt.timedelta(days=3))
    (home / "good.json").write_bytes(encode(good))
    assert daemon.ctl("import", str(home / "good.json")).code == 0
    assert daemon.suppressed() == [ANN, BEN]
    forged = sns.feedback(ses.bounce(CYD)) | {"MessageId": "x"}
    (home / "forged.json").write_bytes(encode(forged))
    assert daemon.ctl("import", str(home / "forged.json")).code != 0
    assert CYD not in daemon.suppressed()


def test_what_was_imported_is_a_duplicate_when_it_is_delivered(daemon, sns, home):
    event = ses.bounce(ANN)
    (home / "m.json").write_text(json.dumps(event))
    assert daemon.ctl("import", str(home / "m.json")).code == 0
    daemon.accept(sns.feedback(event))
    assert len(daemon.events()) == 1


def test_import_dry_run_changes_nothing(daemon, home):
    (home / "m.json").write_text(json.dumps(ses.bounce(ANN)))
    assert daemon.ctl("import", "--dry-run", str(home / "m.json")).code == 0
    assert daemon.suppressed() == [] and daemon.events() == []


# --- simulate


@pytest.fixture
def simulating(make_daemon, home) -> Daemon:
    simulator = {"enabled": "yes", "key": str(home / "simulator.pem")}
    return make_daemon(simulator=simulator, sns={"topic": []}).start()


SIMULATED = {
    "bounce": ["bounce@simulator.amazonses.com"],
    "complaint": ["complaint@simulator.amazonses.com"],
    "suppressionlist": ["suppressionlist@simulator.amazonses.com"],
    "ooto": [],
    "delivery": [],
}


@pytest.mark.parametrize("what", SIMULATED)
def test_simulate_does_what_the_mailbox_simulator_causes(simulating, what):
    result = simulating.ctl("simulate", what)
    assert result.code == 0, result.err
    assert simulating.suppressed() == SIMULATED[what]


def test_simulate_can_name_the_address(simulating):
    assert simulating.ctl("simulate", "bounce", "--address", ANN).code == 0
    assert simulating.suppressed() == [ANN]


def test_the_simulators_key_opens_no_other_topic_and_is_off_by_default(daemon, home):
    result = daemon.ctl("simulate", "bounce")
    assert result.code != 0 and result.err
    assert daemon.suppressed() == []


def test_the_simulator_is_refused_on_a_listener_that_is_not_loopback(make_daemon, home):
    simulator = {"enabled": "yes", "key": str(home / "simulator.pem")}
    daemon = make_daemon(
        inherit=False, simulator=simulator, ingest={"listen": "0.0.0.0:9025"}
    )
    daemon.spawn()
    assert daemon.wait() == 78


# --- status, db check, together


def test_status_says_what_is_there(listed):
    listed.wait_ready()
    result = listed.ctl("status")
    assert result.code in (0, 1) and result.out
    assert listed.ctl("-o", "json", "status").code in (0, 1)


def test_status_tells_what_to_type_while_nothing_has_arrived(daemon):
    result = daemon.ctl("status")
    assert result.code == 1
    assert f"nothing has arrived yet; type: aws sns subscribe --topic-arn {TOPIC}" in result.out


def test_db_check_of_a_sound_and_of_a_damaged_file(listed, home):
    assert listed.ctl("db", "check").code == 0
    listed.stop()
    assert listed.ctl("db", "check").code == 0
    bad = home / "bad.db"
    bad.write_bytes(b"no database " * 1000)
    assert ctl("--db", str(bad), "db", "check").code != 0


def test_a_person_gets_a_turn_while_the_daemon_is_under_load(daemon, sns):
    with Load(daemon, sns) as load:
        load.wait_for(50)
        for i in range(5):
            assert daemon.ctl("suppress", "add", f"by-hand-{i}@x.example").code == 0
        load.wait_for(50)
    assert load.failed == []
    assert daemon.value("SELECT count(*) FROM suppressed WHERE reason = 'MANUAL'") == 5


def test_a_newer_database_is_left_alone(listed):
    listed.stop()
    db = sqlite3.connect(listed.database)
    db.execute("PRAGMA user_version = 9999")
    db.close()
    result = listed.ctl("suppress", "add", CYD)
    assert result.code == 2 and result.err
