"""JSON -> rows: an object a line, or the list that an API gives out, read object by object."""

import re
from collections.abc import Iterator
from functools import partial
from json import JSONDecodeError, JSONDecoder

from mailer.base.errors import WrongInput
from subscribers.delimited import CELL_LIMIT, Record
from subscribers.encodings import TextFile
from subscribers.json_text import read_json
from subscribers.source import IsEmailColumn, Source

BLOCK = 1 << 16  # signs
# What stands before the list of an API's answer: `[`, `{"entries": [`, `{"data": {"results": [`, and numbers or texts.
_HEAD = re.compile(r'\s*(?:\{\s*(?:"[^"]*"\s*:\s*(?:"[^"]*"|[\w.+-]+)\s*,\s*)*"[^"]*"\s*:\s*)*\[\s*(?=\{)')
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = JSONDecoder()


def json_source(text: TextFile, is_email_column: IsEmailColumn) -> Source:
    """The rows of a file of JSON.

    Raises:
        WrongInput: it is a list of something else.
    """
    start = next(text.blocks(BLOCK), "")
    head = None if _is_person(start.lstrip().partition("\n")[0], is_email_column) else _HEAD.match(start)
    if head is None and start.lstrip().startswith("["):
        raise WrongInput("is a list, but not of JSON objects", do="write one object a line", place=str(text.path))
    records = partial(_lines, text) if head is None else partial(_listed, text, head.end())
    columns = next((record.columns for record in records() if not record.fault), ())
    return Source("json", columns, records, text.share, text.encoding.name)


def _is_person(line: str, is_email_column: IsEmailColumn) -> bool:
    """Whether a line is an object with an address; a person may hold lists too."""
    try:
        found = read_json(line)
    except ValueError:
        return False
    return isinstance(found, dict) and any(map(is_email_column, found))


def _lines(text: TextFile) -> Iterator[Record]:
    for line, written in enumerate(text.lines(), start=1):
        if written and not written.isspace():
            yield _record(line, written)


def _listed(text: TextFile, start: int) -> Iterator[Record]:
    """The objects of a list that begins at a sign of the file; what is broken ends it."""
    blocks = text.blocks(BLOCK)
    rest = next(blocks, "")
    line = 1 + rest.count("\n", 0, start)
    at = start
    while True:
        between = _BETWEEN.match(rest, at)
        after = between.end() if between else at
        line += rest.count("\n", at, after)
        at = after
        if rest.startswith("]", at):
            return
        try:
            if at == len(rest):  # the next sign is not there yet
                raise JSONDecodeError("the list is not closed", rest, at)  # noqa: TRY301 - as if it had been met there
            _, after = _DECODER.raw_decode(rest, at)
        except (JSONDecodeError, RecursionError) as error:
            block = next(blocks, "") if len(rest) - at < CELL_LIMIT else ""
            if not block:
                shown = rest[at : at + 200].strip()
                yield Record(line, ("row",), [shown], f"is not JSON: {getattr(error, 'msg', 'nested too deep')}")
                return
            rest, at = rest[at:] + block, 0
            continue
        yield _record(line, rest[at:after])
        line += rest.count("\n", at, after)
        at = after


def _record(line: int, written: str) -> Record:
    try:
        found = read_json(written)
    except ValueError as error:
        return Record(line, ("row",), [written.strip()], f"is not JSON: {error}")
    if not isinstance(found, dict):
        return Record(line, ("row",), [written.strip()], "is not a JSON object")
    return Record(line, tuple(found), list(found.values()))
