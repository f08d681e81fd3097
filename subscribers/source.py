"""What can be read of a file of people, whatever wrote it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from subscribers.delimited import Record

Kind = Literal["delimited", "addresses", "json", "sympa", "xlsx"]
IsEmailColumn = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read.

    Args:
        columns: those of the first row; of a file without a header, made up.
        records: reads the file from its start, each time it is called.
        share: how much of it is read, from 0 to 1.
        detail: its encoding and delimiter, for people.
        addressed: the column in which its first rows hold addresses, whatever it is called.
    """

    kind: Kind
    columns: tuple[str, ...]
    records: Callable[[], Iterator[Record]]
    share: Callable[[], float]
    detail: str = ""
    addressed: str = ""
