"""The checker reads every place in which words can stand: what is wrong there is found, at its line, once."""

import base64
from collections.abc import Mapping
from typing import Final

import pytest

from mailer.content import StoredFiles, check_issue, read_files

FRONT: Final = (
    "---\ntitle: T\nsubject: S\npreheader: P\naudiences: [academic, industry]\n---\n\nFirst words of the letter.\n\n"
)
BIB: Final = "@article{k1,\n title={On things @},\n author={Ada Lovelace},\n journal={Notes},\n year={2020}}\n"
PNG: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
RUNNING: Final[Mapping[str, str]] = {
    "a paragraph": "Some words, @, more.\n",
    "a heading": "## Words @\n\nBelow.\n",
    "bold words": "Some **words @** more\n",
    "an item": "- one\n- two @\n",
    "an item with air": "- one\n\n- two @\n",
    "an item in an item": "- one\n  1. two @\n",
    "something to do": "- [ ] one @\n- [x] two\n",
    "a term": "Term @\n: means\n",
    "a definition": "Term\n: means @\n",
    "a table's head": "| a @ | b |\n|---|---|\n| c | d |\n",
    "a cell": "| a | b |\n|---|---|\n| c | d |\n| e | f @ |\n",
    "a quotation": "> words @\n",
    "a quote": "::: quote\nWords @\n:::\n",
    "a quote's source": "::: quote Ada @\nWords\n:::\n",
    "a quote's source as a key": "::: quote\nsource: Ada @\nWords\n:::\n",
    "a footnote": "Words[^a].\n\n[^a]: Note @\n",
    "a footnote on its line": "Words^[Note @] here.\n",
    "a note's title": "::: note Title @\nbody\n:::\n",
    "a note's title as a key": "::: note\ntitle: Title @\nbody\n:::\n",
    "a note": "::: note Title\nbody @\n:::\n",
    "a callout's title": "> [!NOTE] Title @\n> body\n",
    "a callout": "> [!NOTE]\n> body @\n",
    "an admonition's title": '!!! note "Title @"\n    body\n',
    "an event's title": "::: event Talk @\nwhen: 2027-01-12 14:00–15:30\n:::\n",
    "an event's title as a key": "::: event\ntitle: Talk @\nwhen: 2027-01-12 14:00–15:30\n:::\n",
    "an event's place": "::: event Talk\nwhen: 2027-01-12 14:00–15:30\nwhere: Room @\n:::\n",
    "an event's description": "::: event Talk\nwhen: 2027-01-12 14:00–15:30\n\nCome @\n:::\n",
    "a group of people": "::: people\n### Group @\n- Ada (Bath), chair\n:::\n",
    "a person": "::: people\n- Ada @ (Bath), chair\n:::\n",
    "an affiliation": "::: people\n- Ada (Bath @), chair\n:::\n",
    "a role": "::: people\n- Ada (Bath), chair @\n:::\n",
    "a caption": "::: figure a.png\nalt: A red dot\n\nCaption @\n:::\n",
    "a caption as a key": "::: figure a.png\nalt: A red dot\ncaption: Caption @\n:::\n",
    "a credit": "::: figure a.png\nalt: A red dot\ncredit: Ada @\n:::\n",
    "a picture's title": '![A red dot](a.png "Title @")\n',
    "a caption on a line": "![A red dot](a.png)\n\nFig. 1: caption @\n",
    "a link": "See [the page @](https://example.org/) now\n",
    "a button": "::: button https://example.org/\nRegister @\n:::\n",
    "a button's label on its line": "::: button https://example.org/ Register @\n:::\n",
    "a column": "::: columns\nleft\n+++\nright @\n:::\n",
    "HTML's paragraph": "<p>Words @</p>\n",
    "HTML's cell": "<table><tr><th>a</th></tr><tr><td>b @</td></tr></table>\n",
    "HTML's summary": "<details><summary>More @</summary>\n\nText\n\n</details>\n",
    "HTML's caption": '<figure><img src="a.png" alt="A red dot"><figcaption>Words @</figcaption></figure>\n',
}
ASIDE: Final[Mapping[str, str]] = {
    "an alt text": "![A red dot @](a.png)\n",
    "an alt text in a line": "See ![A red dot @](a.png) here\n",
    "a figure's alt text": "::: figure a.png\nalt: A red dot @\n:::\n",
    "a figure's alt text on its line": '::: figure a.png "A red dot @"\n:::\n',
    "HTML's alt text": '<img src="a.png" alt="A red dot @">\n',
    "a link's title": 'See [the page](https://example.org/ "Title @") now\n',
    "the title": "title: T",
    "the subject": "subject: S",
    "the preheader": "preheader: P",
    "an audience's subject": "audiences:",
}
"""What is shown as it is written, without Markdown."""
WRONG: Final[Mapping[str, frozenset[str]]] = {
    "TODO": frozenset({"placeholder"}),
    "tall tall": frozenset({"doubled-word"}),
    "%%name%%": frozenset({"foreign-markup"}),
    r"\ref{fig}": frozenset({"foreign-markup", "formula-reference"}),
    "{{ nosuch }}": frozenset({"unknown-field", "merge-field", "markup-in-plain"}),
    "{{ name }}": frozenset({"field-without-default", "merge-field", "markup-in-plain"}),
    "<blink>": frozenset({"html-dropped", "markup-in-plain"}),
    r"$\nosuch$": frozenset({"formula-error", "markup-in-plain"}),
    "[^none]": frozenset({"footnote-missing", "markup-in-plain"}),
    "industry only": frozenset({"words-for-others"}),
}


def source_of(place: str, wrong: str) -> str:
    """An issue in which something wrong stands in a place."""
    if place in RUNNING:
        return FRONT + RUNNING[place].replace("@", wrong)
    line = ASIDE[place]
    if line == "audiences:":
        return FRONT.replace(line, f"by_audience:\n  academic:\n    subject: 'S {wrong}'\naudiences:")
    if line[:2] in {"![", "Se", "::", "<i"}:
        return FRONT + line.replace("@", wrong)
    return FRONT.replace(line, f"{line.partition(':')[0]}: 'Words {wrong}'")


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", [*RUNNING, *ASIDE])
def test_what_is_wrong_is_found_in_every_place_at_its_line(place: str, wrong: str) -> None:
    source = source_of(place, wrong)
    line = next(number for number, text in enumerate(source.split("\n"), 1) if wrong in text)
    issue = read_files(StoredFiles({"issue.md": source.encode(), "a.png": PNG}), "issue.md")
    found = [finding for finding in check_issue(issue) if finding.code in WRONG[wrong]]
    assert [finding.place.line for finding in found] == [line]


@pytest.mark.parametrize("wrong", ["TODO", "tall tall", "%%name%%", "industry only", "[^none]"])
def test_what_is_wrong_in_a_bibliography_is_found_at_its_line(wrong: str) -> None:
    bib = BIB.replace("@}", f"{wrong}}}")
    source = f"{FRONT}::: publications refs.bib\n:::\n"
    issue = read_files(StoredFiles({"issue.md": source.encode(), "refs.bib": bib.encode()}), "issue.md")
    found = [finding for finding in check_issue(issue) if finding.code in WRONG[wrong]]
    assert [str(finding.place).rpartition(":")[0] for finding in found] == ["refs.bib:2"]


@pytest.mark.parametrize("place", [*RUNNING, *ASIDE])
def test_plain_words_are_complained_of_nowhere(place: str) -> None:
    issue = read_files(StoredFiles({"issue.md": source_of(place, "fine").encode(), "a.png": PNG}), "issue.md")
    codes = frozenset().union(*WRONG.values())
    assert [finding for finding in check_issue(issue) if finding.code in codes] == []


@pytest.mark.parametrize(
    "fine", ["We paid $5 and $6", "a < b and c > d", "AT&T & Co", "5 * 3 ** 2", "x_1 and y^2", "O'Brien's [sic]"]
)
def test_signs_in_a_subject_are_no_markup(fine: str) -> None:
    source = FRONT.replace("subject: S", f'subject: "{fine}"')
    issue = read_files(StoredFiles({"issue.md": source.encode()}), "issue.md")
    assert [finding for finding in check_issue(issue) if finding.code == "markup-in-plain"] == []
