"""send and campaign …: the same decisions as on the manager's pages."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mailer import campaigns, delivery
from mailer.app import App
from mailer.base.errors import MailerError, NotAllowed, Unreachable
from mailer.base.tables import CampaignId
from mailer.base.wording import counted_people
from mailer.cli.campaign_shown import held_line, show_campaign, when_in_utc
from mailer.cli.exits import DONE, FAULTS, INTERRUPTED
from mailer.cli.options import AtOption, AudienceOption, ExcludeOption, IssueArgument, SegmentOption, UncertainOption
from mailer.cli.output import JsonOption, say, show_json, show_table
from mailer.cli.stopping import stop_signals
from mailer.cli.workspace import WorkspaceOption, opened
from mailer.content import read_issue
from mailer.delivery import Counts
from mailer.feedback import report as report_of
from mailer.feedback.engagement import engagement
from mailer.worker.threads import working

ACTOR = "cli"
LOOK_SECONDS = 0.2
WORKERS_MUST_ANSWER_SECONDS = 60
ENDED = ("sent", "cancelled", "failed", "paused", "draft")
"""Nobody who waits for a campaign waits any longer; a draft is one that was recalled."""

campaign = typer.Typer(
    help="Campaigns: an issue, its audiences and a time.", rich_markup_mode=None, no_args_is_help=True
)

YesOption = Annotated[bool, typer.Option("--yes", help="Answer every question with yes, and accept every warning.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The campaign's id or slug.")]


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.command(epilog="Example: mailer send issues/sample --audience academic --at now")(send)
    app.add_typer(campaign, name="campaign", epilog="Example: mailer campaign list")


def send(
    issue: IssueArgument,
    audience: AudienceOption,
    segment: SegmentOption = None,
    exclude: ExcludeOption = None,
    at: AtOption = "now",
    yes: YesOption = False,
    uncertain: UncertainOption = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> int:
    """Make a campaign and schedule it; `--at now` waits until it is done and shows progress."""
    with stop_signals() as stopped, opened(workspace, works=True) as app:
        if at.strip() == "now":
            delivery.require_relay(app.settings.smtp.relays)
        campaign_id = _create(app, issue, audience, uncertain, segments=segment, excluded=exclude)
        try:
            moment = _schedule(app, campaign_id, at, yes=yes)
        except (MailerError, typer.Abort):
            with app.database.begin() as session:  # what was not released leaves no draft behind
                campaigns.discard(session, campaign_id, now=app.clock(), actor=ACTOR)
            raise
        if at.strip() != "now":
            show_campaign(app, campaign_id, json_=json_)
            say(f"leaves {moment:%A %d %B %Y, %H:%M} UTC, if `mailer run` or a worker runs then")
            return DONE
        return _finish(app, campaign_id, stopped, json_=json_)


@campaign.command("create", epilog="Example: mailer campaign create issues/sample --audience academic")
def create(
    issue: IssueArgument,
    audience: AudienceOption,
    segment: SegmentOption = None,
    exclude: ExcludeOption = None,
    uncertain: UncertainOption = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Make a draft of an issue for audiences, or for those of them whom segments leave over."""
    with opened(workspace) as app:
        show_campaign(app, _create(app, issue, audience, uncertain, segments=segment, excluded=exclude), json_=json_)


@campaign.command("edit", epilog="Example: mailer campaign edit 3 --issue issues/sample --audience industry")
def edit(
    campaign_id: IdArgument,
    issue: Annotated[
        Path | None, typer.Option(metavar="ISSUE", help="The issue as it is now, or another one; else its text stays.")
    ] = None,
    audience: Annotated[
        list[str] | None, typer.Option("--audience", metavar="A", help="To whom instead; may be repeated.")
    ] = None,
    segment: SegmentOption = None,
    exclude: ExcludeOption = None,
    everybody: Annotated[bool, typer.Option(help="Drop the segments that are not named here.")] = False,
    uncertain: UncertainOption = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Change a draft: its issue, its audiences, its segments. What is not named stays."""
    unnamed: list[str] | None = [] if everybody else None
    with opened(workspace) as app:
        read = read_issue(issue) if issue else None
        with app.database.begin() as session:
            found, now, stored = campaigns.campaign(session, campaign_id), app.clock(), None
            if issue and read:
                stored = campaigns.store_revision(session, read, now=now, author=ACTOR, origin=str(issue.absolute()))
            campaigns.change(
                session,
                found,
                revision_id=stored,
                audiences=audience or None,
                wanted=segment or unnamed,
                excluded=exclude or unnamed,
                uncertain_rule=uncertain,
                now=now,
                actor=ACTOR,
            )
        show_campaign(app, found.id, json_=json_)


@campaign.command("schedule", epilog='Example: mailer campaign schedule 3 --at "2027-01-05 09:00 Europe/London"')
def schedule(
    campaign_id: IdArgument,
    at: AtOption,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Release a draft for a time; whoever runs then finds the work."""
    with opened(workspace) as app:
        with app.database.read() as session:
            found = campaigns.campaign(session, campaign_id)
        _schedule(app, found.id, at, yes=yes)
        show_campaign(app, found.id, json_=json_)


@campaign.command("list", epilog="Example: mailer campaign list --json")
def list_(workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Show all campaigns."""
    with opened(workspace) as app, app.database.read() as session:
        rows = campaigns.list_campaigns(session)
    if json_:
        show_json([row.as_dict() for row in rows])
    else:
        show_table(
            ("id", "state", "time (UTC)", "slug"),
            [(row.id, row.state, when_in_utc(row.scheduled_at), row.slug) for row in rows],
        )


@campaign.command("show", epilog="Example: mailer campaign show 3 --json")
def show_(campaign_id: IdArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Show the state and the counts of a campaign."""
    with opened(workspace) as app:
        with app.database.read() as session:
            found = campaigns.campaign(session, campaign_id)
        show_campaign(app, found.id, json_=json_)


@campaign.command("pause", epilog="Example: mailer campaign pause 3")
def pause(campaign_id: IdArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Hold a campaign; it takes effect within one batch."""
    _decide(campaigns.pause, campaign_id, workspace, json_=json_)


@campaign.command("resume", epilog="Example: mailer campaign resume 3")
def resume(
    campaign_id: IdArgument,
    despite_refusals: Annotated[
        bool,
        typer.Option(
            "--despite-refusals", help="Do not stop again for refused recipients: you know that these are gone."
        ),
    ] = False,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Let a paused campaign go on."""
    go_on = partial(campaigns.resume, despite_refusals=despite_refusals)
    _decide(go_on, campaign_id, workspace, json_=json_)


@campaign.command("cancel", epilog="Example: mailer campaign cancel 3")
def cancel(campaign_id: IdArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """End a campaign for good; whoever has not got it will not."""
    _decide(campaigns.cancel, campaign_id, workspace, json_=json_)


@campaign.command("recall", epilog="Example: mailer campaign recall 3")
def recall(campaign_id: IdArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Make a campaign whose list is not frozen yet a draft again, to be released anew or cancelled."""
    _decide(campaigns.recall, campaign_id, workspace, json_=json_)


@campaign.command("report", epilog="Example: mailer campaign report 3")
def report(campaign_id: IdArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Show what came of a campaign."""
    with opened(workspace) as app, app.database.read() as session:
        found = campaigns.campaign(session, campaign_id)
        counts, came = delivery.progress(session, found.id), report_of(session, found.id)
    if json_:
        show_json({**found.as_dict(), "counts": counts.as_dict(), "events": came.as_dict()})
    else:
        show_table(("what", "count"), [*counts.as_dict().items(), *came.as_dict().items()])


# --- the steps -------------------------------------------------------------------------------------------------------


def _create(
    app: App,
    issue: Path,
    audiences: list[str],
    uncertain: str | None,
    *,
    segments: list[str] | None,
    excluded: list[str] | None,
) -> CampaignId:
    read, now = read_issue(issue), app.clock()
    with app.database.begin() as session:
        return campaigns.create(
            session,
            campaigns.store_revision(session, read, now=now, author=ACTOR, origin=str(issue.absolute())),
            audiences=audiences,
            wanted=segments or (),
            excluded=excluded or (),
            uncertain_rule=uncertain or app.settings.release.uncertain,
            now=now,
            actor=ACTOR,
        )


def _schedule(app: App, campaign_id: CampaignId, at: str, *, yes: bool) -> datetime:
    """Show what would go out, ask for the number, and release; gives the moment at which it leaves."""
    now = app.clock()
    leaves_at, zone = _moment(app, at, now=now)
    with app.database.read() as session:
        found = campaigns.row(session, campaign_id)
        frame = app.frame(session, slug=found.slug)
        plan = campaigns.plan(
            session, campaign_id, now=now, frame=frame, formula_cache=app.formula_cache, more=engagement()
        )
        newest = campaigns.edited_since(session, campaigns.issue_of_revision(session, found.revision_id)[0])
    for finding in plan.findings:
        say(str(finding))
    if newest:
        say(f"the issue was edited since: `mailer campaign edit {campaign_id} --issue ISSUE` takes the newest text")
    say(
        f"{found.title}: {counted_people(plan.count)} ({', '.join(f'{slug} {count:,}' for slug, count in plan.by_audience.items())})"
    )
    if plan.exclusions:
        say(
            "left out: "
            + ", ".join(f"{campaigns.left_out(reason)} {count:,}" for reason, count in plan.exclusions.items())
        )
    if not yes:
        _ask_for_number(plan.count)
        now = app.clock()  # the cooling-off begins with the answer
        leaves_at, zone = _moment(app, at, now=now, cooling_off=app.settings.release.cooling_off)
    app.settings.refuse_placeholders(app.base_url)
    with app.database.begin() as session:
        campaigns.schedule(
            session,
            campaign_id,
            send_at=leaves_at,
            zone=zone,
            now=now,
            actor=ACTOR,
            frame=app.frame(session, slug=found.slug),
            accept_warnings=True,
            formula_cache=app.formula_cache,
            more=engagement(),
            # At once and without a question is without a first wave too.
            canary=0 if yes and at.strip() == "now" else app.settings.release.canary,
        )
    return leaves_at


def _moment(app: App, at: str, *, now: datetime, cooling_off: timedelta = timedelta()) -> tuple[datetime, str]:
    send_at, zone = campaigns.parse_when(at, zone=app.settings.sender.zone, now=now)
    return campaigns.leaving_at(send_at, now=now, cooling_off=cooling_off), zone


def _ask_for_number(count: int) -> None:
    """The send button is safe: whoever releases types the number of people.

    Raises:
        NotAllowed: there is no terminal, or another number was typed.
    """
    if not sys.stdin.isatty():
        raise NotAllowed("a release wants an answer, and there is no terminal to ask at", do="add --yes")
    typed = typer.prompt(f"To accept the warnings and release, type the number of people ({count})", err=True)
    if typed.replace(",", "").strip() != str(count):
        raise NotAllowed(f"{typed!r} is not {count}", do="nothing was released; look again and repeat")


def _finish(app: App, campaign_id: CampaignId, stopped: threading.Event, *, json_: bool) -> int:
    """Wait for the end; with the embedded queue this process does the work."""
    with working(app) if app.settings.is_embedded else nullcontext():
        state = _watch(app, campaign_id, stopped)
    show_campaign(app, campaign_id, json_=json_)
    if state not in ENDED:
        say(f"stopped; `mailer run` or `mailer worker` goes on with campaign {campaign_id}")
        return INTERRUPTED
    with app.database.read() as session:
        counts = delivery.progress(session, campaign_id)
    return DONE if state == "sent" and not counts.failed else FAULTS


def _watch(app: App, campaign_id: CampaignId, stopped: threading.Event) -> str:
    """Follow a campaign to its end, or until Ctrl-C; gives its state.

    Raises:
        Unreachable: with a broker, no worker has begun within a minute.
    """
    last_change, last_seen, is_told, told = time.monotonic(), None, False, ""
    hours = app.settings.limits.deadline.total_seconds() / 3600
    with _progress() as update:
        while True:
            with app.database.read() as session:
                row, counts = campaigns.row(session, campaign_id), delivery.progress(session, campaign_id)
            update(counts)
            if row.state in ENDED or stopped.is_set():
                return row.state
            if (row.state, counts) != last_seen:
                last_change, last_seen = time.monotonic(), (row.state, counts)
            if row.detail not in ("", told):
                told = row.detail
                say(f"held up: {told}")
            begun = counts.accepted + counts.sending + counts.failed + counts.deferred
            due = row.scheduled_at is not None and row.scheduled_at <= app.clock()
            if due and not begun and time.monotonic() - last_change > WORKERS_MUST_ANSWER_SECONDS:
                if not (row.detail or _tell_held_back(app, row)):
                    raise Unreachable(
                        "workers", "none has answered within 60 s", do="start `mailer worker` and `mailer beat`"
                    )
                last_change = time.monotonic()
            only_later = counts.deferred and not (counts.pending or counts.sending or counts.uncertain)
            if only_later and not is_told:
                is_told = True
                say(
                    f"{counts.deferred:,} are to be tried again, for up to {hours:.3g} hours; "
                    "Ctrl-C leaves them to `mailer run` or a worker"
                )
            stopped.wait(LOOK_SECONDS)


def _tell_held_back(app: App, row: campaigns.CampaignRow) -> bool:
    """Say whom the pace of their domains holds back, if it does."""
    with app.database.read() as session:
        held = delivery.held_back(session, row, now=app.clock())
    if held:
        say(held_line(held))
    return held is not None


@contextmanager
def _progress() -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _counts: None
        return
    columns = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("sending", total=None)

        def update(counts: Counts) -> None:
            bar.update(task, total=counts.total or None, completed=counts.accepted + counts.failed + counts.skipped)

        yield update


def _decide(decision: campaigns.Decision, campaign_id: str, workspace: Path | None, *, json_: bool) -> None:
    with opened(workspace) as app:
        with app.database.begin() as session:
            found = campaigns.campaign(session, campaign_id)
            decision(session, found.id, now=app.clock(), actor=ACTOR)
        show_campaign(app, found.id, json_=json_)
