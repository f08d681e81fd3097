"""A formula in English words, as a person would read it aloud: from MathML, for alt texts.

Short things are read short (`x squared`, `1 over 2`); what is longer gets its end said (`the fraction a plus b over c,
end fraction`), so that a listener knows where it closes.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final
from xml.etree.ElementTree import Element

from mailer.content.formula_signs import (
    ACCENTS,
    BIG,
    FRACTIONS,
    FUNCTIONS,
    POWERS,
    RAISED,
    SETS,
    SIGNS,
    SILENT,
    VARIANTS,
)


def words_of(math: Element) -> str:
    """The words of a `<math>` element."""
    text = " ".join(_words(math).split())
    return re.sub(r"\s+([,;.?])", r"\1", text).replace(",,", ",").strip(" ,")


def _tag(node: Element) -> str:
    return node.tag.rsplit("}", 1)[-1]


def _text(node: Element) -> str:
    return (node.text or "").strip()


def _only(node: Element) -> Element:
    """The node, or the one child in its wrappers."""
    while _tag(node) in {"mrow", "mstyle", "mpadded", "math"} and len(node) == 1:
        node = node[0]
    return node


def _is_short(node: Element) -> bool:
    node = _only(node)
    if _tag(node) in {"mi", "mn", "mo", "mtext"}:
        return True
    accented = _tag(node) in {"mover", "msup", "msub"} and all(_tag(_only(part)) in {"mi", "mn", "mo"} for part in node)
    signed = _tag(node) == "mrow" and len(node) == 2 and _text(node[0]) in {"−", "-"} and _tag(node[1]) in {"mi", "mn"}
    return accented or signed


def _words(node: Element) -> str:
    say = _SAY.get(_tag(node))
    return say(node) if say else _row(list(node))


def _identifier(node: Element) -> str:
    text = _text(node).replace("\u2009", " ").replace("\u2006", " ")
    variant = node.get("mathvariant", "")
    if variant == "double-struck" and text in SETS:
        return SETS[text]
    text = FUNCTIONS.get(" ".join(text.split()), text)
    name = SIGNS.get(text) or _letters(text)
    return f"{VARIANTS[variant]} {name}" if variant in VARIANTS else name


def _letters(text: str) -> str:
    if len(text) != 1 or text.isascii():
        return text
    name = unicodedata.name(text, text).lower()
    greek = re.fullmatch(r"greek (small|capital) letter (?:final )?(\w+)", name)
    if greek:
        letter = {"lamda": "lambda"}.get(greek[2], greek[2])
        return f"capital {letter}" if greek[1] == "capital" else letter
    symbol = re.fullmatch(r"greek (\w+) symbol", name)
    return symbol[1] if symbol else text


def _operator(node: Element) -> str:
    text = _text(node)
    if not text or text in SILENT:
        return ""
    return SIGNS.get(text) or FUNCTIONS.get(" ".join(text.replace("\u2006", " ").split())) or _letters(text)


def _row(nodes: list[Element]) -> str:
    words: list[str] = []
    index = 0
    texts = [_text(node) if _tag(node) == "mo" else "" for node in nodes]
    while index < len(nodes):
        node, text = nodes[index], texts[index]
        after = texts[index + 1] if index + 1 < len(nodes) else ""
        if text in _BARS and (end := _partner(nodes, index)):
            words.append(_between_bars(nodes[index : end + 1]))
            index = end
        elif text == ":" and any(arrow in texts[index:] for arrow in ("→", "⟶")):
            words.append(", from")
        elif text == "\u2061":
            words.append("of" if index + 1 < len(nodes) and after != "(" else "")
        elif text == "(" and index and _text(nodes[index - 1]) in _NAMED and (end := _closing(texts, index)):
            inside = nodes[index + 1 : end]
            closing = "" if len(inside) == 1 and _is_short(inside[0]) else ", end argument,"
            words.append(f"of {_row(inside)}{closing}")
            index = end
        elif text in {"⋅", "·"} and index and _text(nodes[index - 1]) == "∇":
            words.append("dot")
        elif text == "−" and (index == 0 or texts[index - 1] in _OPENERS):
            words.append("minus")
        else:
            words.append(_words(node))
        index += 1
    return " ".join(word for word in words if word)


_OPENERS: Final = frozenset("=<>≤≥(,[{+")
_BARS: Final = {"|": "absolute value", "∣": "absolute value", "‖": "norm", "∥": "norm"}
_NAMED: Final = frozenset("fgh")


def _bar_of(node: Element) -> str:
    """The bar that a node is, or that bears its exponent."""
    if _tag(node) in {"msup", "msub", "msubsup"}:
        node = _only(node[0])
    return _text(node) if _tag(node) == "mo" else ""


def _partner(nodes: list[Element], start: int) -> int:
    """The index of the bar that closes this one; 0 where it is no pair."""
    for index in range(start + 2, len(nodes)):
        if _bar_of(nodes[index]) == _text(nodes[start]):
            return index
    return 0


def _closing(texts: list[str], start: int) -> int:
    """The index of the parenthesis that closes this one; 0 where none does."""
    depth = 0
    for index in range(start, len(texts)):
        depth += {"(": 1, ")": -1}.get(texts[index], 0)
        if depth == 0:
            return index if index > start + 1 else 0
    return 0


def _between_bars(nodes: list[Element]) -> str:
    kind = _BARS[_text(nodes[0])]
    inside, last = nodes[1:-1], nodes[-1]
    scripts = ""
    if _tag(last) == "msup":
        scripts = _power(last[1])
    elif _tag(last) == "msub":
        scripts = _index(last[1])
    elif _tag(last) == "msubsup":
        scripts = f"{_index(last[1])} {_power(last[2])}"
    closing = f", end {kind}," if scripts or not (len(inside) == 1 and _is_short(inside[0])) else ""
    return f"the {kind} of {_row(inside)}{closing} {scripts}".rstrip()


def _mrow(node: Element) -> str:
    parts = list(node)
    if (
        len(parts) >= 2
        and parts[0].get("data-mjx-texclass") == "OPEN"
        and parts[-1].get("data-mjx-texclass") == "CLOSE"
    ):
        return _fenced(parts)
    if len(parts) == 3 and (bottom := _binomial(parts[1])):
        return bottom
    return _row(parts)


def _fenced(parts: list[Element]) -> str:
    opening, closing = _text(_only(parts[0])), _text(_only(parts[-1]))
    inside = parts[1:-1]
    if len(inside) == 1 and _tag(_only(inside[0])) == "mtable":
        table = _only(inside[0])
        if opening == "{" and not closing:
            return _lines(table, "cases", "case")
        kind = "determinant of the" if opening in {"|", "∣"} else "the"
        return _matrix(table, kind)
    if len(inside) == 1 and (bottom := _binomial(inside[0])):
        return bottom
    if opening == closing and opening in {"|", "∣", "‖", "∥"}:
        kind = "absolute value" if opening in {"|", "∣"} else "norm"
        return f"the {kind} of {_row(inside)}, end {kind},"
    return _row(parts)


def _binomial(node: Element) -> str:
    node = _only(node)
    if _tag(node) == "mfrac" and node.get("linethickness", "") in {"0", "0pt", "0px"}:
        return f"{_words(node[0])} choose {_words(node[1])}"
    return ""


def _power(exponent: Element) -> str:
    short = _only(exponent)
    text = _text(short) if _tag(short) in {"mn", "mo", "mi"} else ""
    if text in POWERS:
        return POWERS[text]
    if text in RAISED:
        return RAISED[text]
    primes = [_text(part) for part in exponent] if len(exponent) else []
    if primes and primes[0] in {"′", "″"}:
        rest = _row(list(exponent)[1:])
        return f"{SIGNS[primes[0]]} {RAISED.get(primes[1], rest) if len(primes) == 2 else rest}"
    words = _words(exponent)
    return f"to the {words}" if _is_short(exponent) else f"to the power {words}, end power,"


def _index(index: Element) -> str:
    words = _words(index)
    return f"sub {words}" if _is_short(index) else f"sub {words}, end sub,"


def _superscript(node: Element) -> str:
    return f"{_words(node[0])} {_power(node[1])}"


def _subscript(node: Element) -> str:
    return _limits(node, node[1], None) or f"{_words(node[0])} {_index(node[1])}"


def _both_scripts(node: Element) -> str:
    return _limits(node, node[1], node[2]) or f"{_words(node[0])} {_index(node[1])} {_power(node[2])}"


def _limits(node: Element, below: Element | None, above: Element | None) -> str:
    """`the sum from … to … of`, where the base is a large operator or one such as lim; else nothing."""
    base = _only(node[0])
    text = " ".join(_text(base).replace("\u2006", " ").replace("\u2009", " ").split())
    if text in BIG:
        name = SIGNS[text]
        ends = f" over {_words(below)}" if below is not None else ""
        if below is not None and (above is not None or "=" in "".join(below.itertext())):
            ends = f" from {_words(below)}"
        ends += f" to {_words(above)}" if above is not None else ""
        return f"the {name}{ends} of"
    if text.startswith(("lim", "max", "min", "sup", "inf", "arg")) and below is not None and above is None:
        name = FUNCTIONS.get(text, text)
        if text.startswith("lim"):
            return f"the {name} as {_words(below).replace(' to ', ' approaches ', 1)} of"
        return f"the {name} over {_words(below)} of"
    return ""


def _under(node: Element) -> str:
    if words := _limits(node, node[1], None):
        return words
    text = _text(_only(node[1]))
    if text in {"⏟", "_", "―", "‾"}:
        return f"{_words(node[0])}, underlined," if text != "⏟" else _words(node[0])
    return f"{_words(node[0])} with {_words(node[1])} below,"


def _over(node: Element) -> str:
    if words := _limits(node, None, node[1]):
        return words
    text = _text(_only(node[1]))
    if text == "⏞":
        return _words(node[0])
    if text in ACCENTS:
        accent = ACCENTS[text]
        return f"{_words(node[0])} {accent}" if _is_short(node[0]) else f"{_words(node[0])}, all {accent},"
    return f"{_words(node[0])} with {_words(node[1])} above,"


def _under_and_over(node: Element) -> str:
    limits = _limits(node, node[1], node[2])
    return limits or f"{_words(node[0])} with {_words(node[1])} below and {_words(node[2])} above,"


def _fraction(node: Element) -> str:
    if choose := _binomial(node):
        return choose
    top, bottom = node[0], node[1]
    pair = (_text(_only(top)), _text(_only(bottom)))
    if pair in FRACTIONS:
        return FRACTIONS[pair]
    if _is_short(top) and _is_short(bottom):
        return f"{_words(top)} over {_words(bottom)}"
    return f"the fraction {_words(top)} over {_words(bottom)}, end fraction,"


def _root(node: Element) -> str:
    short = len(node) == 1 and _is_short(node[0])
    return f"the square root of {_row(list(node))}{'' if short else ', end root,'}"


def _nth_root(node: Element) -> str:
    degree = _words(node[1])
    name = {"3": "cube", "2": "square"}.get(degree, f"{degree}-th")
    return f"the {name} root of {_words(node[0])}{'' if _is_short(node[0]) else ', end root,'}"


def _table(node: Element) -> str:
    return _lines(node, "lines", "line")


def _lines(table: Element, plural: str, name: str) -> str:
    rows = [
        ", ".join(filter(None, (_words(cell) for cell in row))) if plural == "cases" else _row_of(row) for row in table
    ]
    if len(rows) == 1:
        return rows[0]
    read = "; ".join(f"{name} {number}: {words}" for number, words in enumerate(rows, 1))
    return f"{len(rows)} {plural}: {read};"


def _row_of(row: Element) -> str:
    return " ".join(filter(None, (_words(cell) for cell in row)))


def _matrix(table: Element, kind: str) -> str:
    rows = [[_words(cell) for cell in row] for row in table]
    width = max((len(row) for row in rows), default=0)
    if width == 1:
        return f"{kind} column vector {', '.join(row[0] for row in rows)}, end vector,"
    read = "; ".join(f"row {number}: {', '.join(row)}" for number, row in enumerate(rows, 1))
    return f"{kind} {len(rows)} by {width} matrix, {read}, end matrix,"


def _enclosed(node: Element) -> str:
    crossed = "strike" in node.get("notation", "")
    return f"{_row(list(node))}, crossed out," if crossed else _row(list(node))


def _silent(_: Element) -> str:
    return ""


_SAY: Final[dict[str, Callable[[Element], str]]] = {
    "mi": _identifier,
    "mn": _text,
    "mo": _operator,
    "mtext": _text,
    "ms": _text,
    "mrow": _mrow,
    "msup": _superscript,
    "msub": _subscript,
    "msubsup": _both_scripts,
    "munder": _under,
    "mover": _over,
    "munderover": _under_and_over,
    "mfrac": _fraction,
    "msqrt": _root,
    "mroot": _nth_root,
    "mtable": _table,
    "menclose": _enclosed,
    "mspace": _silent,
    "mphantom": _silent,
    "mprescripts": _silent,
    "none": _silent,
}
