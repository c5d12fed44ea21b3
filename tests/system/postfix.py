"""Postfix in a jail, set up as contrib/postfix/README.md says, and SMTP to it."""

from __future__ import annotations

import socket
import subprocess

from daemon import REPOSITORY, eventually
from jail import Jail
from smtp import Smtp, free_port

RECIPES = REPOSITORY / "contrib/postfix"
START_SECONDS = 10

CHECK = "smtpd_recipient_restrictions = check_recipient_access proxy:sqlite:/etc/postfix/%s"
# Where mail goes in the end is not the matter here; one second, for the test's sake.
MAIN = """
maillog_file = /var/log/postfix.log
default_transport = discard:
service_throttle_time = 1s
smtputf8_enable = no
"""


class Postfix:
    """`checked` listens with the check, `plain` without it."""

    def __init__(self, jail: Jail, group: int, *, recipe: str = "sesbounced.cf",
                 member: bool = True, main: str = "", check: str = CHECK) -> None:
        self.jail = jail
        self.checked, self.plain = free_port(), free_port()
        self._log = jail.upper / "var/log/postfix.log"
        self._sessions: list[Smtp] = []
        jail.write(f"/etc/postfix/{recipe}", (RECIPES / recipe).read_text())
        jail.write("/etc/postfix/main.cf", self._main(MAIN + check % recipe + "\n" + main))
        listener = "127.0.0.1:%d/inet"
        steps = [
            f"groupadd -g {group} sesbounced",
            *(["usermod -aG sesbounced postfix"] if member else []),
            "postconf -MX smtp/inet",
            *(f"postconf -M {listener % port}='127.0.0.1:{port} inet n - y - - smtpd'"
              for port in (self.checked, self.plain)),
            f"postconf -P {listener % self.plain}/smtpd_recipient_restrictions=",
            "exec postfix start-fg",
        ]
        jail.start("sh", "-ec", "; ".join(steps))
        eventually(self._is_listening, START_SECONDS, "Postfix listens")

    def _main(self, more: str) -> str:
        names = {line.split("=")[0].strip() for line in more.split("\n") if "=" in line}
        packaged = (self.jail.root / "etc/postfix/main.cf").read_text().split("\n")
        return "\n".join(l for l in packaged if l.split("=")[0].strip() not in names) + more

    def _is_listening(self) -> bool:
        assert self.jail.process.poll() is None, self.jail.output()
        try:
            for port in (self.checked, self.plain):
                socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    def connect(self, port: int | None = None) -> Smtp:
        """Connected; the greeting has not been read."""
        self._sessions.append(Smtp(socket.create_connection(("127.0.0.1", port or self.checked))))
        return self._sessions[-1]

    def session(self, port: int | None = None) -> Smtp:
        smtp = self.connect(port)
        assert smtp.answer().startswith("220")
        assert smtp.say("EHLO client.example").startswith("250")
        return smtp

    def recipient(self, address: str) -> str:
        """What a session of its own is answered."""
        return self.session().recipient(address)

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def wait_for(self, line: str) -> None:
        eventually(lambda: line in self.log(), START_SECONDS, f"{line!r} in {self._log}")

    def command(self, *words: str) -> subprocess.CompletedProcess:
        return self.jail.beside(*words)

    def close(self) -> None:
        for smtp in self._sessions:
            smtp.close()
