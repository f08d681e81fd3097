"""Rules about what one audience sees of what was written for another."""

import re
from collections.abc import Iterator
from typing import Final

from mailer.content.checks.checked import Checked, warning
from mailer.content.issue import Block, Blocks, Event, Finding, Footnotes, Heading, Inlines, Link, Paragraph
from mailer.content.plain import plain
from mailer.content.select import select
from mailer.content.walk import all_blocks, all_inlines, inlines_of

_LEAST_CHARACTERS: Final = 8
"""A title shorter than this may stand in a subject by chance."""
_FOR_NOBODY_ELSE: Final = re.compile(
    r"\binternal (?:only|use)\b|\bnot for (?:publication|distribution|circulation)\b"
    r"|\bdo not (?:forward|publish|circulate)\b|\bnur (?:intern\b|für den internen)|\bnicht (?:weitergeben|weiterleiten)\b"
    r"|\bne pas (?:diffuser|transférer)\b|\busage interne\b",
    re.IGNORECASE,
)


def titles_for_others(checked: Checked) -> Iterator[Finding]:
    """`subject-for-others`: the inbox announces what stands only in the letter of another audience."""
    meta = checked.issue.meta
    titles = [
        (_folded(plain(words)), block) for block in checked.blocks if block.audiences and (words := _title(block))
    ]
    for slug in meta.audiences:
        own = meta.by_audience.get(slug, {})
        for key in ("subject", "preheader"):
            text = _folded(own.get(key, getattr(meta, key)))
            place = checked.place_of_key(key, slug if key in own else "")
            for title, block in titles:
                if len(title) < _LEAST_CHARACTERS or block.is_for(frozenset({slug})):
                    continue
                if re.search(rf"(?<!\w){re.escape(title)}(?!\w)", text):
                    message = f"the {key} names “{title}”, which readers of {slug} do not get; give them another under by_audience"
                    yield warning(place, "subject-for-others", message)


def _title(block: Block) -> Inlines:
    match block:
        case Heading(inlines=title) | Event(title=title):
            return title
        case _:
            return ()


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def words_for_others(checked: Checked) -> Iterator[Finding]:
    """`words-for-others`: the text says for whom it is, and others get it too."""
    slugs = checked.issue.meta.audiences or tuple(sorted(checked.known_audiences or ()))
    patterns = [(slug, _only_for(slug)) for slug in slugs]
    for block in checked.blocks:
        text = " ".join(plain(run) for run in inlines_of(block))
        for slug, pattern in patterns:
            found = pattern.search(text)
            if found and not (block.audiences and block.audiences <= {slug}):
                message = f"“{found[0]}” is sent to others too; put it into ::: audience {slug}, or say it otherwise"
                yield warning(checked.place_in(block, re.escape(found[0].split()[0])), "words-for-others", message)
        if found := _FOR_NOBODY_ELSE.search(text):
            message = f"“{found[0]}” is sent to every reader of this block; take it out, or say it otherwise"
            yield warning(checked.place_in(block, re.escape(found[0].split()[0])), "words-for-others", message)
    for said in checked.plain:
        if said.what in {"alt text", "picture's title"}:
            continue  # an alt text is among its block's words
        for slug, pattern in patterns:
            found = pattern.search(said.words)
            if found and not (said.audiences and said.audiences <= {slug}):
                message = f"“{found[0]}” in the {said.what} is shown to others too; give it to {slug} under by_audience, or say it otherwise"
                yield warning(said.find(re.escape(found[0].split()[0])), "words-for-others", message)


def _only_for(slug: str) -> re.Pattern[str]:
    named = rf"{re.escape(slug)}\w{{0,2}}\b"
    return re.compile(
        rf"\b(?:only for|nur für|réservée?s? aux|uniquement pour)(?: \w+)? {named}|\b(?:for )?{named}(?: (?!interest\b)\w+)? only\b"
        rf"|\b(?:dear|liebe|chers|chères) {named}",
        re.IGNORECASE,
    )


def headings_for_others(checked: Checked) -> Iterator[Finding]:
    """`heading-for-others`: a heading is for some readers, what stands straight below it for more."""
    everybody = frozenset(checked.issue.meta.audiences)
    blocks = checked.issue.blocks
    for index, block in enumerate(blocks):
        if not isinstance(block, Heading) or block.audiences is None:
            continue
        beside, after = _alternatives(blocks, index, block.level)
        if after is None or isinstance(after, Heading | Footnotes):
            continue
        if not (everybody if after.audiences is None else after.audiences) <= beside or (
            after.audiences is None and not everybody
        ):
            message = f"“{plain(block.inlines)}” is for some readers, the text below it for more; put both into one ::: audience"
            yield warning(block.place, "heading-for-others", message)


def _alternatives(blocks: Blocks, index: int, level: int) -> tuple[frozenset[str], Block | None]:
    """Whom this heading and those of its level beside it, which stand in its place for others, are for; what comes next."""
    first = index
    while first and isinstance(before := blocks[first - 1], Heading) and before.level == level and before.audiences:
        first -= 1
    readers: frozenset[str] = frozenset()
    for block in blocks[first:]:
        if not (isinstance(block, Heading) and block.level == level and block.audiences):
            return readers, block
        readers |= block.audiences
    return readers, None


def anchors_for_others(checked: Checked) -> Iterator[Finding]:
    """`anchor-for-others`: a link leads to a part that its reader does not get."""
    everywhere = {block.anchor for block in checked.blocks if isinstance(block, Heading)}
    for slug in checked.issue.meta.audiences:
        reader = frozenset({slug})
        shown = {block.anchor for block in all_blocks(select(checked.issue, reader)) if isinstance(block, Heading)}
        for block, inline in all_inlines(checked.issue.blocks):
            if (
                isinstance(inline, Link)
                and block.is_for(reader)
                and inline.href[:1] == "#"
                and inline.href[1:] in everywhere - shown
            ):
                message = (
                    f"readers of {slug} do not get the part {inline.href}; put the link into the same ::: audience"
                )
                yield warning(inline.place, "anchor-for-others", message)


def promises(checked: Checked) -> Iterator[Finding]:
    """`nothing-follows`: “the following:”, and then what follows is for other readers."""
    for block, after in zip(checked.issue.blocks, checked.issue.blocks[1:], strict=False):
        if (
            not isinstance(block, Paragraph)
            or after.audiences is None
            or not plain(block.inlines).rstrip().endswith(":")
        ):
            continue
        for slug in checked.issue.meta.audiences:
            reader = frozenset({slug})
            if block.is_for(reader) and not after.is_for(reader) and not _is_replaced(checked, block, reader):
                words = plain(block.inlines).split()
                message = f"readers of {slug} get “{' '.join(words[-4:])}” and nothing after it; put both into one ::: audience"
                yield warning(block.place, "nothing-follows", message)


def _is_replaced(checked: Checked, block: Block, reader: frozenset[str]) -> bool:
    """Whether what comes next for this reader was written for some readers too, in place of what others get."""
    shown = select(checked.issue, reader)
    after = next((shown[index + 1 :] for index, seen in enumerate(shown) if seen.place == block.place), ())
    return bool(after) and after[0].audiences is not None and not isinstance(after[0], Heading)


def thin_letters(checked: Checked) -> Iterator[Finding]:
    """`audience-thin`: some readers get none of the parts of the letter."""
    parts = [block for block in checked.issue.blocks if isinstance(block, Heading) and block.level <= 2]
    if len(parts) < 2:
        return
    for slug in checked.issue.meta.audiences:
        shown = select(checked.issue, frozenset({slug}))
        if shown and not any(isinstance(block, Heading) and block.level <= 2 for block in shown):
            message = (
                f"readers of {slug} get none of the {len(parts)} parts; write one for them, or do not send to them"
            )
            yield warning(checked.place_of_key("audiences"), "audience-thin", message)
