"""Every word of a source is in the HTML and in the text of its letter, unless a finding names the place where it was lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.content import check_issue
from mailer.rendering import render
from tests.unit.rendering.builders import ARCHIVED, filled_html, filled_text, from_markdown

PARTS = [
    "WORD", "# WORD", "### WORD {#anchor .class}", "WORD\n====", "*WORD* **WORD** ~~WORD~~ `WORD`", "- WORD\n  - WORD\n\n    WORD",
    "1. WORD\n2. [x] WORD", "- [ ] [WORD](https://x.test)", "> WORD\n> > WORD", "> [!NOTE]\n> WORD", "> [!tip]- WORD\n> WORD",
    "```\nWORD\n```", "text\n\n    WORD", "~~~python\nWORD\n~~~", "| WORD | b |\n|---|---|\n| `a|WORD` | WORD |", "| a |\n|---|\n| 1 | WORD |",
    "[WORD](https://x.test)", "[WORD][ref]\n\n[ref]: https://x.test", "[WORD][nowhere]", "<https://x.test/WORD>", "![WORD](missing.png)",
    "![alt](missing.png)\nFig. 3: WORD", "WORD[^n]\n\n[^n]: WORD", "WORD^[WORD]", "Term WORD\n: WORD", "<div><b>WORD</b></div>", "<p>WORD",
    "<table><tr><td>WORD</td></tr></table>", "<script>WORD</script>", "<iframe>WORD</iframe>", "<details><summary>WORD</summary>WORD</details>",
    "<unknown>WORD</unknown>", "&lt;WORD&gt; &copy; WORD", "\\*WORD\\* WORD\\\nWORD  \nWORD", "::: note WORD\nWORD\n:::", "::: warning\nWORD",
    "::: {.callout-tip title='WORD'}\nWORD\n:::", "::: nosuch\nWORD\n:::", "::: quote\nWORD\n\n— WORD\n:::", "::: columns\nWORD\n\n+++\n\nWORD\n:::",
    ":::: {.columns}\n::: {.column}\nWORD\n:::\n::: {.column}\nWORD\n:::\n::::", "::: people\n**WORD**\n\n- WORD (WORD), WORD\n:::",
    "::: event WORD\nwhen: 2027-01-12\nwhere: WORD\n\nWORD\n:::", "::: event WORD\nwhen: WORD\n:::", "::: button https://x.test\nWORD\n:::",
    "::: figure missing.png\nalt: WORD\ncredit: WORD\n\nWORD\n:::", "{% include WORD %}", "{{< youtube WORD >}}", "{{% notice %}}\nWORD\n{{% /notice %}}",
    "{% highlight ruby %}\nWORD\n{% endhighlight %}", "{{ site.WORD }}", "*|WORD|*", "[[WORD]] [[a|WORD]]", "==WORD== H~WORD~ x^WORD^", "[WORD]{.smallcaps}",
    "*[WORD]: WORD", "{::comment}\nWORD", "\\newpage WORD", "@@box\nWORD\n@@", "WORD :tada: WORD", "$\\text{WORD}$", "$5 and $WORD",
    "Table: WORD", "% WORD", "+---+\n| WORD |\n+---+", "| WORD\n| WORD", "* TOC WORD\n{:toc}", "[WORD", "**WORD", "`WORD", "$WORD",
    "<b WORD", "{{ WORD", "{% WORD", "::: WORD", "[^WORD]: WORD", "text\n\n\tWORD", "~~~~\nWORD", "\\begin{theorem}\nWORD\n\\end{theorem}",
    "•\tWORD\no\tWORD\n§\tWORD", "· WORD", "<aside>\nWORD\n\n</aside>", "<aside>\nWORD", '<div markdown="1">\n**WORD**\n</div>', '<p markdown="1">*WORD*</p>',
    '{{% notice tip "WORD" %}}\nWORD\n{{% /notice %}}', "{{< hint >}}\nWORD", "```{=html}\n<p>WORD</p>\n```", "```{=latex}\nWORD\n```",
    "`<b>WORD</b>`{=html} WORD", "```math\n\\text{WORD}\n```", "$`\\text{WORD}`$", "| a |\n|---|\n| WORD |\n\n: WORD {#tbl-a}", "From: WORD\nTo: WORD",
    "```{r}\n#| echo: true\nWORD\n```", "```{r}\n#| include: false\nWORD\n```", '![WORD](missing.png){width=50% fig-alt="WORD"}', "![WORD|300](missing.png)",
    "![WORD](missing.png =300x)", "![[missing.png|WORD]]", "$\\href{https://x.test}{\\text{WORD}}$", "<p>WORD $\\text{WORD}$ and \\(\\text{WORD}\\)</p>",
    "<table><tr><th>WORD</th><th colspan=2>WORD</th></tr><tr><td rowspan=2>WORD</td><td><ul><li>WORD</li></ul></td></tr><tr><td>WORD</td></tr></table>",
    "::: people\n- WORD ([WORD](https://x.test), WORD), *WORD*\n:::", "::: event x\nwhen: 2027-01-12\nwhere: WORD [WORD](https://x.test)\n:::",
    "::: note [WORD](https://x.test) *WORD*\nWORD\n:::", "[WORD](https://x.test 'WORD')", "## **WORD**", "WORD %%WORD%% %%word_field%%", "WORD {{ site.x }}, WORD",
    ":::{figure} missing.png\n:alt: WORD\n:name: WORD\n\nWORD\n:::", "WORD {ref}`WORD` {math}`\\text{WORD}`", "(WORD)=\nWORD",
    "import WORD from 'WORD'", "export const WORD = 1;", "{/* x */} WORD", "<a href='https://x.test'>\n<div>WORD</div><div>WORD</div></a>",
    "<a href='https://x.test'>\n<ul><li>WORD</li></ul></a>", "[\n\n![WORD](missing.png)\n\n](https://x.test)", "## WORD {-}", "## WORD {#ü-–}",
    "[[WORD]{.a}]{.b}", "WORD \\begin{equation}\\text{WORD}\\end{equation}", ":::tip[WORD]\nWORD\n:::", "a  WORD   WORD\nb  WORD   WORD",
    "- [ ] WORD\n- [x] WORD", "[![](missing.png)](https://x.test) WORD", "```{list-table} x\nWORD\n```", "https://x.test/a\\_b WORD", "« WORD » ; WORD",
    "(1) WORD\n(2) WORD", "WORD {first_name, 'WORD'}", "* [{{ post.WORD }}]({{ post.url }})",
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=8))
def test_every_word_is_shown_or_its_loss_is_named(parts: list[str]) -> None:
    text, spans, line = "", {}, 1
    for number, written in enumerate(parts):
        part = written
        words: list[str] = []
        while "WORD" in part:
            words.append(f"wrd{number}x{len(words)}q")
            part = part.replace("WORD", words[-1], 1)
        end = line + part.count("\n")
        spans.update(dict.fromkeys(words, (line, end)))
        text += part + "\n\n"
        line = end + 2
    issue = from_markdown(text)
    letter = render(issue, frozenset(), ARCHIVED)
    html, plain = filled_html(letter), filled_text(letter)
    named = {finding.place.line for finding in (*issue.findings, *check_issue(issue))}
    for word, (begin, end) in spans.items():
        if word not in html or word not in plain:
            assert any(begin <= number <= end for number in named), (word, word in html, word in plain, text)
