"""suppress import, export and diff: the list from and to files, beside a running daemon."""

from __future__ import annotations

import csv
import io
import json
import random
import signal
import subprocess
from pathlib import Path

import pytest

import ses
from daemon import SESBOUNCECTL, Daemon, eventually
from load import Load

ANN, BEN, CYD, DAN = (f"{name}@mail.example" for name in ("ann", "ben", "cyd", "dan"))
KEPT = "address, scope, reason, detail, since, until, note"


@pytest.fixture
def listed(daemon, sns) -> Daemon:
    """`ANN` bounced, `BEN` complained, `CYD` was added for a term and `DAN` for good."""
    daemon.accept(sns.feedback(ses.bounce(ANN)), sns.feedback(ses.complaint(BEN)))
    note = 'says "no",\nand means it; =1+1'
    assert daemon.ctl("suppress", "add", CYD, "--for", "30d", "--note", note).code == 0
    assert daemon.ctl("suppress", "add", DAN).code == 0
    return daemon


def view(daemon: Daemon) -> list[dict]:
    return daemon.rows(f"SELECT {KEPT} FROM suppressed ORDER BY address, scope")


def written(home: Path, text: str | bytes, name: str = "list") -> str:
    file = home / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(file)


def imported(daemon: Daemon, *words: str, code: int = 0) -> dict:
    result = daemon.ctl("-o", "json", "suppress", "import", *words)
    assert result.code == code, result.err
    return result.json()[0]


# --- there and back


@pytest.mark.parametrize("form", ["csv", "json"])
def test_complaint_18_an_export_is_read_back_without_loss(listed, make_daemon, home, form):
    export = listed.ctl("suppress", "export", "-o", form)
    assert export.code == 0
    other = make_daemon().start()
    summary = imported(other, written(home, export.out))
    assert summary == {"imported": 4, "unchanged": 0, "erased": 0, "expired": 0, "refused": 0}
    assert view(other) == view(listed) and len(view(other)) == 4
    assert set(other.column("SELECT origin FROM suppressed")) == {"import"}
    assert listed.ctl("suppress", "diff", str(home / "list")).code == 0


def test_an_export_is_in_order_and_its_columns_are_ours(listed):
    export = listed.ctl("suppress", "export")
    rows = list(csv.DictReader(io.StringIO(export.out, newline="")))
    assert list(rows[0]) == [
        "address", "reason", "scope", "since", "until", "detail", "origin", "note"
    ]
    assert [row["address"] for row in rows] == [ANN, BEN, CYD, DAN]
    assert [row["reason"] for row in rows] == ["BOUNCE", "COMPLAINT", "MANUAL", "MANUAL"]
    assert rows[2]["note"].startswith('says "no",\nand')
    assert listed.ctl("suppress", "export").out == export.out
    one = listed.ctl("suppress", "export", "--reason", "bounce", "-o", "json").json()
    assert [row["address"] for row in one] == [ANN]
    assert listed.ctl("suppress", "export", "--scope", "none", "-o", "json").out == ""


def test_an_export_for_ses_has_its_two_reasons(listed):
    export = listed.ctl("suppress", "export", "--format", "ses")
    assert export.out == f"{ANN},BOUNCE\n{BEN},COMPLAINT\n{DAN},COMPLAINT\n"
    assert "1 entries that end" in export.err
    export = listed.ctl("suppress", "export", "--format", "ses", "--reason", "MANUAL")
    assert export.out == f"{CYD},COMPLAINT\n{DAN},COMPLAINT\n"
    assert listed.ctl("suppress", "export", "--format", "xml").code == 2
    assert listed.ctl("suppress", "export", "-o", "table").code == 2


def test_an_export_of_many_pages_is_whole_while_deliveries_go_on(daemon, sns, home):
    addresses = sorted(f"u{n:05d}@list.example" for n in range(3500))
    random.Random(7).shuffle(addresses)
    assert imported(daemon, written(home, "\n".join(addresses)))["imported"] == 3500
    with Load(daemon, sns) as load:
        load.wait_for(50)
        export = daemon.ctl("suppress", "export", "-o", "json").json()
        load.wait_for(50)
    got = [row["address"] for row in export if row["address"].endswith("@list.example")]
    assert got == sorted(addresses) and not load.failed


# --- importing


SERVICES = {
    "ses": ("ann@mail.example,BOUNCE\nben@mail.example, COMPLAINT\n", []),
    "ses-pages": (
        json.dumps(
            {
                "SuppressedDestinationSummaries": [
                    {"EmailAddress": "Ann@mail.example", "Reason": "BOUNCE",
                     "LastUpdateTime": "2020-04-10T21:03:05.114000+00:00"}
                ],
                "NextToken": "x",
            },
            indent=4,
        )
        + json.dumps(
            {"SuppressedDestinationSummaries": [
                {"EmailAddress": "ben@mail.example", "Reason": "COMPLAINT",
                 "LastUpdateTime": 1586552585.077}
            ]}
        ),
        [],
    ),
    "postmark": (
        "EmailAddress,SuppressionReason,Origin,CreatedAt\n"
        "ann@mail.example,HardBounce,Recipient,2019-12-17T08:58:33-05:00\n"
        "ben@mail.example,SpamComplaint,Recipient,2019-12-17T08:58:33-05:00\n",
        [],
    ),
    "sendgrid": (
        "status,reason,email,created\n"
        '5.1.1,"550 5.1.1 unknown, sorry",ann@mail.example,1443651125\n',
        ["ben@mail.example"],
    ),
    "mailgun": (
        "address,code,error,created_at\n"
        'ann@mail.example,550,gone,"Fri, 18 Oct 2024 18:28:14 UTC"\n',
        ["ben@mail.example"],
    ),
}


@pytest.mark.parametrize("service", SERVICES)
def test_complaint_19_a_list_is_taken_over_before_the_first_mail(daemon, home, service):
    text, complaints = SERVICES[service]
    imported(daemon, written(home, text))
    if complaints:
        file = written(home, "email;created\n" + ";1\n".join(complaints), "complaints")
        imported(daemon, file, "--reason", "complaint")
    rows = daemon.rows("SELECT address, reason, origin FROM suppressed ORDER BY address")
    assert rows == [
        {"address": ANN, "reason": "BOUNCE", "origin": "import"},
        {"address": BEN, "reason": "COMPLAINT", "origin": "import"},
    ]
    assert daemon.ctl("check", ANN).code == 1


def test_complaint_27_marks_and_invisible_characters(daemon, home):
    text = "\ufeffemail,reason\n{},BOUNCE\nben\u200b@mail.example,BOUNCE\n{},BOUNCE\n"
    file = written(home, text.format(ANN, CYD))
    result = daemon.ctl("suppress", "import", file)
    assert result.code == 1
    assert f"{file}:3: " in result.err and "U+200B after 'ben'" in result.err
    assert daemon.suppressed() == [ANN, CYD]
    result = daemon.ctl("suppress", "import", written(home, "a@b.example".encode("utf-16")))
    assert result.code == 2 and "iconv" in result.err


def test_lines_that_are_not_entries_are_listed_and_do_not_stop_it(daemon, home):
    lines = [ANN] + [f"nobody{n}" for n in range(30)] + [BEN]
    result = daemon.ctl("suppress", "import", written(home, "\n".join(lines)))
    assert result.code == 1
    assert ":2: `nobody0`" in result.err and ":21: " in result.err
    assert ":22: " not in result.err and "10 more" in result.err
    assert daemon.suppressed() == [ANN, BEN]


def test_importing_again_changes_nothing(daemon, home):
    file = written(home, f"email,reason\n{ANN},BOUNCE\n{BEN},\n")
    assert imported(daemon, file)["imported"] == 2
    before = daemon.rows("SELECT * FROM suppressed")
    log = daemon.value("SELECT count(*) AS n FROM suppression_log")
    summary = imported(daemon, file)
    assert (summary["imported"], summary["unchanged"]) == (0, 2)
    assert daemon.rows("SELECT * FROM suppressed") == before
    assert daemon.value("SELECT count(*) AS n FROM suppression_log") == log == 2


def test_what_a_person_removed_since_stays_removed(daemon, home):
    old = written(home, f"email,reason,since\n{ANN},BOUNCE,2020-01-01\n{BEN},BOUNCE,\n")
    imported(daemon, old)
    assert daemon.ctl("suppress", "remove", ANN, BEN).code == 0
    imported(daemon, old)
    assert daemon.suppressed() == []


def test_a_weaker_entry_does_not_replace_a_stronger_one(listed, home):
    file = written(home, f"email,reason\n{BEN},BOUNCE\n{ANN},COMPLAINT\n")
    imported(listed, file)
    rows = {row["address"]: row["reason"] for row in view(listed)}
    assert rows[BEN] == "COMPLAINT" and rows[ANN] == "COMPLAINT"


def test_a_dry_run_says_what_would_be_and_changes_nothing(daemon, home):
    file = written(home, f"{ANN}\n{BEN}\nnobody\n")
    result = daemon.ctl("suppress", "import", "--dry-run", file)
    assert result.code == 1 and "2 would be imported" in result.out
    assert daemon.suppressed() == []


def test_scope_reason_and_note_are_given_for_all_of_a_file(daemon, home):
    file = written(home, f"{ANN}\n")
    imported(daemon, file, "--scope", "news", "--reason", "COMPLAINT", "--note", "moved")
    (row,) = daemon.rows("SELECT address, scope, reason, note, origin FROM suppressed")
    assert row == {"address": ANN, "scope": "news", "reason": "COMPLAINT", "note": "moved",
                   "origin": "import"}
    assert daemon.ctl("suppress", "import", file, "--reason", "SULK").code == 2


def test_entries_that_have_ended_are_not_imported(daemon, home):
    file = written(home, f"email,reason,until\n{ANN},SOFT,2020-01-01\n{BEN},SOFT,\n")
    assert imported(daemon, file, code=1) == {
        "imported": 0, "unchanged": 0, "erased": 0, "expired": 1, "refused": 1
    }
    assert daemon.suppressed() == []


def test_a_file_that_is_not_a_list_is_refused(daemon, home):
    result = daemon.ctl("suppress", "import", written(home, "name,street\nAnn,Main St\n"))
    assert result.code == 2 and "write a header" in result.err
    assert daemon.ctl("suppress", "import", str(home / "none")).code == 2


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_what_is_done_before_an_interruption_stays(daemon, home, end):
    file = written(home, "".join(f"u{n}@list.example\n" for n in range(40000)))
    with subprocess.Popen(
        [SESBOUNCECTL, "-c", daemon.config_file, "suppress", "import", file],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:
        eventually(lambda: daemon.value("SELECT count(*) AS n FROM suppressed"))
        process.send_signal(end)
        _, said = process.communicate()
    assert process.returncode == (2 if end == signal.SIGINT else -end)
    assert end == signal.SIGKILL or "repeat the command" in said
    some = len(daemon.suppressed())
    assert 0 < some < 40000
    summary = imported(daemon, file)
    assert summary == {"imported": 40000 - some, "unchanged": some, "erased": 0, "expired": 0,
                       "refused": 0}
    assert len(daemon.suppressed()) == 40000


# --- comparing


def test_diff_says_what_is_only_here_only_there_or_for_another_reason(listed, home):
    file = written(home, f"email,reason\n{ANN},BOUNCE\n{BEN},BOUNCE\neve@x.example,BOUNCE\n")
    result = listed.ctl("-o", "json", "suppress", "diff", file)
    assert result.code == 1
    assert [(row["address"], row["difference"], row["reason_here"], row["reason_there"])
            for row in result.json()] == [
        (BEN, "reason", "COMPLAINT", "BOUNCE"),
        (CYD, "only here", "MANUAL", None),
        (DAN, "only here", "MANUAL", None),
        ("eve@x.example", "only there", None, "BOUNCE"),
    ]
    table = listed.ctl("suppress", "diff", file)
    assert table.code == 1
    assert "2 only here, 1 only there, 1 with another reason, 1 the same" in table.err


def test_diff_exits_0_for_the_same_list(listed, home):
    same = "\n".join((ANN, BEN, CYD, DAN, ANN.upper()))
    assert listed.ctl("suppress", "diff", written(home, same)).code == 0
    result = listed.ctl("suppress", "diff", written(home, same + "\nnobody"))
    assert result.code == 2 and ":6: " in result.err


def test_diff_of_many_agrees_with_plain_sets(daemon, home):
    chance = random.Random(3)
    here = {f"u{chance.randrange(5000)}@d{chance.randrange(3)}.example" for _ in range(4000)}
    there = {f"u{chance.randrange(5000)}@d{chance.randrange(3)}.example" for _ in range(4000)}
    imported(daemon, written(home, "\n".join(here)))
    rows = daemon.ctl(
        "-o", "json", "suppress", "diff", written(home, "\n".join(there))
    ).json()
    assert [row["address"] for row in rows] == sorted(here ^ there)
    assert {row["address"] for row in rows if row["difference"] == "only here"} == here - there
