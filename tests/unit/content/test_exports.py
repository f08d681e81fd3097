"""What Google Docs, Notion, GitLab and Pandoc export is read as it is meant, or named."""

import base64
import io

from PIL import Image

from mailer.content import Issue, StoredFiles, check_issue, plain, read_files
from mailer.content.issue import CodeBlock, DisplayFormula, Figure, Formula, Heading, Note, Paragraph
from mailer.content.walk import all_blocks, all_inlines
from mailer.rendering import render
from tests.unit.rendering.builders import FRAME, filled_html


def read(text: str) -> Issue:
    return read_files(StoredFiles({"issue.md": text.encode()}))


def words(text: str) -> list[str]:
    return [plain(block.inlines) for block in all_blocks(read(text).blocks) if isinstance(block, Paragraph | Heading)]


def codes(text: str) -> list[tuple[int, str]]:
    return [(finding.place.line, finding.code) for finding in check_issue(read(text))]


def pasted() -> str:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "#336699").save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def test_pictures_in_the_text_itself_are_shown_wherever_they_stand() -> None:
    for text in (
        f"![A blue field][image1]\n\n[image1]: <{pasted()}>\n",
        f"![A blue field]({pasted()})\n",
        f'<img src="{pasted()}" alt="A blue field">\n',
        f"::: figure {pasted()}\nalt: A blue field\n:::\n",
    ):
        issue = read(f"# T\n\n{text}")
        (figure,) = (block for block in issue.blocks if isinstance(block, Figure))
        assert figure.picture.alt == "A blue field"
        assert issue.assets[figure.picture.src][:4] == b"\x89PNG"
        assert issue.findings == ()
        shown = filled_html(render(issue, frozenset(), FRAME))
        assert 'alt="A blue field" width="40" height="20"' in shown
        assert "data:image" not in shown


def test_a_picture_in_the_text_that_is_damaged_or_no_picture_is_named() -> None:
    damaged = pasted()[:-8] + "=A=="
    assert ("unsafe-link" in {code for _, code in codes(f"![A field]({damaged})\n")}) is True
    assert (
        "unsafe-link" in {code for _, code in codes("![A field](data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=)\n")}
    ) is True


def test_a_heading_that_is_bold_as_a_whole_is_a_heading() -> None:
    (heading,) = (block for block in read("# T\n\n## **Section two**\n\nText.\n").blocks if isinstance(block, Heading))
    assert plain(heading.inlines) == "Section two"
    assert len(heading.inlines) == 1
    assert not hasattr(heading.inlines[0], "children")


def test_notions_aside_is_a_note() -> None:
    (note,) = read("<aside>\n💡 **Remember:** the [retreat](https://x.org).\n\n</aside>\n").blocks
    assert isinstance(note, Note)
    assert [plain(block.inlines) for block in note.blocks if isinstance(block, Paragraph)] == [
        "💡 Remember: the retreat."
    ]
    assert words("<aside>\nWords.\n") == ["Words."]


def test_formulas_of_gitlab_and_github() -> None:
    issue = read("Inline $`x^2`$.\n\n```math\nE = mc^2\n```\n")
    assert [found.tex for _, found in all_inlines(issue.blocks) if isinstance(found, Formula)] == ["x^2", "E = mc^2"]
    formula = next(block for block in issue.blocks if isinstance(block, DisplayFormula))
    assert formula.place.line == 4


def test_what_pandoc_writes_for_html_is_html_and_for_others_is_named() -> None:
    text = "```{=html}\n<p>raw *words*</p>\n```\n\n```{=latex}\n\\newpage\n```\n\nA `<b>bold</b>`{=html} word`\\pagebreak`{=latex}.\n\n\\\n\nEnd.\n"
    assert words(text) == ["raw *words*", "A bold word.", "End."]
    assert not any(isinstance(block, CodeBlock) for block in read(text).blocks)
    assert codes(text) == [(5, "code-dropped")]


def test_markdown_between_tags_of_html_is_named_at_its_line() -> None:
    text = "<div>\nSome\n**bold** words and [a page](https://x.org)\n</div>\n\n<pre>**code**</pre>\n\n<p>2 ** 3 and [1] (see)</p>\n"
    assert codes(text) == [(3, "markdown-in-html")]


def test_fields_of_ghost_are_named_and_sets_in_braces_are_not() -> None:
    text = 'Hey {first_name, "there"}, %%{unsubscribe_url}%% and {names, of, a, set} {{ name | default("x") }}.\n'
    assert codes(text) == [(1, "foreign-markup"), (1, "foreign-markup")]
