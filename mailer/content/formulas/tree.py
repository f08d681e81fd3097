"""Looking at MathML: what a node is, how long, and which bars and brackets belong together."""

import unicodedata
from typing import Final
from xml.etree.ElementTree import Element


def tag_of(node: Element) -> str:
    """The element's name without its namespace."""
    return node.tag.rsplit("}", 1)[-1]


def text_of(node: Element) -> str:
    """The element's own text."""
    return (node.text or "").strip()


def sign_of(node: Element) -> str:
    """The operator that the node is; empty for anything else."""
    return text_of(node) if tag_of(node) == "mo" else ""


def unwrapped(node: Element) -> Element:
    """The node, or the one child in its wrappers."""
    while tag_of(node) in {"mrow", "mstyle", "mpadded", "math"} and len(node) == 1:
        node = node[0]
    return node


def is_short(node: Element) -> bool:
    """Whether it is read in a word or two, so that nobody has to be told where it ends."""
    node = unwrapped(node)
    if tag_of(node) in {"mi", "mn", "mo", "mtext"}:
        return True
    accented = tag_of(node) in {"mover", "msup", "msub"} and all(
        tag_of(unwrapped(part)) in {"mi", "mn", "mo"} for part in node
    )
    signed = (
        tag_of(node) == "mrow" and len(node) == 2 and text_of(node[0]) in {"−", "-"} and tag_of(node[1]) in {"mi", "mn"}
    )
    return accented or signed


SILENT: Final = frozenset("\u2061\u2062\u2063\u2064\u200b\u00a0 ")
OPENERS: Final = frozenset("=<>≤≥(,[{+")
BARS: Final = {"|": "absolute value", "∣": "absolute value", "‖": "norm", "∥": "norm"}
_OPENING: Final = frozenset("([{⟨⌊⌈")
_CLOSING: Final = frozenset(")]}⟩⌋⌉")
_NAMED: Final = frozenset("fghpP")
NAMED_ON_BOARD: Final = frozenset("PE")
"""Letters that name a function where a parenthesis follows; the second kind on a blackboard."""
BRACES: Final = {"⏟", "⏞", "⎵", "⎴", "⏜", "⏝"}


NAMED_BELOW: Final = {("lim", "→"): "inj lim", ("lim", "←"): "proj lim", ("lim", "―"): "lim inf"}
"""What `\\varinjlim` and the like are, by their letters and the sign below them."""


def is_empty(node: Element) -> bool:
    """Whether nothing stands there, such as the base of scripts that belong to what follows."""
    return not "".join(node.itertext()).strip()


def pairs_of(nodes: list[Element]) -> list[tuple[Element, Element]]:
    """Scripts in their pairs, lower and upper."""
    return list(zip(nodes[::2], nodes[1::2], strict=False))


def unicode_name(letter: str) -> str:
    """The character's name in Unicode."""
    return unicodedata.name(letter, letter)


def silent(_: Element) -> str:
    """Nothing is said."""
    return ""


def names_a_function(node: Element) -> bool:
    """Whether a parenthesis after it holds an argument: f, p, or a P on a blackboard, with an index or without."""
    if tag_of(node) in {"msub", "msup", "msubsup"}:
        node = unwrapped(node[0])
    text = text_of(node)
    return text in _NAMED or (text in NAMED_ON_BOARD and node.get("mathvariant") == "double-struck")


def bar_of(node: Element) -> str:
    """The bar that a node is, or that bears its exponent."""
    if tag_of(node) in {"msup", "msub", "msubsup"}:
        node = unwrapped(node[0])
    return sign_of(node)


def partner_of(nodes: list[Element], start: int) -> int:
    """The index of the bar that closes this one, within the same brackets; 0 where it is no pair."""
    if text_of(nodes[start]) == "∣":
        return 0  # \mid stands between, it never opens
    depth = 0
    for index in range(start + 1, len(nodes)):
        sign = bar_of(nodes[index])
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if depth < 0:
            return 0
        if depth == 0 and index > start + 1 and sign == text_of(nodes[start]):
            return index
    return 0


def bracket_around(texts: list[str], index: int) -> str:
    """The bracket in which the sign stands; empty where it stands in none."""
    depth = 0
    for before in reversed(texts[:index]):
        depth += (before in _CLOSING) - (before in _OPENING)
        if depth < 0:
            return before
    return ""


def closing_of(texts: list[str], start: int) -> int:
    """The index of the parenthesis that closes this one; 0 where none does."""
    depth = 0
    for index in range(start, len(texts)):
        depth += {"(": 1, ")": -1}.get(texts[index], 0)
        if depth == 0:
            return index if index > start + 1 else 0
    return 0
