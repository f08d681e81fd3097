r"""Macros that an author defines once for a whole text: `\newcommand{\E}[1]{\mathbb{E}\left[#1\right]}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_COMMAND: Final = re.compile(r"\\([A-Za-z]+)")
LIMIT_ROUNDS: Final = 8
LIMIT_CHARACTERS: Final = 8_000


@dataclass(frozen=True, slots=True)
class Macro:
    """How many arguments it takes, and what it stands for: `#1` is the first of them."""

    arguments: int
    body: str


OWN_MACROS: Final[Mapping[str, Macro]] = {"href": Macro(2, "{#2}")}
"""What a letter cannot do as TeX says, and does as well as it can."""


def expanded(tex: str, macros: Mapping[str, Macro]) -> str:
    """The source with the macros written out; what a macro leads to without end stays as it is."""
    for _ in range(LIMIT_ROUNDS):
        found = next((found for found in _COMMAND.finditer(tex) if found[1] in macros), None)
        if found is None:
            return tex
        tex, before = _once(tex, macros), tex
        if tex == before or len(tex) > LIMIT_CHARACTERS:
            return before
    return tex


def _once(tex: str, macros: Mapping[str, Macro]) -> str:
    result, position = [], 0
    for found in _COMMAND.finditer(tex):
        macro = macros.get(found[1])
        if macro is None or found.start() < position:
            continue
        arguments, end = _arguments(tex, found.end(), macro.arguments)
        if arguments is None:
            continue
        body = _filled(macro.body, arguments)
        glue = " " if re.search(r"\\[A-Za-z]+$", body) and tex[end : end + 1].isalpha() else ""
        result += [tex[position : found.start()], body, glue]
        position = end
    return "".join([*result, tex[position:]])


def _filled(body: str, arguments: list[str]) -> str:
    def given(mark: re.Match[str]) -> str:
        number = int(mark[1])
        return arguments[number - 1] if 0 < number <= len(arguments) else ""

    return re.sub(r"#(\d)", given, body)


def _arguments(tex: str, position: int, count: int) -> tuple[list[str] | None, int]:
    """So many arguments from there on, braced or of one sign, and where they end; None where one is missing."""
    found: list[str] = []
    for _ in range(count):
        while position < len(tex) and tex[position].isspace():
            position += 1
        command = _COMMAND.match(tex, position)
        end = closing_brace(tex, position) if tex[position : position + 1] == "{" else position
        if end is None or position >= len(tex):
            return None, position
        if end > position:
            found.append(tex[position + 1 : end])
            position = end + 1
        else:
            found.append(command[0] if command else tex[position])
            position += len(found[-1])
    return found, position


def closing_brace(tex: str, start: int) -> int | None:
    """The brace that closes this one."""
    depth = 0
    for found in re.finditer(r"\\.|[{}]", tex[start:], re.DOTALL):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return start + found.start()
    return None
