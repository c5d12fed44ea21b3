"""Clients that deliver without pause from threads, until they have to stop."""

from __future__ import annotations

import http.client
import itertools
import threading

import ses
from daemon import Daemon, eventually
from fakesns import FakeSns

CLIENTS = 8
NUMBERS = itertools.count()  # so that no two loads of a test share an address


class Load:
    """`acknowledged` holds the SNS ids that got a 200, `failed` all other outcomes."""

    def __init__(self, daemon: Daemon, sns: FakeSns) -> None:
        self.acknowledged: list[str] = []
        self.failed: list[str] = []
        self._daemon = daemon
        self._sns = sns
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Until this many more are acknowledged."""
        target = len(self.acknowledged) + more
        eventually(lambda: len(self.acknowledged) >= target, 30, f"{more} more deliveries")

    def _work(self) -> None:
        while not self._stop.is_set():
            event = ses.bounce(f"u{next(NUMBERS)}@mail.example")
            envelope = self._sns.feedback(event)
            try:
                status = self._daemon.deliver(envelope).status
            except (OSError, http.client.HTTPException) as failure:
                self.failed.append(repr(failure))
                self._stop.wait(0.01)
                continue
            if status == 200:
                self.acknowledged.append(envelope["MessageId"])
            else:
                self.failed.append(str(status))
