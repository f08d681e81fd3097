"""The phrases in which formulas are read aloud, in each language: what they say is in `words`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailer.content.formulas import signs, signs_de, signs_fr


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language: its phrases, and how signs, functions, accents, sets and powers are called in it."""

    phrases: Mapping[str, str]
    signs: Mapping[str, str]
    functions: Mapping[str, str]
    accents: Mapping[str, str]
    sets: Mapping[str, str]
    variants: Mapping[str, str]
    powers: Mapping[str, str]
    raised: Mapping[str, str]
    fractions: Mapping[tuple[str, str], str]
    big: Mapping[str, str]

    def say(self, phrase: str, **parts: object) -> str:
        """A phrase with its parts put in."""
        return self.phrases[phrase].format(**parts)


_ENGLISH: Final = {
    "absolute value": "the absolute value of {inside}", "end absolute value": ", end absolute value,",
    "norm": "the norm of {inside}", "end norm": ", end norm,",
    "of": "of", "argument": "of {inside}", "end argument": ", end argument,",
    "from-to": ", from", "dot": "dot", "minus": "minus", "given": "given", "such that": "such that",
    "capital": "capital {letter}", "cases": "{count} cases: {lines};", "case": "case {number}: {words}",
    "lines": "{count} lines: {lines};", "line": "line {number}: {words}", "and": "{one} and {other}",
    "matrix": "the {rows} by {columns} matrix, {cells}, end matrix,",
    "determinant": "the determinant of the {rows} by {columns} matrix, {cells}, end matrix,",
    "row": "row {number}: {cells}", "vector": "the column vector {cells}, end vector,",
    "choose": "{top} choose {bottom}", "to": "to the {exponent}", "power": "to the power {exponent}, end power,",
    "sub": "sub {index}", "sub long": "sub {index}, end sub,",
    "over set": " over {below}", "from": " from {below}", "up to": " to {above}", "big": "the {name}{ends} of",
    "limit": "the {name} as {below} of", "approaches": "approaches", "goes to": "to",
    "extremum": "the {name} over {below} of",
    "underlined": "{base}, underlined,", "below": "{base} with {below} below,", "above": "{base} with {above} above,",
    "both": "{base} with {below} below and {above} above,", "accent": "{base} {accent}", "accent long": "{base}, all {accent},",
    "over": "{top} over {bottom}", "fraction": "the fraction {top} over {bottom}, end fraction,",
    "root": "the square root of {inside}", "end root": ", end root,", "nth root": "the {degree} root of {inside}",
    "2-th": "square", "3-th": "cube", "n-th": "{degree}-th", "crossed": "{inside}, crossed out,",
    "super": "superscript {index}", "at": "{inside}, evaluated at {index},", "restricted": "{inside} restricted to {index},",
    "bang": "an exclamation mark",
    "ket": "ket {inside}", "bra": "bra {inside}", "braket": "the bracket of {inside}, end bracket,",
}  # fmt: skip
_GERMAN: Final = {
    "absolute value": "der Betrag von {inside}", "end absolute value": ", Ende Betrag,",
    "norm": "die Norm von {inside}", "end norm": ", Ende Norm,",
    "of": "von", "argument": "von {inside}", "end argument": ", Ende Argument,",
    "from-to": ", von", "dot": "Punkt", "minus": "minus", "given": "gegeben", "such that": "mit",
    "capital": "Groß-{letter}", "cases": "{count} Fälle: {lines};", "case": "Fall {number}: {words}",
    "lines": "{count} Zeilen: {lines};", "line": "Zeile {number}: {words}", "and": "{one} und {other}",
    "matrix": "die {rows}-mal-{columns}-Matrix, {cells}, Ende Matrix,",
    "determinant": "die Determinante der {rows}-mal-{columns}-Matrix, {cells}, Ende Matrix,",
    "row": "Zeile {number}: {cells}", "vector": "der Spaltenvektor {cells}, Ende Vektor,",
    "choose": "{top} über {bottom}", "to": "hoch {exponent}", "power": "hoch {exponent}, Ende Exponent,",
    "sub": "Index {index}", "sub long": "Index {index}, Ende Index,",
    "over set": " über {below}", "from": " von {below}", "up to": " bis {above}", "big": "{name}{ends} von",
    "limit": "der {name} für {below} von", "approaches": "gegen", "goes to": "nach",
    "extremum": "das {name} über {below} von",
    "underlined": "{base}, unterstrichen,", "below": "{base} mit {below} darunter,",
    "above": "{base} mit {above} darüber,", "both": "{base} mit {below} darunter und {above} darüber,",
    "accent": "{base} {accent}", "accent long": "{base}, alles {accent},",
    "over": "{top} durch {bottom}", "fraction": "der Bruch {top} durch {bottom}, Ende Bruch,",
    "root": "die Wurzel aus {inside}", "end root": ", Ende Wurzel,", "nth root": "die {degree} Wurzel aus {inside}",
    "2-th": "zweite", "3-th": "dritte", "n-th": "{degree}-te", "crossed": "{inside}, durchgestrichen,",
    "super": "hochgestellt {index}", "at": "{inside}, an der Stelle {index},",
    "restricted": "{inside} eingeschränkt auf {index},", "bang": "einem Ausrufezeichen",
    "ket": "ket {inside}", "bra": "bra {inside}", "braket": "das Produkt von {inside}, Ende Produkt,",
}  # fmt: skip
_FRENCH: Final = {
    "absolute value": "la valeur absolue de {inside}", "end absolute value": ", fin de valeur absolue,",
    "norm": "la norme de {inside}", "end norm": ", fin de norme,",
    "of": "de", "argument": "de {inside}", "end argument": ", fin d’argument,",
    "from-to": ", de", "dot": "scalaire", "minus": "moins", "given": "sachant", "such that": "tel que",
    "capital": "{letter} majuscule", "cases": "{count} cas : {lines} ;", "case": "cas {number} : {words}",
    "lines": "{count} lignes : {lines} ;", "line": "ligne {number} : {words}", "and": "{one} et {other}",
    "matrix": "la matrice {rows} par {columns}, {cells}, fin de matrice,",
    "determinant": "le déterminant de la matrice {rows} par {columns}, {cells}, fin de matrice,",
    "row": "ligne {number} : {cells}", "vector": "le vecteur colonne {cells}, fin de vecteur,",
    "choose": "{bottom} parmi {top}", "to": "puissance {exponent}", "power": "puissance {exponent}, fin de puissance,",
    "sub": "indice {index}", "sub long": "indice {index}, fin d’indice,",
    "over set": " sur {below}", "from": " de {below}", "up to": " à {above}", "big": "{name}{ends} de",
    "limit": "la {name} quand {below} de", "approaches": "tend vers", "goes to": "vers",
    "extremum": "le {name} sur {below} de",
    "underlined": "{base}, souligné,", "below": "{base} avec {below} dessous,", "above": "{base} avec {above} dessus,",
    "both": "{base} avec {below} dessous et {above} dessus,",
    "accent": "{base} {accent}", "accent long": "{base}, le tout {accent},",
    "over": "{top} sur {bottom}", "fraction": "la fraction {top} sur {bottom}, fin de fraction,",
    "root": "la racine carrée de {inside}", "end root": ", fin de racine,", "nth root": "la racine {degree} de {inside}",
    "2-th": "carrée", "3-th": "cubique", "n-th": "{degree}-ième", "crossed": "{inside}, barré,",
    "super": "exposant {index}", "at": "{inside}, évalué en {index},", "restricted": "{inside} restreint à {index},",
    "bang": "un point d’exclamation",
    "ket": "ket {inside}", "bra": "bra {inside}", "braket": "le crochet de {inside}, fin de crochet,",
}  # fmt: skip


def _tongue(phrases: Mapping[str, str], words: object) -> Tongue:
    tables = {
        name: getattr(words, name.upper())
        for name in ("signs", "functions", "accents", "sets", "variants", "powers", "raised", "fractions", "big")
    }
    return Tongue(phrases, **tables)


TONGUES: Final[Mapping[str, Tongue]] = {
    "en": _tongue(_ENGLISH, signs),
    "de": _tongue(_GERMAN, signs_de),
    "fr": _tongue(_FRENCH, signs_fr),
}


def tongue_of(language: str) -> Tongue:
    """The language's, such as that of `de-AT`; English where there is none."""
    return TONGUES.get(language.partition("-")[0].lower(), TONGUES["en"])
