"""A letter as a MIME message with gaps: encoded once, filled for each person without template engine or `email` package.

    multipart/alternative            or, with embedded pictures,   multipart/alternative
    ├── text/plain                                                 ├── text/plain
    └── text/html                                                  └── multipart/related
                                                                       ├── text/html
                                                                       └── image/…

Quoted-printable or base64 by what is shorter. Lines end with CRLF and have at most 76 octets in bodies, 78 in headers
where there is a blank to fold at. Dots are not doubled (that is SMTP's affair) and never begin a line of a body.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

from mailer.rendering.encoding import base64_lines, header, mailbox_header, plain, quoted, without_controls
from mailer.rendering.letter import Letter, Picture, Segments, Slot
from mailer.rendering.pictures import content_id

MAILBOX_HEADERS: Final = frozenset({"from", "to", "cc", "reply-to", "sender"})

Values = Mapping[Slot | str, str]
"""What a message is filled with: the letter's slots and the headers' keys."""


@dataclass(frozen=True, slots=True)
class Key:
    """In a header: the value of this name, given for each message."""

    name: str


HeaderValue = str | Key | Sequence[str | Key | Slot]
"""A header's value: the same for all; given for each message; or put together from both, such as `("<", LinkSlot("unsubscribe"), ">")`."""


@dataclass(frozen=True, slots=True)
class HeaderGap:
    """A whole header that differs from message to message: `pattern` has `%s` for each of the slots."""

    name: str
    pattern: str
    slots: tuple[str | Slot, ...]

    def filled(self, values: Values) -> bytes:
        """The header's bytes."""
        return header_line(self.name, self.pattern % tuple([values[slot] for slot in self.slots]))


@dataclass(frozen=True, slots=True)
class TextGap:
    """A slot in a quoted-printable text part."""

    slot: Slot

    def filled(self, values: Values) -> bytes:
        """The value's bytes."""
        return text_piece(values[self.slot])


@dataclass(frozen=True, slots=True)
class HtmlGap:
    """A slot in a quoted-printable HTML part."""

    slot: Slot

    def filled(self, values: Values) -> bytes:
        """The value's bytes."""
        return html_piece(values[self.slot])


def text_piece(value: str) -> bytes:
    """A value in a quoted-printable text part."""
    return plain(value) or quoted(without_controls(value))


def html_piece(value: str) -> bytes:
    """A value in a quoted-printable HTML part, escaped for text and for attributes."""
    return plain(value) or quoted(escape(without_controls(value)))


@dataclass(frozen=True, slots=True)
class _Run:
    """Fixed bytes in base64, prepared for 0, 1 or 2 bytes that precede them in their group of three."""

    taken: tuple[bytes, bytes, bytes]
    lines: tuple[bytes, bytes, bytes]
    rest: tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Base64Gap:
    """A whole base64 part with slots: what follows a value is taken from the preparation that fits its length."""

    runs: tuple[_Run | Slot, ...]
    is_html: bool

    @property
    def slots(self) -> tuple[Slot, ...]:
        """What fills it, in order."""
        return tuple(run for run in self.runs if not isinstance(run, _Run))

    def filled(self, values: Values) -> bytes:
        """The part's bytes."""
        out: list[bytes] = []
        carried = b""
        for run in self.runs:
            if isinstance(run, _Run):
                phase = len(carried)
                taken = run.taken[phase]
                if len(carried) + len(taken) == 3:  # a whole group
                    out.append(b64encode(carried + taken) + b"\r\n")
                    carried = b""
                elif taken or carried:
                    carried += taken
                    continue
                out.append(run.lines[phase])
                carried = run.rest[phase]
            else:
                value = without_controls(values[run])
                data = carried + (escape(value) if self.is_html else value).encode("utf-8", "replace")
                whole = len(data) // 3 * 3
                out.append(base64_lines(data[:whole]))
                carried = data[whole:]
        if carried:
            out.append(b64encode(carried) + b"\r\n")
        return b"".join(out)


Gap = HeaderGap | TextGap | HtmlGap | Base64Gap
Segment = bytes | Gap


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A message in encoded pieces; `head` ends with the empty line."""

    head: tuple[Segment, ...]
    body: tuple[Segment, ...]

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Head and body."""
        return self.head + self.body

    @property
    def size_bytes(self) -> int:
        """The size without what fills the gaps."""
        return sum(len(segment) for segment in self.segments if isinstance(segment, bytes))


def fill(skeleton: Skeleton, values: Values) -> bytes:
    """The message for one person.

    Raises:
        KeyError: a slot or key of the skeleton has no value.
        WrongInput: an address cannot stand in a header.
    """
    return b"".join(pieces(skeleton.head, values) + pieces(skeleton.body, values))


def pieces(segments: tuple[Segment, ...], values: Values) -> list[bytes]:
    """The segments with their gaps filled, to be joined or written as they are."""
    return [segment if isinstance(segment, bytes) else segment.filled(values) for segment in segments]


def skeleton(letter: Letter, *, headers: Sequence[tuple[str, HeaderValue]]) -> Skeleton:
    """The letter as a message whose gaps are filled by `fill`.

    `Subject` comes from the letter and stands after `To`; `MIME-Version` and `Content-Type` come last.

    Args:
        headers: in order; a `Key` is filled for each message, and so is a slot.
    """
    content_type, body = _body(letter)
    named = [(name, value) for name, value in headers if name.lower() != "subject"]
    after = next((number for number, (name, _) in enumerate(named, 1) if name.lower() == "to"), len(named))
    named.insert(after, ("Subject", letter.subject))
    named += [("MIME-Version", "1.0"), ("Content-Type", content_type)]
    head = [_header(name, value) for name, value in named]
    return Skeleton(_joined([*head, b"\r\n"]), _joined(body))


def header_writer(name: str) -> Callable[[str, str], bytes]:
    """What writes a header of this name: its name and value to its bytes, with CRLF."""
    return mailbox_header if name.lower() in MAILBOX_HEADERS else header


def header_line(name: str, value: str) -> bytes:
    """A header's bytes, with CRLF."""
    return header_writer(name)(name, value)


def _header(name: str, value: HeaderValue) -> Segment:
    parts = (value,) if isinstance(value, str | Key) else tuple(value)
    slots = tuple(part.name if isinstance(part, Key) else part for part in parts if not isinstance(part, str))
    pattern = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
    return HeaderGap(name, pattern, slots) if slots else header_line(name, pattern % ())


# --- the body -------------------------------------------------------------------------------------------------------


def _body(letter: Letter) -> tuple[str, list[Segment]]:
    """The content type of the whole, and its parts."""
    mark = _mark(letter)
    text = _part("text/plain; charset=utf-8", letter.text, is_html=False)
    html = _part("text/html; charset=utf-8", letter.html, is_html=True)
    if letter.embedded and letter.pictures:
        related = f"=_r{mark}"
        pictures: list[list[Segment]] = [[_picture(picture)] for picture in letter.pictures]
        inner = _multipart(related, [html, *pictures])
        content_type = f'multipart/related; boundary="{related}"; type="text/html"'
        html = [header("Content-Type", content_type), b"\r\n", *inner]
    boundary = f"=_a{mark}"
    return f'multipart/alternative; boundary="{boundary}"', _multipart(boundary, [text, html])


def _mark(letter: Letter) -> str:
    """A boundary's mark: `=_` stands in no quoted-printable and no base64, and the hash makes it the letter's own."""
    digest = sha256()
    for segments in (letter.subject, letter.html, letter.text):
        digest.update(repr(segments).encode("utf-8", "surrogatepass"))
    for picture in letter.pictures:
        digest.update(picture.name.encode())
    return digest.hexdigest()[:24]


def _multipart(boundary: str, parts: Sequence[list[Segment]]) -> list[Segment]:
    line = boundary.encode("ascii")
    whole: list[Segment] = []
    for part in parts:
        whole += [b"--" + line + b"\r\n", *part, b"\r\n"]
    return [*whole, b"--" + line + b"--\r\n"]


def _picture(picture: Picture) -> bytes:
    return b"".join(
        (
            header("Content-Type", picture.media_type),
            header("Content-Transfer-Encoding", "base64"),
            header("Content-ID", f"<{content_id(picture.name)}>"),
            header("Content-Disposition", f'inline; filename="{picture.name}"'),
            b"\r\n",
            base64_lines(picture.content),
        )
    )


def _part(content_type: str, segments: Segments, *, is_html: bool) -> list[Segment]:
    plain: list[Segment] = []
    for number, segment in enumerate(segments):
        if isinstance(segment, str):
            encoded = quoted(segment)
            # a soft break keeps a value and the fixed text around it on lines of their own
            before = b"=\r\n" if number else b""
            after = b"=\r\n" if number + 1 < len(segments) and not encoded.endswith(b"\n") else b""
            plain.append(before + encoded + after)
        else:
            if number and not isinstance(segments[number - 1], str):
                plain.append(b"=\r\n")
            plain.append(HtmlGap(segment) if is_html else TextGap(segment))
    size = sum(len(segment) for segment in plain if isinstance(segment, bytes))
    fixed = sum(len(segment.encode("utf-8", "replace")) for segment in segments if isinstance(segment, str))
    if fixed * 78 // 57 < size:
        return [
            header("Content-Type", content_type),
            header("Content-Transfer-Encoding", "base64"),
            b"\r\n",
            Base64Gap(tuple(map(_run, segments)), is_html),
        ]
    return [
        header("Content-Type", content_type),
        header("Content-Transfer-Encoding", "quoted-printable"),
        b"\r\n",
        *plain,
    ]


def _run(segment: str | Slot) -> _Run | Slot:
    if not isinstance(segment, str):
        return segment
    data = segment.replace("\n", "\r\n").encode("utf-8", "replace")
    taken, lines, rest = [], [], []
    for phase in range(3):
        start = -phase % 3
        end = start + max(0, len(data) - start) // 3 * 3
        taken.append(data[:start])
        lines.append(base64_lines(data[start:end]))
        rest.append(data[end:])
    return _Run(_three(taken), _three(lines), _three(rest))


def _three(values: list[bytes]) -> tuple[bytes, bytes, bytes]:
    first, second, third = values
    return first, second, third


def _joined(segments: list[Segment]) -> tuple[Segment, ...]:
    """The segments with neighbouring bytes joined."""
    joined: list[Segment] = []
    for segment in segments:
        if isinstance(segment, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += segment
        else:
            joined.append(segment)
    return tuple(joined)
