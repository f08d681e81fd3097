"""Properties of what threads share, made when one is first asked for."""

from collections.abc import Callable
from functools import cached_property, wraps
from threading import RLock
from typing import Any, TypeVar

Made = TypeVar("Made")


def once(make: Callable[[Any], Made]) -> cached_property[Made]:
    """A `cached_property` that is made once, whichever thread asks first: since Python 3.12, each of several makes its own."""
    making, name = RLock(), make.__name__

    @wraps(make)
    def made_once(owner: object) -> Made:
        with making:
            kept = vars(owner)
            if name not in kept:
                kept[name] = make(owner)
            made: Made = kept[name]
            return made

    return cached_property(made_once)
