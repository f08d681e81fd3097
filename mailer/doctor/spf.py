"""SPF: who may send under the envelope's domain (RFC 7208)."""

from collections.abc import Iterator
from typing import Final

from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names

MOST_LOOKUPS: Final = 10
"""More make a receiver give up (RFC 7208 §4.6.4)."""
_LOOKING = ("include", "a", "mx", "ptr", "exists", "redirect")


def check(names: Names, domain: str) -> Iterator[Finding]:
    """Exactly one record, that lets in not everybody, and can be followed."""
    about = f"SPF of {domain}"
    records = _records(names, domain)
    if not records:
        message = "there is none: Gmail, Yahoo and Microsoft refuse bulk mail without"
        yield error(about, message, do='publish TXT "v=spf1 include:YOUR-RELAY -all", as your relay tells you')
        return
    if len(records) > 1:
        yield error(about, f"there are {len(records)}, which counts as none", do="make one of them (RFC 7208 §4.5)")
        return
    (record,) = records
    if any(term in ("+all", "all") for term in record.lower().split()):
        yield error(about, f"lets everybody send: {record}", do="end it by -all or ~all")
        return
    count, broken = _lookups(names, domain, set())
    if broken:
        message = f"includes {broken}, which has no SPF record: receivers give up there"
        yield error(about, message, do="take it out, or ask whoever runs it")
    elif count > MOST_LOOKUPS:
        message = f"takes {count} lookups, and receivers give up after {MOST_LOOKUPS}"
        yield error(about, message, do="take out what you no longer send by")
    elif not any(term.endswith("all") or term.startswith("redirect=") for term in record.lower().split()):
        yield warning(about, f"does not say what of all others: {record}", do="end it by -all or ~all")
    else:
        yield ok(about, f"{record} (see that it names your relay)")


def _records(names: Names, domain: str) -> list[str]:
    return [text for text in names.texts(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def _lookups(names: Names, domain: str, seen: set[str]) -> tuple[int, str]:
    """How many lookups following the record takes, and the first domain in it that has none."""
    if domain in seen:
        return 0, ""
    seen.add(domain)
    records = _records(names, domain)
    if len(records) != 1:
        return 0, domain
    total = 0
    for term in records[0].lower().split()[1:]:
        name, sign, target = _split(term)
        if name not in _LOOKING:
            continue
        total += 1
        if name in ("include", "redirect") and sign and "%" not in target:  # a macro is the receiver's to fill
            count, broken = _lookups(names, target, seen)
            if broken:
                return total + count, broken
            total += count
    return total, ""


def _split(term: str) -> tuple[str, str, str]:
    """A term without its qualifier: its name, the sign after it and its value."""
    bare = term.lstrip("+-~?")
    if "=" in bare.partition(":")[0]:
        return bare.partition("=")
    name, sign, value = bare.partition(":")
    return name.partition("/")[0], sign, value.partition("/")[0]
