"""Encoded bytes of mail → text, whatever they hold; nothing here raises."""

import re
from binascii import a2b_base64, a2b_qp
from html import unescape

# Codecs of Python that are no charsets (hex, zip, undefined, unicode_escape) do not match.
_CHARSET = re.compile(
    r"(?i)^(utf-?(8|16|16le|16be|32|7)|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?1|iso-2022-(jp|kr)(-\w+)?|windows-?\d{3,4}"
    r"|cp\d{3,4}|koi8-[ru]|shift_?jis|sjis|euc-?(jp|kr)|gb2312|gbk|gb18030|big5|tis-620|mac-?roman)$"
)
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(=\?)")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_HIDDEN_HTML = (("<style", "</style"), ("<script", "</script"), ("<head", "</head"), ("<!--", "-->"))
_BREAKS = re.compile(r"(?i)<(br|/?p|/?div|/?tr|/?li|/?h\d|/?table|/?pre|hr)\b[^<>]*>")
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_BLANKS = re.compile(r"[ \t\xa0]+")


def decode_transfer(body: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding (RFC 2045 §6); what is broken is decoded as far as it goes."""
    encoding = encoding.strip().lower()
    if encoding == "base64":
        return _decode_base64(body)
    if encoding == "quoted-printable":
        return a2b_qp(body)
    return body


def _decode_base64(body: bytes) -> bytes:
    data = _NO_BASE64.sub(b"", body)
    data = data[: len(data) - (len(data) % 4 == 1)]  # one sign alone is no byte
    return a2b_base64(data + b"=" * (-len(data) % 4))


def decode_text(body: bytes, charset: str) -> str:
    """Text of a named charset; an unknown or missing one is guessed."""
    charset = charset.strip().strip("\"'").lower().removeprefix("unicode-1-1-")
    if charset in ("", "us-ascii", "ascii", "utf-7") or not _CHARSET.match(charset):
        charset = "iso2022_jp" if b"\x1b$" in body else "utf-8"
    try:
        return body.decode(charset, "replace")
    except (LookupError, UnicodeError):
        return body.decode("latin-1")


def decode_words(value: str) -> str:
    """A header's value with its encoded words (RFC 2047) decoded."""
    if "=?" not in value:
        return value
    return _ENCODED_WORD.sub(_decode_word, _BETWEEN_WORDS.sub(r"\1\2", value))


def _decode_word(match: re.Match[str]) -> str:
    charset, encoding, text = match.groups()
    data = text.encode("utf-8", "replace")
    body = _decode_base64(data) if encoding in "bB" else a2b_qp(data, header=True)
    return decode_text(body, charset.partition("*")[0])


def text_of_html(html: str) -> str:
    """The words of a page, a line for each block."""
    for opening, closing in _HIDDEN_HTML:
        html = _without(html, opening, closing)
    text = _TAG.sub(" ", _BREAKS.sub("\n", html))
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in unescape(text).split("\n"))


def _without(html: str, opening: str, closing: str) -> str:
    """The page without what stands between these two; by hand, as a regular expression would take quadratic time."""
    kept, position = [], 0
    lower = html.lower() if html.isascii() else html  # lower case may change the length elsewhere
    while (start := lower.find(opening, position)) >= 0 and (end := lower.find(closing, start)) >= 0:
        kept.append(html[position:start])
        position = end
    return " ".join([*kept, html[position:]])
