"""What is kept between formulas, which is nothing, and between processes, which is what was set."""

from pathlib import Path

import pytest

from mailer.content import StoredFiles, check_issue, plain, read_files
from mailer.content.formulas.typesetting import FormulaError, Typeset, as_unicode, typeset


def set_(tex: str) -> Typeset:
    found = typeset(tex, display=False)
    assert isinstance(found, Typeset)
    return found


@pytest.mark.parametrize(
    "leaves",
    [
        r"\def\leaf{1} x",
        r"\gdef\leaf{1} x",
        r"\let\leaf=\alpha x",
        r"\newcommand{\leaf}{1} x",
        r"\newenvironment{leafy}{a}{b} x",
        r"\DeclarePairedDelimiters{\leaf}{(}{)} x",
        r"\definecolor{leaf}{rgb}{0,1,0} x",
        r"\newcolumntype{L}{c} x",
        r"\frac{\def\leaf{1}",
    ],
)
def test_what_a_formula_defines_or_spoils_does_not_reach_the_next(leaves: str) -> None:
    typeset(leaves, display=False)
    for tex in (r"\leaf", r"\begin{leafy}x\end{leafy}", r"\color{leaf}{x}"):
        assert isinstance(typeset(f"{tex} + {len(leaves)}", display=False), FormulaError)
    assert set_(f"y + {len(leaves)}").alt == f"y plus {len(leaves)}"


def test_what_was_set_once_is_read_by_the_checker_and_as_characters_in_another_process(tmp_path: Path) -> None:
    issue = read_files(StoredFiles({"issue.md": b"# T\n\nLet $z^{77}$ be $\\frac{z}{77}$.\n"}))
    check_issue(issue, formula_cache=tmp_path)
    assert len(list(tmp_path.glob("*.json"))) == 2
    for file in tmp_path.glob("*.json"):  # what is read is what lies there
        file.write_text(file.read_text(encoding="utf-8").replace("<mn>77</mn>", "<mn>88</mn>"), encoding="utf-8")
    found = as_unicode(r"z^{77}", tmp_path)
    assert found is not None
    assert plain(found) == "z88"
