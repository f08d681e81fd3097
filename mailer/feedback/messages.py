"""Bytes → a message's headers and parts, for messages that keep to no standard; nothing here raises.

The standard library's parser wants a message to be well formed; bounces name boundaries that do not occur, leave out the
headers that announce their parts, or lie as quoted text in a forwarded message.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailer.feedback.charsets import decode_text, decode_transfer, decode_words

LIMIT_BYTES = 2_000_000
"""What comes after is the returned message's attachments."""

_DEPTH, _PARTS = 8, 60
_HEADER = re.compile(r"^([!-9;-~]{1,100})[ \t]*:(.*)$")
_FOLD = re.compile(r"\r?\n[ \t]+")
_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_LEADING = re.compile(rb"\A(?:[ \t]*\r?\n|>?From [^\r\n]*\r?\n)+")
_BOUNDARY = re.compile(r"""(?i)\bboundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))""")
_CHARSET = re.compile(r"""(?i)\bcharset\s*=\s*(?:"([^"]*)"|([^\s;"]+))""")
_UNANNOUNCED = re.compile(rb"(?mi)^--([^\s-][^\r\n]{0,200}|-+[^\s-][^\r\n]{0,200})\r?\nContent-[a-z-]{1,40}:")


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of a header, in their order, names in lower case, values unfolded and decoded."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The first value of that name, else an empty text."""
        return next((value for known, value in self.fields if known == name), "")

    def all(self, name: str) -> list[str]:
        """All values of that name."""
        return [value for known, value in self.fields if known == name]

    def __bool__(self) -> bool:
        return bool(self.fields)


@dataclass(frozen=True, slots=True)
class Part:
    """A message or a part of one: `text` where it holds text, `parts` where it holds others."""

    headers: Headers
    media_type: str
    text: str = ""
    parts: tuple["Part", ...] = field(default=())

    def walk(self) -> Iterator["Part"]:
        """This part and those within, but not into a message that is enclosed."""
        yield self
        if not is_message(self.media_type):
            for part in self.parts:
                yield from part.walk()


def is_message(media_type: str) -> bool:
    """Whether a part of this type encloses a message, or the header of one."""
    return media_type in (
        "message/rfc822",
        "message/global",
        "message/partial",
        "text/rfc822-headers",
        "text/rfc822-header",
        "text/rfc822",
        "message/rfc822-headers",
        "message/global-headers",
    )


def read_message(data: bytes) -> Part:
    """The structure of a message; of any bytes at all."""
    return _read(data[:LIMIT_BYTES], 0)


def read_headers(text: str) -> Headers:
    """The fields at the beginning of a text; lines that are no fields are passed over, up to the first blank one."""
    fields: list[tuple[str, str]] = []
    for line in _FOLD.sub(" ", text).split("\n"):
        if not line.strip():
            break
        match = _HEADER.match(line.rstrip("\r"))
        if match is not None:
            fields.append((match[1].lower(), decode_words(match[2].strip())))
    return Headers(tuple(fields))


def _read(data: bytes, depth: int) -> Part:
    data = _LEADING.sub(b"", data, count=1)
    head, body = _split(data)
    headers = read_headers(decode_text(head, ""))
    return _part(headers, body, depth, has_own_headers=bool(headers))


def _split(data: bytes) -> tuple[bytes, bytes]:
    match = _BLANK_LINE.search(data)
    return (data, b"") if match is None else (data[: match.start()], data[match.end() :])


def _part(headers: Headers, body: bytes, depth: int, *, has_own_headers: bool = True) -> Part:
    content_type = headers.get("content-type")
    media_type = content_type.partition(";")[0].strip().lower() or "text/plain"
    if depth < _DEPTH:
        pieces = _pieces(body, content_type, media_type)
        if pieces:
            parts = tuple(_read_piece(piece, depth + 1) for piece in pieces)
            return Part(headers, "multipart/mixed" if "/" not in media_type else media_type, parts=parts)
        if is_message(media_type):
            inner = decode_transfer(body, headers.get("content-transfer-encoding"))
            return Part(headers, media_type, decode_text(inner, ""), parts=(_read(inner, depth + 1),))
    if media_type.startswith(("text/", "message/", "multipart/")) or not has_own_headers:
        inner = decode_transfer(body, headers.get("content-transfer-encoding"))
        return Part(headers, media_type, _lines(decode_text(inner, _parameter(_CHARSET, content_type))))
    return Part(headers, media_type)


def _read_piece(piece: bytes, depth: int) -> Part:
    """A part between two boundaries: it may have no header at all, and then begins with a blank line or with its text."""
    if piece.startswith((b"\n", b"\r\n")):
        return _part(Headers(), piece, depth)
    head, body = _split(piece)
    first_line = decode_text(head[:200], "").split("\n", 1)[0].rstrip("\r")
    if _HEADER.match(first_line) is None:
        return _part(Headers(), piece, depth)
    return _part(read_headers(decode_text(head, "")), body, depth)


def _pieces(body: bytes, content_type: str, media_type: str) -> list[bytes]:
    """The bodies between the boundaries; a boundary that is missing or wrong is looked for in the body."""
    boundary = _parameter(_BOUNDARY, content_type).encode("utf-8", "replace")
    if media_type.startswith("multipart/") and boundary:
        pieces = _between(body, boundary)
        if pieces:
            return pieces
    if media_type.startswith("multipart/") or not content_type:
        found = _UNANNOUNCED.search(body)
        if found is not None:
            # Before it may stand the whole notice, where the boundary is the returned message's own.
            return [b"\n" + body[: found.start()], *_between(body, found[1].rstrip())]
    return []


def _between(body: bytes, boundary: bytes) -> list[bytes]:
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    marks = list(line.finditer(body))[:_PARTS]
    pieces = []
    for number, mark in enumerate(marks):
        if mark[1]:
            break
        end = marks[number + 1].start() if number + 1 < len(marks) else len(body)
        pieces.append(re.sub(rb"\A\r?\n", b"", body[mark.end() : end], count=1))
    return pieces


def _parameter(pattern: re.Pattern[str], content_type: str) -> str:
    match = pattern.search(content_type)
    return "" if match is None else (match[1] if match[1] is not None else match[2]).strip()


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
