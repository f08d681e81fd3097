import io
import random
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from mailer.content import StoredFiles, read_files
from mailer.rendering import Frame, check_letter, check_letters, render
from mailer.rendering.checks.clients import FEATURES, features_of, unsupported
from tests.unit.rendering.builders import ARCHIVED, FRAME, filled_html, from_markdown

TEXT = """---
title: The shape of learning
---
Hello **you**, $\\frac{1}{2}$.

## Section

| a | b |
|---|---|
| 1 | 2 |

```python
x = 1
```

::: note
Aside.
:::

::: columns
One

+++

Two
:::
"""


def codes(text: str = TEXT, frame: Frame = FRAME, *audiences: str) -> set[str]:
    issue = from_markdown(text)
    letter = render(issue, frozenset(audiences), frame)
    return {finding.code for finding in check_letter(issue, letter, frame)}


def overriding(folder: Path, **templates: str) -> Frame:
    for name, source in templates.items():
        path = folder / "email" / f"{name.replace('__', '/')}.mjml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return replace(FRAME, overrides=str(folder))


@pytest.mark.parametrize("theme", ["meridian", "signal"])
def test_our_own_letters_are_without_fault(theme: str) -> None:
    assert codes(TEXT.replace("title:", f"theme: {theme}\ntitle:"), ARCHIVED) == set()


def test_every_feature_that_our_templates_use_has_a_fallback_where_a_client_lacks_it() -> None:
    html = filled_html(render(from_markdown(TEXT), frozenset(), ARCHIVED))
    used = features_of(html)
    assert {"css-at-media-prefers-color-scheme", "css-border-radius", "css-selector-attribute"} <= {
        f.slug for f in used
    }
    assert unsupported(html) == ()


def test_the_table_names_each_feature_once() -> None:
    slugs = [feature.slug for feature in FEATURES]
    assert len(slugs) == len(set(slugs))


@pytest.mark.parametrize(
    ("paragraph", "code"),
    [
        ('<p style="display:flex">x</p>', "unsupported-feature"),
        ('<p><img src="https://x.test/a.svg" alt=""/></p>', "unsupported-feature"),
        ('<p><img src="https://x.test/a.png"/></p>', "image-without-alt"),
        ("<table><tr><td>x</td></tr></table>", "layout-table"),
        ("<h5>x</h5>", "heading-order"),
        ('<p style="font-size:9px">x</p>', "small-type"),
        ("<style>p{color:red}</style>", "style-in-body"),
    ],
)
def test_a_workspaces_template_is_judged(tmp_path: Path, paragraph: str, code: str) -> None:
    assert code in codes(frame=overriding(tmp_path, blocks__paragraph=paragraph))


def test_a_fault_of_a_workspaces_template_is_placed_in_it(tmp_path: Path) -> None:
    frame = overriding(tmp_path, blocks__paragraph='<p>x</p>\n  <p style="box-shadow:1px 1px">x</p>\n')
    issue = from_markdown(TEXT)
    (finding,) = check_letter(issue, render(issue, frozenset(), frame), frame)
    assert str(finding.place) == f"{tmp_path}/email/blocks/paragraph.mjml:2:13"
    assert "Gmail, Outlook for Windows, Yahoo Mail (2026-05-13)" in finding.message


@pytest.mark.parametrize(
    ("style", "is_told"),
    [
        ("color:#888888", True),
        ("color:#888", True),
        ("color:silver", True),
        ("color:#777777;font-size:24px", False),
        ("color:#777777;font-size:19px;font-weight:bold", False),
        ("color:#777777;font-size:19px", True),
        ("color:#ffffff", True),
        ("color:#ffffff;background-color:#1d4f91", False),
        ("color:#ffffff;display:none", False),
        ("color:rgba(0,0,0,.5)", False),
    ],
)
def test_faint_words_of_a_template_are_told(tmp_path: Path, style: str, is_told: bool) -> None:  # noqa: FBT001
    frame = overriding(tmp_path, blocks__paragraph=f'<p style="{style}">x</p>')
    issue = from_markdown("---\ntitle: T\n---\nHello.")
    found = [
        finding
        for finding in check_letter(issue, render(issue, frozenset(), frame), frame)
        if finding.code == "low-contrast"
    ]
    assert bool(found) == is_told
    assert all(str(finding.place).endswith("paragraph.mjml:1:11") for finding in found)


def test_a_faint_palette_of_a_workspaces_theme_is_told_at_its_line(tmp_path: Path) -> None:
    frame = overriding(tmp_path)
    (tmp_path / "email" / "themes").mkdir(parents=True)
    path = tmp_path / "email" / "themes" / "meridian.toml"
    path.write_text(
        '[measure]\nradius = 3\n\n[light]\nrule = "#888888"\nmuted = "#999999"\n\n[dark]\nmuted = "#9aa4b2"\n'
    )
    issue = from_markdown(TEXT)
    found = [f for f in check_letter(issue, render(issue, frozenset(), frame), frame) if f.code == "low-contrast"]
    assert {str(finding.place) for finding in found} == {f"{path}:6:1"}
    assert any("muted on sheet of the light palette of meridian has 2.8 : 1" in finding.message for finding in found)


def test_a_template_that_cannot_be_used_is_a_finding_at_its_line(tmp_path: Path) -> None:
    issue = from_markdown(TEXT.replace("title:", "audiences: [a, b]\ntitle:"))
    (finding,) = check_letters(issue, ["a", "b"], overriding(tmp_path, foot="<mj-section>\n{% if %}\n</mj-section>"))
    assert (finding.level, finding.code) == ("error", "template-error")
    assert str(finding.place) == f"{tmp_path}/email/foot.mjml:2:1"


@pytest.mark.parametrize(
    ("name", "markup", "place", "message"),
    [
        ("foot", "<mj-section>\n  <mj-column>\n</mj-section>", "2:3", "<mj-column> is not closed"),
        ("foot", "<mj-section></mj-section>\n</mj-column>", "2:1", "</mj-column> closes nothing"),
        (
            "foot",
            "<mj-section>\n{% for line in postal_lines %}{{ line }}<br>{% endfor %}",
            "1:1",
            "<mj-section> is not closed",
        ),
        ("blocks__paragraph", "<p>{{ inline(b.inlines) }}\n<b>x</p>", "2:1", "<b> is not closed"),
        ("blocks__paragraph", "<p>\n1 < 2</p>", "2:3", "this < begins no element that can be read"),
    ],
)
def test_markup_that_is_not_well_formed_is_a_finding_at_its_line(
    tmp_path: Path, name: str, markup: str, place: str, message: str
) -> None:
    frame = overriding(tmp_path, **{name: markup})
    (finding,) = check_letters(from_markdown(TEXT), [], frame)
    path = tmp_path / "email" / (name.replace("__", "/") + ".mjml")
    assert (str(finding.place), finding.code) == (f"{path}:{place}", "template-error")
    assert finding.message.startswith(message)


@pytest.mark.parametrize(
    ("markup", "message"),
    [
        ('<p>{{ inline(b.inlines) }}</p>\n{% include "blocks/paragraph.mjml" %}', "the template includes itself"),
        ("<p>{{ inline(b.inlines) }}</p>\n{{ flow((b,)) }}", "the template includes itself"),
        (
            "<p>{{ inline(b.inlines) }}</p>\n<mj-text>More</mj-text>",
            "<mj-text> stands within a text and is not compiled",
        ),
    ],
)
def test_a_template_in_a_circle_or_not_compiled_is_a_finding_at_its_line(
    tmp_path: Path, markup: str, message: str
) -> None:
    frame = overriding(tmp_path, blocks__paragraph=markup)
    (finding,) = check_letters(from_markdown(TEXT), [], frame)
    assert (finding.level, finding.code) == ("error", "template-error")
    assert str(finding.place) == f"{tmp_path}/email/blocks/paragraph.mjml:2:1"
    assert finding.message.startswith(message)


def test_a_part_of_the_frame_that_includes_itself_is_a_finding_at_its_line(tmp_path: Path) -> None:
    (finding,) = check_letters(from_markdown(TEXT), [], overriding(tmp_path, foot='\n{% include "foot.mjml" %}'))
    assert (str(finding.place), finding.code) == (f"{tmp_path}/email/foot.mjml:2:1", "template-error")


@pytest.mark.parametrize(
    ("theme", "line", "message"),
    [
        ('\n[logo]\nfile = "logo.png"\nalt = "Us"\nwidth = 100\n', 2, "the logo is no picture"),
        ("[measure]\nradius = 2\nletter = 5000\n", 3, "letter = 5000 is no width for a letter"),
    ],
)
def test_a_theme_that_cannot_be_shown_is_a_finding_at_its_line(
    tmp_path: Path, theme: str, line: int, message: str
) -> None:
    frame = overriding(tmp_path)
    folder = tmp_path / "email" / "themes"
    folder.mkdir(parents=True)
    (folder / "logo.png").write_bytes(b"no picture")
    (folder / "meridian.toml").write_text(theme)
    (finding,) = check_letters(from_markdown(TEXT), [], frame)
    assert (str(finding.place), finding.code) == (f"{folder}/meridian.toml:{line}:1", "template-error")
    assert finding.message.startswith(message)


def test_a_template_of_the_web_edition_that_cannot_be_used_is_a_finding(tmp_path: Path) -> None:
    frame = overriding(tmp_path)
    page = tmp_path / "email" / "web" / "paragraph.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>\n{{ nosuch }}</p>\n")
    (finding,) = check_letters(from_markdown(TEXT), [], frame)
    assert (str(finding.place), finding.code) == (f"{page}:2:1", "template-error")


def test_heavy_pictures_are_told() -> None:
    noise = random.Random(1)  # noqa: S311
    files = {}
    for name in "abcdef":
        out = io.BytesIO()
        Image.frombytes("RGB", (1100, 900), noise.randbytes(1100 * 900 * 3)).save(out, "JPEG", quality=95)
        files[f"{name}.jpg"] = out.getvalue()
    text = "---\ntitle: T\n---\n" + "\n\n".join(f"![A plot]({name})" for name in files)
    issue = read_files(StoredFiles({"issue.md": text.encode(), **files}))
    (finding,) = check_letter(issue, render(issue, frozenset(), FRAME), FRAME)
    assert finding.code == "pictures-heavy"
    heaviest = max(files, key=lambda name: len(files[name]))
    assert text.split("\n")[finding.place.line - 1] == f"![A plot]({heaviest})"


def test_a_frame_without_a_way_out_is_an_error(tmp_path: Path) -> None:
    found = codes(
        frame=overriding(tmp_path, foot="<mj-section><mj-column><mj-text>bye</mj-text></mj-column></mj-section>")
    )
    assert {"no-unsubscribe-link", "no-preferences-link", "no-postal-address"} <= found


def test_a_sender_without_an_address_is_an_error() -> None:
    assert "no-postal-address" in codes(frame=replace(FRAME, sender=replace(FRAME.sender, postal_address="")))


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ('[base]\nurl = "x"\n\n[sender]\nname = "A"\npostal_address = ""\n', 6),
        ('[base]\nurl = "x"\n\n[sender]\nname = "A"\n\n[bounce]\npostal_address = "x"\n', 4),
        ("[base]\n", 1),
    ],
)
def test_a_missing_address_is_told_at_the_line_of_the_settings(tmp_path: Path, settings: str, line: int) -> None:
    (tmp_path / "mailer.toml").write_text(settings)
    frame = replace(FRAME, sender=replace(FRAME.sender, postal_address=""), settings=str(tmp_path / "mailer.toml"))
    issue = from_markdown(TEXT)
    found = check_letter(issue, render(issue, frozenset(), frame), frame)
    assert {finding.code for finding in found} == {"no-postal-address"}
    assert {(finding.place.file, finding.place.line) for finding in found} == {(frame.settings, line)}


def test_a_text_frame_without_a_way_out_is_told_at_that_template(tmp_path: Path) -> None:
    (tmp_path / "email" / "text").mkdir(parents=True)
    (tmp_path / "email" / "text" / "letter.txt").write_text("{{ body }}\n")
    frame = replace(FRAME, overrides=str(tmp_path))
    issue = from_markdown(TEXT)
    found = check_letter(issue, render(issue, frozenset(), frame), frame)
    assert {finding.code for finding in found} == {"no-unsubscribe-link", "no-preferences-link", "no-postal-address"}
    assert {finding.place.file for finding in found} == {str(tmp_path / "email" / "text" / "letter.txt")}


def test_size_is_told() -> None:
    long = from_markdown(TEXT + "\n## Long\n\n" + "word " * 25_000)
    (finding,) = check_letter(long, render(long, frozenset(), FRAME), FRAME)
    assert (finding.code, finding.place.line) == ("letter-clipped", TEXT.count("\n") + 2)
    assert "; shorten “Long” (12" in finding.message
    assert "letter-large" in codes(frame=replace(FRAME, budget_bytes=9_000))
    assert "section-folded" in codes(TEXT + "word " * 2_000, replace(ARCHIVED, budget_bytes=20_000))


def test_large_styles_are_told(tmp_path: Path) -> None:
    rules = "".join(f".a{number}{{color:#123456}}" for number in range(900))
    assert "style-block-large" in codes(frame=overriding(tmp_path, dark=rules))


def test_names_that_nothing_answers_to_are_told_at_their_lines() -> None:
    issue = from_markdown(TEXT.replace("title:", "theme: nope\ntemplate: nope\ntitle:"))
    found = check_letter(issue, render(issue, frozenset(), FRAME), FRAME)
    assert [(finding.place.line, finding.code) for finding in found] == [(2, "unknown-theme"), (3, "unknown-template")]


def test_a_picture_that_some_clients_cannot_show_is_told_at_its_place() -> None:
    issue = from_markdown("# T\n\nSee\n\n![A plot](https://x.org/a.webp?v=2)\n")
    (finding,) = check_letter(issue, render(issue, frozenset(), FRAME), FRAME)
    assert (finding.code, finding.place.line) == ("unsupported-feature", 5)


def test_a_link_within_the_letter_is_told_of_once() -> None:
    assert codes("# T\n\n## Here\n\nSee [the part](#here).\n") == set()


def test_what_is_true_of_every_letter_is_said_once() -> None:
    issue = from_markdown(TEXT.replace("title:", "theme: nope\naudiences: [a, b]\ntitle:"))
    (finding,) = check_letters(issue, ["a", "b"], FRAME)
    assert finding.message == "there is no theme “nope”; use one of meridian, signal"


def test_a_finding_names_the_audiences_of_its_letter() -> None:
    issue = from_markdown(TEXT.replace("title:", "theme: nope\naudiences: [a]\ntitle:"))
    (finding,) = check_letter(issue, render(issue, frozenset({"a"}), FRAME), FRAME)
    assert str(finding).endswith("(for a)")
