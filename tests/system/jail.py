"""Roots of Debian, made once by debootstrap, and programs that run in them.

A root is cached as BUILD/system/NAME and never written to again: a jail lays an overlay
over it, in namespaces of its own. When the jail's first process is gone, the kernel ends
all others and undoes the mounts, also when the tests themselves were killed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon import REPOSITORY, SESBOUNCED, environment, eventually

CACHE = Path(os.environ.get("SYSTEM_CACHE", REPOSITORY / "build/system"))
SUITE = "bookworm"
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
BASE_SECONDS = 300  # debootstrap; half a minute is usual
PACKAGES_SECONDS = 300
COMMAND_SECONDS = 60
STOP_SECONDS = 10

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Killed with its parent, and with it all that it started.
NAMESPACES = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork",
              "--kill-child"]
ENTER = 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"'


def needs() -> str | None:
    """Why there can be no jail here."""
    if os.geteuid() != 0:
        return "needs root, to mount and to chroot"
    for tool in ("debootstrap", "unshare", "setpriv", "nsenter", "chroot"):
        if not shutil.which(tool):
            return f"needs {tool}"
    if subprocess.run([*NAMESPACES, "true"], capture_output=True).returncode != 0:
        return "needs the right to make namespaces"
    return None


def _log_tail(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").split("\n")[-4:]).strip()[-400:]


def _logged(log: Path, seconds: int, *command: str | Path) -> None:
    """Runs it; skips the test with the last words of its log if it fails."""
    with open(log, "ab") as out:
        try:
            code = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=seconds,
                # The machine's own settings, too: it may need a proxy or a certificate.
                env={**os.environ, "PATH": PATH, "DEBIAN_FRONTEND": "noninteractive"},
            ).returncode
        except subprocess.TimeoutExpired:
            code = f"none within {seconds} s"
    if code != 0:
        pytest.skip(f"{command[0]}: exit {code}: {_log_tail(log)}")


@contextmanager
def _locked():
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made(name: str, made_of: str, make) -> Path:
    """CACHE/NAME, if it was made of the same; else made beside it and moved in place."""
    root, note = CACHE / name, CACHE / f"{name}.made-of"
    if root.exists() and note.exists() and note.read_text() == made_of:
        return root
    note.unlink(missing_ok=True)
    unfinished, log = CACHE / f"{name}.unfinished", CACHE / f"{name}.log"
    for folder in (root, unfinished):
        if folder.exists():
            shutil.rmtree(folder)
    log.unlink(missing_ok=True)
    make(unfinished, log)
    unfinished.rename(root)
    note.write_text(made_of)
    return root


def _base(root: Path, log: Path) -> None:
    _logged(log, BASE_SECONDS, "debootstrap", "--variant=minbase", SUITE, root, MIRROR)
    policy = root / "usr/sbin/policy-rc.d"  # no installed package starts anything
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)


def root_with(name: str, *packages: str) -> Path:
    """A root that has these packages. Skips the test, with the reason, if there is none."""
    if reason := needs():
        pytest.skip(reason)
    with _locked():
        base = _made("base", f"{SUITE} {MIRROR}", _base)

        def make(root: Path, log: Path) -> None:
            _logged(log, COMMAND_SECONDS, "cp", "-a", base, root)
            _logged(log, PACKAGES_SECONDS, *NAMESPACES, "sh", "-ec", ENTER, root, "apt-get", "-q",
                    "-y", "--no-install-recommends", "install", *packages)

        return _made(name, " ".join((SUITE, MIRROR, *packages)), make)


def cache_folder(name: str) -> Path:
    """A folder that stays from run to run."""
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def npm_folder(package: str) -> Path:
    """A folder with that package of npm, made once. Skips the test if there is none."""
    if not shutil.which("npm"):
        pytest.skip(f"needs npm, for {package}")
    with _locked():

        def make(folder: Path, log: Path) -> None:
            folder.mkdir()
            _logged(log, PACKAGES_SECONDS, "npm", "install", "--no-audit", "--no-fund", "--prefix",
                    folder, package)

        return _made("npm-" + re.sub(r"\W+", "-", package).strip("-"), package, make)


class Jail:
    """An overlay over a root, kept in `home`; `shared` folders lie at the given paths."""

    def __init__(self, root: Path, home: Path, shared: dict[str, Path]) -> None:
        self.home, self.root, self.shared = home, root, shared
        self.top = home / "top"
        self.process: subprocess.Popen | None = None
        for folder in (home, self.top, home / "work", home / "upper"):
            folder.mkdir()
        self.upper = home / "upper"

    def _command(self, words: tuple[str, ...]) -> list[str]:
        script = (f'mount -t overlay overlay "$0" -o '
                  f'"lowerdir={self.root},upperdir={self.upper},workdir={self.home}/work"; ')
        for inside, outside in self.shared.items():
            script += f'mkdir -p "$0{inside}"; mount --bind "{outside}" "$0{inside}"; '
        return [*NAMESPACES, "sh", "-ec", script + ENTER, str(self.top), *words]

    def write(self, path: str, text: str) -> None:
        """Before anything runs in it."""
        file = self.upper / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run(self, *words: str, seconds: int = COMMAND_SECONDS, input: str = "",
            user: str | None = None) -> subprocess.CompletedProcess:
        """One command, while nothing else runs in it."""
        assert self.process is None
        if user:
            words = ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *words)
        return subprocess.run(self._command(words), input=input, capture_output=True, text=True,
                              timeout=seconds, env=environment(PATH=PATH))

    def must(self, *words: str, **options) -> str:
        done = self.run(*words, **options)
        assert done.returncode == 0, f"{words}: exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *words: str) -> None:
        """A server that stays in the foreground, as the first process of the jail."""
        with open(self.home / "output", "wb") as out:
            self.process = subprocess.Popen(self._command(words), stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=out, env=environment(PATH=PATH))

    def output(self) -> str:
        return (self.home / "output").read_text(errors="replace")

    def _first(self) -> str:
        """Its process id, as it is outside."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        return eventually(lambda: children.read_text().split(), what="a process")[0]

    def beside(self, *words: str, input: str = "") -> subprocess.CompletedProcess:
        """A command beside the server."""
        enter = ["nsenter", f"--target={self._first()}", "--mount", "--pid", "chroot", self.top]
        return subprocess.run([*enter, *words], input=input, capture_output=True, text=True,
                              timeout=COMMAND_SECONDS, env=environment(PATH=PATH))

    def stop(self) -> None:
        if self.process is None:
            return
        os.kill(int(self._first()), signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def close(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
