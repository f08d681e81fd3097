"""Rules about the words: placeholders, doubled words, headings, subject and preheader, formulas, tables."""

import re
from collections.abc import Iterator
from itertools import pairwise, takewhile
from typing import Final

from mailer.content.checks.checked import KEYS, Checked, error, warning
from mailer.content.formulas.typesetting import FormulaError, typeset
from mailer.content.issue import (
    Code,
    CodeBlock,
    DisplayFormula,
    Finding,
    Formula,
    Heading,
    Inlines,
    Link,
    Paragraph,
    Picture,
    Place,
    Rule,
    Span,
    Table,
    Text,
)
from mailer.content.plain import plain
from mailer.content.walk import all_inlines, inlines_of

_PLACEHOLDER: Final = re.compile(
    r"\b(?:TODO|FIXME|XXX+|TK ?TK)\b|\?\?\?|\[TK\]|\bXX(?:[./-](?:XX|\d{2,4}))+|[£$€]\s?XX+\b|\bXX+\s?[£$€]"
    r"|\b(?:DD|TT|JJ)[./-]MM[./-](?:YYYY|YY|JJJJ|AAAA)\b"
    r"|(?i:\blorem ipsum\b|\bt\.?b\.?[acd]\b\.?|\btodo\s*:|\b(?:placeholder|dummy|filler) text\b|\byour text here\b"
    r"|\b(?:insert|add|put) (?:your |the )?(?:text|link|name|image|picture|title|date)s? here\b"
    r"|\b(?:blind|platzhalter)text\b|\bnoch (?:zu )?ergänzen\b|\bà (?:compléter|définir|préciser|remplir)\b|\bfaux[ -]texte\b"
    r"|\btexte (?:à venir|factice)\b"
    r"|\[(?:your|insert|add|enter|fill in|put|ihre?|dein|votre|insérer|ajouter)\b[^\[\]]{0,40}\]"
    r"|\[[^\[\]]{1,40} (?:here|einfügen|ergänzen|eintragen|einsetzen|à (?:insérer|ajouter))\]"
    r"|\bxx[./-]xx(?:[./-](?:\d{2,4}|xx(?:xx)?))?\b|\[(?:(?:first|last|family|full) name|vorname|nachname|prénom)\]"
    r"|\[(?:name|date|title|link|url|e-?mail|address|phone|venue|place|speaker|image|photo|amount|datum|titel|ort|uhrzeit|nom"
    r"|lieu|titre|platzhalter)\])"
)
_DOUBLED: Final = re.compile(r"(?<![\w’'-])([^\W\d_]{2,})\s+\1(?![\w’'-])", re.IGNORECASE)
_MAY_DOUBLE: Final = {
    "en": frozenset(
        {"had", "that", "very", "bye", "so", "no", "is", "do", "ha", "blah", "knock", "long", "many", "much", "really"}
    ),
    "de": frozenset({"sie", "die", "der", "das", "den", "dem", "ihr", "wir", "sehr", "so", "ganz", "viel", "na", "ja"}),
    "fr": frozenset({"nous", "vous", "en", "y", "très", "si", "faire", "bla", "tout"}),
}
"""Words that good text of a language says twice: “all that that implies”, “die, die die Tür öffnen”, “nous nous”."""
_FOOTNOTE: Final = re.compile(r"\[\^[^\]\s]+\]")
_REFERENCE: Final = re.compile(r"\[([^\[\]^][^\[\]]*)\]\[([^\[\]]*)\]")
_OPEN_TEX: Final = re.compile(
    r"([(\[])(?=(?:[^()\[\]]|\([^()]*\)|\[[^\[\]]*\])*?\\(?!(?:eq|page|auto|c)?ref\b|cite[pt]?\b)[A-Za-z]+)"
)
_FOREIGN: Final = re.compile(
    r"(?<!\w)\|[A-Z][A-Z0-9_:]{2,}\|(?!\w)"  # Mailchimp's *|FNAME|*, whose stars make it italic
    r"|%%\{?[a-z_]+\}?%%|\{(?:(?:first|last)_name(?:,[^{}\n]*)?|(?:name|email),\s*[\"“][^{}\n]*)\}(?!\})|%recipient[._]\w+%|\[\[data:\w+[^\]]*\]\]"  # Salesforce, Mailgun, Mailjet
    r"|\[(?:[a-z][\w. ]* )?-?@[\w:.-]+(?:[;,] [^\]]*)?\]"  # citations of Pandoc and R Markdown
    r"|(?<![\w@/.])@(?:fig|tbl|eq|sec|lst|thm|lem|cor|def|exm)-[\w:-]+\b|(?<![\w@/.])-?@[a-z]+[\w:-]*(?:19|20)\d{2}[a-z]?\b"  # Quarto's
    r"|<%[^<>%\n]*%>"  # Templater's and ERB's
    r"|\(@[\w-]*\)|(?<!\w)@ref\([\w:.-]+\)|\\(?:eq|page|auto|c)?ref\{[^}]*\}|\\cite[pt]?\{[^}]*\}|\\(?:begin|end)\{\w+\*?\}|\\(?:toc|fig|output|input|textoutput)\b(?:\{[^}]*\})?"
)
_DRAWN_ELSEWHERE: Final = frozenset({
    "mermaid", "plantuml", "graphviz", "dot", "dataview", "dataviewjs", "tasks", "query", "excalidraw", "chart", "flow",
    "sequence", "list-table", "csv-table", "toctree", "glossary",
})  # fmt: skip
_OTHER_MARKUP: Final = {
    "AsciiDoc": re.compile(
        r"^(?:(?<=\n\n)|(?<=\A))={1,5} [^\s=][^\n]*(?<!=)$|^\|===$|^(?:image|include|video)::\S+\[.*\]$|^\[source(?:,[^\[\]\n]*)?\]$",
        re.MULTILINE,
    ),
    "reStructuredText": re.compile(r"^\.\. (?:[a-z][\w-]*::|_[\w -]+:)(?:$|[ \t]).*$", re.MULTILINE),
    "Org": re.compile(r"^#\+[A-Za-z_]+(?::|[ \t]|$).*$", re.MULTILINE),
    "MediaWiki": re.compile(r"^={2,5} [^\s=][^=\n]* ={2,5}$", re.MULTILINE),
}
_MARKUP: Final = re.compile(
    r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>"
    r"|&(?:[a-z]{2,8}|#\d{2,6});"
    r"|(?<![\w$\\])\$(?:[A-Za-z]|(?=[^$\n]*[\\^_=])[^\s$][^$\n]*)\$(?![\w$])"
    r"|(?<!\w)\*\*[^\s*][^*]*\*\*(?!\w)|(?<!\w)`[^`]+`(?!\w)|\[[^\]\n]+\]\([^)\s]+\)|\[\^[^\]\s]+\]"
    r"|(?P<field>\{\{.*?\}\})"
)
_BLANK_IN_ADDRESS: Final = re.compile(r"(?<!\\)(\[[^\[\]]+\])\((?:$|[\w./%~-]*/?[\w.%~-]+ [^()\"'“”\n]*\.\w{2,4}\))")
"""Behind the bracket a bare link may begin, which ends this piece of text."""
_OPENING_MARKS: Final = re.compile(r"(?:\$\$?|\\\\?[(\[])\s*")
_GRID: Final = re.compile(r"\s*\+(?:[-=:]{3,}\+)+\s*$")
_LETTERED: Final = re.compile(r"\s*(?:[a-z]|[ivx]{1,4})[.)]\s+\S|\s*\((?:[a-z]|\d{1,2})\)\s+\S")
_DELIMITERS: Final = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_LINE_BLOCK: Final = re.compile(r"\s*\| [^|]*$")
EX: Final = 8.0
"""CSS pixels: about the height of an x in a letter."""
PHONE: Final = 330
"""CSS pixels: how wide the text of a letter is on a phone."""
LEAST_SCALE: Final = 0.55
"""Below this the smallest signs of a formula have fewer than six pixels."""
SUBJECT_CHARACTERS: Final = 78
PREHEADER_CHARACTERS: Final = 140


def placeholders(checked: Checked) -> Iterator[Finding]:
    """`placeholder`: TODO, XXX, FIXME, TBC or lorem ipsum was left in the text."""
    for block, text in checked.texts:
        for found in _PLACEHOLDER.finditer(text.text):
            place = checked.place_in(block, re.escape(found[0]))
            yield warning(place, "placeholder", f"“{found[0]}” was left in the text; write what belongs there")
    for said in checked.plain:
        for found in _PLACEHOLDER.finditer(said.words):
            message = f"“{found[0]}” was left in the {said.what}; write what belongs there"
            yield warning(said.find(re.escape(found[0])), "placeholder", message)


def doubled_words(checked: Checked) -> Iterator[Finding]:
    """`doubled-word`: a word stands twice, as happens at the end of a line."""
    allowed = _MAY_DOUBLE.get(checked.issue.meta.language.split("-")[0].lower(), frozenset())
    for block in checked.blocks:
        if isinstance(block, CodeBlock | DisplayFormula):
            continue
        for run in inlines_of(block):
            for found in _DOUBLED.finditer(_words_alone(run)):
                if found[1].lower() in allowed or _is_name(found[0]):
                    continue
                place = checked.found_in(block, _twice(found[1]))
                if place is not None:  # else something between the two was dropped in reading
                    yield warning(place, "doubled-word", f"“{' '.join(found[0].split())}” stands twice; delete one")
    for said in checked.plain:
        for found in _DOUBLED.finditer(said.words):
            if found[1].lower() not in allowed and not _is_name(found[0]):
                message = f"“{' '.join(found[0].split())}” stands twice in the {said.what}; delete one"
                yield warning(said.find(_twice(found[1])), "doubled-word", message)


def _twice(word: str) -> str:
    """A pattern for a word that stands twice on a line, or once more on the next."""
    return rf"(?i:\b{re.escape(word)}(?:\W{{1,6}}{re.escape(word)}\b|\W{{0,3}}$))"


def _words_alone(inlines: Inlines) -> str:
    """The running words; what is no word of the sentence (code, formulas, pictures, fields) parts its neighbours."""
    parts: list[str] = []
    for inline in inlines:
        match inline:
            case Text(text=text):
                parts.append(text)
            case Link(href=href, children=children):
                words = _words_alone(children)
                parts.append("|" if words.strip() == href.removeprefix("mailto:") else words)
            case Span(children=children):
                parts.append(_words_alone(children))
            case Code() | Formula() | Picture():
                parts.append("\ufffc")
            case _:
                parts.append("|")
    return "".join(parts)


def _is_name(pair: str) -> bool:
    """Whether both are written large: Baden Baden, Duran Duran, BLAH BLAH."""
    return all(word[0].isupper() for word in pair.split())


def heading_levels(checked: Checked) -> Iterator[Finding]:
    """`heading-skips`: a level is left out, which confuses who listens to the headings."""
    level = 1
    for block in checked.issue.blocks:
        if isinstance(block, Heading):
            if block.level > level + 1:
                hint = f"level {level + 1} is left out before it; write {'#' * (level + 1)}"
                yield warning(
                    block.place,
                    "heading-skips",
                    f"the heading “{plain(block.inlines)}” is of level {block.level}, {hint}",
                )
            level = block.level


def subject_and_preheader(checked: Checked) -> Iterator[Finding]:
    """`subject-long`, `preheader-missing`, `preheader-long`, `preheader-repeats`: what an inbox shows first."""
    meta = checked.issue.meta
    if not meta.own:
        return
    have_own = {slug for slug, given in meta.by_audience.items() if given.get("preheader")}
    if not meta.preheader and not (meta.audiences and have_own.issuperset(meta.audiences)):
        message = "inboxes will show the letter's first words; add preheader: … to the front matter"
        yield warning(checked.place_of_key("preheader"), "preheader-missing", message)
    for_others = {"subject": meta.subject, "preheader": meta.preheader}
    for slug, given in ({"": for_others} | dict(meta.by_audience)).items():
        for key, code, most in (
            ("subject", "subject-long", SUBJECT_CHARACTERS),
            ("preheader", "preheader-long", PREHEADER_CHARACTERS),
        ):
            if (length := len(_shown(given.get(key, "")))) > most:
                message = f"the {key} has {length} characters and will be cut; keep it under {most}"
                yield warning(checked.place_of_key(key, slug), code, message)
        subject, preheader = (_shown(given.get(key, words)).casefold() for key, words in for_others.items())
        if preheader == subject and preheader and given.keys() & for_others.keys():
            message = "the preheader repeats the subject; tell what else is in the letter"
            yield warning(checked.place_of_key("preheader", slug), "preheader-repeats", message)


def _shown(text: str) -> str:
    """The text with its merge fields about as long as a name."""
    return " ".join(re.sub(r"\{\{.*?\}\}", "Firstname", text).split())


def formulas(checked: Checked) -> Iterator[Finding]:
    """`formula-error`: a formula that cannot be set; it would be shown as its source."""
    seen: set[tuple[str, bool, Place]] = set()
    for _, inline in all_inlines(checked.issue.blocks):
        if not isinstance(inline, Formula) or (inline.tex, inline.display, inline.place) in seen:
            continue
        seen.add((inline.tex, inline.display, inline.place))
        found = typeset(inline.tex, display=inline.display, cache=checked.formula_cache)
        if isinstance(found, FormulaError):
            message = found.message if ";" in found.message else f"{found.message}; mend the formula"
            yield error(_within(inline, found.offset, checked), "formula-error", message)
        elif found.width * EX > PHONE / LEAST_SCALE:
            times = found.width * EX / PHONE
            message = f"the formula is {times:.1f} times as wide as a phone and is drawn too small to read there; break it with \\\\"
            yield warning(inline.place, "formula-wide", message)


def _within(formula: Formula, offset: int, checked: Checked) -> Place:
    """The place of a character of the formula, whose place is that of its dollar or, on lines of its own, of its source."""
    place = formula.place
    before = formula.tex[:offset]
    if place.file != checked.issue.source:
        return place
    row = before.count("\n")
    if row:
        return Place(place.file, place.line + row, offset - before.rfind("\n"))
    line = checked.lines[place.line - 1] if place.line <= len(checked.lines) else ""
    marks = _OPENING_MARKS.match(line, place.column - 1) if offset else None
    return Place(place.file, place.line, place.column + offset + (len(marks[0]) if marks else 0))


def lost_markup(checked: Checked) -> Iterator[Finding]:
    """`footnote-missing`, `reference-missing`, `link-malformed`, `tex-brackets`: what was meant as more than its characters."""
    for block, text in checked.texts:
        if found := _BLANK_IN_ADDRESS.search(text.text):
            message = f"the address behind {found[1]} holds a blank, so that all is shown as text; write %20 for it"
            yield error(checked.place_in(block, re.escape(found[1])), "link-malformed", message)
        for found in _FOOTNOTE.findall(text.text):
            place = checked.place_in(block, re.escape(found))
            yield error(
                place, "footnote-missing", f"there is no footnote {found}; write {found}: … on a line of its own"
            )
        for words, name in _REFERENCE.findall(text.text):
            place = checked.place_in(block, re.escape(f"[{words}][{name}]"))
            message = (
                f"nothing says where [{words}][{name}] leads; write [{name or words}]: https://… on a line of its own"
            )
            yield warning(place, "reference-missing", message)
        for found in _OPEN_TEX.finditer(text.text):
            closer = {"(": ")", "[": "]"}[found[1]]
            after = re.escape(text.text[found.end() : found.end() + 4].strip())
            opened = checked.found_in(block, rf"\\{re.escape(found[1])}\s*{after}")
            if opened is not None:  # else it is an ordinary bracket
                message = (
                    f"\\{found[1]} begins a formula that does not end; write \\{closer} behind it, or $…$ around it"
                )
                yield warning(opened, "tex-brackets", message)


def foreign_blocks(checked: Checked) -> Iterator[Finding]:
    """`foreign-markup`: lists and tables that run together, and diagrams and queries whose source is shown."""
    for block in checked.blocks:
        if isinstance(block, Paragraph) and block.place.file == checked.issue.source:
            first = block.place.line - 1
            yield from _drawn_in_lines(block.place, *checked.lines[first : first + 2])
            rows = list(takewhile(str.strip, checked.lines[first : first + 60]))
            for number, (row, then) in enumerate(pairwise(rows), first + 1):
                if _LETTERED.match(row) and _LETTERED.match(then):
                    message = "a list by letters or (1) is another system's, and its lines run together; number them 1., 2., 3."
                    yield warning(Place(block.place.file, number), "foreign-markup", message)
                    break
        elif isinstance(block, Rule) and re.match(r"\s*-{2,}(?:\s+-{2,})+\s*$", checked.lines[block.place.line - 1]):
            message = "a table without bars is another system's, and its lines run together; write it as | a | b | over |---|---|"
            yield warning(block.place, "foreign-markup", message)
        elif isinstance(block, CodeBlock) and block.language.strip("{}") in _DRAWN_ELSEWHERE:
            message = f"what {block.language.strip('{}')} makes of this is another system's, and its source is shown; put the result in its place"
            yield warning(block.place, "foreign-markup", message)


def other_systems(checked: Checked) -> Iterator[Finding]:
    """`foreign-markup`: lines of another markup language, which are shown as they are written."""
    for name, pattern in _OTHER_MARKUP.items():
        for found in pattern.finditer(checked.prose):
            line = found[0].strip()
            shown = line if len(line) <= 40 else line[:37] + "..."
            message = (
                f"{shown} is {name}, not Markdown, and is shown as it is written; convert the file to Markdown first"
            )
            yield warning(checked.place_at(found.start()), "foreign-markup", message)


def foreign_markup(checked: Checked) -> Iterator[Finding]:
    """`foreign-markup`: citations, references and fields of other systems, which readers would see as they are written."""
    if re.search(r"^\s*```+\s*\{r\b", checked.issue.text, re.MULTILINE):
        for block, inline in all_inlines(checked.issue.blocks):
            if isinstance(inline, Code) and re.match(r"r\s+\S", inline.text):
                message = f"`{inline.text}` is another system's and is shown as it is written; write its result"
                yield warning(checked.place_in(block, re.escape(inline.text)), "foreign-markup", message)
    for block, text in checked.texts:
        for found in _FOREIGN.finditer(text.text):
            place = checked.place_in(block, re.escape(found[0].split()[0]))
            message = f"{found[0]} is another system's and is shown as it is written; write what it stands for"
            yield warning(place, "foreign-markup", message)
    for said in checked.plain:
        for found in _FOREIGN.finditer(said.words):
            message = f"{found[0]} is another system's and is shown as it is written in the {said.what}; write what it stands for"
            yield warning(said.find(re.escape(found[0].split()[0])), "foreign-markup", message)


def markup_where_plain(checked: Checked) -> Iterator[Finding]:
    """`markup-in-plain`: Markdown, HTML, formulas or fields where the signs themselves are shown."""
    for said in checked.plain:
        for found in _MARKUP.finditer(said.words):
            if found["field"] and said.what in KEYS:
                continue
            message = f"{found[0]} is shown as it is written in the {said.what}; write it in plain characters"
            yield warning(said.find(re.escape(found[0])), "markup-in-plain", message)


def _drawn_in_lines(place: Place, first: str, then: str = "") -> Iterator[Finding]:
    """What Pandoc reads by its lines, and CommonMark as one paragraph."""
    if _GRID.match(first):
        message = "a grid table is another system's, and its lines run together; write it as | a | b | over |---|---|"
        yield warning(place, "foreign-markup", message)
    elif _LINE_BLOCK.match(first) and _LINE_BLOCK.match(then):
        message = "a line block is another system's, and its lines run together; end each line with a backslash instead"
        yield warning(place, "foreign-markup", message)
    elif re.match(r"\s*#{2,6}[^\s#]", first):
        message = "a heading needs a blank after its signs, else they are shown; write one"
        yield warning(place, "foreign-markup", message)
    elif "|" in first and _DELIMITERS.match(then) and (cells := _cells(first)) != (columns := _cells(then)):
        message = f"the head has {cells} cells and the line below it {columns}, so that both are shown as text; make them the same"
        yield warning(place, "table-cells", message)


def _cells(row: str) -> int:
    return len(re.split(r"(?<!\\)\|", row.strip().strip("|")))


def wide_tables(checked: Checked) -> Iterator[Finding]:
    """`table-wide`: more columns than a phone can show."""
    for block in checked.blocks:
        if isinstance(block, Table) and len(block.align) > 5:
            message = (
                f"the table has {len(block.align)} columns, phones show about five; leave some out or turn it round"
            )
            yield warning(block.place, "table-wide", message)
