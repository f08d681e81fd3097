"""Columns that may tell who has left under a name that is not known: they are kept as attributes, and a person is asked to look."""

import re
from collections.abc import Collection
from itertools import islice

from subscribers.candidate import clean_text
from subscribers.columns import plain
from subscribers.shapes import Plan
from subscribers.source import Source
from subscribers.standing import STANDINGS, Standing

LOOKED_AT = 1_000  # rows
# What they say is about other ways of writing to somebody; a `state` is looked at where it is read.
_OTHER = re.compile(r"\b(?:sms|phone|mobile|whatsapp|push|post|postal|state)\b")


def doubtful(source: Source, plan: Plan, mapped: Collection[str]) -> tuple[str, ...]:
    """The columns of attributes that hold a word for having left, in the first rows of a file.

    Args:
        mapped: columns of which somebody said what they are.
    """
    known = set(map(plain, mapped))
    kept = {
        index: column
        for index, (column, (role, _)) in enumerate(zip(source.columns, plan.roles, strict=True))
        if role == "attribute" and plain(column) not in known and not _OTHER.search(plain(column))
    }
    found: dict[str, None] = {}
    for record in islice(source.records(), LOOKED_AT) if kept else ():
        if record.columns == source.columns:
            found |= {
                column: None
                for index, column in kept.items()
                if index < len(record.cells) and _says_left(record.cells[index])
            }
    return tuple(found)


def _says_left(cell: object) -> bool:
    return isinstance(cell, str) and STANDINGS.get(clean_text(cell).casefold(), 0) >= Standing.UNSUBSCRIBED
