from dataclasses import replace
from pathlib import Path

import pytest

from mailer.rendering import Frame, check_letter, render
from mailer.rendering.clients import FEATURES, features_of, unsupported
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


def test_a_frame_without_a_way_out_is_an_error(tmp_path: Path) -> None:
    found = codes(
        frame=overriding(tmp_path, foot="<mj-section><mj-column><mj-text>bye</mj-text></mj-column></mj-section>")
    )
    assert {"no-unsubscribe-link", "no-preferences-link", "no-postal-address"} <= found


def test_a_sender_without_an_address_is_an_error() -> None:
    assert "no-postal-address" in codes(frame=replace(FRAME, sender=replace(FRAME.sender, postal_address="")))


def test_size_is_told() -> None:
    long = TEXT + "word " * 25_000
    assert "letter-clipped" in codes(long)
    assert "letter-large" in codes(frame=replace(FRAME, budget_bytes=9_000))
    assert "section-folded" in codes(TEXT + "word " * 2_000, replace(ARCHIVED, budget_bytes=20_000))


def test_large_styles_are_told(tmp_path: Path) -> None:
    rules = "".join(f".a{number}{{color:#123456}}" for number in range(900))
    assert "style-block-large" in codes(
        frame=overriding(tmp_path, dark=f"{{% macro dark_rules(p) %}}{rules}{{% endmacro %}}")
    )


def test_names_that_nothing_answers_to_are_told() -> None:
    assert codes(TEXT.replace("title:", "theme: nope\ntemplate: nope\ntitle:")) == {"unknown-theme", "unknown-template"}


def test_a_finding_names_the_audiences_of_its_letter() -> None:
    issue = from_markdown(TEXT.replace("title:", "theme: nope\naudiences: [a]\ntitle:"))
    (finding,) = check_letter(issue, render(issue, frozenset({"a"}), FRAME), FRAME)
    assert str(finding).endswith("(for a)")
