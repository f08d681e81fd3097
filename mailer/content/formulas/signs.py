"""How the signs, names and accents of formulas are called in English."""

from typing import Final

SIGNS: Final = {
    "=": "equals", "≠": "is not equal to", "<": "is less than", ">": "is greater than", "≤": "is at most",
    "≥": "is at least", "⩽": "is at most", "⩾": "is at least", "≪": "is much less than", "≫": "is much greater than",
    "≈": "is about", "∼": "tilde", "≃": "is similar to", "≅": "is congruent to", "≡": "is equivalent to",
    "∝": "is proportional to", "≔": "is defined as", ":=": "is defined as", "+": "plus", "−": "minus", "-": "minus", "±": "plus or minus",
    "∓": "minus or plus", "×": "times", "⋅": "times", "·": "times", "∗": "star", "*": "star", "/": "over", "÷": "divided by",
    "∘": "composed with", "⊗": "tensor", "⊕": "direct sum", "∈": "in", "∉": "not in", "∋": "contains", "⊂": "subset of",
    "⊆": "subset of or equal to", "⊃": "superset of", "⊇": "superset of or equal to", "∪": "union", "∩": "intersected with",
    "∖": "without", "∅": "the empty set", "→": "to", "⟶": "to", "←": "from", "⟵": "from", "↦": "maps to", "⟼": "maps to",
    "⇒": "implies", "⟹": "implies", "⇐": "is implied by",
    "⟸": "is implied by", "⇔": "if and only if", "⟺": "if and only if", "↔": "both ways to",
    "↪": "embeds in", "⇀": "converges weakly to", "∀": "for all", "∃": "there is", "∄": "there is no", "¬": "not",
    "∧": "and", "∨": "or", "∣": "divides", "∥": "is parallel to", "⊥": "is perpendicular to", "∇": "nabla", "∂": "partial",
    "∞": "infinity", "…": "dot dot dot", "⋯": "dot dot dot", "⋮": "and so on down", "⋱": "and so on down right",
    "′": "prime", "″": "double prime", "‴": "triple prime", "!": "factorial", "%": "percent", "∑": "sum", "∏": "product",
    "∐": "coproduct", "∫": "integral", "∬": "double integral", "∭": "triple integral", "∮": "contour integral",
    "⋃": "union", "⋂": "intersection", "⨁": "direct sum", "⨂": "tensor product", "ℓ": "ell", "ℏ": "h bar", "ℜ": "real part of",
    "ℑ": "imaginary part of", "ℵ": "aleph", "†": "dagger", "‡": "double dagger", "♯": "sharp", "⊤": "transpose", "∠": "angle",
    "°": "degrees", ":": "colon", ";": ";", ",": ",", ".": ".", "?": "?", "|": "bar", "‖": "double bar",
    "↑": "up arrow", "↓": "down arrow", "⇌": "in equilibrium with", "⋆": "star", "⨆": "supremum", "⋁": "disjunction",
    "⋀": "conjunction", "ı": "i", "ȷ": "j", "⌊": "floor of", "⌋": "end floor", "⌈": "ceiling of", "⌉": "end ceiling", "⟨": "open angle", "⟩": "close angle",
    "(": "open paren", ")": "close paren", "[": "open bracket", "]": "close bracket", "{": "open brace", "}": "close brace",
}  # fmt: skip
FUNCTIONS: Final = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "cot": "cotangent", "sec": "secant", "csc": "cosecant",
    "arcsin": "arc sine", "arccos": "arc cosine", "arctan": "arc tangent", "sinh": "hyperbolic sine",
    "cosh": "hyperbolic cosine", "tanh": "hyperbolic tangent", "ln": "natural log", "det": "determinant", "dim": "dimension",
    "lim": "limit", "max": "maximum", "min": "minimum", "sup": "supremum", "inf": "infimum", "argmin": "arg min",
    "argmax": "arg max", "ker": "kernel", "deg": "degree", "Pr": "probability", "gcd": "greatest common divisor",
    "lim sup": "limit superior",
    "inj lim": "direct limit", "proj lim": "inverse limit", "lim inf": "limit inferior", "exp": "exponential", "tr": "trace", "supp": "support",
    "Var": "variance", "Cov": "covariance", "span": "span", "diag": "diagonal", "log": "log", "mod": "mod",
}  # fmt: skip
SETS: Final = {
    "R": "the real numbers",
    "N": "the natural numbers",
    "Z": "the integers",
    "Q": "the rational numbers",
    "C": "the complex numbers",
    "1": "the indicator",
}
ACCENTS: Final = {
    "~": "tilde", "˜": "tilde", "∼": "tilde", "^": "hat", "ˆ": "hat", "¯": "bar", "―": "bar", "‾": "bar", "–": "bar",
    "→": "vector", "⃗": "vector", "˙": "dot", "¨": "double dot", "ˇ": "check", "˘": "breve", "´": "acute", "`": "grave", "ˋ": "grave",
    "_": "underlined", "˚": "ring", "←": "left arrow above", "↔": "double arrow above", "⃛": "triple dot", "⃜": "four dots",
}  # fmt: skip
VARIANTS: Final = {
    "bold": "bold", "bold-italic": "bold", "script": "script", "bold-script": "bold script", "fraktur": "fraktur",
    "bold-fraktur": "bold fraktur", "double-struck": "blackboard", "-tex-calligraphic": "script",
    "-tex-bold-calligraphic": "bold script",
}  # fmt: skip
POWERS: Final = {
    "2": "squared", "3": "cubed", "′": "prime", "″": "double prime", "‴": "triple prime", "∘": "degrees",
}  # fmt: skip
RAISED: Final = {"T": "transpose", "⊤": "transpose", "∗": "star", "*": "star", "†": "dagger", "+": "plus", "⊥": "perp"}
FRACTIONS: Final = {
    ("1", "2"): "one half",
    ("1", "3"): "one third",
    ("1", "4"): "one quarter",
    ("2", "3"): "two thirds",
    ("3", "4"): "three quarters",
}
BIG: Final = {
    "∑": "sum", "∏": "product", "∐": "coproduct", "∫": "integral", "∬": "double integral", "∭": "triple integral",
    "∮": "contour integral", "⋃": "union", "⋂": "intersection", "⨁": "direct sum", "⨂": "tensor product",
    "⨆": "supremum", "⋁": "disjunction", "⋀": "conjunction",
}  # fmt: skip
