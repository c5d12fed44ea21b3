"""The page in Debian's Chromium: what it looks like, that it acts, and who can use it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import api
import ses
from browser import Browser
from daemon import Daemon
from gateway import Gateway
from shop import month

ANN, BEN = "ann@mail.example", "ben@mail.example"
UNKNOWN = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user here"}
LOOKS = [(width, dark) for width in (1440, 390) for dark in (False, True)]
NAMES = [f"{width}-{'dark' if dark else 'light'}" for width, dark in LOOKS]
looks = pytest.mark.parametrize("width, dark", LOOKS, ids=NAMES)


@pytest.fixture
def browser(home: Path) -> Iterator[Browser]:
    browser = Browser(home)
    yield browser
    browser.close()


@pytest.fixture
def daemon(make_daemon, home) -> Daemon:
    return make_daemon(
        admin=api.settings(home), events={"campaign": ["tag:campaign"]},
        suppression={"guard": "on", "guard_least": "5"}).start()


@pytest.fixture
def page(daemon, home) -> Iterator[str]:
    gateway = Gateway(home / "admin.sock")
    yield f"http://{gateway.address}/"
    gateway.close()


@pytest.fixture
def busy(daemon, home, sns) -> Daemon:
    month(daemon, home)
    daemon.accept(sns.feedback(ses.complaint(ANN, feed="event")), sns.feedback(ses.bounce(BEN)),
                  sns.notification("no json"))
    for i in range(7):
        to = ses.recipient(f"person{i}@mail.example", **UNKNOWN)
        daemon.accept(sns.feedback(ses.bounce(to)))
    daemon.ctl("suppress", "add", "--note", "asked by phone", "carl@post.example")
    return daemon


def picture(browser: Browser, name: str) -> None:
    """For those who want to look: SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        browser.picture(Path(folder) / f"{name}.png")


def assert_sound(browser: Browser, name: str) -> None:
    picture(browser, name)
    assert browser.said == []
    assert browser.overflows() <= 0
    assert browser.faults() == []


def sign_in(browser: Browser, token: str = api.WRITER) -> None:
    browser.wait("document.querySelector('#token-dialog[open]')")
    browser.type(token)
    browser.press("Enter", 13)


# --- what it looks like


@looks
def test_the_overview(busy, page, browser, width, dark):
    browser.look(width, dark=dark)
    browser.open(page)
    assert_sound(browser, f"overview-{width}-{'dark' if dark else 'light'}")


@looks
def test_the_overview_of_nothing(page, browser, width, dark):
    browser.look(width, dark=dark)
    browser.open(page)
    assert "Waiting for the first message" in browser.text()
    assert_sound(browser, f"empty-{width}-{'dark' if dark else 'light'}")


@looks
def test_the_story_of_an_address(busy, page, browser, width, dark):
    browser.look(width, dark=dark)
    browser.open(page)
    browser.evaluate(f"document.querySelector('#address').value = {ANN!r}")
    browser.click(".search button")
    browser.wait("document.querySelector('.story')")
    assert_sound(browser, f"why-{width}-{'dark' if dark else 'light'}")
    assert browser.evaluate("location.href") == page + "why"


@looks
def test_who_are_you(page, browser, width, dark):
    browser.headers(**{"X-Forwarded-For": "192.0.2.1"})
    browser.look(width, dark=dark)
    browser.open(page)
    assert "Who are you?" in browser.text()
    browser.said.clear()  # Chromium says that the answer was 401
    assert_sound(browser, f"sign-in-{width}-{'dark' if dark else 'light'}")


def test_nothing_comes_from_elsewhere(busy, page, browser):
    browser.open(page)
    assert browser.requested
    assert all(url.startswith(page) for url in browser.requested if url != "about:blank")


def test_it_can_be_read_without_a_script(busy, page, browser):
    browser.script_off()
    browser._send("Page.navigate", url=page)
    browser.wait("document.querySelector('#changes')")
    assert browser.evaluate("document.querySelectorAll('form.act:not([hidden])').length") == 0
    assert "Bounce rate" in browser.text()


def test_a_keyboard_is_enough(busy, page, browser):
    browser.open(page)
    browser.press("Tab", 9)
    assert browser.evaluate("document.activeElement.textContent") == "Skip to the content"
    browser.press("Enter", 13)
    browser.wait("document.activeElement.id == 'main'")
    browser.evaluate("document.querySelector('#address').focus()")
    browser.type(BEN)
    browser.press("Enter", 13)
    browser.wait("location.pathname == '/why' && document.querySelector('.story')")


# --- that it acts


def story_of(browser: Browser, page: str, address: str) -> None:
    browser.open(page)
    browser.evaluate(f"document.querySelector('#address').value = {address!r}")
    browser.click(".search button")
    browser.wait("document.querySelector('.why form.act:not([hidden])')")


def said(browser: Browser, text: str) -> None:
    browser.wait(f"document.querySelector('#said').textContent.includes({text!r})")


def test_it_adds_with_a_note(busy, page, browser):
    story_of(browser, page, "dora@post.example")
    browser.evaluate("document.querySelector('.act [name=note]').value = 'a letter came'")
    browser.click(".act button")
    sign_in(browser)
    said(browser, "Done")
    (row,) = busy.rows("SELECT * FROM suppression_log WHERE address = 'dora@post.example'")
    assert (row["actor"], row["note"], row["origin"]) == ("shop", "a letter came", "api")
    assert "dora@post.example must not be mailed" in browser.text()
    assert browser.said == [] and browser.faults() == []


def test_it_removes_and_the_token_is_typed_once(busy, page, browser):
    story_of(browser, page, BEN)
    browser.click(".act button.grave")
    sign_in(browser)
    said(browser, "Done")
    assert BEN not in busy.suppressed()
    story_of(browser, page, "carl@post.example")
    browser.click(".act button.grave")
    said(browser, "Done")
    assert "carl@post.example" not in busy.suppressed()
    assert browser.evaluate("document.cookie + Object.keys(localStorage).join()") == ""


def test_a_complaint_asks_twice(busy, page, browser):
    story_of(browser, page, ANN)
    browser.click(".act button.grave")
    browser.wait("document.querySelector('#sure-dialog[open]')")
    picture(browser, "sure-1440-light")
    assert browser.faults() == []
    browser.click("#sure-dialog [data-cancel]")
    browser.wait("!document.querySelector('#sure-dialog[open]')")
    assert ANN in busy.suppressed()
    browser.click(".act button.grave")
    browser.click("#sure-dialog button[value=ok]")
    assert browser.evaluate("!!document.querySelector('#sure-dialog[open]')"), "unticked"
    browser.click("#sure-dialog [type=checkbox]")
    browser.click("#sure-dialog button[value=ok]")
    sign_in(browser)
    said(browser, "Done")
    assert ANN not in busy.suppressed()


@pytest.mark.parametrize("word, left", [("Release", "released"), ("Drop", "dropped")])
def test_it_decides_about_what_is_held(busy, page, browser, word, left):
    browser.open(page)
    held = busy.value("SELECT count(*) FROM held")
    assert held > 0
    button = "Array.from(document.querySelectorAll('#held ~ .rows .act button'))"
    browser.evaluate(f"{button}.find(b => b.textContent == {word!r}).click()")
    sign_in(browser)
    said(browser, "Done")
    assert busy.value("SELECT count(*) FROM held") == held - 1
    assert busy.value("SELECT action FROM suppression_log ORDER BY id DESC LIMIT 1") == left
    assert browser.said == []


def test_a_token_that_may_not_write_is_asked_again(busy, page, browser):
    story_of(browser, page, BEN)
    browser.click(".act button.grave")
    sign_in(browser, "wrong")
    browser.wait("document.querySelector('#token-fault').textContent.includes('Nobody knows')")
    sign_in(browser, api.READER)
    browser.wait("document.querySelector('#token-fault').textContent.includes('may read only')")
    assert browser.faults() == []
    sign_in(browser)
    said(browser, "Done")


def test_from_elsewhere_everything_goes_through_the_token(busy, page, browser):
    browser.headers(**{"X-Forwarded-For": "192.0.2.1"})
    browser.open(page)
    browser.wait("document.activeElement.id == 'sign-in-token'")
    browser.type("wrong")
    browser.press("Enter", 13)
    browser.wait("document.querySelector('#sign-in-fault').textContent.includes('Nobody')")
    browser.evaluate("document.querySelector('#sign-in-token').value = ''")
    browser.type(api.WRITER)
    browser.press("Enter", 13)
    browser.wait("document.querySelector('#changes')")
    browser.evaluate(f"document.querySelector('#address').value = {ANN!r}")
    browser.click(".search button")
    browser.wait("document.querySelector('.story')")
    assert browser.evaluate("location.pathname") == "/"
    browser.click(".back a")
    browser.wait("document.querySelector('#changes')")
    browser.open(page + "#again")  # the tab remembers
    browser.wait("document.querySelector('#changes')")


# --- the README's picture


@pytest.mark.skipif("README_PICTURE" not in os.environ, reason="contrib/screenshots.sh takes it")
def test_take_the_picture_of_the_readme(busy, page, browser):
    browser.look(1200, 800)
    browser.open(page)
    browser.picture(Path(os.environ["README_PICTURE"]), height=800)
