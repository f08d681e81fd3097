"""Columns that may tell who has left under a name that nobody knows."""

from pathlib import Path

import pytest

from subscribers.columns import is_email_column
from subscribers.doubts import doubtful
from subscribers.reading import open_source
from subscribers.shapes import plan_for


def doubts(tmp_path: Path, text: str, **mapping: str) -> tuple[str, ...]:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    source = open_source(path, is_email_column)
    return doubtful(source, plan_for(source.columns, mapping, path.name, kind=source.kind), mapping)


def test_a_column_that_says_so_under_another_name_is_named(tmp_path: Path) -> None:
    text = "email,Campaigns,Team\na@x.org,Subscribed,Press\nb@x.org,Unsubscribed,Press\n"

    assert doubts(tmp_path, text) == ("Campaigns",)
    assert doubts(tmp_path, text, Campaigns="status") == ()
    assert doubts(tmp_path, text, Campaigns="attributes.Campaigns") == ()


@pytest.mark.parametrize("column", ["SMS campaigns", "Phone status", "WhatsApp", "status"])
def test_what_is_heard_or_about_another_way_is_not(tmp_path: Path, column: str) -> None:
    assert doubts(tmp_path, f"email,{column}\na@x.org,Unsubscribed\n") == ()


def test_words_that_tell_nothing_are_not(tmp_path: Path) -> None:
    assert doubts(tmp_path, "email,Town,n\na@x.org,no,0\nb@x.org,Bath\n") == ()


def test_objects_of_json_are_looked_at_too(tmp_path: Path) -> None:
    assert doubts(tmp_path, '{"email": "a@x.org", "news": "opted out", "n": 1}\n{"email": "b@x.org"}\n') == ("news",)
