"""What the checker says of small texts, and of good ones that look like them: nothing more and nothing less."""

import io

import pytest
from PIL import Image

from mailer.content import StoredFiles, check_issue, read_files

FRONT = {
    "title": "T",
    "subject": "S",
    "preheader": "P",
    "audiences": "[academic, industry, outreach]",
    "date": "2026-12-01",
}
FOUND: dict[str, list[str | tuple[str, str, str]]] = {
    "": [
        "We are glad that that is over; she had had enough of it. See [the programme](https://x.org/p) or write to <ada@x.org>.",
        "The workshop (20–21 September 2027) is at the University of Bath. Registration opens on 1 May 2027.",
        "Prices: £5, $10, 3€ and US$30; 50 % off; 10:30 a.m.–4 p.m.; 3 x 4 = 12; 5 < 6 > 4; AT&T; C++ and C#; R² = 0.9.",
        "Read Smith et al. (2019), [Jones (2020)](https://doi.org/10.1000/182), arXiv:2103.00065 and ISBN 978-3-16-148410-0.",
        "e.g. this, i.e. that, etc. Dr. No vs. Mr. X, p. 3, No. 5, ca. 1900, 3rd, 1st, 2nd ed.",
        "- Monday: closed\n- Tuesday to Friday: 9–17\n- Sat/Sun: 10–12",
        "In May 2027 we may meet; March on; the second of June.",
        "1. First\n2. Second\n\n* * *\n\n> A quote.\n\n`code` and ``a ` b``.",
        "Ada's book, \"quoted\" and 'single', “curly” — dashes – and… ellipsis.",
        "Path C:\\Users\\ada and \\alpha as text, file_name_x, 2*3*4, a_b_c, #hashtag, @ada@social.example and ~5.",
        ("Besuchen Sie uns am Dienstag, dem 12. Januar 2027, um 14 Uhr (s. t.) im Hörsaal 3. Die, die die Anmeldung schon haben, kommen so.", "language", "de"),
        ("Anmeldung bis zum 15. Januar 2027 bei Frau Dr. Müller; Gebühr: 12,50 €. Am 1.1. ist frei.", "language", "de"),
        ("Du 12 au 14 janvier 2027, nous vous attendons à 14 h 30 ; l’entrée est libre (jusqu’à 18 h). Vous vous inscrivez ici même.", "language", "fr"),
        ("Le mardi 12 janvier 2027 à 20 h : conférence de Mme Curie, salle n° 5. C’est tout tout près.", "language", "fr"),
        "The formula $E = mc^2$ and $\\alpha$-decay, $5 million, and $x$, $y$.",
        "Version 1.2.3 of mailer, IP 10.0.0.1, 1,000,000 people, 12/2026, 2026-12, Q4/2026, 24/7.",
        "Tel. +44 1225 388388, room 6W 1.2, BA2 7AY.",
        "See section 3 [1], footnote [^1] and [a link].\n\n[^1]: Note.\n\n[a link]: https://x.org",
        "TODAY is fine, and so is XXL, Todoist, TBCs? No: tuberculosis (TB).",
        "We meet on the first Monday of each month, on Mondays, and every other Friday 13th.",
        "The 2027 conference is over 3 days; deadlines are tight; apply the theorem by 5 steps.",
        "![A curve that rises and then falls](a.png)\n\n*Fig. 1. The curve.*",
        "::: event Open day\nwhen: 12 January 2027, 2pm to 3.30pm\nwhere: Bath\n:::",
        "::: people\n**Staff**\n\n- Ada B. (UCL)\n:::\n\n::: quote\nWords.\n\n— Ada\n:::\n\n::: note\nAn aside.\n:::",
        "::: columns\nLeft.\n\n+++\n\nRight.\n:::\n\n::: button https://x.org\nRegister for the day\n:::",
        "::: audience academic\nFor scholars.\n:::\n\n::: audience industry outreach\nFor the rest.\n:::",
        'Dear {{ first_name | default("colleague") }}, your address is {{ email }}.',
        "Term\n: What it is.\n\nA ~~lie~~ and H~2~O, x^2^ and ==marked==.",
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\n# TODO: not prose\nprint('lorem ipsum', 'the the')\n```",
        "[x](https://user:pw@x.org/)",
        "[x](https://x.org)[y](https://x.org/y)",
        "<table><tr><td>x</td></tr></table>",
        "Last month, on 12 November 2026, we met.",
        "We met on 12 November 2026 and will meet on 12 January 2027.",
        "![Logo of the University of Bath](a.png)", "![A photo of Ada at the blackboard](a.png)",
        "![Figure skater mid-jump](a.png)", "![Banner on a bridge](a.png)", "[Register now](https://x.org)",
        "[read it](https://x.org)", "[here are the slides](https://x.org)", "[watch](https://x.org)",
        "[our programme (PDF)](https://x.org/a.pdf)", "[bath.ac.uk](https://www.bath.ac.uk/x)",
        "[doi:10.1000/182](https://doi.org/10.1000/182)", "[write](mailto:ada@x.org?subject=Hi%20there)",
        "[call us](tel:+441225388388)", "[draft](https://docs.google.com/document/d/abc/edit)",
        "[the site](https://x.org/a_(b))", 'Dear {{ name|default("friend")|title }},', "{{ email }} is yours.",
        "Ort: noch unbekannt", "To be confirmed", "Our to-do list is short; Todo is also Spanish for everything.",
        "Ask Tina Baker (TB).", "## A\n\n### B\n\ny\n\n## C\n\nz", "He had had enough, and that that is true.",
        "Bora Bora and New York New York.", ("Nous nous levons, vous vous couchez.", "language", "fr"),
        "Is it 5 5 or 6?", "ha ha, bye bye, no no, very very", "the cat [the](https://x.org/the-cat) sat",
        "The talk is on Tuesday 1 December 2026.", "Fri 4 – Sun 6 December 2026", "29 February 2028",
        "Apply by 15 January 2027.", "The deadline was 1 November 2026.", "Registration closed on 2 November 2026.",
        "It costs $5 or $10.", ("x", "preheader", '"5 * 3 * 2 and snake_case_x"'),
        "It is of academic interest only.", "Only for you.", "<br>line<br/>", "a <- b and c -> d, x < y",
    ],
    "anchor-link": [
        "## Part one\n\nWords.\n\n[part](#part-one)",
    ],
    "anchor-missing": [
        "[part](#missing)",
    ],
    "audience-empty": [
        "## Only academic\n\n::: audience academic\nx\n:::",
    ],
    "audience-empty unknown-audience": [
        "::: audience academics\nx\n:::",
    ],
    "columns-single": [
        "::: columns\nOne only\n:::",
    ],
    "container-argument": [
        "::: button\nJoin\n:::", "::: audience\nx\n:::",
    ],
    "container-stray": [
        ":::\nx",
    ],
    "container-unclosed": [
        "::: note\nopen",
    ],
    "container-unknown": [
        "::: notte\nx\n:::",
    ],
    "deadline-past": [
        ("Bewerbungsfrist: 1. November 2026", "language", "de"),
        "Submit your abstract before 12 November 2026!",
        "Join us on 12 November 2026.",
        "The deadline is 1 November 2026.", "Apply by 15 November 2026.",
        ("Anmeldung bis 15.11.2026", "language", "de"), ("Inscription avant le 15 novembre 2026", "language", "fr"),
        "Submissions close on 2 November 2026.",
    ],
    "doubled-word": [
        "The the end, and and and.",
        "We went to to the sea.", "It was the\nthe end.", "Sing sing sing.", ("Im im Haus.", "language", "de"),
        ("Die, die die Tür öffnen, und nach nach Hause.", "language", "de"), ("Il est est parti.", "language", "fr"),
        "The *the* thing.",
    ],
    "doubled-word preheader-long": [
        ("x", "preheader", '"words words words words words words words words words words words words words words words words words words words words words words words words words words words words words words "'),
    ],
    "empty-link": [
        "[the site]()",
    ],
    "empty-section": [
        "## Empty\n\n## Full\n\nx",
    ],
    "event-past": [
        "::: event\ntitle: X\nwhen: 2026-11-01 14:00-15:00\n:::",
    ],
    "event-when": [
        "::: event\ntitle: T\nwhen: 2027-01-12 14:00–15:00 EST\n:::",
        "::: event\ntitle: X\n:::",
    ],
    "event-when no-such-date": [
        "::: event\nwhen: 2027-02-30\ntitle: X\n:::",
    ],
    "field-in-address": [
        "[the site](https://x.org/?q={{ email }})",
    ],
    "field-without-default": [
        "Dear {{ name }},", "Dear {{ name | upper }},", 'Dear {{ first_name | default("") }},',
    ],
    "footnote-missing": [
        "x[^1][^2]\n\n[^1]: one",
        "A[^x]",
    ],
    "footnote-unused": [
        "A\n\n[^x]: B",
    ],
    "foreign-template": [
        "{{< youtube x >}} {% raw %}a{% endraw %}",
        "{% if x %}Hi{% endif %}",
    ],
    "formula-error": [
        "$$\n\\begin{matrix} a \\\\ b\n$$",
        "$\\frac{1}$", "$x^$ is", "$a_{b$", "$\\nosuch{x}$", "$$\n\\begin{aligned} a \\end{align}\n$$",
    ],
    "heading-skips": [
        "## A\n\nx\n\n##### B\n\ny",
        "## A\n\nx\n\n#### B\n\ny", "### A\n\nx",
    ],
    "html-dropped": [
        "<<insert name>>", '<b onclick="x()">bold</b>', '<p style="color:red">x</p>',
    ],
    "html-dropped issue-empty": [
        "<form><input></form>",
        "<script>x</script>",
    ],
    "http-link": [
        "Our site is at https://x.org/a_b_c?d=e&f=g#h and www.bath.ac.uk.",
        "[the site](http://x.org)",
    ],
    "link-malformed": [
        "[the site](https://intranet/)", "[the site](https://x .org)", "[the site](https://)", "[write](mailto:ada)",
    ],
    "link-text": [
        "Click [this link](https://x.org).",
        "[](https://x.org)",
        "Read [here](https://x.org/a).", "[Click here!](https://x.org/a)", "[→](https://x.org/a)",
        "[more…](https://x.org/a)", "[read more »](https://x.org)", "[this](https://x.org)", "[Mehr…](https://x.org)",
        "[en savoir plus](https://x.org)", "[*here*](https://x.org)", "[hier](https://x.org)",
        "[Weiter](https://x.org)", "::: button https://x.org\nClick here\n:::", "[1](https://x.org)",
        "[PDF](https://x.org)",
    ],
    "link-text-mismatch": [
        "[https://x.org](https://y.org)",
        "[www.bath.ac.uk](https://evil.example)", "[a.b@x.org](mailto:c@y.org)",
    ],
    "markup-in-plain": [
        ("x", "preheader", '"**bold** words"'),
    ],
    "merge-field": [
        'Dear {{name or "friend"}},',
    ],
    "missing-alt": [
        "![](a.png)", "![ ](a.png)", '<img src="a.png">', "::: figure a.png\n\nA caption.\n:::",
    ],
    "no-such-date": [
        "On 31 November 2026", "On 30 February", "29 February 2027", "Sun, 32 December 2026",
    ],
    "placeholder": [
        "Lorem ipsum",
        ("Lieu : à définir", "language", "fr"),
        ("Ort: TBA", "language", "de"),
        "Speaker: [name]",
        "Dear [First name],", "TODO: write this.", "Venue: TBC", "XXX people came.", "Lorem ipsum dolor sit amet.",
        "FIXME", "The time is ??? so far.", "[insert link]", "Price: £XX", "Date: DD/MM/YYYY", "Lieu : à préciser",
        "[Your Name Here]", "xx.xx.2026", "tba",
    ],
    "poor-alt": [
        "![DSC_0123](a.png)", "![Screenshot 2026-01-02 at 10.22.33](a.png)", "![IMG_2041.JPG](a.png)",
        "![figure](a.png)", "![Bild 3](a.png)", "![image description](a.png)", "![WhatsApp Image 2026-01-02](a.png)",
        "![a.png](a.png)", "![chart](a.png)",
    ],
    "preheader-repeats": [
        ("x", "preheader", "S"),
    ],
    "private-link": [
        "[the site](https://localhost:3000/)", "[the site](http://192.168.1.4/)",
    ],
    "reference-missing": [
        "[a][b]", "[a][] b",
    ],
    "relative-link": [
        "[the site](https//x.org)", "[the site](www.x.org)", "[the site](x.org/page)", "[the site](/page)",
    ],
    "short-link": [
        "[the site](https://bit.ly/3x)", "[the site](https://tinyurl.com/a)",
    ],
    "subject-long": [
        ("x", "subject", "long long long long long long long long long long long long long long long long long long long long"),
    ],
    "table-cells": [
        "| a | b |\n|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 | 3 |",
    ],
    "table-wide": [
        "| a | b | c | d | e | f | g |\n|---|---|---|---|---|---|---|\n| 1 | 2 | 3 | 4 | 5 | 6 | 7 |",
    ],
    "unknown-field": [
        'Dear {{ nom | default("you") }},', "Braces {{ and }} in text `{{ x }}`.",
    ],
    "unsafe-link": [
        "[the site](htp://x.org)", "[the site](javascript:alert(1))", "[file](file:///C:/a.docx)",
    ],
    "weekday-mismatch": [
        "See you on Thursday 12 January 2027.",
        ("Kommen Sie am Mi., 12.1.2027.", "language", "de"),
        ("Samedi 12 janvier 2027", "language", "fr"),
        "2027-01-12 (Wed)",
        "::: event\ntitle: X\nwhen: Monday 12 January 2027, 14:00-15:00\n:::",
        "The talk is on Monday 1 December 2026.", ("Am Montag, den 1.12.2026", "language", "de"),
        ("Le lundi 1er décembre 2026", "language", "fr"), "Mon 1 Dec 2026", "Monday, December 1, 2026",
    ],
    "words-for-others": [
        "This is only for academic readers.", "Dear academics,", "Industry only",
    ],
    "missing-alt remote-picture": [
        "![](https://x.org/a.png)",
    ],
    "missing-picture": [
        "![A lake at dawn](b.png)",
        "![A lake at dawn](../a.png)",
        "::: figure b.png\nalt: A lake at dawn.\n:::",
    ],
    "issue-empty missing-file": [
        "::: publications none.bib\n:::",
    ],
    "audience-empty audience-nobody": [
        "::: audience academic\n::: audience industry\nx\n:::\n:::",
    ],
    "foreign-markup foreign-template merge-field": [
        "*|FNAME|*, %%name%%, {{contact.FIRSTNAME}}, [[name]]",
    ],
    "foreign-markup": [
        "@smith2019 says so [@jones2020].",
    ],
    "http-link short-link": [
        "See http://x.org and https://goo.gl/abc.",
    ],
    "event-end": [
        "::: event\ntitle: T\nwhen: 2027-01-12 14:00\n:::",
    ],
    "event-title": [
        "::: event\nwhen: 2027-01-12\n:::",
    ],
    "unknown-audience": [
        ("x", "by_audience", "{students: {subject: X}}"),
    ],
}  # fmt: skip
"""By the codes, the texts; beside a text a key of its front matter and the value."""


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (100, 80), "#336699").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("written", "codes"), [(text, codes) for codes, texts in FOUND.items() for text in texts], ids=str
)
def test_what_is_found_in_a_text(written: str | tuple[str, str, str], codes: str) -> None:
    text, *given = (written,) if isinstance(written, str) else written
    front = FRONT | ({given[0]: given[1]} if given else {})
    head = "".join(f"{key}: {value}\n" for key, value in front.items())
    issue = read_files(StoredFiles({"issue.md": f"---\n{head}---\n\n{text}\n".encode(), "a.png": _picture()}))

    found = check_issue(issue, known_audiences=["academic", "industry", "outreach"])

    assert " ".join(sorted({finding.code for finding in found})) == codes
