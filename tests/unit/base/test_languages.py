"""The languages of the pages: catalogues that anybody can add to a workspace."""

import re
from datetime import date
from pathlib import Path

import pytest

from mailer.base.errors import NotAllowed, WrongInput
from mailer.base.languages import Languages, missing, new_catalogue
from mailer.base.settings import templates_dir

HEAD = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"
"""
POLISH = """
msgctxt "save"
msgid "Save"
msgstr "Zapisz"

msgctxt "months"
msgid "{count} month"
msgid_plural "{count} months"
msgstr[0] "{count} miesiąc"
msgstr[1] "{count} miesiące"
msgstr[2] "{count} miesięcy"
"""
DAY = date(2027, 1, 5)


def a_catalogue(folder: Path, name: str, text: str) -> Path:
    path = folder / "languages" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + text, encoding="utf-8")
    return path


@pytest.mark.parametrize("code", ["de", "fr"])
def test_what_is_shipped_is_translated_whole(code: str) -> None:
    assert missing(templates_dir() / "languages" / f"{code}.po") == ()


def test_no_line_of_french_begins_with_a_colon_or_a_question_mark() -> None:
    catalogue = (templates_dir() / "languages" / "fr.po").read_text(encoding="utf-8")
    phrases = (templates_dir() / "email" / "phrases.toml").read_text(encoding="utf-8").partition("[fr]")[2]
    said = [line for part in catalogue.split("msgstr")[2:] for line in part.partition("msgctxt")[0].splitlines()]
    loose = [line for line in (*said, *phrases.splitlines()) if re.search(r"[^ ] [;:?!»]|« ", line)]
    assert [line for line in loose if not line.startswith("#")] == []


def test_a_file_that_is_dropped_in_adds_a_language_with_its_plural_forms_and_dates(tmp_path: Path) -> None:
    path = a_catalogue(tmp_path, "pl.po", POLISH)
    polish = Languages(tmp_path).best("pl")

    assert polish["save"] == "Zapisz"
    assert [polish.many("months", count) for count in (1, 3, 6)] == ["1 miesiąc", "3 miesiące", "6 miesięcy"]
    assert polish.day(DAY) == "5 stycznia 2027"
    assert polish.listed(["a", "b", "c"]) == "a, b i c"
    assert polish.own_name == "Polski"
    assert polish["undo"] == "Undo: I stay"
    assert "undo" in missing(path)
    assert "save" not in missing(path)


def test_a_workspace_says_one_sentence_otherwise_and_keeps_the_others(tmp_path: Path) -> None:
    a_catalogue(tmp_path, "de.po", 'msgctxt "save"\nmsgid "Save"\nmsgstr "Sichern"\n')
    a_catalogue(tmp_path, "en.po", 'msgctxt "save"\nmsgid "Save"\nmsgstr "Keep it"\n')
    spoken = Languages(tmp_path)

    assert spoken.best("de")["save"] == "Sichern"
    assert spoken.best("de")["undo"] == "Rückgängig: Ich bleibe"
    assert spoken.best("xx")["save"] == "Keep it"


def test_a_country_has_what_its_language_has(tmp_path: Path) -> None:
    a_catalogue(tmp_path, "de_AT.po", 'msgctxt "save"\nmsgid "Save"\nmsgstr "Speichern, bitte"\n')
    austrian = Languages(tmp_path).best("de-at")

    assert (austrian.code, austrian["save"], austrian["undo"]) == (
        "de-AT",
        "Speichern, bitte",
        "Rückgängig: Ich bleibe",
    )
    assert austrian.day(DAY) == "5. Jänner 2027"


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        (("",), "en"),
        (("fr",), "fr"),
        (("", "de-CH, en;q=0.5"), "de"),
        (("xx", "fr;q=0.2, de;q=0.9"), "de"),
        (("de;q=0, fr",), "fr"),
        (("*", "nonsense;q=x,,;", "-"), "en"),
        (("fr_CA",), "fr"),
    ],
)
def test_the_most_wished_for_is_spoken_of_those_that_are_known(wishes: tuple[str, ...], code: str) -> None:
    assert Languages().best(*wishes).code == code


def test_english_writes_dates_as_the_reader_does() -> None:
    spoken = Languages()
    assert spoken.best("en").day(DAY) == "5 January 2027"
    assert spoken.best("en-US").day(DAY) == "January 5, 2027"


def test_a_translation_of_an_older_sentence_is_not_shown(tmp_path: Path) -> None:
    path = a_catalogue(tmp_path, "es.po", 'msgctxt "save"\nmsgid "Save it"\nmsgstr "Guardar"\n')
    assert Languages(tmp_path).best("es")["save"] == "Save"
    assert "save" in missing(path)


@pytest.mark.parametrize("wrong", ["{adresse}", "{address.__class__}", "{0}", "{", "{address!r:{x}}"])
def test_a_translation_with_an_unknown_field_stops_the_start_and_says_where(tmp_path: Path, wrong: str) -> None:
    english = "{address} gets nothing from us any more."
    a_catalogue(tmp_path, "es.po", f'msgctxt "left_all"\nmsgid "{english}"\nmsgstr "{wrong} nada"\n')
    with pytest.raises(WrongInput, match="left_all") as caught:
        Languages(tmp_path)
    assert "es.po:" in caught.value.place
    assert "{address}" in caught.value.do


@pytest.mark.parametrize("name", ["nonsense.po", "zz_ZZ_ZZ_ZZ.po"])
def test_a_file_that_is_named_after_no_language_is_told(tmp_path: Path, name: str) -> None:
    a_catalogue(tmp_path, name, "")
    with pytest.raises(WrongInput, match="no language"):
        Languages(tmp_path)


def test_a_file_that_is_no_catalogue_is_told(tmp_path: Path) -> None:
    a_catalogue(tmp_path, "es.po", "msgid nonsense\n")
    with pytest.raises(WrongInput) as caught:
        Languages(tmp_path)
    assert caught.value.place.endswith("es.po")


def test_a_new_catalogue_holds_every_phrase_and_the_plural_rule(tmp_path: Path) -> None:
    path = new_catalogue(tmp_path, "ar")

    assert "nplurals=6" in path.read_text(encoding="utf-8")
    assert len(missing(path)) > 100
    arabic = Languages(tmp_path).best("ar")
    assert (arabic["save"], arabic.direction) == ("Save", "rtl")
    with pytest.raises(NotAllowed):
        new_catalogue(tmp_path, "ar")
