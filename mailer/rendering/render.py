"""Issue × audiences × frame → Letter."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import Markup

from mailer.content.issue import Blocks, Event, Issue
from mailer.content.select import select
from mailer.content.walk import all_blocks
from mailer.rendering import mjml
from mailer.rendering.blocks import BlockWriter
from mailer.rendering.calendars import calendar
from mailer.rendering.formulas import MailFormulas
from mailer.rendering.highlight import highlighted
from mailer.rendering.inlines import MailInlines
from mailer.rendering.letter import Frame, Letter, LinkName, LinkSlot
from mailer.rendering.outline import Outline, outline
from mailer.rendering.phrases import Phrases, direction, phrases
from mailer.rendering.pictures import Gallery, hosted, is_embedded
from mailer.rendering.slots import Mint
from mailer.rendering.templates import environment, folders, rendered
from mailer.rendering.text import TextWriter
from mailer.rendering.themes import Theme, theme

LINKS: tuple[LinkName, ...] = ("unsubscribe", "preferences", "view")


def render(issue: Issue, audiences: frozenset[str], frame: Frame, *, formula_cache: Path | None = None) -> Letter:
    """The letter for readers in these audiences; without any, what is for everybody.

    The same arguments give the same letter, in another process and on another day.

    Args:
        formula_cache: a folder in which set formulas are kept between processes.

    Raises:
        WrongInput: a template, theme or phrase table is wrong.
    """
    work = _Work.begin(issue, audiences, frame)
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


def calendars(issue: Issue, blocks: Blocks, frame: Frame) -> dict[str, bytes]:
    """The calendar files of the events among the blocks, by name."""
    host = urlsplit(frame.base_url).hostname or "localhost"
    return {
        f"{event.slug}.ics": calendar(event, host=host, issue=issue.meta.slug, stamp=issue.meta.date)
        for event in all_blocks(blocks)
        if isinstance(event, Event)
    }


@dataclass(frozen=True, slots=True)
class _Work:
    """What both bodies of one letter are made with."""

    issue: Issue
    audiences: frozenset[str]
    frame: Frame
    mint: Mint
    theme: Theme
    words: Phrases
    templates: Environment

    @classmethod
    def begin(cls, issue: Issue, audiences: frozenset[str], frame: Frame) -> "_Work":
        searched = folders(frame.overrides)
        return cls(
            issue=issue,
            audiences=audiences,
            frame=frame,
            mint=Mint(issue.text, repr(issue.meta), repr(issue.blocks), repr(sorted(audiences)), repr(frame)),
            theme=theme(issue.meta.theme, searched),
            words=phrases(issue.meta.language, searched),
            templates=environment(searched),
        )

    def of_meta(self, key: str) -> str:
        """The title, subject or preheader for these audiences, its merge fields as they were written."""
        meta = self.issue.meta
        for audience in (*meta.audiences, *sorted(self.audiences)):
            own = meta.by_audience.get(audience, {}).get(key) if audience in self.audiences else None
            if own:
                return own
        return str(getattr(meta, key)) or (meta.title if key == "subject" else "")

    def calendar_url(self, event: Event) -> str:
        """Where the event's calendar file is; nowhere without an archive."""
        return f"{self.frame.archive_url.rstrip('/')}/{event.slug}.ics" if self.frame.archive_url else ""

    def facts(self) -> list[str]:
        """The issue's number and date in words."""
        meta = self.issue.meta
        number = self.words["number"].format(number=meta.number) if meta.number else ""
        return [fact for fact in (number, self.words.day(meta.date) if meta.date else "") if fact]

    def why(self) -> str:
        """Why the reader gets this letter, with the names of the audiences it is for."""
        names = [self.frame.audience_names.get(slug, slug) for slug in sorted(self.audiences)]
        key = "why" if names else "why_plain"
        return self.words[key].format(sender=self.frame.sender.name, audiences=self.words.listed(names))

    def context(self) -> dict[str, object]:
        """What the frames of both bodies know."""
        return {
            "sender": self.frame.sender,
            "postal_lines": self.frame.sender.postal_address.strip().splitlines(),
            "facts": self.facts(),
            "why": self.why(),
            "title": self.mint.words_of(self.of_meta("title")),
            "preheader": self.mint.words_of(self.of_meta("preheader")),
            "link": {name: self.mint.word(LinkSlot(name)) for name in LINKS},
            "language": self.issue.meta.language,
            "direction": direction(self.issue.meta.language),
            "archive_url": self.frame.archive_url,
            "t": self.theme,
            "p": self.words,
        }


def _mjml(work: _Work, blocks: Blocks, plan: Outline, inlines: MailInlines) -> str:
    shared: Mapping[str, object] = {
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
        **work.context(),
        "inline": inlines,
        "contents": contents,
        "has_contents": bool(contents),
        "parts": mjml.sections(blocks, plan, write, inlines, work.theme),
    }
    return mjml.mjml(work.templates, work.issue.meta.template or mjml.TEMPLATE, context)


def _text(work: _Work, blocks: Blocks, plan: Outline) -> str:
    write = TextWriter(plan, work.words, work.mint, work.calendar_url)
    body = write.flow(blocks).strip("\n")
    context = {**work.context(), "body": Markup(body), "links": write.links}  # noqa: S704  # a .txt is not escaped
    made = str(rendered(work.templates, "text/letter.txt", **context))
    lines = [line.rstrip() for line in made.strip("\n").split("\n")]
    return "\n".join(lines) + "\n"
