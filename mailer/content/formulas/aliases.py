r"""Commands that KaTeX and Wikipedia know beside those of LaTeX and its packages: names for what MathJax has under another."""

from collections.abc import Mapping
from typing import Final

_SIGNS: Final = {
    "alef": r"\aleph", "alefsym": r"\aleph", "empty": r"\emptyset", "exist": r"\exists", "infin": r"\infty", "isin": r"\in",
    "lang": r"\langle", "rang": r"\rangle", "sdot": r"\cdot", "sub": r"\subset", "sube": r"\subseteq", "supe": r"\supseteq",
    "sect": r"\S", "thetasym": r"\vartheta", "weierp": r"\wp", "real": r"\Re", "image": r"\Im", "Image": r"\Im", "plusmn": r"\pm",
    "clubs": r"\clubsuit", "hearts": r"\heartsuit", "diamonds": r"\diamondsuit", "spades": r"\spadesuit", "bull": r"\bullet",
    "larr": r"\leftarrow", "rarr": r"\rightarrow", "uarr": r"\uparrow", "darr": r"\downarrow", "harr": r"\leftrightarrow",
    "lArr": r"\Leftarrow", "rArr": r"\Rightarrow", "uArr": r"\Uparrow", "dArr": r"\Downarrow", "hArr": r"\Leftrightarrow",
    "Larr": r"\Leftarrow", "Rarr": r"\Rightarrow", "Uarr": r"\Uparrow", "Darr": r"\Downarrow", "Harr": r"\Leftrightarrow",
    "lrarr": r"\leftrightarrow", "lrArr": r"\Leftrightarrow", "Lrarr": r"\Leftrightarrow", "notni": r"\not\ni",
    "natnums": r"\mathbb{N}", "reals": r"\mathbb{R}", "Reals": r"\mathbb{R}", "cnums": r"\mathbb{C}", "Complex": r"\mathbb{C}",
    "Alpha": r"\mathrm{A}", "Beta": r"\mathrm{B}", "Epsilon": r"\mathrm{E}", "Zeta": r"\mathrm{Z}", "Eta": r"\mathrm{H}",
    "Iota": r"\mathrm{I}", "Kappa": r"\mathrm{K}", "Mu": r"\mathrm{M}", "Nu": r"\mathrm{N}", "Omicron": r"\mathrm{O}",
    "Rho": r"\mathrm{P}", "Tau": r"\mathrm{T}", "Chi": r"\mathrm{X}",
    "copyright": r"\text{©}", "mathsterling": r"\unicode{xA3}", "P": r"\text{¶}", "rq": "'", "lq": r"\text{‘}",
    "ratio": r"\mathrel{:}", "Colon": r"\dblcolon", "simcolon": r"\mathrel{\sim\mkern-1.2mu\vcentcolon}",
    "plim": r"\operatorname*{plim}", "oiint": "∯", "oiiint": "∰", "Sha": r"\text{Ш}",
}  # fmt: skip
_NAMES: Final = ("arcctg", "arctg", "ch", "cosec", "cotg", "ctg", "cth", "sh", "tg", "th")
"""Functions as they are called on the Continent."""
_OF_PHYSICS: Final = {
    "grad": r"\boldsymbol{\nabla}", "gradient": r"\boldsymbol{\nabla}", "divergence": r"\boldsymbol{\nabla}\cdot",
    "curl": r"\boldsymbol{\nabla}\times", "laplacian": r"\nabla^2", "vdot": r"\boldsymbol{\cdot}", "cross": r"\times",
    "tr": r"\operatorname{tr}", "Tr": r"\operatorname{Tr}", "rank": r"\operatorname{rank}", "Res": r"\operatorname{Res}",
    "erf": r"\operatorname{erf}", "qand": r"\quad\text{and}\quad", "qor": r"\quad\text{or}\quad", "qif": r"\quad\text{if}\quad",
    "qc": r",\quad", "qcomma": r",\quad",
}  # fmt: skip
_WITH_ARGUMENT: Final = {
    "phase": r"\enclose{phasorangle}{#1}", "angl": r"\enclose{actuarial}{#1}", "textsc": r"\text{#1}", "slashed": r"\not{#1}",
    "vb": r"\mathbf{#1}", "vectorbold": r"\mathbf{#1}", "va": r"\vec{\mathbf{#1}}", "vectorarrow": r"\vec{\mathbf{#1}}",
    "vu": r"\hat{\mathbf{#1}}", "vectorunit": r"\hat{\mathbf{#1}}", "order": r"\mathcal{O}\left(#1\right)",
    "pqty": r"\left(#1\right)", "bqty": r"\left[#1\right]", "Bqty": r"\left\{#1\right\}", "vqty": r"\left|#1\right|",
    "overgroup": r"\overparen{#1}", "undergroup": r"\underparen{#1}", "underbar": r"\underline{#1}", "bold": r"\mathbf{#1}",
    "overrightharpoon": r"\overset{\rightharpoonup}{#1}", "overleftharpoon": r"\overset{\leftharpoonup}{#1}",
    "Overrightarrow": r"\overset{\Rightarrow}{#1}", "operatornamewithlimits": r"\operatorname*{#1}", "textsl": r"\textit{#1}",
    "textmd": r"\text{#1}", "emph": r"\textit{#1}", "xrightequilibrium": r"\xrightleftharpoons{#1}",
    "xleftequilibrium": r"\xleftrightharpoons{#1}",
}  # fmt: skip
ALIASES: Final[Mapping[str, str | list[str | int]]] = {
    **_SIGNS,
    **_OF_PHYSICS,
    **{name: rf"\operatorname{{{name}}}" for name in _NAMES},
    **{name: [body, 1] for name, body in _WITH_ARGUMENT.items()},
}
"""As MathJax's `configmacros` takes them."""

LETTERS: Final = {
    "\\ss": "ß", "\\ae": "æ", "\\AE": "Æ", "\\oe": "œ", "\\OE": "Œ", "\\o": "ø", "\\O": "Ø", "\\aa": "å", "\\AA": "Å", "\\l": "ł",
    "\\L": "Ł", "\\i": "ı", "\\j": "ȷ",
}  # fmt: skip
"""LaTeX's letters in a text that have no command in MathJax."""
