"""What is over when a letter leaves: kept, marked or dropped, by choice, and never by the clock."""

from datetime import UTC, datetime

import pytest

from mailer.content import Issue, StoredFiles, as_sent_at, check_issue, plain, read_files
from mailer.content.issue import Event
from mailer.content.walk import all_blocks, inlines_of


def read(body: str, front: str = "") -> Issue:
    return read_files(StoredFiles({"issue.md": f"---\ntitle: T\nsubject: S\n{front}---\n{body}".encode()}))


def events(issue: Issue) -> list[tuple[str, bool]]:
    return [(plain(block.title), block.is_past) for block in all_blocks(issue.blocks) if isinstance(block, Event)]


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2027, 1, day, hour, tzinfo=UTC)


def event(title: str, when: str, *, past: str = "") -> str:
    return f"::: event {title}\nwhen: {when}\n{f'past: {past}' if past else ''}\n:::\n\n"


THREE = event("old", "2027-01-10") + event("now", "2027-01-12 14:00–15:00 Europe/Berlin") + event("new", "2027-01-20")


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("keep", [("old", False), ("now", False), ("new", False)]),
        ("mark", [("old", True), ("now", False), ("new", False)]),
        ("drop", [("now", False), ("new", False)]),
    ],
)
def test_what_is_over_is_kept_marked_or_dropped_by_the_front_matter(
    choice: str, expected: list[tuple[str, bool]]
) -> None:
    assert events(as_sent_at(read(THREE, f"past_events: {choice}\n"), at(12))) == expected


def test_an_event_is_over_at_its_end_in_its_zone() -> None:
    issue = read(THREE, "past_events: drop\n")
    assert events(as_sent_at(issue, at(12, 13))) == [("now", False), ("new", False)]
    assert events(as_sent_at(issue, at(12, 14))) == [("new", False)]
    whole_days = read(event("days", "2027-01-10 to 2027-01-12 America/New_York"), "past_events: drop\n")
    assert events(as_sent_at(whole_days, at(13, 4))) == [("days", False)]
    assert events(as_sent_at(whole_days, at(13, 5))) == []


def test_an_event_may_choose_for_itself() -> None:
    issue = read(
        event("a", "2027-01-01", past="mark") + event("b", "2027-01-01", past="keep") + event("c", "2027-01-01"),
        "past_events: drop\n",
    )
    assert events(as_sent_at(issue, at(12))) == [("a", True), ("b", False)]


def test_no_heading_is_left_over_nothing() -> None:
    issue = read(
        "## Dates\n\n"
        + event("old", "2027-01-01", past="drop")
        + "## News\n\nText.\n\n::: note\n"
        + event("x", "2027-01-01", past="drop")
        + ":::\n"
    )
    left = as_sent_at(issue, at(12))
    assert [plain(run) for block in left.blocks for run in inlines_of(block)] == ["News", "Text."]


def test_without_a_campaign_the_date_of_the_issue_decides_and_nothing_else() -> None:
    assert events(read(THREE, "past_events: drop\ndate: 2027-01-12\n")) == [("now", False), ("new", False)]
    assert events(read(THREE, "past_events: drop\n")) == [("old", False), ("now", False), ("new", False)]


def test_a_choice_silences_the_checker_and_none_does_not() -> None:
    def codes(front: str) -> list[str]:
        return [found.code for found in check_issue(read(THREE, front), now=at(12)) if found.code == "event-past"]

    assert codes("") == ["event-past"]
    assert codes("past_events: mark\n") == []


def test_a_choice_that_is_none_is_named() -> None:
    issue = read(event("a", "2027-01-01", past="hide"), "past_events: hide\n")
    assert [(found.place.line, found.code) for found in issue.findings] == [
        (4, "front-matter-value"),
        (8, "container-argument"),
    ]
