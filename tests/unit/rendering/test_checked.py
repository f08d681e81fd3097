"""What the checker passes, the renderer makes: nothing refused, nothing replaced by less than what was written."""

import io

from hypothesis import event, given, settings
from hypothesis import strategies as st
from PIL import Image

from mailer.base.errors import WrongInput
from mailer.content import Issue, StoredFiles, check_issue, read_files, select
from mailer.content.formulas.typesetting import FormulaError, typeset
from mailer.content.issue import CodeBlock, Formula, Inline, Picture, Text
from mailer.content.walk import all_blocks, all_inlines
from mailer.rendering import check_letters, render, values_of
from mailer.rendering.letter import LinkName
from mailer.rendering.pictures import Gallery
from tests.unit.rendering.builders import FRAME

FRONT = "---\ntitle: T\nsubject: S\npreheader: P\naudiences: [a, b]\n{}---\n\nHello.\n\n"
FRONT_LINES = ["", "theme: signal\n", "theme: nope\n", "template: nope\n", "language: de\n", "language: xx-zz-\n", "date: 2027-13-01\n", "date: 2027-01-12\n", "slug: A b\n", "by_audience: {a: {subject: X}}\n", "subject: {a: X}\n"]  # fmt: skip
PARTS = [
    "Words.", "## A heading", "#### Too deep", "$x^2$", "$\\frac{1}{2}$", "$\\nosuch$", "$\\frac{1}{$", "$$\n\\begin{matrix} a \\\\ b\n$$",
    "![A plot](a.png)", "![A plot](gone.png)", "![A plot](bad.png)", "![](a.png)", "![A plot](https://x.org/a.png)", "![A plot](../a.png)",
    "[a page](https://x.org)", "[a page](page.html)", "[a page](javascript:x)", "[a page](#nowhere)", "[^none]", "x[^n]\n\n[^n]: A note.",
    "Dear {{ name | default('you') }}", "{{ nickname }}", "{{ name.upper() }}", "{% if x %}", "{{< figure >}}",
    "::: audience a\nFor a.\n:::", "::: audience c\nFor c.\n:::", "::: audience a\nUnclosed.", "::: nosuch\nText.\n:::", ":::", ":: note", "    ::: audience a\n    x",
    "::: event Talk\nwhen: 2027-01-12 14:00\n:::", "::: event Talk\nwhen: soon\n:::", "::: publications r.bib\n:::", "::: publications gone.bib\n:::",
    "::: figure a.png\nA caption.\n:::", "::: figure\n:::", "::: button https://x.org\nGo there\n:::", "::: button\nGo there\n:::", "::: people\n- A (B), c\n:::",
    "<b>bold</b>", "<script>x</script>", "<div>", "| a | b |\n|---|---|\n| 1 | 2 |", "```python\nx = 1\n```", "- a\n- b", "> said",
]  # fmt: skip


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "PNG")
    return out.getvalue()


FILES = {"a.png": picture(), "bad.png": b"no picture", "r.bib": b"@misc{a, title={X}, author={Y Z}, year=2020}"}


LINKS: dict[LinkName, str] = {"unsubscribe": "u", "preferences": "p", "view": "v"}


@settings(deadline=None)
@given(st.sampled_from(FRONT_LINES), st.lists(st.sampled_from(PARTS), max_size=5))
def test_what_the_checker_passes_is_rendered_whole(front: str, parts: list[str]) -> None:
    text = FRONT.format(front) + "\n\n".join(parts)
    try:
        issue = read_files(StoredFiles({"issue.md": text.encode(), **FILES}))
    except WrongInput:
        return  # refused before there is anything to pass
    found = [*check_issue(issue, known_audiences=["a", "b"]), *check_letters(issue, issue.meta.audiences, FRAME)]
    if any(finding.level == "error" for finding in found):
        event("refused")
        return
    event("passed")
    for audiences in (frozenset[str](), frozenset({"a"}), frozenset({"b"}), frozenset({"a", "b"})):
        values_of(render(issue, audiences, FRAME), {}, LINKS)
        assert lost(issue, audiences) == []


def lost(issue: Issue, audiences: frozenset[str]) -> list[object]:
    """What these readers do not get as it was written."""
    gallery = Gallery(issue.assets, 500)
    blocks = select(issue, audiences)
    code = [block for block in all_blocks(blocks) if isinstance(block, CodeBlock) and block.text.startswith(":::")]
    return [*code, *(inline for _, inline in all_inlines(blocks) if is_lost(inline, gallery))]


def is_lost(inline: Inline, gallery: Gallery) -> bool:
    match inline:
        case Formula(tex=tex, display=display):
            return isinstance(typeset(tex, display=display), FormulaError)
        case Picture(src=src):
            return gallery.show(src) is None
        case Text(text=words):
            return words.startswith(":::")
        case _:
            return False
