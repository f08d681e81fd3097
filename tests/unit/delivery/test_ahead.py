"""Messages are made ahead of the relay, by several threads."""

from collections.abc import Sequence
from itertools import count, islice
from threading import get_ident

import pytest

from mailer.delivery.message.ahead import AHEAD, HANDFUL, Ahead, in_handfuls


def test_messages_come_in_the_order_of_their_recipients() -> None:
    many = range(3 * AHEAD * HANDFUL + 1)
    assert list(Ahead().made(written, many)) == written(many)


def test_they_are_made_beside_the_loop_that_sends() -> None:
    assert get_ident() not in set(Ahead().made(lambda _handful: [get_ident()], range(10)))


def test_only_a_few_are_made_before_they_are_asked_for() -> None:
    begun: list[Sequence[int]] = []

    def make(handful: Sequence[int]) -> list[str]:
        begun.append(handful)
        return written(handful)

    list(islice(Ahead().made(make, count()), 5))

    assert len(begun) <= AHEAD + 1
    assert {len(handful) for handful in begun} == {HANDFUL}


def test_what_goes_wrong_in_a_thread_is_raised_where_the_message_is_asked_for() -> None:
    with pytest.raises(ZeroDivisionError):
        list(Ahead().made(lambda handful: [1 // number for number in handful], [1, 0]))


def test_without_threads_a_handful_is_made_at_a_time_and_in_order() -> None:
    begun: list[int] = []

    def make(handful: Sequence[int]) -> list[str]:
        begun.extend(handful)
        return written(handful)

    made = in_handfuls(make, range(2 * HANDFUL + 1))

    assert next(made) == "0"
    assert begun == list(range(HANDFUL))
    assert list(made) == written(range(1, 2 * HANDFUL + 1))


def written(numbers: Sequence[int]) -> list[str]:
    return [str(number) for number in numbers]
