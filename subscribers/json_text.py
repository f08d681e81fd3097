"""JSON from elsewhere, read so that every database can keep it."""

import json
import math
from typing import Any


def read_json(text: str) -> Any:
    """What `text` says; a NUL and half of a surrogate pair, which no database takes, are left out.

    Raises:
        ValueError: it is no JSON, or holds a number that is none (NaN, Infinity).
    """
    try:
        found = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        message = "it is nested too deep"
        raise ValueError(message) from error
    # Only an escape can bring in such signs, and only an exponent a number without end.
    return _clean(found) if "\\u" in text or "e" in text or "E" in text else found


def _refuse(constant: str) -> Any:
    message = f"{constant} is no number"
    raise ValueError(message)


def _clean(found: Any) -> Any:
    match found:
        case str():
            return found.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
        case float() if not math.isfinite(found):
            return _refuse(str(found))
        case list():
            return [_clean(each) for each in found]
        case dict():
            return {_clean(name): _clean(each) for name, each in found.items()}
    return found
