"""In which language a text is that does not say so, one of those that a letter's fixed words are in; and French blanks."""

import re
from typing import Final

_COMMON: Final = {
    "en": frozenset({
        "the", "of", "and", "to", "that", "is", "for", "with", "are", "this", "we", "you", "our", "from", "will", "by",
        "have",
    }),
    "de": frozenset({
        "der", "und", "das", "den", "dem", "von", "zu", "mit", "für", "auf", "ist", "nicht", "ein", "eine", "wir",
        "sie", "auch", "werden", "bei", "im", "zum",
    }),
    "fr": frozenset({
        "le", "les", "et", "la", "une", "du", "pour", "dans", "est", "que", "sur", "au", "avec", "par", "nous", "vous",
        "qui", "pas", "il", "aux",
    }),
}  # fmt: skip
"""The commonest words of each that are no words of the others."""
_NO_WORDS: Final = re.compile(
    r"^(`{3,}|~{3,}).*?^\1|`[^`\n]+`|\]\([^)\n]*\)|<[^<>\n]*>|https?://\S+", re.DOTALL | re.MULTILINE
)
_BEFORE_SIGNS: Final = re.compile(r"(?<!\s) (?=[;:!?»](?:\W|$))|(?<=«) ")
LEAST_WORDS: Final = 8
"""Of the commonest that must be there before anything is said about the text."""


def language_of(text: str) -> str | None:
    """`en`, `de` or `fr` where the text is plainly in that language; None where it is short, mixed or in another."""
    words = re.findall(r"\w+", _NO_WORDS.sub(" ", text).lower())
    found = sorted((sum(word in common for word in words), language) for language, common in _COMMON.items())
    (_, _), (second, _), (most, language) = found
    return language if most >= max(LEAST_WORDS, 4 * second) else None


def held(words: str, language: str) -> str:
    """French words with the blanks beside `« » ; : ! ?` made such that no line ends there; others as they are."""
    return _BEFORE_SIGNS.sub("\u00a0", words) if language.lower().startswith("fr") else words
