import io
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mailer.base.errors import WrongInput
from mailer.base.settings import templates_dir
from mailer.content import read_issue
from mailer.content.issue import Text
from mailer.rendering import FieldSlot, LinkSlot, Press, fill, render, skeleton, web_edition
from mailer.rendering.slots import Mint
from mailer.rendering.templates import folders
from mailer.rendering.themes import theme
from tests.support.samples import the_real_issue
from tests.unit.rendering.builders import (
    ARCHIVED,
    FRAME,
    Page,
    a_letter,
    a_paragraph,
    an_issue,
    filled_html,
    filled_text,
    from_markdown,
    page_of,
)

SECTIONS = """---
title: "News for {{ first_name | default('you') }}"
subject: "For {{ first_name | default('you') }}: news"
preheader: "Hello & welcome, {{ name }}"
audiences: [academic, industry, outreach]
number: 7
date: 2026-11-24
---
Dear {{ first_name | default("colleague") }}, it is **time**.

## For all

Text for all.

::: audience academic
## Proofs

For academics.
:::

::: audience industry
For industry.
:::
"""


def test_readers_of_the_same_blocks_are_each_told_their_own_audiences() -> None:
    names = {"academic": "O'Brien & <Sons>", "industry": "18:00–19:30 \x01late", "outreach": "Schools"}
    issue, frame = an_issue(a_paragraph(Text(text="The same."))), replace(FRAME, audience_names=names)
    press = Press(issue, frame)

    for slugs in (("academic",), ("industry",), ("academic", "outreach"), (), ("academic",)):
        letter = press.letter(frozenset(slugs))
        told = page_of(letter).text
        assert {slug for slug, name in names.items() if name.replace("\x01", "") in told} == set(slugs)
        assert letter.html == render(issue, frozenset(slugs), frame).html


def test_letters_made_together_are_the_same_as_letters_made_alone() -> None:
    issue = read_issue(templates_dir() / "sample")
    for frame in (ARCHIVED, replace(ARCHIVED, budget_bytes=30_000), replace(FRAME, pictures="host")):
        press = Press(issue, frame)
        for audiences in (("outreach",), ("academic",), ("academic", "industry", "outreach"), (), ("outreach",)):
            assert press.letter(frozenset(audiences)) == render(issue, frozenset(audiences), frame)


def test_the_letter_holds_what_its_audiences_see() -> None:
    academic, industry = (page_of(a_letter(SECTIONS, slug)).text for slug in ("academic", "industry"))
    both = page_of(a_letter(SECTIONS, "academic", "industry")).text
    nobody = page_of(a_letter(SECTIONS)).text
    assert "For academics" in academic
    assert "For industry" not in academic
    assert "Proofs" not in industry
    assert all(words in both for words in ("Text for all", "For academics", "For industry"))
    assert "For" not in nobody.replace("For all", "")


def test_the_frame_is_complete() -> None:
    page = page_of(a_letter(SECTIONS, "academic", "outreach", frame=ARCHIVED))
    assert page.elements[0] == ("html", page.elements[0][1])
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("html")[0]["dir"] == "ltr"
    body = next(number for number, (tag, _) in enumerate(page.elements) if tag == "body")
    assert page.elements[body + 1][1]["lang"] == "en"
    assert page.elements[body + 1][1]["dir"] == "ltr"
    assert "Issue 7 · 24 November 2026" in page.text
    assert "because you asked Maths4DL for its news: Academic news and News for everybody." in page.text
    assert "University of Bath Bath BA2 7AY, UK" in page.text
    links = [anchor["href"] for anchor in page.all("a")]
    for name in ("unsubscribe", "preferences", "view"):
        assert f"https://news.test/{name}/token" in links
    assert "https://news.test/archive/one#for-all" in links
    assert len(page.all("h1")) == 1
    assert page.text.startswith("Hello & welcome, [name]")


def test_without_an_archive_there_is_no_table_of_contents() -> None:
    page = page_of(a_letter(SECTIONS, "academic"))
    assert not [anchor for anchor in page.all("a") if "#" in anchor["href"]]


def test_merge_fields_are_slots_in_subject_html_and_text() -> None:
    letter = a_letter(SECTIONS, "academic")
    field = FieldSlot("first_name | default('you')")
    assert letter.subject == ("For ", field, ": news")
    for segments in (letter.html, letter.text):
        assert {field, FieldSlot('first_name | default("colleague")')} <= set(segments)
        assert {LinkSlot("unsubscribe"), LinkSlot("preferences"), LinkSlot("view")} <= set(segments)


def test_headings_never_skip_a_level() -> None:
    text = "# Banner\n\n## One\n\n#### Deep\n\n##### Deeper\n\n# Two\n\n### Three\n"
    for source in (text, text.partition("\n\n")[2]):
        levels = [int(tag[1]) for tag, _ in page_of(a_letter(source)).elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert levels.count(1) == 1


def test_the_style_block_fits_gmail() -> None:
    html = filled_html(a_letter(SECTIONS, "academic"))
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    assert sum(len(style.encode()) for style in styles) < 16 * 1024
    assert "prefers-color-scheme:dark" in html
    assert "[data-ogsc]" in html
    assert "<style" not in html.partition("<body")[2]


def test_the_language_of_the_issue_is_the_language_of_the_frame() -> None:
    german = page_of(
        a_letter("---\ntitle: Neues\nlanguage: de\ndate: 2026-11-24\n---\nHallo\n", "academic", frame=ARCHIVED)
    )
    french = filled_text(a_letter("---\ntitle: Du neuf\nlanguage: fr\n---\nSalut\n"))
    assert german.all("html")[0]["lang"] == "de"
    assert "Abmelden" in german.text
    assert "24. November 2026" in german.text
    assert "Se désabonner" in french
    arabic = page_of(a_letter("---\ntitle: x\nlanguage: ar\n---\ny\n"))
    assert arabic.all("html")[0]["dir"] == "rtl"


def test_an_audience_has_its_own_subject() -> None:
    text = SECTIONS.replace("number: 7", "by_audience:\n  industry:\n    subject: For firms")
    issue = from_markdown(text)
    if not issue.meta.by_audience:
        issue = replace(issue, meta=replace(issue.meta, by_audience={"industry": {"subject": "For firms"}}))
    assert render(issue, frozenset({"industry"}), FRAME).subject == ("For firms",)
    assert render(issue, frozenset({"academic"}), FRAME).subject[0] == "For "


@given(st.text(st.sampled_from("q0123456789abcdefn{} "), max_size=80))
def test_text_that_looks_like_a_slots_word_does_no_harm(text: str) -> None:
    known = Mint("other").word(LinkSlot("unsubscribe"))
    letter = render(an_issue(a_paragraph(Text(f"|{text}{known}|"))), frozenset(), FRAME)
    assert " ".join(f"|{text}{known}|".split()) in page_of(letter).text
    assert sum(isinstance(part, LinkSlot) for part in letter.html) == 4


def test_a_foreseen_word_is_not_used() -> None:
    text = Mint("a").word(LinkSlot("view"))
    assert Mint("a", text).word(LinkSlot("view")) != text


def test_a_workspace_overrides_any_part(tmp_path: Path) -> None:
    blocks = tmp_path / "email" / "blocks"
    blocks.mkdir(parents=True)
    (blocks / "paragraph.mjml").write_text('<p class="ours">{{ inline(b.inlines) }}</p>')
    letter = a_letter("Hello *you*\n", frame=replace(FRAME, overrides=str(tmp_path)))
    assert '<p class="ours">Hello <em>you</em></p>' in filled_html(letter)


def test_every_part_of_a_workspaces_frame_knows_the_reader(tmp_path: Path) -> None:
    own = tmp_path / "email"
    own.mkdir()
    head = (templates_dir() / "email" / "head.mjml").read_text(encoding="utf-8")
    (own / "head.mjml").write_text(f"{head}<mj-style>.why:after{{content:'{{{{ why }}}} {{{{ title }}}}'}}</mj-style>")
    press = Press(an_issue(a_paragraph(Text("Hello"))), replace(FRAME, overrides=str(tmp_path)))
    heads = [filled_html(press.letter(frozenset({slug}))).partition("</head>")[0] for slug in ("academic", "industry")]
    assert ["academic" in head for head in heads] == [True, False]
    assert ["industry" in head for head in heads] == [False, True]


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("<p>{{ inline(b.inlines }}</p>", "paragraph.mjml:1"),
        ("<p>{{ nothing }}</p>", "paragraph"),
        ("<p>", "paragraph.mjml"),
    ],
)
def test_a_wrong_template_is_named(tmp_path: Path, template: str, place: str) -> None:
    (tmp_path / "email" / "blocks").mkdir(parents=True)
    (tmp_path / "email" / "blocks" / "paragraph.mjml").write_text(template)
    with pytest.raises(WrongInput) as caught:
        a_letter("Hello\n", frame=replace(FRAME, overrides=str(tmp_path)))
    assert place in caught.value.place


def test_the_real_issue_is_whole() -> None:
    issue = the_real_issue()
    letter = render(issue, frozenset(), FRAME)
    html, text = filled_html(letter), filled_text(letter)
    page = Page(html)
    assert len(html.encode()) < 95 * 1024
    source = issue.text
    headings = re.findall(r"^#+ (.*)", source, re.MULTILINE)
    for heading in headings:
        assert heading.strip() in page.text
        assert heading.strip() in " ".join(text.split())
    hrefs = [anchor["href"] for anchor in page.all("a")]
    for address in re.findall(r"<(https?://[^>]*)>|\]\((https?://[^)]*)\)", source):
        assert "".join(address) in hrefs
        assert "".join(address) in text
    for title in re.findall(r"\*\*(.*?)\*\*", source):
        assert title in page.text
        assert " ".join(title.split()) in " ".join(text.split())
    for line in source.splitlines():
        for word in re.findall(r"[^\W\d_]{4,}", re.sub(r"\$+.*?\$+|<.*?>|\(http.*?\)", "", line)):
            assert word in page.text, word
    assert page.text.count("Richard Nickl (Cambridge)") == 1


def test_the_whole_way_to_a_message() -> None:
    letter = a_letter(SECTIONS, "academic")
    values: dict[object, str] = {slot: "Ada" for part in (letter.subject, letter.html, letter.text) for slot in part}
    built = skeleton(letter, headers=[("From", "a@x.test"), ("To", "b@x.test")])
    message = fill(built, values)  # type: ignore[arg-type]
    assert message.startswith(b"From: a@x.test\r\nTo: b@x.test\r\nSubject: For Ada: news\r\nMIME-Version: 1.0\r\n")
    assert len(message) > built.size_bytes


def test_a_link_within_the_issue_leads_to_the_web_edition() -> None:
    letter = a_letter("See [below](#later).\n\n## Later\n\nx\n", frame=ARCHIVED)
    assert "https://news.test/archive/one#later" in [anchor["href"] for anchor in page_of(letter).all("a")]
    assert "[1] https://news.test/archive/one#later" in filled_text(letter)


def test_a_long_address_in_a_cell_breaks_and_hides_no_column_behind_the_edge() -> None:
    address = "https://x.test/" + "a" * 40
    html = filled_html(a_letter(f"| a | b |\n|---|---|\n| {address} | short words |\n"))
    cells = {words: style for style, words in re.findall(r'<td [^>]*style="([^"]*)">(?:<a [^>]*>)?([^<]+)', html)}
    assert "word-break:break-word" in cells[address]
    assert "word-break:normal" in cells["short words"]


def test_a_buttons_ground_is_round_in_the_dark_too() -> None:
    html = filled_html(a_letter("::: button https://x.test/\nCome\n:::\n"))
    (ground,) = re.findall(r'<td class="bt"[^>]*(border-radius:\d+px)', html)
    (label,) = re.findall(r'<a [^>]*class="bt"[^>]*>', html)
    assert ground in label


def test_titles_places_and_roles_keep_their_links_and_formulas() -> None:
    issue = from_markdown(
        "::: note On $L^2$ and [our *page*](https://x.org/page)\nWords.\n:::\n\n"
        "::: event Talk\nwhen: 2027-01-12 14:00–15:30\nwhere: Room 3 ([map](https://x.org/map))\n:::\n\n"
        "::: people\n- Ada (Bath, [her page](https://x.org/ada)), chair of $H^1$\n- Bob (UCL), *host*\n:::\n"
    )
    letter = render(issue, frozenset(), ARCHIVED)
    html, text = filled_html(letter), filled_text(letter)
    page = web_edition(issue, frozenset(), ARCHIVED).html
    for shown in (html, page):
        for address in ("https://x.org/page", "https://x.org/map", "https://x.org/ada"):
            assert f'href="{address}"' in shown
        assert "<em>host</em>" in shown
        assert "$L^2$" not in shown
    assert "Room 3 (map [" in text
    assert "Ada (Bath, her page [" in text
    assert b"LOCATION:Room 3 (map)" in letter.calendars["talk.ics"]
    assert 'aria-label="On L^2 and our page"' in page


def test_hours_and_days_stay_on_one_line_and_the_title_of_a_link_is_in_the_text() -> None:
    issue = from_markdown(
        "On 13–16 June, 18:00–19:30, pp. 1234–1250, [the page](https://x.org/a 'Slides and video').\n\n"
        "::: event Talk\nwhen: 2027-01-12 14:00–15:30\n:::\n"
    )
    letter = render(issue, frozenset(), ARCHIVED)
    for shown in (filled_html(letter), web_edition(issue, frozenset(), ARCHIVED).html):
        assert re.findall('<span style="white-space:nowrap">(.*?)</span>', shown) == [
            "13–16",
            "18:00–19:30",
            "14:00–15:30",
        ]
    assert "the page (Slides and video) [1]" in " ".join(filled_text(letter).split())


def test_phrases_in_another_language_say_so_and_keep_their_order_within_a_line_from_right_to_left() -> None:
    text = "---\ntitle: T\nlanguage: {}\ndate: 2027-01-05\nnumber: 3\n---\n::: event X\nwhen: 2027-01-12 14:00–15:30\n:::\n"
    for language in ("he", "ar"):
        issue = from_markdown(text.format(language))
        for shown in (
            filled_html(render(issue, frozenset(), ARCHIVED)),
            web_edition(issue, frozenset(), ARCHIVED).html,
        ):
            assert '<span lang="en" dir="ltr">Issue 3</span>' in shown
            assert '<span lang="en" dir="ltr">5 January 2027</span>' in shown
            assert (
                '<span lang="en" dir="ltr">Tuesday 12 January 2027, <span style="white-space:nowrap">14:00–15:30'
                in shown
            )
    for language in ("en", "en-GB", "de", "fr-CA"):
        shown = filled_html(render(from_markdown(text.format(language)), frozenset(), ARCHIVED))
        assert "<span lang=" not in shown


def test_formulas_between_tags_of_html_are_set_and_prices_stay() -> None:
    issue = from_markdown("<p>Let $x^2$ and \\(a_1\\), for $5 and $6, in <code>$x^2$</code></p>\n")
    shown = filled_html(render(issue, frozenset(), FRAME))
    assert shown.count("<sup>2</sup>") == 1
    assert shown.count("<sub>1</sub>") == 1
    assert "for $5 and $6" in shown
    assert ">$x^2$</code>" in shown


def test_formulas_in_an_alt_text_are_read_aloud() -> None:
    issue = from_markdown("![The graph of $x^2$](x.png)\n\n::: figure y.png\nalt: A plot of $\\frac{1}{2}$\n:::\n")
    shown = filled_html(render(issue, frozenset(), FRAME))
    assert "The graph of x squared" in shown
    assert "A plot of one half" in shown


def test_a_formula_in_a_note_stands_on_the_notes_ground() -> None:
    formula = r"$\frac{a}{b}$"
    beside = from_markdown(f"{formula}\n\n::: note {formula}\n- {formula}\n:::\n\n{formula}\n")
    letter = render(beside, frozenset(), FRAME)
    shown = re.findall(r'<img class="fl" src="cid:(.*?)@', filled_html(letter))
    assert shown[0] == shown[3]
    assert shown[1] == shown[2] != shown[0]
    grounds = {
        picture.name: Image.open(io.BytesIO(picture.content)).convert("RGBA").convert("RGB").getpixel((0, 0))
        for picture in letter.pictures
    }
    assert grounds[shown[0]] == (255, 255, 255)
    assert grounds[shown[1]] == tuple(bytes.fromhex(theme("meridian", folders("")).light["tint"][1:]))


def test_a_drawn_formula_stays_on_the_line_of_its_comma_and_its_bracket() -> None:
    issue = from_markdown("# T\n\nSo $\\frac{a}{b}$, and ($\\sqrt[3]{x}$). Or $\\frac12$ y.\n")
    for shown in (filled_html(render(issue, frozenset(), FRAME)), web_edition(issue, frozenset(), FRAME).html):
        assert re.search(
            r'So <span class="fu"><(?:img|math)[^\n]*?,</span> and <span class="fu">\(<(?:img|math)', shown
        )
        assert re.search(r"\)\.</span> Or <(?:img|math)", shown)
        assert ".fu{white-space:nowrap}" in shown
