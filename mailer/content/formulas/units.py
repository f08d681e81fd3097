r"""siunitx in a simple form: `\qty{9.81}{\metre\per\second\squared}` and its kin, written out in plain TeX.

Numbers keep their own decimal sign and get thin spaces between thousands; units are upright, what is below the line
gets negative exponents, as siunitx sets them where nobody asks for anything else.
"""

import re
from typing import Final

_PREFIXES: Final = {
    "quecto": "q", "ronto": "r", "yocto": "y", "zepto": "z", "atto": "a", "femto": "f", "pico": "p", "nano": "n", "micro": "µ",
    "milli": "m", "centi": "c", "deci": "d", "deca": "da", "deka": "da", "hecto": "h", "kilo": "k", "mega": "M", "giga": "G",
    "tera": "T", "peta": "P", "exa": "E", "zetta": "Z", "yotta": "Y", "ronna": "R", "quetta": "Q",
    "kibi": "Ki", "mebi": "Mi", "gibi": "Gi", "tebi": "Ti", "pebi": "Pi",
}  # fmt: skip
_UNITS: Final = {
    "metre": "m", "meter": "m", "kilogram": "kg", "gram": "g", "second": "s", "ampere": "A", "kelvin": "K", "mole": "mol",
    "candela": "cd", "becquerel": "Bq", "celsius": "°C", "degreeCelsius": "°C", "coulomb": "C", "farad": "F", "gray": "Gy",
    "hertz": "Hz", "henry": "H", "joule": "J", "katal": "kat", "lumen": "lm", "lux": "lx", "newton": "N", "ohm": "Ω",
    "pascal": "Pa", "radian": "rad", "siemens": "S", "sievert": "Sv", "steradian": "sr", "tesla": "T", "volt": "V",
    "watt": "W", "weber": "Wb", "bar": "bar", "minute": "min", "hour": "h", "day": "d", "hectare": "ha", "litre": "L",
    "liter": "L", "tonne": "t", "degree": "°", "arcminute": "′", "arcsecond": "″", "electronvolt": "eV", "dalton": "Da",
    "astronomicalunit": "au", "atomicmassunit": "u", "parsec": "pc", "lightyear": "ly", "angstrom": "Å", "bel": "B",
    "decibel": "dB", "neper": "Np", "percent": "%", "byte": "B", "bit": "bit", "barn": "b", "knot": "kn",
    "mmHg": "mmHg", "bohr": "a₀", "clight": "c₀",
}  # fmt: skip
_SHORT: Final = {
    "p": "p", "n": "n", "u": "µ", "m": "m", "c": "c", "d": "d", "h": "h", "k": "k", "M": "M", "G": "G", "T": "T", "f": "f", "a": "a", "": "",
}  # fmt: skip
_SHORT_UNITS: Final = {
    "g": "g", "m": "m", "s": "s", "mol": "mol", "A": "A", "l": "L", "L": "L", "Hz": "Hz", "N": "N", "Pa": "Pa", "ohm": "Ω",
    "V": "V", "W": "W", "J": "J", "eV": "eV", "F": "F", "H": "H", "C": "C", "K": "K", "B": "B", "T": "T", "Wh": "Wh", "S": "S",
}  # fmt: skip
_NAMES: Final = {
    **{prefix + unit: _SHORT[prefix] + sign for prefix in _SHORT for unit, sign in _SHORT_UNITS.items()},
    **_UNITS,
}
_CLOSE: Final = {r"\degree": r"^\circ", r"\arcminute": "'", r"\arcsecond": "''"}
"""What stands at its number without a space."""
_EXPONENT: Final = {"squared": "2", "cubed": "3"}
_BEFORE: Final = {"square": "2", "cubic": "3"}


def number(written: str) -> str:
    r"""`1.5e-3` as $1.5\times10^{-3}$, `12345` with a thin space, `1.2(1)` and `1.2+-0.1` with their uncertainty."""
    text = "".join(written.split()).replace("+-", r"\pm").replace(r"\pm", r"\pm ")
    found = re.fullmatch(r"(.*?)[eEdD]([+-]?\d+)", text)
    base, power = (found[1], found[2].removeprefix("+")) if found else (text, "")
    base = re.sub(r"\d[\d.,]*", lambda digits: _grouped(digits[0]), base)
    if not power:
        return base
    if not base:
        return f"10^{{{power}}}"
    base = f"({base})" if r"\pm" in base else base
    return rf"{base}\times 10^{{{power}}}"


def _grouped(digits: str) -> str:
    whole, sign, part = re.fullmatch(r"(\d*)([.,]?)(.*)", digits).groups()  # type: ignore[union-attr]  # matches anything
    if len(whole) > 4:
        whole = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", r"\\,", whole)
    if len(part) > 4 and part.isdigit():
        part = re.sub(r"(\d{3})(?=\d)", r"\1\\,", part)
    return f"{whole}{{,}}{part}" if sign == "," else f"{whole}{sign}{part}"


def unit(written: str) -> str:
    r"""`\kilo\metre\per\hour` as $\mathrm{km}\,\mathrm{h}^{-1}$; what is written plainly, `kg.m/s^2`, stays so."""
    if "\\" not in written:
        return _plainly(written)
    parts: list[str] = []
    prefix, power, below = "", "", False
    for found in re.finditer(r"\\([A-Za-z]+)\s*(?:\{([^{}]*)\})?|\S", written):
        name, given = found[1], found[2]
        if name == "per":
            below = True
        elif name in _PREFIXES:
            prefix += _PREFIXES[name]
        elif name in _BEFORE or name == "raiseto":
            power = given if name == "raiseto" else _BEFORE[name]
        elif parts and (name in _EXPONENT or name == "tothe"):
            parts[-1] = _raised(parts[-1], given if name == "tothe" else _EXPONENT[name])
        elif parts and name == "of":
            parts[-1] += rf"_{{\mathrm{{{given}}}}}"
        else:
            sign = prefix + _NAMES.get(name, found[0]) if name else found[0]
            parts.append(_raised(rf"\mathrm{{{_tex(sign)}}}" + ("^{-1}" if below else ""), power))
            prefix, power, below = "", "", False
    return r"\,".join(parts)


def _raised(part: str, power: str) -> str:
    if not power:
        return part
    return f"{part.removesuffix('^{-1}')}^{{{'-' if part.endswith('^{-1}') else ''}{power}}}"


def _plainly(written: str) -> str:
    text = re.sub(r"[.~\s]+", r"\\,", written.strip().replace("%", r"\%").replace("µ", r"\text{µ}"))
    return re.sub(r"[A-Za-zΩ]+", lambda word: rf"\mathrm{{{word[0]}}}", text.replace("\\%", "\x00")).replace(
        "\x00", r"\%"
    )


def _tex(sign: str) -> str:
    named = {"%": r"\%", "Ω": r"\Omega ", "₀": "_0", "′": "'", "″": "''"}
    return "".join(named.get(letter, rf"\text{{{letter}}}" if letter in "°µÅ" else letter) for letter in sign)


def quantity(value: str, of: str) -> str:
    """A number with its unit, between them a thin space that no line breaks at."""
    if (near := _CLOSE.get(of.strip())) is not None:
        return number(value) + near
    return rf"{number(value)}\,{unit(of)}"


def angle(written: str) -> str:
    """`45`, or degrees, minutes and seconds between semicolons."""
    parts = zip(written.split(";"), _CLOSE.values(), strict=False)
    return "".join(f"{number(part)}{sign}" for part, sign in parts if part.strip())
