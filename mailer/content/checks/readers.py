"""Rules about who reads it: audiences, merge fields, what one audience sees and another does not."""

import re
from collections.abc import Iterator

from mailer.base.errors import WrongInput
from mailer.content.checks.checked import KEYS, Checked, error, warning
from mailer.content.issue import Block, Blocks, CodeBlock, Finding, FootnoteRef, Footnotes, Heading, MergeField
from mailer.content.merge_fields import CheckedField, parse_field
from mailer.content.plain import plain
from mailer.content.select import select
from mailer.content.walk import all_blocks, all_inlines

_FENCE = re.compile(r":{3,}\s*[A-Za-z{]")
_ALWAYS_THERE = frozenset({"email", "audiences"})


def unknown_audiences(checked: Checked) -> Iterator[Finding]:
    """`unknown-audience`: nobody can be in it, so nobody would see the text."""
    listed = frozenset(checked.issue.meta.audiences)
    known = checked.known_audiences if checked.known_audiences is not None else listed
    if not known and checked.known_audiences is None:
        return
    names = ", ".join(sorted(known)) or "none"
    for slug, place in checked.issue.audience_uses:
        if slug not in known:
            yield error(place, "unknown-audience", f"there is no audience {slug}; known are {names}")
        elif listed and slug not in listed:
            message = (
                f"the audience {slug} is not among the issue's audiences; add it to audiences: in the front matter"
            )
            yield warning(place, "audience-not-listed", message)
    for key, slugs in (
        ("audiences", checked.issue.meta.audiences),
        ("by_audience", tuple(checked.issue.meta.by_audience)),
    ):
        for slug in slugs:
            if slug not in known:
                yield error(
                    checked.place_of_key(key), "unknown-audience", f"there is no audience {slug}; known are {names}"
                )


def merge_fields(checked: Checked) -> Iterator[Finding]:
    """`unknown-field`, `field-without-default`: the text would have a hole where a person has no value."""
    for _, inline in all_inlines(checked.issue.blocks):
        if isinstance(inline, MergeField):
            yield from _field(checked, inline.expression, inline)
    for said in checked.plain:
        if said.what in KEYS:
            for expression in re.findall(r"\{\{(.*?)\}\}", said.words):
                place = said.find(r"\{\{" + re.escape(expression))
                yield from _field(checked, expression, MergeField(expression, place))


def _field(checked: Checked, expression: str, written: MergeField) -> Iterator[Finding]:
    try:
        found: CheckedField = parse_field(expression, attributes=checked.attributes)
    except WrongInput as fault:
        yield error(written.place, "unknown-field", str(fault))
        return
    if found.default is None and found.name not in _ALWAYS_THERE:
        message = (
            f'who has no {found.name} would see a hole; write {{{{ {expression.strip()} | default("colleague") }}}}'
        )
        yield warning(written.place, "field-without-default", message)
    elif found.default is not None and not found.default.strip() and (sign := _sign_behind(checked, written)):
        message = f'who has no {found.name} would see a blank before “{sign}”; write default("colleague")'
        yield warning(written.place, "field-without-default", message)


def _sign_behind(checked: Checked, written: MergeField) -> str:
    """The punctuation that stands right behind the field."""
    line = checked.lines[written.place.line - 1] if written.place.line <= len(checked.lines) else ""
    found = re.compile(r"\{\{[^{}]*\}\}([,.;:!?])").match(line, written.place.column - 1)
    return found[1] if found and written.place.file == checked.issue.source else ""


def nothing_for_an_audience(checked: Checked) -> Iterator[Finding]:
    """`audience-empty`: a letter for these readers would have no content."""
    if not checked.issue.blocks:
        yield error(
            checked.place_of_key("title"), "issue-empty", "the issue has no text; write some below the front matter"
        )
        return
    for slug in checked.issue.meta.audiences:
        if not any(not isinstance(block, Heading) for block in select(checked.issue, frozenset({slug}))):
            message = (
                f"readers of {slug} would get an empty letter; write something for them or take {slug} off the list"
            )
            yield error(checked.place_of_key("audiences"), "audience-empty", message)


def blocks_for_nobody(checked: Checked) -> Iterator[Finding]:
    """`audience-nobody`: containers inside one another that no reader is in both of."""
    for block in checked.blocks:
        if block.audiences is not None and not block.audiences:
            message = "nobody is in both audiences that surround this; take it out of one of the containers"
            yield warning(block.place, "audience-nobody", message)


def empty_sections(checked: Checked) -> Iterator[Finding]:
    """`empty-section`: a heading with nothing below it, whoever reads it."""
    blocks = checked.issue.blocks
    everybody = {*checked.issue.meta.audiences, *(slug for slug, _ in checked.issue.audience_uses)} or {""}
    for index, block in enumerate(blocks):
        if isinstance(block, Heading) and all(
            _is_empty(block, blocks[index + 1 :], frozenset({slug})) for slug in block.audiences or everybody
        ):
            message = f"nothing stands below the heading “{plain(block.inlines)}”; write something or delete it"
            yield warning(block.place, "empty-section", message)


def _is_empty(heading: Heading, following: Blocks, reader: frozenset[str]) -> bool:
    """Whether this reader would see nothing between the heading and the next of its level."""
    after = next((block for block in following if block.is_for(reader)), None)
    return (
        after is None or isinstance(after, Footnotes) or (isinstance(after, Heading) and after.level <= heading.level)
    )


def footnotes_for_others(checked: Checked) -> Iterator[Finding]:
    """`footnote-for-others`: a reader would see the number of a note that is written for somebody else."""
    notes = next((block for block in checked.issue.blocks if isinstance(block, Footnotes)), None)
    if notes is None:
        return
    for block, inline in all_inlines(checked.issue.blocks):
        if not isinstance(inline, FootnoteRef) or not 1 <= inline.number <= len(notes.items):
            continue
        if not all(_covers(note.audiences, block.audiences) for note in all_blocks(notes.items[inline.number - 1])):
            message = "the footnote is for other readers than this text; define it inside the same ::: audience"
            yield warning(checked.place_in(block, r"\[\^|\^\["), "footnote-for-others", message)


def _covers(outer: frozenset[str] | None, inner: frozenset[str] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def fences_in_text(checked: Checked) -> Iterator[Finding]:
    """`container-stray`: a fence that closes or opens nothing, so that its text is for everybody."""
    for block in checked.blocks:
        if (
            isinstance(block, CodeBlock)
            and not block.language
            and _FENCE.match(block.text)
            and _is_indented(checked, block)
        ):
            message = "the fence is indented, so that its text is shown to everyone as code; begin it at the margin"
            yield error(block.place, "container-stray", message)
    for block, text in checked.texts:
        if re.match(r":{2,}(?:\s|$|[A-Za-z{])", text.text) and _starts_its_line(checked, block, text.text):
            message = "this fence belongs to no container and is shown as text; check the colons, or delete it"
            yield error(
                checked.place_in(block, re.escape(text.text.split("\n")[0][:20].rstrip())), "container-stray", message
            )


def _is_indented(checked: Checked, block: Block) -> bool:
    """Whether the code is such by its indent alone, not between fences."""
    line = checked.lines[block.place.line - 1] if block.place.file == checked.issue.source else ""
    return not line.lstrip(" >\t").startswith(("```", "~~~"))


def _starts_its_line(checked: Checked, block: Block, text: str) -> bool:
    head = text[:8].split(" ", maxsplit=1)[0]
    lines = checked.lines[block.place.line - 1 : block.place.line + 30]
    return any(line.lstrip(" >\t").startswith(head) for line in lines)
