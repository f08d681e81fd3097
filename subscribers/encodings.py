"""Which encoding a file of people is in: files from everywhere seldom say so."""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, TextIOWrapper
from pathlib import Path

BLOCK = 1 << 20
_GUARD = re.compile(rb"'(?:[=+\-@\t\r]|\Z)")  # at a block's end nobody knows what follows
_MARKS = (  # UTF-32's mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to read a file: the codec, what to do with bytes that it does not know, and what its text may hold.

    Args:
        has_guards: whether an apostrophe may stand before what a spreadsheet would take for a formula.
    """

    name: str
    errors: str = "strict"
    has_nuls: bool = False
    has_guards: bool = True


def encoding_of(path: Path) -> Encoding:
    """The encoding of a text file: by its mark, else UTF-16 by its zeros, else UTF-8 if it is, else one of one byte a sign.

    The whole file is looked through once, in blocks: a single wrong byte at its end must not end an import half way.
    """
    with path.open("rb") as file:
        start = file.read(BLOCK)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return Encoding(name, "replace", has_nuls=True)
        unmarked = _utf16_without_mark(start[:4096])
        if unmarked:
            return Encoding(unmarked, "replace")
        decoder = codecs.getincrementaldecoder("utf-8")()
        block, has_nuls, has_lf, has_guards = start, False, False, False
        is_utf8, mac_letters = True, 0
        while block:
            has_nuls = has_nuls or b"\0" in block
            has_lf = has_lf or b"\n" in block
            has_guards = has_guards or _GUARD.search(block) is not None
            mac_letters += _mac_letters(block)
            if is_utf8:
                is_utf8 = _decodes(decoder, block)
            block = file.read(BLOCK)
        if is_utf8 and _decodes(decoder, b"", final=True):
            return Encoding("utf-8", has_nuls=has_nuls, has_guards=has_guards)
    # Old spreadsheets of the Macintosh end lines with a lone CR and write Mac Roman; all others write Windows-1252. The bytes
    # of the one's letters are seldom used in the other, and tell more than the ends of lines.
    is_mac = mac_letters > 0 or (mac_letters == 0 and not has_lf)
    return Encoding("mac_roman" if is_mac else "cp1252", "replace", has_nuls=has_nuls)


# Accented letters: of Mac Roman's none are quotes, dashes or the euro sign in Windows-1252.
_MAC = bytes(set(range(0x81, 0xA0)) - set(range(0x91, 0x98)) - {0x82, 0x84, 0x85, 0x93, 0x99})
_WINDOWS = bytes(range(0xC0, 0x100))


def _mac_letters(block: bytes) -> int:
    """How many more bytes are letters in Mac Roman than in Windows-1252."""
    if block.isascii():
        return 0
    return len(block.translate(None, _WINDOWS)) - len(block.translate(None, _MAC))


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(start: bytes) -> str:
    """Text in our alphabet has a zero in every second byte; which of the two tells the order."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    many = len(start) // 5  # of the half: 40 %
    if odd > many and not even:
        return "utf-16-le"
    return "utf-16-be" if even > many and not odd else ""


class TextFile:
    """The lines of a text file in whatever encoding, without NULs, and how far it has been read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding = encoding_of(path)
        self._size = max(path.stat().st_size, 1)
        self._file: BufferedReader | None = None

    def lines(self) -> Iterator[str]:
        """The file from its start; lines end as they do: LF, CR LF or CR."""
        with self._open() as text:
            if self.encoding.has_nuls:
                yield from (line.replace("\0", "") for line in text)
            else:
                yield from text

    def blocks(self, signs: int) -> Iterator[str]:
        """The file from its start in pieces of so many signs, for what has no lines."""
        with self._open() as text:
            while block := text.read(signs):
                yield block.replace("\0", "") if self.encoding.has_nuls else block

    @contextmanager
    def _open(self) -> Iterator[TextIOWrapper]:
        with self.path.open("rb") as file:
            if self._file is None or self._file.closed:
                self._file = file
            yield TextIOWrapper(file, encoding=self.encoding.name, errors=self.encoding.errors, newline="")

    def share(self) -> float:
        """How much of the file is read, from 0 to 1."""
        if self._file is None or self._file.closed:
            return 1.0
        return min(self._file.tell() / self._size, 1.0)
