"""A database of many events, and what looking something up in it costs."""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

TIMES = 25
YEAR_MS = 365 * 24 * 3600 * 1000
MANY = 1000  # addresses of one `check`
LINES = 20_000  # of one `check -`

# Distinct, and in no order: an odd factor permutes the 32-bit numbers.
ADDRESS = "printf('u%08x@mail%d.example', (n * 2654435761) & 0xffffffff, n % 1000)"
DOMAIN = "'mail' || n % 1000 || '.example'"
HASH = "((n * 2654435761) & 0xffffffff) * 1000003 + n"
MS = f"(first_ms + n * {YEAR_MS} / total)"
TIME = f"strftime('%Y-%m-%d %H:%M:%f', {MS} / 1000.0, 'unixepoch')"
ID = "printf('%016x-%08x-6d3a-4c5e-9b1f-0123456789ab-000000', {ms}, n)".replace("{ms}", MS)

# What differs from row to row; the rest is as in the one row that the daemon wrote.
DIFFERENT = {
    "sns_message": {"id": "n + 1", "sns_timestamp_ms": MS, "received_at": TIME,
                    "sns_message_id": "printf('%08x-6d3a-4c5e-9b1f-%012x', n, n)"},
    "event": {"id": "n + 1", "message_id": "n + 1", "key_time": MS, "key_hash": HASH,
              "address": ADDRESS, "address_seen": ADDRESS, "domain": DOMAIN,
              "occurred_at": TIME, "sent_at": TIME, "ses_timestamp": TIME,
              "feedback_id": ID, "ses_message_id": ID},
    "suppression": {"address": ADDRESS, "since": TIME, "first_event_at": TIME,
                    "last_event_at": TIME},
}


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    rows = db.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))
    return [name for (name,) in rows]


def fill(database: Path, events: int) -> float:
    """Copies the one message of `database` `events` times, without its body: a table that
    only grows at its end, and would only cost disk here. Seconds that it took."""
    began = time.monotonic()
    db = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF",
                   "cache_size = -1000000"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    db.execute("BEGIN")
    numbers = (f"(WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i"
               f" WHERE n < {events}) SELECT n, {events} AS total,"
               f" unixepoch('now') * 1000 - {YEAR_MS} AS first_ms FROM i)")
    for table, different in DIFFERENT.items():
        columns = _columns(db, table)
        values = [different.get(name, f"one.{name}") for name in columns]
        one = f"(SELECT * FROM {table} LIMIT 1)"
        # By its key, so that each page is written once.
        order = "ORDER BY 1" if table == "suppression" else ""
        db.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
                   f" FROM {numbers} CROSS JOIN {one} AS one {order}")
    # The daemon gathers counters by hour as it goes, never those of so many events at once.
    db.execute("UPDATE total SET n = (SELECT max(id) FROM event) WHERE name = 'hours_gathered'")
    db.execute("COMMIT")
    db.execute("PRAGMA journal_mode = WAL").fetchall()
    db.close()
    os.sync()  # else the system writes it to the disk in the middle of what follows
    return time.monotonic() - began


def _cost(command: list[str], status: int, given=subprocess.DEVNULL) -> tuple[float, float]:
    """Processor and wall-clock milliseconds of one run."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=given, stdout=subprocess.DEVNULL)
    _, code, usage = os.wait4(process.pid, 0)
    wall = (time.monotonic() - began) * 1000
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode != status:
        raise subprocess.CalledProcessError(process.returncode, command)
    return (usage.ru_utime + usage.ru_stime) * 1000, wall


def _median_costs(*commands: tuple[list[str], int]) -> list[tuple[float, float]]:
    """Of each command with its exit status; in turns, as differences of them are quoted."""
    costs = [[_cost(*command) for command in commands] for _ in range(TIMES)]
    return [tuple(statistics.median(column) for column in zip(*runs)) for runs in zip(*costs)]


def look_ups(program: Path, config: Path, database: Path, events: int) -> dict:
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    every = max(1, events // MANY)
    known = [row[0] for row in db.execute(
        "SELECT address FROM events WHERE id > 1 AND id % ? = 0 LIMIT ?", (every, MANY))]
    db.close()
    ctl = [str(program), "-c", str(config)]
    (nothing, _), (one, one_wall), (many, _), (history, history_wall) = _median_costs(
        ([str(program), "--version"], 0), ([*ctl, "check", known[-1]], 1),
        ([*ctl, "check", *known], 1), ([*ctl, "events", "--address", known[-1]], 0))
    (database.parent / "lines").write_text("".join(
        f"{known[n % len(known)]}\nnobody{n}@mail.example\n" for n in range(LINES // 2)))
    with open(database.parent / "lines", "rb") as lines:
        filtered, _ = _cost([*ctl, "check", "-"], 0, lines)
    return {"ctl_ms": nothing, "check_ms": one - nothing, "check_wall_ms": one_wall,
            "check_each_us": (many - one) * 1000 / max(len(known) - 1, 1),
            "filter_each_us": (filtered - nothing) * 1000 / LINES,
            "events_ms": history - nothing, "events_wall_ms": history_wall,
            "file_mb": database.stat().st_size / 1e6}


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
