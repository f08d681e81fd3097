from dataclasses import replace

import pytest

from mailer.rendering import Letter
from mailer.rendering.folding import personal_bytes
from tests.unit.rendering.builders import ARCHIVED, FRAME, a_letter, filled_html, filled_text, page_of

BUDGET = 22_000
LONG = "\n\n".join(f"Paragraph {number} of many words. " * 8 for number in range(20))
TEXT = f"""Above all.

## Short

A few words.

## Long one

Its lead.

{LONG}

## Longer one

Its lead too.[^1]

{LONG}

{LONG}

[^1]: A note.
"""


def folded_letter(text: str = TEXT, budget_bytes: int = BUDGET) -> Letter:
    return a_letter(text, frame=replace(ARCHIVED, budget_bytes=budget_bytes))


def test_a_letter_above_its_budget_folds_its_longest_section_first() -> None:
    letter = folded_letter()
    assert {section.title: section.is_folded for section in letter.sections if section.title} == {
        "Short": False,
        "Long one": False,
        "Longer one": True,
    }
    assert letter.html_bytes <= BUDGET
    assert letter.html_bytes == personal_bytes(letter.html)


def test_a_folded_section_keeps_headline_lead_and_a_link_to_the_rest() -> None:
    page = page_of(folded_letter(budget_bytes=17_000))
    assert "Longer one Its lead too.1 Read on in the web edition" in page.text
    links = [anchor["href"] for anchor in page.all("a")]
    assert links.count("https://news.test/archive/one#longer-one") == 2
    assert "A note." in page.text


def test_the_text_part_stays_whole() -> None:
    letter = folded_letter()
    assert filled_text(letter).count("Paragraph 19 of many words.") == filled_text(a_letter(TEXT)).count(
        "Paragraph 19 of many words."
    )


def test_each_section_tells_what_it_costs() -> None:
    letter = a_letter(TEXT, frame=ARCHIVED)
    costs = [section.html_bytes for section in letter.sections]
    assert costs[1] < costs[2] < costs[3]
    assert sum(costs) < letter.html_bytes < 95 * 1024


@pytest.mark.parametrize("frame", [replace(FRAME, budget_bytes=9_000), replace(ARCHIVED, budget_bytes=100)])
def test_what_cannot_fit_is_sent_as_small_as_it_can_be(frame: object) -> None:
    letter = a_letter(TEXT, frame=frame)  # type: ignore[arg-type]
    assert letter.html_bytes > 100
    assert "Above all." in filled_html(letter)


def test_the_size_reckons_links_and_names_generously() -> None:
    letter = a_letter('Dear {{ name | default("you") }}')
    assert len(filled_html(letter).encode()) <= letter.html_bytes
