"""The rows that an import refused: a file with line, reason and the row as it was, to be mended and imported again."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from subscribers.delimited import Record
from subscribers.formulas import guarded

SHOWN = 20


class RejectedRows:
    """Writes the file, if there is anything to write; keeps the first few to be shown.

    Args:
        path: None writes nothing.
        columns: those of the source; empty where each row has its own (JSON), which is then kept whole.
    """

    def __init__(self, path: Path | None, columns: Sequence[str]) -> None:
        self.path = path
        self.count = 0
        self.first: list[tuple[int, str]] = []
        self._columns = columns
        self._file: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        if self.path is not None:
            self.path.unlink(missing_ok=True)  # that of an earlier run
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, record: Record, reason: str) -> None:
        """Refuse a row."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append((record.line, reason))
        if self.path is None:
            return
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "reason", *(self._columns or ["row"])])
        if self._columns:
            cells = [guarded(str(cell)) for cell in record.cells]
        else:
            cells = [json.dumps(dict(zip(record.columns, record.cells, strict=False)), ensure_ascii=False)]
        self._writer.writerow([record.line, reason, *cells])
