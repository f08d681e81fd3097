"""subscribers …: people, by hand and by files."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

import subscribers as book
from mailer.base.errors import NotFound, WrongInput
from mailer.base.wording import counted_people
from mailer.cli import attributes, audiences
from mailer.cli.exits import DONE, FAULTS
from mailer.cli.output import JsonOption, say, show, show_either, show_json, show_table
from mailer.cli.workspace import WorkspaceOption, opened
from mailer.feedback.engagement import engagement
from mailer.feedback.subject_access import everything_about
from subscribers import segments as segment_book

ACTOR = "cli"

subscribers = typer.Typer(help="People.", rich_markup_mode=None, no_args_is_help=True)


class ImportStatus(StrEnum):
    """The best status that an import gives."""

    SUBSCRIBED = "subscribed"
    UNCONFIRMED = "unconfirmed"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"


class AddStatus(StrEnum):
    """The status of one person added by hand."""

    SUBSCRIBED = "subscribed"
    UNCONFIRMED = "unconfirmed"


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSONL = "jsonl"


EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="An address.")]
AudiencesOption = Annotated[list[str] | None, typer.Option("--audience", metavar="A", help="May be repeated.")]
ConsentOption = Annotated[str, typer.Option("--consent", metavar="TEXT", help="What they agreed to, word for word.")]


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.add_typer(subscribers, name="subscribers", epilog="Example: mailer subscribers show ada@example.org")
    audiences.add_to(app)
    attributes.add_to(app)


# --- subscribers -------------------------------------------------------------------------------------------------


@subscribers.command(
    "import",
    epilog='Example: mailer subscribers import people.csv --audience academic --status subscribed --consent "Form of 2026"',
)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, XLSX, JSON, addresses, a Sympa dump.")],
    audience: AudiencesOption = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=FIELD",
            help="What a column is: email, name, unsubscribed, …, ignore or an attribute.",
        ),
    ] = None,
    consent: ConsentOption = "",
    status: Annotated[
        ImportStatus | None, typer.Option(help="What they come in as; a worse one in a row wins.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would happen and write nothing.")] = False,
    rejected: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Where refused rows go; default: FILE.rejected.csv.")
    ] = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> int:
    """Bring in the people of a file; good rows stay when others are refused (exit 1)."""
    mapping = _pairs(map_ or [], "--map", "COLUMN=FIELD")
    with opened(workspace) as app, _progress(file.name) as progress:
        report = book.import_file(
            app.database,
            file,
            keys=app.keys,
            audience_slugs=audience or [],
            mapping=mapping,
            consent=consent,
            status=status.value if status is not None else None,
            dry_run=dry_run,
            rejected_path=rejected or file.with_name(f"{file.name}.rejected.csv"),
            now=app.clock(),
            actor=ACTOR,
            progress=progress,
        )
    _show_report(report, json_=json_)
    if report.created and (status is None or (status == ImportStatus.SUBSCRIBED and not consent.strip())):
        say("without --consent TEXT and --status subscribed they come in as unconfirmed and get no mail")
    return FAULTS if report.rejected else DONE


def _show_report(report: book.Report, *, json_: bool) -> None:
    if report.dry_run or report.shape:
        say(
            f"recognised: {report.shape or 'no product'}; "
            + ", ".join(f"{name} → {role}" for role, name in report.columns)
        )
    if report.declared:
        say(f"new attributes, declared as text: {', '.join(report.declared)}")
    for column in report.doubtful:
        say(
            f"{column} says of some that they have left, and is kept as an attribute: --map {column!r}=status lets it count"
        )
    for line, reason in report.rejected_rows:
        say(f"line {line}: {reason}")
    if report.rejected > len(report.rejected_rows):
        say(f"and {report.rejected - len(report.rejected_rows)} more")
    if report.rejected_path is not None:
        say(f"the refused rows are in {report.rejected_path}")
    counts = report.as_dict()
    if json_:
        show_json(counts)
        return
    if report.dry_run:
        say("a dry run: nothing was written")
    for name in ("read", "created", "updated", "unchanged", "rejected", "suppressed", "duplicates"):
        show(f"{name:<12}{counts[name]}")


@contextmanager
def _progress(name: str) -> Iterator[Any]:
    """A bar on standard error, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=1.0)
        yield lambda read, share: bar.update(task, completed=share, description=f"{name}: {read:,} rows")


@subscribers.command(epilog="Example: mailer subscribers export --audience academic --format csv > academic.csv")
def export(
    audience: Annotated[str | None, typer.Option(metavar="A", help="Only those in or once in an audience.")] = None,
    segment: Annotated[str | None, typer.Option(metavar="S", help="Only those of a segment.")] = None,
    format_: Annotated[ExportFormat, typer.Option("--format", help="What is written.")] = ExportFormat.CSV,
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="Default: standard output.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write people out as `import` reads them back; formulas that a spreadsheet would run are guarded."""
    with opened(workspace) as app:
        now = app.clock()
        with app.database.read() as session:
            if audience is not None:
                book.audience_ids(session, (audience,), archived=True)
            where = (
                segment_book.segment_condition(session, segment, now=now, more=engagement())
                if segment is not None
                else None
            )
        people = book.export_people(app.database, audience=audience, where=where, now=now)
        write = book.write_csv if format_ == ExportFormat.CSV else book.write_json_lines
        if out is None:
            sys.stdout.flush()
            with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as stream:
                write(people, stream)
            return
        with out.open("w", encoding="utf-8", newline="") as stream:
            count = write(people, stream)
        say(f"{counted_people(count)} in {out}")


@subscribers.command("show", epilog="Example: mailer subscribers show ada@example.org --json")
def show_(email: EmailArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Everything that is known of a person, with the log of their consent."""
    with opened(workspace) as app, app.database.read() as session:
        try:
            person = book.find_person(session, email, now=app.clock())
        except NotFound:
            stranger = book.find_suppressed(session, email, keys=app.keys, now=app.clock())
            if stranger is None:
                raise
            person = stranger
        known = everything_about(session, person)
    if json_:
        show_json(known)
        return
    for key in ("email", "name", "status", "language", "zone", "paused_until", "created_at", "id"):
        show(f"{key:<14}{known[key] or ''}")
    show(f"{'attributes':<14}{json.dumps(known['attributes'], ensure_ascii=False)}")
    for membership in person.audiences:
        show(f"{'audience':<14}{membership.slug}: {membership.state}")
    for key, text in _history(known):
        show(f"{key:<14}{text}".rstrip())


def _history(known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What somebody agreed to and was sent, and what came of it, as lines with a key."""
    for line in known["consents"]:
        where = f"{line['audience'] or 'everything'} ({line['source']})"
        yield "consent", f"{line['at']} {line['deed']} {where} {line['wording']}"
    for letter in known["letters"]:
        yield "letter", f"{letter['at'] or ''} {letter['campaign']}: {letter['state']} {letter['reason']}"
    for event in known["events"]:
        yield "event", f"{event['at']} {event['kind']} {event['campaign']} {event['detail']}"
    if why := known["suppression"]:
        yield "suppressed", f"{why['since']} {why['subject']}: {why['reason']} ({why['source']})"
    if asked := known["new_address"]:
        yield "new address", f"{asked['asked_at']} {asked['address']}"


@subscribers.command("list", epilog="Example: mailer subscribers list --audience academic --status paused")
def list_(
    search: Annotated[str, typer.Option(metavar="TEXT", help="Part of an address or a name.")] = "",
    audience: Annotated[str | None, typer.Option(metavar="A")] = None,
    status: Annotated[str | None, typer.Option(metavar="S", help="unconfirmed, subscribed, paused, …")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """A page of people."""
    with opened(workspace) as app, app.database.read() as session:
        page = book.list_people(session, search=search, audience=audience, status=status, limit=limit, now=app.clock())
    if json_:
        show_json([person.as_dict() for person in page.people])
        return
    show_table(
        ("email", "name", "status", "audiences"),
        ((p.email, p.name, p.status, " ".join(m.slug for m in p.audiences)) for p in page.people),
    )
    if page.next_after is not None:
        say(f"only the first {limit} are shown")


@subscribers.command(
    epilog='Example: mailer subscribers add ada@example.org --audience academic --status subscribed --consent "By letter"'
)
def add(
    email: EmailArgument,
    name: Annotated[str, typer.Option(metavar="TEXT")] = "",
    audience: AudiencesOption = None,
    language: Annotated[str, typer.Option(metavar="TAG", help="Such as en or de.")] = "",
    attribute: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="May be repeated.")] = None,
    consent: ConsentOption = "",
    status: Annotated[AddStatus, typer.Option(help="`subscribed` needs a consent.")] = AddStatus.UNCONFIRMED,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Add one person by hand."""
    with opened(workspace) as app:
        now = app.clock()
        with app.database.begin() as session:
            subscriber_id = book.add_person(
                session,
                email,
                name=name,
                language=language,
                attributes=_pairs(attribute or [], "--attribute", "NAME=VALUE"),
                audience_slugs=audience or [],
                status=status.value,
                consent=consent,
                source="cli",
                keys=app.keys,
                now=now,
                actor=ACTOR,
            )
            person = book.person_by_id(session, subscriber_id, now=now)
    show_either(f"{email} is {status.value}", person.as_dict() if person is not None else {}, json_=json_)


@subscribers.command(epilog="Example: mailer subscribers unsubscribe ada@example.org --audience industry")
def unsubscribe(
    email: EmailArgument,
    audience: AudiencesOption = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Take a person out of these audiences, or without `--audience` out of everything."""
    with opened(workspace) as app:
        now = app.clock()
        with app.database.begin() as session:
            person = book.find_person(session, email, now=now)
            book.unsubscribe(session, person.id, audience_slugs=audience, now=now, source="cli", actor=ACTOR)
            after = book.person_by_id(session, person.id, now=now)
    said = f"{email} has left {', '.join(audience) if audience else 'everything'}"
    show_either(said, after.as_dict() if after is not None else {}, json_=json_)


@subscribers.command(epilog="Example: mailer subscribers erase ada@example.org")
def erase(email: EmailArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Forget a person; only a keyed hash stays, so that they are never mailed again. It cannot be undone."""
    with opened(workspace) as app:
        now = app.clock()
        with app.database.begin() as session:
            person = book.find_person(session, email, now=now)
            book.erase(session, person.id, keys=app.keys, now=now, actor=ACTOR)
    show_either("the person is forgotten", {"erased": True}, json_=json_)


@subscribers.command(epilog="Example: mailer subscribers suppress @example.org --reason manual")
def suppress(
    address: Annotated[str, typer.Argument(metavar="EMAIL|@DOMAIN", help="An address, or a whole domain.")],
    reason: Annotated[str, typer.Option(metavar="WORD", help="bounce, complaint, manual, …")] = "manual",
    lift: Annotated[bool, typer.Option("--lift", help="Take it off the list again.")] = False,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Never mail an address or a domain again."""
    with opened(workspace) as app:
        now = app.clock()
        with app.database.begin() as session:
            if lift:
                book.lift(session, address, now=now, actor=ACTOR)
            else:
                book.suppress(session, address, reason=reason, source="cli", now=now, actor=ACTOR)
    said = f"{address} can be mailed again" if lift else f"{address} is suppressed"
    show_either(said, {"address": address, "suppressed": not lift}, json_=json_)


def _pairs(given: list[str], option: str, form: str) -> dict[str, str]:
    """`NAME=VALUE` pairs; a column's name may hold an equals sign itself, so the last one counts."""
    pairs = {}
    for text in given:
        name, sign, value = text.rpartition("=") if option == "--map" else text.partition("=")
        if not (name.strip() and sign and value.strip()):
            raise WrongInput(f"{text!r} is not {form}", do=f"write {form}", place=option)
        pairs[name.strip()] = value.strip()
    return pairs
