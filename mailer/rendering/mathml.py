"""MathML as browsers read it: MathML Core, without what MathJax writes and Chromium leaves out.

Letters of other alphabets become characters of their own (Core knows no `mathvariant` but `normal`), tables, frames and
strikes are styled (`columnalign`, `columnlines` and `menclose` are not in it), and the thin spaces stand that TeX sets
around the names of functions. Source: W3C, MathML Core, and TeXbook ch. 18 for the spaces.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import chain
from typing import Final
from xml.etree import ElementTree as ET

from mailer.content.formulas.tree import tag_of, text_of

_XMLNS: Final = "http://www.w3.org/1998/Math/MathML"
_VARIANTS: Final = {
    "bold": "BOLD", "italic": "ITALIC", "bold-italic": "BOLD ITALIC", "script": "SCRIPT", "bold-script": "BOLD SCRIPT",
    "fraktur": "FRAKTUR", "bold-fraktur": "BOLD FRAKTUR", "double-struck": "DOUBLE-STRUCK", "sans-serif": "SANS-SERIF",
    "bold-sans-serif": "SANS-SERIF BOLD", "sans-serif-italic": "SANS-SERIF ITALIC",
    "sans-serif-bold-italic": "SANS-SERIF BOLD ITALIC", "monospace": "MONOSPACE", "-tex-calligraphic": "SCRIPT",
    "-tex-bold-calligraphic": "BOLD SCRIPT", "-tex-mathit": "ITALIC",
}  # fmt: skip
_ROWS: Final = frozenset({"math", "mrow", "mstyle", "mtd", "mpadded", "msqrt", "mphantom"})
_SCRIPTED: Final = frozenset({"msub", "msup", "msubsup", "munder", "mover", "munderover"})
_APPLIED: Final = "\u2061"
_WIDE: Final = frozenset("→←↔⇒⇐⇔↦↪↩↠↞⇀↼⇁↽⇌⇋⟶⟵⟷⟹⟸⟺⟼^~˜ˆˇ⏞⏟⏜⏝⎴⎵︷︸")
"""What is drawn as wide as what it stands over, or as its own label; a line over or under is a border here."""
_LINE: Final = "\u2015"
THIN: Final = "0.1667em"
_AROUND: Final = {"REL": "0.2778em", "BIN": "0.2222em"}
_SIDES: Final = {
    "box": "border:1px solid;padding:.2em", "roundedbox": "border:1px solid;border-radius:.4em;padding:.2em",
    "circle": "border:1px solid;border-radius:50%;padding:.2em", "left": "border-left:1px solid;padding-left:.2em",
    "right": "border-right:1px solid;padding-right:.2em", "top": "border-top:1px solid", "bottom": "border-bottom:1px solid",
    "actuarial": "border-top:1px solid;border-right:1px solid", "longdiv": "border-top:1px solid;border-left:1px solid",
}  # fmt: skip
_STRIKES: Final = {
    "updiagonalstrike": "to top left",
    "downdiagonalstrike": "to top right",
    "horizontalstrike": "to top",
    "verticalstrike": "to right",
}


@lru_cache(maxsize=4096)
def for_browsers(mathml: str) -> str:
    """The `<math>` element that shows in every browser what MathJax's says."""
    root = ET.fromstring(mathml)  # noqa: S314  # MathJax's own output
    for node in list(root.iter()):
        _rewrite(node)
    for node in list(root.iter()):
        if tag_of(node) in _ROWS:
            _set_spaces(node)
    for node in root.iter():
        for name in [name for name in node.attrib if name.startswith("data-")]:
            del node.attrib[name]
        node.tag = tag_of(node)
    root.set("xmlns", _XMLNS)
    return ET.tostring(root, encoding="unicode", short_empty_elements=False)


def is_for_browsers(mathml: str) -> bool:
    """Whether browsers can show it: they stretch no arrow, brace or hat over its neighbour without a font of mathematics.

    Android has none, Chromium stretches but some of what the fonts of other systems hold, and MathML Core knows no length
    that is told by another (`+.67em`, `-1width`). Colours are drawn too, once for each scheme.
    """
    root = ET.fromstring(mathml)  # noqa: S314  # MathJax's own output
    return not any(_is_stretched(node) or _is_shifted(node) or _is_coloured(node) for node in root.iter())


def _is_stretched(node: ET.Element) -> bool:
    if tag_of(node) == "mo":
        return "minsize" in node.attrib and text_of(node) in {*_WIDE, "="}
    if tag_of(node) not in {"mover", "munder", "munderover"}:
        return False
    base, *scripts = (_core(child) for child in node)
    if _may_stretch(base):
        return True
    wide = len(node[0]) > 1 or len(text_of(base)) > 1
    return wide and any(_may_stretch(script) for script in scripts)


def _may_stretch(node: ET.Element) -> bool:
    return tag_of(node) == "mo" and node.get("stretchy") != "false" and text_of(node) in _WIDE


def _is_coloured(node: ET.Element) -> bool:
    """Whether it has a colour of its own, which must be another one in the dark."""
    return "mathcolor" in node.attrib or "mathbackground" in node.attrib


def _is_shifted(node: ET.Element) -> bool:
    if tag_of(node) == "menclose":
        return not set(node.get("notation", "").split()) <= {*_SIDES, *_STRIKES}
    if tag_of(node) != "mpadded":
        return False
    width, lspace = node.get("width", ""), node.get("lspace", "")
    return width.startswith(("+", "-")) or lspace.endswith(("width", "height", "depth"))


def _rewrite(node: ET.Element) -> None:
    tag = tag_of(node)
    if tag == "mtable":
        _style_table(node)
    elif tag == "menclose":
        _style_enclosed(node)
    elif tag in {"mover", "munder"} and text_of(node[1]) == _LINE:
        _style_line(node)
    elif tag == "mo" and (node.get("data-mjx-texclass") in {"ORD", "OPEN", "CLOSE"} or text_of(node) == "/"):
        node.set("lspace", "0")
        node.set("rspace", "0")
    elif tag == "mspace" and node.get("width", "").startswith("-"):
        _add_style(node, f"margin-left:{node.attrib.pop('width')}")
    elif "mathvariant" in node.attrib:
        _write_variant(node)


def _add_style(node: ET.Element, style: str) -> None:
    node.set("style", ";".join(filter(None, (node.get("style"), style))))


# --- letters --------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _alphabets() -> dict[tuple[str, str], str]:
    """For a style and a letter, the character of its own: `("SCRIPT", "L")` is ℒ."""
    found: dict[tuple[str, str], str] = {}
    for code in chain(range(0x2100, 0x2150), range(0x1D400, 0x1D800)):
        kind, _, plain = unicodedata.decomposition(chr(code)).partition(" ")
        if kind != "<font>" or " " in plain:
            continue
        name = unicodedata.name(chr(code)).replace("BLACK-LETTER", "FRAKTUR").removeprefix("MATHEMATICAL ")
        style = re.match(r"(?:(?:BOLD|ITALIC|SCRIPT|FRAKTUR|DOUBLE-STRUCK|SANS-SERIF|MONOSPACE) ?)*", name)
        styled = "ITALIC" if name == "PLANCK CONSTANT" else style[0].strip() if style else ""
        found.setdefault((styled, chr(int(plain, 16))), chr(code))
    return found


def _write_variant(node: ET.Element) -> None:
    variant = node.attrib["mathvariant"]
    if variant == "normal":
        return
    del node.attrib["mathvariant"]
    if tag_of(node) == "mtext":
        weight = "font-weight:bold" if "bold" in variant else ""
        slant = "font-style:italic" if "italic" in variant else ""
        family = "font-family:monospace" if variant == "monospace" else ""
        family = "font-family:sans-serif" if "sans-serif" in variant else family
        _add_style(node, ";".join(filter(None, (weight, slant, family))))
        return
    style = _VARIANTS.get(variant, "")
    letters = _alphabets()
    text = text_of(node)
    node.text = "".join(letters.get((style, letter), letter) for letter in text)
    if len(text) == 1 and node.text == text and tag_of(node) == "mi":
        node.set("mathvariant", "normal")  # what has no such form stands upright, not in the italics of a variable


# --- tables and frames ------------------------------------------------------------------------------------------------------


def _style_table(table: ET.Element) -> None:
    aligns, lines, rules = (table.attrib.pop(name, "").split() for name in ("columnalign", "columnlines", "rowlines"))
    across, down = (table.attrib.pop(name, "").split() for name in ("columnspacing", "rowspacing"))
    has_frame = table.attrib.pop("frame", "") in {"solid", "dashed"}
    table.attrib.pop("framespacing", None)
    table.attrib.pop("width", None)
    if has_frame:
        _add_style(table, "border:1px solid")
    rows = list(table)
    width = max((len(row) for row in rows), default=0)
    edge = "0.4em" if has_frame else "0"
    for number, row in enumerate(rows):
        top = _half(_nth(down, number - 1)) if number else edge
        bottom = _half(_nth(down, number)) if number + 1 < len(rows) else edge
        for column, cell in enumerate(row):
            if not column:
                cell.insert(
                    0, ET.Element("mspace", width="0", height=".75em", depth=".25em")
                )  # the strut of a row in TeX
            left = _half(_nth(across, column - 1)) if column else edge
            right = _half(_nth(across, column)) if column + 1 < width else edge
            _add_style(cell, f"padding:{top} {right} {bottom} {left}")
            align = cell.attrib.pop("columnalign", "") or _nth(aligns, column)
            if align in {"left", "right"}:  # Chromium's cells hold a block, which only its own word moves
                _add_style(cell, f"text-align:{align};text-align:-webkit-{align}")
            if column and _nth(lines, column - 1) in {"solid", "dashed"}:
                _add_style(cell, f"border-left:1px {_nth(lines, column - 1)}")
            if number and _nth(rules, number - 1) in {"solid", "dashed"}:
                _add_style(cell, f"border-top:1px {_nth(rules, number - 1)}")


def _nth(values: list[str], index: int) -> str:
    """The value of a column or row; the last one holds for all that follow."""
    return values[min(index, len(values) - 1)] if values else ""


def _half(length: str) -> str:
    found = re.fullmatch(r"(\d*\.?\d+)(em|pt|px|ex)", length)
    return f"{float(found[1]) / 2:g}{found[2]}" if found else "0"


def _style_enclosed(node: ET.Element) -> None:
    names = node.attrib.pop("notation", "").split()
    node.tag = "mrow"
    for name in names:
        if name in _SIDES:
            _add_style(node, _SIDES[name])
    if drawn := [_stroke(_STRIKES[name]) for name in names if name in _STRIKES]:
        _add_style(node, f"background-image:{','.join(drawn)};print-color-adjust:exact")


def _style_line(node: ET.Element) -> None:
    r"""`\overline` and `\underline`: few fonts have a sign that stretches."""
    side = "top" if tag_of(node) == "mover" else "bottom"
    node.tag = "mrow"
    del node[1]
    _add_style(node, f"border-{side}:1px solid;padding-{side}:.1em")


def _stroke(direction: str) -> str:
    edge = "calc(50% - .05em)", "calc(50% + .05em)"
    return f"linear-gradient({direction},transparent {edge[0]},currentcolor {edge[0]} {edge[1]},transparent {edge[1]})"


# --- spaces -----------------------------------------------------------------------------------------------------------------


def _set_spaces(row: ET.Element) -> None:
    r"""Thin spaces around the names of functions, wider ones around what is a relation by `\mathrel`."""
    children = list(row)
    before: dict[int, str] = {}
    for index, child in enumerate(children):
        previous = children[index - 1] if index else None
        following = index + 1
        while following < len(children) and text_of(children[following]) == _APPLIED:
            following += 1
        after = children[following] if following < len(children) else None
        lead = THIN if previous is not None and _ends_a_term(previous) else ""
        trail = THIN if after is not None and not _is_sign(after) else ""
        if wide := _AROUND.get(child.get("data-mjx-texclass", "")) if tag_of(child) == "mrow" else None:
            before[index] = before[following] = wide
        elif (named := _name_of(child)) is not None and tag_of(named) == "mo":
            named.set("lspace", lead or "0")
            named.set("rspace", trail or "0")
        elif named is not None:
            before |= {index: lead} if lead else {}
            before |= {following: trail} if trail else {}
    for index in sorted(before, reverse=True):
        if 0 < index < len(children):
            row.insert(index, ET.Element("mspace", width=before[index]))


def _core(node: ET.Element) -> ET.Element:
    """The node without its scripts and wrappers."""
    while tag_of(node) in _SCRIPTED or (tag_of(node) in {"mrow", "mstyle", "mpadded"} and len(node) == 1):
        if not len(node):
            break
        node = node[0]
    return node


def _name_of(node: ET.Element) -> ET.Element | None:
    r"""The name of a function, with scripts or without: log, but no ReLU of `\mathrm`."""
    core = _core(node)
    text = text_of(core)
    if len(text) < 2 or not text[0].isalpha() or core.get("mathvariant"):
        return None
    if tag_of(core) == "mi":
        return None if core.get("data-mjx-auto-op") == "false" else core
    return core if tag_of(core) == "mo" and core.get("data-mjx-texclass") == "OP" else None


def _is_sign(node: ET.Element) -> bool:
    """Whether it brings its own space, or wants none before it: a bracket, a comma, a relation."""
    core = _core(node)
    return (tag_of(core) in {"mo", "mspace"} and _name_of(node) is None) or tag_of(core) == "mtext"


def _ends_a_term(node: ET.Element) -> bool:
    """Whether a letter, a number or a closing bracket stands there, after which a function's name wants a space."""
    if _name_of(node) is not None:
        return False  # the name has set its own
    core = _core(node)
    return text_of(core) in {")", "]", "}", "|", "‖", "!"} if tag_of(core) == "mo" else not _is_sign(node)
