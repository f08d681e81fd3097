"""What a reader of English, German or French would call a fault, and what not: three ways of each that people really write."""

import io
from datetime import UTC, datetime

import pytest
from PIL import Image

from mailer.content import StoredFiles, check_issue, read_files

HEAD = (
    "---\ntitle: The title\nsubject: What this letter is about\npreheader: Something else that is in it\nslug: x\n"
    "date: 2026-03-01\nlanguage: {language}\naudiences: [academic, industry]\n---\n\n{first}.\n\n"
)
FIRST = {"en": "Some words", "de": "Einige Worte", "fr": "Quelques mots"}


def codes(language: str, text: str) -> set[str]:
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(picture, "PNG")
    written = HEAD.format(language=language, first=FIRST[language]) + text + "\n"
    issue = read_files(StoredFiles({"issue.md": written.encode(), "a.png": picture.getvalue()}))
    return {found.code for found in check_issue(issue, now=datetime(2026, 3, 1, tzinfo=UTC))}


FAULTS = [
    ("poor-alt", "en", ["![Screenshot 2026-03-01 at 10.00.00](a.png)", "![alt text](a.png)", "![untitled](a.png)"]),
    ("poor-alt", "de", ["![Abbildung](a.png)", "![Bild 1](a.png)", "![Bildschirmfoto 2026-03-01 um 10.00](a.png)"]),
    ("poor-alt", "fr", ["![photo](a.png)", "![capture d'écran](a.png)", "![IMG_2034.JPG](a.png)"]),
    ("link-text", "en", ["[more info](https://e.org)", "[Read more »](https://e.org)", "[12](https://e.org)"]),
    ("link-text", "de", ["[Klicken Sie hier](https://e.org)", "[mehr erfahren](https://e.org)", "[dieser Link](https://e.org)"]),
    ("link-text", "fr", ["[Cliquez ici](https://e.org)", "[plus d’informations](https://e.org)", "[site web](https://e.org)"]),
    ("link-text", "en", [f"<https://e.org/{'long/' * 12}>"]),
    ("link-text-mismatch", "en", ["[e.org](https://evil.org)", "[www.e.org](https://evil.org)"]),
    ("link-malformed", "en", ["[a talk](https://e.org/a b)", "[a talk](files/a b.pdf)", "[a talk](https://)"]),
    ("placeholder", "en", ["[insert name]", "By [Your Name]", "Date: DD/MM/YYYY", "Fee: £XX", "On XX.XX.2026", "todo: ask"]),
    ("placeholder", "de", ["[Name einfügen]", "Blindtext", "TT.MM.JJJJ", "noch zu ergänzen", "[Ort]"]),
    ("placeholder", "fr", ["À compléter", "[insérer le nom]", "Lieu à préciser", "[titre]"]),
    ("weekday-mismatch", "en", ["Monday–Wednesday, 3–5 March 2026", "Monday 3 – Wednesday 5 March", "Monday 03.03.2026"]),
    ("weekday-mismatch", "en", ["2026-03-03, Monday", "3 March 2026, a Monday.", "3.3.2026 (Mon)", "Monday 3/3/2026"]),
    ("weekday-mismatch", "de", ["Mo, 3.3.2026", "3.3.2026 (Mo)", "am Montag (3. März 2026)", "Montag bis Mittwoch, 3.–5. März"]),
    ("weekday-mismatch", "fr", ["lun. 3 mars 2026", "du lundi 3 au mercredi 5 mars 2026", "lundi 03/03/2026"]),
    ("no-such-date", "en", ["31 June 2026", "February 30, 2026", "2026-02-29"]),
    ("no-such-date", "de", ["31. April 2026", "31.04.2026"]),
    ("no-such-date", "fr", ["le 31 juin 2026"]),
    ("deadline-past", "en", ["Join us on 10 February 2026 in Bath.", "The talk takes place on 10 February 2026."]),
    ("deadline-past", "de", ["Bewerbungsschluss: 15.02.2026", "Bitte melden Sie sich bis zum 1. Februar an."]),
    ("deadline-past", "fr", ["Le colloque aura lieu le 10 février 2026.", "Date limite : 15 février 2026"]),
    ("field-without-default", "en", ["Dear {{ first_name }},", 'Dear {{ first_name | default("") }},']),
    ("words-for-others", "en", ["Dear academics,"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "language", "text"), [(code, language, text) for code, language, texts in FAULTS for text in texts]
)
def test_a_fault_is_found(code: str, language: str, text: str) -> None:
    assert code in codes(language, text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "![Logo of the University of Bath](a.png)"),
        ("en", "![Screenshot of the new page for members](a.png)"),
        ("en", "[annual report 2025](https://e.org)"),
        ("en", "[2025](https://e.org)"),
        ("en", "[bath.ac.uk](https://www.bath.ac.uk/maths) and [bath.ac.uk](https://people.bath.ac.uk)"),
        ("en", '[a talk](https://e.org/a_b "with a title") and [a] (b c)'),
        ("en", "A placeholder in Python is a name. Todo lists help. [sic] [1] [...]"),
        ("en", "See you at XX Congress, Room XX."),
        ("en", "Tuesday 3 – Thursday 5 March 2026, and Tuesday to Thursday, 3–5 March"),
        ("en", "Tuesday 3/3/2026, Tuesday, 12/5/2026 and 3 March 2026, Monday seminars move"),
        ("en", "So 3 March it is. Do 3 March and 4 March suit? Mar. 3 is free"),
        ("de", "Dienstag, den 3. März 2026; Di, 3.3.2026; 3.3.2026 (Di)"),
        ("fr", "mardi 3 mars 2026, mar. 3 mars, mardi 03/03/2026"),
        ("en", "29 February 2028, 31 May, version 31.04.20"),
        ("en", "Registration closed on 1 February 2026. The workshop took place on 1 February 2026."),
        ("en", "Abstracts were due on 1 February 2026. See you on 10 April 2026."),
        ("de", "Die Tagung fand am 10. Februar 2026 statt. Anmeldung bis 1. April 2026."),
        ("fr", "Le colloque a eu lieu le 10 février 2026."),
        ("en", 'Dear {{ first_name | default("") }} and all, {{ name | default("you") }}!'),
        ("en", "For academics and everybody else."),
    ],
)
def test_what_is_right_is_left_alone(language: str, text: str) -> None:
    assert codes(language, text) <= {"missing-picture"}
