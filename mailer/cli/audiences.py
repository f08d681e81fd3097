"""audiences …, segments …: what people can join, and who is found by a filter."""

from typing import Annotated, Any

import typer

import subscribers as book
from mailer import campaigns
from mailer.base.wording import counted_people
from mailer.cli.output import JsonOption, say, show_either, show_json, show_table
from mailer.cli.workspace import WorkspaceOption, opened
from mailer.feedback.engagement import engagement
from subscribers import segments as segment_book

ACTOR = "cli"

audiences = typer.Typer(help="What people can join.", rich_markup_mode=None, no_args_is_help=True)
segments = typer.Typer(help="Saved filters over people.", rich_markup_mode=None, no_args_is_help=True)

SlugArgument = Annotated[str, typer.Argument(metavar="SLUG", help="Lower case letters, digits and hyphens.")]


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.add_typer(audiences, name="audiences", epilog="Example: mailer audiences list")
    app.add_typer(segments, name="segments", epilog="Example: mailer segments list")


# --- audiences ---------------------------------------------------------------------------------------------------

PublicOption = Annotated[
    bool | None, typer.Option("--public/--private", help="Offered on the pages, shown in the archive.")
]
OptInOption = Annotated[
    bool | None, typer.Option("--double-opt-in/--single-opt-in", help="A sign-up is confirmed by mail.")
]
DescriptionOption = Annotated[str | None, typer.Option(metavar="TEXT", help="Shown where people choose.")]


@audiences.command("list", epilog="Example: mailer audiences list --json")
def list_audiences(
    archived: Annotated[bool, typer.Option("--archived", help="Those too.")] = False,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """All audiences with how many are subscribed."""
    with opened(workspace) as app, app.database.read() as session:
        rows = book.count_audiences(session, archived=archived)
    if json_:
        show_json([_audience(row) for row in rows])
        return
    show_table(
        ("slug", "name", "subscribed", "offered", "opt-in"),
        (
            (
                row.slug, row.name, row.subscribed,
                "archived" if row.is_archived else "public" if row.is_public else "private",
                "double" if row.double_opt_in else "single",
            )
            for row in rows
        ),
    )  # fmt: skip


@audiences.command("add", epilog='Example: mailer audiences add alumni "Alumni" --private')
def add_audience(
    slug: SlugArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As people read it; default: the slug.")] = "",
    name_option: Annotated[str, typer.Option("--name", metavar="NAME", help="The same as an option.")] = "",
    description: DescriptionOption = None,
    public: PublicOption = None,
    double_opt_in: OptInOption = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """A new audience, public and with double opt-in where nothing else is said."""
    with opened(workspace) as app, app.database.begin() as session:
        book.add_audience(
            session,
            slug,
            name or name_option or slug,
            description=description or "",
            is_public=public is not False,
            double_opt_in=double_opt_in is not False,
            now=app.clock(),
            actor=ACTOR,
        )
    show_either(f"audience {slug} is there", {"slug": slug, "name": name or name_option or slug}, json_=json_)


@audiences.command("edit", epilog='Example: mailer audiences edit alumni --name "Former members" --public')
def edit_audience(
    slug: SlugArgument,
    name: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    description: DescriptionOption = None,
    public: PublicOption = None,
    double_opt_in: OptInOption = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Change what is given; the rest stays."""
    with opened(workspace) as app, app.database.begin() as session:
        book.edit_audience(
            session,
            slug,
            name=name,
            description=description,
            is_public=public,
            double_opt_in=double_opt_in,
            now=app.clock(),
            actor=ACTOR,
        )
    show_either(f"audience {slug} is changed", {"slug": slug}, json_=json_)


@audiences.command("archive", epilog="Example: mailer audiences archive alumni")
def archive_audience(slug: SlugArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Offer it no more and send to it no more; its subscriptions stay on record."""
    with opened(workspace) as app, app.database.begin() as session:
        book.archive_audience(session, slug, now=app.clock(), actor=ACTOR)
    show_either(f"audience {slug} is archived", {"slug": slug, "is_archived": True}, json_=json_)


# --- segments ----------------------------------------------------------------------------------------------------


@segments.command("list", epilog="Example: mailer segments list")
def list_segments(workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """All segments."""
    with opened(workspace) as app, app.database.read() as session:
        rows = segment_book.list_segments(session)
    if json_:
        show_json([{"slug": row.slug, "name": row.name, "filter": row.filter} for row in rows])
        return
    show_table(("slug", "name", "filter"), ((row.slug, row.name, row.filter) for row in rows))


@segments.command("add", epilog='Example: mailer segments add deans "audience = academic and attributes.role = dean"')
def add_segment(
    slug: SlugArgument,
    filter_: Annotated[str, typer.Argument(metavar="FILTER", help="Such as: status = subscribed and tag = press")],
    name: Annotated[str, typer.Option(metavar="NAME")] = "",
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Save a filter under a name."""
    with opened(workspace) as app, app.database.begin() as session:
        segment_book.add_segment(session, slug, name, filter_, now=app.clock(), actor=ACTOR, more=engagement())
        count = segment_book.count_segment(session, filter_, now=app.clock(), more=engagement())
    show_either(f"segment {slug} finds {counted_people(count)} now", {"slug": slug, "count": count}, json_=json_)


@segments.command("edit", epilog='Example: mailer segments edit deans --filter "attributes.role in (dean, rector)"')
def edit_segment(
    slug: SlugArgument,
    filter_: Annotated[str | None, typer.Option("--filter", metavar="FILTER")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Change what is given; the rest stays."""
    with opened(workspace) as app, app.database.begin() as session:
        now = app.clock()
        waiting = campaigns.edit_segment(
            session, slug, name=name, filter_text=filter_, now=now, actor=ACTOR, more=engagement()
        )
        text = segment_book.find_segment(session, slug).filter
        count = segment_book.count_segment(session, text, now=now, more=engagement())
    for row in waiting:
        say(f"the campaign {row.slug} waits for a decision: it was released with another filter")
    found = {"slug": slug, "count": count, "waiting": [row.slug for row in waiting]}
    show_either(f"segment {slug} finds {counted_people(count)} now", found, json_=json_)


@segments.command("delete", epilog="Example: mailer segments delete deans")
def delete_segment(slug: SlugArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Forget a filter; the people it finds stay as they are."""
    with opened(workspace) as app, app.database.begin() as session:
        campaigns.delete_segment(session, slug, now=app.clock(), actor=ACTOR)
    show_either(f"segment {slug} is gone", {"slug": slug}, json_=json_)


@segments.command("count", epilog="Example: mailer segments count deans")
def count_segment(
    segment: Annotated[str, typer.Argument(metavar="SLUG|FILTER", help="A saved segment, or a filter.")],
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """How many people a segment or a filter finds now."""
    with opened(workspace) as app, app.database.read() as session:
        is_filter = any(sign in segment.strip() for sign in " =<>")
        text = segment if is_filter else segment_book.find_segment(session, segment).filter
        count = segment_book.count_segment(session, text, now=app.clock(), more=engagement())
    show_either(str(count), {"count": count}, json_=json_)


def _audience(row: book.CountedAudience) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "name": row.name,
        "description": row.description,
        "is_public": row.is_public,
        "double_opt_in": row.double_opt_in,
        "is_archived": row.is_archived,
        "subscribed": row.subscribed,
    }
