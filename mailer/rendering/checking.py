"""What there is to say about all letters of an issue: each audience's own, and the one for a reader of all of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mailer.content.issue import Finding, Issue
from mailer.rendering.check import check_letter
from mailer.rendering.letter import Frame
from mailer.rendering.render import Press


def check_letters(
    issue: Issue, audiences: Sequence[str], frame: Frame, *, formula_cache: Path | None = None
) -> tuple[Finding, ...]:
    """The findings about the compiled letters; in a file without our front matter they are warnings.

    Raises:
        WrongInput: a template, theme or phrase table is wrong.
    """
    readers = [frozenset({slug}) for slug in audiences]
    if len(readers) != 1:
        readers.append(frozenset(audiences))
    found: set[Finding] = set()
    press = Press(issue, frame, formula_cache=formula_cache)
    for reader in readers:
        found.update(check_letter(issue, press.letter(reader), frame))
    if not issue.meta.own:
        found = {replace(finding, level="warning") for finding in found}
    return tuple(sorted(found))
