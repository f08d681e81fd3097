"""How values of settings are written: addresses, lists, durations, rates by domain."""

import re
from datetime import timedelta
from math import inf
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

_SECONDS: Final = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_CENTURY: Final = timedelta(days=36_525)
"""The longest: a date so long ago or ahead is still one."""


def names_a_host(url: str) -> bool:
    """Whether an address names a host, one of IPv6 in its brackets, and no port that there is not."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and not any(sign.isspace() for sign in url)
    except ValueError:
        return False


def place_of(host: str, port: int) -> str:
    """`HOST:PORT`; an IPv6 address stands in brackets (RFC 3986 §3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_list(value: object) -> object:
    """Several values in one variable are separated by commas or blanks."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _duration(value: object) -> object:
    """`90 s`, `5 min`, `6 h`, `2 d`, or a number of seconds."""
    if not isinstance(value, str):
        return value
    message = "a duration such as 90 s, 5 min, 6 h or 2 d"
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+) *(s|m|min|h|d|)", value.strip(), re.ASCII)
    seconds = float(found[1]) * _SECONDS[found[2]] if found else inf
    if seconds > _CENTURY.total_seconds():
        raise ValueError(message)
    return timedelta(seconds=seconds)


def rates_by_domain(value: object) -> object:
    """`DOMAIN=RATE` by blanks or commas, or a table of them."""
    message = "rates above 0 by domain, such as gmail.com=20 yahoo.com=5"
    if isinstance(value, str):
        pairs = [pair.partition("=") for pair in value.replace(",", " ").split()]
        value = {domain: rate for domain, _, rate in pairs}
    if not isinstance(value, dict):
        raise ValueError(message)  # noqa: TRY004 - pydantic wants it so
    try:
        rates = {str(domain).lower(): float(rate) for domain, rate in value.items()}
    except (TypeError, ValueError) as error:
        raise ValueError(message) from error
    if not all(0 < rate < float("inf") and "." in domain and "@" not in domain for domain, rate in rates.items()):
        raise ValueError(message)
    return rates


Duration = Annotated[timedelta, Field(ge=timedelta(0), le=_CENTURY), BeforeValidator(_duration)]
