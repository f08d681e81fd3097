"""Suppression: addresses and whole domains never to be mailed, why, and since when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import String

from mailer.base import audit
from mailer.base.errors import NotFound, WrongInput
from mailer.base.tokens import Keys
from subscribers.addresses import find_address, parse_domain
from subscribers.models import Suppression

REASONS = ("bounce", "complaint", "manual", "import", "erased")


class domain_of(GenericFunction[str]):  # noqa: N801 - it reads as the SQL function that it is
    """The part of an address key after its @ (there is one only: quoted local parts are not taken)."""

    type = String()
    inherit_cache = True


@compiles(domain_of)
def _domain_of(element: domain_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **options)}, '@', 2)"


@compiles(domain_of, "sqlite")
def _domain_of_sqlite(element: domain_of, compiler: SQLiteCompiler, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"substr({column}, instr({column}, '@') + 1)"


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """One entry of the list. `subject` is the address, the domain after an @, or the start of an erased one's hash."""

    id: int
    subject: str
    reason: str
    source: str
    since: datetime


def may_receive(address_key: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """True in SQL where no suppression stands against the address or its domain.

    What was erased is only known by its hash: that is looked up when an address comes in, so no such row exists here.
    """
    return and_(
        ~exists().where(Suppression.address_key == address_key),
        ~exists().where(Suppression.domain == domain_of(address_key)),
    )


def is_suppressed(session: Session, key: str, *, keys: Keys | None = None) -> bool:
    """Whether an address must not be mailed; with `keys`, erased addresses are known too."""
    return bool(suppressed_keys(session, (key,), keys=keys))


def suppressed_keys(session: Session, keys_of_addresses: Iterable[str], *, keys: Keys | None) -> set[str]:
    """Those of these addresses' keys that must not be mailed (some hundreds at once at most)."""
    wanted = list(keys_of_addresses)
    domains = {key.rpartition("@")[2] for key in wanted}
    bad_domains = set(session.scalars(select(Suppression.domain).where(Suppression.domain.in_(domains))))
    found = set(session.scalars(select(Suppression.address_key).where(Suppression.address_key.in_(wanted))))
    hashes = {digest: key for key in wanted for digest in keys.keyed_hashes(key)} if keys is not None else {}
    erased = session.scalars(select(Suppression.address_hash).where(Suppression.address_hash.in_(list(hashes))))
    return (
        {key for key in wanted if key in found or key.rpartition("@")[2] in bad_domains}
        | {hashes[digest] for digest in erased if digest is not None}
    )  # fmt: skip


def suppress(
    session: Session, address_or_domain: str, *, reason: str, source: str, now: datetime, actor: str = "system"
) -> bool:
    """Never mail an address, or with `@example.org` a whole domain (its subdomains are others'); False if it stood already.

    An older entry stays as it is: the first reason is the one that counts.

    Raises:
        WrongInput: it is neither an address nor a domain.
    """
    subject = _subject(address_or_domain)
    condition = _stands(subject)
    if session.scalar(select(Suppression.id).where(condition)) is not None:
        return False
    entry = Suppression(**subject, reason=reason[:40], source=source[:200], since=now)
    session.add(entry)
    session.flush()
    audit.note(session, actor=actor, deed="suppressed", subject=f"suppression {entry.id}", now=now, detail=reason)
    return True


def lift(session: Session, address_or_domain: str, *, now: datetime, actor: str) -> None:
    """Take an entry off the list; a deed of the manager's, never of an import or a sign-up.

    Raises:
        NotFound: it does not stand on the list.
    """
    found = session.execute(
        delete(Suppression).where(_stands(_subject(address_or_domain))).returning(Suppression.id)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"{address_or_domain} is not suppressed", do="check how it is written")
    audit.note(session, actor=actor, deed="suppression_lifted", subject=f"suppression {found}", now=now)


def find_suppression(session: Session, address_or_domain: str, *, keys: Keys | None = None) -> SuppressionRow:
    """The entry of an address, or of a domain as `@example.org`; with `keys`, that of an erased address too.

    Raises:
        NotFound: it does not stand on the list.
    """
    try:
        subject = _subject(address_or_domain)
    except WrongInput as error:
        raise NotFound(f"{address_or_domain!r} is not suppressed", do=error.message) from error
    stands = _stands(subject)
    if keys is not None and "address_key" in subject:
        stands = or_(stands, Suppression.address_hash.in_(keys.keyed_hashes(subject["address_key"])))
    entry = session.scalar(select(Suppression).where(stands))
    if entry is None:
        raise NotFound(f"{address_or_domain} is not suppressed", do="check how it is written")
    return _row(entry)


def suppression_of(session: Session, address: str) -> SuppressionRow | None:
    """Why an address must not be mailed: its own entry, else its domain's."""
    key = find_address(address).key
    for condition in (Suppression.address_key == key, Suppression.domain == key.rpartition("@")[2]):
        entry = session.scalar(select(Suppression).where(condition))
        if entry is not None:
            return _row(entry)
    return None


def list_suppressions(session: Session, *, after: int = 0, limit: int = 100) -> tuple[SuppressionRow, ...]:
    """A page of the list, oldest first, after the entry `after`."""
    query = select(Suppression).where(Suppression.id > after).order_by(Suppression.id).limit(limit)
    return tuple(_row(entry) for entry in session.scalars(query))


def _row(entry: Suppression) -> SuppressionRow:
    subject = entry.address_key or (f"@{entry.domain}" if entry.domain else f"erased {(entry.address_hash or '')[:12]}")
    return SuppressionRow(entry.id, subject, entry.reason, entry.source, entry.since)


def _subject(text: str) -> dict[str, str]:
    text = text.strip()
    if text.startswith("@"):
        return {"domain": parse_domain(text)}
    if "@" not in text:
        raise WrongInput(f"{text!r} is no address", do="give an address, or a domain as @example.org")
    return {"address_key": find_address(text).key}


def _stands(subject: dict[str, str]) -> ColumnElement[bool]:
    return and_(*(getattr(Suppression, name) == value for name, value in subject.items()))
