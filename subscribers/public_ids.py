"""The ids of people that may leave the house: random, and close together for people who came at the same time.

The first six bytes are the moment, so that a million new ones land on the same few pages of the index.
"""

import secrets
from base64 import urlsafe_b64encode
from datetime import datetime

BYTES = 16  # 22 letters of base64


def new_public_ids(count: int, now: datetime) -> list[str]:
    """`count` fresh public ids."""
    moment = int(now.timestamp() * 1000).to_bytes(6, "big")
    noise = secrets.token_bytes((BYTES - 6) * count)
    width = BYTES - 6
    return [
        urlsafe_b64encode(moment + noise[start : start + width])[:22].decode("ascii")
        for start in range(0, len(noise), width)
    ]
