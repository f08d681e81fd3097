"""Lines of plain text: wrapped, hung behind a mark, aligned in cells."""

from typing import Final
from unicodedata import combining, east_asian_width

WIDTH: Final = 72
HELD_SPACE: Final = "\ufdd2"
"""A noncharacter, which no text holds; it stands for a space while lines are folded."""
LONGEST_HELD: Final = 40


def wrapped(text: str, width: int, *, later: str = "") -> str:
    """The text in lines of at most that many columns; words and addresses are never broken, hard breaks kept."""
    lines: list[str] = []
    for line in text.split("\n"):
        current, size = "", 0
        for word in line.split(" "):
            length = len(word)
            if not length:
                continue
            if current and size + 1 + length > width:
                lines.append(current)
                current, size = later + word, len(later) + length
            elif current:
                current += f" {word}"
                size += 1 + length
            else:
                current, size = word, length
        lines.append(current)
    return loose("\n".join(lines))


def held(formula: str) -> str:
    """A short formula that stays on one line."""
    return formula.replace(" ", HELD_SPACE) if len(formula) <= LONGEST_HELD else formula


def loose(text: str) -> str:
    """The text with plain spaces in its formulas again."""
    return text.replace(HELD_SPACE, " ")


def prefixed(text: str, prefix: str) -> str:
    """Each line behind the prefix, with no blank at its end."""
    return "\n".join(f"{prefix}{line}".rstrip() for line in text.split("\n"))


def hung(text: str, mark: str) -> str:
    """The text behind a mark, its further lines under its first word."""
    indent = " " * (len(mark) + 1)
    first, *rest = text.split("\n")
    return "\n".join([f"{mark} {first}".rstrip(), *(f"{indent}{line}".rstrip() for line in rest)])


def columns_of(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, size: int, align: str) -> str:
    """The text in a cell of that many columns."""
    room = " " * (size - columns_of(text))
    if align == "right":
        return room + text
    return room[: len(room) // 2] + text + room[len(room) // 2 :] if align == "center" else text + room
