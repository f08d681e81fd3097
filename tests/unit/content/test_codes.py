"""Every code that is given is explained, and none that is explained is never given."""

import re
from pathlib import Path

import mailer.content
from mailer.content.codes import CODES


def test_every_code_is_explained() -> None:
    folder = Path(mailer.content.__file__).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "codes.py")
    given = {
        found for found in re.findall(r'"([a-z]+(?:-[a-z]+)+|bibliography|placeholder)"', source) if found in CODES
    }
    named = set(
        re.findall(r'(?:fault|warn|warning|error|find)\([^()]*(?:\([^()]*\))*[^()]*?"([a-z]+(?:-[a-z]+)+)"', source)
    )
    assert given == set(CODES)
    assert named <= set(CODES)


def test_explanations_are_sentences() -> None:
    for code, explanation in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert explanation.why.endswith(".")
        assert explanation.how.endswith(".")
