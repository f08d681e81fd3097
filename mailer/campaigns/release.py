"""The release: the letters of every combination of audiences and the web edition, rendered once, kept, named by a hash."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer.base.errors import NotAllowed, NotFound, Spoilt, WrongInput
from mailer.base.tables import CampaignId, insert_into
from mailer.campaigns import letters
from mailer.campaigns.combinations import checked_masks, masks_of, readers_by_mask
from mailer.campaigns.models import Campaign, Media, ReleasedLetter
from mailer.campaigns.narrowing import approved
from mailer.campaigns.rows import CampaignRow
from mailer.content import Finding, Issue, judged
from mailer.rendering import Frame, Letter, Picture, Press, check_letter, web_edition
from subscribers import public_slugs
from subscribers.narrowing import EVERYBODY, Narrowing

EDITION = 0
"""The mask of the archive's web edition."""


def release(
    session: Session,
    row: CampaignRow,
    issue: Issue,
    *,
    frame: Frame,
    accept_warnings: bool | Collection[str],
    formula_cache: Path | None,
    now: datetime,
    narrowing: Narrowing = EVERYBODY,
) -> str:
    """Render and keep everything that the campaign will send and archive; gives the hash that names it.

    Args:
        narrowing: whom its segments leave over; the letters of the others are kept, and not checked.

    Raises:
        WrongInput: a letter has a fault that its readers would meet, such as one that Gmail would cut off.
        NotAllowed: a warning about a letter was not accepted.
    """
    session.execute(delete(ReleasedLetter).where(ReleasedLetter.campaign_id == row.id))
    public = frozenset(public_slugs(session)) & frozenset(row.audiences)
    edition = web_edition(issue, public, frame, formula_cache=formula_cache)
    _keep(session, row.id, EDITION, letters.pack_edition(edition))
    pictures: dict[str, Picture] = {picture.name: picture for picture in edition.pictures}
    press = Press(issue, frame, formula_cache=formula_cache)
    checked = checked_masks(row.audiences, readers_by_mask(session, row.audiences, now=now, narrowing=narrowing))
    for mask, slugs in masks_of(row.audiences).items():
        letter = press.letter(slugs)
        if mask in checked:
            found = check_letter(issue, letter, frame)
            require_checked(found if issue.meta.own else judged(found, own=False), accept_warnings)
        _keep(session, row.id, mask, letters.pack(letter))
        pictures.update((picture.name, picture) for picture in letter.pictures)
    keep_pictures(session, pictures.values(), now)
    session.flush()
    return _hash(session, row.id)


def verify_release(session: Session, campaign_id: CampaignId) -> bool:
    """Whether what is kept is still what was approved: letters, audiences and all."""
    approved = session.scalar(select(Campaign.release_hash).where(Campaign.id == campaign_id))
    try:
        return bool(approved) and approved == _hash(session, campaign_id)
    except letters.UNREADABLE:
        return False


def released_letter(session: Session, campaign_id: CampaignId, mask: int) -> Letter:
    """The letter for one combination of the campaign's audiences, its pictures too.

    Raises:
        NotFound: the campaign was not released, or it has no such combination.
        Spoilt: what is kept of it cannot be read.
    """
    content = _content(session, campaign_id, mask)
    try:
        names = letters.picture_names(content)
        media = session.execute(select(Media.name, Media.content).where(Media.name.in_(names))).all()
        return letters.unpack(content, {found.name: found.content for found in media})
    except letters.UNREADABLE as error:
        raise _spoilt(f"released letter {mask}", campaign_id, error) from error


def released_masks(session: Session, campaign_id: CampaignId) -> tuple[int, ...]:
    """The combinations of audiences for which there is a letter."""
    query = select(ReleasedLetter.mask).where(ReleasedLetter.campaign_id == campaign_id, ReleasedLetter.mask != EDITION)
    return tuple(session.scalars(query.order_by(ReleasedLetter.mask)))


def released_edition(session: Session, campaign_id: CampaignId) -> tuple[str, dict[str, str]]:
    """The web edition's page and its calendar files, by name.

    Raises:
        NotFound: the campaign was not released.
        Spoilt: what is kept of it cannot be read.
    """
    content = _content(session, campaign_id, EDITION)
    try:
        return letters.unpack_edition(content)
    except letters.UNREADABLE as error:
        raise _spoilt("the web edition", campaign_id, error) from error


def media(session: Session, name: str) -> tuple[bytes, str]:
    """A picture under the public address, and its media type.

    Raises:
        NotFound: there is none of that name.
    """
    found = session.get(Media, name)
    if found is None:
        raise NotFound("there is no such picture", do="open the letter anew")
    return found.content, found.media_type


def keep_pictures(session: Session, pictures: Iterable[Picture], now: datetime) -> None:
    """Put them under the public address, each once: the name is a hash of the content, so one that is there is the same."""
    for picture in pictures:
        statement = insert_into(session, Media).values(
            name=picture.name, media_type=picture.media_type, content=picture.content, created_at=now
        )
        session.execute(statement.on_conflict_do_nothing())


def require_checked(findings: Sequence[Finding], accepted: bool | Collection[str]) -> None:  # noqa: FBT001
    """Refuse what the checker found, but the warnings that were accepted: all of them, or those of these codes.

    Raises:
        WrongInput: there is an error; the first one is told.
        NotAllowed: a warning was not accepted.
    """
    for finding in findings:
        if finding.level == "error":
            raise WrongInput(finding.code, do=finding.message, place=str(finding.place))
    if accepted is True:
        return
    codes = accepted or ()
    for finding in findings:
        if finding.code not in codes:
            raise NotAllowed(
                f"the warning {finding.code} was not accepted ({finding.place})", do="mend it or accept it"
            )


def _spoilt(what: str, campaign_id: CampaignId, error: Exception) -> Spoilt:
    message = f"{what} of campaign {campaign_id} cannot be read ({error!r})"
    return Spoilt(message, do="see to the database, or restore it from a backup")


def _content(session: Session, campaign_id: CampaignId, mask: int) -> bytes:
    found = session.get(ReleasedLetter, (campaign_id, mask))
    if found is None:
        raise NotFound(f"campaign {campaign_id} has no released letter {mask}", do="release it first")
    return found.content


def _keep(session: Session, campaign_id: CampaignId, mask: int, content: bytes) -> None:
    session.add(ReleasedLetter(campaign_id=campaign_id, mask=mask, digest=letters.digest(content), content=content))


def _hash(session: Session, campaign_id: CampaignId) -> str:
    """Over the letters' contents as they are kept now, what is asked for recipients (audiences, segments), and the revision."""
    kept = session.execute(
        select(ReleasedLetter.mask, ReleasedLetter.content)
        .where(ReleasedLetter.campaign_id == campaign_id)
        .order_by(ReleasedLetter.mask)
    ).all()
    columns = (Campaign.audiences, Campaign.revision_id, Campaign.segments, Campaign.excluded, Campaign.filters)
    facts = session.execute(select(*columns).where(Campaign.id == campaign_id)).one()
    whole = [facts.audiences, facts.revision_id, [[mask, letters.digest(content)] for mask, content in kept]]
    if facts.segments or facts.excluded:
        whole.append(approved(session, facts.segments, facts.excluded, facts.filters))
    return sha256(json.dumps(whole).encode()).hexdigest()
