"""How the signs, names and accents of formulas are called in German."""

from typing import Final

SIGNS: Final = {
    "=": "gleich", "≠": "ungleich", "<": "kleiner als", ">": "größer als", "≤": "kleiner gleich", "≥": "größer gleich",
    "⩽": "kleiner gleich", "⩾": "größer gleich", "≪": "viel kleiner als", "≫": "viel größer als", "≈": "ungefähr gleich",
    "∼": "Tilde", "≃": "ähnlich zu", "≅": "kongruent zu", "≡": "äquivalent zu", "∝": "proportional zu",
    "≔": "definiert als", ":=": "definiert als", "+": "plus", "−": "minus", "-": "minus", "±": "plus minus",
    "∓": "minus plus", "×": "mal", "⋅": "mal", "·": "mal", "∗": "Stern", "*": "Stern", "⋆": "Stern", "/": "durch",
    "÷": "geteilt durch", "∘": "verkettet mit", "⊗": "Tensor", "⊕": "direkte Summe", "∈": "Element von",
    "∉": "nicht Element von", "∋": "enthält", "⊂": "Teilmenge von", "⊆": "Teilmenge oder gleich", "⊃": "Obermenge von",
    "⊇": "Obermenge oder gleich", "∪": "vereinigt mit", "∩": "geschnitten mit", "∖": "ohne", "∅": "die leere Menge",
    "→": "nach", "⟶": "nach", "←": "von", "⟵": "von", "↦": "wird abgebildet auf", "⟼": "wird abgebildet auf",
    "⇒": "impliziert", "⟹": "impliziert", "⇐": "folgt aus",
    "⟸": "folgt aus", "⇔": "genau dann wenn", "⟺": "genau dann wenn",
    "↔": "beidseitig nach", "↪": "eingebettet in", "⇀": "konvergiert schwach gegen", "↑": "Pfeil nach oben",
    "↓": "Pfeil nach unten", "⇌": "im Gleichgewicht mit", "∀": "für alle", "∃": "es gibt", "∄": "es gibt kein",
    "¬": "nicht", "∧": "und", "∨": "oder", "∣": "teilt", "∥": "parallel zu", "⊥": "senkrecht zu", "∇": "Nabla",
    "∂": "partiell", "∞": "unendlich", "…": "und so weiter", "⋯": "und so weiter", "⋮": "und so weiter nach unten",
    "⋱": "und so weiter schräg nach unten", "′": "Strich", "″": "zwei Strich", "‴": "drei Strich", "!": "Fakultät",
    "%": "Prozent", "∑": "Summe", "∏": "Produkt", "∐": "Koprodukt", "∫": "Integral", "∬": "Doppelintegral",
    "∭": "Dreifachintegral", "∮": "Kurvenintegral", "⋃": "Vereinigung", "⋂": "Durchschnitt", "⨁": "direkte Summe",
    "⨂": "Tensorprodukt", "⨆": "Supremum", "⋁": "Disjunktion", "⋀": "Konjunktion", "ℓ": "l", "ℏ": "h quer",
    "ℜ": "Realteil von", "ℑ": "Imaginärteil von", "ℵ": "Aleph", "†": "Dolch", "‡": "Doppeldolch", "♯": "Kreuz",
    "⊤": "transponiert", "∠": "Winkel", "°": "Grad", ":": "Doppelpunkt", ";": ";", ",": ",", ".": ".", "?": "?",
    "|": "Strich", "‖": "Doppelstrich", "⌊": "abgerundet", "⌋": "Ende abgerundet", "⌈": "aufgerundet",
    "⌉": "Ende aufgerundet", "⟨": "spitze Klammer auf", "⟩": "spitze Klammer zu", "(": "Klammer auf",
    ")": "Klammer zu", "[": "eckige Klammer auf", "]": "eckige Klammer zu", "{": "geschweifte Klammer auf",
    "}": "geschweifte Klammer zu", "ı": "i", "ȷ": "j",
}  # fmt: skip
FUNCTIONS: Final = {
    "sin": "Sinus", "cos": "Kosinus", "tan": "Tangens", "cot": "Kotangens", "sec": "Sekans", "csc": "Kosekans",
    "arcsin": "Arkussinus", "arccos": "Arkuskosinus", "arctan": "Arkustangens", "sinh": "Sinus hyperbolicus",
    "cosh": "Kosinus hyperbolicus", "tanh": "Tangens hyperbolicus", "ln": "natürlicher Logarithmus",
    "log": "Logarithmus", "det": "Determinante", "dim": "Dimension", "lim": "Grenzwert", "max": "Maximum",
    "min": "Minimum", "sup": "Supremum", "inf": "Infimum", "argmin": "arg min", "argmax": "arg max", "ker": "Kern",
    "deg": "Grad", "Pr": "Wahrscheinlichkeit", "gcd": "größter gemeinsamer Teiler", "lim sup": "Limes superior",
    "inj lim": "direkter Limes", "proj lim": "projektiver Limes",
    "lim inf": "Limes inferior", "exp": "Exponentialfunktion", "tr": "Spur", "supp": "Träger", "Var": "Varianz",
    "Cov": "Kovarianz", "span": "Spann", "diag": "Diagonale", "mod": "modulo",
}  # fmt: skip
SETS: Final = {
    "R": "die reellen Zahlen", "N": "die natürlichen Zahlen", "Z": "die ganzen Zahlen", "Q": "die rationalen Zahlen",
    "C": "die komplexen Zahlen", "1": "der Indikator",
}  # fmt: skip
ACCENTS: Final = {
    "~": "Tilde", "˜": "Tilde", "∼": "Tilde", "^": "Dach", "ˆ": "Dach", "¯": "quer", "―": "quer", "‾": "quer",
    "–": "quer", "→": "Vektor", "⃗": "Vektor", "˙": "Punkt", "¨": "zwei Punkte", "⃛": "drei Punkte", "⃜": "vier Punkte",
    "ˇ": "Hatschek", "˘": "Breve", "´": "Akut", "`": "Gravis", "ˋ": "Gravis", "_": "unterstrichen", "˚": "Ring",
    "←": "Pfeil nach links darüber", "↔": "Doppelpfeil darüber",
}  # fmt: skip
VARIANTS: Final = {
    "bold": "fett", "bold-italic": "fett", "script": "kalligrafisch", "bold-script": "fett kalligrafisch",
    "fraktur": "Fraktur", "bold-fraktur": "fett Fraktur", "double-struck": "Tafel", "-tex-calligraphic": "kalligrafisch",
    "-tex-bold-calligraphic": "fett kalligrafisch",
}  # fmt: skip
POWERS: Final = {"2": "Quadrat", "3": "hoch 3", "′": "Strich", "″": "zwei Strich", "‴": "drei Strich", "∘": "Grad"}
RAISED: Final = {"T": "transponiert", "⊤": "transponiert", "∗": "Stern", "*": "Stern", "†": "Dolch", "+": "plus",
                 "⊥": "senkrecht"}  # fmt: skip
FRACTIONS: Final = {
    ("1", "2"): "ein Halb", ("1", "3"): "ein Drittel", ("1", "4"): "ein Viertel", ("2", "3"): "zwei Drittel",
    ("3", "4"): "drei Viertel",
}  # fmt: skip
BIG: Final = {
    "∑": "die Summe", "∏": "das Produkt", "∐": "das Koprodukt", "∫": "das Integral", "∬": "das Doppelintegral",
    "∭": "das Dreifachintegral", "∮": "das Kurvenintegral", "⋃": "die Vereinigung", "⋂": "der Durchschnitt",
    "⨁": "die direkte Summe", "⨂": "das Tensorprodukt", "⨆": "das Supremum", "⋁": "die Disjunktion",
    "⋀": "die Konjunktion",
}  # fmt: skip
