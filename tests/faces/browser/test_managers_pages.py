"""The manager with a browser: from signing in to a release; every page for everybody."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mailer import campaigns
from mailer.base.settings import templates_dir
from mailer.base.tokens import Purpose
from mailer.content import StoredFiles, read_files, read_issue
from mailer.worker import tasks
from subscribers import audiences
from tests.faces.browser.conftest import Site, is_as_wide_as_its_window, serious_findings
from tests.support.browser import new_context


def the_sample(site: Site) -> str:
    """The sample issue, stored; gives its slug."""
    now = site.app.clock()
    with site.app.database.begin() as session:
        revision = campaigns.store_revision(
            session, read_issue(templates_dir() / "sample"), now=now, author="tests", origin="sample"
        )
        return campaigns.issue_of_revision(session, revision)[0].slug


def test_the_manager_signs_in_looks_and_releases(site: Site, page: Page) -> None:
    slug = the_sample(site)
    for email, groups in (("ada@example.org", ("academic", "industry")), ("dai@example.org", ("outreach",))):
        site.a_person(email, *groups)

    page.goto(site.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")

    page.get_by_role("link", name="Issues", exact=True).click()
    page.get_by_role("link", name="Preview").click()
    page.get_by_role("link", name="Outreach").click()
    letter = page.frame_locator("iframe.letter")
    expect(letter.get_by_role("heading", level=1)).to_be_visible()
    expect(letter.locator("img").first).not_to_have_js_property("naturalWidth", 0)
    page.get_by_role("link", name="Text").click()
    expect(letter.locator("body")).to_contain_text("Unsubscribe", ignore_case=True)

    page.get_by_role("link", name="Send it").click()
    page.get_by_role("button", name="Make the campaign").click()
    page.get_by_role("link", name="Look it over and release").click()
    page.get_by_label("At this time").check()
    page.get_by_label("Day").fill("2099-01-05")
    page.get_by_label("Time", exact=True).fill("09:00")
    page.get_by_label("Zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Choose this time").click()
    expect(page.get_by_text("Monday 5 January 2099, 09:00 CET (UTC+01:00)")).to_be_visible()

    for box in page.get_by_role("group", name="I accept").get_by_role("checkbox").all():
        box.check()
    page.get_by_label("Type the number of people who get it").fill("3")
    page.get_by_role("button", name="Release to 2 people").click()
    expect(page.get_by_role("alert")).to_contain_text("3 was typed")

    page.get_by_label("Type the number of people who get it").fill("2")
    page.get_by_role("button", name="Release to 2 people").click()
    expect(page.get_by_role("status")).to_contain_text("Released")
    expect(page.get_by_text("Monday 5 January 2099, 09:00 CET (UTC+01:00)")).to_be_visible()

    page.get_by_role("button", name="Recall").click()
    expect(page.get_by_role("status")).to_contain_text("It is a draft again")
    with site.app.database.read() as session:
        assert campaigns.campaign(session, slug).state == "draft"


def test_findings_lead_to_their_lines(site: Site, page: Page) -> None:
    slug = the_sample(site)
    page.goto(site.sign_in_link())
    page.get_by_role("button", name="Sign in").click()

    page.goto(f"{site.url}/issues/{slug}")
    text = page.get_by_label("Text", exact=True)
    text.fill(text.input_value() + "\n{{ nobody_has_this }}\n")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="unknown-field").or_(page.locator(".findings li:has(.tag.error) a")).first.click()

    expect(page.locator(".source li:target")).to_contain_text("nobody_has_this")


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["desktop-light", "phone-dark"])
def test_nobody_is_kept_out_of_a_managers_page(site: Site, browser: Browser, *, phone: bool, dark: bool) -> None:
    slug = the_sample(site)
    site.a_person("ada@example.org", "academic", "industry")
    now = site.app.clock()
    with site.app.database.begin() as session:
        revision_id = campaigns.store_revision(session, read_issue(templates_dir() / "sample"), now=now, author="tests")
        campaign_id = campaigns.create(session, revision_id, audiences=["academic"], now=now, actor="tests")
    context = new_context(browser, phone=phone, dark=dark)
    page = context.new_page()
    page.goto(site.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{site.url}/people")
    person = page.locator("tbody a").first.get_attribute("href")
    for address in (
        "/",
        "/issues",
        "/issues/new",
        f"/issues/{slug}",
        f"/issues/{slug}/preview",
        "/campaigns",
        "/campaigns/new",
        f"/campaigns/{campaign_id}",
        f"/campaigns/{campaign_id}/edit",
        f"/campaigns/{campaign_id}/progress",
        f"/campaigns/{campaign_id}/release?when=now",
        "/people",
        person or "",
        "/people/new",
        "/people/import",
        "/audiences",
        "/audiences/academic",
        "/mailbox",
        "/settings",
        "/audit",
        "/docs",
        "/nothing",
    ):
        page.goto(f"{site.url}{address}")
        assert serious_findings(page) == [], address
        assert is_as_wide_as_its_window(page), address
    context.close()


def test_a_long_word_of_somebodys_makes_no_page_wider_than_a_phone(site: Site, phone_page: Page) -> None:
    page, long = phone_page, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    now = site.app.clock()
    with site.app.database.begin() as session:
        audiences.add_audience(session, "long", long, description=long)
        issue = read_files(StoredFiles({"issue.md": f"# {long}\n\nHello.\n".encode()}), "issue.md")
        revision_id = campaigns.store_revision(session, issue, now=now, author="tests")
        slug = campaigns.issue_of_revision(session, revision_id)[0].slug
        campaign_id = campaigns.create(session, revision_id, audiences=["long"], now=now, actor="tests")
    person = site.a_person("ada@example.org", "long", name=long)
    page.goto(site.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{site.url}/people")
    about = page.locator("tbody a").first.get_attribute("href") or ""
    preferences = site.link(Purpose.PREFERENCES, person, 0).removeprefix(site.url)

    wide = [
        address
        for address in (
            "/",
            f"/issues/{slug}",
            f"/issues/{slug}/preview",
            "/campaigns/new",
            f"/campaigns/{campaign_id}",
            f"/campaigns/{campaign_id}/edit",
            f"/campaigns/{campaign_id}/release?when=now",
            "/people",
            about,
            "/people/new",
            "/people/import",
            "/audiences",
            "/audiences/long",
            "/subscribe",
            preferences,
        )
        if page.goto(f"{site.url}{address}") and not is_as_wide_as_its_window(page)
    ]

    assert wide == []


def test_a_file_of_people_is_looked_at_and_brought_in_by_a_worker(site: Site, browser: Browser, tmp_path: Path) -> None:
    """Without any script: the page that waits for the worker loads itself anew."""
    page = browser.new_context(java_script_enabled=False).new_page()
    file = tmp_path / "people.csv"
    file.write_text("E-Mail,Full name\nnew@example.org,New\nnonsense,Nobody\n", encoding="utf-8")
    page.goto(site.sign_in_link())
    page.get_by_role("button", name="Sign in").click()

    page.goto(f"{site.url}/people/import")
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Academic").check()
    page.get_by_label("Subscribed", exact=False).nth(0).check()
    page.get_by_label("What they agreed to").fill("signed a list at the workshop")
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert is_as_wide_as_its_window(page)
    tasks.JOBS["import_people"](site.app, 1)
    expect(page.get_by_role("status")).to_contain_text("Nothing was changed", timeout=15_000)
    page.get_by_role("button", name="Import 1 person").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    tasks.JOBS["import_people"](site.app, 1)
    expect(page.get_by_role("status")).to_contain_text("Imported", timeout=15_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all rejected rows").click()
    assert "nonsense" in download.value.path().read_text(encoding="utf-8")
    page.goto(f"{site.url}/people?search=new")
    expect(page.get_by_role("link", name="new@example.org")).to_be_visible()
    page.context.close()


def test_a_reader_sees_the_letter_in_the_browser(site: Site, page: Page) -> None:
    slug = the_sample(site)
    page.goto(site.link(Purpose.VIEW, 0, 0, 1))

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("img").first).not_to_have_js_property("naturalWidth", 0)
    page.get_by_role("link", name="Unsubscribe").click()
    expect(page.get_by_text("test copy")).to_be_visible()
    assert slug
