"""Whatever an author writes: no crash, nothing unescaped, no word lost unless it was reported."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mailer.content import Issue, select
from mailer.content.issue import Code, Text
from mailer.content.walk import all_inlines
from mailer.rendering import fill, render, skeleton
from mailer.rendering.showing import slots_of
from tests.unit.rendering.builders import ARCHIVED, Page, filled_html, filled_text, from_markdown, web_page

PIECES = [
    "# Title here\n\n",
    "## Section &amp; more\n\n",
    "#### Deep\n\n",
    "words <b>bold</b> & *more* ",
    "<script>alert('evil')</script>",
    "<img src=x onerror=alert(1)>",
    "[link](https://x.test/?a=1&b=2 'the \"title\"') ",
    "[bad](javascript:alert(1)) ",
    '![alt "text"](missing.png) ',
    "$x_1^2$ ",
    "$$\n\\frac{1}{2}\n$$\n\n",
    "$\\nosuchmacro$ ",
    "- item\n  - nested\n\n",
    "1. one\n2. two\n\n",
    "| a | b |\n|---|---|\n| `c|d` | e |\n\n",
    "> quoted\n\n",
    "```python\nx = '<tag>'\n```\n\n",
    "{{ name | default('you') }} ",
    "{{ 7 * 7 }} ",
    "::: note\nAside\n:::\n\n",
    "::: columns\none\n\n+++\n\ntwo\n:::\n\n",
    "::: audience academic\nonly\n:::\n\n",
    "::: event\ntitle: Talk <i>\nwhen: 2027-01-12 14:00\n:::\n\n",
    "note[^1]\n\n[^1]: The note.\n\n",
    "\\\\ \\& ]]> --> <!-- c -->\n\n",
    "]]></mj-text><mj-raw>\n\n",
    "&#x1F600; &lt;i&gt; \u202e\u00a0\u200b ",
    "\n\n",
]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=120)


@given(texts, st.sets(st.sampled_from(["academic", "industry"])))
def test_any_text_becomes_a_letter(text: str, audiences: set[str]) -> None:
    issue = from_markdown(text)
    letter = render(issue, frozenset(audiences), ARCHIVED)
    html, plain = filled_html(letter), filled_text(letter)
    for page in (Page(html), Page(web_page(issue, *audiences, frame=ARCHIVED))):
        assert_harmless(page)
    shown = " ".join(Page(html).text.split())
    for word in words_of(issue, frozenset(audiences)):
        assert word in shown
        assert word in plain
    message = fill(skeleton(letter, headers=[("To", "a@x.test")]), dict.fromkeys(slots_of(letter), "value"))
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", message)


def assert_harmless(page: Page) -> None:
    assert not page.all("script")
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src"):
            assert not attributes.get(name, "").lower().lstrip().startswith(("javascript:", "data:", "vbscript:"))


def words_of(issue: Issue, audiences: frozenset[str]) -> set[str]:
    found = (inline for _, inline in all_inlines(select(issue, audiences)) if isinstance(inline, Text | Code))
    return {word for inline in found for word in re.findall(r"[A-Za-z0-9]{3,}", inline.text)}
