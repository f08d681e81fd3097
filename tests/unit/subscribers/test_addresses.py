"""Which addresses can be mailed, and which two are one person."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.base.errors import WrongInput
from subscribers.addresses import find_address, parse_address, parse_domain, written_name

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "addresses" / "isemail.json").read_text(encoding="utf-8")
)
LOCAL = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
DOMAIN = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,6}){1,2}", fullmatch=True).filter(
    lambda domain: "--" not in domain
)


@pytest.mark.parametrize("case", [case for case in CASES if case["mailable"] is not None], ids=lambda c: c["address"])
def test_the_cases_of_isemail(case: dict[str, Any]) -> None:
    try:
        parse_address(case["address"])
        mailable = True
    except WrongInput:
        mailable = False
    assert mailable == case["mailable"]


@given(LOCAL, DOMAIN)
def test_the_key_of_a_key_is_itself(local: str, domain: str) -> None:
    key = parse_address(f"{local}@{domain}").key
    assert parse_address(key).key == key


@given(LOCAL, DOMAIN)
def test_case_makes_no_second_person(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    if parse_address(address).key != parse_address(address.upper().lower()).key:
        return  # a letter whose upper case is another one's too
    assert parse_address(address.upper()).key == parse_address(address.upper().lower()).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("a@bücher.example", "A@xn--bcher-kva.example"),
        ("jose\u0301@example.org", "JOS\u00c9@example.org"),
    ],
)
def test_these_are_one_person(one: str, other: str) -> None:
    assert parse_address(one).key == parse_address(other).key


@pytest.mark.parametrize(("one", "other"), [("a.b@x.org", "ab@x.org"), ("a+news@x.org", "a@x.org")])
def test_dots_and_plus_signs_mean_what_they_say(one: str, other: str) -> None:
    assert parse_address(one).key != parse_address(other).key


def test_mail_goes_to_the_address_as_written() -> None:
    assert parse_address("Ada.Lovelace@Example.org").written == "Ada.Lovelace@Example.org"


@pytest.mark.parametrize(
    "text",
    [
        " ada@x.org ", "\u00a0ada@x.org\u200b", "<ada@x.org>", "Ada <ada@x.org>", '"Love, Ada" <ada@x.org>;',
        "mailto:ada@x.org", "\ufeffada@x.org", "ada@x.org,", "'ada@x.org'", "ada\x00@x.org",
        "ada@x.org.", "mailto:ada@x.org?subject=Leave", "mailto:ada%40x.org", "ada\uff20x.org",
    ],
)  # fmt: skip
def test_what_surrounds_an_address_in_files_is_taken_off(text: str) -> None:
    assert find_address(text).written == "ada@x.org"


@pytest.mark.timeout(60)  # it takes nothing; where every two signs are a try of their own it takes minutes
@pytest.mark.parametrize(
    "text", ["Ada (" + "@" * 200_000 + "))", "Ada (" + "a@" * 200_000 + "))", "<>" * 200_000 + "a"]
)
def test_a_long_text_is_refused_as_quickly_as_a_short_one(text: str) -> None:
    assert written_name(text) == ""
    with pytest.raises(WrongInput):
        find_address(text)


@pytest.mark.parametrize("text", ["", "nu-e-email", "a b@x.org", "a@x.org b@x.org", "a@1.2.3.4", "@x.org", "a@x..org"])
def test_what_is_no_address_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(WrongInput, match="not an address that can be mailed: it"):
        find_address(text)


def test_a_name_before_an_address_is_found() -> None:
    assert written_name('"Ada Lovelace" <ada@x.org>') == "Ada Lovelace"
    assert written_name("ada@x.org") == ""


def test_a_domain_is_read_in_its_ascii_form() -> None:
    assert parse_domain("@Bücher.example") == "xn--bcher-kva.example"
    with pytest.raises(WrongInput):
        parse_domain("@")
