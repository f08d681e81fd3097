"""What Google Docs, Notion, GitLab and Pandoc export is read as it is meant, or named."""

import base64
import io

from PIL import Image

from mailer.content import check_issue, plain
from mailer.content.issue import CodeBlock, DisplayFormula, Figure, Formula, Heading, LineBreak, Link, Note, Paragraph
from mailer.content.walk import all_blocks, all_inlines
from mailer.rendering import render
from tests.unit.content.builders import read
from tests.unit.rendering.builders import FRAME, filled_html


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


def test_substacks_picture_whose_link_is_cut_by_empty_lines_is_one_link() -> None:
    issue = read("# T\n\nBefore.\n\n[\n\n![A lake](https://x.org/lake.png)\n\n](https://x.org/lake)\n\nAfter.\n")
    assert [plain(block.inlines) for block in issue.blocks if isinstance(block, Paragraph)] == [
        "Before.",
        "A lake",
        "After.",
    ]
    (link,) = (found for _, found in all_inlines(issue.blocks) if isinstance(found, Link))
    assert (link.href, link.place.line) == ("https://x.org/lake", 7)
    assert words("# T\n\n[\n\nNo picture\n\n](https://x.org)\n") == ["[", "No picture", "](https://x.org)"]


def test_a_link_around_blocks_of_html_leads_from_its_first_words() -> None:
    card = '<a href="https://x.org/long">\n<div><div>A long read</div><div>About short words.</div></div><img src="a.png" alt=""></a>\n'
    (link,) = (found for _, found in all_inlines(read(card).blocks) if isinstance(found, Link))
    assert (link.href, plain(link.children)) == ("https://x.org/long", "A long read")
    card = "Words <div>One</div><div><b>Two</b></div>three, <p>four</p>\n"
    assert " ".join(words(card)[0].split()) == "Words One Two three, four"
    (framed,) = read(
        '<a href="https://x.org"><figure><img src="https://x.org/a.png" alt="A lake"></figure></a>\n'
    ).blocks
    assert isinstance(framed, Paragraph)
    assert isinstance(framed.inlines[0], Link)
    assert codes('<a href="https://x.org">\n<ul><li>One</li></ul></a>\n') == [(1, "html-dropped")]


def test_what_stands_behind_headings_for_others_is_not_shown() -> None:
    text = "# T {#quarterly-–-q4}\n\n[Top](#über-uns)\n\n## Über uns {#über-uns}\n\nWe.\n\n## References {-}\n\nNone.\n"
    assert words(text) == ["Top", "Über uns", "We.", "References", "None."]
    assert codes(text) == [(3, "anchor-link")]
    assert words("[toc]\n\nWords.\n") == ["Words."]


def test_a_letter_that_names_no_language_is_in_that_of_its_words() -> None:
    german = "Liebe Kolleginnen, wir laden Sie auf den 3. Mai ein und bitten um Antwort. Das Fest ist nicht im Garten, sie werden sehen.\n"
    french = "Chers membres, voici le bulletin de mai. Nous vous attendons dans la salle pour une fête avec les amis du club.\n"
    english = "Dear friends, this is the letter of May, and we will have a party for all of you in the garden.\n"
    for text, language in (
        (german, "de"),
        (french, "fr"),
        (english, "en"),
        ("Hallo Welt.\n", "en"),
        (german + french, "en"),
    ):
        assert read(text).meta.language == language
    assert read(f"---\nlanguage: en\nsubject: S\n---\n\n{german}").meta.language == "en"
    assert read("---\nlang: fr\ntitle: T\n---\n\nMot.\n").meta.language == "fr"
    assert codes("---\nlang: fr\ntitle: T\ndate: 2027-01-12\nlayout: post\n---\n\nMot.\n") == [(5, "front-matter-key")]


def test_other_markup_languages_are_named_line_by_line() -> None:
    text = (
        "= Gazette\n\n== First\n\nimage::a.png[A]\n\n|===\n|a\n|===\n\n.. note:: Beware\n\n#+TITLE: T\n\n== Wiki ==\n"
    )
    assert codes(text) == [(line, "foreign-markup") for line in (1, 3, 5, 7, 9, 11, 13, 15)]
    good = "# T\n\n==marked== words\n\na\n= b\n\n```adoc\n== First\n|===\n```\n\n. . .\n\n#hashtag and #+1\n"
    assert codes(good) == []


def test_formulas_within_a_sentence_that_are_not_read_are_named() -> None:
    assert codes("# T\n\nFit: \\begin{equation}\ny = x\n\\end{equation}\n") == [
        (3, "foreign-markup"),
        (5, "foreign-markup"),
    ]


def test_an_address_with_an_escape_too_many_leads_where_it_should() -> None:
    text = (
        "# T\n\n[https://x.org/a\\\\_b](https://x.org/a_b), https://x.org/a\\_b, <https://x.org/a\\_b> and C:\\\\_x\n"
    )
    assert words(text) == ["https://x.org/a_b, https://x.org/a_b, https://x.org/a_b and C:\\_x"]
    assert {found.href for _, found in all_inlines(read(text).blocks) if isinstance(found, Link)} == {
        "https://x.org/a_b"
    }


def test_no_line_of_french_begins_with_its_signs() -> None:
    text = "---\nlang: fr\n---\n\n# T\n\nIl dit : « oui ! » ; et *non* ? `a ; b`\n"
    assert words(text) == ["Il dit\u00a0: «\u00a0oui\u00a0!\u00a0»\u00a0; et non\u00a0? a ; b"]
    assert words("# T\n\nHe said : yes !\n") == ["He said : yes !"]


def test_a_list_of_things_to_do_shows_its_boxes_alone() -> None:
    shown = [
        filled_html(render(read(f"# T\n\n{text}\n"), frozenset(), FRAME))
        for text in ("- [ ] One\n- [x] Two", "- [ ] One\n- Two", "- One")
    ]
    assert ["list-style-type:none" in html for html in shown] == [True, False, False]


def test_a_link_that_is_a_picture_without_words_has_the_name_of_its_site() -> None:
    for text in (
        "[![](https://x.org/a.png)](https://www.y.org/b)\n",
        '<a href="https://www.y.org/b"><img src="https://x.org/a.png" alt=""></a>\n',
    ):
        assert words(text) == ["y.org"]
        assert codes(text) == [(1, "missing-alt"), (1, "remote-picture")]
    assert codes("[![A lake](https://x.org/a.png)](https://y.org/b)\n") == [(1, "remote-picture")]


def test_roles_figures_and_names_of_myst_are_read_or_named() -> None:
    text = (
        "(intro)=\n# T\n\n:::{figure} https://x.org/a.png\n:name: fig-a\n:width: 60%\n:alt: A wave at sea\n\nThe wave.\n:::\n\n"
        "By {math}`a^2` and {ref}`the start <intro>`.\n\n```{math}\n:label: eq\nx = y\n```\n\n```{list-table}\n* - One\n```\n"
    )
    issue = read(text)
    (figure,) = (block for block in issue.blocks if isinstance(block, Figure))
    assert (figure.picture.alt, figure.picture.share, plain(figure.caption)) == ("A wave at sea", 60, "The wave.")
    assert [found.tex for _, found in all_inlines(issue.blocks) if isinstance(found, Formula)] == ["a^2", "x = y"]
    assert "By a^2 and the start." in words(text)
    assert codes(text) == [
        (1, "foreign-template"),
        (4, "remote-picture"),
        (12, "foreign-template"),
        (19, "foreign-markup"),
    ]


def test_programs_between_the_words_of_mdx_are_named_and_its_comments_are_none() -> None:
    text = "import Tabs from '@theme/Tabs';\n\nexport const A = 1;\n\n{/* to do */}\n\n:::tip[Now]\nGo.\n:::\n\nWe import tea from India.\n"
    assert codes(text) == [(1, "foreign-template"), (3, "foreign-template")]
    (note,) = (block for block in read(text).blocks if isinstance(block, Note))
    assert plain(note.title) == "Now"
    assert words(text) == ["Go.", "We import tea from India."]


def test_rows_that_were_set_with_blanks_stay_rows() -> None:
    (rows,) = (block for block in read("# T\n\nSat  5 Dec   10.00   Box Hill\nSun 13 Dec   09.30   Cheddar\n").blocks)
    assert isinstance(rows, Paragraph)
    assert any(isinstance(part, LineBreak) for part in rows.inlines)
    (prose,) = (block for block in read("# T\n\nTwo  blanks here.\nAnd  here.\n").blocks)
    assert isinstance(prose, Paragraph)
    assert not any(isinstance(part, LineBreak) for part in prose.inlines)


def test_words_widths_spans_and_formulas_are_read() -> None:
    text = '# T\n\n![A lake at dawn](https://x.org/a.png){width="6.268055555555556in" height="3in"}\n\n[[See]{.smallcaps}]{.underline} \\begin{equation}E=mc^2\\end{equation}\n'
    issue = read(text)
    (figure,) = (block for block in issue.blocks if isinstance(block, Figure))
    assert figure.picture.width == 602
    assert codes(text) == [(3, "remote-picture")]
    assert [found.tex for _, found in all_inlines(issue.blocks) if isinstance(found, Formula)] == ["E=mc^2"]
    assert words(text)[0].startswith("See")
