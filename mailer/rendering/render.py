"""Issue × audiences × frame → Letter."""

from pathlib import Path

from markupsafe import Markup

from mailer.content.issue import Blocks, Issue
from mailer.content.select import select
from mailer.rendering import mjml
from mailer.rendering.blocks import BlockWriter, bare
from mailer.rendering.edition import Edition, calendars
from mailer.rendering.formulas import MailFormulas
from mailer.rendering.highlight import highlighted
from mailer.rendering.inlines import MailInlines
from mailer.rendering.letter import Frame, Letter, LinkName, LinkSlot
from mailer.rendering.outline import Outline, outline
from mailer.rendering.pictures import Gallery, hosted, is_embedded
from mailer.rendering.templates import rendered
from mailer.rendering.text import TextWriter

LINKS: tuple[LinkName, ...] = ("unsubscribe", "preferences", "view")


def render(issue: Issue, audiences: frozenset[str], frame: Frame, *, formula_cache: Path | None = None) -> Letter:
    """The letter for readers in these audiences; without any, what is for everybody.

    The same arguments give the same letter, in another process and on another day.

    Args:
        formula_cache: a folder in which set formulas are kept between processes.

    Raises:
        WrongInput: a template, theme or phrase table is wrong.
    """
    work = Edition.begin(issue, audiences, frame)
    blocks = select(issue, audiences)
    plan = outline(blocks)
    formulas = MailFormulas(work.theme, formula_cache)
    gallery = Gallery(issue.assets, work.theme.column)
    inlines = MailInlines(work.theme, work.mint, gallery, formulas)
    source = _mjml(work, blocks, plan, inlines)
    page = mjml.html(source)
    embedded = is_embedded(gallery.pictures, frame.pictures)
    if not embedded:
        page = hosted(page, gallery.pictures, frame.base_url)
    return Letter(
        audiences=audiences,
        language=issue.meta.language,
        subject=work.mint.segments(work.mint.words_of(work.of_meta("subject"))),
        html=work.mint.segments(page),
        text=work.mint.segments(_text(work, blocks, plan)),
        mjml=source,
        pictures=gallery.pictures,
        embedded=embedded,
        calendars=calendars(issue, blocks, frame),
    )


def _frame(work: Edition) -> dict[str, object]:
    """What the frames of both bodies know."""
    return {
        **work.facts(),
        "title": work.mint.words_of(work.of_meta("title")),
        "preheader": work.mint.words_of(work.of_meta("preheader")),
        "link": {name: work.mint.word(LinkSlot(name)) for name in LINKS},
    }


def _mjml(work: Edition, blocks: Blocks, plan: Outline, inlines: MailInlines) -> str:
    shared: dict[str, object] = {
        "bare": lambda words: inlines(bare(words)),
        "t": work.theme,
        "p": work.words,
        "picture": inlines.picture,
        "formula": inlines.formula,
        "code": highlighted,
        "calendar_url": work.calendar_url,
    }
    write = BlockWriter(work.templates, "blocks/{}.mjml", inlines=inlines, plan=plan, context=shared)
    contents = plan.contents if work.frame.archive_url and len(plan.contents) > 1 else ()
    context = {
        **shared,
        **_frame(work),
        "inline": inlines,
        "contents": contents,
        "has_contents": bool(contents),
        "parts": mjml.sections(blocks, plan, write, inlines, work.theme),
    }
    return mjml.mjml(work.templates, work.issue.meta.template or mjml.TEMPLATE, context)


def _text(work: Edition, blocks: Blocks, plan: Outline) -> str:
    write = TextWriter(plan, work.words, work.mint, work.calendar_url)
    body = write.flow(blocks).strip("\n")
    context = {**_frame(work), "p": work.words, "body": Markup(body), "links": write.links}  # noqa: S704  # a .txt is not escaped
    made = str(rendered(work.templates, "text/letter.txt", **context))
    lines = [line.rstrip() for line in made.strip("\n").split("\n")]
    return "\n".join(lines) + "\n"
