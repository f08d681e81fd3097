import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailer.base.errors import WrongInput
from mailer.content.colours import contrast
from mailer.content.issue import Span, Text
from mailer.rendering.blocks import unbroken
from mailer.rendering.highlight import CLASSES
from mailer.rendering.phrases import Phrases, direction, phrases
from mailer.rendering.templates import folders
from mailer.rendering.themes import faint_pairs, theme, theme_names
from tests.unit.rendering.builders import a_letter, filled_html

OURS = folders("")
LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize("name", theme_names(OURS))
def test_every_colour_of_a_theme_is_legible_in_light_and_dark(name: str) -> None:
    found = theme(name, OURS)
    assert faint_pairs(found.light) == ()
    assert faint_pairs(found.dark) == ()
    for colours, palette in ((found.code_colours, found.light), (found.code_colours_dark, found.dark)):
        assert [key for key, colour in colours.items() if contrast(colour, palette["tint"]) < 4.5] == []


@pytest.mark.parametrize("name", theme_names(OURS))
def test_every_kind_of_word_in_code_has_a_colour_of_its_own(name: str) -> None:
    found = theme(name, OURS)
    for colours in (found.code_colours, found.code_colours_dark):
        assert {f"z{key[:2]}" for key in colours} == {css_class for _, css_class in CLASSES}
        assert len(set(colours.values())) == len(colours)


def test_there_are_two_designed_themes_and_an_unknown_name_gives_the_first() -> None:
    assert set(theme_names(OURS)) >= {"meridian", "signal"}
    assert theme("no-such-theme", OURS) == theme("../../etc/passwd", OURS) == theme("", OURS) == theme("meridian", OURS)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_a_workspaces_theme_changes_only_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "email" / "themes").mkdir(parents=True)
    (tmp_path / "email" / "themes" / "ours.toml").write_text('[light]\naccent = "#aa0000"\n')
    found = theme("ours", folders(str(tmp_path)))
    assert found.light["accent"] == "#aa0000"
    assert found.light["text"] == theme("meridian", OURS).light["text"]


@pytest.mark.parametrize("wrong", ['[light]\naccent = "red"\n', '[measure]\nletter = "wide"\n', "[light\n"])
def test_a_wrong_theme_is_named(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "email" / "themes").mkdir(parents=True)
    (tmp_path / "email" / "themes" / "ours.toml").write_text(wrong)
    with pytest.raises(WrongInput, match=r"ours\.toml"):
        theme("ours", folders(str(tmp_path)))


@pytest.mark.parametrize("language", ["de", "fr"])
def test_every_phrase_is_translated(language: str) -> None:
    english, other = phrases("en", OURS).words, phrases(language, OURS).words
    assert english.keys() == other.keys()
    same = {key for key in english if english[key] == other[key]}
    assert same <= {"colon", "date", "day_date", "notes"}


def test_a_language_without_words_speaks_english_and_a_regional_one_its_mother_tongue() -> None:
    assert phrases("sw", OURS)["unsubscribe"] == "Unsubscribe"
    assert phrases("de-AT", OURS)["unsubscribe"] == "Abmelden"
    assert direction("ar-EG") == "rtl"
    assert direction("en") == "ltr"


def english() -> Phrases:
    return phrases("en", OURS)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2027, 1, 12), None, "Tuesday 12 January 2027"),
        (date(2027, 1, 12), date(2027, 1, 13), "Tuesday 12 – Wednesday 13 January 2027"),
        (date(2027, 1, 29), date(2027, 2, 1), "Friday 29 January – Monday 1 February 2027"),
        (datetime(2027, 1, 12, 14, tzinfo=LONDON), None, "Tuesday 12 January 2027, 14:00 GMT"),
        (
            datetime(2026, 10, 25, 0, 30, tzinfo=LONDON),
            datetime(2026, 10, 25, 3, tzinfo=LONDON),
            "Sunday 25 October 2026, 00:30 BST – 03:00 GMT",
        ),
        (
            datetime(2027, 7, 12, 14, tzinfo=LONDON),
            datetime(2027, 7, 12, 15, 30, tzinfo=LONDON),
            "Monday 12 July 2027, 14:00–15:30 BST",
        ),
        (
            datetime(2027, 1, 12, 14, tzinfo=UTC),
            datetime(2027, 1, 13, 9, tzinfo=UTC),
            "Tuesday 12 January 2027, 14:00 – Wednesday 13 January 2027, 09:00 UTC",
        ),
        (
            datetime(2027, 1, 12, 14, tzinfo=ZoneInfo("Asia/Kathmandu")),
            None,
            "Tuesday 12 January 2027, 14:00 UTC+05:45",
        ),
    ],
)
def test_when_something_happens_is_said_in_words(start: date, end: date | None, words: str) -> None:
    assert english().span(start, end) == words


def test_names_are_listed_like_in_a_sentence() -> None:
    assert [english().listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("C.-B. Schönlieb, M. J. Ehrhardt", "C.\u2011B.\u00a0Schönlieb, M.\u00a0J.\u00a0Ehrhardt"),
        ("A. I. Aviles-Rivero et al. and others", "A.\u00a0I.\u00a0Aviles-Rivero et al. and others"),
        ("AIX-COVNET Collaboration", "AIX-COVNET Collaboration"),
    ],
)
def test_initials_stay_on_the_line_of_their_name(written: str, shown: str) -> None:
    own = Span("strong", (Text(written),))
    assert unbroken((Text(written), own)) == (Text(shown), Span("strong", (Text(shown),)))


def test_a_paragraph_all_in_bold_stands_close_to_what_it_names() -> None:
    html = html_of_letter("**Where else to find us**\n\n- Bonn\n\n**Bold** at the start only.\n")
    assert '<p style="margin:0 0 4px"><strong>Where else to find us</strong></p>' in html
    assert "<p><strong>Bold</strong> at the start only.</p>" in html


def test_an_equations_number_stands_at_the_end_of_its_line() -> None:
    html = html_of_letter("$$\nx = \\frac12 \\tag{7}\n$$\n\n$$\ny\n$$\n")
    assert re.search(r'<td class="e" align="center">.*</td><td width="48" align="right"[^>]*>\(7\)</td>', html)
    assert html.count('class="e"') == 2


def test_english_words_below_a_letter_in_another_language_are_said_to_be_english() -> None:
    assert '<p lang="en" dir="ltr" style="margin:0 0 12px;text-align:right">You get this' in html_of_letter(
        "שלום", "he"
    )
    assert "lang=" not in html_of_letter("Servus.", "de-AT").split("Sie bekommen", 1)[0].rsplit("<p", 1)[1]


def html_of_letter(text: str, language: str = "en") -> str:
    return filled_html(a_letter(f"---\ntitle: The shape of learning\nlanguage: {language}\n---\n{text}"))
