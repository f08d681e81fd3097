r"""Commands of siunitx and of the physics package, whose arguments no macro of MathJax can read, written out in plain TeX."""

import re
from collections.abc import Callable
from typing import Final

from mailer.content.formulas.macros import closing_brace
from mailer.content.formulas.units import angle, number, quantity, unit

_LIMIT_ROUNDS: Final = 200
"""Commands that are written out in one formula."""


class _Arguments:
    """What stands behind a command: read one by one, as far as it is there."""

    def __init__(self, tex: str, position: int) -> None:
        self.tex = tex
        self.position = position

    def star(self) -> bool:
        """Whether a star stands there; it is passed."""
        found = self.tex.startswith("*", self.position)
        self.position += found
        return found

    def option(self) -> str:
        """What stands in brackets, or nothing."""
        found = re.compile(r"\s*\[([^\[\]]*)\]").match(self.tex, self.position)
        if found is None:
            return ""
        self.position = found.end()
        return found[1]

    def groups(self, most: int) -> list[str]:
        """So many groups in braces at most."""
        found: list[str] = []
        while len(found) < most:
            start = self.position
            while self.tex[start : start + 1].isspace():
                start += 1
            end = closing_brace(self.tex, start) if self.tex[start : start + 1] == "{" else None
            if end is None:
                break
            found.append(self.tex[start + 1 : end])
            self.position = end + 1
        return found

    def bracketed(self) -> tuple[str, str, str] | None:
        """A pair of round or square brackets or of bars, and what is in it."""
        opening = self.tex[self.position : self.position + 1]
        closing = {"(": ")", "[": "]", "|": "|"}.get(opening)
        if closing is None:
            return None
        depth = 0
        for at in range(self.position + 1, len(self.tex)):
            sign = self.tex[at]
            if sign == closing and depth == 0:
                inner, self.position = self.tex[self.position + 1 : at], at + 1
                return opening, inner, closing
            depth += (sign in "({[" and opening != "|") - (sign in ")}]" and opening != "|")
        return None


Writer = Callable[[_Arguments], str | None]


def _with_groups(count: int, write: Callable[..., str]) -> Writer:
    r"""A command of siunitx: a star or options are read over, and all its groups must be there."""

    def written(given: _Arguments) -> str | None:
        given.star()
        given.option()
        groups = given.groups(count)
        return write(*groups) if len(groups) == count else None

    return written


def _quantity(given: _Arguments) -> str | None:
    r"""The `\qty{1}{\metre}` of siunitx, or the brackets of physics: `\qty(…)`, `\qty[…]`, `\qty{…}`."""
    start = given.position
    given.option()
    groups = given.groups(2)
    if len(groups) == 2:
        return quantity(*groups)
    given.position = start
    if (found := given.bracketed()) is not None:
        return rf"\left{found[0]}{found[1]}\right{found[2]}"
    return rf"\left\{{{groups[0]}\right\}}" if (groups := given.groups(1)) else None


def _derivative(sign: str) -> Writer:
    r"""`\dv{x}`, `\dv{f}{x}`, `\dv[2]{f}{x}`; with three groups the mixed one, by two variables."""

    def written(given: _Arguments) -> str | None:
        flat = given.star()
        power = given.option()
        groups = given.groups(3 if sign == r"\partial" else 2)
        if not groups:
            return None
        of, by = ("", groups) if len(groups) == 1 else (groups[0], groups[1:])
        order = power or (str(len(by)) if len(by) > 1 else "")
        raised = f"^{{{order}}}" if order else ""
        above = f"{sign}{raised} {of}"
        below = r"\,".join(f"{sign} {name}" for name in by) + (raised if len(by) == 1 else "")
        return f"{{{above}}}/{{{below}}}" if flat else rf"\frac{{{above}}}{{{below}}}"

    return written


def _differential(given: _Arguments) -> str | None:
    power = given.option()
    return rf"\mathrm{{d}}^{{{power}}}" if power else None


def _between(opening: str, middle: str, closing: str, most: int) -> Writer:
    """Groups between two brackets, with a sign between them."""

    def written(given: _Arguments) -> str | None:
        given.star()
        groups = given.groups(most)
        if not groups:
            return None
        return rf"\left{opening} {middle.join(groups)}\right{closing}"

    return written


def _expected(given: _Arguments) -> str | None:
    given.star()
    groups = given.groups(2)
    if not groups:
        return None
    inner = groups[0] if len(groups) == 1 else rf"{groups[1]}\middle|{groups[0]}\middle|{groups[1]}"
    return rf"\left\langle {inner}\right\rangle"


def _dyad(given: _Arguments) -> str | None:
    given.star()
    groups = given.groups(2)
    return rf"\left|{groups[0]}\right\rangle\left\langle {groups[-1]}\right|" if groups else None


def _braket(given: _Arguments) -> str | None:
    r"""Two groups are those of physics; with one it is the command of the package braket."""
    groups = given.groups(2)
    return rf"\left\langle {groups[0]}\middle|{groups[1]}\right\rangle" if len(groups) == 2 else None


def _evaluated(given: _Arguments) -> str | None:
    given.star()
    groups = given.groups(1)
    return rf"\left.{groups[0]}\right|" if groups else None


def _words(given: _Arguments) -> str | None:
    given.star()
    groups = given.groups(1)
    return rf"\quad\text{{{groups[0]}}}\quad " if groups else None


def _between_two(write: Callable[[str, str], str]) -> Callable[[str, str, str], str]:
    return lambda first, last, of: f"{write(first, of)}\\text{{–}}{write(last, of)}"


_WRITERS: Final[dict[str, Writer]] = {
    "SI": _with_groups(2, quantity),
    "qty": _quantity,
    "si": _with_groups(1, unit),
    "unit": _with_groups(1, unit),
    "num": _with_groups(1, number),
    "ang": _with_groups(1, angle),
    "numrange": _with_groups(2, lambda first, last: f"{number(first)}\\text{{–}}{number(last)}"),
    **dict.fromkeys(("SIrange", "qtyrange"), _with_groups(3, _between_two(quantity))),
    "dv": _derivative(r"\mathrm{d}"),
    "pdv": _derivative(r"\partial"),
    "fdv": _derivative(r"\delta"),
    "dd": _differential,
    "comm": _between("[", ",", "]", 2),
    "commutator": _between("[", ",", "]", 2),
    **dict.fromkeys(("acomm", "anticommutator", "pb", "poissonbracket"), _between(r"\{", ",", r"\}", 2)),
    **dict.fromkeys(("expval", "ev", "expectationvalue"), _expected),
    **dict.fromkeys(("mel", "matrixel", "matrixelement"), _between(r"\langle", r"\middle|", r"\rangle", 3)),
    **dict.fromkeys(("ip", "innerproduct"), _between(r"\langle", r"\middle|", r"\rangle", 2)),
    **dict.fromkeys(("dyad", "ketbra", "outerproduct", "op"), _dyad),
    "braket": _braket,
    "eval": _evaluated,
    **dict.fromkeys(("qq", "qqtext"), _words),
}
_COMMAND: Final = re.compile(r"\\(" + "|".join(sorted(_WRITERS, key=len, reverse=True)) + r")(?![A-Za-z])")


_DEFINED: Final = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|[gex]?def|let|Declare(?:MathOperator|PairedDelimiter\w*))\*?\s*\{?\s*\\([A-Za-z]+)"
)


def written_out(tex: str) -> str:
    """The source without these commands; one that lacks what it needs stays, to be refused by its name.

    A command that the formula defines for itself is its own.
    """
    position = 0
    own = frozenset(_DEFINED.findall(tex))
    for _ in range(_LIMIT_ROUNDS):
        found = _COMMAND.search(tex, position)
        if found is None:
            return tex
        given = _Arguments(tex, found.end())
        written = None if found[1] in own else _WRITERS[found[1]](given)
        if written is None:
            position = found.end()
        else:
            tex = f"{tex[: found.start()]}{{{written}}}{tex[given.position :]}"
            position = found.start()
    return tex
