"""A subscriber with a browser: by mouse, by keyboard, on a phone, in the dark, without scripts."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from mailer.base.tokens import Purpose
from tests.faces.browser.conftest import Site, is_as_wide_as_its_window, serious_findings
from tests.support.browser import new_context


def test_a_reader_leaves_and_takes_it_back(site: Site, page: Page) -> None:
    ada = site.a_person("ada@example.org", "academic", "industry")

    page.goto(site.link(Purpose.UNSUBSCRIBE, ada, 0))
    expect(page.get_by_role("heading", level=1)).to_have_text("Unsubscribe")
    assert site.states(ada) == {"academic": "subscribed", "industry": "subscribed"}

    page.locator("summary").click()
    page.get_by_label("Say why, if you like").fill("Too many formulas")
    page.get_by_role("button", name="Leave everything").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    assert set(site.states(ada).values()) == {"unsubscribed"}

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Unsubscribe")
    assert set(site.states(ada).values()) == {"subscribed"}


def test_a_reader_pauses_instead(site: Site, phone_page: Page) -> None:
    ada = site.a_person("ada@example.org", "academic")

    phone_page.goto(site.link(Purpose.UNSUBSCRIBE, ada, 0))
    phone_page.get_by_role("button", name="3 months").click()
    expect(phone_page.get_by_text("Paused until")).to_be_visible()
    assert site.states(ada) == {"academic": "paused"}

    phone_page.get_by_role("button", name="End the pause").click()
    expect(phone_page.get_by_role("button", name="3 months")).to_be_visible()
    assert site.states(ada) == {"academic": "subscribed"}


def test_a_reader_chooses_by_keyboard_alone_and_without_scripts(site: Site, scriptless_page: Page) -> None:
    page, ada = scriptless_page, site.a_person("ada@example.org", "academic")

    page.goto(site.link(Purpose.PREFERENCES, ada, 0))
    for key in ("Tab", "Space", "Tab", "Space"):  # out of academic, into industry
        page.keyboard.press(key)
    page.get_by_label("Name").focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("Ada King")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_have_text("Your choices are saved.")
    assert site.states(ada) == {"academic": "unsubscribed", "industry": "subscribed"}
    expect(page.get_by_label("Name")).to_have_value("Ada King")


def test_pages_come_back_in_the_language_that_was_chosen(site: Site, page: Page) -> None:
    ada = site.a_person("ada@example.org", "academic")

    page.goto(site.link(Purpose.PREFERENCES, ada, 0))
    page.get_by_label("Language of these pages").select_option("de")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("status")).to_contain_text("Ihre Auswahl")
    expect(page.locator("html")).to_have_attribute("lang", "de")


def test_somebody_signs_up_and_confirms(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/subscribe")
    expect(page.get_by_label("Website")).to_be_hidden()
    page.get_by_label("Email address").fill("new@example.org")
    page.get_by_label("Academic").check()
    page.wait_for_timeout(1100)  # a person needs longer than a robot
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")

    with site.app.database.read() as session:
        from subscribers import people

        new = people.find_person(session, "new@example.org", now=site.app.clock())
    page.goto(site.link(Purpose.CONFIRM, new.id))
    page.get_by_role("button", name=re.compile("Yes")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")
    assert site.states(new.id) == {"academic": "subscribed"}


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["desktop-light", "phone-dark"])
def test_nobody_is_kept_out_of_a_subscribers_page(site: Site, browser: Browser, *, phone: bool, dark: bool) -> None:
    ada = site.a_person("ada@example.org", "academic", "industry")
    gone = site.a_person("gone@example.org", "academic")
    context = new_context(browser, phone=phone, dark=dark)
    page = context.new_page()
    addresses = [
        f"{site.url}/subscribe",
        f"{site.url}/archive",
        f"{site.url}/login",
        site.sign_in_link(),
        f"{site.url}/unsubscribe/cut-off",
        site.link(Purpose.UNSUBSCRIBE, ada, 0),
        site.link(Purpose.UNSUBSCRIBE, 0, 0),
        site.link(Purpose.PREFERENCES, ada, 0),
        site.link(Purpose.CONFIRM, ada),
    ]
    page.goto(site.link(Purpose.UNSUBSCRIBE, gone, 0))
    page.get_by_role("button", name="Leave everything").click()
    assert serious_findings(page) == []
    for address in addresses:
        page.goto(address)
        assert serious_findings(page) == [], address
        assert is_as_wide_as_its_window(page), address
    context.close()
