"""/campaigns/ID/release: the send button, made safe.

Three things stand before it: errors refuse, warnings are accepted one by one by their name; a test copy was sent; and
whoever presses it types the number of people. Nothing leaves before the cooling-off is over.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from mailer import campaigns, delivery
from mailer.app import App
from mailer.base.errors import MailerError, NotAllowed, WrongInput
from mailer.base.wording import counted_people
from mailer.campaigns import CampaignRow, Plan
from mailer.delivery.outcomes import Accepted, reason_of
from mailer.feedback.engagement import engagement
from mailer.web import words
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.manager.narrowed import narrowed
from mailer.web.pages import page, see_other
from subscribers import audiences as audience_book

router = APIRouter(include_in_schema=False)

UNTESTED = "no-test-copy"
"""The name under which it is accepted that nobody has seen a test copy."""


@router.get("/campaigns/{name}/release")
def show(
    request: Request,
    name: str,
    app: AppOf,
    when: Annotated[str, Query(max_length=10)] = "",
    day: Annotated[str, Query(max_length=20)] = "",
    clock: Annotated[str, Query(max_length=20)] = "",
    zone: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Everything there is to see before a release; with a time chosen, the button."""
    return _page(request, app, name, Wish(when, day, clock, zone))


@router.post("/campaigns/{name}/test")
def send_test(
    request: Request, name: str, app: AppOf, manager: Manager, to: Annotated[str, Form(max_length=2000)]
) -> Response:
    """Send one marked copy of the letter to named people, through the real relay."""
    addresses = to.replace(",", " ").split()
    try:
        _send_copies(app, name, addresses, actor=manager.actor)
    except MailerError as error:
        return _page(request, app, name, Wish(), to=to, wrong=error)
    return see_other(f"/campaigns/{name}/release", "tested")


def _send_copies(app: App, name: str, addresses: list[str], *, actor: str) -> None:
    """Send the copies, between two transactions, and write down that they were sent.

    Raises:
        WrongInput: no address was given, or one cannot be used.
        NotAllowed: a copy was not taken by the relay.
    """
    if not addresses:
        raise WrongInput("no address was given", do="write at least one")
    with app.database.read() as session:
        row = campaigns.campaign(session, name)
        issue = campaigns.read_revision(session, row.revision_id)
        frame = app.frame(session, slug=row.slug)
    outcomes = delivery.test_copies(
        app.relay,
        app.composer,
        issue,
        audiences=row.audiences,
        to=addresses,
        frame=frame,
        keep=app.keep_pictures,
        now=app.clock(),
        formula_cache=app.formula_cache,
    )
    for address, outcome in outcomes.items():
        if not isinstance(outcome, Accepted):
            raise NotAllowed(
                f"the copy to {address} was not taken: {reason_of(outcome)}", do="mend it, and send the copies again"
            )
    with app.database.begin() as session:
        campaigns.note_test(session, row, now=app.clock(), actor=actor)


@router.post("/campaigns/{name}/release")
def release(
    request: Request,
    name: str,
    app: AppOf,
    manager: Manager,
    at: Annotated[str, Form(max_length=40)],
    zone: Annotated[str, Form(max_length=64)],
    aim: Annotated[str, Form(max_length=40)],
    number: Annotated[str, Form(max_length=20)] = "",
    accept: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Release for a time, if everything was looked at."""
    accepted = set(accept or [])
    try:
        now = app.clock()
        send_at, zone = campaigns.parse_when(f"{at} {zone}", zone=app.settings.sender.zone, now=now)
        app.settings.refuse_placeholders(app.base_url)
        with app.database.begin() as session:
            row = campaigns.campaign(session, name)
            plan = campaigns.plan(session, row.id, now=now, more=engagement())
            if aim != row.aim:
                raise NotAllowed("the campaign was changed since this page was made", do="look it over again")
            _require(row, plan, number, accepted)
            campaigns.schedule(
                session,
                row.id,
                send_at=campaigns.leaving_at(send_at, now=now, cooling_off=app.settings.release.cooling_off),
                zone=zone,
                now=now,
                actor=manager.actor,
                frame=app.frame(session, slug=row.slug),
                accept_warnings=accepted,
                formula_cache=app.formula_cache,
                canary=app.settings.release.canary,
                more=engagement(),
            )
    except MailerError as error:
        return _page(request, app, name, Wish("at", zone=zone, at=at), accepted=accepted, wrong=error)
    return see_other(f"/campaigns/{row.id}", "scheduled")


def _require(row: CampaignRow, plan: Plan, number: str, accepted: set[str]) -> None:
    """Refuse a release whose count was not typed or that nobody tested.

    Raises:
        NotAllowed: what was not looked at.
    """
    typed = number.replace(",", "").replace(" ", "").strip()
    if typed != str(plan.count):
        raise NotAllowed(
            f"{typed or 'nothing'} was typed, and {counted_people(plan.count)} would get it",
            do="look at the number above and type it",
        )
    if not row.is_tested and UNTESTED not in accepted:
        raise NotAllowed("no test copy was sent", do="send one above, or tick that you release without")


def _letters(row: CampaignRow, plan: Plan, names: dict[str, str]) -> list[tuple[str, str, int]]:
    """Every letter that somebody would get: for whom, the query of its preview, and how many get it."""
    combinations = campaigns.masks_of(row.audiences)
    return [
        (
            " and ".join(names.get(slug, slug) for slug in row.audiences if slug in combinations[mask]),
            urlencode([("audience", slug) for slug in row.audiences if slug in combinations[mask]]),
            count,
        )
        for mask, count in sorted(plan.by_mask.items())
    ]


@dataclass(frozen=True, slots=True)
class Wish:
    """The time that was asked for: `now`, a day and a clock's time in a zone, or a moment chosen before."""

    when: str = ""
    day: str = ""
    clock: str = ""
    zone: str = ""
    at: str = ""

    @property
    def is_now(self) -> bool:
        """Whether it is to leave as soon as it may, whenever the button is pressed."""
        return "now" in (self.when, self.at)

    def moment(self, own_zone: str, now: datetime) -> tuple[datetime | None, str]:
        """The moment, if one was chosen, and its zone.

        Raises:
            WrongInput: there is no such time.
        """
        zone = self.zone or own_zone
        wanted = self.at or {"now": "now", "at": f"{self.day} {self.clock}"}.get(self.when)
        if wanted is None:
            return None, zone
        return campaigns.parse_when(f"{wanted} {zone}", zone=own_zone, now=now)


def _page(
    request: Request,
    app: App,
    name: str,
    wish: Wish,
    *,
    to: str = "",
    accepted: set[str] | None = None,
    wrong: MailerError | None = None,
) -> Response:
    now, cooling_off = app.clock(), app.settings.release.cooling_off
    send_at, leaves_at, zone = None, None, wish.zone or app.settings.sender.zone
    try:
        send_at, zone = wish.moment(app.settings.sender.zone, now)
        leaves_at = campaigns.leaving_at(send_at, now=now, cooling_off=cooling_off) if send_at else None
    except MailerError as error:
        wrong = wrong or error
    with app.database.read() as session:
        row = campaigns.campaign(session, name)
        frame = app.frame(session, slug=row.slug)
        plan = campaigns.plan(session, row.id, now=now, frame=frame, formula_cache=app.formula_cache, more=engagement())
        by_segments = narrowed(session, row)
        issue = campaigns.issue_of_revision(session, row.revision_id)[0]
        newest = campaigns.edited_since(session, issue)
        names = audience_book.audience_names(session)
    warnings = [finding for finding in plan.findings if finding.level == "warning"]
    return page(
        request,
        "manager/release.html",
        status=status_of(wrong) if wrong else 200,
        row=row,
        issue=issue,
        newest=newest,
        names=names,
        letters=_letters(row, plan, names),
        plan=plan,
        narrowed=by_segments,
        errors=[finding for finding in plan.findings if finding.level == "error"],
        warnings=warnings,
        warning_codes=sorted({finding.code for finding in warnings}),
        untested=UNTESTED,
        to=to,
        wish=wish,
        send_at="now" if wish.is_now else send_at and send_at.isoformat(),
        leaves_words=words.moment(leaves_at, zone) if leaves_at else "",
        release_zone=zone,
        cooling_off=cooling_off,
        accepted=accepted or set(),
        wrong=wrong,
    )
