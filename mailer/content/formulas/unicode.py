"""A simple formula as real characters: letters in italics, signs with their spaces, sub- and superscripts.

Only what every mail client's fonts show as a mathematician would write it; anything else is None and becomes a picture.
"""

import unicodedata
from typing import Final
from xml.etree.ElementTree import Element

from mailer.content.formulas.tree import tag_of, text_of
from mailer.content.issue import Inline, Inlines, Span, Text

_RELATIONS: Final = frozenset("=≠<>≤≥∈≈≡∼→↦←:")
_BINARY: Final = frozenset("+−×±·⋅")
_OPENERS: Final = _RELATIONS | _BINARY | frozenset("([,;")
_PLAIN: Final = frozenset("()[],;!/|…%′″∞∂∇")
_ACCENTS: Final = {"~": "\u0303", "^": "\u0302", "¯": "\u0304", "―": "\u0304", "˙": "\u0307", "¨": "\u0308"}
_BLACKBOARD: Final = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "Q": "ℚ", "C": "ℂ"}
_NBSP: Final = "\u00a0"
LIMIT_CHARACTERS: Final = 24


class _NotFaithful(Exception):  # a way out of the recursion, no error
    pass


def unicode_of(math: Element) -> Inlines | None:
    """The inlines of a `<math>` element, or None."""
    try:
        inlines = _joined(_row(list(math)))
    except _NotFaithful:
        return None
    return inlines if inlines and 0 < _length(inlines) <= LIMIT_CHARACTERS else None


def _length(inlines: Inlines) -> int:
    return sum(
        len(part.text) if isinstance(part, Text) else _length(part.children)
        for part in inlines
        if isinstance(part, Text | Span)
    )


def _joined(inlines: list[Inline]) -> Inlines:
    result: list[Inline] = []
    for part in inlines:
        last = result[-1] if result else None
        if isinstance(part, Text) and isinstance(last, Text):
            result[-1] = Text(last.text + part.text)
        elif isinstance(part, Span) and isinstance(last, Span) and part.kind == last.kind == "em":
            result[-1] = Span("em", _joined([*last.children, *part.children]))
        else:
            result.append(part)
    return tuple(result)


def _row(nodes: list[Element]) -> list[Inline]:
    result: list[Inline] = []
    before = ""
    for index, node in enumerate(nodes):
        text = text_of(node) if tag_of(node) == "mo" else ""
        if text in _RELATIONS or text in _BINARY:
            sign = "·" if text == "⋅" else text
            unary = text in _BINARY and (index == 0 or before in _RELATIONS or before in {"(", "[", ","})
            result.append(Text(sign if unary else f"{_NBSP}{sign}{_NBSP}"))
        elif text in {",", ";"}:
            result.append(Text(f"{text}{_NBSP}" if index + 1 < len(nodes) else text))
        else:
            after = nodes[index + 1] if index + 1 < len(nodes) else None
            result.extend([Text(_NBSP)] if _is_name(node) and index and before not in _OPENERS else [])
            result.extend(_node(node))
            result.extend([Text(_NBSP)] if _is_name(node) and after is not None and tag_of(after) != "mo" else [])
        before = text
    return result


def _is_name(node: Element) -> bool:
    r"""Whether it is the name of a function, which stands off: the Tr of `\operatorname`, no KL of `\mathrm`."""
    return tag_of(node) == "mi" and len(text_of(node)) > 1 and node.get("data-mjx-auto-op") != "false"


def _node(node: Element) -> list[Inline]:  # noqa: C901, PLR0911  # one for each element
    if any(name in node.attrib for name in ("mathcolor", "mathbackground", "mathsize", "scriptlevel", "displaystyle")):
        raise _NotFaithful
    match tag_of(node):
        case "mi":
            return _identifier(node)
        case "mn":
            return [Text(text_of(node))]
        case "mo":
            return _sign(node)
        case "mrow":
            if node.get("data-mjx-texclass") not in {None, "ORD"}:
                raise _NotFaithful
            return _row(list(node))
        case "msub" | "msup":
            kind = "sub" if tag_of(node) == "msub" else "sup"
            base, script = _base(node[0]), list(_row([node[1]]))
            if kind == "sup" and all(isinstance(part, Text) and set(part.text) <= {"′", "″"} for part in script):
                return [*base, *script]
            return [*base, _script(kind, script)]
        case "msubsup":  # faithful only where the upper one is a prime
            base, lower, upper = _base(node[0]), _row([node[1]]), _row([node[2]])
            if not all(isinstance(part, Text) and set(part.text) <= {"′", "″"} for part in upper):
                raise _NotFaithful
            return [*base, *upper, _script("sub", lower)]
        case "mover":
            return _accented(node)
        case _:
            raise _NotFaithful


def _base(node: Element) -> list[Inline]:
    base = _row([node])
    if _length(_joined(base)) != 1:
        raise _NotFaithful
    return base


def _script(kind: str, parts: list[Inline]) -> Span:
    if any(isinstance(part, Span) and part.kind in {"sub", "sup"} for part in parts):
        raise _NotFaithful
    tight = [Text(part.text.replace(_NBSP, "")) if isinstance(part, Text) else part for part in parts]
    return Span("sub" if kind == "sub" else "sup", _joined(tight))


def _identifier(node: Element) -> list[Inline]:
    text = text_of(node)
    variant = node.get("mathvariant", "")
    if len(text) > 1:
        if not text.isascii() or not text.isalpha() or variant not in {"", "normal"}:
            raise _NotFaithful
        return [Text(text)]
    if variant == "double-struck" and text in _BLACKBOARD:
        return [Text(_BLACKBOARD[text])]
    name = unicodedata.name(text, "") if text else ""
    greek = name.startswith("GREEK") and "SYMBOL" not in name
    if not ((text.isascii() and text.isalpha()) or greek or text in _PLAIN):
        raise _NotFaithful
    if variant == "bold":
        return [Span("strong", (Text(text),))]
    if variant == "normal":
        return [Text(text)]
    if variant in {"", "italic"}:
        return [Span("em", (Text(text),))] if text.isalpha() else [Text(text)]
    raise _NotFaithful


def _sign(node: Element) -> list[Inline]:
    text = text_of(node)
    if (
        text in _PLAIN
        and node.get("minsize") is None
        and node.get("data-mjx-texclass") in {None, "OPEN", "CLOSE", "ORD", "PUNCT"}
    ):
        return [Text(text)]
    if text in _RELATIONS or text in _BINARY or text in {"∗", "*"}:
        return [Text("*" if text == "∗" else text)]
    raise _NotFaithful


def _accented(node: Element) -> list[Inline]:
    """A letter that exists with its accent as one character: Ã, but no x̃, which many fonts set askew."""
    base, over = node[0], node[1]
    mark = _ACCENTS.get(text_of(over)) if tag_of(over) == "mo" else None
    if tag_of(base) == "mrow" and len(base) == 1:
        base = base[0]
    if mark is None or tag_of(base) != "mi" or base.get("mathvariant") is not None:
        raise _NotFaithful
    letter = unicodedata.normalize("NFC", text_of(base) + mark)
    if len(letter) != 1:
        raise _NotFaithful
    return [Span("em", (Text(letter),))]
