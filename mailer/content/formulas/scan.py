r"""What can be told from TeX source before it is set: which brackets have no partner, where lines break, what is text."""

import re
import unicodedata
from typing import Final

from mailer.content.formulas.aliases import LETTERS

_PIECES: Final = re.compile(
    r"\\(?:text|textrm|textbf|textit|textsf|texttt|mbox|hbox)\s*\{|\\(?:begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+|\\.|-{2,3}"
    r"|[{}$]|.",
    re.DOTALL,
)
_ACCENTS: Final = {  # combining character: command in a formula, command in \text
    "\u0300": ("grave", "`"),
    "\u0301": ("acute", "'"),
    "\u0302": ("hat", "^"),
    "\u0303": ("tilde", "~"),
    "\u0304": ("bar", "="),
    "\u0306": ("breve", "u"),
    "\u0307": ("dot", "."),
    "\u0308": ("ddot", '"'),
    "\u030c": ("check", "v"),
}
_DOTLESS: Final = {"i": ("ı", "\\imath"), "j": ("ȷ", "\\jmath")}  # in \text, in a formula
_DASHES: Final = {"--": "–", "---": "—"}  # what TeX makes of them
_SURFACE: Final = re.compile(r"\\oi{2,3}nt(?![A-Za-z])|[∯∰]")
_SURFACES: Final = {
    "∯": r"\mathop{\iint\mathllap{\bigcirc\kern0.18em}}\nolimits ",
    "∰": r"\mathop{\iiint\mathllap{\bigcirc\kern0.4em}}\nolimits ",
}
"""Integrals over a closed surface, which the type of formulas has not: a ring is laid over them."""
_SMALL_CAPITALS: Final = re.compile(r"\\textsc\s*\{([^{}\\$]*)\}")
_INDICATOR: Final = re.compile(r"\\(?:mathbb|mathds|mathbbm)\s*(?:\{\s*1\s*\}|1)|𝟙")


def _pieces(tex: str) -> list[tuple[int, str, bool]]:
    r"""The source in pieces: where each begins, what it is, and whether it stands in `\text`."""
    found: list[tuple[int, str, bool]] = []
    modes = [False]  # for each open group: whether it is text
    for piece in _PIECES.finditer(tex):
        sign = piece[0]
        found.append((piece.start(), sign, modes[-1]))
        if _opens_text(sign):
            modes.append(True)
        elif sign == "{":
            modes.append(modes[-1])
        elif sign == "}" and len(modes) > 1:
            modes.pop()
        elif sign == "$":
            modes[-1] = not modes[-1]
    return found


def _opens_text(sign: str) -> bool:
    return sign.startswith("\\") and sign.endswith("{") and len(sign) > 2


def unpaired(tex: str, opening: str, closing: str) -> int | None:
    r"""Where the first bracket without a partner stands: `{` and `}`, `\left` and `\right`, `\begin` and `\end`."""
    waiting: list[int] = []
    for start, sign, _ in _pieces(tex):
        if sign.startswith(opening):
            waiting.append(start)
        elif opening == "{" and _opens_text(sign):
            waiting.append(start + len(sign) - 1)
        elif sign.startswith(closing):
            if not waiting:
                return start
            waiting.pop()
    return waiting[-1] if waiting else None


def line_break(tex: str) -> tuple[int, bool] | None:
    r"""Where the first `\\` outside of braces and environments stands, and whether `&` aligns its lines; None without."""
    depth, at, aligned = 0, None, False
    for start, sign, _ in _pieces(tex):
        if sign.startswith("\\begin") or sign == "{" or _opens_text(sign):
            depth += 1
        elif sign.startswith("\\end") or sign == "}":
            depth -= 1
        elif depth == 0 and sign in {"\\\\", "\\newline", "\\cr"}:
            at = start if at is None else at
        elif depth == 0 and sign == "&":
            aligned = True
    return None if at is None else (at, aligned)


def as_meant(tex: str) -> str:
    r"""The source with `--` and `---` in `\text` as the dashes that they are in TeX, and `\ss` and its like as their letters."""
    if "--" not in tex and not any(name in tex for name in LETTERS):
        return tex
    result: list[str] = []
    ends_name = False
    for _, sign, is_text in _pieces(tex):
        if ends_name and sign == " ":  # TeX eats the blank behind a command's name
            ends_name = False
            continue
        ends_name = is_text and sign in LETTERS
        result.append({**_DASHES, **LETTERS}.get(sign, sign) if is_text else sign)
    return "".join(result)


def _small_capitals(words: str) -> str:
    return re.sub(r"[^\W\d_A-Z]+", lambda low: f"{{\\scriptsize {low[0].upper()}}}", words)


def drawable(tex: str) -> str:
    r"""The source as MathJax can draw it: `ö` as `\ddot{o}`, in text as `\"o`, and the indicator of its two strokes."""
    tex = _INDICATOR.sub(r"{\\mathrm{1\\mkern-4.4mu l}}", tex)
    tex = _SURFACE.sub(lambda sign: _SURFACES["∰" if sign[0] in {"\\oiiint", "∰"} else "∯"], tex)
    tex = _SMALL_CAPITALS.sub(lambda words: f"\\text{{{_small_capitals(words[1])}}}", tex)
    if tex.isascii():
        return tex
    result: list[str] = []
    for _, sign, is_text in _pieces(unicodedata.normalize("NFC", tex)):
        parts = unicodedata.normalize("NFD", sign)
        if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in _ACCENTS:
            in_formula, in_text = _ACCENTS[parts[1]]
            bare, dotless = _DOTLESS.get(parts[0], (parts[0], parts[0]))
            result.append(f"\\{in_text}{{{bare}}}" if is_text else f"{{\\{in_formula}{{{dotless}}}}}")
        else:
            result.append(sign)
    return "".join(result)
