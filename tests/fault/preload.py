"""The other side of preload.c: builds it, and arms its faults in the running daemon."""

from __future__ import annotations

import errno
import mmap
import os
import random
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon import Daemon

SOURCE = Path(__file__).with_name("preload.c")
SECTOR_BYTES = 512
ALWAYS = 1 << 40

WRITE, SYNC, TRUNCATE, READ = 1, 2, 4, 8

# struct control of preload.c, in its order
FIELDS = (
    "calls error first last seen hits alloc_first alloc_last alloc_seen alloc_hits "
    "hold held clock_ms recording forget_us"
).split()


def build(folder: Path) -> Path:
    """The compiled library; raises where there is no compiler."""
    library = folder / "preload.so"
    command = f"cc -std=gnu11 -D_GNU_SOURCE -O2 -shared -fPIC -o {library} {SOURCE}"
    subprocess.run(command.split(), check=True)
    return library


class Preload:
    """Faults of one daemon; make it before the daemon's first start."""

    def __init__(self, daemon: Daemon, library: Path, *, recording: bool = False) -> None:
        self._daemon = daemon
        name = daemon.home / "control"
        name.write_bytes(bytes(8 * len(FIELDS)))
        with open(name, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8 * len(FIELDS))
        self._files = [daemon.database, daemon.database.with_name(daemon.database.name + "-wal")]
        daemon.launcher += [
            "env",
            f"LD_PRELOAD={library}",
            f"FAULT_CONTROL={name}",
            f"FAULT_DATABASE={daemon.database}",
        ]
        self["recording"] = int(recording)

    def __getitem__(self, field: str) -> int:
        return struct.unpack_from("q", self._map, 8 * FIELDS.index(field))[0]

    def __setitem__(self, field: str, value: int) -> None:
        struct.pack_into("q", self._map, 8 * FIELDS.index(field), value)

    # --- system calls

    def arm(self, calls: int, error: int, first: int = 1, last: int | None = None) -> None:
        """The first-th to last-th of these calls fail; without `last` just that one."""
        self["calls"] = 0
        self["error"] = error
        self["first"], self["last"] = first, first if last is None else last
        self["seen"] = self["hits"] = 0
        self["calls"] = calls

    def heal(self) -> int:
        """Ends it, and returns how many calls failed."""
        self["calls"] = 0
        return self["hits"]

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        self.arm(WRITE | TRUNCATE, errno.ENOSPC, 1, ALWAYS)
        yield
        self.heal()

    @contextmanager
    def held_syncs(self) -> Iterator[None]:
        """As a disk that does not answer: who syncs waits until the end."""
        self["hold"] = 1
        try:
            yield
        finally:
            self["hold"] = 0
            if self._daemon.process.poll() is not None:
                self["held"] = 0  # who was killed does not count itself out

    # --- memory

    def arm_allocations(self, first: int, last: int | None = None) -> None:
        self["alloc_first"] = 0
        self["alloc_seen"] = self["alloc_hits"] = 0
        self["alloc_last"] = first if last is None else last
        self["alloc_first"] = first

    def heal_allocations(self) -> int:
        self["alloc_first"] = 0
        return self["alloc_hits"]

    # --- a power cut

    def cut_power(self, dice: random.Random, kept: float | None = None) -> int:
        """For after kill -9: takes back the writes that no sync covered, but for this share
        of them, by default a random one; and some of those that stay are cut short at a
        sector. How many no sync covered."""
        if kept is None:
            kept = dice.choice((0, 0.5, 0.9))
        return sum(_lose_unsynced(file, dice, kept) for file in self._files)


def _records(raw: bytes) -> list[tuple[int, int, int, bytes, bytes]]:
    """(at, size before, is a truncation, old, new) of each record that is whole."""
    found, head = [], struct.Struct("qqqq")
    position = 0
    while position + head.size <= len(raw):
        is_truncate, at, length, old_size = head.unpack_from(raw, position)
        old = position + head.size
        new = old + length
        position = new + (0 if is_truncate else length)
        if position <= len(raw):
            found.append((at, old_size, is_truncate, raw[old:new], raw[new:position]))
    return found


def _lose_unsynced(file: Path, dice: random.Random, kept: float) -> int:
    log = Path(f"{file}.unsynced")
    if not log.exists():
        return 0
    records = _records(log.read_bytes())
    log.unlink()
    if not records:
        return 0
    with open(file, "r+b") as disk:
        for at, old_size, _, old, _ in reversed(records):
            disk.seek(at)
            disk.write(old)
            disk.truncate(old_size)
        # A disk may write what it was not told to sync, in any order and by sectors.
        for at, _, is_truncate, _, new in records:
            if dice.random() >= kept:
                continue
            if is_truncate:
                disk.truncate(at)
            else:
                _write_some(disk, at, new, dice)
        disk.flush()
        os.fsync(disk.fileno())
    return len(records)


def _write_some(disk, at: int, new: bytes, dice: random.Random) -> None:
    if dice.random() < 0.2:
        new = new[: dice.randrange(0, len(new) + 1, SECTOR_BYTES) or len(new)]
    disk.seek(at)
    disk.write(new)
