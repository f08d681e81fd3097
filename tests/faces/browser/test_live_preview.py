"""`mailer preview` in a real browser: it reloads on save without losing the place, and everybody can use it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from mailer.specimen import sample_frame
from mailer.web.preview import Surroundings, create_preview
from tests.faces.browser.conftest import is_as_wide_as_its_window, serious_findings
from tests.support.browser import new_context

SAMPLE = Path(__file__).parents[3] / "templates" / "sample"
Edit = Callable[[str, str], None]


@pytest.fixture
def issue(tmp_path: Path) -> Path:
    folder = tmp_path / "issue"
    shutil.copytree(SAMPLE, folder)
    return folder


@pytest.fixture
def edit(issue: Path) -> Edit:
    """Saves the issue as an editor does: a new file is put in the place of the old one."""

    def saved(before: str, after: str) -> None:
        text = (issue / "issue.md").read_text(encoding="utf-8")
        assert before in text
        (issue / "issue.md~").write_text(text.replace(before, after, 1), encoding="utf-8")
        (issue / "issue.md~").replace(issue / "issue.md")

    return saved


@pytest.fixture
def url(issue: Path, tmp_path: Path) -> Iterator[str]:
    web = create_preview(issue, Surroundings(sample_frame(), tmp_path / "formulas"))
    server = uvicorn.Server(uvicorn.Config(web, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def seen(page: Page) -> Iterator[Page]:
    """A page that must not meet an error of its script."""
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    yield page
    assert faults == []


def scrolled(page: Page) -> float:
    return float(page.evaluate("document.querySelector('iframe:not(.coming)').contentWindow.scrollY"))


def scroll_letter(page: Page, to: int) -> None:
    page.evaluate(f"document.querySelector('iframe').contentWindow.scrollTo(0, {to})")


def test_a_save_is_shown_in_its_place_without_losing_the_place(seen: Page, url: str, edit: Edit) -> None:
    seen.goto(url)
    letter = seen.frame_locator("iframe:not(.coming)")
    expect(letter.get_by_text("Since February 2022")).to_be_visible()
    seen.get_by_text("Phone", exact=True).click()
    seen.get_by_label("outreach").uncheck()
    expect(seen.locator("iframe.phone:not(.coming):not([src*=outreach])")).to_be_visible()
    scroll_letter(seen, 900)
    seen.get_by_label("industry").focus()
    edit("Since February 2022 the", "Since March 2022 the")
    expect(letter.get_by_text("Since March 2022")).to_be_visible()
    assert scrolled(seen) == 900
    assert seen.get_by_label("Phone", exact=True).is_checked()
    assert not seen.get_by_label("outreach").is_checked()
    assert seen.evaluate("document.activeElement.value") == "industry"
    assert "width=phone" in seen.url
    seen.reload()
    assert seen.get_by_label("Phone", exact=True).is_checked()


def test_text_and_source_keep_their_place_too(seen: Page, url: str, edit: Edit) -> None:
    seen.goto(f"{url}/?show=source")
    seen.evaluate("document.querySelector('#view').scrollTop = 700")
    edit("Since February 2022 the", "Since March 2022 the")
    expect(seen.locator("#view")).to_contain_text("Since March 2022")
    assert seen.evaluate("document.querySelector('#view').scrollTop") == 700
    seen.get_by_text("Plain text", exact=True).click()
    expect(seen.locator("#view.text")).to_contain_text("Since March 2022")
    expect(seen.locator("iframe")).to_have_count(0)


def test_what_comes_in_above_moves_nothing_away(seen: Page, url: str, edit: Edit) -> None:
    seen.goto(url)
    letter = seen.frame_locator("iframe:not(.coming)")
    expect(letter.get_by_text("Since February 2022")).to_be_visible()
    scroll_letter(seen, 2000)
    heading = letter.get_by_role("heading", name="Error bars for pictures")
    before = heading.evaluate("found => found.getBoundingClientRect().top")
    edit("Since February 2022 the", "Word " * 300 + "\n\nSince March 2022 the")
    expect(letter.get_by_text("Since March 2022")).to_be_attached()
    assert scrolled(seen) > 2200
    assert abs(heading.evaluate("found => found.getBoundingClientRect().top") - before) <= 1
    seen.get_by_text("Source", exact=True).click()
    line = seen.locator("#view li", has_text="## Error bars for pictures")
    line.scroll_into_view_if_needed()
    before = line.evaluate("found => found.getBoundingClientRect().top")
    edit("Since March 2022 the", "Many\n\nlines\n\nmore\n\nSince April 2022 the")
    expect(seen.locator("#view")).to_contain_text("Since April 2022")
    assert abs(line.evaluate("found => found.getBoundingClientRect().top") - before) <= 1


def test_findings_that_are_being_read_are_renewed_and_keep_the_focus(seen: Page, url: str, edit: Edit) -> None:
    edit("Dear {{ first_name", "TODO the the dear {{ first_name")
    seen.goto(url)
    seen.locator("#findings a").last.focus()
    edit("TODO the the dear", "XXX dear")
    expect(seen.locator("#findings h2")).to_have_text("1 finding")
    expect(seen.locator("#findings li")).to_contain_text("XXX")
    expect(seen.locator("#findings a")).to_be_focused()
    edit("XXX dear", "Dear")
    expect(seen.locator("#findings h2")).to_have_text("No findings")


def test_the_inbox_line_is_that_of_the_audience(seen: Page, url: str) -> None:
    seen.goto(url)
    seen.get_by_label("academic").uncheck()
    seen.get_by_label("industry").uncheck()
    expect(seen.locator("#facts")).to_contain_text("fold a strip of paper seven times")
    expect(seen.locator("#facts")).to_contain_text("A puzzle, a family day at the British Library")


def test_a_finding_leads_to_its_line(seen: Page, url: str, edit: Edit) -> None:
    seen.goto(url)
    expect(seen.locator("#findings h2")).to_have_text("No findings")
    edit("Dear {{ first_name", "The the dear {{ first_name")
    expect(seen.locator("#findings h2")).to_have_text("1 finding")
    expect(seen.get_by_role("status")).to_have_text("1 finding")
    seen.get_by_role("link", name="Line 21").press("Enter")
    expect(seen.locator("#L21")).to_be_focused()
    expect(seen.locator("#L21")).to_contain_text("doubled-word")
    expect(seen.locator("#L21")).to_be_in_viewport()
    assert "show=source" in seen.url
    edit("The the dear", "Dear")
    expect(seen.locator("#findings h2")).to_have_text("No findings")
    expect(seen.locator("#view .told")).to_have_count(0)


def test_an_issue_that_is_broken_or_gone_for_a_moment_leaves_the_last_letter_standing(
    seen: Page, url: str, issue: Path, edit: Edit
) -> None:
    seen.goto(url)
    letter = seen.frame_locator("iframe:not(.coming)")
    expect(letter.get_by_text("Since February 2022")).to_be_visible()
    edit("number: 1", "number: [1")
    expect(seen.get_by_role("alert")).to_contain_text("not valid YAML")
    expect(letter.get_by_text("Since February 2022")).to_be_visible()
    text = (issue / "issue.md").read_text(encoding="utf-8")
    (issue / "issue.md").unlink()
    expect(seen.get_by_role("alert")).to_contain_text("has no issue.md")
    (issue / "issue.md").write_text(
        text.replace("[1", "2").replace("February 2022 the", "April 2022 the"), encoding="utf-8"
    )
    expect(letter.get_by_text("Since April 2022")).to_be_visible()
    expect(seen.get_by_role("alert")).to_have_count(0)


def test_a_page_opened_on_a_broken_issue_comes_to_life(page: Page, url: str, edit: Edit) -> None:
    edit("number: 1", "number: [1")
    page.goto(url)
    expect(page.get_by_role("heading", name="This issue cannot be read")).to_be_visible()
    edit("number: [1", "number: 1")
    expect(page.get_by_role("heading", name="Mathematics of Deep Learning")).to_be_visible()


def test_dark_and_images_off_change_the_letter(seen: Page, url: str) -> None:
    seen.goto(url)
    ground = "getComputedStyle(document.querySelector('iframe:not(.coming)').contentDocument.querySelector('.s')).backgroundColor"
    assert seen.evaluate(ground) == "rgb(255, 255, 255)"
    seen.get_by_label("in the dark").check()
    expect(seen.locator(".dark iframe:not(.coming)[src*='dark=True']")).to_be_visible()
    assert seen.evaluate(ground) != "rgb(255, 255, 255)"
    loaded = "[...document.querySelector('iframe:not(.coming)').contentDocument.images].filter(one => one.naturalWidth).length"
    assert seen.evaluate(loaded) > 0


def test_images_off_loads_none(page: Page, url: str) -> None:
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(answer.url) if "/pictures/" in answer.url else None)
    page.goto(f"{url}/?bare=true")
    expect(page.frame_locator("iframe").get_by_text("Since February 2022")).to_be_visible()
    assert asked == []


def test_it_is_worked_by_keyboard(seen: Page, url: str) -> None:
    seen.goto(url)
    seen.get_by_label("Letter", exact=True).focus()
    seen.keyboard.press("ArrowRight")
    expect(seen.locator("#view.text pre")).to_be_visible()
    expect(seen.get_by_label("Plain text", exact=True).first).to_be_focused()
    seen.keyboard.press("Tab")
    seen.keyboard.press("ArrowLeft")
    assert "width=phone" in seen.url
    seen.get_by_role("combobox", name="Named").select_option("from right to left")
    expect(seen.locator("#view pre")).to_contain_text("مريم")


def test_it_works_without_scripts(scriptless_page: Page, url: str) -> None:
    scriptless_page.goto(url)
    scriptless_page.get_by_label("Source").check(force=True)
    scriptless_page.get_by_role("button", name="Show").click()
    expect(scriptless_page.locator("#L21")).to_contain_text("Dear")


@pytest.mark.parametrize("show", ["letter", "text", "source"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nobody_is_kept_out(browser: Browser, url: str, edit: Edit, show: str, dark: bool) -> None:  # noqa: FBT001
    edit("Dear {{ first_name", "The the dear $\\nosuch$ {{ first_name")
    for phone in (False, True):
        context = new_context(browser, phone=phone, dark=dark)
        page = context.new_page()
        page.goto(f"{url}/?show={show}&width=phone")
        expect(page.locator("#findings h2")).to_have_text("2 findings")
        assert serious_findings(page) == []
        assert is_as_wide_as_its_window(page)
        context.close()
