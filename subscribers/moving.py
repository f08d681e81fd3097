"""A change of address: asked for on the preferences page, confirmed at the new address, told to the old one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed, NotFound
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys
from subscribers.addresses import find_address
from subscribers.consents import record
from subscribers.models import AddressChange, Subscriber
from subscribers.suppression import is_suppressed

VALID_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ToConfirmAddress:
    """Send one mail to the new address, with a link to `subscriber_id` and `change_id`; nothing has changed yet."""

    subscriber_id: SubscriberId
    change_id: int
    address: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A new address that waits to be confirmed."""

    address: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """The address was changed: tell the old one."""

    subscriber_id: SubscriberId
    change_id: int
    old: str
    new: str


def ask_to_move(
    session: Session, subscriber_id: SubscriberId, address: str, *, keys: Keys, now: datetime
) -> ToConfirmAddress | None:
    """Someone wants their mail at another address; None where there is nothing to confirm.

    None too where the new address belongs to somebody or must not be mailed: the page says the same, so that it tells nobody
    who is subscribed.

    Raises:
        WrongInput: it is no address.
        NotFound: there is no such person.
    """
    parsed = find_address(address)
    person = session.get(Subscriber, subscriber_id, with_for_update=True)
    if person is None:
        raise NotFound("there is no such person (any more)", do="sign up again, or ask the sender")
    if person.address == parsed.written:
        return None
    is_taken = session.scalar(
        select(Subscriber.id).where(Subscriber.address_key == parsed.key, Subscriber.id != subscriber_id)
    )
    if is_taken is not None or is_suppressed(session, parsed.key, keys=keys):
        return None
    # Emptied, not deleted: a database may give the id of a deleted row again, and an old link would confirm a new address.
    session.execute(
        update(AddressChange).where(AddressChange.subscriber_id == subscriber_id).values(address="", address_key="")
    )
    change = AddressChange(subscriber_id=subscriber_id, address=parsed.written, address_key=parsed.key, asked_at=now)
    session.add(change)
    session.flush()
    audit.note(session, actor="subscriber", deed="move_asked", subject=f"subscriber {subscriber_id}", now=now)
    return ToConfirmAddress(subscriber_id, change.id, parsed.written)


def asked_for(session: Session, subscriber_id: SubscriberId) -> Asked | None:
    """The address to which a person wants to move, until they confirm it there; None where there is none."""
    query = select(AddressChange).where(AddressChange.subscriber_id == subscriber_id, AddressChange.address != "")
    change = session.scalar(query.order_by(AddressChange.id.desc()).limit(1))
    return Asked(change.address, change.asked_at) if change is not None else None


def address_to_confirm(session: Session, subscriber_id: SubscriberId, change_id: int, *, now: datetime) -> str:
    """The new address that a link is about.

    Raises:
        NotFound: it was used, replaced by a newer one, or is too old.
    """
    return _change(session, subscriber_id, change_id, now).address


def move(
    session: Session, subscriber_id: SubscriberId, change_id: int, *, keys: Keys, now: datetime, source: str
) -> Moved:
    """The link at the new address was used: mail goes there from now on. Old links of the person keep working.

    Raises:
        NotFound: it was used, replaced by a newer one, or is too old.
        NotAllowed: somebody else took the address meanwhile, or it must not be mailed any more.
    """
    change = _change(session, subscriber_id, change_id, now)
    person = session.get_one(Subscriber, change.subscriber_id, with_for_update=True)
    moved = Moved(person.id, change_id, person.address, change.address)
    try:
        with session.begin_nested():
            person.address, person.address_key, person.updated_at = change.address, change.address_key, now
            session.flush()
            if is_suppressed(session, change.address_key, keys=keys):
                raise NotAllowed("this address must not be mailed", do="ask the sender, or stay with the old one")
    except IntegrityError as error:
        raise NotAllowed("this address is subscribed already", do="leave with the old one instead") from error
    change.address = change.address_key = ""
    record(session, person.id, "moved", source=source, now=now)
    audit.note(session, actor="subscriber", deed="moved", subject=f"subscriber {person.id}", now=now)
    session.flush()
    return moved


def _change(session: Session, subscriber_id: SubscriberId, change_id: int, now: datetime) -> AddressChange:
    change = session.get(AddressChange, change_id, populate_existing=True)
    is_mine = change is not None and change.subscriber_id == subscriber_id and bool(change.address)
    if change is None or not is_mine or change.asked_at + VALID_FOR < now:
        raise NotFound("this link was used already, or is too old", do="ask for the change again")
    return change
