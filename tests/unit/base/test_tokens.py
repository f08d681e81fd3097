"""Links: what a token says comes back, and nothing else opens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.base.errors import NotFound
from mailer.base.tokens import Keys, Purpose

NEW, OLD = "the newest key of the tests", "an older key of the tests, too"
KEYS = Keys([NEW, OLD])
ids = st.lists(st.integers(min_value=0, max_value=2**63 - 1), max_size=4).map(tuple)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(purpose=st.sampled_from(Purpose), numbers=ids)
def test_a_token_gives_back_its_ids(purpose: Purpose, numbers: tuple[int, ...]) -> None:
    token = KEYS.sign(purpose, *numbers)
    assert KEYS.read(purpose, token) == numbers
    assert set(token) <= set(ALPHABET)
    assert token == KEYS.sign(purpose, *numbers)


@given(numbers=ids, data=st.data())
def test_one_changed_character_is_refused(numbers: tuple[int, ...], data: st.DataObject) -> None:
    token = KEYS.sign(Purpose.UNSUBSCRIBE, *numbers)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([sign for sign in ALPHABET if sign != token[at]]))
    with pytest.raises(NotFound):
        KEYS.read(Purpose.UNSUBSCRIBE, token[:at] + other + token[at + 1 :])


@given(text=st.text(max_size=60))
def test_no_other_text_opens_anything(text: str) -> None:
    with pytest.raises(NotFound):
        KEYS.read(Purpose.VIEW, text)


def test_a_token_opens_what_it_was_made_for_and_nothing_else() -> None:
    token = KEYS.sign(Purpose.UNSUBSCRIBE, 7, 9)
    for purpose in set(Purpose) - {Purpose.UNSUBSCRIBE}:
        with pytest.raises(NotFound):
            KEYS.read(purpose, token)


def test_an_older_key_still_opens_until_it_is_removed() -> None:
    token = Keys([OLD]).sign(Purpose.VIEW, 1)
    assert KEYS.read(Purpose.VIEW, token) == (1,)
    assert Keys([OLD, NEW]).read(Purpose.VIEW, token) == (1,)
    with pytest.raises(NotFound):
        Keys([NEW]).read(Purpose.VIEW, token)


def test_a_longer_or_shorter_token_is_refused() -> None:
    token = KEYS.sign(Purpose.VIEW, 1)
    for other in (token[:-1], token + "A", token + "==", f" {token}", "", "é" * 30):
        with pytest.raises(NotFound):
            KEYS.read(Purpose.VIEW, other)


def test_a_keyed_hash_is_found_by_every_key_that_is_still_known() -> None:
    by_old = Keys([OLD]).keyed_hash("ada@x.test")
    assert KEYS.keyed_hash("ada@x.test") != by_old
    assert by_old in KEYS.keyed_hashes("ada@x.test")
    assert KEYS.keyed_hash("ada@x.test") in KEYS.keyed_hashes("ada@x.test")
    assert by_old not in KEYS.keyed_hashes("bob@x.test")


def test_an_older_key_signs_where_it_is_asked_for_and_still_known() -> None:
    old, new = Keys(["the old key, sixteen"]), Keys(["the new key, sixteen", "the old key, sixteen"])

    token = new.signing_with(old.newest).sign(Purpose.MESSAGE_ID, 1, 2)

    assert token == old.sign(Purpose.MESSAGE_ID, 1, 2) != new.sign(Purpose.MESSAGE_ID, 1, 2)
    assert new.read(Purpose.MESSAGE_ID, token) == (1, 2)
    unknown = Keys(["the new key, sixteen"])
    assert unknown.signing_with(old.newest) is unknown
    assert new.signing_with(None) is new
