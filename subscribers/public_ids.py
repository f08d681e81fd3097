"""The ids of people that may leave the house: random, and close together for people who came at the same time.

The first six bytes are the moment, so that a million new ones land on the same few pages of the index.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime

AT_ONCE = 1_000
MOMENT, NOISE, LETTERS = 6, 12, 22  # 18 bytes are 24 letters of base64, of which 22 are kept: 126 bits


def new_public_ids(count: int, now: datetime) -> Iterator[str]:
    """`count` fresh public ids, made as they are asked for; each thousand in its order."""
    moment = int(now.timestamp() * 1000).to_bytes(MOMENT, "big")
    for start in range(0, count, AT_ONCE):
        noise = secrets.token_bytes(NOISE * min(AT_ONCE, count - start))
        together = b"".join([moment + noise[at : at + NOISE] for at in range(0, len(noise), NOISE)])
        letters = urlsafe_b64encode(together).decode("ascii")
        yield from sorted([letters[at : at + LETTERS] for at in range(0, len(letters), LETTERS + 2)])
