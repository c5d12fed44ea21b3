#!/usr/bin/python3
"""`make bench PREVIOUS=BUILD`: this program and an earlier one, in turns.

Rates of one machine drift by more than the changes that matter: only two programs that take
turns within one run can be compared. Prints the median of the ratios of neighbouring runs.

usage: turns.py BUILD PREVIOUS-BUILD        TURNS=9: pairs of runs
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

import report
from bench import (CONNECTIONS, OPEN_CONNECTIONS, OPEN_RATE, OPEN_SECONDS, Bench, Failed,
                   stolen_since, ticks)
from servers import Daemon, fresh

TURNS = int(os.environ.get("TURNS", 9))


class Turns(Bench):
    def __init__(self, build: Path, previous: Path) -> None:
        super().__init__(build)
        self.programs = {"now": build, "previous": previous}

    def daemon(self, which: str) -> Daemon:
        # One folder for both: a file system may place two differently.
        home = fresh(self.folder / "run" / "daemon")
        return Daemon(self.programs[which], self.messages, home, which)

    def paced(self, which: str) -> dict:
        with self.daemon(which) as server:
            self.warm_up(server)
            before = ticks()
            run = self.pace(server, 0, OPEN_RATE * OPEN_SECONDS, OPEN_CONNECTIONS)
            run["stolen"] = stolen_since(before)
        return {**run, "server": which, "lost": 0}

    def pair(self, turn: int, measure) -> tuple[dict, dict]:
        """They take turns at going first."""
        order = ("now", "previous") if turn % 2 == 0 else ("previous", "now")
        runs = {which: measure(which) for which in order}
        return runs["now"], runs["previous"]

    def closed(self, connections: int) -> list[tuple[dict, dict]]:
        pairs = []
        for turn in range(TURNS):
            pairs.append(self.pair(
                turn, lambda which: self.closed_loop(self.daemon(which), connections)))
            for run in pairs[-1]:
                print(report.line(run), flush=True)
                if run["wrapped"]:
                    raise Failed("out of messages: set MESSAGES to what it handles per second")
        return pairs

    def opened(self) -> list[tuple[dict, dict]]:
        pairs = []
        for turn in range(TURNS):
            pairs.append(self.pair(turn, self.paced))
            for run in pairs[-1]:
                print(report.open_line(run), flush=True)
        return pairs

    def run(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        print(f"bench: {report.machine(self.folder)}", flush=True)
        self.sign()
        lines, lost = [], 0
        for connections in CONNECTIONS:
            pairs = self.closed(connections)
            lost += sum(run["lost"] for pair in pairs for run in pair)
            for key, what in (("rate", "messages per second"), ("cpu_us", "CPU per message"),
                              ("p99_ms", "p99"), ("peak_mb", "peak RSS"),
                              ("disk_bytes", "disk per message")):
                lines.append(compared(f"{connections} connections, {what}", pairs, key))
        pairs = self.opened()
        for key in ("p50_ms", "p99_ms"):
            lines.append(compared(f"{OPEN_RATE} per second, {key[:3]}", pairs, key))
        fresh(self.folder / "run")
        print("\nnow, relative to the previous program (median of pairs, lowest to highest):")
        print("\n".join(lines))
        if lost:
            raise Failed(f"{lost} acknowledged messages have no row")


def compared(what: str, pairs: list[tuple[dict, dict]], key: str) -> str:
    ratios = [100 * now[key] / previous[key] for now, previous in pairs]
    values = [statistics.median(run[key] for run in runs) for runs in zip(*pairs)]
    return (f"  {what:36} {statistics.median(ratios):6.1f} %  ({min(ratios):.0f}–"
            f"{max(ratios):.0f})   medians {values[0]:,.1f} and {values[1]:,.1f}")


def main() -> int:
    if len(sys.argv) != 3 or not (Path(sys.argv[2]) / "sesbounced").exists():
        print(__doc__, file=sys.stderr)
        return 2
    try:
        Turns(*(Path(folder).resolve() for folder in sys.argv[1:])).run()
    except (Failed, subprocess.SubprocessError) as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
