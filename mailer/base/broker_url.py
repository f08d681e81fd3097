"""Where the queue is: in this process, a Redis, or the Sentinels that know which Redis of several writes now."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from mailer.base.notation import names_a_host

ALLOWED = "embedded, redis://HOST:PORT/N, rediss://… or sentinel://HOST:PORT;HOST:PORT?master=NAME"
MASTER = "mymaster"
"""What the example configuration of Sentinel calls those that it watches."""


@dataclass(frozen=True, slots=True)
class Broker:
    """An address as Celery takes it, empty for the embedded queue; and of Sentinels, whom to ask them for."""

    url: str
    master: str = ""


def read_broker_url(value: str) -> Broker:
    """The broker that MAILER_BROKER_URL names; several addresses are separated by `;`.

    Raises:
        ValueError: what is allowed instead.
    """
    if value in ("", "embedded"):
        return Broker("")
    is_watched = value.startswith("sentinel://")
    places, _, query = value.partition("?") if is_watched else (value, "", "")
    urls = [url if "://" in url else f"sentinel://{url}" for url in places.split(";")]
    schemes = ("sentinel://",) if is_watched else ("redis://", "rediss://")
    options = dict(parse_qsl(query))
    if not all(url.startswith(schemes) and names_a_host(url) for url in urls) or not options.keys() <= {"master"}:
        raise ValueError(ALLOWED)
    return Broker(";".join(urls), options.get("master", MASTER) if is_watched else "")
