"""sesbouncectl: verbs, exit codes and forms of output, beside a running daemon."""

from __future__ import annotations

import csv
import datetime as dt
import http.server
import io
import json
import re
import os
import shlex
import sqlite3
import subprocess
import threading

import pytest
from cryptography.hazmat.primitives import serialization

import ses
from daemon import SESBOUNCECTL, Daemon, Result, ctl, eventually, typed
from fakesns import FOREIGN_TOPIC, TOPIC, encode, now
from load import Load

OTHER_TOPIC = TOPIC + "-2"
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


def test_help_of_a_verb_says_what_its_until_takes():
    assert "an age" not in ctl("suppress", "add", "--help").out
    assert "an age: 7d" in ctl("events", "--help").out


def test_2_and_the_fix_when_the_database_is_not_there(daemon, home):
    result = ctl("--db", str(home / "none.db"), "check", ANN)
    assert result.code == 2 and "none.db" in result.err
    assert "start sesbounced (if it runs, `systemctl status sesbounced`" in result.err
    assert not (home / "none.db").exists()


def test_2_when_the_configuration_is_bad(daemon, home):
    file = home / "bad.conf"
    file.write_text("[store]\nzebra = 1\n")
    result = ctl("-c", str(file), "check", ANN)
    assert result.code == 2 and "bad.conf:2" in result.err
    assert "--db FILE" in result.err and "Invalid argument" not in result.err


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


def test_check_2_for_what_is_not_an_address(listed):
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


# A way to spell the address of `ANN` that looks the same, and how the error names it.
UNSEEN = {
    "mark": ("\ufeffann@mail.example", "U+FEFF"),
    "zero-width-space": ("ann\u200b@mail.example", "U+200B after 'ann'"),
    "no-break-space": ("ann@mail.example\u00a0", "U+00A0 after 'ann@mail.example'"),
    "word-joiner": ("ann@\u2060mail.example", "U+2060 after 'ann@'"),
    "right-to-left": ("ann@mail\u202e.example", "U+202E after 'ann@mail'"),
    "arabic-letter-mark": ("a\u061cnn@mail.example", "U+061C after 'a'"),
    "soft-hyphen": ("ann@mail.ex\u00adample", "U+00AD after 'ann@mail.ex'"),
    "control": ("ann\x01@mail.example", "U+0001 after 'ann'"),
    "tag": ("ann@mail.example\U000e0020", "U+E0020 after 'ann@mail.example'"),
    "in-the-name": ("Ann\u200b <ann@mail.example>", "U+200B after 'Ann'"),
    "shell": ("'ann@mail.example'", "quotation marks"),
    "typographic": ("“ann@mail.example”", "quotation marks"),
}
unseen = pytest.mark.parametrize("spelled, named", UNSEEN.values(), ids=UNSEEN)


@unseen
@pytest.mark.parametrize(
    "verb",
    [
        ["check"],
        ["why"],
        ["events", "--address"],
        ["suppress", "add"],
        ["suppress", "remove"],
        ["simulate", "bounce", "--address"],
    ],
    ids=lambda verb: "-".join(verb[:2]),
)
def test_no_verb_takes_an_address_with_a_character_nobody_sees(listed, verb, spelled, named):
    result = listed.ctl(*verb, spelled)
    assert result.code == 2 and named in result.err and "may be mailed" not in result.out
    assert listed.suppressed() == [ANN, BEN]


@unseen
def test_check_lets_no_suppressed_address_through_behind_a_character_nobody_sees(
    listed, spelled, named
):
    result = listed.ctl("check", "-", input=f"{CYD}\n{spelled}\n".encode())
    assert result.code == 2 and "line 2" in result.err and named in result.err
    dropped = listed.ctl("check", "--invalid", "drop", "-", input=f"{CYD}\n{spelled}\n".encode())
    assert (dropped.code, dropped.out) == (0, f"{CYD}\n")


@pytest.mark.parametrize("first, kept", [(ANN, ""), (CYD, f"{CYD}\r\n")], ids=["listed", "clear"])
def test_check_skips_the_byte_order_mark_of_a_file(listed, first, kept):
    lines = f"\ufeff{first}\r\n{BEN}\r\nlast@x.example"
    result = listed.ctl("check", "-", input=lines.encode())
    assert (result.code, result.out) == (0, f"{kept}last@x.example")


def test_check_says_that_a_file_is_utf_16(listed):
    result = listed.ctl("check", "--invalid", "pass", "-", input=f"\ufeff{CYD}\n".encode("utf-16le"))
    assert result.code == 2 and "iconv -f UTF-16" in result.err and result.out == ""


def test_check_skips_blank_lines(listed):
    lines = f"\r\n{CYD}\n\n  \t\r\n{ANN}\n\n"
    for invalid in ("fail", "pass", "drop"):
        result = listed.ctl("check", "--invalid", invalid, "-", input=lines.encode())
        assert (result.code, result.out) == (0, f"{CYD}\n")


def test_an_error_cannot_steer_the_terminal_either(listed):
    result = listed.ctl("check", "\x1b]0;title\x07@\u202emoc.elpmaxe")
    assert result.code == 2 and not set("\x1b\x07\u202e") & set(result.err)


def test_an_imported_bounce_of_an_address_with_a_character_nobody_sees_blocks_nobody(
    daemon, home
):
    file = home / "bounce.json"
    file.write_text(json.dumps(ses.bounce("ann\u200b@mail.example")))
    daemon.ctl("import", str(file))
    assert daemon.suppressed() == []


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


def test_suppress_changes_nothing_when_one_word_is_not_an_address(listed):
    assert listed.ctl("suppress", "add", CYD, "junk").code == 2
    assert listed.suppressed() == [ANN, BEN]


def numbered(count: int) -> list[str]:
    return [f"person{number}@mail.example" for number in range(count)]


def test_suppress_add_and_remove_read_standard_input(listed):
    lines = f"\ufeff{CYD}\r\n\r\nDee <dee@mail.example>\n{ANN}\n{CYD}"
    added = listed.ctl("suppress", "add", "-", "--note", "moved", input=lines.encode())
    assert (added.code, added.out) == (0, "3 added, 0 changed, 1 unchanged: permanent\n")
    (entry,) = listed.rows("SELECT * FROM suppressed WHERE address = ?", CYD)
    assert (entry["note"], entry["reason"], bool(entry["actor"])) == ("moved", "MANUAL", True)
    assert listed.value("SELECT count(*) FROM decisions WHERE note = 'moved'") == 3
    removed = listed.ctl("suppress", "remove", "-", input=lines.encode())
    assert (removed.code, removed.out) == (1, "3 removed, 1 not on the list\n")
    assert "1 of them" in removed.err and "list-suppressed-destinations" in removed.err
    assert listed.suppressed() == [BEN]


def test_suppress_remove_of_a_file_says_who_stays_for_a_complaint(listed, sns):
    """They were counted as not on the list."""
    listed.accept(sns.feedback(ses.complaint(CYD)))
    lines = f"{ANN}\n{CYD}\ndee@mail.example\n".encode()
    for words, would in (["--dry-run"], "would be "), ([], ""):
        removed = listed.ctl("suppress", "remove", "-", *words, input=lines)
        assert removed.code == 1 and removed.out == (
            f"1 {would}removed, 1 not on the list, 1 on the list for a complaint: add "
            "--complaint to remove them nevertheless\n")
    assert CYD in listed.suppressed()


def test_suppress_add_and_remove_read_files_beside_words(listed, home):
    one, two = home / "one.txt", home / "two.txt"
    one.write_text("dee@mail.example\n")
    two.write_text("eve@mail.example\nfay@mail.example\n")
    dry = listed.ctl("suppress", "add", "--dry-run", str(one), CYD, str(two))
    assert dry.code == 0 and "3 would be added" in dry.out
    assert f"{CYD}  would be added: permanent\n" in dry.out
    assert listed.suppressed() == [ANN, BEN]
    assert listed.ctl("suppress", "add", str(one), CYD, str(two)).code == 0
    assert len(listed.suppressed()) == 6
    rows = listed.ctl("-o", "json", "suppress", "remove", str(two), CYD).json()
    assert [(row["address"], row["changed"]) for row in rows] == [
        ("eve@mail.example", True),
        ("fay@mail.example", True),
        (CYD, True),
    ]


def test_suppress_changes_nothing_when_one_line_is_not_an_address(listed, home):
    lines = [*numbered(2000), "ann\u200b@mail.example", "junk", f"{ANN},{BEN}", *["x"] * 100]
    result = listed.ctl("suppress", "add", "-", input="\n".join(lines).encode())
    assert result.code == 2 and listed.suppressed() == [ANN, BEN]
    assert "standard input:2001: " in result.err and "U+200B after 'ann'" in result.err
    assert "standard input:2002: `junk`" in result.err and "input:2003" in result.err
    assert "and 83 more" in result.err and "nothing was changed" in result.err
    result = listed.ctl("suppress", "add", CYD, str(home / "none.txt"))
    assert result.code == 2 and "no @" in result.err and listed.suppressed() == [ANN, BEN]
    result = listed.ctl("suppress", "add", "-", input=f"\ufeff{CYD}\n".encode("utf-16le"))
    assert result.code == 2 and "iconv" in result.err


def test_suppress_takes_10_000_lines_and_the_daemon_goes_on_meanwhile(listed, sns):
    lines = "\n".join(numbered(10_000)).encode()
    with Load(listed, sns) as load:
        load.wait_for(10)
        result = listed.ctl("suppress", "add", "-", input=lines)
        load.wait_for(10)
    assert result.code == 0 and "10000 added" in result.out, result.err
    assert load.failed == []
    assert listed.value("SELECT count(*) FROM suppressed WHERE reason = 'MANUAL'") == 10_000
    again = listed.ctl("suppress", "add", "-", input=lines)
    assert "0 added, 0 changed, 10000 unchanged" in again.out
    assert "10000 removed" in listed.ctl("suppress", "remove", "-", input=lines).out


def test_suppress_add_tells_what_became_of_an_entry_that_was_there(listed):
    def add(*options: str) -> str:
        result = listed.ctl("suppress", "add", CYD, *options)
        assert result.code == 0, result.err
        return result.out.rstrip("\n").removeprefix(CYD).strip()

    assert add() == "added: permanent"
    assert add() == "unchanged: permanent"
    assert add("--note", "x") == "changed: the note; permanent as before"
    day = ("--until", "2999-01-31")
    changed = "changed: until 2999-01-31T00:00:00.000Z, was permanent"
    assert add("--dry-run", *day) == f"would be {changed}"
    assert add(*day) == changed
    assert add(*day) == "unchanged: until 2999-01-31T00:00:00.000Z"
    assert add() == "changed: permanent, was until 2999-01-31T00:00:00.000Z"
    (kept,) = listed.rows("SELECT note FROM suppressed WHERE address = ?", CYD)
    assert kept == {"note": "x"}, "without a new note the earlier one stays"


def test_an_entry_of_a_scope_stops_the_mail_of_that_scope_only(listed):
    assert listed.ctl("suppress", "add", "--scope", "news", CYD).code == 0
    assert listed.ctl("check", CYD).code == 0
    assert listed.ctl("check", "--scope", "news", CYD).code == 1
    assert listed.ctl("check", "--scope", "news", BEN).code == 1
    told = listed.ctl("suppress", "remove", CYD)
    assert told.code == 1
    assert told.out == f"{CYD}  is not on the list in scope *, but in scope news: use --scope 'news'\n"
    assert listed.ctl("suppress", "remove", "--scope", "news", CYD).code == 0
    assert listed.ctl("check", "--scope", "news", CYD).code == 0


def test_remove_says_where_an_address_is_still_on_the_list(listed):
    for scope in ("*", "news"):
        listed.ctl("suppress", "add", "--scope", scope, CYD)
    assert "news" in listed.ctl("suppress", "list").out, "a table shows the scope"
    told = listed.ctl("suppress", "remove", CYD)
    assert told.code == 0 and told.out == (
        f"{CYD}  removed in scope *, but stays on the list in scope news: use --scope 'news'\n"
    )
    assert listed.ctl("suppress", "remove", "--scope", "news", CYD).out == f"{CYD}  removed\n"


@pytest.mark.parametrize("scope", ["", "x" * 128, "a b", "a\x1bb", "a\u200bb"])
def test_what_cannot_be_the_name_of_a_scope_is_refused(listed, scope):
    result = listed.ctl("suppress", "add", "--scope", scope, ANN)
    assert result.code == 2 and "cannot be the name of a scope" in result.err


def test_suppress_remove_tells_how_to_clear_amazons_list_where_it_may_be(listed, sns):
    listed.ctl("suppress", "add", CYD)
    assert "aws" not in listed.ctl("suppress", "remove", CYD).err
    region = listed.value("SELECT region FROM events WHERE address = ?", ANN)
    told = listed.ctl("suppress", "remove", ANN).err
    assert f"--email-address {ANN} --region {region}" in told


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
    assert "took the address off the list for all mail (BOUNCE)" in told
    assert told.count("asked by phone") == 1


def test_why_agrees_with_check_about_an_entry_of_another_scope(listed):
    listed.stop()
    db = sqlite3.connect(listed.database)
    db.execute("UPDATE suppression SET scope = 'news' WHERE address = ?", (ANN,))
    db.commit()
    db.close()
    for scope, code, headline in (
        ([], 0, "may be mailed"),
        (["--scope", "news"], 1, "must not be mailed"),
    ):
        assert listed.ctl("check", *scope, ANN).code == code
        told = listed.ctl("why", *scope, ANN).out
        assert told.startswith(f"{ANN} {headline}") and "scope news" in told


def test_what_why_and_check_say_to_type_also_works_for_an_address_with_a_dash(listed, sns):
    dashed = "-x@mail.example"
    listed.accept(sns.feedback(ses.bounce(dashed)))
    told = listed.ctl("check", "--", dashed).out
    (why,) = typed(told)
    told = listed.ctl(*why).out
    (remove,) = typed(told)
    assert "--note" in remove
    removed = listed.ctl(*remove)
    assert removed.code == 0 and f"--email-address={dashed}" in removed.err
    assert listed.ctl("check", "--", dashed).code == 0
    csv = listed.ctl("-o", "csv", "why", "--", dashed).err
    events = shlex.split(re.search("`(events .*)`", csv).group(1))
    assert dashed in listed.ctl(*events).out


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
    assert found("--rule", "transient-mailbox-full") == [CYD]
    result = listed.ctl("events", "--rule", "no-such-rule")
    assert result.code == 2 and "man sesbounced-policy" in result.err
    assert found("--domain", "mail.example") == [ANN, BEN, CYD]
    assert found("--domain", "x.example") == []
    assert found("--since", "1h") == [ANN, BEN, CYD]
    assert found("--until", "1h") == []
    assert found("--until", "1970-01-01") == []
    assert found("--since", "1970-01-01") == [ANN, BEN, CYD]
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


def on_terminal(daemon: Daemon, *words: str) -> str:
    """What a command shows on a terminal of its own."""
    try:
        ours, theirs = os.openpty()
    except OSError as error:  # in a chroot without /dev/pts
        pytest.skip(f"no pseudo-terminal can be opened: {error.strerror}")
    shown = b""
    with subprocess.Popen(
        [SESBOUNCECTL, "-c", daemon.config_file, *words], stdout=theirs, stderr=theirs
    ) as command:
        os.close(theirs)
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # Linux's end of a terminal
            pass
    os.close(ours)
    assert command.returncode == 0, shown
    return shown.decode()


def test_csv_is_not_a_program_for_a_spreadsheet(daemon, sns):
    formula = '=HYPERLINK("https://evil.example","x")'
    daemon.accept(sns.feedback(ses.bounce(ses.failed("+ann@mail.example", "5.1.1", formula))))
    row = rows_of_csv(daemon.ctl("-o", "csv", "events"))[0]
    assert (row["address"], row["diagnostic"]) == ("'+ann@mail.example", f"'{formula}")
    assert row["id"] == "1"
    daemon.accept(sns.feedback(ses.bounce(ses.failed("b@mail.example", "5.1.1", f"smtp;{formula}"))))
    row = rows_of_csv(daemon.ctl("-o", "csv", "events", "--address", "b@mail.example"))[0]
    assert row["diagnostic"] == f"smtp;'{formula}", "many locales separate cells by semicolons"
    row = rows_of_csv(daemon.ctl("events", "--raw", "-o", "csv", "--address", "+ann@mail.example"))[0]
    assert (row["address"], row["diagnostic"]) == ("+ann@mail.example", formula)
    refused = daemon.ctl("events", "--raw")
    assert refused.code == 2 and "-o csv" in refused.err


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_no_form_of_output_can_steer_a_terminal(daemon, sns, form):
    nasty = "550 \x1b[31m\x9b1m\u202e\u061c\ufeff\u2066\u2028\x07done"
    daemon.accept(sns.feedback(ses.bounce(ses.failed(ANN, "5.1.1", nasty))))
    shown = on_terminal(daemon, "-o", form, "events")
    assert not set(shown) & (set(nasty) - set("550 [31m1done")) and "done" in shown
    if form == "csv":
        assert nasty in daemon.ctl("-o", form, "events").out


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


@pytest.fixture
def much_quarantined(make_daemon, sns) -> Daemon:
    """Stale bounces of two addresses, text from two topics."""
    daemon = make_daemon(sns={"topic": [TOPIC, OTHER_TOPIC]}).start()
    old = now() - dt.timedelta(hours=5)
    daemon.accept(
        sns.feedback(ses.bounce(ANN), at=old),
        sns.notification("no json"),
        sns.feedback(ses.bounce(BEN), at=old),
        sns.notification("no json either", topic=OTHER_TOPIC),
    )
    assert daemon.quarantined() == ["stale", "not-json", "stale", "not-json"]
    return daemon


@pytest.mark.parametrize(
    "select, left",
    [
        (["--all"], []),
        (["--reason", "stale"], ["not-json", "not-json"]),
        (["--topic", TOPIC], ["not-json"]),
        (["--topic", OTHER_TOPIC, "--reason", "not-json"], ["stale", "not-json", "stale"]),
        (["--reason", "incomplete"], ["stale", "not-json", "stale", "not-json"]),
    ],
    ids=["all", "reason", "topic", "both", "none"],
)
def test_quarantine_drop_takes_a_reason_or_a_topic_or_all(much_quarantined, select, left):
    daemon = much_quarantined
    dropped = 4 - len(left)
    dry = daemon.ctl("quarantine", "drop", "--dry-run", *select)
    assert (dry.code, dry.out) == (0, f"{dropped} would be dropped\n")
    assert len(daemon.quarantined()) == 4
    rows = daemon.ctl("-o", "json", "quarantine", "drop", "--dry-run", *select).json()
    assert [row["result"] for row in rows] == ["would be dropped"] * dropped
    done = daemon.ctl("quarantine", "drop", *select)
    assert (done.code, done.out) == (0, f"{dropped} dropped\n")
    assert daemon.quarantined() == left


@pytest.mark.parametrize("verb", ["retry", "drop"])
@pytest.mark.parametrize(
    "select", [[], ["--all", "--reason", "stale"], ["1", "--all"], ["1", "--topic", TOPIC]], ids=str
)
def test_quarantine_retry_and_drop_need_a_selection(much_quarantined, verb, select):
    result = much_quarantined.ctl("quarantine", verb, *select)
    assert result.code == 2 and "--all" in result.err
    assert len(much_quarantined.quarantined()) == 4


def test_quarantine_retry_takes_a_reason_or_a_topic(much_quarantined):
    daemon = much_quarantined
    assert daemon.ctl("quarantine", "retry", "--topic", OTHER_TOPIC).code == 1
    assert len(daemon.quarantined()) == 4
    assert daemon.ctl("quarantine", "retry", "--reason", "STALE").code == 0
    assert daemon.quarantined() == ["not-json", "not-json"]
    assert daemon.suppressed() == [ANN, BEN]


def test_quarantine_of_more_than_a_transaction_holds_is_retried_and_dropped(daemon, home):
    file = home / "many.json"
    lines = [ses.bounce(f"u{number}@x.example") for number in range(1500)]
    for event in lines:
        event["bounce"]["bounceType"] = "Eternal"
    file.write_text("\n".join(map(json.dumps, lines)))
    daemon.ctl("import", str(file))
    assert len(daemon.quarantined()) == 1500
    retried = daemon.ctl("-o", "json", "quarantine", "retry", "--all").json()
    assert len({row["id"] for row in retried}) == 1500
    assert daemon.ctl("quarantine", "drop", "--all").out == "1500 dropped\n"
    assert daemon.quarantined() == []


def test_why_shows_what_is_in_quarantine_about_the_address(quarantined):
    daemon, stale = quarantined
    told = daemon.ctl("why", ANN.upper())
    assert told.code == 0 and "No event or decision" not in told.out
    assert "is in quarantine (stale)" in told.out and "stale" in told.out
    assert f"quarantine retry {stale}" in told.out
    (row,) = daemon.ctl("-o", "json", "why", ANN).json()
    assert (row["id"], row["reason"]) == (int(stale), "stale") and "body" not in row
    assert "No event or decision" in daemon.ctl("why", BEN).out
    assert "No event or decision" in daemon.ctl("why", f"x{ANN}").out


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


def test_topics_forget_ends_the_alarm_of_a_topic_out_of_use(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(ANN)), sns.unsubscription(at=now()))
    assert "topics forget " + TOPIC in daemon.ctl("status").out
    assert daemon.ctl("topics", "forget", "--dry-run", TOPIC).out.strip().endswith("would be forgotten")
    assert daemon.ctl("-o", "json", "topics", "list").json() != []
    assert daemon.ctl("topics", "forget", TOPIC).code == 0
    assert daemon.ctl("-o", "json", "topics", "list").json() == []
    assert "nothing has arrived from " + TOPIC in daemon.ctl("status").out
    (event,) = daemon.ctl("-o", "json", "events").json()
    assert event["topic_arn"] == TOPIC
    assert daemon.ctl("topics", "forget", TOPIC).code == 1
    assert daemon.ctl("topics", "forget", "nonsense").code == 2
    # It is still in [sns] topic, so it may come back.
    daemon.accept(sns.feedback(ses.bounce("bob@mail.example")))
    (row,) = daemon.ctl("-o", "json", "topics", "list").json()
    assert (row["state"], row["messages"]) == ("confirmed", 1)


def test_topics_forget_refuses_a_topic_that_would_appear_again(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce(ANN)))
    for extra in ([], ["--dry-run"]):
        result = daemon.ctl("topics", "forget", *extra, TOPIC)
        assert result.code == 1 and "aws sns unsubscribe" in result.out
    assert daemon.column("SELECT state FROM topics") == ["confirmed"]
    daemon.configure({"sns": {"topic": [TOPIC + "-new"]}})
    assert daemon.ctl("topics", "forget", TOPIC).code == 0
    assert daemon.column("SELECT state FROM topics") == []


def test_topics_forget_declines_a_subscription_that_nobody_wants(make_daemon, sns):
    daemon = make_daemon(sns={"confirm": "manual"}).start()
    daemon.accept(sns.confirmation())
    assert daemon.ctl("topics", "forget", TOPIC).code == 0
    assert daemon.ctl("topics", "confirm", TOPIC).code == 1
    assert sns.confirmations() == []


# --- message show


@pytest.mark.parametrize("more", ["é", "x" * 300_000], ids=["short", "long"])
def test_message_show_prints_what_was_posted_byte_for_byte(daemon, sns, more):
    posted = encode(sns.feedback(ses.bounce(ANN, BEN) | {"more": more}))
    assert daemon.post(posted).status == 200
    (first, second) = daemon.column("SELECT id FROM events ORDER BY id")
    for id in (first, second):
        shown = daemon.ctl("message", "show", str(id))
        assert (shown.code, shown.out.encode(), shown.err) == (0, posted, "")
    (row,) = daemon.ctl("-o", "json", "message", "show", str(first)).json()
    assert row == {"id": first, "body": posted.decode()}


def test_message_show_prints_an_imported_message_as_it_was(daemon, home):
    (home / "bare.json").write_text(bare := json.dumps(ses.bounce(ANN)))
    assert daemon.ctl("import", str(home / "bare.json")).code == 0
    assert daemon.ctl("message", "show", "1").out == bare


def test_message_show_prints_what_left_the_quarantine(daemon, sns):
    yesterday = now() - dt.timedelta(days=1)
    posted = encode(sns.feedback(ses.bounce(ANN), at=yesterday))
    assert daemon.post(posted).status == 200
    assert daemon.column("SELECT body FROM quarantine") == [posted.decode()]
    assert daemon.ctl("quarantine", "retry", "--all").code == 0
    assert daemon.ctl("message", "show", "1").out.encode() == posted


def test_message_show_says_1_for_an_event_that_is_not_there(listed):
    missing = listed.ctl("message", "show", "99")
    assert missing.code == 1 and not missing.out
    assert "no event has the id 99" in missing.err and typed(missing.err) == [["events"]]
    assert listed.ctl("message", "show", "ann").code == 2


def test_message_show_lets_nothing_drive_a_terminal(daemon, home):
    bare = json.dumps(ses.bounce(ANN) | {"note": "\x9b31m"}, ensure_ascii=False)
    (home / "bare.json").write_text(bare)
    assert daemon.ctl("import", str(home / "bare.json")).code == 0
    assert "\x9b" in daemon.ctl("message", "show", "1").out
    assert ANN in (shown := on_terminal(daemon, "message", "show", "1"))
    assert "\x9b" not in shown


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


def test_message_verify_skips_the_byte_order_mark_of_a_file(daemon, sns, home):
    file = home / "body.json"
    daemon.accept(body := sns.feedback(ses.bounce(ANN)))
    file.write_bytes(b"\xef\xbb\xbf" + encode(body))
    assert daemon.ctl("message", "verify", str(file)).code == 0


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


@pytest.mark.parametrize(
    "text",
    [
        f"{ANN}\n{BEN}\n",
        f"\ufeff{ANN}\r\n",
        f"email,reason\n{ANN},bounce\n",
        f"Ann <{ANN}>\n",
        "ann\u200b@mail.example\n",
    ],
    ids=["lines", "mark", "csv", "named", "unseen"],
)
def test_import_of_a_plain_list_says_what_to_use(daemon, home, text):
    file = home / "list.txt"
    file.write_text(text)
    result = daemon.ctl("import", str(file))
    assert result.code == 2 and "suppress import" in result.err
    assert len(result.err.splitlines()) <= 3 and daemon.suppressed() == []


def test_import_says_that_a_file_is_utf_16(daemon, home):
    file = home / "bounce.json"
    file.write_bytes(json.dumps(ses.bounce(ANN)).encode("utf-16"))
    result = daemon.ctl("import", str(file))
    assert result.code == 2 and "iconv" in result.err

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


def test_import_names_the_topic_it_refuses(daemon, sns, home):
    foreign = sns.notification("x") | {"TopicArn": FOREIGN_TOPIC}
    (home / "foreign.json").write_bytes(encode(foreign))
    result = daemon.ctl("import", str(home / "foreign.json"))
    assert result.code == 1 and f"its topic {FOREIGN_TOPIC} is not allowed" in result.err


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


def test_simulate_and_status_say_where_the_daemon_may_be_when_nobody_answers(simulating):
    simulating.stop()
    simulating.listener.close()
    result = simulating.ctl("simulate", "bounce")
    assert result.code == 2 and "systemctl status sesbounced.socket" in result.err
    result = simulating.ctl("status")
    assert result.code == 1 and "systemctl status sesbounced.socket" in result.out


def test_status_says_that_the_simulator_is_not_for_production(simulating):
    simulating.ctl("simulate", "bounce")
    assert simulating.ctl("status").code == 0, "nothing needs a person"
    rows = simulating.ctl("-o", "json", "status").json()
    (value,) = [row["value"] for row in rows if row["name"] == "simulator"]
    assert "not for production" in value
    simulating.configure({"sns": {"topic": ["arn:aws:sns:*:123456789012:*"]}})
    (told,) = attentions(simulating)
    assert "nothing has arrived from arn:aws:sns:*:123456789012:* yet" in told, "it counts"


def test_simulate_can_name_the_address(simulating):
    assert simulating.ctl("simulate", "bounce", "--address", ANN).code == 0
    assert simulating.suppressed() == [ANN]


@pytest.mark.parametrize(
    "address", ["o'brien@mail.example", "-x@mail.example", "`id`@mail.example",
                "Jane Doe <jane@mail.example>"])
def test_what_simulate_says_to_type_is_for_the_shell(simulating, address):
    told = simulating.ctl("simulate", "bounce", f"--address={address}").out
    (check,) = typed(told)
    assert simulating.ctl(*check).code == 1


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
    assert result.code == 0 and TOPIC in result.out and "attention" not in result.out
    rows = listed.ctl("-o", "json", "status").json()
    (topic,) = [row for row in rows if row["name"] == "topic"]
    (row,) = listed.rows("SELECT * FROM topics")
    assert topic["topic_arn"] == TOPIC and topic["messages"] == row["messages"]
    for column in ("since", "last_message_at"):
        assert topic[column] == row[column].replace(" ", "T") + "Z"
        assert topic[column] in result.out
    assert {"name", "value"} == set(rows_of_csv(listed.ctl("-o", "csv", "status"))[0])


def attentions(daemon: Daemon) -> list[str]:
    result = daemon.ctl("-o", "json", "status")
    found = [row["value"] for row in result.json() if row["name"] == "attention"]
    assert result.code == (1 if found else 0)
    return found


def test_status_tells_what_to_type_while_nothing_has_arrived(daemon):
    (told,) = attentions(daemon)
    assert told.startswith(
        f"nothing has arrived from {TOPIC} yet; type: aws sns subscribe --topic-arn {TOPIC} "
    )


def test_status_asks_of_each_topic_alone_whether_anything_has_arrived(make_daemon, sns):
    silent, pattern = f"{TOPIC}-silent", TOPIC.rsplit(":", 1)[0] + ":*"
    daemon = make_daemon(sns={"topic": [TOPIC, silent, pattern]}).start()
    daemon.configure({"simulator": {"enabled": "yes", "key": "/none"}})
    assert len(attentions(daemon)) == 3
    daemon.accept(sns.feedback(ses.bounce(ANN)))
    (told,) = attentions(daemon)
    assert told.startswith(f"nothing has arrived from {silent} yet")


def test_a_topic_that_has_messages_in_quarantine_is_heard_of(daemon, sns):
    old = now() - dt.timedelta(hours=5)
    daemon.accept(sns.feedback(ses.bounce(ANN), at=old))
    assert daemon.quarantined() == ["stale"]
    assert not any("nothing has arrived" in told for told in attentions(daemon))


def test_status_shows_what_healthz_says_and_where_the_reason_is(listed):
    class Unwell(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"the disk is full\n"
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Unwell) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        listed.configure({"ingest": {"listen": f"127.0.0.1:{server.server_port}"}})
        listed.database.with_name("sesbounced.db.listen").unlink()
        (told,) = attentions(listed)
    assert told.startswith(
        "the daemon answers 503 the disk is full; type: systemctl status sesbounced "
    )


def test_status_counts_the_quarantine_as_something_to_do(quarantined):
    (told,) = attentions(quarantined[0])
    assert told.startswith("messages in quarantine, not applied: 2; type: ")
    assert typed(told) == [["quarantine", "list"]]


def test_db_check_of_a_sound_and_of_a_damaged_file(listed, home):
    assert listed.ctl("db", "check").code == 0
    (row,) = listed.ctl("-o", "json", "db", "check").json()
    assert row == {"file": str(listed.database), "sound": True, "faults": None}
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


# --- where the daemon listens


def test_status_finds_the_daemon_on_the_socket_that_was_passed(make_daemon, home):
    daemon = make_daemon(ingest={"listen": f"unix:{home}/nobody.sock"}).start()
    (row,) = [r for r in daemon.ctl("-o", "json", "status").json() if r["name"] == "daemon"]
    assert row["value"].startswith("running")
    file = daemon.database.with_name("sesbounced.db.listen")
    assert file.read_text() == f"ingest http 127.0.0.1:{daemon.port}\n"
    assert file.stat().st_mode & 0o777 == 0o640
    daemon.stop()
    assert not file.exists()


def test_a_file_of_addresses_left_behind_by_a_killed_daemon_misleads_nobody(make_daemon):
    daemon = make_daemon().start()
    file = daemon.database.with_name("sesbounced.db.listen")
    daemon.kill9()
    file.write_text("ingest http unix:/nonexistent/s.sock\nadmin http 127.0.0.1:1\njunk\n\n")
    result = daemon.ctl("status")
    assert result.code == 1 and "not reachable" in result.out
    daemon.start()
    assert f":{daemon.port}" in file.read_text()
    file.write_text("ingest http unix:/nonexistent/s.sock\n")
    assert "running" in daemon.ctl("status").out, "where the settings say"


@pytest.mark.parametrize(
    "days, told",
    [(200, None), (20, "expires in 19 days"), (-3, "has expired")],
    ids=["good", "soon", "expired"],
)
def test_status_tells_the_days_until_the_tls_certificate_expires(
    make_daemon, authority, home, days, told
):
    signer = authority.new_signer(
        before=dt.timedelta(days=100), after=dt.timedelta(days=days, minutes=-5)
    )
    (home / "certificate.pem").write_bytes(signer.pem)
    key = signer.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (home / "key.pem").write_bytes(key)
    (home / "key.pem").chmod(0o600)
    tls = {"certificate": f"{home}/certificate.pem", "key": f"{home}/key.pem"}
    daemon = make_daemon(ingest=tls).start()
    rows = daemon.ctl("-o", "json", "status").json()
    (left,) = [r["value"] for r in rows if r["name"] == "tls_certificate_days_left"]
    assert left == days - 1
    assert [told in a for a in attentions(daemon) if "TLS" in a] == ([True] if told else [])


def test_status_tells_the_age_of_each_topics_last_message(listed):
    (row,) = [r for r in listed.ctl("-o", "json", "status").json() if r["name"] == "topic"]
    assert 0 <= row["last_message_age_seconds"] < 60
    assert re.search(r"topic .* last .* \(\d+ s ago\)", listed.ctl("status").out)
