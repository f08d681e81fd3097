"""Letters as pages: the released one for its reader, and one that was not released yet for a sample reader."""

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Final, get_args

from sqlalchemy.orm import Session

from mailer import campaigns, rendering
from mailer.app import App
from mailer.base.errors import NotFound
from mailer.base.tables import CampaignId, RevisionId, SubscriberId
from mailer.base.tokens import Purpose
from mailer.campaigns import CampaignRow
from mailer.delivery.ledger import Recipient
from mailer.delivery.message.personal import Personal
from mailer.rendering.letter import Letter, LinkName, Slot
from subscribers import audiences as audience_book
from subscribers import people

DARK: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
READER: Final = {"name": "Ada Lovelace", "first_name": "Ada", "email": "ada@example.org"}


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter for some audiences, filled for a sample reader whose links show their pages and change nothing."""

    title: str
    offered: tuple[tuple[str, str], ...]
    letter: Letter
    values: dict[Slot, str]

    @property
    def html(self) -> str:
        """The HTML as it would be sent."""
        return rendering.html_of(self.letter.html, self.values)

    @property
    def text(self) -> str:
        """The text part."""
        return rendering.text_of(self.letter.text, self.values)

    @property
    def subject(self) -> str:
        """The subject, on one line."""
        return " ".join(rendering.text_of(self.letter.subject, self.values).split())

    def page(self, base_url: str, *, dark: bool = False, bare: bool = False) -> str:
        """The HTML with its pictures within: those of a letter that was not released are at no public address."""
        html = self.html
        for picture in self.letter.pictures:
            data = "" if bare else f"data:{picture.media_type};base64,{b64encode(picture.content).decode()}"
            html = html.replace(f"cid:{picture.name}@mailer", data).replace(f"{base_url}/media/{picture.name}", data)
        return in_scheme(html, dark=dark)


def in_scheme(html: str, *, dark: bool) -> str:
    """The letter as a client in dark or in light mode shows it, whatever this browser prefers."""
    return DARK.sub("(min-width:0)" if dark else "(max-width:0)", html)


def preview_of_issue(session: Session, app: App, slug: str, chosen: list[str] | None) -> Preview:
    """An issue's newest revision, for the chosen audiences or all that it names.

    Raises:
        NotFound: there is no such issue.
    """
    row = campaigns.issue(session, slug)
    return _preview(session, app, row.revision_id, slug, (), chosen)


def preview_of_campaign(session: Session, app: App, row: CampaignRow, chosen: list[str] | None) -> Preview:
    """What a campaign would send to the chosen audiences, or to somebody in all of its."""
    return _preview(session, app, row.revision_id, row.slug, row.audiences, chosen)


def letter_of(session: Session, app: App, campaign_id: CampaignId, subscriber_id: SubscriberId, mask: int) -> str:
    """The page of the very letter that a person got.

    Raises:
        NotFound: that person, or that letter, is no longer on record.
    """
    person = people.person_by_id(session, subscriber_id, now=app.clock())
    if person is None:
        raise NotFound("this letter's reader is no longer on record", do="look for the issue in the archive")
    row = campaigns.row(session, campaign_id)
    letter = campaigns.released_letter(session, campaign_id, mask)
    names = audience_book.audience_names(session)
    reader = Recipient(
        number=0,
        subscriber_id=subscriber_id,
        address=person.email,
        name=person.name,
        language=person.language,
        attributes=dict(person.attributes),
        mask=mask,
        attempts=0,
    )
    audience_names = tuple(names.get(slug, slug) for slug in row.audiences)
    personal = Personal(app.composer.occasion(campaign_id, audience_names=audience_names), reader)
    links = {name: personal.link(name) for name in get_args(LinkName)}
    html = rendering.html_of(letter.html, rendering.values_of(letter, personal.fields, links))
    return rendering.with_picture_addresses(html, letter, "/media/")


def test_letter_of(session: Session, app: App, campaign_id: CampaignId, third: int) -> str:
    """The page of a test or preview copy: of a campaign's mask, or without a campaign of a revision."""
    if not campaign_id:
        revision, _ = campaigns.issue_of_revision(session, RevisionId(third))
        return _preview(session, app, revision.revision_id, revision.slug, (), None).page(app.base_url)
    row = campaigns.row(session, campaign_id)
    slugs = campaigns.masks_of(row.audiences).get(third, frozenset(row.audiences))
    return preview_of_campaign(session, app, row, sorted(slugs)).page(app.base_url)


def _preview(
    session: Session,
    app: App,
    revision_id: RevisionId,
    slug: str,
    named: tuple[str, ...],
    chosen: list[str] | None,
) -> Preview:
    issue = campaigns.read_revision(session, revision_id)
    names = {row.slug: row.name for row in audience_book.list_audiences(session)}
    offered = named or issue.meta.audiences or tuple(names)
    slugs = chosen or list(offered)
    frame = app.frame(session, slug=slug)
    letter = rendering.render(issue, frozenset(slugs), frame, formula_cache=app.formula_cache)
    keys, base = app.keys, app.base_url
    # Subscriber 0 is nobody: the pages are shown and change nothing.
    links: dict[LinkName, str] = {
        "unsubscribe": f"{base}/unsubscribe/{keys.sign(Purpose.UNSUBSCRIBE, 0, 0)}",
        "preferences": f"{base}/preferences/{keys.sign(Purpose.PREFERENCES, 0, 0)}",
        "view": f"{base}/view/{keys.sign(Purpose.VIEW, 0, 0, revision_id)}",
    }
    fields = {**READER, "audiences": ", ".join(names.get(slug, slug) for slug in slugs)}
    values = rendering.values_of(letter, fields, links)
    return Preview(issue.meta.title, tuple((slug, names.get(slug, slug)) for slug in offered), letter, values)
