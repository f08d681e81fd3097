"""Opaque links: what a link may do, for whom, signed with HMAC-SHA256 (RFC 2104), without expiry, revocable by key.

A token is base64url of `key id (1) · purpose (1) · ids (varints) · mac (16)`. The key id is taken from the key itself, so
that keys can be added and removed in any order; a token of a key that was removed is no longer valid.
"""

import hmac
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from enum import IntEnum
from hashlib import sha256

from mailer.base.errors import NotFound

MAC_BYTES = 16

Signer = Callable[[bytes], str]
"""Makes a token of packed ids."""


class Purpose(IntEnum):
    """What a link is for; a token made for one is refused by every other."""

    UNSUBSCRIBE = 1
    PREFERENCES = 2
    VIEW = 3
    CONFIRM = 4
    CHANGE_ADDRESS = 5
    BOUNCE = 6
    MESSAGE_ID = 7
    FORM = 8
    CURSOR = 10


class Keys:
    """The secret keys, newest first: the newest signs, all verify.

    Args:
        secrets: at least one, each of at least 16 characters.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._by_id = {_key_id(secret): secret.encode() for secret in reversed(secrets)}
        self._newest = _key_id(secrets[0])
        self._secrets = tuple(secrets)
        self._others: dict[int, Keys] = {}
        key = self._by_id[self._newest]
        self._signers = tuple(_signer(key, bytes((self._newest, purpose))) for purpose in range(max(Purpose) + 1))

    @property
    def newest(self) -> int:
        """The id of the key that signs."""
        return self._newest

    def signing_with(self, key_id: int | None) -> "Keys":
        """The same keys, of which an older one signs; where it is not known any more, the newest."""
        if key_id is None or key_id == self._newest or key_id not in self._by_id:
            return self
        if key_id not in self._others:
            secrets = sorted(self._secrets, key=lambda secret: _key_id(secret) != key_id)
            self._others[key_id] = Keys(secrets)
        return self._others[key_id]

    def sign(self, purpose: Purpose, *ids: int) -> str:
        """A token that lets its bearer do `purpose` to `ids` (whole numbers from 0)."""
        return self._signers[purpose](b"".join(map(packed, ids)))

    def signer(self, purpose: Purpose) -> Signer:
        """What makes the same tokens of ids that are packed already: four in every message, which share them."""
        return self._signers[purpose]

    def read(self, purpose: Purpose, token: str) -> tuple[int, ...]:
        """The ids of a token.

        Raises:
            NotFound: it was not made by one of our keys for this purpose, or was altered.
        """
        data = _decode(token)
        payload, mac = data[:-MAC_BYTES], data[-MAC_BYTES:]
        known = len(payload) >= 2 and payload[0] in self._by_id
        # The comparison is always made, and in constant time: how long a refusal takes tells nothing.
        genuine = hmac.compare_digest(mac, self._mac(payload[0] if known else self._newest, payload))
        if not (known and genuine and payload[1] == purpose):
            message = "this link is not valid"
            raise NotFound(message, do="use the link from the newest message that you have")
        return _read_varints(payload[2:])

    def _mac(self, key_id: int, payload: bytes) -> bytes:
        return hmac.digest(self._by_id[key_id], payload, sha256)[:MAC_BYTES]

    def keyed_hash(self, text: str) -> str:
        """A hash that nobody can compute without the newest key, such as that of an erased address."""
        return hmac.digest(self._by_id[self._newest], text.encode(), sha256).hex()

    def keyed_hashes(self, text: str) -> tuple[str, ...]:
        """The hashes of `text` by every key that is still known, to look up what an older one has hashed."""
        return tuple(hmac.digest(key, text.encode(), sha256).hex() for key in self._by_id.values())


def _signer(key: bytes, head: bytes) -> Signer:
    """What makes tokens that begin with `head`, by HMAC-SHA256 with the key's two blocks made once (RFC 2104 §2)."""
    size = sha256().block_size
    block = (sha256(key).digest() if len(key) > size else key).ljust(size, b"\0")
    inner = bytes(byte ^ 0x36 for byte in block) + head
    outer = bytes(byte ^ 0x5C for byte in block)

    def sign(ids: bytes) -> str:
        mac = sha256(outer + sha256(inner + ids).digest()).digest()
        return _encode(head + ids + mac[:MAC_BYTES])

    return sign


def _key_id(secret: str) -> int:
    return sha256(b"key id of " + secret.encode()).digest()[0]


_LOW = tuple(bytes((low | 0x80,)) for low in range(0x80))
_LAST = tuple(bytes((last,)) for last in range(0x80))


def packed(number: int) -> bytes:
    """An id as a token holds it: in groups of seven bits, the lowest first; every group but the last has its high bit set."""
    low = b""
    while number >= 0x80:
        low += _LOW[number & 0x7F]
        number >>= 7
    return low + _LAST[number]


def _read_varints(data: bytes) -> tuple[int, ...]:
    numbers, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value, shift = 0, 0
    return tuple(numbers)


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _encode(data: bytes) -> str:
    return b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def _decode(token: str) -> bytes:
    try:
        data = urlsafe_b64decode(token.encode("ascii", "replace") + b"=" * (-len(token) % 4))
    except (Base64Error, ValueError):
        return b""
    # One text for one token: base64 would also read one whose unused last bits differ.
    return data if _encode(data) == token else b""
