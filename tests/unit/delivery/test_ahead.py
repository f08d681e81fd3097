"""Handfuls of messages are worked on ahead of the relay, by several threads."""

from itertools import count, islice
from threading import Event, Semaphore, get_ident

import pytest

from mailer.delivery.message.ahead import AHEAD, THREADS, Ahead, in_handfuls


def test_what_comes_is_in_the_order_of_what_went() -> None:
    many = range(3 * AHEAD + 1)
    assert list(Ahead(THREADS).each(str, many)) == [str(number) for number in many]


def test_it_is_done_beside_the_loop_that_sends() -> None:
    assert get_ident() not in set(Ahead(THREADS).each(lambda _number: get_ident(), range(10)))


def test_only_a_few_are_begun_before_they_are_asked_for() -> None:
    begun: list[int] = []

    list(islice(Ahead(THREADS).each(begun.append, count()), 5))

    assert len(begun) <= AHEAD + 5


def test_what_is_not_begun_when_the_loop_is_left_is_dropped() -> None:
    ahead, begun, go_on = Ahead(THREADS), Semaphore(0), Event()

    def wait(number: int) -> int:
        begun.release()
        if number:
            go_on.wait()
        return number

    loop = ahead.each(wait, range(AHEAD))
    assert next(loop) == 0
    assert all(begun.acquire(timeout=60) for _ in range(1 + THREADS))  # every thread has one, and the others wait

    del loop
    go_on.set()
    assert list(ahead.each(str, [1])) == ["1"]  # whatever waited before it has had its turn

    assert not begun.acquire(blocking=False)


def test_what_goes_wrong_in_a_thread_is_raised_where_it_is_asked_for() -> None:
    with pytest.raises(ZeroDivisionError):
        list(Ahead(THREADS).each(lambda number: 1 // number, [1, 0]))


def test_a_handful_is_taken_at_a_time_and_in_order() -> None:
    taken: list[int] = []

    handfuls = in_handfuls((taken.append(number) or number for number in range(11)), 5)  # type: ignore[func-returns-value]

    assert next(handfuls) == (0, 1, 2, 3, 4)
    assert taken == [0, 1, 2, 3, 4]
    assert [number for handful in handfuls for number in handful] == [5, 6, 7, 8, 9, 10]
