"""Notes as MkDocs and MyST write them become ours, line for line: `!!! note "Title"` a callout, ```` ```{note} ```` a container."""

import re
from typing import Final

_FENCE: Final = re.compile(r"[ \t>]*(?P<fence>`{3,}|~{3,})")
_INDENTED: Final = re.compile(
    r"([ \t]*)(?:!!!|\?\?\?\+?|===\+?)[ \t]+(?:([\w-]+)(?:[ \t]+[\w-]+)*)?[ \t]*(?:\"([^\"]*)\")?[ \t]*$"
)
_DIRECTIVE: Final = re.compile(r"([ \t]*)(?P<fence>`{3,}|:{3,})\{([\w-]+)\}[ \t]*(.*)$")
_OPTION: Final = re.compile(r"[ \t]*:[\w-]+:(?:[ \t].*)?$")
_SHOWN: Final = frozenset({":alt:", ":width:"})
"""The options of a figure that mean something here."""
_NOTICE: Final = re.compile(
    r"([ \t]*)\{\{[<%][ \t]*(notice|callout|alert|admonition|hint|note|tip|info|warning|important|caution|details)\b(.*?)[ \t]*[>%]\}\}[ \t]*$"
)
"""What themes of Hugo call a note; `name` closes it."""
_ARGUMENT: Final = re.compile(r"([\w-]+)=(?:\"([^\"]*)\"|(\S+))")
_KINDS: Final = {
    "note": "note", "admonition": "note", "seealso": "note", "abstract": "note", "summary": "note", "example": "note",
    "info": "info", "tip": "tip", "hint": "tip", "success": "tip", "important": "important", "warning": "warning",
    "attention": "warning", "danger": "warning", "error": "warning", "failure": "warning", "bug": "warning",
    "caution": "caution", "quote": "note", "question": "note",
}  # fmt: skip


def ours(lines: list[str]) -> None:
    """Rewrites the notes among the lines; code is left alone."""
    index = 0
    endless: set[str] = set()  # what is not closed below one line is not closed below any later one
    while index < len(lines):
        line = lines[index]
        if fence := _DIRECTIVE.match(line) or _FENCE.match(line):
            end = None if fence["fence"] in endless else _closing(lines, index, fence["fence"])
            if end is None and fence["fence"][0] == ":":
                endless.add(fence["fence"])
                index += 1
                continue
            if end is None:
                return  # it runs to the end, and so does what is code
            index = _directive(lines, index, end, fence) if fence.re is _DIRECTIVE else end
        elif line.strip() == "<aside>" and (end := _closed_by(lines, index, "</aside>")):
            lines[index], lines[end] = "::: note", ":::"  # Notion's
        elif (found := _NOTICE.match(line)) and found[2] not in endless:
            if not _notice(lines, index, found):
                endless.add(found[2])
        elif (found := _INDENTED.match(line)) and (found[2] or found[3]):
            _quoted(lines, index, found)
        index += 1


def _closing(lines: list[str], opening: int, fence: str) -> int | None:
    """The line that closes the block of code; none where it runs to the end."""
    for index in range(opening + 1, len(lines)):
        bare = lines[index].strip(" \t>")
        if bare.startswith(fence) and set(bare) == {fence[0]}:
            return index
    return None


def _closed_by(lines: list[str], opening: int, closing: str) -> int | None:
    """The line that ends what begins; none where it does not end, or something like it begins within."""
    for index in range(opening + 1, len(lines)):
        if lines[index].strip() == closing:
            return index
        if lines[index].lstrip().startswith(closing.replace("/", "")[:-1]):
            return None
    return None


def _directive(lines: list[str], index: int, end: int, found: re.Match[str]) -> int:
    """The directive is a container now where it is a note; the last line that needs no more looking at."""
    name = found[3].lower()
    kind = "figure" if name in {"figure", "image"} else _KINDS.get(name)
    if kind is None and name != "math":
        return end if found["fence"][0] == "`" else index
    first = index + 1
    while first < end and _OPTION.match(lines[first]):
        first += 1
    options = [line.strip().partition(" ") for line in lines[index + 1 : first]]
    kept = [f"{found[1]}{key.strip(':')}: {value}" for key, _, value in options if kind == "figure" and key in _SHOWN]
    lines[index + 1 : first] = [*kept, *[""] * (len(options) - len(kept))]
    if kind is None:
        lines[index] = f"{found[1]}{found['fence']}math" if found["fence"][0] == "`" else lines[index]
        return end
    lines[index], lines[end] = f"{found[1]}::: {kind} {found[4]}".rstrip(), f"{found[1]}:::"
    return index


def _notice(lines: list[str], index: int, found: re.Match[str]) -> bool:
    """Makes a container of a note of Hugo's; False where it is not closed."""
    name, arguments = found[2], found[3]
    closing = re.compile(rf"[ \t]*\{{\{{[<%][ \t]*/[ \t]*{name}[ \t]*[>%]\}}\}}[ \t]*$")
    end = next((number for number in range(index + 1, len(lines)) if closing.match(lines[number])), None)
    if end is None:
        return False
    said = {key: quoted or plain for key, quoted, plain in _ARGUMENT.findall(arguments)}
    bare = [quoted or plain for quoted, plain in re.findall(r"\"([^\"]*)\"|(\S+)", _ARGUMENT.sub("", arguments))]
    kinds = [
        _KINDS[word.lower()]
        for word in (said.get("type", ""), said.get("color", ""), *bare, name)
        if word.lower() in _KINDS
    ]
    titles = [said[key] for key in ("title", "header", "summary") if key in said]
    titles += [word for word in bare if word.lower() not in _KINDS]
    lines[index], lines[end] = (
        f"{found[1]}::: {(kinds or ['note'])[0]} {(titles or [''])[0]}".rstrip(),
        f"{found[1]}:::",
    )
    return True


def _quoted(lines: list[str], index: int, found: re.Match[str]) -> None:
    """The header and what is indented below it as a callout."""
    margin = found[1]
    body = re.compile(rf"{re.escape(margin)}(?: {{4}}|\t)")
    last = index
    for number in range(index + 1, len(lines)):
        if body.match(lines[number]):
            last = number
        elif lines[number].strip():
            break
    if last == index:
        return  # nothing is indented: it is a sentence, or no note
    lines[index] = f"{margin}> [!{found[2] or 'note'}] {found[3] or ''}".rstrip()
    for number in range(index + 1, last + 1):
        lines[number] = f"{margin}> {body.sub('', lines[number], count=1)}".rstrip()
