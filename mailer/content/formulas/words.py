"""A formula in words, as a person would read it aloud: from MathML, for alt texts, in English, German or French.

Short things are read short (`x squared`, `1 over 2`); what is longer gets its end said (`the fraction a plus b over c,
end fraction`), so that a listener knows where it closes.
"""

import re
import unicodedata
from collections.abc import Callable
from xml.etree.ElementTree import Element

from mailer.content.formulas.tongues import Tongue, tongue_of
from mailer.content.formulas.tree import (
    BARS,
    BRACES,
    NAMED_BELOW,
    NAMED_ON_BOARD,
    OPENERS,
    SILENT,
    bracket_around,
    closing_of,
    is_empty,
    is_short,
    names_a_function,
    pairs_of,
    partner_of,
    sign_of,
    silent,
    tag_of,
    text_of,
    unicode_name,
    unwrapped,
)


def words_of(math: Element, language: str = "en") -> str:
    """The words of a `<math>` element in a language, such as `de-AT`; in English where there are none in it."""
    text = " ".join(_Reader(tongue_of(language)).words(math).split())
    return re.sub(r"\s+([,;.?])", r"\1", text).replace(",,", ",").strip(" ,")


class _Reader:
    """Reads in one language."""

    def __init__(self, tongue: Tongue) -> None:
        self._t = tongue
        self._say: dict[str, Callable[[Element], str]] = {
            "mi": self._identifier,
            "mn": self._number,
            "mo": self._operator,
            "mtext": text_of,
            "ms": text_of,
            "mrow": self._mrow,
            "msup": self._superscript,
            "msub": self._subscript,
            "msubsup": self._both_scripts,
            "munder": self._under,
            "mover": self._over,
            "munderover": self._under_and_over,
            "mfrac": self._fraction,
            "msqrt": self._root,
            "mroot": self._nth_root,
            "mtable": self._table,
            "menclose": self._enclosed,
            "mmultiscripts": self._multiscripts,
            "mspace": silent,
            "mphantom": silent,
            "mprescripts": silent,
            "none": silent,
        }

    def words(self, node: Element) -> str:
        """What the node says."""
        say = self._say.get(tag_of(node))
        return say(node) if say else self._row(list(node))

    # --- letters and signs --------------------------------------------------------------------------------------------

    def _number(self, node: Element) -> str:
        text = text_of(node)
        return self._t.sets["1"] if text == "1" and node.get("mathvariant") == "double-struck" else text

    def _identifier(self, node: Element) -> str:
        text = text_of(node).replace("\u2009", " ").replace("\u2006", " ")
        variant = node.get("mathvariant", "")
        if variant == "double-struck" and text in self._t.sets:
            return self._t.sets[text]
        if variant == "double-struck" and text in NAMED_ON_BOARD:
            return text
        text = self._t.functions.get(" ".join(text.split()), text)
        name = self._t.signs.get(text) or self._letter(text)
        return f"{self._t.variants[variant]} {name}" if variant in self._t.variants else name

    def _letter(self, text: str) -> str:
        if (
            len(text) != 1
            or text.isascii()
            or unicodedata.east_asian_width(text) == "W"
            or (unicodedata.category(text) in {"Lu", "Ll"} and "GREEK" not in unicode_name(text))
        ):
            return unicodedata.normalize("NFKC", text)
        name = unicode_name(text).lower()
        greek = re.fullmatch(r"greek (small|capital) letter (?:final )?(\w+)", name)
        if greek:
            letter = {"lamda": "lambda"}.get(greek[2], greek[2])
            return self._t.say("capital", letter=letter) if greek[1] == "capital" else letter
        symbol = re.fullmatch(r"greek (?:lunate )?(\w+) symbol", name)
        return symbol[1] if symbol else re.sub(r" (?:sign|symbol|operator)$", "", name)

    def _operator(self, node: Element) -> str:
        text = text_of(node)
        if not text or text in SILENT:
            return ""
        known = self._t.signs.get(text) or self._t.functions.get(" ".join(text.replace("\u2006", " ").split()))
        if known:
            return known
        name = " ".join(text.replace("\u2006", " ").split())
        if len(name) > 1 and name.replace(" ", "").isalpha():
            return name
        if len(text) > 1:  # signs that stand together, such as ≤≤
            return " ".join(self._t.signs.get(sign) or self._letter(sign) for sign in text)
        return self._letter(text)

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _row(self, nodes: list[Element], around: str = "") -> str:
        """The nodes one after the other; `around` is the bracket in which they stand."""
        words: list[str] = []
        index = 0
        texts = [sign_of(node) for node in nodes]
        while index < len(nodes):
            spoken, index = self._piece(nodes, texts, index, around)
            words.append(spoken)
            index += 1
        return " ".join(word for word in words if word)

    def _piece(self, nodes: list[Element], texts: list[str], index: int, around: str) -> tuple[str, int]:  # noqa: PLR0911
        """What the node at the index says, and the last index that it says it for."""
        text = texts[index]
        after = texts[index + 1] if index + 1 < len(nodes) else ""
        if text in BARS and (end := partner_of(nodes, index)):
            return self._between_bars(nodes[index : end + 1]), end
        if text in {"|", "∣"} and (inside := bracket_around(texts, index) or around):
            return self._t.say("such that" if inside == "{" else "given"), index
        if text == ":" and any(arrow in texts[index:] for arrow in ("→", "⟶")):
            return self._t.say("from-to"), index
        if text == "\u2061":
            return (self._t.say("of") if index + 1 < len(nodes) and after != "(" else ""), index
        if text == "(" and index and names_a_function(nodes[index - 1]) and (end := closing_of(texts, index)):
            inner = nodes[index + 1 : end]
            closing = "" if len(inner) == 1 and is_short(inner[0]) else self._t.say("end argument")
            return self._t.say("argument", inside=self._row(inner, "(")) + closing, end
        if text in {"⋅", "·"} and index and text_of(nodes[index - 1]) == "∇":
            return self._t.say("dot"), index
        if text == "−" and (index == 0 or texts[index - 1] in OPENERS):
            return self._t.say("minus"), index
        return self.words(nodes[index]), index

    def _between_bars(self, nodes: list[Element]) -> str:
        kind = BARS[text_of(nodes[0])]
        inside, last = nodes[1:-1], nodes[-1]
        scripts = ""
        if tag_of(last) == "msup":
            scripts = self._power(last[1])
        elif tag_of(last) == "msub":
            scripts = self._index(last[1])
        elif tag_of(last) == "msubsup":
            scripts = f"{self._index(last[1])} {self._power(last[2])}"
        closing = self._t.say(f"end {kind}") if scripts or not (len(inside) == 1 and is_short(inside[0])) else ""
        return f"{self._t.say(kind, inside=self._row(inside))}{closing} {scripts}".rstrip()

    def _mrow(self, node: Element) -> str:
        parts = list(node)
        opens = len(parts) >= 2 and parts[0].get("data-mjx-texclass") == "OPEN"
        if opens and parts[-1].get("data-mjx-texclass") == "CLOSE":
            return self._fenced(parts)
        if len(parts) == 3 and (bottom := self._binomial(parts[1])):
            return bottom
        return self._row(parts)

    def _fenced(self, parts: list[Element]) -> str:
        opening, closing = text_of(unwrapped(parts[0])), text_of(unwrapped(parts[-1]))
        inside = parts[1:-1]
        if len(inside) == 1 and tag_of(unwrapped(inside[0])) == "mtable":
            table = unwrapped(inside[0])
            if {opening, closing} in ({"{", ""}, {"", "}"}):
                return self._lines(table, "cases", "case")
            return self._matrix(table, "determinant" if opening in {"|", "∣"} else "matrix")
        if len(inside) == 1 and (bottom := self._binomial(inside[0])):
            return bottom
        if opening == closing and opening in BARS:
            kind = BARS[opening]
            return self._t.say(kind, inside=self._row(inside)) + self._t.say(f"end {kind}")
        return self._states(opening, inside, closing) or self._row(parts)

    def _states(self, opening: str, inside: list[Element], closing: str) -> str:
        """Dirac's kets and bras; nothing where it is none."""
        if opening in {"|", "∣"} and closing == "⟩":
            return self._t.say("ket", inside=self._row(inside))
        if opening == "⟨" and closing in {"|", "∣"}:
            return self._t.say("bra", inside=self._row(inside))
        between = [node for node in inside if sign_of(unwrapped(node)) not in {"|", "∣"}]
        if (opening, closing) == ("⟨", "⟩") and len(between) < len(inside):
            return self._t.say("braket", inside=", ".join(filter(None, map(self.words, between))))
        return ""

    def _binomial(self, node: Element) -> str:
        node = unwrapped(node)
        if tag_of(node) == "mfrac" and node.get("linethickness", "") in {"0", "0pt", "0px"}:
            return self._t.say("choose", top=self.words(node[0]), bottom=self.words(node[1]))
        return ""

    # --- scripts ------------------------------------------------------------------------------------------------------

    def _power(self, exponent: Element) -> str:
        short = unwrapped(exponent)
        text = text_of(short) if tag_of(short) in {"mn", "mo", "mi"} else ""
        if name := self._t.powers.get(text) or self._t.raised.get(text):
            return name
        primes = [text_of(part) for part in exponent] if len(exponent) else []
        if primes and primes[0] in {"′", "″", "‴"}:
            rest = list(exponent)[1:]
            other = self._t.raised.get(primes[1]) if len(rest) == 1 else None
            squared = self._t.powers.get(primes[1]) if len(rest) == 1 and primes[1] in {"2", "3"} else None
            return f"{self._t.signs[primes[0]]} {other or squared or self._row(rest)}"
        words = self.words(exponent)
        return self._t.say("to" if is_short(exponent) else "power", exponent=words)

    def _index(self, index: Element) -> str:
        return self._t.say("sub" if is_short(index) else "sub long", index=self.words(index))

    def _superscript(self, node: Element) -> str:
        return self._before(None, node[1]) if is_empty(node[0]) else f"{self.words(node[0])} {self._power(node[1])}"

    def _subscript(self, node: Element) -> str:
        restricted = self._restricted(node)
        return restricted or self._limits(node, node[1], None) or f"{self.words(node[0])} {self._index(node[1])}"

    def _both_scripts(self, node: Element) -> str:
        if is_empty(node[0]):
            return self._before(node[1], node[2])
        limits = self._limits(node, node[1], node[2])
        return limits or f"{self.words(node[0])} {self._index(node[1])} {self._power(node[2])}"

    def _before(self, below: Element | None, above: Element | None) -> str:
        """Scripts to the left of what follows, as isotopes have them."""
        upper = "" if above is None or not self.words(above) else self._t.say("super", index=self.words(above))
        lower = "" if below is None or not self.words(below) else self._index(below)
        return " ".join(filter(None, (upper, lower)))

    def _multiscripts(self, node: Element) -> str:
        parts = list(node)
        cut = next((index for index, part in enumerate(parts) if tag_of(part) == "mprescripts"), len(parts))
        before = [self._before(*pair) for pair in pairs_of(parts[cut + 1 :])]
        after = [self._before(*pair) for pair in pairs_of(parts[1:cut])]
        return " ".join([*before, self.words(parts[0]), *after])

    def _restricted(self, node: Element) -> str:
        """`f|_A`, and `df/dx|_{x=0}`, whose bar has no partner."""
        base = unwrapped(node[0])
        parts = list(base) if tag_of(base) == "mrow" else [base]
        if not parts or sign_of(unwrapped(parts[-1])) != "|" or (len(parts) > 1 and text_of(unwrapped(parts[0]))):
            return ""
        phrase = "at" if "=" in "".join(node[1].itertext()) else "restricted"
        return self._t.say(phrase, inside=self._row(parts[1:-1]), index=self.words(node[1]))

    def _limits(self, node: Element, below: Element | None, above: Element | None) -> str:
        """`the sum from … to … of`, where the base is a large operator or one such as lim; else nothing."""
        base = unwrapped(node[0])
        text = " ".join(text_of(base).replace("\u2006", " ").replace("\u2009", " ").split())
        if text in self._t.big:
            said = "" if below is None else self._set(below)
            begins = below is not None and (above is not None or "=" in "".join(below.itertext()))
            ends = self._t.say("from" if begins else "over set", below=said) if said else ""
            ends += self._t.say("up to", above=self.words(above)) if above is not None else ""
            return self._t.say("big", name=self._t.big[text], ends=ends)
        if text.startswith(("lim", "max", "min", "sup", "inf", "arg", "ess")) and below is not None and above is None:
            name = self._t.functions.get(text, text)
            if not text.startswith("lim"):
                return self._t.say("extremum", name=name, below=self._set(below))
            goes = f" {self._t.say('goes to')} "
            return self._t.say(
                "limit", name=name, below=self._set(below).replace(goes, f" {self._t.say('approaches')} ", 1)
            )
        return ""

    def _set(self, below: Element) -> str:
        """What stands below a large operator; several lines are conditions that all hold."""
        table = unwrapped(below)
        if tag_of(table) != "mtable":
            return self.words(below)
        lines = [self._row_of(row) for row in table]
        return self._t.say("and", one=", ".join(lines[:-1]), other=lines[-1]) if len(lines) > 1 else "".join(lines)

    def _under(self, node: Element) -> str:
        if name := self._t.functions.get(NAMED_BELOW.get((text_of(node[0]), text_of(node[1])), "")):
            return name
        if words := self._limits(node, node[1], None):
            return words
        base, text = self.words(node[0]), text_of(unwrapped(node[1]))
        if text in BRACES or not self.words(node[1]):
            return base
        if text in {"_", "―", "‾"}:
            return self._t.say("underlined", base=base)
        return self._t.say("below", base=base, below=self.words(node[1]))

    def _over(self, node: Element) -> str:
        if (text_of(node[0]), text_of(node[1])) == ("lim", "―"):
            return self._t.functions["lim sup"]
        if text_of(node[1]) == "!":
            return self._t.say("above", base=self.words(node[0]), above=self._t.say("bang"))
        if words := self._limits(node, None, node[1]):
            return words
        base, text = self.words(node[0]), text_of(unwrapped(node[1]))
        if text in BRACES or not self.words(node[1]):
            return base
        if text in self._t.accents:
            long = "accent" if is_short(node[0]) else "accent long"
            return self._t.say(long, base=base, accent=self._t.accents[text])
        return self._t.say("above", base=base, above=self.words(node[1]))

    def _under_and_over(self, node: Element) -> str:
        limits = self._limits(node, node[1], node[2])
        return limits or self._t.say(
            "both", base=self.words(node[0]), below=self.words(node[1]), above=self.words(node[2])
        )

    # --- fractions, roots, tables -------------------------------------------------------------------------------------

    def _fraction(self, node: Element) -> str:
        top, bottom = node[0], node[1]
        if self._binomial(node):  # one above the other, without the parentheses of a binomial coefficient
            lines = [self._t.say("line", number=n, words=self.words(part)) for n, part in ((1, top), (2, bottom))]
            return self._t.say("lines", count=2, lines="; ".join(lines))
        if name := self._t.fractions.get((text_of(unwrapped(top)), text_of(unwrapped(bottom)))):
            return name
        short = "over" if is_short(top) and is_short(bottom) else "fraction"
        return self._t.say(short, top=self.words(top), bottom=self.words(bottom))

    def _root(self, node: Element) -> str:
        short = len(node) == 1 and is_short(node[0])
        return self._t.say("root", inside=self._row(list(node))) + ("" if short else self._t.say("end root"))

    def _nth_root(self, node: Element) -> str:
        degree = self.words(node[1])
        name = self._t.say(f"{degree}-th" if degree in {"2", "3"} else "n-th", degree=degree)
        closing = "" if is_short(node[0]) else self._t.say("end root")
        return self._t.say("nth root", degree=name, inside=self.words(node[0])) + closing

    def _table(self, node: Element) -> str:
        if node.get("displaystyle") != "true" and node.get("columnspacing") in {"1em", "0.333em"} and len(node) > 1:
            return self._matrix(node, "matrix")
        return self._lines(node, "lines", "line")

    def _lines(self, table: Element, plural: str, name: str) -> str:
        rows = [
            ", ".join(filter(None, map(self.words, row))) if plural == "cases" else self._row_of(row) for row in table
        ]
        if len(rows) == 1:
            return rows[0]
        read = "; ".join(self._t.say(name, number=number, words=words) for number, words in enumerate(rows, 1))
        return self._t.say(plural, count=len(rows), lines=read)

    def _row_of(self, row: Element) -> str:
        """An aligned row: its cells in pairs, left and right of a sign."""
        cells = [self.words(cell) for cell in row]
        pairs = [" ".join(filter(None, cells[index : index + 2])) for index in range(0, len(cells), 2)]
        return ", ".join(filter(None, pairs))

    def _matrix(self, table: Element, kind: str) -> str:
        rows = [[self.words(cell) for cell in row] for row in table]
        width = max((len(row) for row in rows), default=0)
        if width == 1:
            return self._t.say("vector", cells=", ".join(row[0] for row in rows))
        read = "; ".join(self._t.say("row", number=number, cells=", ".join(row)) for number, row in enumerate(rows, 1))
        return self._t.say(kind, rows=len(rows), columns=width, cells=read)

    def _enclosed(self, node: Element) -> str:
        inside = self._row(list(node))
        return self._t.say("crossed", inside=inside) if "strike" in node.get("notation", "") else inside
