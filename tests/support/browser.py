"""Chromium, headless, which reaches loopback and nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


def chromium_path() -> str:
    """The installed browser; a machine without one fails the test that needs it, it skips nothing."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    if mac.exists():
        return str(mac)
    message = "no Chromium: install it (Debian: apt-get install chromium)"
    raise FileNotFoundError(message)


def only_loopback(route: Route) -> None:
    """Let a request through where it stays on this machine."""
    parts = urlsplit(route.request.url)
    if parts.scheme in ("data", "blob", "about", "file") or parts.hostname in ("127.0.0.1", "localhost", "::1"):
        route.continue_()
    else:
        route.abort("blockedbyclient")


def new_context(browser: Browser, *, phone: bool = False, script: bool = True, dark: bool = False) -> BrowserContext:
    """A fresh browser context: no cookie of another test, no way out."""
    width, height = (PHONE if phone else DESKTOP).values()
    context = browser.new_context(
        viewport={"width": width, "height": height},
        java_script_enabled=script,
        color_scheme="dark" if dark else "light",
        locale="en-GB",
        timezone_id="Europe/London",
        service_workers="block",
    )
    context.set_default_timeout(15_000)
    context.route("**/*", only_loopback)
    return context


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium_path(), args=list(ARGUMENTS), chromium_sandbox=False, timeout=60_000
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a desktop."""
    context = new_context(browser)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone_page(browser: Browser) -> Iterator[Page]:
    """A page on a phone."""
    context = new_context(browser, phone=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def scriptless_page(browser: Browser) -> Iterator[Page]:
    """A page whose scripts do not run."""
    context = new_context(browser, script=False)
    yield context.new_page()
    context.close()
