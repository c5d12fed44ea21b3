#!/usr/bin/python3
"""`make bench`: see BENCHMARKS.md for what is measured, how, and the figures.

usage: bench.py BUILD        QUICK=1: a minute; SCALE=N: events in the large file
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import report
import scale
from servers import Daemon, Empty, Failed, Peer, Server, fresh, install_peer, tool

QUICK = os.environ.get("QUICK", "") not in ("", "0")
CONNECTIONS = (1, 16, 128)
ROUNDS = 2 if QUICK else 3
EMPTY_ROUNDS = 1 if QUICK else 2
SECONDS = 1 if QUICK else 3  # of each run
OPEN_ROUNDS = 1 if QUICK else 3
OPEN_SECONDS = 2 if QUICK else 5
OPEN_RATE = 1000
OPEN_CONNECTIONS = 64
PART_MS = 300 if QUICK else 1000
EVENTS = int(os.environ.get("SCALE", 100_000 if QUICK else 1_000_000))
# Before the clock starts: the certificate is read, statements are prepared, Node compiles.
WARM_UP = 200 if QUICK else 500
LARGE_ROUNDS = 1 if QUICK else 3
# More than any server of today takes in one run: nobody runs out of messages.
RUN_MESSAGES = int(os.environ.get("MESSAGES", 14_000)) * SECONDS
# The large file is made once for all of its rounds.
MESSAGES = LARGE_ROUNDS * RUN_MESSAGES + WARM_UP


def ticks() -> list[int]:
    """Of all processors since boot: all that passed, and what the host gave to others."""
    spent = [int(field) for field in Path("/proc/stat").read_text().split()[1:9]]
    return [sum(spent), spent[7]]


def stolen_since(before: list[int]) -> float:
    passed, stolen = (now - then for now, then in zip(ticks(), before))
    return 100 * stolen / max(passed, 1)


class Bench:
    def __init__(self, build: Path) -> None:
        self.build = build
        self.folder = build / "bench"
        self.messages = self.folder / "signed"
        self.results: dict = {"runs": [], "open": [], "quick": QUICK}
        self.no_peer: str | None = None

    # --- one run ----------------------------------------------------------------------

    def server(self, kind: str) -> Server:
        home = fresh(self.folder / "run" / kind)
        if kind == "daemon":
            return Daemon(self.build, self.messages, home)
        if kind == "peer":
            return Peer(self.folder / "node", self.messages, home)
        return Empty(self.folder, home)

    def pace(self, server: Server, first: int, count: int, connections: int) -> dict:
        return tool(self.folder / "pace", server.port, "/sns", self.messages / "messages",
                    first, count, OPEN_RATE, connections, timeout=count / OPEN_RATE + 40)

    def warm_up(self, server: Server) -> int:
        return self.pace(server, MESSAGES - WARM_UP, WARM_UP, 16)["ok"]

    def wrk(self, server: Server, connections: int, seconds: int, first: int = 0) -> dict:
        threads = min(2, connections)
        return tool("wrk", "-t", threads, "-c", connections, "-d", f"{seconds}s",
                    "--timeout", "15s", "-s", Path(__file__).parent / "wrk.lua",
                    f"http://127.0.0.1:{server.port}/sns", "--",
                    self.messages / "messages", threads, first, RUN_MESSAGES,
                    timeout=seconds + 60)

    def closed_loop(self, server: Server, connections: int) -> dict:
        """As fast as `connections` clients that wait for their answers can."""
        with server:
            warm = self.warm_up(server)
            cpu = server.cpu_seconds()
            before = ticks()
            batches = server.batches() if isinstance(server, Daemon) else 0
            run = self.wrk(server, connections, SECONDS)
            run["cpu_us"] = (server.cpu_seconds() - cpu) * 1e6 / max(run["answers"], 1)
            run["stolen"] = stolen_since(before)
            run["peak_mb"] = server.peak_mb()
            if isinstance(server, Daemon):
                run["batch"] = run["answers"] / max(server.batches() - batches, 1)
        run.update(server=server.name, connections=connections,
                   rate=(run["answers"] - run["not_2xx"]) / run["seconds"])
        if server.rows_query:
            self.count_rows(server, run, warm)
        return run

    def count_rows(self, server: Server, run: dict, warm: int) -> None:
        """Every 2xx has its row. Clients that were cut off at the end may have one too."""
        kept = run["answers"] - run["not_2xx"] + warm
        run["rows"] = server.rows()
        run["lost"] = max(0, kept - run["rows"]) if not run["wrapped"] else 0
        run["uncounted"] = max(0, run["rows"] - kept)
        run["disk_bytes"] = server.database.stat().st_size / max(run["rows"], 1)
        if run["uncounted"] > run["connections"]:
            raise Failed(f"{server.name}: {run['uncounted']} rows more than answers")

    def bare(self, source: Path, batch: float, connections: int) -> dict:
        home = fresh(self.folder / "run" / "bare")
        size = max(1, round(batch))
        run = tool(self.folder / "bare", source, home / "store.db", size, SECONDS * 1000,
                   timeout=SECONDS + 60)
        return {**run, "server": "bare SQLite", "connections": connections, "batch": size}

    # --- the parts --------------------------------------------------------------------

    def note(self, run: dict) -> None:
        self.results["runs"].append(run)
        print(report.line(run), flush=True)

    def closed_loops(self) -> None:
        for turn in range(ROUNDS):
            for connections in CONNECTIONS:
                daemon = self.server("daemon")
                run = self.closed_loop(daemon, connections)
                self.note(run)
                if not self.no_peer:
                    self.note(self.closed_loop(self.server("peer"), connections))
                if turn < EMPTY_ROUNDS:
                    self.note(self.closed_loop(self.server("empty"), connections))
                self.note(self.bare(daemon.database, run["batch"], connections))

    def open_loops(self) -> None:
        kinds = ["daemon"] if self.no_peer else ["daemon", "peer"]
        for _ in range(OPEN_ROUNDS):
            for kind in kinds:
                with self.server(kind) as server:
                    warm = self.warm_up(server)
                    before = ticks()
                    run = self.pace(server, 0, OPEN_RATE * OPEN_SECONDS, OPEN_CONNECTIONS)
                    run["stolen"] = stolen_since(before)
                    run["peak_mb"] = server.peak_mb()
                run.update(server=server.name, rows=server.rows(),
                           lost=max(0, run["ok"] + warm - server.rows()))
                self.results["open"].append(run)
                print(report.open_line(run), flush=True)

    def start_up(self) -> list[float]:
        home = fresh(self.folder / "run" / "start")
        times = []
        for _ in range(11):
            with Daemon(self.build, self.messages, home) as daemon:
                times.append(daemon.started_ms)
        return times[1:]  # the first created the file

    def at_scale(self) -> dict:
        home = fresh(self.folder / "run" / "large")
        daemon = Daemon(self.build, self.messages, home)
        with daemon:
            self.pace(daemon, MESSAGES - 1, 1, 1)
        found = {"events": EVENTS, "fill_s": scale.fill(daemon.database, EVENTS)}
        found.update(scale.look_ups(self.build / "sesbouncectl", daemon.config,
                                    daemon.database, EVENTS))
        found["start_ms"], found["page_ms"] = [], []
        for _ in range(3):
            with Daemon(self.build, self.messages, home) as daemon:
                found["start_ms"].append(daemon.started_ms)
                found["page_ms"] += [daemon.page_ms() for _ in range(5)]
        found["runs"] = [self.large_run(home, turn) for turn in range(LARGE_ROUNDS)]
        return found

    def large_run(self, home: Path, turn: int) -> dict:
        """A run on the large file, right after one on an empty file."""
        empty = self.closed_loop(self.server("daemon"), 128)
        daemon = Daemon(self.build, self.messages, home, "large file")
        rows = daemon.rows()
        with daemon:
            run = self.wrk(daemon, 128, SECONDS, turn * RUN_MESSAGES)
            run["peak_mb"] = daemon.peak_mb()
        kept = run["answers"] - run["not_2xx"]
        return {**run, "rate": kept / run["seconds"], "empty_rate": empty["rate"],
                "lost": max(0, kept - (daemon.rows() - rows)) + empty["lost"]}

    def sign(self) -> None:
        stamp = self.messages / "count"
        if stamp.exists() and int(stamp.read_text()) >= MESSAGES:
            return
        print(f"bench: signing {MESSAGES} messages, once", flush=True)
        fresh(self.messages)
        subprocess.run([self.folder / "generate", self.messages, str(MESSAGES)], check=True,
                       timeout=600)
        stamp.write_text(str(MESSAGES))

    def run(self) -> None:
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = open(self.folder / "lock", "w")  # until the end of the program
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"another run is at work in {self.folder}") from None
        self.results["machine"] = report.machine(self.folder)
        print(f"bench: {self.results['machine']}", flush=True)
        self.no_peer = install_peer(self.folder / "node")
        if self.no_peer:
            print(f"bench: the Node peer is skipped: {self.no_peer}", flush=True)
        self.sign()
        self.results["parts"] = tool(self.folder / "parts", self.messages, PART_MS,
                                     timeout=60)
        self.closed_loops()
        self.open_loops()
        self.results["start_ms"] = self.start_up()
        self.results["scale"] = self.at_scale()
        self.results["load_after"] = os.getloadavg()[1]
        fresh(self.folder / "run")  # the large files go
        self.results["took_s"] = time.monotonic() - began
        (self.folder / "results.json").write_text(json.dumps(self.results, indent=1))
        print(report.text(self.results, self.no_peer))
        print(f"bench: {self.results['took_s']:.0f} s; all figures: "
              f"{self.folder / 'results.json'}")


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    bench = Bench(Path(sys.argv[1]).resolve())
    try:
        bench.run()
    except (Failed, subprocess.SubprocessError) as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    return 1 if report.lost(bench.results) or report.refused(bench.results) else 0


if __name__ == "__main__":
    sys.exit(main())
