"""db compact: space goes back to the file system while the daemon writes, or not at all."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from contextlib import closing

import ses
from daemon import SESBOUNCECTL, Daemon, environment, eventually
from load import Load

FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
INSERT INTO sns_message (id, sns_timestamp_ms, sns_message_id, received_at)
SELECT 100000 + i, i, i, '' FROM n;
INSERT INTO body (message_id, body) SELECT id, randomblob(8000) FROM sns_message WHERE id > 100000;
"""


def fill(daemon: Daemon) -> None:
    """32 MB, all of which is free but the last row: everything behind it must move."""
    with closing(sqlite3.connect(daemon.database, timeout=30)) as db:
        db.executescript(FILL)
        db.execute("DELETE FROM body WHERE message_id BETWEEN 100001 AND 103900")
        db.commit()


def compact(daemon: Daemon, *options: str) -> dict:
    result = daemon.ctl("-o", "json", "db", "compact", *options)
    assert result.code == 0, result.err
    (row,) = result.json()
    return row


def test_space_is_given_back_while_every_delivery_is_kept(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    fill(daemon)
    planned = compact(daemon, "--dry-run")
    assert planned["given_back_bytes"] == 0 and planned["free_bytes"] > 30_000_000
    with Load(daemon, sns) as load:
        done = compact(daemon)
        load.wait_for(20)
    assert load.failed == []
    assert done["given_back_bytes"] >= 30_000_000 and done["in_steps"] == 1
    assert daemon.stop() == 0
    kept = len(load.acknowledged)
    assert daemon.value("SELECT count(*) FROM events") == kept + 1
    assert daemon.database.stat().st_size < 3_000_000 + 10_000 * kept
    assert daemon.ctl("db", "check").code == 0


def test_when_interrupted_it_says_what_it_has_done(daemon):
    fill(daemon)
    command = [str(SESBOUNCECTL), "-c", str(daemon.config_file), "-o", "json", "db", "compact"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        eventually(lambda: compact_begun(daemon))
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=30)
    assert (process.returncode, b"interrupted" in error) in ((2, True), (0, False))
    assert b'"given_back_bytes"' in out
    assert daemon.ctl("db", "check").code == 0


def compact_begun(daemon: Daemon) -> bool:
    return daemon.value("SELECT page_count FROM pragma_page_count") < 4000


def test_a_file_of_an_earlier_version_is_rewritten_only_while_the_daemon_is_stopped(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    assert daemon.stop() == 0
    with closing(sqlite3.connect(daemon.database)) as db:
        db.executescript("PRAGMA auto_vacuum = NONE; VACUUM")
    daemon.start()
    fill(daemon)
    refused = daemon.ctl("db", "compact")
    assert refused.code == 2 and "stop sesbounced" in refused.err
    assert compact(daemon, "--dry-run")["in_steps"] == 0
    assert daemon.stop() == 0
    assert compact(daemon)["in_steps"] == 1
    assert daemon.database.stat().st_size < 2_000_000
    daemon.start()
    daemon.accept(sns.feedback(ses.bounce("ben@mail.example")))
    assert daemon.suppressed() == ["ann@mail.example", "ben@mail.example"]
