"""Whether the links of an issue lead somewhere: asked for over the network, only when somebody wants it.

Every address is asked once, by HEAD and, where that is refused, by GET without reading the page. Only public addresses are
asked: an issue may come from outside, and a server that checks it must not be led to the machines around it. So every name,
after each redirect too, is looked up first, and the address that was looked at is the one connected to.
"""

import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.cookies import CookieError, SimpleCookie
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Literal
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from mailer.base.domain_names import ascii_domain
from mailer.base.errors import WrongInput
from mailer.content import Finding, Issue
from mailer.content.checks.links import addresses_of

SECONDS: Final = 15.0
"""How long one address may take, with all its redirects."""
AT_ONCE: Final = 16
AT_ONCE_A_SITE: Final = 2
REDIRECTS: Final = 10
_PERMANENT: Final = frozenset({301, 308})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_GONE: Final = frozenset({404, 410})
_FOR_PEOPLE: Final = frozenset({401, 403, 405, 406, 407, 418, 429, 451, 999})
"""What sites answer to programs though a person would see the page; 999 is LinkedIn's."""
HEADERS: Final = {
    "User-Agent": "Mozilla/5.0 (compatible; mailer link check)",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Encoding": "identity",
    "Connection": "close",
}

Address = IPv4Address | IPv6Address
Verdict = Literal["fine", "broken", "unreachable", "refused", "moved", "private"]


def is_public(address: Address) -> bool:
    """Whether anybody may be asked at this address: no loopback, no private network, no link-local service."""
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_global) and not address.is_multicast


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking for an address; `why` is what the message says."""

    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """How addresses are asked for.

    `may_ask` says which network addresses are connected to; `tls` whom an https site must be trusted by; `seconds` is the
    limit for one address with all its redirects.
    """

    may_ask: Callable[[Address], bool] = is_public
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    seconds: float = SECONDS

    def findings(self, issue: Issue) -> tuple[Finding, ...]:
        """What is to be said about the links of an issue, each at its place; it takes seconds."""
        asked = [(href, place) for href, place in addresses_of(issue) if urlsplit_scheme(href) in {"http", "https"}]
        answers = self.ask(href for href, _ in asked)
        found = {
            Finding(place, level, code, f"{href} {answers[href].why}")
            for href, place in asked
            if (told := _TOLD.get(answers[href].verdict))
            for level, code in [told]
        }
        return tuple(sorted(found))

    def ask(self, addresses: Iterable[str]) -> Mapping[str, Answer]:
        """The answer for every address: sixteen at once, two at a site."""
        turns: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(AT_ONCE_A_SITE))
        by_site: dict[str, int] = defaultdict(int)
        order: list[tuple[int, str, threading.Semaphore]] = []
        for address in dict.fromkeys(addresses):
            site = urlsplit(address).netloc.lower()
            order.append((by_site[site], address, turns[site]))
            by_site[site] += 1
        order.sort(key=lambda entry: entry[0])  # one of each site first, so that none holds up the others
        distinct = [address for _, address, _ in order]
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="link")
        try:
            return dict(zip(distinct, pool.map(self._in_turn, distinct, [turn for *_, turn in order]), strict=True))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # Ctrl-C need not wait for what was not begun

    def _in_turn(self, address: str, turn: threading.Semaphore) -> Answer:
        with turn:
            return self.answer(address)

    def answer(self, address: str) -> Answer:
        """What one address answers, after its redirects."""
        until = time.monotonic() + self.seconds
        try:
            return _followed(address, lambda url, cookies: self._asked(url, cookies, until))
        except _CannotAskError as fault:
            return fault.answer

    def _asked(self, url: str, cookies: Mapping[str, str], until: float) -> "_Reply":
        """By HEAD, in half of the time that is left; by GET where that is refused or not answered."""
        half = (time.monotonic() + until) / 2
        try:
            reply = self._reply("HEAD", url, cookies, half)
        except _CannotAskError as fault:
            if fault.answer.verdict != "unreachable" or not fault.was_connected:
                raise
        else:
            if reply.status < 400:
                return reply
        return self._reply("GET", url, cookies, until)

    def _reply(self, method: str, url: str, cookies: Mapping[str, str], until: float) -> "_Reply":
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        try:
            port = parts.port or (443 if secure else 80)
        except ValueError as fault:
            raise _CannotAskError("broken", "names no port that exists; mend the address") from fault
        headers = HEADERS | ({"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())} if cookies else {})
        with self._connected(host, port, until=until, secure=secure) as connection:
            connection.request(method, _target(url), headers=headers)
            reply = connection.getresponse()
            return _Reply(reply.status, reply.headers.get("Location", ""), reply.headers.get_all("Set-Cookie") or [])

    @contextmanager
    def _connected(self, host: str, port: int, *, until: float, secure: bool) -> Iterator[HTTPConnection]:
        """A connection to an address that may be asked; it is cut when the time is over, whatever trickles in."""
        connection = HTTPConnection(host, port)
        cut: threading.Timer | None = None
        handle: socket.socket | None = None  # TLS takes the socket itself
        try:
            plain = self._dialled(host, port, until)
            handle = plain.dup()
            cut = threading.Timer(max(until - time.monotonic(), 0), _cut, [handle])
            cut.daemon = True
            cut.start()
            connection.sock = self.tls.wrap_socket(plain, server_hostname=host) if secure else plain
            yield connection
        except ssl.SSLCertVerificationError as fault:
            raise _CannotAskError(
                "unreachable", f"has no certificate that can be trusted ({fault.verify_message}); open it in a browser"
            ) from fault
        except (OSError, HTTPException) as fault:
            is_late = isinstance(fault, TimeoutError) or time.monotonic() >= until
            reason = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
            told = f"did not answer within {self.seconds:g} s" if is_late else f"cannot be reached: {reason}"
            raise _CannotAskError(
                "unreachable", f"{told}; check again later", was_connected=handle is not None
            ) from fault
        finally:
            if cut is not None and handle is not None:
                cut.cancel()
                handle.close()
            connection.close()

    def _dialled(self, host: str, port: int, until: float) -> socket.socket:
        """A socket to the first of the host's addresses that answers; each is looked at before it is connected to."""
        try:
            name = host if host.isascii() else ascii_domain(host)
            known = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError, WrongInput) as fault:
            if isinstance(fault, socket.gaierror) and fault.errno == socket.EAI_AGAIN:
                raise _CannotAskError(
                    "unreachable", f"cannot be asked: {host} is not found now; check again later"
                ) from fault
            raise _CannotAskError("broken", f"names no site that exists: {host}; mend the address") from fault
        last = OSError("it has no address")
        for family, kind, protocol, _, place in known:
            if not self.may_ask(ip_address(str(place[0]).partition("%")[0])):
                raise _CannotAskError(
                    "private", f"leads to {place[0]}, which no reader can reach; write the public address"
                )
            tried = socket.socket(family, kind, protocol)
            tried.settimeout(max(until - time.monotonic(), 0.01))
            try:
                tried.connect(place)
            except OSError as refused:
                tried.close()
                last = refused
            else:
                return tried
        raise last


_TOLD: Final[Mapping[Verdict, tuple[Literal["error", "warning"], str]]] = {
    "broken": ("error", "link-broken"),
    "private": ("error", "private-link"),
    "unreachable": ("warning", "link-unreachable"),
    "refused": ("warning", "link-refused"),
    "moved": ("warning", "link-moved"),
}


class _CannotAskError(Exception):
    """The address gave no answer that could be read; it becomes an `Answer` at once."""

    def __init__(self, verdict: Verdict, why: str, *, was_connected: bool = False) -> None:
        super().__init__(why)
        self.answer, self.was_connected = Answer(verdict, why), was_connected


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    location: str
    cookies: list[str]


def _followed(address: str, ask: Callable[[str, Mapping[str, str]], _Reply]) -> Answer:
    """The answer after redirects; cookies are kept from one to the next, since many sites go in circles without."""
    url, for_good, cookies = address, True, dict[str, str]()
    seen: set[tuple[str, str]] = set()
    while len(seen) <= REDIRECTS:
        reply = ask(url, cookies)
        if reply.status not in _REDIRECTS or not reply.location:
            return _judged(reply.status, address, url, for_good=for_good)
        state = (url, repr(sorted(cookies.items())))
        if state in seen:
            break
        seen.add(state)
        for_good = for_good and reply.status in _PERMANENT
        after = quote(reply.location, safe="%/:=&?~#+!$,;'@()*[]")
        with suppress(ValueError):  # https://[ is no address
            after = urljoin(url, after)
        if urlsplit_scheme(after) not in {"http", "https"}:
            return Answer("unreachable", f"leads on to {after}; open it in a browser")
        if urlsplit(after).hostname != urlsplit(url).hostname:
            cookies = {}
        cookies |= _cookies(reply.cookies)
        url = after
    return Answer("unreachable", "leads in circles; open it in a browser")


def _judged(status: int, address: str, url: str, *, for_good: bool) -> Answer:
    if status in _GONE:
        return Answer("broken", f"answers {status}, there is no such page; mend the address or drop the link")
    if status in _FOR_PEOPLE:
        return Answer("refused", f"answers {status} to programs, so that it cannot be judged; open it in a browser")
    if not 200 <= status < 300:
        return Answer("unreachable", f"answers {status}; check again later")
    if for_good and _apart(address, url):
        return Answer("moved", f"has moved for good; write {url}")
    return Answer("fine")


def _apart(one: str, other: str) -> bool:
    """Whether two addresses differ by more than a slash at the end or a fragment."""
    return _target(one).rstrip("/") != _target(other).rstrip("/") or urlsplit(one)[:2] != urlsplit(other)[:2]


def _target(url: str) -> str:
    """What is asked for, without the fragment, in ASCII."""
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe="%/:=&?~+!$,;'@()*[]")
    return urlunsplit(("", "", path, quote(parts.query, safe="%/:=&?~+!$,;'@()*[]"), ""))


def _cookies(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        except CookieError:  # a cookie that a browser would not keep either
            continue
    return found


def _cut(connected: socket.socket) -> None:
    """Ends a connection under whoever waits for it."""
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return


def urlsplit_scheme(address: str) -> str:
    """The scheme of an address; empty where it has none or cannot be read, which the checker tells in its own way."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.scheme if parts.hostname else ""
