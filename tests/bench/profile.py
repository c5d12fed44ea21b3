#!/usr/bin/python3
"""Where the daemon's processor time goes at 128 connections, from `perf record`.

usage: profile.py BUILD [SECONDS]     after `make bench`, which signs the messages

Each sample belongs to the innermost caller that OWNERS names; how it was spent (kernel,
malloc and free, memcpy, the rest) is the other axis. Needs perf (Debian: linux-perf).
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench import Bench
from servers import Daemon, Failed, fresh

# The first that is in a sample's stack, innermost caller first.
OWNERS = {
    "sns_signature_verify": "signature",
    "sns_message_parse": "envelope",
    "ses_event_parse": "SES message",
    "ses_event_done": "SES message",
    "intake_from_sns": "SES message",
    "ses_event_key": "SQLite: apply, our part",
    "policy_judge": "policy",
    "sqlite3_bind_text64": "SQLite: apply",
    "sqlite3_step": "SQLite: apply",
    "store_commit": "SQLite: commit",
    "store_begin": "SQLite: commit",
    "store_idle": "SQLite: checkpoint",
    "store_idle_end": "SQLite: checkpoint",
    "store_apply": "SQLite: apply, our part",
    "request_resume": "writer: resume",
    "MHD_resume_connection": "writer: resume",
    "queue_push": "queue",
    "queue_take": "queue",
    "delivery_log": "log",
    "request_read": "HTTP",
    "request_begin": "HTTP",
    "request_end": "HTTP",
}
# Of the above, whatever else is in the stack: sqlite3_step is also what commits.
OUTER = {"store_commit": "SQLite: commit", "store_begin": "SQLite: commit",
         "store_idle": "SQLite: checkpoint", "store_idle_end": "SQLite: checkpoint"}
MALLOC = re.compile(r"^(_int_|__libc_)?(malloc|free|cfree|realloc|calloc|memalign)|"
                    r"malloc_consolidate|unlink_chunk|sysmalloc|tcache")
COPY = re.compile(r"mem(move|cpy|set|cmp|chr)|strlen|strchr")


def owner_of(stack: list[str], thread: str) -> str:
    for symbol in stack:
        if symbol in OUTER:
            return OUTER[symbol]
    for symbol in stack:
        name = symbol.split(".", 1)[0]
        if name in OWNERS:
            return OWNERS[name]
    return "HTTP" if thread.startswith("MHD") else "other threads' rest"


def kind_of(leaf: str, place: str) -> str:
    if "kernel" in place or place == "[unknown]" or "[k]" in place:
        return "kernel"
    if MALLOC.search(leaf):
        return "malloc"
    return "copying" if COPY.search(leaf) else "rest"


def samples(text: str):
    """(thread, [(symbol, place)…]) of each sample of `perf script`."""
    for block in text.split("\n\n"):
        lines = block.strip().splitlines()
        stack = []
        for line in lines[1:]:
            match = re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", line)
            if match:
                stack.append((match[1].split("+0x")[0], match[2]))
        if stack:
            yield lines[0].split()[0], stack


def record(bench: Bench, seconds: int) -> str:
    home = fresh(bench.folder / "run" / "profile")
    data = home / "perf.data"
    with Daemon(bench.build, bench.messages, home) as daemon:
        bench.pace(daemon, 0, 100, 8)
        perf = subprocess.Popen(
            ["perf", "record", "-F", "997", "--call-graph", "dwarf,8192", "-o", data, "-p",
             str(daemon.process.pid), "--", "sleep", str(seconds)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run = bench.wrk(daemon, 128, seconds)
        perf.wait(60)
    print(f"{run['answers'] / run['seconds']:.0f} messages/s while being watched")
    # Symbols only: asking addr2line for each inlined frame takes minutes.
    done = subprocess.run(["perf", "script", "--no-inline", "-i", data, "-F", "comm,ip,sym,dso"],
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Failed(done.stderr)
    return done.stdout


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    bench = Bench(Path(sys.argv[1]).resolve())
    counts: Counter = Counter()
    for thread, stack in samples(record(bench, int(sys.argv[2]) if sys.argv[2:] else 2)):
        leaf, place = stack[0]
        counts[owner_of([symbol for symbol, _ in stack], thread), kind_of(leaf, place)] += 1
    total = sum(counts.values()) or 1
    kinds = ["kernel", "malloc", "copying", "rest"]
    print(f"| {total} samples | all | {' | '.join(kinds)} |\n| --- | ---: " + "| ---: " * 4 + "|")
    owners = Counter()
    for (owner, _), n in counts.items():
        owners[owner] += n
    for owner, n in owners.most_common():
        parts = [f"{100 * counts[owner, kind] / total:.1f}" for kind in kinds]
        print(f"| {owner} | {100 * n / total:.1f} % | {' | '.join(parts)} |")
    sums = [sum(n for (_, k), n in counts.items() if k == kind) for kind in kinds]
    print("| all | 100 % | " + " | ".join(f"{100 * n / total:.1f}" for n in sums) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
