r"""Texts of strangers, kind by kind: LaTeX between formulas, tags that part paragraphs, anchors, chunks, cells."""

from pathlib import Path

import pytest

from mailer.content import Issue, check_issue, plain, read_issue
from mailer.content.issue import Code, Formula, Heading, Link, List, Paragraph, Picture, Span, Table
from mailer.content.walk import all_blocks, all_inlines, inlines_of
from tests.unit.content.builders import read


def texts(issue: Issue) -> list[str]:
    return [plain(run) for block in all_blocks(issue.blocks) for run in inlines_of(block)]


def formulas(issue: Issue) -> list[str]:
    return [part.tex for _, part in all_inlines(issue.blocks) if isinstance(part, Formula)]


def said(issue: Issue, code: str) -> list[tuple[int, str]]:
    return [(found.place.line, found.message) for found in check_issue(issue) if found.code == code]


@pytest.mark.parametrize(
    ("defined", "used", "meant"),
    [
        (r"\DeclareMathOperator{\Hom}{Hom}", r"\Hom(X)", r"\operatorname{Hom}(X)"),
        (r"\DeclareMathOperator*{\esssup}{ess\,sup}", r"\esssup f", r"\operatorname*{ess\,sup} f"),
        (r"\def\eps{\varepsilon}", r"\eps>0", r"\varepsilon>0"),
        (r"\def\pair#1#2{\langle #1,#2\rangle}", r"\pair{a}{b}", r"\langle a,b\rangle"),
        (r"\providecommand{\F}{\mathbb{F}}", r"\F_p", r"\mathbb{F}_p"),
    ],
)
def test_every_way_to_define_a_command_counts_for_all_formulas(defined: str, used: str, meant: str) -> None:
    issue = read(f"# T\n\n\\newcommand{{\\R}}{{\\mathbb{{R}}}}\n{defined}\n\nLet ${used}$.\n")
    assert formulas(issue) == [meant]
    assert texts(issue)[-1] == f"Let {meant}."


def test_latex_between_formulas_is_read_as_what_it_says() -> None:
    issue = read(r"""# T

\begin{theorem}[Hahn--Banach]\label{thm:hb}
Let \emph{every} $\textbf{x}$ be \textbf{good}, see \href{https://example.org}{there}.
\end{theorem}

\begin{proof} By Zorn. \qed \end{proof}

\begin{enumerate}
\item one
\begin{itemize}
\item inner
\end{itemize}
\item two
\end{enumerate}

\begin{align}
a &= \mbox{if } b
\end{align}

\subsection{Next}

`\emph{code}` stays.
""")
    found = texts(issue)
    assert found[:2] == [r"Theorem (Hahn--Banach). Let every \textbf{x} be good, see there.", "Proof. By Zorn. ∎"]
    assert {"one", "inner", "two", "Next", r"\emph{code} stays."} <= set(found)
    assert formulas(issue) == [r"\textbf{x}", "\\begin{align}\na &= \\mbox{if } b\n\\end{align}"]
    assert [block.start is not None for block in all_blocks(issue.blocks) if isinstance(block, List)] == [True, False]
    assert [block.level for block in issue.blocks if isinstance(block, Heading)] == [3]
    kinds = {part.kind for _, part in all_inlines(issue.blocks) if isinstance(part, Span)}
    assert kinds == {"em", "strong"}
    assert any(isinstance(part, Link) for _, part in all_inlines(issue.blocks))
    assert any(isinstance(part, Code) for _, part in all_inlines(issue.blocks))


def test_a_tag_on_a_line_of_its_own_parts_paragraphs_and_is_named() -> None:
    issue = read(
        '# T\n\n{{< tabs "x" >}}\n{{< tab "Mac" >}}\nFor Mac.\n{{< /tab >}}\n{{< tab "Linux" >}}\nFor Linux.\n{{< /tab >}}\n'
        "{{< /tabs >}}\n\n{% if site.beta %}\nFor a few.\n{% else %}\nFor all.\n{% endif %}\n"
    )
    assert texts(issue) == ["For Mac.", "For Linux.", "For a few.", "For all."]
    assert [line for line, _ in said(issue, "foreign-template")] == [3, 4, 6, 7, 9, 10, 12, 14, 16]


def test_a_comment_on_one_line_is_shown_to_nobody() -> None:
    issue = read("# T\n\nBefore {% comment %}not for readers{% endcomment %} after.\n")
    assert texts(issue) == ["Before after."]


@pytest.mark.parametrize(
    "tags", [("{{< katex >}}", "{{< /katex >}}"), ("{{% math %}}", "{{% /math %}}"), ("{% katex %}", "{% endkatex %}")]
)
def test_a_formula_between_tags_is_a_formula(tags: tuple[str, str]) -> None:
    opens, closes = tags
    assert formulas(read(f"# T\n\nSo {opens}x^2\\,dx{closes}.\n")) == [r"x^2\,dx"]
    assert formulas(read(f"# T\n\n{opens}\nx^2\\,dx\n{closes}\n")) == [r"x^2\,dx"]


def test_anchors_are_found_as_github_and_pandoc_write_them() -> None:
    issue = read(
        "# T\n\n[a](#-top) [b](#%EF%B8%8F-tools--tips) [c](#über-uns) [d](#sec-own)\n\n## 🔥 Top\n\n## 🛠️ Tools & Tips\n\n"
        "## Über uns\n\n## Quite another {#sec-own}\n\nText.\n"
    )
    links = [part.href for _, part in all_inlines(issue.blocks) if isinstance(part, Link)]
    assert links == ["#top", "#tools-tips", "#uber-uns", "#quite-another"]
    assert not said(issue, "anchor-missing")


def test_a_picture_of_a_vault_may_stand_in_a_cell() -> None:
    issue = read("# T\n\n| a | b |\n|---|---|\n| ![[icon.png\\|20]] | [[Page\\|alias]] |\n")
    assert [part.width for _, part in all_inlines(issue.blocks) if isinstance(part, Picture)] == [20]
    assert "alias" in texts(issue)
    assert len([block for block in issue.blocks if isinstance(block, Table)]) == 1


def test_what_another_system_would_compute_is_named() -> None:
    issue = read(
        '# T\n\n```{r}\n#| fig-cap: "Lengths by species."\nplot(x)\n```\n\nWe had `r nrow(df)` visitors.\n\n'
        "```mermaid\ngraph TD; A-->B;\n```\n\n<% tp.date.now() %>\n"
    )
    assert [line for line, message in said(issue, "code-dropped") if "Lengths by species." in message] == [3]
    assert [line for line, _ in said(issue, "foreign-markup")] == [8, 10, 14]


def test_a_quarto_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "letter.qmd"
    file.write_text("---\ntitle: Lab letter\n---\n\nWords.\n", encoding="utf-8")
    issue = read_issue(file)
    assert issue.meta.title == "Lab letter"
    assert isinstance(issue.blocks[0], Paragraph)


WORD = """Before.

  -------------------------------------------------------------------------
  **Date**        **Speaker**                **Title**
  --------------- -------------------------- ------------------------------
  Mon 12 Oct      Anna Kowalska (Kraków)     Waves in *random*
                                             media | more

  Tue 20 Oct      Bo Li                      $x^2$
  -------------------------------------------------------------------------

After.
"""
GRID = """+------------+-----------------+
| Room       | Phone           |
+============+=================+
| C1.23      | 0161 496 0000   |
| upstairs   |                 |
+------------+-----------------+
| MR4        | 0161 496 0001   |
+------------+-----------------+

: Where we are
"""
SIMPLE = """  Right   Left
-------   ------
     12   twelve
      1   one

After.
"""
HEADLESS = """-------   ------
     12   twelve
      1   one
-------   ------
"""


def cells(table: Table) -> list[list[str]]:
    return [[plain(cell) for cell in row] for row in (table.head, *table.rows)]


@pytest.mark.parametrize(
    ("drawn", "rows", "line"),
    [
        (
            WORD,
            [
                ["Date", "Speaker", "Title"],
                ["Mon 12 Oct", "Anna Kowalska (Kraków)", "Waves in random media | more"],
                ["Tue 20 Oct", "Bo Li", "x^2"],
            ],
            5,
        ),
        (GRID, [["Room", "Phone"], ["C1.23 upstairs", "0161 496 0000"], ["MR4", "0161 496 0001"]], 3),
        (SIMPLE, [["Right", "Left"], ["12", "twelve"], ["1", "one"]], 3),
        (HEADLESS, [[], ["12", "twelve"], ["1", "one"]], 3),
    ],
)
def test_a_table_drawn_with_dashes_is_a_table(drawn: str, rows: list[list[str]], line: int) -> None:
    issue = read(f"# T\n\n{drawn}\nThe end.\n")
    tables = [block for block in all_blocks(issue.blocks) if isinstance(block, Table)]
    assert [cells(table) for table in tables] == [rows]
    assert tables[0].place.line == line
    assert "The end." in texts(issue)
    assert not said(issue, "foreign-markup")


def test_lines_of_dashes_that_are_no_table_stay_what_they_are() -> None:
    issue = read(
        "# T\n\nAbove\n\n----------------\n\nbelow\n\n----------------\n\nA heading\n---------\n\nwords -- and words\n"
    )
    assert not [block for block in all_blocks(issue.blocks) if isinstance(block, Table)]
    assert texts(issue) == ["Above", "below", "A heading", "words -- and words"]


@pytest.mark.parametrize(
    "drawn",
    [
        "+---+---+\n| a longer word | b |\n+---+---+\n",
        "+---+---+\n| spans two     |\n+---+---+\n",
        "Left    Right\n----  -------\nacrossacross\n",
        "----  -------\nacrossacross\n----  -------\n",
    ],
)
def test_a_word_that_stands_across_two_columns_is_not_cut(drawn: str) -> None:
    issue = read(f"# T\n\n{drawn}\nThe end.\n")
    shown = " ".join(texts(issue))
    for word in ("longer word", "spans two", "acrossacross"):
        assert (word in drawn) == (word in shown)
