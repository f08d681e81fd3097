"""How the signs, names and accents of formulas are called in French."""

from typing import Final

SIGNS: Final = {
    "=": "égale", "≠": "différent de", "<": "inférieur à", ">": "supérieur à", "≤": "inférieur ou égal à",
    "≥": "supérieur ou égal à", "⩽": "inférieur ou égal à", "⩾": "supérieur ou égal à", "≪": "très inférieur à",
    "≫": "très supérieur à", "≈": "environ égal à", "∼": "tilde", "≃": "semblable à", "≅": "congru à",
    "≡": "équivalent à", "∝": "proportionnel à", "≔": "défini par", ":=": "défini par", "+": "plus", "−": "moins",
    "-": "moins", "±": "plus ou moins", "∓": "moins ou plus", "×": "fois", "⋅": "fois", "·": "fois", "∗": "étoile",
    "*": "étoile", "⋆": "étoile", "/": "sur", "÷": "divisé par", "∘": "rond", "⊗": "tensoriel", "⊕": "somme directe",
    "∈": "appartient à", "∉": "n’appartient pas à", "∋": "contient", "⊂": "inclus dans", "⊆": "inclus dans ou égal à",
    "⊃": "contient", "⊇": "contient ou égal à", "∪": "union", "∩": "inter", "∖": "privé de", "∅": "l’ensemble vide",
    "→": "vers", "⟶": "vers", "←": "depuis", "⟵": "depuis", "↦": "donne", "⟼": "donne", "⇒": "implique",
    "⟹": "implique", "⇐": "découle de",
    "⟸": "découle de", "⇔": "équivaut à", "⟺": "équivaut à", "↔": "dans les deux sens vers",
    "↪": "s’injecte dans", "⇀": "converge faiblement vers", "↑": "flèche vers le haut", "↓": "flèche vers le bas",
    "⇌": "en équilibre avec", "∀": "pour tout", "∃": "il existe", "∄": "il n’existe pas", "¬": "non", "∧": "et",
    "∨": "ou", "∣": "divise", "∥": "parallèle à", "⊥": "perpendiculaire à", "∇": "nabla", "∂": "d rond",
    "∞": "l’infini", "…": "et cætera", "⋯": "et cætera", "⋮": "et ainsi de suite vers le bas",
    "⋱": "et ainsi de suite en diagonale", "′": "prime", "″": "seconde", "‴": "tierce", "!": "factorielle",
    "%": "pour cent", "∑": "somme", "∏": "produit", "∐": "coproduit", "∫": "intégrale", "∬": "intégrale double",
    "∭": "intégrale triple", "∮": "intégrale curviligne", "⋃": "réunion", "⋂": "intersection", "⨁": "somme directe",
    "⨂": "produit tensoriel", "⨆": "borne supérieure", "⋁": "disjonction", "⋀": "conjonction", "ℓ": "l",
    "ℏ": "h barre", "ℜ": "partie réelle de", "ℑ": "partie imaginaire de", "ℵ": "aleph", "†": "obèle",
    "‡": "double obèle", "♯": "dièse", "⊤": "transposé", "∠": "angle", "°": "degrés", ":": "deux points", ";": ";",
    ",": ",", ".": ".", "?": "?", "|": "barre", "‖": "double barre", "⌊": "partie entière de",
    "⌋": "fin de partie entière", "⌈": "partie entière supérieure de", "⌉": "fin de partie entière",
    "⟨": "chevron ouvrant", "⟩": "chevron fermant", "(": "parenthèse ouvrante", ")": "parenthèse fermante",
    "[": "crochet ouvrant", "]": "crochet fermant", "{": "accolade ouvrante", "}": "accolade fermante", "ı": "i",
    "ȷ": "j",
}  # fmt: skip
FUNCTIONS: Final = {
    "sin": "sinus", "cos": "cosinus", "tan": "tangente", "cot": "cotangente", "sec": "sécante", "csc": "cosécante",
    "arcsin": "arc sinus", "arccos": "arc cosinus", "arctan": "arc tangente", "sinh": "sinus hyperbolique",
    "cosh": "cosinus hyperbolique", "tanh": "tangente hyperbolique", "ln": "logarithme népérien", "log": "logarithme",
    "det": "déterminant", "dim": "dimension", "lim": "limite", "max": "maximum", "min": "minimum", "sup": "supremum",
    "inf": "infimum", "argmin": "arg min", "argmax": "arg max", "ker": "noyau", "deg": "degré", "Pr": "probabilité",
    "gcd": "plus grand commun diviseur", "lim sup": "limite supérieure",
    "inj lim": "limite inductive", "proj lim": "limite projective", "lim inf": "limite inférieure",
    "exp": "exponentielle", "tr": "trace", "supp": "support", "Var": "variance", "Cov": "covariance",
    "span": "espace engendré par", "diag": "diagonale", "mod": "modulo",
}  # fmt: skip
SETS: Final = {
    "R": "les réels", "N": "les entiers naturels", "Z": "les entiers relatifs", "Q": "les rationnels",
    "C": "les complexes", "1": "l’indicatrice",
}  # fmt: skip
ACCENTS: Final = {
    "~": "tilde", "˜": "tilde", "∼": "tilde", "^": "chapeau", "ˆ": "chapeau", "¯": "barre", "―": "barre", "‾": "barre",
    "–": "barre", "→": "vecteur", "⃗": "vecteur", "˙": "point", "¨": "deux points", "⃛": "trois points",
    "⃜": "quatre points", "ˇ": "caron", "˘": "brève", "´": "aigu", "`": "grave", "ˋ": "grave", "_": "souligné", "˚": "rond",
    "←": "flèche vers la gauche dessus", "↔": "double flèche dessus",
}  # fmt: skip
VARIANTS: Final = {
    "bold": "gras", "bold-italic": "gras", "script": "cursive", "bold-script": "cursive grasse", "fraktur": "gothique",
    "bold-fraktur": "gothique grasse", "double-struck": "ajouré", "-tex-calligraphic": "cursive",
    "-tex-bold-calligraphic": "cursive grasse",
}  # fmt: skip
POWERS: Final = {"2": "au carré", "3": "au cube", "′": "prime", "″": "seconde", "‴": "tierce", "∘": "degrés"}
RAISED: Final = {"T": "transposé", "⊤": "transposé", "∗": "étoile", "*": "étoile", "†": "obèle", "+": "plus",
                 "⊥": "orthogonal"}  # fmt: skip
FRACTIONS: Final = {
    ("1", "2"): "un demi", ("1", "3"): "un tiers", ("1", "4"): "un quart", ("2", "3"): "deux tiers",
    ("3", "4"): "trois quarts",
}  # fmt: skip
BIG: Final = {
    "∑": "la somme", "∏": "le produit", "∐": "le coproduit", "∫": "l’intégrale", "∬": "l’intégrale double",
    "∭": "l’intégrale triple", "∮": "l’intégrale curviligne", "⋃": "la réunion", "⋂": "l’intersection",
    "⨁": "la somme directe", "⨂": "le produit tensoriel", "⨆": "la borne supérieure", "⋁": "la disjonction",
    "⋀": "la conjonction",
}  # fmt: skip
