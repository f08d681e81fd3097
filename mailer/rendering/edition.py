"""What stands around an issue when it is written for some readers: theme, words, names, calendar files."""

from dataclasses import dataclass, replace
from email.utils import parseaddr
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import Markup, escape

from mailer.content.issue import Blocks, Event, Issue
from mailer.content.walk import all_blocks
from mailer.rendering.calendars import calendar
from mailer.rendering.letter import Frame
from mailer.rendering.phrases import Phrases, direction, phrases
from mailer.rendering.slots import Mint
from mailer.rendering.templates import environment, folders
from mailer.rendering.themes import Theme, theme


@dataclass(frozen=True, slots=True)
class Edition:
    """What the letters of one issue, and its web edition, are made with."""

    issue: Issue
    frame: Frame
    mint: Mint
    theme: Theme
    words: Phrases
    templates: Environment

    @classmethod
    def begin(cls, issue: Issue, frame: Frame) -> "Edition":
        """Find the theme, the words and the templates.

        Raises:
            WrongInput: one of them is wrong.
        """
        searched = folders(frame.overrides)
        named = parseaddr(issue.meta.sender)[0]
        if named:
            frame = replace(frame, sender=replace(frame.sender, name=named))
        return cls(
            issue=issue,
            frame=frame,
            mint=Mint(
                # an issue that was not read from a text is its blocks
                issue.text or repr(issue.blocks),
                repr(issue.meta),
                *(content.decode("utf-8", "replace") for content in issue.source_files.values()),
                repr(frame),
            ),
            theme=theme(issue.meta.theme, searched),
            words=phrases(issue.meta.language, searched),
            templates=environment(searched),
        )

    def of_meta(self, key: str, audiences: frozenset[str]) -> str:
        """The title, subject or preheader for these audiences, its merge fields as they were written."""
        meta = self.issue.meta
        # A reader of several audiences gets what is meant for one of them only where all of them say the same.
        own = {meta.by_audience.get(slug, {}).get(key, "") for slug in audiences}
        if len(own) == 1 and (wording := own.pop()):
            return wording
        return str(getattr(meta, key)) or (meta.title if key == "subject" else "")

    def _dating(self) -> list[str]:
        meta = self.issue.meta
        number = self.words["number"].format(number=meta.number) if meta.number else ""
        return [fact for fact in (number, self.words.day(meta.date) if meta.date else "") if fact]

    def why(self, audiences: frozenset[str]) -> str:
        """Why the reader gets this letter, with the names of the audiences it is for."""
        names = [self.frame.audience_names.get(slug, slug) for slug in sorted(audiences)]
        key = "why" if names else "why_plain"
        return self.words[key].format(sender=self.frame.sender.name, audiences=self.words.listed(names))

    @property
    def direction(self) -> str:
        """In which direction its language is written, `ltr` or `rtl`."""
        return direction(self.issue.meta.language)

    @property
    def is_apart(self) -> bool:
        """Whether its fixed words are in another language than it is, for want of a translation."""
        language = self.issue.meta.language.lower()
        return self.words.language not in {language, language.partition("-")[0]}

    def said(self, words: str) -> Markup:
        """Fixed words as markup; where they are in another language than the letter, they say so, and in which direction."""
        if not self.is_apart:
            return escape(words)
        return Markup('<span lang="{}" dir="{}">{}</span>').format(self.words.language, self.words.direction, words)

    def facts(self, audiences: frozenset[str]) -> dict[str, object]:
        """What every frame knows."""
        return {
            "sender": self.frame.sender,
            "postal_lines": self.frame.sender.postal_address.strip().splitlines(),
            "facts": self._dating(),
            "why": self.why(audiences),
            "language": self.issue.meta.language,
            "direction": self.direction,
            "archive_url": self.frame.archive_url,
        }


def calendars(issue: Issue, blocks: Blocks, frame: Frame) -> dict[str, bytes]:
    """The calendar files of the events among the blocks, by name."""
    host = urlsplit(frame.base_url).hostname or "localhost"
    return {
        f"{event.slug}.ics": calendar(event, host=host, issue=issue.meta.slug, stamp=issue.meta.date)
        for event in all_blocks(blocks)
        if isinstance(event, Event)
    }
