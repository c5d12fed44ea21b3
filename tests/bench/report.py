"""From runs to the tables that `make bench` prints and BENCHMARKS.md quotes."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import subprocess
from pathlib import Path

# Above this somebody else is at work here too.
QUIET_LOAD = 0.5
# Percent of the processors' time. Above this a virtual machine waits for its host so often
# that the latencies are the host's.
QUIET_STOLEN = 5


def _first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip().splitlines()[0] if done.returncode < 2 else ""


def machine(folder: Path) -> str:
    cpu = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), platform.machine())
    device = _first_line("findmnt", "-no", "FSTYPE", "-T", str(folder))
    node = _first_line("node", "--version") or "none"
    load = os.getloadavg()[0]
    noise = " (NOISY: others work here)" if load > QUIET_LOAD else ""
    return (f"{os.cpu_count()} × {cpu}, {device}, Linux {platform.release()}, SQLite "
            f"{sqlite3.sqlite_version}, Node {node}, load before {load:.1f}{noise}")


def line(run: dict) -> str:
    text = f"  {run['server']:14} c={run['connections']:<4} {run['rate']:9.0f}/s"
    if "p99_ms" in run:
        text += f"  p50 {run['p50_ms']:7.2f}  p99 {run['p99_ms']:7.2f} ms"
        text += f"  {run['cpu_us']:5.0f} µs CPU  {run['peak_mb']:5.1f} MB"
    if "stolen" in run:
        text += f"  stolen {run['stolen']:.0f} %"
    if "batch" in run:
        text += f"  batch {run['batch']:.1f}"
    if "rows" in run:
        text += f"  rows {run['rows']}, lost {run['lost']}"
    if run.get("wrapped") and "rows" in run:
        text += "  RAN OUT OF MESSAGES: set MESSAGES"
    if run.get("not_2xx") or run.get("broken"):
        text += f"  NOT 2xx: {run['not_2xx']}, BROKEN: {run['broken']}"
    return text


def open_line(run: dict) -> str:
    return (f"  {run['server']:14} open loop, {run['ok']} ok, {run['other']} other: p50 "
            f"{run['p50_ms']:.2f}  p90 {run['p90_ms']:.2f}  p99 {run['p99_ms']:.2f}  p99.9 "
            f"{run['p999_ms']:.2f}  max {run['max_ms']:.2f} ms, lost {run['lost']}, stolen "
            f"{run['stolen']:.0f} %")


def spread(values: list[float], digits: int = 0) -> str:
    """Median, and from where to where."""
    if not values:
        return "–"
    low, high = min(values), max(values)
    return f"{statistics.median(values):,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def lost(results: dict) -> int:
    large = results.get("scale", {}).get("runs", [])
    return sum(run.get("lost", 0) for run in results["runs"] + results["open"] + large)


def refused(results: dict) -> int:
    """Answers of the daemon other than 200, and connections that ended without one."""
    runs = [run for run in results["runs"] + results["open"] if run["server"] == "sesbounced"]
    return sum(run.get(key, 0) for run in runs for key in ("not_2xx", "broken", "other"))


class _Table:
    def __init__(self, results: dict) -> None:
        self.runs = results["runs"]

    def values(self, server: str, connections: int, key: str) -> list[float]:
        return [run[key] for run in self.runs if run["server"] == server
                and run["connections"] == connections and key in run]

    def median(self, server: str, connections: int, key: str) -> float | None:
        values = self.values(server, connections, key)
        return statistics.median(values) if values else None

    def connections(self) -> list[int]:
        return sorted({run["connections"] for run in self.runs})

    def ratio(self, connections: int, server: str, form: str) -> str:
        ours = self.median("sesbounced", connections, "rate")
        theirs = self.median(server, connections, "rate")
        if not ours or not theirs:
            return "–"
        return f"{ours / theirs:.1f}×" if form == "×" else f"{100 * ours / theirs:.0f} %"


def _rates(table: _Table) -> list[str]:
    head = ["connections", "sesbounced /s", "Node peer /s", "ratio", "bare SQLite /s", "of it",
            "empty handler /s", "of it"]
    lines = ["| " + " | ".join(head) + " |", "| ---: " * len(head) + "|"]
    for c in table.connections():
        cells = [str(c), spread(table.values("sesbounced", c, "rate")),
                 spread(table.values("Node peer", c, "rate")),
                 table.ratio(c, "Node peer", "×"),
                 spread(table.values("bare SQLite", c, "rate")),
                 table.ratio(c, "bare SQLite", "%"),
                 spread(table.values("empty handler", c, "rate")),
                 table.ratio(c, "empty handler", "%")]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _costs(table: _Table) -> list[str]:
    head = ["server", "connections", "p50 ms", "p99 ms", "CPU µs per message", "peak RSS MB",
            "disk bytes per message", "messages per commit"]
    lines = ["| " + " | ".join(head) + " |", "| --- " + "| ---: " * (len(head) - 1) + "|"]
    for server in ("sesbounced", "Node peer"):
        for c in table.connections():
            if not table.values(server, c, "rate"):
                continue
            cells = [server, str(c), spread(table.values(server, c, "p50_ms"), 1),
                     spread(table.values(server, c, "p99_ms"), 1),
                     spread(table.values(server, c, "cpu_us")),
                     f"{max(table.values(server, c, 'peak_mb')):.1f}",
                     spread(table.values(server, c, "disk_bytes")),
                     spread(table.values(server, c, "batch"), 1) if server[0] == "s" else "1"]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def _open(results: dict) -> list[str]:
    lines = ["| server | p50 ms | p90 ms | p99 ms | p99.9 ms | max ms | stolen % | not 200 |",
             "| --- " + "| ---: " * 7 + "|"]
    for server in ("sesbounced", "Node peer"):
        runs = [run for run in results["open"] if run["server"] == server]
        if runs:
            keys = ("p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms")
            cells = [spread([run[key] for run in runs], 2) for key in keys]
            cells.append(spread([run["stolen"] for run in runs]))
            missing = sum(run["sent"] - run["ok"] for run in runs)
            lines.append(f"| {server} | {' | '.join(cells)} | {missing} |")
    return lines


def _rest(results: dict, table: _Table) -> list[str]:
    parts, large = results["parts"], results["scale"]
    on_large = {key: [run[key] for run in large["runs"]] for key in ("rate", "p99_ms", "peak_mb")}
    return [
        f"One thread, per message: envelope {parts['envelope_us']:.1f} µs, signature "
        f"{parts['signature_us']:.1f} µs, SES message {parts['ses_us']:.1f} µs; all that an "
        f"HTTP thread does with a body {parts['all_us']:.1f} µs.",
        f"Start until the first answer: {spread(results['start_ms'], 1)} ms.",
        f"With {large['events']:,} events ({large['file_mb']:,.0f} MB without bodies): start "
        f"{spread(large['start_ms'], 1)} ms; {spread(on_large['rate'])} messages/s, "
        f"{100 * large_share(large):.0f} % of the rate on an empty file in turns with it, p99 "
        f"{spread(on_large['p99_ms'], 1)} ms, peak RSS {max(on_large['peak_mb']):.1f} MB.",
        f"`check` {large['check_ms']:.2f} ms of process time beyond starting the program "
        f"({large['ctl_ms']:.2f} ms), {large['check_wall_ms']:.1f} ms on the clock; "
        f"{large['check_each_us']:.1f} µs for each of many addresses, "
        f"{large['filter_each_us']:.1f} µs per line "
        f"of `check -`. `events --address` {large['events_ms']:.2f} ms, "
        f"{large['events_wall_ms']:.1f} ms on the clock.",
    ]


def large_share(large: dict) -> float:
    """The rate on the large file, as a part of that on an empty one."""
    rates = [statistics.median(run[key] for run in large["runs"])
             for key in ("rate", "empty_rate")]
    return rates[0] / rates[1]


def _targets(results: dict, table: _Table) -> list[str]:
    large, opened = results["scale"], results["open"]
    ours = table.median("sesbounced", 128, "rate")
    bare = 100 * ours / table.median("bare SQLite", 128, "rate")
    late = statistics.median(run["p99_ms"] for run in opened if run["server"] == "sesbounced")
    peak = max(run["peak_mb"] for run in results["runs"] + opened + large["runs"]
               if run.get("server", "sesbounced") == "sesbounced")
    rows = []
    if table.values("Node peer", 128, "rate"):
        ratio = ours / table.median("Node peer", 128, "rate")
        rows += [("of the Node peer, 128 connections", "≥ 10×", f"{ratio:.1f}×", ratio >= 10)]
    p99 = table.median("sesbounced", 128, "p99_ms")
    share = 100 * large_share(large)
    start = max(large["start_ms"])
    rows += [
        ("of the bare SQLite loop, 128 connections", "≥ 60 %", f"{bare:.0f} %", bare >= 60),
        ("p99 at 128 connections", "≤ 60 ms", f"{p99:.0f} ms", p99 <= 60),
        ("p99 at 1,000 per second, open loop", "≤ 10 ms", f"{late:.1f} ms", late <= 10),
        ("peak RSS of all runs", "≤ 64 MB", f"{peak:.1f} MB", peak <= 64),
        (f"rate with {large['events']:,} events", "≥ 75 % of the empty file's",
         f"{share:.0f} %", share >= 75),
        ("the page, the slowest of 15", "≤ 200 ms", f"{max(large['page_ms']):.0f} ms",
         max(large["page_ms"]) <= 200),
        ("`check` beyond start-up", "≤ 2 ms", f"{large['check_ms']:.1f} ms",
         large["check_ms"] <= 2),
        ("`events --address`", "≤ 20 ms", f"{large['events_wall_ms']:.1f} ms on the clock",
         large["events_wall_ms"] <= 20),
        ("start on the large file", "≤ 1 s", f"{start / 1000:.2f} s", start <= 1000),
    ]
    return ["| target | wanted | this run | met |", "| --- | ---: | ---: | --- |"] + [
        f"| {what} | {wanted} | {found} | {'yes' if met else '**no**'} |"
        for what, wanted, found, met in rows]


def _answers(results: dict) -> str:
    counted = [run for run in results["runs"] + results["open"] if "rows" in run]
    kept = sum(run["rows"] for run in counted)
    odd = sum(run.get("not_2xx", 0) + run.get("broken", 0) + run.get("other", 0)
              for run in counted + results["scale"]["runs"])
    wrapped = sum(1 for run in counted if run.get("wrapped"))
    text = (f"Rows against answers: {kept:,} rows in {len(counted)} runs; {lost(results)} "
            f"acknowledged messages without a row; {odd} answers other than 200.")
    return text + (f" {wrapped} runs ran out of messages." if wrapped else "")


def _stolen(results: dict) -> str:
    """What the host gave to other machines while ours measured."""
    shares = [run["stolen"] for run in results["runs"] + results["open"] if "stolen" in run]
    noise = " (NOISY: others work on the host)" if statistics.median(shares) > QUIET_STOLEN else ""
    return f"stolen by the host {spread(shares)} % of a run's processor time{noise}"


def text(results: dict, no_peer: str | None) -> str:
    table = _Table(results)
    lines = ["", f"Machine: {results['machine']}, after {results['load_after']:.1f}, "
             f"{_stolen(results)}. Medians of alternating runs (lowest–highest)." + (" QUICK." if results["quick"] else ""), ""]
    lines += _rates(table) + [""] + _costs(table) + [""]
    lines += ["1,000 messages per second, open loop:", ""] + _open(results) + [""]
    lines += _rest(results, table) + [_answers(results), ""] + _targets(results, table)
    if no_peer:
        lines.append(f"No Node peer: {no_peer}.")
    return "\n".join(lines)
