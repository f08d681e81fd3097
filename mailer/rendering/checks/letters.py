"""What there is to say about all letters of an issue: each audience's own, and the one for a reader of all of them."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from mailer.base.errors import WrongInput
from mailer.content.issue import Finding, Issue, Place
from mailer.rendering.checks.checker import check_letter, readers_of
from mailer.rendering.letter import Frame
from mailer.rendering.render import Press
from mailer.rendering.webpage import web_edition


def check_letters(
    issue: Issue,
    audiences: Sequence[str],
    frame: Frame,
    *,
    readers: Collection[frozenset[str]] = (),
    formula_cache: Path | None = None,
) -> tuple[Finding, ...]:
    """The findings about the compiled letters; in a file without our front matter they are warnings.

    Args:
        readers: the combinations of audiences to check; without them, each audience alone and all of them together.

    What is true of every letter is said once, without its readers.

    `template-error`: no letter can be made, since a template, theme or phrase table of the workspace is wrong.
    """
    if not readers:
        alone = [frozenset({slug}) for slug in audiences]
        readers = alone if len(alone) == 1 else [*alone, frozenset(audiences)]
    said: list[tuple[Finding, Finding]] = []  # without its readers, and with them
    found: set[Finding] = set()
    try:
        press = Press(issue, frame, formula_cache=formula_cache)
        for reader in readers:
            of_one = check_letter(issue, press.letter(reader), frame)
            said += [(replace(one, message=one.message.removesuffix(readers_of(reader))), one) for one in of_one]
        if frame.overrides:  # the archive's page is made by templates that may be wrong too
            web_edition(issue, frozenset(audiences), frame, formula_cache=formula_cache)
        times = Counter(bare for bare, _ in said)
        found.update(bare if times[bare] == len(readers) > 1 else finding for bare, finding in said)
    except WrongInput as fault:
        found.add(Finding(_place(fault.place, issue), "error", "template-error", f"{fault.message}; {fault.do}"))
    if not issue.meta.own:
        found = {replace(finding, level="warning") for finding in found}
    return tuple(sorted(found))


def _place(written: str, issue: Issue) -> Place:
    """The place that an error names: FILE, FILE:LINE or FILE:LINE:COLUMN."""
    found = re.fullmatch(r"(.+?)(?::(\d+))?(?::(\d+))?", written)
    return Place(found[1], int(found[2] or 1), int(found[3] or 1)) if found else Place(issue.source, 1)
