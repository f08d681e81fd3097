"""Spreadsheets run what begins like a formula: an export guards such cells with an apostrophe, an import takes it off."""

import re

# A cell that a spreadsheet would calculate, or one that already looks guarded: so that taking off one gives it back.
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def guarded(text: str) -> str:
    """`text` as a spreadsheet shows it and does not run it."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if _GUARDED.match(text) else text
