"""What an entry of BibTeX takes from elsewhere in its file: texts joined with `#`, `@string` names, and its `crossref`."""

import re
from collections.abc import Mapping
from typing import Final

MONTHS: Final = frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split())  # noqa: SIM905  # twelve short names
_PIECE: Final = re.compile(r"\s*(?:\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}|\"([^\"]*)\"|([^\s#{}\"]+))\s*(?:#|$)")
_OWN: Final = frozenset({"title", "shorttitle", "doi", "url", "eprint", "pages", "crossref", "ids", "label"})
"""What stands in the parent for the parent alone."""


def concatenated(value: str, strings: Mapping[str, str]) -> str | None:
    """A value without braces of its own: numbers, months, names of `@string` in any case, texts, joined with `#`."""
    parts: list[str] = []
    position = 0
    while position < len(value):
        found = _PIECE.match(value, position)
        if found is None:
            return None
        braced, quoted, bare = found.groups()
        if bare is None:
            parts.append(braced if braced is not None else quoted)
        elif bare.isdigit() or bare.lower() in MONTHS:
            parts.append(strings.get(bare.lower(), bare))
        elif bare.lower() in strings:
            parts.append(strings[bare.lower()])
        else:
            return None
        position = found.end()
    return "".join(parts) if parts and not value.rstrip().endswith("#") else None


def with_parent(fields: Mapping[str, str], parent: Mapping[str, str]) -> dict[str, str]:
    """The fields, and of the parent's those that are missing; its title is that of the book."""
    taken = {name: value for name, value in parent.items() if name not in _OWN}
    if "title" in parent:
        taken.setdefault("booktitle", parent["title"])
    return {**taken, **{name: value for name, value in fields.items() if value.strip()}}
