"""Text as mail carries it: quoted-printable, base64 and encoded words (RFC 2045 §6, RFC 2047), CRLF, nothing bare.

The quoted-printable made here needs no dot-stuffing, has no blanks at a line's end and no two blanks in a row: it is
its own relaxed canonical form (RFC 6376 §3.4.4), and relays that tidy blanks break no signature.
"""

import re
from base64 import b64encode
from typing import Final

from mailer.base.domain_names import ascii_domain
from mailer.base.errors import WrongInput

LINE: Final = 75
"""Characters before a soft line break; with its `=` a line has 76 (RFC 2045 §6.7 rule 5)."""
HEADER_LINE: Final = 78
WORD: Final = 75
"""The longest encoded word (RFC 2047 §2)."""
CONTROLS: Final = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]+")
"""What no value may bring into a message: a line's end in a name would start a header of the recipient's making."""

_UNSAFE: Final = re.compile("[^\n -<>-~]")
_BLANKS: Final = re.compile("(?<= ) |  $| $", re.MULTILINE)
_PLAIN: Final = re.compile(r"(?!From )[A-Za-z0-9_:/?~,@+#%-][A-Za-z0-9_:/?~,@+#%.-]*(?: [A-Za-z0-9_:/?~,@+#%.-]+)*")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_SIMPLE: Final = re.compile(r"[!-~]+(?: [!-~]+)*")
_SIMPLE_MAILBOX: Final = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)* <[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+>")
_Q_UNSAFE: Final = re.compile(r"[^A-Za-z0-9!*+/-]")


def without_controls(value: str) -> str:
    """The value with a blank in the place of line ends and other control characters."""
    return value if value.isprintable() else CONTROLS.sub(" ", value)


# --- bodies ---------------------------------------------------------------------------------------------------------


def plain(value: str) -> bytes | None:
    """The bytes of a value that needs no escape in quoted-printable nor in HTML, as a link and most names; else None."""
    if _PLAIN.fullmatch(value) is None:
        return None
    return (value if len(value) <= LINE else _folded(value)).encode("ascii")


def quoted(text: str) -> bytes:
    r"""Text in quoted-printable; `\n` becomes CRLF. It begins a new line and may end within one."""
    raw = text.encode("utf-8", "replace").decode("latin-1")
    escaped = _BLANKS.sub(lambda blanks: "=20" * len(blanks[0]), _UNSAFE.sub(_hex, raw))
    return "\r\n".join(map(_folded, escaped.split("\n"))).encode("ascii")


def _hex(sign: re.Match[str]) -> str:
    return f"={ord(sign[0]):02X}"


def _folded(line: str) -> str:
    """One line with soft breaks; a dot or `From ` at the beginning of a line is written as a number."""
    pieces = []
    while True:
        if line.startswith("."):
            line = f"=2E{line[1:]}"
        elif line.startswith("From "):
            line = f"=46{line[1:]}"
        if len(line) <= LINE:
            pieces.append(line)
            return "=\r\n".join(pieces)
        cut = LINE
        if line[cut - 1] == "=":
            cut -= 1
        elif line[cut - 2] == "=":
            cut -= 2
        pieces.append(line[:cut])
        line = line[cut:]


def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76, each ended by CRLF."""
    encoded = b64encode(data)
    lines = [encoded[start : start + 76] for start in range(0, len(encoded), 76)]
    return b"".join(line + b"\r\n" for line in lines)


# --- headers --------------------------------------------------------------------------------------------------------


def header(name: str, value: str) -> bytes:
    """A header line, folded to 78 where it has blanks, encoded only where it is not ASCII; ends with CRLF."""
    is_short = len(name) + len(value) <= HEADER_LINE - 2
    if (is_short or (" " not in value and name != "Subject")) and _SIMPLE.fullmatch(value) and "=?" not in value:
        return f"{name}: {value}\r\n".encode("ascii")  # where it is long it is one word, and cannot be folded
    words = without_controls(value).split()
    marked = [number for number, word in enumerate(words) if _needs_encoding(word, name)]
    if marked:
        first, last = marked[0], marked[-1] + 1
        used = len(name) + 2 + sum(len(word) + 1 for word in words[:first])
        words[first:last] = encoded_words(" ".join(words[first:last]), room=HEADER_LINE - used)
    return f"{_folded_header(name, words)}\r\n".encode("ascii")


def mailbox_header(name: str, value: str) -> bytes:
    """A header that holds one mailbox, given as `Name <address>` with the name as a person writes it, unquoted.

    Only a recipient's may have letters of other scripts before its @ (RFC 6532 §3.2): such a message goes to relays that
    offer SMTPUTF8, and to no others.

    Raises:
        WrongInput: the address cannot stand in this header.
    """
    if len(name) + len(value) <= HEADER_LINE - 2 and _SIMPLE_MAILBOX.fullmatch(value):
        return f"{name}: {value}\r\n".encode("ascii")
    person, found, rest = without_controls(value).rpartition("<")
    address = header_address(rest.partition(">")[0] if found else value, is_recipient=name.lower() == "to")
    words = [*_phrase(" ".join(person.split()), room=HEADER_LINE - len(name) - 2), f"<{address}>"]
    if len(words) == 1:
        words = [address]
    return f"{_folded_header(name, words)}\r\n".encode()


def header_address(address: str, *, is_recipient: bool = False) -> str:
    """The address as it stands in a header, with its domain in ASCII.

    Raises:
        WrongInput: it holds what no address in a header may hold.
    """
    local, at, domain = address.strip().rpartition("@")
    if not domain.isascii():
        domain = ascii_domain(domain)
    whole = f"{local}{at}{domain}"
    is_readable = local.isascii() or (is_recipient and local.isprintable())
    if not at or not is_readable or re.search(r"[\x00-\x20<>,;\x7f]", whole):
        raise WrongInput(f"{address!r} cannot stand in a header", do="correct the address")
    return whole


def encoded_words(text: str, *, room: int = WORD) -> list[str]:
    """The text as encoded words, in Q or B, whichever is shorter; blanks between them are not part of it.

    Args:
        room: characters left on the line for the first word.
    """
    q = sum(len(_q(sign)) for sign in text)
    b = (len(text.encode()) + 2) // 3 * 4
    write, size = (_b_word, _b_size) if b < q else (_q_word, _q_size)
    words, chunk, limit = [], "", min(WORD, max(room, 24))
    for sign in text:
        if chunk and size(chunk + sign) > limit:
            words.append(write(chunk))
            chunk, limit = "", WORD
        chunk += sign
    return [*words, write(chunk)]


def _q(sign: str) -> str:
    if sign == " ":
        return "_"
    return "".join(f"={byte:02X}" for byte in sign.encode("utf-8", "replace")) if _Q_UNSAFE.match(sign) else sign


def _q_word(text: str) -> str:
    return f"=?utf-8?q?{''.join(map(_q, text))}?="


def _q_size(text: str) -> int:
    return 12 + sum(len(_q(sign)) for sign in text)


def _b_word(text: str) -> str:
    return f"=?utf-8?b?{b64encode(text.encode('utf-8', 'replace')).decode('ascii')}?="


def _b_size(text: str) -> int:
    return 12 + (len(text.encode("utf-8", "replace")) + 2) // 3 * 4


def _needs_encoding(word: str, name: str) -> bool:
    # a word of an unstructured header that cannot be folded; an address or link elsewhere must stay as it is
    return not word.isascii() or "=?" in word or (name == "Subject" and len(word) > HEADER_LINE - 12)


def _phrase(person: str, *, room: int) -> list[str]:
    """A display name (RFC 5322 §3.4): as it is, quoted, or encoded."""
    if len(person) > 1 and person[0] == person[-1] == '"':
        person = re.sub(r"\\(.)", r"\1", person[1:-1])
    if not person:
        return []
    if not person.isascii() or "=?" in person or len(person) > room - 2:
        return encoded_words(person, room=room)
    if _ATOMS.fullmatch(person):
        return person.split(" ")
    escaped = person.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']


def _folded_header(name: str, words: list[str]) -> str:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) <= HEADER_LINE or lines[-1] == f"{name}:":
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines)
