"""A BibTeX file becomes publications, formatted and linked; what is wrong in it is named by its line.

Accents in LaTeX are decoded in what is shown only (authors, titles, venues), never in addresses; mathematics in titles
stays mathematics.
"""

import logging
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import RemoveEnclosingMiddleware, ResolveStringReferencesMiddleware
from bibtexparser.middlewares.names import InvalidNameError, parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, ParsingFailedBlock
from bibtexparser.model import Entry as ReadEntry
from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

from mailer.content.bibliography.exports import as_meant
from mailer.content.bibliography.inherited import concatenated, with_parent
from mailer.content.issue import Finding, Formula, Inline, Inlines, Level, Place, Publication, Span, Text
from mailer.content.runs import joined

LIMIT_CHARACTERS: Final = 4_000_000
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # it logs what we report as findings
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)

_LATEX: Final = LatexNodes2Text(math_mode="verbatim", keep_comments=True)
_MATH: Final = re.compile(r"(?<!\\)\$(?!\$)((?:[^$\\]|\\.)+)\$")


_TAG: Final = re.compile(
    r"(?:<|\\textless(?:\{\})?\s*)/?(?:i|b|em|strong|sub|sup|scp|span|italic|bold)\b[^<>\\]*(?:>|\\textgreater(?:\{\}|\s)?)"
)
"""HTML in a title, as Crossref gives it and as Zotero writes it down."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the file, its fields by lower-case name, as written."""

    key: str
    kind: str
    fields: Mapping[str, str]
    place: Place

    def value(self, *names: str) -> str:
        """The first of these fields that is there."""
        return next((" ".join(self.fields[name].split()) for name in names if self.fields.get(name, "").strip()), "")


@dataclass(frozen=True, slots=True)
class Work:
    """A publication with what is needed to group and sort it."""

    publication: Publication
    kind: str
    year: int
    first_author: str
    place: Place
    entry: Entry


# --- the file -----------------------------------------------------------------------------------------------------------


def read_entries(text: str, file: str) -> tuple[dict[str, Entry], list[Finding]]:
    """The entries of a BibTeX file by key (the first of two alike counts), and what is wrong in it."""
    findings: list[Finding] = []
    library = parse_string(text, parse_stack=[ResolveStringReferencesMiddleware(), RemoveEnclosingMiddleware()])
    entries: dict[str, Entry] = {}
    blocks = [*library.entries]
    for failed in library.failed_blocks:
        place = Place(file, (failed.start_line or 0) + 1)
        findings.append(Finding(place, "error", "bibliography", _failure(failed)))
        if isinstance(failed, DuplicateFieldKeyBlock) and isinstance(failed.ignore_error_block, ReadEntry):
            blocks.append(failed.ignore_error_block)
    strings = {string.key.lower(): str(string.value) for string in library.strings}
    for block in sorted(blocks, key=lambda block: block.start_line or 0):
        place = Place(file, (block.start_line or 0) + 1)
        fields: dict[str, str] = {}
        for field in block.fields:
            value = str(field.value)
            bare = concatenated(value, strings) if field.enclosing == "no-enclosing" else value
            meant = value if bare is None else as_meant(field.key.lower(), bare)
            fields.setdefault(field.key.lower(), value if meant is None else meant)
            if bare is None or meant is None:
                what = (
                    "is no @string of this file" if bare is None else "is the command of no journal that is known here"
                )
                message = f"{field.key} = {value} {what}; write {field.key} = {{…}}"
                findings.append(Finding(Place(file, (field.start_line or 0) + 1), "warning", "bibliography", message))
        entries.setdefault(block.key, Entry(block.key, block.entry_type.lower(), fields, place))
    return _with_parents(entries, findings)


def _with_parents(entries: dict[str, Entry], findings: list[Finding]) -> tuple[dict[str, Entry], list[Finding]]:
    """The entries with what their `crossref` gives them, and what is wrong in them then."""
    by_name = {key.casefold(): entry for key, entry in entries.items()}
    whole: dict[str, Entry] = {}
    for key, entry in entries.items():
        named = entry.value("crossref")
        parent = by_name.get(named.casefold())
        if named and parent is None:
            message = f"{key} has the crossref {named}, which is not in this file; add the entry, or its fields here"
            findings.append(Finding(entry.place, "warning", "bibliography", message))
        whole[key] = replace(entry, fields=with_parent(entry.fields, parent.fields)) if parent else entry
        findings.extend(_flaws(whole[key]))
    return whole, findings


def _failure(failed: Block) -> str:
    if isinstance(failed, DuplicateBlockKeyBlock):
        return f"the key {failed.key} stands twice, the first entry counts; give this one another key"
    if isinstance(failed, DuplicateFieldKeyBlock):
        return f"the entry has the field {', '.join(sorted(failed.duplicate_keys))} twice, the first counts; delete one"
    reason = getattr(failed.error, "abort_reason", "") if isinstance(failed, ParsingFailedBlock) else ""
    if "end of file" in reason:
        return "the entry is not closed and is left out; add the missing } or quote"
    return "the entry is broken and is left out; look for a missing comma, } or quote"


def _flaws(entry: Entry) -> list[Finding]:
    flaws: list[tuple[Level, str]] = []
    if not entry.value("title"):
        flaws.append(("error", f"{entry.key} has no title; add title = {{…}}"))
    if not entry.value("author", "editor"):
        flaws.append(("warning", f"{entry.key} has no author; add author = {{…}}"))
    if not _year_of(entry):
        flaws.append(("warning", f"{entry.key} has no year; add year = {{…}}"))
    if entry.value("doi") and not _doi_of(entry.value("doi")):
        flaws.append(
            ("error", f"{entry.key} has a DOI that is none: {entry.value('doi')}; write doi = {{10.1000/182}}")
        )
    for name, value in entry.fields.items():
        if re.search(r"(?<!\\)\"\s+\w+\s*=\s*[\"{]", value):
            flaws.append(("error", f"a comma is missing after the field {name} of {entry.key}; add it"))
    return [Finding(entry.place, level, "bibliography", text) for level, text in flaws]


# --- one publication ------------------------------------------------------------------------------------------------------


def work_of(entry: Entry, *, highlighted: frozenset[str] = frozenset()) -> Work:
    """The entry as it is shown.

    Args:
        entry: what the file says.
        highlighted: family names in lower case, whose bearers stand in bold.
    """
    doi = _doi_of(entry.value("doi")) or _doi_of(entry.value("url"), address=True)
    arxiv = _arxiv_of(entry, doi)
    if doi.lower().startswith("10.48550/"):
        doi = ""
    address = entry.value("url")
    safe_address = address if re.match(r"https?://[^\s]+$", address) else ""
    href = f"https://doi.org/{quote(doi, safe='/:;()._-')}" if doi else safe_address
    href = (
        href if href and not (arxiv and "arxiv.org" in href) else (f"https://arxiv.org/abs/{arxiv}" if arxiv else href)
    )
    kind = _kind_of(entry, arxiv)
    names = _names_of(entry)
    year = _year_of(entry)
    publication = Publication(
        key=entry.key,
        authors=(*_authors(names, highlighted), *_collaboration(entry, beside=bool(names))),
        title=rich(entry.value("title"), entry.place) or (Text(entry.key),),
        venue=_venue(entry, kind, arxiv),
        year=year,
        href=href,
        doi=doi,
        arxiv=arxiv,
    )
    first = names[0][1] if names else ""
    return Work(publication, kind, int(year) if year.isdigit() else 0, sortable(first), entry.place, entry)


def facts_of(entry: Entry) -> dict[str, str]:
    """What a citation style asks for, by CSL's names, in plain characters."""
    pages = re.sub(r"\s*[-–—]+\s*", "-", entry.value("pages", "eid"))
    return {
        "container-title": _decoded(entry.value("journal", "journaltitle", "booktitle")),
        "volume": _decoded(entry.value("volume")),
        "issue": _decoded(entry.value("number", "issue")),
        "page": _decoded(pages),
        "publisher": _decoded(entry.value("publisher", "school", "institution")),
        "publisher-place": _decoded(entry.value("address", "location")),
        "edition": _decoded(entry.value("edition")),
        "genre": _THESES.get(entry.kind, ""),
    }


def full_names(entry: Entry) -> tuple[tuple[str, str], ...]:
    """Given and family names, as written; a body has a family name only."""
    return tuple((" ".join(given), family) for given, family in _parsed_names(entry))


def _parsed_names(entry: Entry) -> Iterator[tuple[list[str], str]]:
    """Of every author the given names, one by one, and the family name; a body has no given names."""
    for written in split_multiple_persons_names(entry.value("author", "editor")):
        try:
            parts = parse_single_name_into_parts(written)
        except InvalidNameError:
            yield [], _decoded(written)
        else:
            family = " ".join(map(_decoded, [*parts.von, *parts.last, *parts.jr]))
            yield [_decoded(given) for given in parts.first], family


def rich(latex: str, place: Place) -> Inlines:
    """LaTeX text as inlines: accents decoded, braces gone, `$…$` a formula."""
    parts: list[Inline] = []
    for index, piece in enumerate(_MATH.split(latex)):
        if index % 2:
            parts.append(Formula(piece.strip(), display=False, place=place))
        elif piece:
            parts.append(Text(_decoded(piece)))
    return tuple(part for part in parts if not isinstance(part, Text) or part.text)


@lru_cache(maxsize=4096)
def _decoded(latex: str) -> str:
    latex = _TAG.sub("", latex).replace(r"\textless", "{<}").replace(r"\textgreater", "{>}")
    if not re.search(r"[\\{}~%&]|--|``|''", latex):
        return latex
    escaped = re.sub(r"(?<!\\)[%&]", r"\\\g<0>", latex)
    return unicodedata.normalize("NFC", str(_LATEX.latex_to_text(escaped)).replace("\xa0", " ").replace("\n", " "))


def sortable(text: str) -> str:
    """A name or title without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


# --- authors --------------------------------------------------------------------------------------------------------------


def _names_of(entry: Entry) -> list[tuple[str, str]]:
    """Initials and family name of every author; the family name of a body is its whole name."""
    return [(" ".join(filter(None, map(_initials, given))), family) for given, family in _parsed_names(entry)]


def _initials(name: str) -> str:
    """`Carola-Bibiane` as `C.-B.`, `SR` as `S. R.`, `S.` as it is."""
    written = ""
    for piece in re.findall(r"-?[^\s.,-]+", name):
        letters = piece.lstrip("-")
        several = letters.isupper() and 1 < len(letters) <= 3
        shown = " ".join(f"{letter}." for letter in letters) if several else f"{letters[0].upper()}."
        written += f"-{shown}" if piece.startswith("-") and written else f" {shown}"
    return written.strip()


def _collaboration(entry: Entry, *, beside: bool) -> Inlines:
    """Inspire's `collaboration = "ATLAS"`, in brackets beside names."""
    named = _decoded(entry.value("collaboration"))
    if not named:
        return ()
    whole = named if "ollaboration" in named else f"{named} Collaboration"
    return (Text(f" ({whole})" if beside else whole),)


def _authors(names: list[tuple[str, str]], highlighted: frozenset[str]) -> Inlines:
    parts: list[Inline] = []
    for index, (initials, family) in enumerate(names):
        if family == "others" and not initials:
            parts.append(Text(" et al."))
            break
        name = Text(f"{initials} {family}".strip())
        marked = sortable(family) in highlighted
        parts.extend([*([Text(", ")] if index else []), Span("strong", (name,)) if marked else name])
    return joined(parts)


# --- where and when -------------------------------------------------------------------------------------------------------

_ARXIV_ID: Final = re.compile(r"(?:[a-z-]+(?:\.[A-Z]{2})?/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?")
_THESES: Final = {"phdthesis": "PhD thesis", "mastersthesis": "Master’s thesis", "thesis": "Thesis"}


def _doi_of(text: str, *, address: bool = False) -> str:
    """The bare DOI in a field or, with `address`, in a doi.org address only."""
    text = text.strip().strip("<>{}").replace("\\_", "_").replace("\\&", "&").replace("\\%", "%")
    found = re.match(r"(?:https?://(?:dx\.|www\.)?doi\.org/|doi:\s*)", text, re.IGNORECASE)
    if address and not found:
        return ""
    bare = text[found.end() :] if found else text
    bare = bare.rstrip(".,; ")
    return bare if re.fullmatch(r"10\.\d{4,9}/[^\s<>\"]+", bare) else ""


def _arxiv_of(entry: Entry, doi: str) -> str:
    archive = entry.value("archiveprefix", "eprinttype").lower()
    eprint = entry.value("eprint")
    if eprint and archive in {"", "arxiv"}:
        found = _ARXIV_ID.search(re.sub(r"^\s*arxiv:\s*", "", eprint, flags=re.IGNORECASE))
        if found:
            return found[0]
    for text, pattern in (
        (entry.value("url"), r"arxiv\.org/(?:abs|pdf)/"),
        (doi, r"10\.48550/arxiv\."),
        (entry.value("journal", "journaltitle"), r"arxiv:\s*"),
        (entry.value("howpublished"), r"arxiv:\s*"),
        (entry.value("note"), r"arxiv:\s*"),
    ):
        start = re.search(pattern, text, re.IGNORECASE)
        found = _ARXIV_ID.match(text, start.end()) if start else None
        if found:
            return found[0]
    return ""


def _year_of(entry: Entry) -> str:
    found = re.search(r"\b(?:1[6-9]|20|21)\d\d\b", entry.value("year", "date"))
    return found[0] if found else ""


def _kind_of(entry: Entry, arxiv: str) -> str:
    journal = entry.value("journal", "journaltitle").lower()
    preprint = "arxiv" in journal or "preprint" in journal or "biorxiv" in journal
    match entry.kind:
        case "article":
            return "preprint" if preprint else "article"
        case "inproceedings" | "conference" | "proceedings":
            return "proceedings"
        case "phdthesis" | "mastersthesis" | "thesis":
            return "thesis"
        case "book" | "incollection" | "inbook" | "booklet":
            return "book"
        case "techreport" | "report" | "manual":
            return "report"
        case _:
            return "preprint" if arxiv and not journal else ("article" if journal and not preprint else "other")


def _venue(entry: Entry, kind: str, arxiv: str) -> Inlines:
    place = entry.place
    parts: list[Inline] = []
    names = ("journal", "journaltitle", "booktitle", "school", "institution", "publisher")
    name = rich(entry.value(*(reversed(names) if entry.kind == "book" else names)), place)
    if kind == "preprint" and (arxiv or not name):
        parts.append(Text("arXiv preprint" if arxiv else "Preprint"))
        return tuple(parts)
    thesis = _THESES.get(entry.value("type") or entry.kind, "Thesis")
    before = {"proceedings": "In ", "thesis": f"{thesis}, ", "report": "Report, "}.get(kind, "")
    if entry.kind in {"incollection", "inbook", "proceedings"}:
        before = "" if entry.kind == "proceedings" else "In "
    if before and name:
        parts.append(Text(before))
    if name:
        parts.append(Span("em", name))
    number = _decoded(entry.value("volume"))
    number += f" ({_decoded(entry.value('number', 'issue'))})" if entry.value("number", "issue") else ""
    pages = re.sub(r"(?<=\w)\s*-+\s*(?=\w)", "–", entry.value("pages", "eid"))
    tail = (f" {number.strip()}" if number.strip() else "") + (f", {pages}" if pages and (name or number) else "")
    if tail:
        parts.append(Text(tail))
    if not parts and entry.value("howpublished", "note"):
        parts.extend(rich(entry.value("howpublished", "note"), place))
    return tuple(parts)


# --- one work, shown once -------------------------------------------------------------------------------------------------


def without_doubles(works: list[Work], titles: Mapping[str, str]) -> list[Work]:
    """The works, a preprint and its published version as one: the published, with the preprint's arXiv number.

    Args:
        works: in the order in which they are shown.
        titles: for each key, its title as it is compared.
    """
    kept: dict[str, Work] = {}
    for work in works:
        title = titles[work.publication.key]
        before = kept.get(title)
        if before is None or not title or "preprint" not in {before.kind, work.kind}:
            kept[title if before is None and title else f"{title}\x00{work.publication.key}"] = work
            continue
        published, preprint = (work, before) if before.kind == "preprint" else (before, work)
        arxiv = published.publication.arxiv or preprint.publication.arxiv
        kept[title] = replace(published, publication=replace(published.publication, arxiv=arxiv))
    return list(kept.values())


def comparable(title: str) -> str:
    """A title as it is compared: letters and digits only, without case or accents."""
    return re.sub(r"[\W_]+", "", sortable(_decoded(title)))
