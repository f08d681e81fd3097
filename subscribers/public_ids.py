"""The ids of people that may leave the house: random, and close together for people who came at the same time.

The first six bytes are the moment, so that a million new ones come in the order of the index: each at its end.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime
from string import ascii_lowercase, ascii_uppercase, digits

AT_ONCE = 1_000
MOMENT, NOISE, LETTERS = 6, 12, 22  # 18 bytes are 24 letters of base64, of which 22 are kept: 126 bits
_LETTER_A = 11 << 42  # else the first letter were a hyphen, which a spreadsheet takes for the begin of a formula
# The letters of base64 in their own order, so that later moments make greater ids.
_IN_ORDER = bytes.maketrans(
    (ascii_uppercase + ascii_lowercase + digits + "-_").encode(),
    ("-" + digits + ascii_uppercase + "_" + ascii_lowercase).encode(),
)


def new_public_ids(count: int, now: datetime) -> Iterator[str]:
    """`count` fresh public ids in their order, made as they are asked for; each thousand has a millisecond of its own."""
    milliseconds = int(now.timestamp() * 1000) + _LETTER_A
    for start in range(0, count, AT_ONCE):
        moment = (milliseconds + start // AT_ONCE).to_bytes(MOMENT, "big")
        noise = secrets.token_bytes(NOISE * min(AT_ONCE, count - start))
        together = b"".join([moment + noise[at : at + NOISE] for at in range(0, len(noise), NOISE)])
        letters = urlsafe_b64encode(together).translate(_IN_ORDER).decode("ascii")
        yield from sorted([letters[at : at + LETTERS] for at in range(0, len(letters), LETTERS + 2)])
