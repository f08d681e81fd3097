"""The frame in a campaign's page that tells how far it is: whatever it tells can be read without scrolling in it."""

import pytest
from playwright.sync_api import Page, expect

from mailer import campaigns
from mailer.delivery.throughput import tally
from tests.faces.browser.conftest import Site
from tests.faces.web.builders import a_frozen_campaign, hold_back_all_but_one


@pytest.mark.parametrize("is_held_up", [False, True], ids=["well", "held up"])
@pytest.mark.parametrize("width", [375, 640, 768, 1000, 1280])
def test_nothing_of_it_is_cut_off(site: Site, page: Page, width: int, *, is_held_up: bool) -> None:
    now = site.app.clock()
    name = a_frozen_campaign(site.app, 4, now=now)
    with site.app.database.begin() as session:
        tally(session, name, {"accepted": 1}, now=now)
    if is_held_up:
        hold_back_all_but_one(site.app, now=now)
        with site.app.database.begin() as session:
            campaigns.note_trouble(session, name, detail="relay smtp.example.org:587: 421 4.3.2 too many, come later")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(site.sign_in_link())
    page.get_by_role("button", name="Sign in").click()

    page.goto(f"{site.url}/campaigns/{name}")

    told = page.frame_locator("iframe.live").locator("main")
    expect(told).to_contain_text("come later" if is_held_up else "done at about")
    needed = told.evaluate("main => document.documentElement.scrollHeight - innerHeight")
    assert needed <= 0
