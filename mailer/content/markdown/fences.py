"""The fences of containers: which `:::` line opens, and which closes what.

    ::: NAME arguments      opens; three colons or more, at most three blanks before them
    :::                     closes the nearest open fence of as many colons, else the nearest of fewer

So a container nests in another in two ways: by fences of the same length, each with its own close, or by a longer
fence around shorter ones. What is not closed ends with what it stands in, and is reported.
"""

import re
from typing import Any, Final

from markdown_it.rules_block import StateBlock

_OPENS: Final = re.compile(r"(:{3,})\s*(?:\{(?P<attributes>[^{}]*)\}|(?P<name>[A-Za-z][\w-]*))(?P<rest>.*)$")
_CLASS: Final = re.compile(r"(?:^|\s)\.?([A-Za-z][\w-]*)(?=\s|$)")
_TITLE: Final = re.compile(r"title=(?:\"([^\"]*)\"|'([^']*)'|(\S+))")
_CLOSES: Final = re.compile(r"(:{3,})\s*$")
_CODE: Final = re.compile(r"(`{3,}|~{3,})")
_MARKERS: Final = re.compile(r"(?:\s{0,3}(?:[-*+>]|\d{1,9}[.)])\s)*")
_BREAK: Final = re.compile(r"\+{3,}\s*$")


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def closing_lines(lines: list[str], first: int, last: int) -> dict[int, tuple[int, bool]]:
    """For every opening line from `first` to before `last`: the line that closes it, and whether that is a fence.

    What is not closed is said to close at the fence that closes what it stands in, or at `last`.
    """
    found: dict[int, tuple[int, bool]] = {}
    open_fences: list[tuple[int, int]] = []
    code = ""
    for number in range(first, last):
        line = lines[number]
        markers = _MARKERS.match(line)
        text = line[markers.end() if markers else 0 :]
        text = text.lstrip()
        fence = _CODE.match(text)
        if code:
            if fence and fence[1].startswith(code) and not text[len(fence[1]) :].strip():
                code = ""
            continue
        if fence and "`" not in text[len(fence[1]) :]:
            code = fence[1]
        elif opens := _OPENS.match(text):
            open_fences.append((number, len(opens[1])))
        elif (closes := _CLOSES.match(text)) and open_fences:
            _close(open_fences, found, number, len(closes[1]))
    for number, _ in open_fences:
        found[number] = (last, False)
    return found


def _close(open_fences: list[tuple[int, int]], found: dict[int, tuple[int, bool]], number: int, colons: int) -> None:
    equal = [index for index, (_, length) in enumerate(open_fences) if length == colons]
    shorter = [index for index, (_, length) in enumerate(open_fences) if length < colons]
    if not equal and not shorter:
        return
    index = equal[-1] if equal else shorter[-1]
    for unclosed, _ in open_fences[index + 1 :]:
        found[unclosed] = (number, False)
    found[open_fences[index][0]] = (number, True)
    del open_fences[index:]


def container_rule(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    """A container, as a pair of tokens `container_open` and `container_close` around its blocks.

    The opening token's `info` is the container's name and arguments; `meta` tells `head`, the lines before the body
    that are `key: value`, and `closed`.
    """
    if state.is_code_block(start_line):
        return False
    opens = _OPENS.match(_line(state, start_line))
    if opens is None:
        return False
    if silent:
        return True
    end, closed = _end_of(state, start_line, end_line)
    name, arguments = _name_of(opens)
    head, body_line = _head(state, name.lower(), start_line + 1, end)
    token = state.push("container_open", "", 1)
    token.markup, token.info, token.map = opens[1], name, [start_line, end]
    token.meta = {"arguments": arguments, "head": head, "closed": closed}
    outer_type, outer_max = state.parentType, state.lineMax
    state.parentType, state.lineMax = "container", end
    columns = state.env.get("columns", False)
    state.env["columns"] = name.lower() == "columns"
    state.md.block.tokenize(state, body_line, end)
    state.env["columns"] = columns
    state.parentType, state.lineMax = outer_type, outer_max
    state.push("container_close", "", -1).markup = opens[1]
    state.line = end + (1 if closed else 0)
    return True


def _name_of(opens: re.Match[str]) -> tuple[str, str]:
    """The container's name and arguments; in Pandoc's and Quarto's `{.name key=value}` only a title is one."""
    if opens["name"]:
        rest = opens["rest"].strip()
        titled = re.fullmatch(r"\[([^\[\]]*)\]", rest)  # Docusaurus: :::tip[Title]
        return opens["name"], titled[1] if titled else rest
    attributes = opens["attributes"]
    named = _CLASS.search(attributes)
    title = _TITLE.search(attributes)
    return (named[1] if named else "div"), (next(filter(None, title.groups()), "") if title else "")


def _end_of(state: StateBlock, start_line: int, end_line: int) -> tuple[int, bool]:
    known: dict[int, tuple[int, bool]] = state.env.setdefault("closing_lines", {})
    if start_line not in known:
        last = start_line + 1
        while last < end_line and (state.isEmpty(last) or state.sCount[last] >= state.blkIndent):
            last += 1
        lines = [""] * start_line + [_fence_line(state, number) for number in range(start_line, last)]
        known.update(closing_lines(lines, start_line, last))
    end, closed = known.get(start_line, (end_line, False))
    return (end, closed) if end < end_line else (end_line, False)


def _fence_line(state: StateBlock, number: int) -> str:
    """The line as far as it can be a fence: empty where it is indented code."""
    return "" if state.sCount[number] - state.blkIndent > 3 else _line(state, number)


_KEYED: Final = re.compile(r"([A-Za-z][A-Za-z _-]{0,30}?)\s*:(?:\s+(.*)|)$")
Head = list[tuple[int, str, str]]


def _head(state: StateBlock, name: str, first: int, end: int) -> tuple[Head, int]:
    """The lines `key: value` right below the opening fence, as (line, key, value), and the line after them.

    An indented line goes on with the value above it.
    """
    keys: frozenset[str] = state.env.get("container_keys", {}).get(name, frozenset())
    head: Head = []
    for number in range(first, end if keys else first):
        keyed = _KEYED.match(_line(state, number))
        if keyed and keyed[1].lower() in keys:
            head.append((number, keyed[1].lower(), (keyed[2] or "").strip()))
        elif head and not state.isEmpty(number) and state.sCount[number] - state.blkIndent >= 2:
            line, key, value = head[-1]
            head[-1] = (line, key, f"{value} {_line(state, number)}".strip())
        else:
            return head, number
    return head, end if keys else first


def column_break_rule(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    """A line `+++` straight in `::: columns` begins the next column."""
    if not state.env.get("columns") or state.is_code_block(start_line) or start_line >= end_line:
        return False
    if not _BREAK.match(_line(state, start_line)):
        return False
    if silent:
        return True
    state.push("column_break", "", 0).map = [start_line, start_line + 1]
    state.line = start_line + 1
    return True


def container_environment(keys: dict[str, frozenset[str]]) -> dict[str, Any]:
    """A fresh environment for one text: the keys that each container takes."""
    return {"container_keys": keys}
