"""Issue × audiences × frame → Letter."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from mailer.content.issue import Blocks, Issue
from mailer.content.select import select
from mailer.rendering import mjml
from mailer.rendering.blocks import BlockWriter, bare
from mailer.rendering.edition import Edition, calendars
from mailer.rendering.folding import choose, fold, personal_bytes, section_sizes
from mailer.rendering.formulas import MailFormulas
from mailer.rendering.highlight import highlighted
from mailer.rendering.inlines import MailInlines
from mailer.rendering.letter import Frame, Letter, LinkName, LinkSlot, Picture, Segments
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
    page = _page(work, blocks, outline(blocks), formula_cache)
    folded: frozenset[str] = frozenset()
    while page.html_bytes > frame.budget_bytes and frame.archive_url:
        more = choose(page.costs, page.html_bytes - frame.budget_bytes, folded=folded)
        if not more:
            break  # nothing is left to fold
        folded |= more
        page = _folded_page(work, blocks, folded, formula_cache)
    return Letter(
        audiences=audiences,
        language=issue.meta.language,
        subject=work.mint.segments(work.mint.words_of(work.of_meta("subject"))),
        html=page.html,
        text=work.mint.segments(_text(work, blocks, outline(blocks))),
        mjml=page.source,
        pictures=page.pictures,
        embedded=page.embedded,
        calendars=calendars(issue, blocks, frame),
        html_bytes=page.html_bytes,
        sections=section_sizes(page.costs, folded),
    )


@dataclass(frozen=True, slots=True)
class _Page:
    """The HTML part and what it is made of."""

    source: str
    html: Segments
    pictures: tuple[Picture, ...]
    embedded: bool
    costs: list[tuple[Blocks, int]]

    @property
    def html_bytes(self) -> int:
        return personal_bytes(self.html)


def _page(work: Edition, blocks: Blocks, plan: Outline, formula_cache: Path | None) -> _Page:
    gallery = Gallery(work.issue.assets, work.theme.column)
    inlines = MailInlines(
        work.theme, work.mint, gallery, MailFormulas(work.theme, formula_cache), archive_url=work.frame.archive_url
    )
    source, costs = _mjml(work, blocks, plan, inlines)
    html = mjml.html(source)
    embedded = is_embedded(gallery.pictures, work.frame.pictures)
    if not embedded:
        html = hosted(html, gallery.pictures, work.frame.base_url)
    return _Page(source, work.mint.segments(html), gallery.pictures, embedded, costs)


def _folded_page(work: Edition, blocks: Blocks, folded: frozenset[str], formula_cache: Path | None) -> _Page:
    short = fold(blocks, outline(blocks), folded, archive_url=work.frame.archive_url, read_on=work.words["read_on"])
    return _page(work, short, outline(short), formula_cache)


def _frame(work: Edition) -> dict[str, object]:
    """What the frames of both bodies know."""
    return {
        **work.facts(),
        "title": work.mint.words_of(work.of_meta("title")),
        "preheader": work.mint.words_of(work.of_meta("preheader")),
        "link": {name: work.mint.word(LinkSlot(name)) for name in LINKS},
    }


def _mjml(work: Edition, blocks: Blocks, plan: Outline, inlines: MailInlines) -> tuple[str, list[tuple[Blocks, int]]]:
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
    parts, costs = mjml.sections(blocks, plan, write, inlines, work.theme)
    context = {
        **shared,
        **_frame(work),
        "inline": inlines,
        "contents": contents,
        "has_contents": bool(contents),
        "parts": parts,
    }
    return mjml.mjml(work.templates, work.issue.meta.template or mjml.TEMPLATE, context), costs


def _text(work: Edition, blocks: Blocks, plan: Outline) -> str:
    write = TextWriter(plan, work.words, work.mint, work.calendar_url, archive_url=work.frame.archive_url)
    body = write.flow(blocks).strip("\n")
    context = {**_frame(work), "p": work.words, "body": Markup(body), "links": write.links}  # noqa: S704  # a .txt is not escaped
    made = str(rendered(work.templates, "text/letter.txt", **context))
    lines = [line.rstrip() for line in made.strip("\n").split("\n")]
    return "\n".join(lines) + "\n"
