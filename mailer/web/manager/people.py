"""/people: find people, see what is on record about them, add, unsubscribe, suppress, erase."""

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response, StreamingResponse

from mailer.base.errors import MailerError
from mailer.feedback.engagement import engagement
from mailer.web.dependencies import AppOf, Manager, RowNumber
from mailer.web.errors import status_of
from mailer.web.pages import page, see_other
from subscribers import audiences, consents, erasure, joining, people, segments, suppression
from subscribers.export import export_people, write_csv, write_json_lines

router = APIRouter(include_in_schema=False)

PAGE = 50


@router.get("/people")
def index(
    request: Request,
    app: AppOf,
    search: Annotated[str, Query(max_length=200)] = "",
    audience: Annotated[str, Query(max_length=64)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    segment: Annotated[str, Query(max_length=64)] = "",
    after: RowNumber = 0,
) -> Response:
    """A page of people, by address, name, audience, status and segment."""
    now, status = app.clock(), status if status in people.STATUSES else ""
    with app.database.read() as session:
        groups = audiences.list_audiences(session)
        saved = segments.list_segments(session)
        where = segments.segment_condition(session, segment, now=now, more=engagement()) if segment else None
        asked: dict[str, Any] = {
            "search": search,
            "audience": audience or None,
            "status": status or None,
            "where": where,
            "now": now,
        }
        found = people.list_people(session, after=after, limit=PAGE, **asked)
        total = people.count_people(session, **asked)
    return page(
        request,
        "manager/people.html",
        found=found,
        total=total,
        groups=groups,
        saved=saved,
        segment=segment,
        query=urlencode({"search": search, "audience": audience, "status": status, "segment": segment}),
        statuses=people.STATUSES,
        search=search,
        audience=audience,
        status_filter=status,
        after=after,
    )


@router.get("/people/export.{kind}")
def export(
    app: AppOf,
    kind: Literal["csv", "jsonl"],
    audience: Annotated[str, Query(max_length=64)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    segment: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """These people as a file that an import takes back."""
    now = app.clock()
    where = None
    if segment:
        with app.database.read() as session:
            where = segments.segment_condition(session, segment, now=now, more=engagement())
    status = status if status in people.STATUSES else ""
    listed = export_people(app.database, audience=audience or None, status=status or None, where=where, now=now)
    with ExitStack() as if_it_fails:
        file = if_it_fails.enter_context(TemporaryFile("w+", encoding="utf-8", newline=""))
        (write_csv if kind == "csv" else write_json_lines)(listed, file)
        file.seek(0)
        if_it_fails.pop_all()  # else closed when it was read to its end
    media_type = "text/csv" if kind == "csv" else "application/jsonl"
    headers = {"content-disposition": f'attachment; filename="people.{kind}"'}
    return StreamingResponse(_blocks(file), media_type=f"{media_type}; charset=utf-8", headers=headers)


def _blocks(file: IO[str]) -> Iterator[str]:
    with file:
        while block := file.read(64 * 1024):
            yield block


@router.get("/people/new")
def new(request: Request, app: AppOf) -> Response:
    """A form for one person."""
    with app.database.read() as session:
        groups = audiences.list_audiences(session)
    return page(request, "manager/person_new.html", groups=groups, filled={}, chosen=[], wrong=None)


@router.post("/people")
def add(
    request: Request,
    app: AppOf,
    manager: Manager,
    email: Annotated[str, Form(max_length=400)],
    name: Annotated[str, Form(max_length=200)] = "",
    audience: Annotated[list[str] | None, Form()] = None,
    status: Annotated[Literal["unconfirmed", "subscribed"], Form()] = "unconfirmed",
    consent: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Add one person; as subscribed only with the consent that they gave."""
    try:
        with app.database.begin() as session:
            subscriber_id = people.add_person(
                session,
                email,
                name=name,
                audience_slugs=audience or [],
                status=status,
                consent=consent.strip(),
                source="added by the manager",
                keys=app.keys,
                now=app.clock(),
                actor=manager.actor,
            )
            person = people.person_by_id(session, subscriber_id, now=app.clock())
    except MailerError as error:
        with app.database.read() as session:
            groups = audiences.list_audiences(session)
        filled = {"email": email, "name": name, "status": status, "consent": consent}
        return page(
            request,
            "manager/person_new.html",
            status=status_of(error),
            groups=groups,
            filled=filled,
            chosen=audience or [],
            wrong=error,
        )
    return see_other(f"/people/{person.public_id}" if person else "/people", "added")


@router.get("/people/{public_id}")
def show(request: Request, public_id: str, app: AppOf) -> Response:
    """One person, and every consent on record."""
    with app.database.read() as session:
        person = people.find_person(session, public_id, now=app.clock())
        log = consents.list_consents(session, person.id)
        suppressed = suppression.suppression_of(session, person.email)
    return page(request, "manager/person.html", person=person, consents=log, suppressed=suppressed)


@router.post("/people/{public_id}/unsubscribe")
def unsubscribe(public_id: str, app: AppOf, manager: Manager) -> Response:
    """Take a person out of everything, as they asked by phone or mail."""
    with app.database.begin() as session:
        person = people.find_person(session, public_id, now=app.clock())
        joining.unsubscribe(
            session, person.id, audience_slugs=None, now=app.clock(), source="asked the manager", actor=manager.actor
        )
    return see_other(f"/people/{public_id}", "unsubscribed")


@router.post("/people/{public_id}/suppress")
def suppress(public_id: str, app: AppOf, manager: Manager) -> Response:
    """Never mail this address again."""
    with app.database.begin() as session:
        person = people.find_person(session, public_id, now=app.clock())
        suppression.suppress(
            session, person.email, reason="manual", source="manager", now=app.clock(), actor=manager.actor
        )
    return see_other(f"/people/{public_id}", "suppressed")


@router.post("/people/{public_id}/lift")
def lift(public_id: str, app: AppOf, manager: Manager) -> Response:
    """Allow mail to this address again."""
    with app.database.begin() as session:
        person = people.find_person(session, public_id, now=app.clock())
        suppression.lift(session, person.email, now=app.clock(), actor=manager.actor)
    return see_other(f"/people/{public_id}", "lifted")


@router.post("/people/{public_id}/erase")
def erase(
    request: Request, public_id: str, app: AppOf, manager: Manager, email: Annotated[str, Form(max_length=400)] = ""
) -> Response:
    """Forget a person; the address is typed, because there is no way back."""
    with app.database.begin() as session:
        person = people.find_person(session, public_id, now=app.clock())
        if email.strip().casefold() == person.email.casefold():
            erasure.erase(session, person.id, keys=app.keys, now=app.clock(), actor=manager.actor)
            return see_other("/people", "erased")
        log = consents.list_consents(session, person.id)
        suppressed = suppression.suppression_of(session, person.email)
    return page(
        request,
        "manager/person.html",
        status=409,
        person=person,
        consents=log,
        suppressed=suppressed,
        not_erased="Nothing was erased: type the address exactly as it stands above.",
    )
