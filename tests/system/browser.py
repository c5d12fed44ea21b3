"""Debian's Chromium in a jail, spoken to by the DevTools protocol over a pipe."""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

from daemon import environment, eventually
from jail import PATH, Jail, npm_folder, root_with

PACKAGES = ("chromium", "fonts-liberation", "fonts-dejavu-core")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--remote-debugging-pipe", "about:blank")
SECONDS = 60


class Busy(Exception):
    """It cannot do that now."""


class Browser:
    """One tab. `said`: what the console and the network complained about."""

    def __init__(self, home: Path) -> None:
        self.jail = Jail(root_with("chromium", *PACKAGES), home / "chromium", {})
        self.said: list[str] = []
        self.requested: list[str] = []
        self._ids = itertools.count(1)
        self._rest = b""
        read_end, their_write = os.pipe()
        their_read, write_end = os.pipe()
        self._from, self._to = read_end, write_end
        os.set_blocking(read_end, False)
        words = self.jail._command(("chromium", *FLAGS))
        script = f'exec "$@" 3<&{their_read} 4>&{their_write} {their_read}<&- {their_write}>&-'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "chromium", *words], env=environment(PATH=PATH, HOME="/tmp"),
            pass_fds=(their_read, their_write), stdin=subprocess.DEVNULL,
            stdout=open(home / "chromium.log", "wb"), stderr=subprocess.STDOUT)
        os.close(their_read)
        os.close(their_write)
        targets = self._send("Target.getTargets")["targetInfos"]
        page = next(t for t in targets if t["type"] == "page")
        self.session = None
        self.session = self._send("Target.attachToTarget", targetId=page["targetId"],
                                  flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._send(f"{domain}.enable")

    # --- the protocol

    def _messages(self, until: float):
        while b"\0" not in self._rest:
            left = until - time.monotonic()
            assert left > 0 and self.process.poll() is None, "Chromium does not answer"
            if select.select([self._from], [], [], left)[0]:
                data = os.read(self._from, 1 << 20)
                assert data, "Chromium has ended"
                self._rest += data
        text, self._rest = self._rest.split(b"\0", 1)
        return json.loads(text)

    def _note(self, message: dict[str, Any]) -> None:
        method, about = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.said.append(f"console: {about['args']}")
        elif method == "Runtime.exceptionThrown":
            self.said.append(f"exception: {about['exceptionDetails']}")
        elif method == "Log.entryAdded":
            self.said.append(f"log: {about['entry']['text']} {about['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requested.append(about["request"]["url"])

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + SECONDS
        while True:
            answer = self._messages(until)
            if answer.get("id") == number:
                if "error" in answer:
                    raise Busy(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    # --- what a person would do

    def evaluate(self, script: str) -> Any:
        result = self._send("Runtime.evaluate", expression=script, awaitPromise=True,
                            returnByValue=True)
        assert "exceptionDetails" not in result, f"{script}: {result}"
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        def holds() -> bool:
            try:
                return self.evaluate(f"!!({condition})")
            except Busy:
                return False  # between two pages

        eventually(holds, 15, f"{condition} {self.said}")

    def headers(self, **headers: str) -> None:
        self._send("Network.setExtraHTTPHeaders", headers=headers)

    def look(self, width: int, height: int = 900, dark: bool = False) -> None:
        self._send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                   deviceScaleFactor=1, mobile=width < 600)
        self._send("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, url: str) -> None:
        self._send("Page.navigate", url=url)
        self.wait(f"document.readyState == 'complete' && location.href.startsWith({url!r})")

    def script_off(self, off: bool = True) -> None:
        self._send("Emulation.setScriptExecutionDisabled", value=off)

    def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            self._send("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code,
                       **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))

    def type(self, text: str) -> None:
        self._send("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        self.wait(f"document.querySelector({selector!r})")
        self.evaluate(f"document.querySelector({selector!r}).click()")

    def text(self) -> str:
        return self.evaluate("document.body.innerText")

    def picture(self, file: Path, *, whole: bool = True, height: int = 0) -> None:
        size = self._send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"],
                "scale": 1}
        data = self._send("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                          clip=clip)["data"]
        file.write_bytes(base64.b64decode(data))

    def overflows(self) -> int:
        """By how many pixels the page is wider than its window."""
        return self.evaluate("document.documentElement.scrollWidth - innerWidth")

    def faults(self) -> list[dict[str, Any]]:
        """What axe-core has to say."""
        axe = npm_folder("axe-core") / "node_modules/axe-core/axe.min.js"
        self._send("Runtime.evaluate", expression=axe.read_text())
        return self.evaluate(
            "axe.run().then(r => r.violations.map(v => ({id: v.id, help: v.help, "
            "nodes: v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary)})))")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._from)
        os.close(self._to)
