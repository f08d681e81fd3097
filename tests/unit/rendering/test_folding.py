from dataclasses import replace

import pytest

from mailer.rendering import Letter, render, web_edition
from mailer.rendering.folding import personal_bytes
from tests.unit.rendering.builders import ARCHIVED, FRAME, a_letter, filled_html, filled_text, from_markdown, page_of

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


def folded_titles(letter: Letter) -> set[str]:
    return {section.title for section in letter.sections if section.is_folded}


def with_front(lines: str) -> str:
    return f"---\ntitle: The shape of learning\nsubject: News\n{lines}---\n{TEXT}"


def test_sections_fold_in_the_order_that_the_author_names() -> None:
    named = with_front("fold:\n  first: [LONG  one]\n")
    whole = folded_letter(named, budget_bytes=90_000).html_bytes
    assert folded_titles(folded_letter(named, budget_bytes=whole - 100)) == {"Long one"}
    assert folded_titles(folded_letter(budget_bytes=whole - 100)) == {"Longer one"}
    assert folded_titles(folded_letter(named, budget_bytes=16_000)) == {"Long one", "Longer one"}


def test_a_section_that_may_never_fold_stays_whole() -> None:
    letter = folded_letter(with_front("fold:\n  never: [Longer one]\n"), budget_bytes=12_000)
    assert folded_titles(letter) == {"Long one"}
    assert letter.html_bytes > 12_000


def test_publication_lists_fold_before_longer_sections() -> None:
    entries = "".join(f"@article{{k{n}, author={{A B}}, title={{A title}}, year={{20{n}}}}}\n" for n in range(10, 30))
    text = f"---\ntitle: T\nsubject: S\n---\n## Long\n\nLead.\n\n{LONG}\n\n## Works\n\nLead.\n\n::: publications r.bib\n:::\n"
    issue = from_markdown(text, **{"r.bib": entries.encode()})
    whole = render(issue, frozenset(), ARCHIVED)
    letter = render(issue, frozenset(), replace(ARCHIVED, budget_bytes=whole.html_bytes - 10))
    assert folded_titles(letter) == {"Works"}


def test_the_report_tells_what_a_folded_section_cost_and_costs() -> None:
    whole = {section.title: section for section in folded_letter(budget_bytes=90_000).sections}
    folded = {section.title: section for section in folded_letter().sections}
    assert folded["Longer one"].whole_bytes == whole["Longer one"].html_bytes == whole["Longer one"].whole_bytes
    assert folded["Longer one"].html_bytes < 2_000
    assert folded["Short"].html_bytes == folded["Short"].whole_bytes


def test_what_the_web_edition_does_not_show_is_neither_folded_nor_linked() -> None:
    for_some = TEXT.replace("## Longer one", "::: audience board\n\n## Longer one").replace("[^1]: A", ":::\n\n[^1]: A")
    text = for_some.replace("Above all.", "Above all, see [the long part](#longer-one) and [the short](#short).")
    issue = from_markdown(f"---\ntitle: T\nsubject: S\naudiences: [board, academic]\n---\n{text}")
    frame = replace(ARCHIVED, budget_bytes=BUDGET, archived_for=("academic",))
    letter = render(issue, frozenset({"board"}), frame)
    assert folded_titles(letter) == {"Long one"}
    edition = web_edition(issue, frozenset({"academic"}), frame).html
    links = [anchor["href"] for anchor in page_of(letter).all("a")]
    inward = [href.partition("#")[2] for href in links if href.startswith("https://news.test/archive/one#")]
    assert set(inward) == {"short", "long-one"}
    assert all(f'id="{anchor}"' in edition for anchor in inward)
    assert "the long part" in filled_text(letter)
    assert "#longer-one" not in filled_text(letter)


def test_the_calendar_file_of_an_event_that_the_web_edition_does_not_show_is_not_linked() -> None:
    event = "::: event\ntitle: Meeting\nwhen: 2027-01-12 14:00\n:::\n"
    text = f"---\ntitle: T\nsubject: S\naudiences: [board]\n---\n::: audience board\n{event}:::\n"
    for public, count in ((("board",), 1), ((), 0)):
        letter = render(from_markdown(text), frozenset({"board"}), replace(ARCHIVED, archived_for=public))
        assert filled_html(letter).count(".ics") == filled_text(letter).count(".ics") == count


def test_a_fold_that_names_no_section_is_a_warning() -> None:
    issue = from_markdown(with_front("fold:\n  first: [Long one, Papers]\n"))
    assert [(f.place.line, f.code) for f in issue.findings] == [(4, "fold-unknown")]
    wrong = from_markdown(with_front("fold: 3\n"))
    assert [(f.place.line, f.code) for f in wrong.findings] == [(4, "front-matter-value")]


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
