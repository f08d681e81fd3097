"""Messages from a file, an mbox, a folder, a Maildir, or a stream."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mailer.base.errors import WrongInput
from mailer.feedback.messages import LIMIT_BYTES

_FROM_LINE = re.compile(
    rb"From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d(?::\d\d)?\b.*\d{4}\s*$"
)
_FIELD = re.compile(rb"(?:[!-9;-~]+[ \t]*:|[ \t]*$)")
_NO_MESSAGES = {".json", ".md", ".csv", ".py", ".toml", ".html", ".lock"}


def message_files(path: str) -> Iterator[str]:
    """The files under a path, a file's own path or those in a folder, in order; as given, joined with what is found.

    Of a Maildir, what is in `new` and `cur`; of any other folder everything but hidden files and what its name says is
    something else.

    Raises:
        WrongInput: there is nothing under this path.
    """
    if not os.path.lexists(path):
        raise WrongInput("there is no such file or folder", do="check the path", place=path)
    if not Path(path).is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        if "cur" in folders or "new" in folders:
            folders[:] = [name for name in folders if name in ("cur", "new") or name.startswith(".")]
        else:
            folders[:] = [name for name in folders if not name.startswith(".")]
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if not name.startswith(".") and file.suffix.lower() not in _NO_MESSAGES and file.is_file():
                yield os.path.join(folder, name)  # noqa: PTH118 - a Path would not keep `./` as given


def messages_in(stream: BinaryIO, *, name: str = "") -> Iterator[bytes]:
    """The messages of a stream: one, or all of an mbox; of each at most its first two megabytes.

    A file called `.eml` is one message, even where it begins like an mbox and holds another message's text.
    """
    first = stream.readline(LIMIT_BYTES)
    if not first.startswith(b"From ") or name.lower().endswith(".eml"):
        yield first + stream.read(LIMIT_BYTES)
        return
    yield from _split_mbox(first, stream)


def _split_mbox(first: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """The messages of an mbox: a new one begins at a From line after a blank line and before a header field (RFC 4155)."""
    lines, size, blank = [first], len(first), False
    held = b""
    while line := stream.readline(LIMIT_BYTES):
        if held:
            if _FIELD.match(line):
                yield b"".join(lines)
                lines, size = [], 0
            lines.append(held)
            held = b""
        if blank and _FROM_LINE.match(line):
            held = line
            blank = False
            continue
        blank = not line.strip()
        if size < LIMIT_BYTES:
            lines.append(line)
            size += len(line)
    yield b"".join([*lines, held])
