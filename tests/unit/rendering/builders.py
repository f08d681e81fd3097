"""Issues, frames and readers for the tests of rendering."""

from datetime import date
from html.parser import HTMLParser

from mailer.content import Issue, StoredFiles, read_files
from mailer.content.issue import Block, FrontMatter, Inlines, Paragraph, Place, Text
from mailer.rendering import FieldSlot, Frame, Letter, LinkSlot, Sender, render, text_of, web_edition
from mailer.rendering.showing import html_of

PLACE = Place("issue.md", 1)
SENDER = Sender("Maths4DL", "news@x.test", "University of Bath\nBath BA2 7AY, UK")
FRAME = Frame(sender=SENDER, base_url="https://news.test")
ARCHIVED = Frame(
    sender=SENDER,
    base_url="https://news.test",
    archive_url="https://news.test/archive/one",
    audience_names={"academic": "Academic news", "industry": "News for industry", "outreach": "News for everybody"},
)


def words(text: str) -> Inlines:
    return (Text(text),)


def a_paragraph(*inlines: object) -> Paragraph:
    return Paragraph(place=PLACE, inlines=inlines)  # type: ignore[arg-type]


def an_issue(*blocks: Block, assets: dict[str, bytes] | None = None, **meta: object) -> Issue:
    given: dict[str, object] = {"title": "The shape of learning", "subject": "News", "date": date(2026, 11, 24), **meta}
    return Issue("issue.md", FrontMatter(**given), blocks, assets or {})  # type: ignore[arg-type]


def from_markdown(text: str, **files: bytes) -> Issue:
    """An issue as an author writes it."""
    return read_files(StoredFiles({"issue.md": text.encode(), **files}), "issue.md")


def a_letter(text: str, *audiences: str, frame: Frame = FRAME) -> Letter:
    titled = text if text.startswith("---") else f"---\ntitle: The shape of learning\n---\n{text}"
    return render(from_markdown(titled), frozenset(audiences), frame)


def web_page(issue: Issue, *audiences: str, frame: Frame = FRAME) -> str:
    """The page of the web edition."""
    return web_edition(issue, frozenset(audiences), frame).html


def filled_html(letter: Letter) -> str:
    return html_of(letter.html, Anybody())


def filled_text(letter: Letter) -> str:
    return text_of(letter.text, Anybody())


class Anybody(dict):  # type: ignore[type-arg]
    """A value for every slot that shows which slot it was."""

    def __missing__(self, slot: FieldSlot | LinkSlot) -> str:
        return f"[{slot.expression}]" if isinstance(slot, FieldSlot) else f"https://news.test/{slot.name}/token"


class Page(HTMLParser):
    """A page, read the way a browser reads it: elements with their attributes, and the words a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._hidden = ""
        self._words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("style", "script", "title"):
            self._hidden = tag
        elif tag in ("br", "p", "li", "td", "th", "h1", "h2", "h3", "h4", "div", "table", "ul", "ol", "dt", "dd"):
            self._words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self._words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(letter: Letter) -> Page:
    return Page(filled_html(letter))
