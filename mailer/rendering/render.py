"""Issue × audiences × frame → Letter."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from markupsafe import Markup, escape

from mailer.content.issue import Blocks, Issue
from mailer.content.select import select
from mailer.rendering import mjml
from mailer.rendering.archive import Archive
from mailer.rendering.blocks import BlockWriter, Written, bare, template_of
from mailer.rendering.edition import Edition, calendars
from mailer.rendering.escaping import CONTROLS
from mailer.rendering.folding import Costs, choose, fold, personal_bytes, section_sizes
from mailer.rendering.formulas import MailFormulas
from mailer.rendering.highlight import highlighted
from mailer.rendering.inlines import MailInlines
from mailer.rendering.letter import Frame, Letter, LinkName, LinkSlot, Picture, Segments
from mailer.rendering.outline import outline
from mailer.rendering.pictures import Gallery, hosted, is_embedded
from mailer.rendering.template_faults import first_fault
from mailer.rendering.templates import rendered, template
from mailer.rendering.text import TextWriter

BLOCKS: Final = "blocks/{}.mjml"
LINKS: tuple[LinkName, ...] = ("unsubscribe", "preferences", "view")


def render(issue: Issue, audiences: frozenset[str], frame: Frame, *, formula_cache: Path | None = None) -> Letter:
    """The letter for readers in these audiences; without any, what is for everybody.

    The same arguments give the same letter, in another process and on another day.

    Args:
        formula_cache: a folder in which set formulas are kept between processes.

    Raises:
        WrongInput: a template, theme or phrase table is wrong.
    """
    return Press(issue, frame, formula_cache=formula_cache).letter(audiences)


class Press:
    """Makes the letters of one issue. What several of them show is written once; each is the same as if made alone.

    Raises:
        WrongInput: the theme or the phrase table is wrong.
    """

    def __init__(self, issue: Issue, frame: Frame, *, formula_cache: Path | None = None) -> None:
        self._edition = Edition.begin(issue, frame)
        theme, mint = self._edition.theme, self._edition.mint
        self._gallery = Gallery(issue.assets, theme.column)
        formulas = MailFormulas(theme, formula_cache, issue.meta.language)
        self._archive = Archive.of(issue, frame)
        self._inlines = MailInlines(theme, mint, self._gallery, formulas, archive=self._archive)
        self._written: Written = {}
        self._bodies: dict[Blocks, _Bodies] = {}
        self._same: dict[tuple[int, ...], tuple[Blocks, _Bodies]] = {}
        self._pages: dict[tuple[int, str, str], tuple[str, str]] = {}
        self._own_frames = sorted((Path(frame.overrides) / "email").glob("*.mjml")) if frame.overrides else []
        self._shared: dict[str, object] = {
            "bare": cache(lambda words: self._inlines(bare(words))),
            "t": theme,
            "logo": self._gallery.logo(theme.logo),
            "p": self._edition.words,
            "said": self._edition.said,
            "language": issue.meta.language,
            "direction": self._edition.direction,
            "start": "right" if self._edition.direction == "rtl" else "left",
            "end": "left" if self._edition.direction == "rtl" else "right",
            "picture": self._inlines.picture,
            "formula": self._inlines.formula,
            "code": highlighted,
            "calendar_url": self._archive.calendar,
            "archived": self._archive.address,
        }
        self._shared["once"] = cache(self._once)

    def letter(self, audiences: frozenset[str]) -> Letter:
        """The letter for readers in these audiences; without any, what is for everybody.

        Raises:
            WrongInput: a template is wrong.
        """
        edition, issue, frame = self._edition, self._edition.issue, self._edition.frame
        blocks = select(issue, audiences)
        whole = self._of(blocks)
        page = self._page(whole, audiences)
        folded: frozenset[str] = frozenset()
        while page.html_bytes > frame.budget_bytes and self._archive:
            excess = page.html_bytes - frame.budget_bytes
            more = choose(page.costs, excess, meta=issue.meta, archive=self._archive, folded=folded)
            if not more:
                break  # nothing is left to fold
            folded |= more
            page = self._page(self._of(self._short(blocks, folded)), audiences)
        return Letter(
            audiences=audiences,
            language=issue.meta.language,
            subject=edition.mint.segments(edition.mint.words_of(edition.of_meta("subject", audiences))),
            html=page.html,
            text=edition.mint.segments(self._text(whole, audiences)),
            mjml=edition.mint.segments(page.source),
            pictures=page.pictures,
            embedded=page.embedded,
            calendars=calendars(issue, blocks, frame),
            html_bytes=page.html_bytes,
            sections=section_sizes(page.costs, whole.mjml.costs, folded),
            preheader=edition.mint.segments(edition.mint.words_of(edition.of_meta("preheader", audiences))),
        )

    def _once(self, name: str) -> Markup:
        """A part of the frame that knows nothing of the readers: the styles are a third of a frame's work."""
        return rendered(self._edition.templates, name, **self._shared, inline=self._inlines)

    def _of(self, blocks: Blocks) -> "_Bodies":
        # the very same blocks first: to compare by value, every block in every other is hashed
        same = tuple(map(id, blocks))
        if same not in self._same:
            bodies = self._bodies.setdefault(blocks, _Bodies(self._mjml, self._plain, blocks))
            self._same[same] = blocks, bodies  # an id is one block's as long as it lives
        return self._same[same][1]

    def _mjml(self, blocks: Blocks) -> mjml.Body:
        edition, plan = self._edition, outline(blocks)
        write = BlockWriter(
            edition.templates,
            BLOCKS,
            inlines=self._inlines,
            plan=plan,
            context=self._shared,
            written_before=self._written,
        )
        contents = plan.contents if self._archive and len(plan.contents) > 1 else ()
        return mjml.body(blocks, plan, write, self._inlines, theme=edition.theme, contents=contents)

    def _plain(self, blocks: Blocks) -> "_Text":
        edition = self._edition
        write = TextWriter(
            outline(blocks),
            edition.words,
            edition.mint,
            archive=self._archive,
        )
        body = write.flow(blocks).strip("\n")
        numbered = "".join(f"[{number}] {href}\n" for number, href in enumerate(write.links, start=1))
        return _Text(body, write.links, numbered)

    def _page(self, bodies: "_Bodies", audiences: frozenset[str]) -> "_Page":
        edition, frame = self._edition, self._frame(audiences)
        source, html = self._compiled(bodies, frame)
        pictures = self._gallery.shown_in(html)
        embedded = is_embedded(pictures, edition.frame.pictures)
        if not embedded:
            html = hosted(html, pictures, edition.frame.base_url)
        return _Page(source, edition.mint.segments(html), pictures, embedded, bodies.mjml.costs)

    def _compiled(self, bodies: "_Bodies", frame: dict[str, object]) -> tuple[str, str]:
        """The MJML and the HTML.

        To readers who see the same blocks our frame says nothing else but why they get the letter: it is compiled once, with a
        word in that place. What a frame of the workspace does with it is not known.
        """
        if self._own_frames:
            return self._compiled_alone(bodies, frame)
        word = self._edition.mint.stand_in("why")
        same = id(bodies), str(frame["title"]), str(frame["preheader"])
        if same not in self._pages:
            self._pages[same] = self._compiled_alone(bodies, {**frame, "why": word})
        source, html = self._pages[same]
        why = str(escape(CONTROLS.sub("", str(frame["why"]))))
        return source.replace(word, why), html.replace(word, why)

    def _compiled_alone(self, bodies: "_Bodies", frame: dict[str, object]) -> tuple[str, str]:
        context = {**self._shared, **frame, "inline": self._inlines, **bodies.mjml.facts}
        if self._own_frames:  # its parts may say anything that the frame knows
            context["once"] = lambda name: rendered(self._edition.templates, name, **context)
        template_name = self._edition.issue.meta.template or mjml.TEMPLATE
        source = mjml.mjml(self._edition.templates, template_name, context)
        return source, mjml.html(source, blame=self._template_at_fault)

    def _template_at_fault(self) -> tuple[str, str]:
        """The place of what is wrong in the innermost block's template that makes no well-formed markup, else in the frame."""
        templates = self._edition.templates
        kinds = (type(key[0]) for key, markup in self._written.items() if not mjml.is_well_formed(markup))
        kind = next(kinds, None)
        found = template(templates, template_of(kind, BLOCKS) if kind else f"{mjml.TEMPLATE}.mjml")
        return first_fault([Path(str(found.filename))] if kind else self._own_frames) or (str(found.filename), "")

    def _short(self, blocks: Blocks, folded: frozenset[str]) -> Blocks:
        edition = self._edition
        return fold(blocks, outline(blocks), folded, archive_url=self._archive.url, read_on=edition.words["read_on"])

    def _frame(self, audiences: frozenset[str]) -> dict[str, object]:
        """What the frames of both bodies know."""
        edition = self._edition
        return {
            **edition.facts(audiences),
            "title": edition.mint.words_of(edition.of_meta("title", audiences)),
            "preheader": edition.mint.words_of(edition.of_meta("preheader", audiences)),
            "link": {name: edition.mint.word(LinkSlot(name)) for name in LINKS},
        }

    def _text(self, bodies: "_Bodies", audiences: frozenset[str]) -> str:
        edition, text = self._edition, bodies.text
        context = {
            **self._frame(audiences),
            "p": edition.words,
            "body": Markup(text.body),  # noqa: S704  # a .txt is not escaped
            "links": text.links,
            "numbered_links": text.numbered_links,
        }
        made = str(rendered(edition.templates, "text/letter.txt", **context))
        lines = [line.rstrip() for line in made.strip("\n").split("\n")]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Bodies:
    """What readers who see the same blocks have in common, each part made when it is first wanted."""

    write_mjml: Callable[[Blocks], mjml.Body]
    write_text: Callable[[Blocks], "_Text"]
    blocks: Blocks

    @cached_property
    def mjml(self) -> mjml.Body:
        return self.write_mjml(self.blocks)

    @cached_property
    def text(self) -> "_Text":
        return self.write_text(self.blocks)


@dataclass(frozen=True, slots=True)
class _Text:
    """The text part's body, and the addresses that it refers to by number, also as lines."""

    body: str
    links: tuple[str, ...]
    numbered_links: str


@dataclass(frozen=True, slots=True)
class _Page:
    """The HTML part and what it is made of."""

    source: str
    html: Segments
    pictures: tuple[Picture, ...]
    embedded: bool
    costs: Costs

    @property
    def html_bytes(self) -> int:
        return personal_bytes(self.html)
