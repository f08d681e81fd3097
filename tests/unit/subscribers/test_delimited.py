"""How often a table is gone through."""

from collections.abc import Iterator
from pathlib import Path

from subscribers import delimited
from subscribers.columns import is_email_column
from subscribers.encodings import TextFile


def test_a_file_of_rows_that_are_too_long_is_read_twice_and_no_more(tmp_path: Path) -> None:
    class Counted(TextFile):
        given = 0

        def lines(self) -> Iterator[str]:
            for line in super().lines():
                self.given += 1
                yield line

    path = tmp_path / "p.csv"
    note = "note\n" * 60
    long = "".join(f'p{number}@x.org,"{note}"\n' for number in range(50))
    path.write_text(f"email,note\n{long}", encoding="utf-8")
    text = Counted(path)
    form = delimited.look(text, is_email_column)
    text.given = 0

    records = list(delimited.read(text, form, ("email", "note")))

    assert [(record.line, record.cells[0]) for record in records if "@" in record.cells[0]] == [
        (2 + 61 * number, f"p{number}@x.org") for number in range(50)
    ]
    assert text.given <= 2 * (1 + 50 * 61)
