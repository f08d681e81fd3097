"""How values of settings are written: lists, durations, rates by domain."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator


def split_list(value: object) -> object:
    """Several values in one variable are separated by commas or blanks."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _duration(value: object) -> object:
    """`90 s`, `5 min`, `6 h`, `2 d`, or a number of seconds."""
    if not isinstance(value, str):
        return value
    number, _, unit = value.strip().partition(" ") if " " in value.strip() else _split_unit(value.strip())
    seconds = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}.get(unit.strip())
    if seconds is None or not number.replace(".", "", 1).isdigit():
        message = "a duration such as 90 s, 5 min, 6 h or 2 d"
        raise ValueError(message)
    return timedelta(seconds=float(number) * seconds)


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


def _split_unit(text: str) -> tuple[str, str, str]:
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return digits, "", text[len(digits) :]


Duration = Annotated[timedelta, BeforeValidator(_duration)]
