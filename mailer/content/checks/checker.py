"""The checker: what an author should know before an issue is sent, each with its place and what to do.

Every rule is one function, named in `RULES`; its docstring begins with the codes that it gives. What reading itself
found (front matter, containers, HTML, bibliography) comes with the issue. Rules about the compiled HTML are not here:
they belong to rendering.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from mailer.content.checks.checked import Checked, Rule
from mailer.content.checks.dates import events, impossible_dates, past_deadlines, weekdays
from mailer.content.checks.leaks import (
    anchors_for_others,
    headings_for_others,
    promises,
    thin_letters,
    titles_for_others,
    words_for_others,
)
from mailer.content.checks.links import alt_texts, anchors, link_addresses, link_texts, picture_files
from mailer.content.checks.readers import (
    blocks_for_nobody,
    empty_sections,
    fences_in_text,
    footnotes_for_others,
    merge_fields,
    nothing_for_an_audience,
    unknown_audiences,
)
from mailer.content.checks.text import (
    doubled_words,
    foreign_blocks,
    foreign_markup,
    formulas,
    heading_levels,
    lost_markup,
    markup_where_plain,
    other_systems,
    placeholders,
    subject_and_preheader,
    wide_tables,
)
from mailer.content.issue import Finding, Issue
from mailer.content.parse import judged

RULES: Final[tuple[Rule, ...]] = (
    alt_texts,
    anchors,
    anchors_for_others,
    blocks_for_nobody,
    doubled_words,
    empty_sections,
    events,
    fences_in_text,
    footnotes_for_others,
    foreign_blocks,
    foreign_markup,
    formulas,
    heading_levels,
    headings_for_others,
    impossible_dates,
    link_addresses,
    link_texts,
    lost_markup,
    markup_where_plain,
    merge_fields,
    nothing_for_an_audience,
    other_systems,
    past_deadlines,
    picture_files,
    placeholders,
    promises,
    subject_and_preheader,
    thin_letters,
    titles_for_others,
    unknown_audiences,
    weekdays,
    wide_tables,
    words_for_others,
)


def check_issue(
    issue: Issue,
    *,
    known_audiences: Iterable[str] | None = None,
    now: datetime | None = None,
    attributes: Iterable[str] = (),
    formula_cache: Path | None = None,
) -> tuple[Finding, ...]:
    """Everything there is to say about an issue, in the order of its places.

    In a file without our front matter every error is a warning (CONTRACT, "What render forgives").

    Args:
        issue: as it was read.
        known_audiences: the slugs that the workspace knows; None where there is no workspace, then the issue's own.
        now: the moment of the check, for events in an issue without a date.
        attributes: the names of the attributes that subscribers may have, which are allowed as merge fields.
        formula_cache: a folder in which set formulas are kept between processes.
    """
    known = None if known_audiences is None else frozenset(known_audiences)
    checked = Checked(issue, known, now, frozenset(attributes), formula_cache)
    found = [finding for rule in RULES for finding in rule(checked)]
    return judged([*issue.findings, *found], own=issue.meta.own)
