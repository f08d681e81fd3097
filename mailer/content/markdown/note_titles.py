"""What a note is called that says only its kind: `::: warning`, or `> [!WARNING]` as GitHub and Obsidian write it."""

from collections.abc import Mapping
from typing import Final

_TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    "de": {
        "note": "Hinweis", "info": "Information", "tip": "Tipp", "important": "Wichtig", "warning": "Warnung",
        "caution": "Vorsicht", "question": "Frage", "example": "Beispiel", "quote": "Zitat", "todo": "Zu tun",
    },
    "fr": {
        "note": "Remarque", "info": "Information", "tip": "Conseil", "important": "Important", "warning": "Attention",
        "caution": "Prudence", "question": "Question", "example": "Exemple", "quote": "Citation", "todo": "À faire",
    },
}  # fmt: skip


def note_title(kind: str, language: str) -> str:
    """The kind in the issue's language; in English where there is no word for it."""
    words = _TITLES.get(language.partition("-")[0].lower(), {})
    return words.get(kind.lower()) or kind.replace("-", " ").capitalize()
