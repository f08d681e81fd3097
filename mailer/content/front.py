"""Front matter: what stands above the text, in YAML, TOML or Franklin's way.

The lines of the front matter are made empty rather than cut off, so that every line keeps its number.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from mailer.base.errors import WrongInput
from mailer.content.issue import Place

OUR_KEYS: Final = frozenset({
    "title", "subject", "preheader", "slug", "number", "date", "language", "from", "reply_to", "audiences", "template",
    "theme", "base_url", "by_audience", "zone", "past_events", "macros", "style", "fold",
})  # fmt: skip
_ONLY_OURS: Final = frozenset(
    {"subject", "preheader", "from", "reply_to", "audiences", "by_audience", "number", "theme"}
)
_FOREIGN: Final = frozenset({
    "layout", "permalink", "categories", "category", "tags", "author", "authors", "draft", "published", "output",
    "weight", "url", "aliases", "description", "excerpt", "type", "params", "hascode", "rss", "image", "cover", "menu",
    "toc", "math", "mathjax", "comments", "summary", "lastmod", "keywords", "bibliography", "sidebar_position",
    "sidebar_label", "jupytext", "kernelspec",
})  # fmt: skip

_KEY_LINE: Final = re.compile(r"[ \t]*[\"']?([A-Za-z_][\w .-]*?)[\"']?[ \t]*:(?:[ \t]|$)")
_FRANKLIN: Final = re.compile(r"@def\s+(\w+)\s*=\s*(.*)$")
_ASSIGNMENT: Final = re.compile(r"[ \t]*\"?([A-Za-z_][\w-]*)\"?[ \t]*=")
_TABLE: Final = re.compile(r"[ \t]*\[+[ \t]*\"?([A-Za-z_][\w-]*)")
_JULIA_CALL: Final = re.compile(r"=\s*(?:Date|DateTime|Dict|now|today|true|false|nothing|\[|\")")


@dataclass(frozen=True, slots=True)
class Front:
    """The values as written, where each key stands, and the text with the front matter's lines emptied."""

    values: Mapping[str, Any]
    places: Mapping[str, Place]
    text: str
    own: bool
    zone: str = ""
    franklin: bool = False
    """Whether the file is Franklin's, where `~~~` fences hold HTML."""
    duplicates: tuple[tuple[str, Place], ...] = field(default=())


def split_front(text: str, source: str) -> Front:
    """The front matter and the text below it.

    Raises:
        WrongInput: the front matter is not closed, or is no valid YAML or TOML; with its line.
    """
    lines = text.split("\n")
    first = lines[0].rstrip()
    if first == "---" and (found := _yaml(lines, source)):
        return found
    if first == "+++" and (found := _toml(lines, source)):
        return found
    if _FRANKLIN.match(first):
        return _franklin(lines, source)
    if first.startswith("% "):
        return _pandoc(lines, source)
    if re.match(r"title:[ \t]+\S", first, re.IGNORECASE) and (found := _header(lines, source)):
        return found
    return Front({}, {}, text, own=False)


def _below(lines: list[str], end: int) -> str:
    return "\n".join([""] * (end + 1) + lines[end + 1 :])


def _is_own(values: Mapping[str, Any], *, yaml_like: bool) -> bool:
    keys = set(values)
    if keys & _ONLY_OURS:
        return True
    return yaml_like and bool(keys & OUR_KEYS) and not keys & _FOREIGN


# --- YAML ---------------------------------------------------------------------------------------------------------------


def _yaml(lines: list[str], source: str) -> Front | None:
    key = next(
        (_KEY_LINE.match(line) for line in lines[1:] if line.strip() and not line.lstrip().startswith("#")), None
    )
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() in {"---", "..."}), None)
    if end is None:
        if key and key[1].lower() in OUR_KEYS:
            raise WrongInput("the front matter is not closed", do="end it with a line ---", place=f"{source}:1:1")
        return None
    try:
        node = yaml.compose("\n".join(lines[1:end]), Loader=yaml.SafeLoader)
        values = yaml.safe_load("\n".join(lines[1:end]))
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as fault:
        if key is None:
            return None  # two thematic breaks with something between them
        raise _yaml_fault(fault, source) from fault
    if values is None and all(not line.strip() or line.lstrip().startswith("#") for line in lines[1:end]):
        return Front({}, {}, _below(lines, end), own=False) if end == 1 or "".join(lines[1:end]).strip() else None
    if not isinstance(values, dict) or not isinstance(node, yaml.MappingNode):
        return None
    places: dict[str, Place] = {}
    duplicates: list[tuple[str, Place]] = []
    for key_node, _ in node.value:
        name = str(key_node.value)
        place = Place(source, key_node.start_mark.line + 2, key_node.start_mark.column + 1)
        if name in places:
            duplicates.append((name, place))
        places[name] = place
    named = {str(name): value for name, value in values.items()}
    zone = named.get("zone")
    own = _is_own(named, yaml_like=True)
    return Front(named, places, _below(lines, end), own, str(zone) if zone else "", duplicates=tuple(duplicates))


def _yaml_fault(fault: Exception, source: str) -> WrongInput:
    mark = getattr(fault, "problem_mark", None)
    line, column = (mark.line + 2, mark.column + 1) if mark else (1, 1)
    problem = getattr(fault, "problem", None) or " ".join(str(fault).split()) or "nested too deep"
    return WrongInput(
        f"the front matter is not valid YAML: {problem}",
        do="put quotes around a value that holds : # [ { or quotes",
        place=f"{source}:{line}:{column}",
    )


def _header(lines: list[str], source: str) -> Front | None:
    """Lines `Title: …` straight at the top, up to a blank one (Pelican, MultiMarkdown)."""
    end = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
    found = [re.match(r"([A-Za-z][\w -]*):(?:[ \t]+(.*)|[ \t]*)$", line) for line in lines[:end]]
    if end < 2 or not all(found):
        return None
    values = {match[1].lower(): (match[2] or "").strip() for match in found if match}
    places = {match[1].lower(): Place(source, number) for number, match in enumerate(found, 1) if match}
    return Front(values, places, _below(lines, end - 1), _is_own(values, yaml_like=False) and "subject" in values)


def _pandoc(lines: list[str], source: str) -> Front:
    """Up to three lines `% …` at the top: title, authors, date."""
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    end = 0
    while end < len(lines) and (lines[end].startswith("%") or (end and lines[end].startswith("  "))):
        if lines[end].startswith("%"):
            name = ("title", "author", "date")[min(len(places), 2)]
            places.setdefault(name, Place(source, end + 1))
            values.setdefault(name, lines[end][1:].strip())
        else:
            values[name] = f"{values[name]} {lines[end].strip()}"
        end += 1
    given = {name: value for name, value in values.items() if value}
    return Front(given, places, _below(lines, end - 1), own=False)


# --- TOML and Franklin ----------------------------------------------------------------------------------------------------


def _toml(lines: list[str], source: str) -> Front | None:
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == "+++"), None)
    if end is None:
        return None
    inside = lines[1:end]
    try:
        values = tomllib.loads("\n".join(inside))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        if any(_JULIA_CALL.search(line) and not _is_toml(line) for line in inside):
            return _assignments(inside, 2, _below(lines, end), source)
        at = re.search(r"line (\d+), column (\d+)", str(fault))
        line, column = (int(at[1]) + 1, int(at[2])) if at else (len(inside) + 1, 1)
        raise WrongInput(
            f"the front matter is not valid TOML: {str(fault).split(' (at ')[0]}",
            do='write key = "value", or use YAML between lines ---',
            place=f"{source}:{line}:{column}",
        ) from fault
    places: dict[str, Place] = {}
    for number, written in enumerate(inside, 2):
        if found := _ASSIGNMENT.match(written) or _TABLE.match(written):
            places.setdefault(found[1], Place(source, number))
    return Front(values, places, _below(lines, end), _is_own(values, yaml_like=False), str(values.get("zone", "")))


def _is_toml(line: str) -> bool:
    try:
        tomllib.loads(line)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return False
    return True


def _franklin(lines: list[str], source: str) -> Front:
    """Lines `@def name = value` at the top (Franklin.jl)."""
    end = 0
    while end < len(lines) and (_FRANKLIN.match(lines[end]) or not lines[end].strip()):
        end += 1
    inside = [line.replace("@def", "", 1) for line in lines[:end]]
    return _assignments(inside, 1, _below(lines, end - 1), source)


def _assignments(inside: list[str], first_line: int, text: str, source: str) -> Front:
    """Julia's assignments: strings and plain words are kept, anything else as its source."""
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    for number, line in enumerate(inside, first_line):
        if found := _ASSIGNMENT.match(line):
            value = line[found.end() :].split(" # ")[0].strip()
            if date := re.fullmatch(r"Date\((\d{4}),\s*(\d{1,2}),\s*(\d{1,2})\)", value):
                value = f"{date[1]}-{int(date[2]):02}-{int(date[3]):02}"
            values[found[1]] = value.strip("\"'")
            places[found[1]] = Place(source, number)
    return Front(values, places, text, _is_own(values, yaml_like=False), franklin=True)
