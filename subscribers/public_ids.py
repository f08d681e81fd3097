"""The ids of people that may leave the house: random, and close together for people who came at the same time.

The first six bytes are the moment, so that a million new ones land on the same few pages of the index.
"""

import secrets
from base64 import urlsafe_b64encode
from datetime import datetime

MOMENT, NOISE, LETTERS = 6, 12, 22  # 18 bytes are 24 letters of base64, of which 22 are kept: 126 bits


def new_public_ids(count: int, now: datetime) -> list[str]:
    """`count` fresh public ids, in their order."""
    moment = int(now.timestamp() * 1000).to_bytes(MOMENT, "big")
    noise = secrets.token_bytes(NOISE * count)
    together = b"".join([moment + noise[start : start + NOISE] for start in range(0, len(noise), NOISE)])
    letters = urlsafe_b64encode(together).decode("ascii")
    return sorted(letters[start : start + LETTERS] for start in range(0, len(letters), LETTERS + 2))
