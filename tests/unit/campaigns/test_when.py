"""When a campaign leaves: zones, changes of summer time, and what is refused."""

from datetime import UTC, datetime
from itertools import product

import pytest

from mailer.base.errors import WrongInput
from mailer.campaigns import parse_when
from mailer.campaigns.states import MOVES, OVER

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)


def moment(text: str) -> datetime:
    return parse_when(text, zone="Europe/London", now=NOW)[0]


def test_now_is_now_in_the_managers_zone() -> None:
    assert parse_when(" now ", zone="Europe/London", now=NOW) == (NOW, "Europe/London")
    assert parse_when("now Asia/Tokyo", zone="Europe/London", now=NOW) == (NOW, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2027-01-05 09:00 Europe/London", "2027-01-05T09:00"),
        ("2027-07-05 09:00 Europe/London", "2027-07-05T08:00"),
        ("2027-07-05 09:00", "2027-07-05T08:00"),
        ("2027-07-05T09:00:00+02:00", "2027-07-05T07:00"),
        ("2027-07-05 09:00 America/New_York", "2027-07-05T13:00"),
    ],
)
def test_a_local_time_leaves_at_that_local_time(text: str, utc: str) -> None:
    assert moment(text) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_the_same_local_time_before_and_after_the_change_is_an_hour_apart_in_utc() -> None:
    before, after = moment("2027-03-27 09:00 Europe/London"), moment("2027-03-28 09:00 Europe/London")
    assert (after - before).total_seconds() == 23 * 3600


def test_an_hour_that_the_clocks_skip_is_refused_with_one_that_exists() -> None:
    with pytest.raises(WrongInput, match=r"does not exist in Europe/London.*02:30"):
        moment("2027-03-28 01:30 Europe/London")


def test_an_hour_that_comes_twice_is_taken_the_first_time() -> None:
    assert moment("2027-10-31 01:30 Europe/London") == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", [
        "tomorrow", "", "2027-13-01 09:00", "09:00", "0001-01-01 00:00 Asia/Tokyo", "9999-12-31 23:59 America/New_York",
        "9999-12-31T23:59:00+00:00 Asia/Tokyo",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(WrongInput):
        moment(text)


@pytest.mark.parametrize("time", ["now", "2027-01-05 09:00", "2027-01-05T09:00:00+01:00"])
def test_a_zone_that_is_none_is_refused_beside_every_kind_of_time(time: str) -> None:
    with pytest.raises(WrongInput, match="is no zone"):
        moment(f"{time} Europe/Nowhere")


def test_nothing_leads_out_of_what_is_over() -> None:
    assert not [(move, state) for move, state in product(MOVES, OVER) if state in MOVES[move]]
