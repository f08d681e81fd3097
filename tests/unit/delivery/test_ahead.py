"""Handfuls of messages are worked on ahead of the relay, by several threads."""

from collections.abc import Iterator
from itertools import count, islice
from threading import Event, Semaphore, get_ident

import pytest

from mailer.delivery.message.ahead import AHEAD, HANDFUL_BYTES, THREADS, Ahead, in_handfuls
from mailer.delivery.outcomes import Outgoing


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


@pytest.mark.parametrize(
    ("size", "sizes"),
    [(1000, [1, 5, 5, 1]), (HANDFUL_BYTES // 3, [1, 3, 3, 3, 2]), (HANDFUL_BYTES + 1, [1] * 12)],
)
def test_a_handful_is_taken_at_a_time_and_in_order_and_bears_so_many_bytes(size: int, sizes: list[int]) -> None:
    taken: list[int] = []

    def messages() -> Iterator[Outgoing]:
        for number in range(12):
            taken.append(number)
            yield Outgoing(number, "a@x.test", "b@x.test", b"x" * size)

    for handful in in_handfuls(messages(), 5):
        first = handful[0].number
        assert [message.number for message in handful] == list(range(first, first + sizes.pop(0)))
        assert taken == list(range(handful[-1].number + 1))
    assert sizes == []
