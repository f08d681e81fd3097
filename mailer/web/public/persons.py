"""Who a link is from: its token names a subscriber and a campaign; nobody, in a test copy."""

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.app import App
from mailer.base.errors import NotFound
from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Purpose
from mailer.web.dependencies import NoLongerOnRecord
from subscribers import people
from subscribers.addresses import masked
from subscribers.people import Person

NOBODY = SubscriberId(0)
"""Stands in the links of test and preview copies, which show their pages and change nothing."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who holds a link: `person` is None in a test copy."""

    subscriber_id: SubscriberId
    campaign_id: CampaignId
    person: Person | None

    @property
    def is_test(self) -> bool:
        """Whether the link stands in a test copy."""
        return self.subscriber_id == NOBODY

    @property
    def language(self) -> str:
        """The person's own language, if known."""
        return self.person.language if self.person else ""

    @property
    def masked(self) -> str:
        """The address so that its owner knows it, and who was only forwarded the letter does not learn it."""
        return masked(self.person.email if self.person else "reader@example.org")

    def audiences(self, *states: str) -> tuple[str, ...]:
        """The slugs of the person's audiences that are in one of these states."""
        return tuple(m.slug for m in self.person.audiences if m.state in states) if self.person else ()


def read_link(app: App, purpose: Purpose, token: str) -> tuple[SubscriberId, CampaignId]:
    """Whom and which campaign a link is about; no campaign is 0.

    Raises:
        NotFound: it is no link of ours.
    """
    subscriber_id, campaign_id, *_ = (*app.keys.read(purpose, token), 0)
    return SubscriberId(subscriber_id), CampaignId(campaign_id)


def bearer(session: Session, app: App, purpose: Purpose, token: str) -> Bearer:
    """Who holds a link.

    Raises:
        NotFound: it is no link of ours.
        NoLongerOnRecord: its person was erased.
    """
    subscriber_id, campaign_id = read_link(app, purpose, token)
    if subscriber_id == NOBODY:
        return Bearer(subscriber_id, campaign_id, None)
    person = people.person_by_id(session, subscriber_id, now=app.clock())
    if person is None:
        raise NoLongerOnRecord
    return Bearer(subscriber_id, campaign_id, person)


class CampaignAudiences:
    """The audiences that campaigns went to. What is released keeps its own, and only then are there links: each is asked for once."""

    def __init__(self) -> None:
        self._known: dict[CampaignId, tuple[str, ...]] = {}

    def of(self, session: Session, campaign_id: CampaignId) -> tuple[str, ...]:
        """Slugs; none where there is no such campaign (any more): its links still let people leave everything."""
        if not campaign_id:
            return ()
        if campaign_id not in self._known:
            try:
                self._known[campaign_id] = tuple(campaigns.row(session, campaign_id).audiences)
            except NotFound:
                return ()
        return self._known[campaign_id]


def campaign_audiences(request: Request) -> CampaignAudiences:
    """What this web part knows of campaigns' audiences."""
    known: CampaignAudiences = request.app.state.campaign_audiences
    return known
