"""The disk fails, is full, or may not be written; and then it is well again."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from crowd import Crowd
from daemon import ANSWER_SECONDS, eventually
from ledger import FULL, Clients, bounce
from preload import ALWAYS, READ, SYNC, TRUNCATE, WRITE

EVERY = WRITE | SYNC | TRUNCATE | READ
# No delivery needs more calls of a kind; a test that gets here found something.
CALLS_MAX = 200


def each(*faults: tuple[int, int]) -> pytest.MarkDecorator:
    names = {WRITE: "write", SYNC: "sync", READ: "read", EVERY: "any"}
    return pytest.mark.parametrize(
        "calls, error",
        [pytest.param(*f, id=f"{names[f[0]]}-{errno.errorcode[f[1]]}") for f in faults],
    )


def forget_pages(daemon) -> None:
    """Another process commits, so the writer reads the file again for the next message."""
    for verb in ("add", "remove"):
        assert daemon.ctl("suppress", verb, "nobody@mail.example").code == 0


@pytest.mark.kind("I/O error, N-th call")
@each(
    (WRITE, errno.EIO),
    (WRITE, errno.ENOSPC),
    (SYNC, errno.EIO),
    (READ, errno.EIO),
    *([(SYNC, errno.ENOSPC), (EVERY, errno.EIO), (EVERY, errno.ENOSPC)] if FULL else []),
)
def test_each_call_of_a_delivery_may_fail_once(make_preloaded, sns, ledger, calls, error):
    daemon, faults = make_preloaded()
    daemon.start()
    ledger.insist(daemon, bounce(sns))
    hits, number = 0, 0
    while number < CALLS_MAX:
        number += 1
        if calls & READ:
            forget_pages(daemon)
        envelope = bounce(sns)
        faults.arm(calls, error, number)
        ledger.deliver(daemon, envelope)
        hit = faults.heal()
        hits += hit
        ledger.insist(daemon, envelope)
        if not hit:
            break
    assert number > 1, "no call failed: nothing was tried"
    assert number < CALLS_MAX
    assert daemon.process.poll() is None
    ledger.settle(daemon, sns, hits)


@pytest.mark.kind("I/O error, lasting")
@each(
    (WRITE, errno.EIO),
    (WRITE, errno.ENOSPC),
    (SYNC, errno.EIO),
    (READ, errno.EIO),
    # As after a remount: what is open for writing stays so.
    *([(WRITE, errno.EROFS)] if FULL else []),
)
def test_from_the_nth_call_on_all_fail_until_it_heals(
    make_preloaded, sns, ledger, calls, error
):
    """Under load, and each time it heals by itself."""
    daemon, faults = make_preloaded()
    daemon.start()
    hits = 0
    with Clients(daemon, sns, ledger, count=8) as clients:
        for number in range(1, 16 if FULL else 3):
            clients.wait_for(8)
            refused = ledger.statuses["503"]
            faults.arm(calls, error, number, ALWAYS)
            if calls & READ:
                forget_pages(daemon)
            eventually(lambda: ledger.statuses["503"] > refused + 8, 20, "503 while it fails")
            hits += faults.heal()
        clients.wait_for(8)
    ledger.settle(daemon, sns, hits)


# main looks each second whether the database is one to leave over.
LEAVE_SECONDS = 2.5


@pytest.mark.kind("I/O error, without systemd's socket")
@pytest.mark.parametrize("calls", [WRITE, SYNC, READ], ids=["write", "sync", "read"])
def test_a_passing_error_does_not_end_the_daemon(make_preloaded, sns, ledger, calls):
    """65 is for a corrupt database, and a call that failed once shows none: without
    systemd's socket nobody would answer 503 meanwhile."""
    daemon, faults = make_preloaded(inherit=False)
    daemon.start()
    ledger.insist(daemon, bounce(sns))
    faults.arm(calls, errno.EIO)
    if calls & READ:
        forget_pages(daemon)
    assert ledger.deliver(daemon, bounce(sns)) == 503
    assert faults.heal() == 1
    assert "corrupt" not in daemon.log()  # which SQLite calls a read that fails
    try:
        left = daemon.process.wait(LEAVE_SECONDS)
    except subprocess.TimeoutExpired:
        left = None
    ledger.settle(daemon, sns, 1, exits=(65,))
    assert left is None


@pytest.mark.slow
@pytest.mark.kind("disk hangs")
def test_a_disk_that_hangs_keeps_nobody_waiting_beyond_the_promise(
    make_preloaded, sns, ledger
):
    daemon, faults = make_preloaded()
    daemon.start()
    ledger.insist(daemon, bounce(sns))
    with Crowd(daemon, sns, ledger) as crowd:
        with faults.held_syncs():
            crowd.post(1)
            crowd.run_until(lambda: faults["held"] > 0, "a sync that is held up")
            crowd.post(60)
            inside, *queued = crowd.clients
            crowd.run_until(lambda: all(c.ended for c in queued), "all answered but one")
            assert {c.status for c in queued} == {503}
            # The promise is of 12 s; reading the answers of all is ours.
            assert [c for c in queued if c.ended - c.began > ANSWER_SECONDS + 2] == []
            assert not inside.ended  # it may yet be committed
            eventually(lambda: daemon.request("GET", "/healthz").status == 503)
            eventually(lambda: "the disk does not answer" in daemon.status_line())
            assert ledger.deliver(daemon, bounce(sns)) == 503
        crowd.run_until_answered()
        assert inside.status == 200
        ledger.insist(daemon, *crowd.refused())
    ledger.settle(daemon, sns, 1)


# --- file systems of our own: as root


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """A file system with room for the write-ahead log between two checkpoints."""
    disk = home / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128m,mode=0755", "none", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("needs root and the right to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def store_on(disk: Path) -> dict:
    (disk / "store").mkdir(mode=0o750)
    return {"path": str(disk / "store" / "sesbounced.db")}


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError as failure:
                assert failure.errno == errno.ENOSPC
    return ballast


def refuses(ledger) -> None:
    refused = ledger.statuses["503"]
    eventually(lambda: ledger.statuses["503"] > refused + 8, 20, "503 for lack of a disk")


@pytest.mark.kind("disk full, then free")
def test_a_disk_that_is_full_for_a_while(make_daemon, small_disk, sns, ledger):
    daemon = make_daemon(store=store_on(small_disk))
    daemon.database = Path(daemon.settings["store"]["path"])
    daemon.start()
    rounds = 8 if FULL else 2
    with Clients(daemon, sns, ledger, count=8) as clients:
        for _ in range(rounds):
            clients.wait_for(20)
            ballast = fill(small_disk)
            refuses(ledger)
            ballast.unlink()
            clients.wait_for(20)
    ledger.settle(daemon, sns, rounds)


@pytest.mark.kind("disk full, then free")
def test_a_disk_that_is_full_at_start_and_then_freed(make_daemon, small_disk, sns, ledger):
    daemon = make_daemon(store=store_on(small_disk))
    daemon.database = Path(daemon.settings["store"]["path"])
    ballast = fill(small_disk)
    daemon.start()
    assert ledger.deliver(daemon, bounce(sns)) == 503
    ballast.unlink()
    ledger.settle(daemon, sns, 1)


@pytest.mark.kind("mounted read-only, then writable")
def test_a_disk_that_is_read_only_for_a_while(make_daemon, small_disk, sns, ledger):
    """A remount is refused while files are open for writing, so the daemon is told to
    stop in between: what a machine does that comes up with a read-only file system."""
    daemon = make_daemon(store=store_on(small_disk))
    daemon.database = Path(daemon.settings["store"]["path"])
    daemon.start()
    ledger.insist(daemon, *(bounce(sns) for _ in range(20)))
    assert daemon.stop() == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    daemon.start()
    assert ledger.deliver(daemon, bounce(sns)) == 503
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    ledger.settle(daemon, sns, 1)


# --- permissions: as another user than root


@pytest.mark.kind("file read-only, then writable")
@pytest.mark.parametrize("restart", [False, True], ids=["while-running", "at-start"])
def test_a_file_that_may_not_be_written_for_a_while(
    make_daemon, home, sns, ledger, restart
):
    ca_file = shutil.copy(sns.authority.ca_file, home)  # pytest's folders are for root alone
    daemon = make_daemon(sns={"ca_file": ca_file})
    folder = daemon.database.parent
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root may write everything, and there is no setpriv")
        for path in (daemon.home, folder):
            os.chown(path, 65534, 65534)
        daemon.launcher += ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    daemon.start()
    ledger.insist(daemon, *(bounce(sns) for _ in range(20)))
    if restart:
        assert daemon.stop() == 0
    files = list(folder.iterdir())
    for file in files:
        file.chmod(0o440)
    folder.chmod(0o550)
    if restart:
        daemon.start()
    # What is open for writing stays so, and may be written: 200 or 503, nothing else.
    assert ledger.deliver(daemon, bounce(sns)) == (503 if restart else 200)
    folder.chmod(0o750)
    for file in files:
        file.chmod(0o640)
    ledger.settle(daemon, sns, 1)
