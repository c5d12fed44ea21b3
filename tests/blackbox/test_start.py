"""Starting: the command line, faults of the configuration, damaged and newer databases."""

from __future__ import annotations

import http.client
import os
import re
import secrets
import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import ses
from daemon import SESBOUNCED, Daemon, assert_refusal, eventually, run
from fakesns import TOPIC, encode

# --- the command line


@pytest.fixture(autouse=True)
def built(make_daemon):
    """Skips where the daemon is not built."""


def test_version_and_help():
    version = run(SESBOUNCED, "--version")
    assert version.code == 0 and "sesbounced" in version.out
    usage = run(SESBOUNCED, "--help")
    assert usage.code == 0 and "--check-config" in usage.out


def test_an_unknown_option_is_refused():
    result = run(SESBOUNCED, "--zebra")
    assert result.code not in (0, 65, 78) and result.err


def test_check_config_prints_the_effective_settings(make_daemon):
    daemon = make_daemon(sns={"max_age": "90m"})
    result = run(SESBOUNCED, "--check-config", "-c", daemon.config_file)
    assert result.code == 0, result.err
    assert TOPIC in result.out and "max_age" in result.out and "min_signature_version" in result.out
    assert not daemon.database.exists()


def test_what_check_config_prints_is_a_configuration(make_daemon, home):
    daemon = make_daemon(events={"keep": ["*"], "count": []})
    printed = run(SESBOUNCED, "--check-config", "-c", daemon.config_file).out
    again = home / "again.conf"
    again.write_text(printed)
    assert run(SESBOUNCED, "--check-config", "-c", again).out == printed


# --- 78


FAULTS = """\
[ingest]
listen = nowhere
max_body = huge
zebra = 1
[sns]
topic = not-an-arn
confirm = maybe
min_signature_version = 3
max_age = 2 fortnights
endpoint = http://sns.example.com/path
[zebra]
key = value
stray line
"""


def test_78_names_every_fault_with_its_line(home):
    file = home / "bad.conf"
    file.write_text(FAULTS)
    for extra in ([], ["--check-config"]):
        result = run(SESBOUNCED, "-c", file, *extra)
        assert result.code == 78
        lines = {int(n) for n in re.findall(rf"{re.escape(str(file))}:(\d+): ", result.err)}
        assert {2, 3, 4, 6, 7, 8, 9, 10, 11, 13} <= lines, result.err


def test_78_for_a_file_that_is_not_there(home):
    result = run(SESBOUNCED, "-c", home / "none.conf")
    assert result.code == 78 and "none.conf" in result.err


def test_a_configured_file_that_cannot_be_read_is_named(make_daemon):
    daemon = make_daemon(ingest={"credentials_file": "/nonexistent/credentials"})
    daemon.spawn()
    assert daemon.wait() == 78
    assert "credentials_file: /nonexistent/credentials" in daemon.log()


def test_check_config_names_files_that_would_stop_the_daemon(make_daemon, home):
    (home / "credentials").write_text("no colon\n")
    daemon = make_daemon(
        ingest={"credentials_file": f"{home}/credentials"},
        store={"path": f"{home}/none/list.db"},
    )
    result = run(SESBOUNCED, "--check-config", "-c", daemon.config_file)
    assert result.code == 78 and not result.out
    file = re.escape(str(daemon.config_file))
    assert re.search(rf"^{file}:\d+: \[ingest\] credentials_file: .*user:password", result.err, re.M)
    assert re.search(rf"^{file}:\d+: \[store\] path: {home}/none: ", result.err, re.M)


@pytest.mark.parametrize("account", ["*", "12345*", "*9012", "123456789012*"])
def test_78_for_a_topic_of_any_account(make_daemon, account):
    daemon = make_daemon(sns={"topic": [f"arn:aws:sns:us-east-1:{account}:ses-feedback"]})
    for extra in (["--check-config"], []):
        result = run(SESBOUNCED, *extra, "-c", daemon.config_file)
        assert result.code == 78
        assert re.search(r":\d+: \[sns\] topic: .*every AWS customer", result.err), result.err


@pytest.mark.parametrize("listen", ["0.0.0.0:9026", "[::]:9026"])
def test_78_for_an_admin_listener_in_the_open_without_tokens(make_daemon, listen):
    daemon = make_daemon(admin={"listen": listen})
    assert run(SESBOUNCED, "--check-config", "-c", daemon.config_file).code == 78


# --- listening by itself


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def test_it_listens_on_a_unix_socket_without_systemd(make_daemon, sns, home):
    path = f"{home}/ingest.sock"
    daemon = make_daemon(inherit=False, ingest={"listen": f"unix:{path}"}).start()
    connection = UnixConnection(path)
    connection.request("POST", "/sns", encode(sns.feedback(ses.bounce("ann@mail.example"))))
    assert connection.getresponse().status == 200
    connection.close()
    assert daemon.stop() == 0


def test_it_starts_over_a_socket_left_by_a_killed_one(make_daemon, sns, home):
    path = f"{home}/ingest.sock"
    daemon = make_daemon(inherit=False, ingest={"listen": f"unix:{path}"}).start()
    daemon.kill9()
    daemon.start()
    connection = UnixConnection(path)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_several_listeners_serve_at_once(make_daemon, home):
    paths = [f"{home}/a.sock", f"{home}/b.sock"]
    make_daemon(inherit=False, ingest={"listen": [f"unix:{path}" for path in paths]}).start()
    for path in paths:
        connection = UnixConnection(path)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        connection.close()


def test_a_port_that_is_taken_is_named(make_daemon):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        daemon = make_daemon(inherit=False, ingest={"listen": listen})
        daemon.spawn()
        assert daemon.wait() == 1
    assert listen in daemon.log()


# --- damaged and newer databases


def own_listener(make_daemon, home) -> Daemon:
    return make_daemon(inherit=False, ingest={"listen": f"unix:{home}/ingest.sock"})


def damage(daemon: Daemon) -> None:
    daemon.database.write_bytes(b"This is not a database. " * 1000)


def make_newer(daemon: Daemon) -> None:
    db = sqlite3.connect(daemon.database)
    db.execute("PRAGMA user_version = 9999")
    db.execute("CREATE TABLE IF NOT EXISTS future(x)")
    db.commit()
    db.close()


BROKEN = pytest.mark.parametrize("spoil", [damage, make_newer], ids=["corrupt", "newer"])


@BROKEN
def test_65_for_a_database_it_cannot_use(make_daemon, home, spoil):
    daemon = own_listener(make_daemon, home)
    spoil(daemon)
    before = daemon.database.read_bytes()
    daemon.spawn()
    assert daemon.wait() == 65
    assert str(daemon.database) in daemon.log()
    assert daemon.database.read_bytes() == before


def damage_underneath(daemon: Daemon) -> None:
    """All pages but the first, while the daemon runs. A restarted log makes it read them."""
    db = sqlite3.connect(daemon.database)
    assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    db.close()
    with open(daemon.database, "r+b") as file:
        size = file.seek(0, 2)
        file.seek(8192)
        file.write(b"\xa5" * (size - 8192))


@pytest.mark.parametrize("inherit", [False, True], ids=["own-socket", "passed-socket"])
def test_a_database_that_becomes_corrupt_while_it_runs(make_daemon, sns, inherit):
    daemon = make_daemon(inherit=inherit).start()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    damage_underneath(daemon)
    assert_refusal(daemon.deliver(sns.feedback(ses.bounce("ben@mail.example"))), 503)
    daemon.wait_log("malformed")
    if inherit:
        assert daemon.request("GET", "/healthz").status == 503
        eventually(lambda: "the database is corrupt" in daemon.status_line())
        assert daemon.process.poll() is None
        assert daemon.stop() == 0
    else:
        assert daemon.wait() == 65


def damage_table(daemon: Daemon, table: str) -> None:
    """The first page of one table: everything else can still be read and written."""
    page = daemon.value("SELECT rootpage FROM sqlite_schema WHERE name = ?", table)
    db = sqlite3.connect(daemon.database)
    assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    db.close()
    with open(daemon.database, "r+b") as file:
        file.seek((page - 1) * 8192)
        file.write(b"\xa5" * 8192)


def replace_by_rename(backup: Path, database: Path) -> None:
    backup.rename(database)


def replace_as_install_does(backup: Path, database: Path) -> None:
    database.unlink()
    shutil.copyfile(backup, database)


def overwrite_with_cp(backup: Path, database: Path) -> None:
    shutil.copyfile(backup, database)


def restore_with_sqlite(backup: Path, database: Path) -> None:
    with closing(sqlite3.connect(backup)) as source, closing(sqlite3.connect(database)) as to:
        source.backup(to)


def faults(daemon: Daemon) -> int:
    """How often the store was found unusable: it is looked at each second."""
    with closing(UnixConnection(f"{daemon.home}/admin.sock")) as connection:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    return int(re.search(r"^sesbounced_store_faults_total (\d+)", text, re.M)[1])


@pytest.fixture
def corrupt(make_daemon, sns, home) -> Daemon:
    """A daemon whose database has one bad page; it has noticed. A backup is at its side."""
    daemon = make_daemon(admin={"listen": f"unix:{home}/daemon0/admin.sock"}).start()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    with closing(sqlite3.connect(daemon.database)) as db:
        db.execute(f"VACUUM INTO '{home}/backup'")
    damage_table(daemon, "sns_message")
    assert_refusal(daemon.deliver(sns.feedback(ses.bounce("ben@mail.example"))), 503)
    daemon.wait_log("NOT STORING", "the database is corrupt")
    return daemon


def test_a_corrupt_database_is_unhealthy_until_it_is_replaced(corrupt, sns):
    before = faults(corrupt)
    eventually(lambda: faults(corrupt) >= before + 3)
    assert corrupt.request("GET", "/healthz").status == 503
    assert_refusal(corrupt.deliver(sns.feedback(ses.bounce("ben@mail.example"))), 503)
    assert "works again" not in corrupt.log()
    assert corrupt.log().count("NOT STORING") == 1
    assert corrupt.stop() == 0


@pytest.mark.parametrize(
    "replace",
    [replace_by_rename, replace_as_install_does, overwrite_with_cp, restore_with_sqlite],
)
def test_a_corrupt_database_is_used_again_once_it_is_replaced(corrupt, sns, home, replace):
    replace(home / "backup", corrupt.database)
    corrupt.wait_log("the store works again")
    corrupt.accept(sns.feedback(ses.bounce("ben@mail.example")))
    assert corrupt.suppressed() == ["ann@mail.example", "ben@mail.example"]
    assert corrupt.log().count("works again") == 1


def test_a_corrupt_database_in_the_place_of_a_corrupt_one_is_refused(corrupt, home):
    (home / "backup").write_bytes(corrupt.database.read_bytes())
    replace_by_rename(home / "backup", corrupt.database)
    corrupt.wait_log("the database that is there now cannot be used")
    before = faults(corrupt)
    eventually(lambda: faults(corrupt) >= before + 3)
    assert corrupt.log().count("the database that is there now cannot be used") == 1
    assert "works again" not in corrupt.log()


def test_a_corrupt_database_that_is_put_aside_is_not_replaced_by_an_empty_list(
    corrupt, sns, home
):
    corrupt.database.rename(home / "aside")
    corrupt.wait_log("the database that is there now cannot be used", "missing")
    assert not corrupt.database.exists()
    corrupt.database.touch()  # as the first moment of `cp`
    before = faults(corrupt)
    eventually(lambda: faults(corrupt) >= before + 3)
    assert corrupt.database.stat().st_size == 0
    replace_by_rename(home / "backup", corrupt.database)
    corrupt.wait_log("the store works again")
    assert corrupt.suppressed() == ["ann@mail.example"]


@BROKEN
def test_with_passed_sockets_it_stays_up_and_says_503(make_daemon, sns, spoil):
    daemon = make_daemon()
    spoil(daemon)
    daemon.start()
    assert_refusal(daemon.deliver(sns.feedback(ses.bounce("ann@mail.example"))), 503)
    assert daemon.request("GET", "/healthz").status == 503
    assert daemon.status_line()
    assert str(daemon.database) in daemon.log()
    assert daemon.stop() == 0


def test_a_newer_database_that_we_filled_is_left_alone(make_daemon, home, sns):
    daemon = make_daemon().start()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    daemon.stop()
    make_newer(daemon)
    daemon.start()
    assert_refusal(daemon.deliver(sns.feedback(ses.bounce("ben@mail.example"))), 503)
    daemon.stop()
    assert daemon.suppressed() == ["ann@mail.example"]


def test_a_store_that_cannot_be_made_is_said(make_daemon):
    daemon = make_daemon(inherit=False, store={"path": "/nonexistent/x/sesbounced.db"})
    daemon.spawn()
    assert daemon.wait() != 0
    assert "/nonexistent/x" in daemon.log()


def test_a_restart_finds_everything_again(daemon, sns):
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")), sns.notification("no json"))
    views = ("suppressed", "events", "quarantine", "topics", "daily")
    before = {view: daemon.rows(f"SELECT * FROM {view}") for view in views}
    daemon.restart()
    assert {view: daemon.rows(f"SELECT * FROM {view}") for view in views} == before


# --- a database that goes away


def test_a_database_replaced_under_it_does_not_get_the_log_of_the_old_one(
    make_daemon, sns, home
):
    """The log would lay the old rows over the new file, index by index."""
    daemon = make_daemon().start()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    with closing(sqlite3.connect(daemon.database)) as db:
        db.execute(f"VACUUM INTO '{home}/backup'")
    daemon.accept(sns.feedback(ses.bounce("ben@mail.example")))
    assert Path(f"{daemon.database}-wal").stat().st_size > 0
    replace_by_rename(home / "backup", daemon.database)
    assert_refusal(daemon.deliver(sns.feedback(ses.bounce("cyd@mail.example"))), 503)
    daemon.wait_log("the store works again")
    daemon.wait_log("does not belong to the new one")
    daemon.accept(sns.feedback(ses.bounce("dan@mail.example")))
    assert daemon.suppressed() == ["ann@mail.example", "dan@mail.example"]
    assert Path(f"{daemon.database}-wal.old").stat().st_size > 0
    with closing(sqlite3.connect(daemon.database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_database_removed_under_it_is_503_until_it_is_back(make_daemon, sns):
    daemon = make_daemon()
    daemon.start()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    aside = daemon.database.with_suffix(".aside")
    daemon.database.rename(aside)
    assert_refusal(daemon.deliver(sns.feedback(ses.bounce("ben@mail.example"))), 503)
    assert "removed or replaced" in daemon.log()
    aside.rename(daemon.database)
    daemon.wait_log("the store works again")
    daemon.accept(sns.feedback(ses.bounce("ben@mail.example")))
    assert daemon.column("SELECT address FROM suppressed ORDER BY 1") == [
        "ann@mail.example",
        "ben@mail.example",
    ]


def test_a_new_empty_list_is_logged(make_daemon):
    daemon = make_daemon()
    daemon.start()
    assert "a new, empty list was begun" in daemon.log()
    daemon.restart()
    assert daemon.log().count("a new, empty list was begun") == 1
    assert "was lost" not in daemon.ctl("status").out


def test_status_says_that_a_list_was_begun_in_place_of_one_that_was_lost(make_daemon):
    daemon = make_daemon()
    daemon.start()
    daemon.stop()
    daemon.database.unlink()
    daemon.start()
    daemon.restart()
    told = daemon.ctl("status")
    assert "the database was lost, and an empty list was begun at" in told.out
    assert told.code == 1


# --- threads


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user with few threads")
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("threads", [1, 2, 3, 4, 5])
def test_a_thread_that_cannot_be_created_is_exit_1_with_the_reason(
    make_daemon, sns, home, threads, tls
):
    """All settings are right; main, checkpointer, writer and outbound are four."""
    user = 50000 + secrets.randbelow(10000)
    for name in ("ca_file", "server_file"):
        shutil.copy(getattr(sns.authority, name), home / name)
        os.chown(home / name, user, user)
        (home / name).chmod(0o600)
    files = {"certificate": home / "server_file", "key": home / "server_file"} if tls else {}
    daemon = make_daemon(ingest=files, sns={"ca_file": str(home / "ca_file")})
    for path in (daemon.home, daemon.database.parent):
        os.chown(path, user, user)
    daemon.stderr_file.touch()
    daemon.launcher = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    daemon.launcher += ["prlimit", f"--nproc={threads}"]
    # The user need not reach the folder that this was built in.
    daemon.program = shutil.copy(SESBOUNCED, home / "sesbounced")
    daemon.spawn()
    assert daemon.wait() == 1, daemon.log()
    assert "Resource temporarily unavailable" in daemon.log()
    assert "ca_file" not in daemon.log() and "belong together" not in daemon.log()
