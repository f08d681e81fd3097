"""Dates and times as people write them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from mailer.content.moments import parse_when

LONDON = ZoneInfo("Europe/London")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2027-01-12", date(2027, 1, 12), None),
        ("2027-01-12 to 2027-01-14", date(2027, 1, 12), date(2027, 1, 14)),
        ("12 January 2027", date(2027, 1, 12), None),
        ("12–13 January 2027", date(2027, 1, 12), date(2027, 1, 13)),
        ("12-13 January 2027.", date(2027, 1, 12), date(2027, 1, 13)),
        ("11-15 July, 2022", date(2022, 7, 11), date(2022, 7, 15)),
        ("13-16th June 2022", date(2022, 6, 13), date(2022, 6, 16)),
        ("30 January – 2 February 2027", date(2027, 1, 30), date(2027, 2, 2)),
        ("30 December – 2 January 2027", date(2026, 12, 30), date(2027, 1, 2)),
        ("January 12, 2027", date(2027, 1, 12), None),
        ("January 12–14, 2027", date(2027, 1, 12), date(2027, 1, 14)),
        ("on Tuesday, 12th of January 2027", date(2027, 1, 12), None),
        ("12. Januar 2027", date(2027, 1, 12), None),
        ("le 1er février 2027", date(2027, 2, 1), None),
        ("du 6 au 10 juillet 2026", date(2026, 7, 6), date(2026, 7, 10)),
        ("du lundi 6 au vendredi 10 juillet 2026", date(2026, 7, 6), date(2026, 7, 10)),
        ("vom 6. bis 10. Juli 2026", date(2026, 7, 6), date(2026, 7, 10)),
        ("from 6 to 10 July 2026", date(2026, 7, 6), date(2026, 7, 10)),
        ("06.–10.07.2026", date(2026, 7, 6), date(2026, 7, 10)),
        ("2026/07/06", date(2026, 7, 6), None),
        ("6.7.2026, 18:00 Uhr", datetime(2026, 7, 6, 18, tzinfo=LONDON), None),
        (
            "10 mars 2026, de 14 h 30 à 16 h",
            datetime(2026, 3, 10, 14, 30, tzinfo=LONDON),
            datetime(2026, 3, 10, 16, tzinfo=LONDON),
        ),
        (
            "6 July 2026 9:00 – 8 July 2026 17:00",
            datetime(2026, 7, 6, 9, tzinfo=LONDON),
            datetime(2026, 7, 8, 17, tzinfo=LONDON),
        ),
        (
            "Tuesday, July 7, 2026 · 5:00 – 6:00pm",
            datetime(2026, 7, 7, 17, tzinfo=LONDON),
            datetime(2026, 7, 7, 18, tzinfo=LONDON),
        ),
        ("2026-07-06T14:00:00+02:00", datetime(2026, 7, 6, 13, tzinfo=LONDON), None),
        ("6 July 2026, 14:00 BST", datetime(2026, 7, 6, 14, tzinfo=LONDON), None),
        ("2027-01-12 14:00", datetime(2027, 1, 12, 14, tzinfo=LONDON), None),
        ("2027-01-12T14:00", datetime(2027, 1, 12, 14, tzinfo=LONDON), None),
        (
            "2027-01-12 14:00–15:30",
            datetime(2027, 1, 12, 14, tzinfo=LONDON),
            datetime(2027, 1, 12, 15, 30, tzinfo=LONDON),
        ),
        (
            "12 January 2027, 2pm to 3:30pm",
            datetime(2027, 1, 12, 14, tzinfo=LONDON),
            datetime(2027, 1, 12, 15, 30, tzinfo=LONDON),
        ),
        (
            "12 January 2027 at 2-3pm",
            datetime(2027, 1, 12, 14, tzinfo=LONDON),
            datetime(2027, 1, 12, 15, tzinfo=LONDON),
        ),
        ("12. Januar 2027 um 14 Uhr", datetime(2027, 1, 12, 14, tzinfo=LONDON), None),
        ("2027-01-12 22:00–01:00", datetime(2027, 1, 12, 22, tzinfo=LONDON), datetime(2027, 1, 13, 1, tzinfo=LONDON)),
        (
            "2027-01-12 14:00 to 2027-01-13 12:00",
            datetime(2027, 1, 12, 14, tzinfo=LONDON),
            datetime(2027, 1, 13, 12, tzinfo=LONDON),
        ),
        ("2027-01-12 14:00 Europe/Berlin", datetime(2027, 1, 12, 14, tzinfo=BERLIN), None),
    ],
)
def test_a_time_is_read(text: str, start: date | datetime, end: date | datetime | None) -> None:
    found = parse_when(text, zone="Europe/London")
    assert found is not None
    assert (found.start, found.end) == (start, end)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "12 January", "30 February 2027", "2027-13-01", "14–12 January 2027", "2027-01-12 14:00 to 2027-01-11 12:00",
        "2027-01-12 25:00", "2027-01-12 to", "2027-01-12 14:00 Europe/Nowhere", "2027-01-12 and more", "2027-01-12 13pm",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_when(text, zone="Europe/London") is None


def test_the_zone_is_the_written_one_or_the_given_one() -> None:
    for text, zone in (
        ("2027-01-12", "Europe/London"),
        ("2027-01-12 10:00 UTC", "UTC"),
        ("2027-01-12 10:00 (America/New_York)", "America/New_York"),
    ):
        found = parse_when(text, zone="Europe/London")
        assert found is not None
        assert found.zone == zone
