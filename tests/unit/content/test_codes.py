"""Every code that is given is explained, and none that is explained is never given."""

import re
from pathlib import Path

import mailer
from mailer.content.checks.codes import CODES, explained, reference

PROJECT = Path(__file__).parents[3]
PLAIN = {"bibliography", "placeholder"}
"""Codes of one word, which other words of the source look like."""


def _strings() -> set[str]:
    """Every string of the source that has the form of a code."""
    folder = Path(mailer.__file__).parent
    sources = [*(folder / "content").rglob("*.py"), *(folder / "rendering").rglob("*.py"), folder / "link_check.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources if path.name != "codes.py")
    literal = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', text))
    return literal | {f"no-{link}-link" for link in ("unsubscribe", "preferences") if 'f"no-{link}-link"' in text}


def _named() -> set[str]:
    """What stands where a finding's code stands: before its message, or in a rule's docstring."""
    folder = Path(mailer.__file__).parent
    text = "\n".join(
        path.read_text(encoding="utf-8") for name in ("content", "rendering") for path in (folder / name).rglob("*.py")
    )
    given = set(re.findall(r'(?:error|warning|fault|warn|finding)\(\s*[^"\n]*?\s*"([a-z]+(?:-[a-z]+)+)",\s*f?"', text))
    told = re.findall(
        r'def \w+\((?:checked: Checked|compiled: Compiled)\) -> Iterator\[Finding\]:\n    """(.*?):', text
    )
    return given | {code for heads in told for code in re.findall(r"[a-z]+(?:-[a-z]+)+", heads)}


def test_every_code_that_is_explained_is_given() -> None:
    assert set(CODES) - _strings() == set()


def test_every_code_that_is_given_is_explained() -> None:
    named = _named()
    assert len(named) > 40
    assert named - set(CODES) == set()


def test_explanations_are_sentences() -> None:
    for code, explanation in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert explanation.why.endswith(".")
        assert explanation.how.endswith(".")
        assert explanation.why in explained(code)


def test_the_reference_page_is_the_table() -> None:
    page = (PROJECT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert page.partition("<!-- the table -->\n")[2] == reference()
