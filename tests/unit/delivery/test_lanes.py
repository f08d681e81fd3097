"""Signatures made eight at a time are those of the key alone, and none that went wrong leaves."""

import platform
from collections.abc import Iterator
from ctypes import memset
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from mailer.delivery.message import lanes
from mailer.delivery.message.dkim import Signer, ToSign
from mailer.delivery.message.keygen import new_key
from mailer.delivery.message.lanes import LANES, lanes_of

NOW = datetime(2026, 1, 4, 9, 0, tzinfo=UTC)
KEY = new_key("rsa")
MESSAGES = [ToSign(b"From: news@news.test\r\nTo: p%d@x.test\r\n" % number, bytes(32)) for number in range(LANES)]


def has_ifma() -> bool:
    """Whether this processor multiplies in eight lanes, by what the kernel says of it."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return False
    flags = Path("/proc/cpuinfo").read_text().split()
    return "avx512ifma" in flags or "avx_ifma" in flags


def test_lanes_are_used_where_the_processor_has_them() -> None:
    assert (lanes_of(KEY) is not None) == has_ifma()


@pytest.mark.parametrize("count", range(1, LANES + 1))
def test_with_lanes_or_without_the_signature_is_the_same(count: int) -> None:
    by_lanes, alone = Signer("news.test", "s", KEY, lanes_of(KEY)), Signer("news.test", "s", KEY)

    assert by_lanes.sign(MESSAGES[:count], NOW) == alone.sign(MESSAGES[:count], NOW)


@pytest.mark.parametrize("bits", [1024, 2048, 3072, 4096])
def test_it_is_the_lanes_that_sign(bits: int) -> None:
    key = generate_private_key(65537, bits)
    found = lanes_of(key)
    if found is not None:
        found._key = None  # type: ignore[assignment]  # noqa: SLF001 - so that it cannot help out

    made = Signer("news.test", "s", key, found).sign(MESSAGES, NOW)

    assert made == Signer("news.test", "s", key).sign(MESSAGES, NOW)


def test_a_key_of_another_length_signs_alone() -> None:
    assert lanes_of(generate_private_key(65537, 2056)) is None


def test_a_key_of_another_exponent_signs_alone() -> None:
    assert lanes_of(generate_private_key(3, 2048)) is None


@pytest.mark.parametrize("number", range(5))
def test_a_signature_that_a_fault_spoilt_never_leaves(number: int) -> None:
    spoilt = lanes_of(KEY)
    if spoilt is not None:
        memset(spoilt._private._numbers[number], 0x55, 40)  # noqa: SLF001 - the fault

    made = Signer("news.test", "s", KEY, spoilt).sign(MESSAGES, NOW)

    assert made == Signer("news.test", "s", KEY).sign(MESSAGES, NOW)


@pytest.fixture(
    params=[("no-such-package", "none.so"), ("intel-cmplr-lib-rt", "none.so"), ("intel-cmplr-lib-rt", "libirng.so")],
    ids=["not installed", "no such file", "without the functions"],
)
def another_library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if the extra was not chosen, or its packages had become others."""
    package, name = request.param
    monkeypatch.setattr(lanes, "_FILES", ((package, (name,)),))
    lanes._library.cache_clear()  # noqa: SLF001
    yield
    lanes._library.cache_clear()  # noqa: SLF001


@pytest.mark.usefixtures("another_library")
def test_without_the_library_a_key_signs_alone() -> None:
    assert lanes_of(KEY) is None
