"""Segments with a browser: a campaign is narrowed by them, and an edit of one asks anew."""

import pytest
from playwright.sync_api import Browser, Page, expect

from mailer import campaigns
from mailer.base.settings import templates_dir
from mailer.content import read_issue
from subscribers import segments
from tests.faces.browser.conftest import Site, is_as_wide_as_its_window, serious_findings
from tests.support.browser import new_context

FILTERS = {
    "british": ("British universities", "email ends with .ac.uk"),
    "press": ("Press", 'tag = press or name contains "a very long name of somebody that does not fit on a telephone"'),
}


@pytest.fixture
def narrowed_site(site: Site) -> Site:
    """The sample issue, three people and two segments."""
    now = site.app.clock()
    for email in ("ada@bath.ac.uk", "bea@leeds.ac.uk", "cy@firm.example"):
        site.a_person(email, "academic")
    with site.app.database.begin() as session:
        campaigns.store_revision(session, read_issue(templates_dir() / "sample"), now=now, author="tests")
        for slug, (name, text) in FILTERS.items():
            segments.add_segment(session, slug, name, text, now=now, actor="tests")
    return site


def test_the_manager_narrows_a_campaign_and_is_asked_when_a_segment_changes(narrowed_site: Site, page: Page) -> None:
    site = narrowed_site
    page.goto(site.sign_in_link())
    page.get_by_role("button", name="Sign in").click()

    page.goto(f"{site.url}/campaigns/new")
    page.get_by_label("Academic").check()
    page.get_by_text("Narrow it by segments").click()
    page.get_by_role("group", name="Only people in at least one of these").get_by_label("British").check()
    page.get_by_role("group", name="Nobody in any of these").get_by_label("Press").check()
    page.get_by_role("button", name="Make the campaign").click()
    expect(page.get_by_text("email ends with .ac.uk")).to_be_visible()

    page.get_by_role("link", name="Look it over and release").click()
    expect(page.get_by_text("1 outside the segments")).to_be_visible()
    page.get_by_label("At this time").check()
    page.get_by_label("Day").fill("2099-01-05")
    page.get_by_label("Time", exact=True).fill("09:00")
    page.get_by_role("button", name="Choose this time").click()
    for box in page.get_by_role("group", name="I accept").get_by_role("checkbox").all():
        box.check()
    page.get_by_label("Type the number of people who get it").fill("2")
    page.get_by_role("button", name="Release to 2 people").click()
    expect(page.get_by_role("status")).to_contain_text("Released")

    page.goto(f"{site.url}/segments")
    expect(page.get_by_text("Used by").first).to_be_visible()
    page.get_by_role("button", name="Delete British universities").click()
    expect(page.get_by_role("alert")).to_contain_text("uses the segment british")

    page.goto(f"{site.url}/segments/british/edit")
    expect(page.get_by_role("status")).to_contain_text("2 people now")
    page.get_by_label("Filter").fill("email ends with bath.ac.uk")
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_role("status")).to_contain_text("1 person now")
    expect(page.get_by_label("Filter")).to_have_value("email ends with bath.ac.uk")
    page.goto(f"{site.url}/segments/british/edit")
    expect(page.get_by_label("Filter")).to_have_value("email ends with .ac.uk")
    page.goto(f"{site.url}/segments")
    page.get_by_role("link", name="Edit British universities").click()
    page.get_by_label("Filter").fill("email contains .ac.uk")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("it waits for your decision")
    page.get_by_role("row", name="British").locator('a[href^="/campaigns/"]').click()
    expect(page.get_by_text("A segment is not what was approved")).to_be_visible()
    page.get_by_role("button", name="Recall").click()
    expect(page.get_by_text("email contains .ac.uk")).to_be_visible()


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["desktop-light", "phone-dark"])
def test_nobody_is_kept_out_of_a_page_with_segments(
    narrowed_site: Site, browser: Browser, *, phone: bool, dark: bool
) -> None:
    site = narrowed_site
    now = site.app.clock()
    with site.app.database.begin() as session:
        revision = campaigns.list_issues(session)[0].revision_id
        campaign_id = campaigns.create(
            session, revision, audiences=["academic"], wanted=["british"], excluded=["press"], now=now, actor="tests"
        )
    context = new_context(browser, phone=phone, dark=dark)
    page = context.new_page()
    page.goto(site.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    for address in (
        "/campaigns/new",
        f"/campaigns/{campaign_id}",
        f"/campaigns/{campaign_id}/release?when=now",
        "/segments",
        "/segments/press/edit",
    ):
        page.goto(f"{site.url}{address}")
        for summary in page.locator("main summary").all():
            summary.click()
        assert serious_findings(page) == [], address
        assert is_as_wide_as_its_window(page), address
    context.close()
