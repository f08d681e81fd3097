from datetime import UTC, date, datetime

import pytest
from icalendar import Calendar

from mailer.content.issue import Event
from mailer.rendering import calendar, summary_of, web_edition
from tests.unit.rendering.builders import ARCHIVED, PLACE, Page, from_markdown, web_page, words

TEXT = """---
title: The shape of learning
preheader: What the *programme* did & more
date: 2026-11-24
language: en
audiences: [academic]
---
Dear {{ first_name | default("colleague") }}, see[^1] $\\sum_n x_n^2$ <script>alert(1)</script>

## First

$$
E = m c^2
$$

## Second

For all.

::: audience academic
For academics only.
:::

[^1]: The note.
"""


def a_page(*audiences: str) -> Page:
    return Page(web_page(from_markdown(TEXT), *audiences, frame=ARCHIVED))


def test_the_page_is_semantic_and_needs_no_script() -> None:
    page = a_page()
    tags = [tag for tag, _ in page.elements]
    assert {"header", "main", "nav", "article", "footer", "math"} <= set(tags)
    assert "script" not in tags
    assert tags.count("h1") == 1
    assert page.all("html")[0] == {"lang": "en", "dir": "ltr"}
    assert page.all("math")[1]["display"] == "block"


def test_the_contents_lead_to_the_sections() -> None:
    page = a_page()
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    fragments = [anchor["href"] for anchor in page.all("a") if anchor["href"].startswith("#")]
    assert {"#first", "#second", "#note-1", "#from-1"} <= set(fragments)
    assert {fragment[1:] for fragment in fragments} <= set(ids)


def test_nobody_is_addressed_and_only_the_public_part_is_shown() -> None:
    assert "Dear colleague" in a_page().text
    assert "For academics" not in a_page().text
    assert "For academics" in a_page("academic").text


def test_open_graph_tells_what_the_page_is() -> None:
    facts = {meta.get("property", meta.get("name", "")): meta.get("content") for meta in a_page().all("meta")}
    assert facts["og:title"] == "The shape of learning"
    assert facts["og:url"] == "https://news.test/archive/one"
    assert facts["article:published_time"] == "2026-11-24"


def an_event(**more: object) -> Event:
    given: dict[str, object] = {
        "title": words("Workshop, part 1"),
        "slug": "workshop",
        "start": date(2027, 1, 12),
        **more,
    }
    return Event(place=PLACE, **given)  # type: ignore[arg-type]


def test_a_calendar_file_says_when_and_where() -> None:
    found = Calendar.from_ical(
        calendar(
            an_event(
                start=datetime(2027, 1, 12, 14, tzinfo=UTC),
                end=datetime(2027, 1, 12, 15, 30, tzinfo=UTC),
                where=words("Bath"),
                link="https://x.test",
            ),
            host="news.test",
            issue="one",
        )
    )
    entry = found.walk("VEVENT")[0]
    assert entry["UID"] == "one.workshop@news.test"
    assert str(entry["SUMMARY"]) == "Workshop, part 1"
    assert entry.decoded("DTEND") == datetime(2027, 1, 12, 15, 30, tzinfo=UTC)
    assert str(entry["LOCATION"]) == "Bath"


def test_whole_days_end_the_day_after_in_a_calendar_file() -> None:
    found = Calendar.from_ical(calendar(an_event(end=date(2027, 1, 13)), host="x.test"))
    entry = found.walk("VEVENT")[0]
    assert (entry.decoded("DTSTART"), entry.decoded("DTEND")) == (date(2027, 1, 12), date(2027, 1, 14))
    assert calendar(an_event(), host="x.test") == calendar(an_event(), host="x.test")


def test_the_edition_brings_its_calendar_files() -> None:
    text = "---\ntitle: T\n---\n::: event\ntitle: Talk\nwhen: 2027-01-12 14:00\nzone: Europe/London\n:::\n"
    edition = web_edition(from_markdown(text), frozenset(), ARCHIVED)
    (name,) = edition.calendars
    assert f"https://news.test/archive/one/{name}" in [anchor["href"] for anchor in Page(edition.html).all("a")]
    assert b"TZID=Europe/London" in edition.calendars[name]


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("---\ntitle: T\npreheader: 'News for {{ name | default(\"you\") }} & all'\n---\nWords.", "News for you & all"),
        ("# T\n\n::: audience board\nSecret.\n:::\n\nFirst *words*, $x^2$.\n\nMore.", "First words, x^2."),
        ("# T\n\n" + "word " * 100, "word " * 59 + "word …"),
        ("# T\n\n- a list", ""),
    ],
)
def test_a_feed_tells_the_preheader_or_the_first_words_for_everybody(text: str, summary: str) -> None:
    assert summary_of(from_markdown(text)) == summary


def test_notes_are_no_landmarks_which_would_need_a_name_of_their_own() -> None:
    issue = from_markdown("# T\n\n::: note\nOne.\n:::\n\n::: note\nTwo.\n:::\n")
    page = web_edition(issue, frozenset(), ARCHIVED).html
    assert page.count('<div class="note" role="note">') == 2
    assert "<aside" not in page
