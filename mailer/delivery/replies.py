"""A relay's replies: bytes to codes and texts (RFC 5321 §4.2, RFC 2034)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# RFC 5321 §4.5.3.1.5 allows 512 octets a line; relays that write more are understood, those that never end are not.
LINE_LIMIT_BYTES = 8 * 1024
REPLY_LIMIT_BYTES = 64 * 1024
TEXT_LIMIT = 500

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\r\n]*))?")
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s+|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

_KNOWN_LIMIT = 64
"""So many different lines are remembered: most of what a relay says it says for every message."""


class NotSmtp(ValueError):
    """What came is no reply of SMTP: the connection cannot be used any longer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole reply, its lines still as they came; `kind` is the first digit: 2 done, 3 go on, 4 not now, 5 never."""

    code: int
    lines: tuple[bytes, ...]
    kind: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", self.code // 100)

    @property
    def texts(self) -> list[str]:
        """The lines as text; 8-bit replies are mostly UTF-8, and never lost if they are not."""
        return [line.decode("utf-8", "replace") for line in self.lines]

    def parts(self) -> tuple[str, str]:
        """The enhanced status code, such as `5.1.1`, empty where there is none; and all lines as one text.

        Some write the code into the last line only; of several that differ the first counts. The text is without them, and
        cut to a bearable length.
        """
        enhanced, told = "", []
        for line in self.texts:
            found = _ENHANCED.match(line)
            told.append(line[found.end() :] if found else line)
            enhanced = enhanced or (found[1] if found else "")
        text = " ".join(told)
        if not text.isprintable():
            text = _CONTROL.sub(" ", text)
        return enhanced, text.strip()[:TEXT_LIMIT]


class ReplyReader:
    """Gathers bytes as they come and gives the replies that are complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._known: dict[bytes, Reply] = {}
        self._lines: list[bytes] = []
        self._code = 0
        self._size = 0

    def feed(self, data: bytes) -> Iterator[Reply]:
        """The replies that `data` completes, each before what follows it is looked at.

        Raises:
            NotSmtp: a line that is no reply, a code that changes within one, or an endless reply.
        """
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            reply = None if self._lines else self._known.get(line)
            if reply is None:
                reply = self._line(line.rstrip(b"\r"))
                if reply is None:
                    continue
                if len(reply.lines) == 1 and len(self._known) < _KNOWN_LIMIT:
                    self._known[line] = reply
            yield reply
        if len(self._rest) > LINE_LIMIT_BYTES:
            raise NotSmtp("a line without end")

    def _line(self, line: bytes) -> Reply | None:
        found = _LINE.fullmatch(line)
        if found is None:
            raise NotSmtp(f"no reply of SMTP: {line[:80].decode('utf-8', 'replace')!r}")
        code, sign, text = int(found[1]), found[2], found[3] or b""
        if self._lines and code != self._code:
            raise NotSmtp(f"a reply that began with {self._code} goes on with {code}")
        self._size += len(line)
        if self._size > REPLY_LIMIT_BYTES:
            raise NotSmtp("a reply without end")
        self._code = code
        self._lines.append(text)
        if sign == b"-":
            return None
        reply = Reply(code, tuple(self._lines))
        self._lines, self._size = [], 0
        return reply


def shown(reply: Reply) -> str:
    """The reply in one line, for logs and people."""
    return " ".join(part for part in (str(reply.code), *reply.parts()) if part)


def expect_no_more(reply: Reply) -> None:
    """Who asks for more where nothing more comes is out of step with us, and would take our next commands for a message.

    Raises:
        NotSmtp: it asks for more.
    """
    if reply.kind == 3:
        raise NotSmtp(f"it waits for more, and says {shown(reply)}")
