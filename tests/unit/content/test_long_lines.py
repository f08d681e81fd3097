"""A line of what is pasted by mistake, as long as it may be, is read as the characters that it is."""

import pytest

from mailer.content import Issue, Place, StoredFiles, check_issue, plain, read_files
from mailer.content.checks.links import addresses_of
from mailer.content.walk import all_blocks, inlines_of

LENGTH = 50_000
UNITS = {
    "base64": "iVBORw0KGgoAAAANSUhEUg", "minified": 'a.b({c:1,"d":[e]});', "hyphened": "a-", "dashes": "-", "blanks": " ", "backticks": "`",
    "round": "(", "tags": "<b>", "TeX round": "\\(", "TeX square": "\\[", "dollars": "$", "comments": "{% comment %}",
    "kramdown": "{::comment}", "shortcodes": "{% a %}", "quotes": '"a" # ', "plus": "+--",
}  # fmt: skip


@pytest.mark.timeout(90)
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_a_long_line_of_anything_is_read_and_checked(unit: str) -> None:
    line = (unit * (LENGTH // len(unit) + 1))[:LENGTH]

    issue = read_files(StoredFiles({"issue.md": f"# T\n\nBefore.\n\nWords {line} x }}\n\nAfter it.\n".encode()}))

    check_issue(issue)
    shown = _words(issue)
    assert shown[0] == "Before."
    assert shown[-1].endswith("After it.")


COUNT = 20_000
REPEATED = {
    "edges of a grid": "+---+---+\n", "grid": "+---+---+\n| a | b |\n", "directives": ":::{note} A\nwords\n",
    "notices": "{{< notice >}}\nwords\n", "lists": "\\begin{itemize}\n\\item a\n", "headings": "# The same\n\n",
}  # fmt: skip


@pytest.mark.timeout(30)  # where the rest of the text is looked through anew for each of them, it takes minutes
@pytest.mark.parametrize("unit", REPEATED.values(), ids=REPEATED)
def test_what_begins_again_and_again_is_read(unit: str) -> None:
    issue = read_files(StoredFiles({"issue.md": f"# T\n\nBefore.\n\n{unit * COUNT}".encode()}))

    assert _words(issue)[0] == "Before."


def _words(issue: Issue) -> list[str]:
    return [words for block in all_blocks(issue.blocks) for run in inlines_of(block) if (words := plain(run))]


@pytest.mark.timeout(30)
def test_every_entry_of_a_long_bibliography_is_found_in_it() -> None:
    entries = [f"@misc{{k{n},\n  title = {{A}},\n  year = 2020,\n  doi = {{10.1000/{n}}}\n}}\n" for n in range(4_000)]
    files = {"issue.md": b"# T\n\n::: publications refs.bib\n:::\n", "refs.bib": "".join(entries).encode()}

    addresses = list(addresses_of(read_files(StoredFiles(files))))

    assert len(addresses) == len(entries)
    assert addresses[-1] == ("https://doi.org/10.1000/3999", Place("refs.bib", 3_999 * 5 + 1))
