"""Sign-ups wait in a table of their own for the moment between the answer to a form and the work on it.

What is written down, and how, is the same for every address: neither what a form answers nor how long it takes tells whether
somebody is subscribed. Who the address belongs to is looked up afterwards, by whoever works.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer.base.errors import NotFound
from mailer.base.hints import wake
from mailer.base.tokens import Keys
from subscribers.addresses import find_address
from subscribers.joining import NothingToSend, SignUp, offered_to_all, subscribe
from subscribers.models import WaitingSignUp

JOB = "sign_up"
HINT_IS_LOST = timedelta(seconds=2)


def write_down(
    session: Session,
    address: str,
    *,
    name: str,
    language: str,
    audience_slugs: Sequence[str],
    wording: str,
    source: str,
    now: datetime,
) -> None:
    """Somebody filled in a form; it is carried out after the commit.

    Raises:
        WrongInput: it is no address.
        NotFound: there is no such public audience.
    """
    waiting = WaitingSignUp(
        address=find_address(address).written,
        name=name.strip()[:200],
        language=language[:35],
        audiences=[audience.slug for audience in offered_to_all(session, audience_slugs)],
        wording=wording,
        source=source,
        at=now,
    )
    session.add(waiting)
    session.flush()
    wake(session, JOB, waiting.id)


def carry_out(session: Session, sign_up_id: int, *, keys: Keys, now: datetime) -> SignUp:
    """Do what the form asked for, once; says what is to be mailed."""
    table = WaitingSignUp.__table__
    taken = session.execute(
        delete(WaitingSignUp).where(WaitingSignUp.id == sign_up_id).returning(*table.columns)
    ).one_or_none()
    if taken is None:
        return NothingToSend()
    try:
        return subscribe(
            session,
            taken.address,
            name=taken.name,
            language=taken.language,
            audience_slugs=taken.audiences,
            wording=taken.wording,
            source=taken.source,
            keys=keys,
            now=now,
        )
    except NotFound:  # an audience was withdrawn a moment ago: there is nothing to join any more
        return NothingToSend()


def sweep(session: Session, *, now: datetime) -> None:
    """Call out the sign-ups whose hint was lost."""
    forgotten = select(WaitingSignUp.id).where(WaitingSignUp.at <= now - HINT_IS_LOST).order_by(WaitingSignUp.id)
    for sign_up_id in session.scalars(forgotten.limit(100)):
        wake(session, JOB, sign_up_id)
