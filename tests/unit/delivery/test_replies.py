"""Replies: bytes in any pieces to codes and texts."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.replies import NotSmtp, Reply, ReplyReader, shown

LINES = b"220 hello\r\n250-a\r\n250-5.1.0 b\r\n250 c\r\n354 go\r\n550\r\n"
REPLIES = [
    Reply(220, (b"hello",)),
    Reply(250, (b"a", b"5.1.0 b", b"c")),
    Reply(354, (b"go",)),
    Reply(550, (b"",)),
]


@given(st.lists(st.integers(0, len(LINES)), max_size=10))
def test_replies_are_the_same_in_whatever_pieces_they_come(cuts: list[int]) -> None:
    reader = ReplyReader()
    found: list[Reply] = []
    for start, end in pairwise([0, *sorted(cuts), len(LINES)]):
        found.extend(reader.feed(LINES[start:end]))

    assert found == REPLIES


def test_bare_line_feeds_are_understood() -> None:
    assert list(ReplyReader().feed(b"250-a\n250 b\n")) == [Reply(250, (b"a", b"b"))]


@pytest.mark.parametrize(
    "data", [b"hello\r\n", b"25\r\n", b"2500 x\r\n", b"199 x\r\n", b"600 x\r\n", b"250-a\r\n251 b\r\n", b"x" * 9000]
)
def test_what_is_no_reply_is_refused(data: bytes) -> None:
    with pytest.raises(NotSmtp):
        list(ReplyReader().feed(data))


def test_an_endless_reply_is_refused() -> None:
    with pytest.raises(NotSmtp):
        list(ReplyReader().feed((b"250-" + b"x" * 1000 + b"\r\n") * 100))


def test_replies_before_nonsense_count() -> None:
    replies = ReplyReader().feed(b"250 ok\r\nwhat\r\n")
    assert next(replies) == Reply(250, (b"ok",))
    with pytest.raises(NotSmtp):
        next(replies)


def test_a_reply_is_shown_in_one_line_without_repeated_codes_and_controls() -> None:
    reply = Reply(550, (b"5.7.1 one\x07", b"5.7.1 two", "Boîte".encode()))
    assert reply.parts()[0] == "5.7.1"
    assert shown(reply) == "550 5.7.1 one  two Boîte"
    assert len(Reply(550, (b"x" * 5000,)).parts()[1]) <= 500


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((b"We do not know", b"5.1.1 this user"), ("5.1.1", "We do not know this user")),
        ((b"4.7.0 slowly,", b"4.2.2 he is full"), ("4.7.0", "slowly, he is full")),
        ((b"nothing", b"of 5.1.1 the kind"), ("", "nothing of 5.1.1 the kind")),
    ],
)
def test_the_first_enhanced_code_counts_in_whichever_line_it_stands(
    lines: tuple[bytes, ...], expected: tuple[str, str]
) -> None:
    assert Reply(550, lines).parts() == expected
