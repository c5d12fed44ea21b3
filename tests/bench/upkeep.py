#!/usr/bin/python3
"""`make bench UPKEEP=N`: what is done to a list of N addresses beside the deliveries.

A list of N rows is imported, exported, compared and rebuilt from N events, once when all
of it differs and once when nothing does, each while 500 deliveries a second go on. Prints seconds, the command's peak RSS, and the answers.

usage: upkeep.py BUILD ROWS
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from servers import Daemon, Failed, fresh, tool

RATE = 500  # deliveries a second
CONNECTIONS = 64
SECONDS = 60  # that every command may take, and so long the deliveries go on at least
MESSAGES = RATE * SECONDS * 4


class Upkeep:
    def __init__(self, build: Path, rows: int) -> None:
        self.build, self.rows = build, rows
        self.folder = build / "bench"
        self.messages = self.folder / "signed-upkeep"
        self.sent = 0

    def sign(self) -> None:
        if (self.messages / "count").exists():
            return
        fresh(self.messages)
        subprocess.run([self.folder / "generate", self.messages, str(MESSAGES)], check=True,
                       timeout=600)
        (self.messages / "count").write_text(str(MESSAGES))

    def daemon(self, kind: str) -> Daemon:
        return Daemon(self.build, self.messages, fresh(self.folder / "run" / kind))

    def beside(self, daemon: Daemon, name: str, *words: str) -> None:
        """Runs a command of sesbouncectl while deliveries go on."""
        seconds = SECONDS // 4
        pace = subprocess.Popen(
            [self.folder / "pace", str(daemon.port), "/sns", self.messages / "messages",
             str(self.sent), str(RATE * seconds), str(RATE), str(CONNECTIONS)],
            stdout=subprocess.PIPE, text=True)
        self.sent += RATE * seconds
        began = time.monotonic()
        with open(self.folder / "run" / "output", "wb") as output:
            process = subprocess.Popen(
                [self.build / "sesbouncectl", "-c", daemon.config, *words], stdout=output,
                stderr=subprocess.STDOUT)
            _, code, usage = os.wait4(process.pid, 0)
        took = time.monotonic() - began
        answers = pace.communicate(timeout=seconds + 60)[0].strip()
        process.returncode = os.waitstatus_to_exitcode(code)
        if process.returncode not in (0, 1):
            raise Failed(f"{name}: exit {process.returncode}")
        print(f"  {name:24} {took:6.1f} s  peak RSS {usage.ru_maxrss / 1024:5.0f} MB"
              f"  deliveries of the first {seconds} s: {answers}", flush=True)

    def lists(self) -> None:
        source = self.folder / "run" / "rows.csv"
        source.parent.mkdir(exist_ok=True)
        with open(source, "w") as file:
            file.write("address,reason,since\n")
            for n in range(self.rows):
                file.write(f"u{n * 2654435761 % 2**32:08x}@mail{n % 1000}.example,BOUNCE,"
                           "2026-01-31T12:00:00Z\n")
        with self.daemon("list") as daemon:
            self.beside(daemon, "suppress import", "suppress", "import", str(source))
            self.beside(daemon, "suppress export", "suppress", "export")
            self.beside(daemon, "suppress diff", "suppress", "diff", str(source))

    def rebuild(self) -> None:
        daemon = self.daemon("rebuild")
        with daemon:
            tool(self.folder / "pace", daemon.port, "/sns", self.messages / "messages",
                 self.sent, 1, 1, 1, timeout=40)
        self.sent += 1
        # Not in this process: its memory would count as that of the commands.
        subprocess.run([sys.executable, "-B", Path(__file__).with_name("scale.py"),
                        daemon.database, str(self.rows)], check=True)
        with Daemon(self.build, self.messages, daemon.home) as daemon:
            for name in ("suppress rebuild, all", "suppress rebuild, none"):
                self.beside(daemon, name, "suppress", "rebuild")
                told = (self.folder / "run" / "output").read_text().splitlines()[-1]
                print(" ", told)
                if name.endswith("none") and not told.endswith(", 0 of them differ"):
                    raise Failed(f"{name}: some still differ")


def main() -> int:
    upkeep = Upkeep(Path(sys.argv[1]), int(sys.argv[2]))
    upkeep.sign()
    upkeep.lists()
    upkeep.rebuild()
    return 0


if __name__ == "__main__":
    sys.exit(main())
