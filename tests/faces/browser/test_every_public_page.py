"""Every public page in a real browser: in three languages, on a phone in the dark, without scripts, and before a scanner."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from mailer.base.tables import SubscriberId
from mailer.base.tokens import Purpose
from subscribers import people, sign_ups
from subscribers.models import AddressChange
from tests.faces.browser.conftest import Site, is_as_wide_as_its_window, serious_findings
from tests.faces.web.builders import everything
from tests.support.browser import PHONE, new_context, only_loopback


def change_link(site: Site, person: SubscriberId) -> str:
    """The link at the new address of whoever has asked for a change."""
    with site.app.database.read() as session:
        change = session.scalars(select(AddressChange.id)).one()
    return f"{site.url}/address/{site.app.keys.sign(Purpose.CHANGE_ADDRESS, person, change)}"


def ask_to_move(site: Site, page: Page, person: SubscriberId, address: str) -> None:
    page.goto(site.link(Purpose.PREFERENCES, person, 0))
    page.get_by_label("New email address").fill(address)
    page.get_by_role("button", name="Send me the link").click()


def test_a_reader_moves_to_another_address(site: Site, scriptless_page: Page) -> None:
    page, ada = scriptless_page, site.a_person("ada@example.org", "academic")
    ask_to_move(site, page, ada, "ada@new.example.org")
    expect(page.get_by_role("status")).to_contain_text("a mail with a link is on its way")

    page.goto(change_link(site, ada))
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this your new address?")
    page.get_by_role("button", name="Yes, write to me here").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your address is changed")
    with site.app.database.read() as session:
        assert people.find_person(session, "ada@new.example.org", now=site.app.clock()).id == ada


def test_a_wrong_new_address_is_found_by_who_cannot_see_it(site: Site, page: Page) -> None:
    ask_to_move(site, page, site.a_person("ada@example.org", "academic"), "nonsense")
    field = page.get_by_label("New email address")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("no address"))
    assert serious_findings(page) == []


def test_a_reader_takes_their_data_away_and_is_erased(site: Site, page: Page) -> None:
    ada = site.a_person("ada@example.org", "academic")
    page.goto(site.link(Purpose.PREFERENCES, ada, 0))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my data").click()
    assert '"ada@example.org"' in Path(download.value.path()).read_text(encoding="utf-8")

    page.get_by_text("Erase me", exact=True).first.click()
    page.get_by_label("To erase everything, write your address").fill("ada@example.org")
    page.get_by_role("button", name="Erase me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are erased")
    assert serious_findings(page) == []
    with site.app.database.read() as session:
        assert people.person_by_id(session, ada, now=site.app.clock()) is None


def test_a_page_is_read_in_another_language_by_a_link(site: Site, scriptless_page: Page) -> None:
    page, ada = scriptless_page, site.a_person("ada@example.org", "academic", "industry")
    page.goto(site.link(Purpose.UNSUBSCRIBE, ada, 0))
    page.get_by_role("link", name="Français").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Se désabonner")
    page.get_by_role("button", name="3 mois").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_text(re.compile("En pause jusqu’au"))).to_be_visible()


@pytest.mark.parametrize("language", ["de", "fr"])
def test_every_page_in_another_language_keeps_nobody_out(site: Site, browser: Browser, language: str) -> None:
    ada = site.a_person("ada@example.org", "academic", "industry")
    context = browser.new_context(viewport=PHONE, color_scheme="dark", locale=language, java_script_enabled=True)  # type: ignore[arg-type]
    context.route("**/*", only_loopback)
    page = context.new_page()
    page.goto(site.link(Purpose.PREFERENCES, ada, 0))
    page.locator("#new-address").fill("ada@new.example.org")
    page.locator("#moving button").click()
    addresses = [
        page.url,
        change_link(site, ada),
        f"{site.url}/subscribe",
        f"{site.url}/archive",
        f"{site.url}/confirm/cut-off",
        site.link(Purpose.UNSUBSCRIBE, ada, 0),
        site.link(Purpose.UNSUBSCRIBE, 0, 0),
        site.link(Purpose.CONFIRM, ada),
        f"{site.url}/view/{site.app.keys.sign(Purpose.VIEW, 0, 0, 0)}",
    ]
    for address in addresses:
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert serious_findings(page) == [], address
        assert is_as_wide_as_its_window(page), address
    page.goto(change_link(site, ada))
    page.locator("form button").click()
    page.wait_for_url("**done=moved*")
    assert serious_findings(page) == []
    context.close()


def test_a_scanner_that_opens_every_link_and_runs_what_is_there_changes_nothing(site: Site, browser: Browser) -> None:
    ada, bob = site.a_person("ada@example.org", "academic"), site.a_person("bob@example.org", "academic")
    with site.app.database.begin() as session:
        sign_ups.write_down(
            session, "new@example.org", name="", language="en", audience_slugs=["academic"], wording="w", source="t",
            now=site.app.clock(),
        )  # fmt: skip
    context = new_context(browser)
    page = context.new_page()
    ask_to_move(site, page, bob, "bob@new.example.org")
    with site.app.database.read() as session:
        new = people.find_person(session, "new@example.org", now=site.app.clock())
        before = everything(session)
    for address in (
        site.link(Purpose.UNSUBSCRIBE, ada, 0),
        site.link(Purpose.PREFERENCES, ada, 0),
        site.link(Purpose.CONFIRM, new.id),
        change_link(site, bob),
    ):
        page.goto(address, wait_until="networkidle")
        for link in page.get_by_role("link").evaluate_all("links => links.map(link => link.href)"):
            if link.startswith(site.url):
                page.goto(link, wait_until="networkidle")
        assert page.evaluate("document.scripts.length") == 0
    with site.app.database.read() as session:
        assert everything(session) == before
    assert context.cookies() == []
    context.close()


@pytest.fixture
def university(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Somebody else's web site: a folder, and its address on another port."""
    folder = tmp_path / "university"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""


def test_the_form_that_the_manager_copies_works_in_anybodys_page(
    site: Site, page: Page, scriptless_page: Page, university: tuple[Path, str]
) -> None:
    page.goto(site.sign_in_link())
    page.get_by_role("button").click()
    page.goto(f"{site.url}/audiences?language=de")
    snippet = page.get_by_label("To copy").input_value()
    assert serious_findings(page) == []
    folder, url = university
    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; form-action *\">"
    (folder / "index.html").write_text(
        f"<!doctype html><html lang=de><meta charset=utf-8><title>Uni</title>{policy}<main><h1>Uni</h1>{snippet}</main>",
        encoding="utf-8",
    )

    theirs = scriptless_page
    theirs.goto(url)
    expect(theirs.get_by_label("Website")).to_be_hidden()
    theirs.get_by_label("E-Mail-Adresse").fill("neu@example.org")
    theirs.get_by_label("Academic").check()
    theirs.get_by_label("Outreach").check()
    theirs.get_by_role("button", name="Abonnieren").click()

    expect(theirs.get_by_role("heading", level=1)).to_have_text("Sehen Sie in Ihr Postfach")
    with site.app.database.read() as session:
        new = people.find_person(session, "neu@example.org", now=site.app.clock())
    assert new.language == "de"
    assert site.states(new.id) == {"academic": "unconfirmed", "outreach": "unconfirmed"}
