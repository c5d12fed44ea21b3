"""What was acknowledged, and the one check that follows every fault: settle()."""

from __future__ import annotations

import functools
import http.client
import itertools
import os
import random
import subprocess
import threading
import time
from collections import Counter

import ses
from daemon import SESBOUNCED, Daemon, Reply, eventually
from fakesns import Envelope, FakeSns

FULL = os.environ.get("FAULTS") != "short"
SEED = int(os.environ.get("FAULT_SEED") or (time.time_ns() % 1_000_000_007 if FULL else 1))

# More than it takes under a thousand connections or bodies of 200 KB, and all that a
# machine with 512 MB can spare. A sanitizer keeps what was freed.
RSS_KIB_MAX = 96 * 1024
SANITIZER_FACTOR = 10
RECOVERY_SECONDS = 30
NUMBERS = itertools.count()  # so that no two messages share an address
# The headers a 200 KB notification carries: SNS allows 256 KiB.
BIG = [{"name": "X-Long", "value": "long " * 40_000}]


def bounce(sns: FakeSns, *, big: bool = False, **options) -> Envelope:
    """A hard bounce of an address of its own."""
    event = ses.bounce(f"u{next(NUMBERS)}@mail.example", headers=BIG if big else None)
    return sns.feedback(event, **options)


@functools.cache
def sanitized() -> bool:
    linked = subprocess.run(["ldd", str(SESBOUNCED)], capture_output=True, text=True).stdout
    return "libasan" in linked or "libtsan" in linked


def rss_peak_kib(daemon: Daemon) -> int:
    with open(f"/proc/{daemon.process.pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


class Ledger:
    """Of one test and one kind of fault; any thread may write into it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.acknowledged: set[str] = set()  # SNS ids that got 200
        self.statuses: Counter[str] = Counter()
        self.wrong: list[str] = []  # answers that nothing here deserves
        self.injected = self.lost = self.doubled = 0
        self.peak_kib = 0
        self.settled = False

    # --- delivering

    def note(self, envelope: Envelope, status: int, retry_after: str | None, text="") -> None:
        """Every answer goes through here: a fault of ours is never SNS's."""
        self.statuses[str(status)] += 1
        if status == 200:
            self.acknowledged.add(envelope["MessageId"])
        elif status != 503 or int(retry_after or 0) <= 0:
            self.wrong.append(f"{status} Retry-After: {retry_after} {text}")

    def deliver(self, daemon: Daemon, envelope: Envelope) -> int:
        """The status, or 0 for a connection that ended without an answer."""
        try:
            reply: Reply = daemon.deliver(envelope)
        except (OSError, http.client.HTTPException) as failure:
            self.statuses[type(failure).__name__] += 1
            return 0
        self.note(envelope, reply.status, reply.headers["Retry-After"], reply.text)
        return reply.status

    def insist(self, daemon: Daemon, *envelopes: Envelope) -> None:
        """As SNS does: again until it is acknowledged."""
        for envelope in envelopes:
            eventually(
                lambda: self.deliver(daemon, envelope) == 200, RECOVERY_SECONDS, "a 200"
            )

    # --- after a fault

    def settle(
        self,
        daemon: Daemon,
        sns: FakeSns,
        injected: int,
        *,
        rss_kib_max: int = RSS_KIB_MAX,
        exits: tuple[int, ...] = (),
    ) -> None:
        """It lives, or ended with one of `exits` and starts again; its memory is bounded,
        it takes a fresh message, and all that was ever acknowledged is there once."""
        self.settled = True
        self.injected += injected
        status = daemon.process.poll()
        assert status is None or status in exits, f"exit status {status}"
        if status is None:
            self.peak_kib = max(self.peak_kib, rss_peak_kib(daemon))
            assert self.peak_kib <= rss_kib_max * (SANITIZER_FACTOR if sanitized() else 1)
        else:
            daemon.start()
        assert self.wrong == []
        self.insist(daemon, bounce(sns))
        self.check(daemon)

    def check(self, daemon: Daemon) -> None:
        assert daemon.value("PRAGMA integrity_check") == "ok"
        kept = daemon.rows("SELECT sns_message_id AS id, address FROM events")
        times = Counter(row["id"] for row in kept)
        addresses = {row["id"]: row["address"] for row in kept}
        listed = Counter(daemon.suppressed())
        counted = daemon.value("SELECT coalesce(sum(hard_bounces), 0) FROM daily")
        lost = [i for i in self.acknowledged if not listed[addresses.get(i)]]
        doubled = [i for i, n in times.items() if n > 1 or listed[addresses[i]] > 1]
        self.lost += len(lost) + max(len(kept) - counted, 0)
        self.doubled += len(doubled) + max(counted - len(kept), 0)
        assert not lost, f"{len(lost)} acknowledged messages are missing, as {lost[0]}"
        assert not doubled, f"{len(doubled)} messages are there twice, as {doubled[0]}"
        assert counted == len(kept), "the daily counters do not agree with the events"
        assert set(listed) == set(addresses.values()), "the list does not agree with the events"

    def report(self) -> None:
        name = os.environ.get("FAULT_REPORT")
        counts = (self.injected, len(self.acknowledged), self.lost, self.doubled)
        line = "\t".join([self.kind, *map(str, counts)]) + "\n"
        print(f"{line}{dict(self.statuses)}, at most {self.peak_kib} KiB")
        if name:
            fd = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            os.write(fd, line.encode())
            os.close(fd)


class Clients:
    """Threads that deliver without pause over kept-alive connections. What was not
    acknowledged is delivered again, as SNS would: that is where doubling would show."""

    def __init__(
        self, daemon: Daemon, sns: FakeSns, ledger: Ledger, *, count: int = 16, big: float = 0
    ) -> None:
        self.failed: list[str] = []  # what SNS would count as a failed attempt
        self._daemon, self._sns, self._ledger, self._big = daemon, sns, ledger, big
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(random.Random(f"{SEED} {i}"),))
            for i in range(count)
        ]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Until this many more are acknowledged."""
        target = len(self._ledger.acknowledged) + more
        eventually(
            lambda: len(self._ledger.acknowledged) >= target, 60, f"{more} more deliveries"
        )

    def _work(self, dice: random.Random) -> None:
        envelope = None
        while not self._stop.is_set():
            envelope = envelope or bounce(self._sns, big=dice.random() < self._big)
            status = self._ledger.deliver(self._daemon, envelope)
            if status == 200:
                envelope = None
            else:
                self.failed.append(str(status))
                self._stop.wait(0.01)
        self._daemon.disconnect()


