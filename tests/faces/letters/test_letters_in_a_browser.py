"""Compiled letters and web editions in Chromium: nothing serious for axe, nothing wider than a phone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from mailer.base.settings import templates_dir
from mailer.content import Issue, StoredFiles, read_files, read_issue
from mailer.rendering import Frame, Sender, render, web_edition
from mailer.rendering.showing import html_of, slots_of, with_picture_addresses
from tests.support.browser import new_context
from tests.support.samples import an_issue, the_real_issue, value_of

FRAME = Frame(
    sender=Sender("Maths4DL", "news@x.test", "University of Bath\nBath BA2 7AY, UK"),
    base_url="https://news.test",
    archive_url="https://news.test/archive/one",
)


def the_sample(theme: str) -> Issue:
    issue = read_issue(templates_dir() / "sample")
    return replace(issue, meta=replace(issue.meta, theme=theme))


def on_disk(issue: Issue, folder: Path, *, kind: str) -> str:
    """The page as a file beside its pictures; its address."""
    audiences = frozenset(issue.meta.audiences)
    if kind == "letter":
        letter = render(issue, audiences, FRAME)
        values = {slot: value_of(slot) for slot in slots_of(letter)}
        pictures, html = letter.pictures, with_picture_addresses(html_of(letter.html, values), letter, "")
    else:
        edition = web_edition(issue, audiences, FRAME)
        pictures, html = edition.pictures, edition.html.replace("https://news.test/media/", "")
    for picture in pictures:
        (folder / picture.name).write_bytes(picture.content)
    (folder / "page.html").write_text(html, encoding="utf-8")
    return (folder / "page.html").as_uri()


@pytest.fixture(params=["light", "dark"])
def phone(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = new_context(browser, phone=True, dark=request.param == "dark")
    yield context.new_page()
    context.close()


def barriers(page: Page, address: str) -> list[object]:
    """What keeps somebody from reading a page: it is wider than the screen, lacks a picture, or is a serious fault for axe."""
    page.goto(address)
    found: list[object] = []
    for width in (320, 390, 800):
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{width} px: the page is {wide} px wide"] if wide > width else []
    found += page.evaluate(
        "[...document.images].filter(i => i.src.startsWith('file:') && i.complete && !i.naturalWidth).map(i => i.src)"
    )
    rules = Axe().run(page).response["violations"]
    found += [(rule["id"], rule["nodes"][0]["html"]) for rule in rules if rule["impact"] in ("serious", "critical")]
    return found


@pytest.mark.parametrize("theme", ["meridian", "signal"])
def test_the_samples_letter_is_readable_on_a_phone_in_light_and_dark(phone: Page, tmp_path: Path, theme: str) -> None:
    assert barriers(phone, on_disk(the_sample(theme), tmp_path, kind="letter")) == []


@pytest.mark.parametrize("kind", ["letter", "edition"])
def test_the_real_issue_is_readable_on_a_phone_in_light_and_dark(phone: Page, tmp_path: Path, kind: str) -> None:
    assert barriers(phone, on_disk(the_real_issue(), tmp_path, kind=kind)) == []


def test_the_web_edition_is_readable_on_a_phone_in_light_and_dark(phone: Page, tmp_path: Path) -> None:
    assert barriers(phone, on_disk(the_sample("signal"), tmp_path, kind="edition")) == []


@pytest.mark.parametrize("name", ["plain", "right-to-left", "right-to-left, other theme"])
@pytest.mark.parametrize("kind", ["letter", "edition"])
def test_other_peoples_issues_are_readable_on_a_phone(phone: Page, tmp_path: Path, name: str, kind: str) -> None:
    assert barriers(phone, on_disk(an_issue(name), tmp_path, kind=kind)) == []


def test_what_is_written_from_right_to_left_stands_on_the_right(browser: Browser, tmp_path: Path) -> None:
    context = new_context(browser)
    page = context.new_page()
    for kind in ("letter", "edition"):
        page.goto(on_disk(an_issue("right-to-left"), tmp_path, kind=kind))
        middle = page.evaluate("document.documentElement.clientWidth / 2")
        for words in ("سجل الآن", "الباحثون", "نقطة أولى", "يمين"):
            box = page.get_by_text(words, exact=True).last.bounding_box()
            assert box
            assert box["x"] + box["width"] > middle, f"{kind}: {words}"
        direction = "getComputedStyle(document.querySelector('pre')).direction"
        assert page.evaluate(direction) == "ltr"
    context.close()


def test_formulas_are_swapped_for_their_dark_pictures(browser: Browser, tmp_path: Path) -> None:
    address = on_disk(the_sample("meridian"), tmp_path, kind="letter")
    for dark, shown, hidden in ((False, "img.fl", "img.fd"), (True, "img.fd", "img.fl")):
        context = new_context(browser, dark=dark)
        page = context.new_page()
        page.goto(address)
        assert page.locator(shown).first.is_visible()
        assert not page.locator(hidden).first.is_visible()
        context.close()


def test_what_a_formula_says_without_pictures_takes_no_more_room_than_the_phone(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "issue.md").write_text("# News\n\nIt holds that (with $\\|x-y\\|_2^2 \\le \\frac{\\epsilon}{2}$).\n")
    address = on_disk(read_issue(tmp_path / "issue.md"), tmp_path, kind="letter")
    for picture in tmp_path.glob("*.png"):
        picture.unlink()
    context = new_context(browser, phone=True)
    page = context.new_page()
    page.goto(address)
    page.set_viewport_size({"width": 375, "height": 800})
    assert "the norm of x" in (page.locator("img.fl").get_attribute("alt") or "")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    context.close()


def test_formulas_of_the_web_edition_are_spaced_and_aligned(browser: Browser, tmp_path: Path) -> None:
    text = "# T\n\n$n\\log n$\n\n$$\\begin{aligned}x&=b+c\\\\xyz&=d\\end{aligned}$$\n"
    issue = read_files(StoredFiles({"issue.md": text.encode()}))
    context = new_context(browser)
    page = context.new_page()
    page.goto(on_disk(issue, tmp_path, kind="edition"))
    ends = "nodes => nodes.map(node => [node.getBoundingClientRect().left, node.getBoundingClientRect().right])"
    (_, n_ends), (log_begins, log_ends), (last_begins, _) = page.locator("p math mi").evaluate_all(ends)
    assert log_begins - n_ends > 1
    assert last_begins - log_ends > 1
    first = page.locator("mtr > mtd:first-child mi:last-child").evaluate_all(ends)
    second = page.locator("mtr > mtd:last-child mo:nth-child(2)").evaluate_all(ends)
    assert abs(first[0][1] - first[1][1]) < 3  # an x and a z do not end alike
    assert abs(second[0][0] - second[1][0]) < 0.5
    context.close()
