"""DKIM, verified by dkimpy: a program of other people."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.base.errors import WrongInput
from mailer.base.languages import Languages
from mailer.base.sections import DkimSection
from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Keys
from mailer.content import StoredFiles, read_files
from mailer.delivery.ledger import Recipient
from mailer.delivery.message.compose import Composer
from mailer.delivery.message.dkim import (
    Signer,
    ToSign,
    relaxed_body,
    signatures,
    signers,
)
from mailer.delivery.message.keygen import Kind, as_pem, dns_record, new_key
from mailer.delivery.message.mould import Mould
from mailer.delivery.message.notice import NoticeText, notice_message
from mailer.rendering import Frame, Sender, render
from tests.support.sending import ISSUE, office_settings

NOW = datetime(2026, 1, 4, 9, 0, tzinfo=UTC)
KEYS = {kind: new_key(kind) for kind in ("rsa", "ed25519")}
HEAD = b"From: News <news@news.test>\r\nTo: ada@x.test\r\nSubject: Winter  and\r\n\tsnow \r\nList-Unsubscribe: <https://x.test/u>\r\n"
MESSAGE = HEAD + b"\r\nHello\r\nthere\r\n"


def signed(keys: Sequence[Signer], message: bytes = MESSAGE) -> bytes:
    [headers] = signatures([ToSign.of(message)], keys, NOW)
    return headers + message


def verified(message: bytes, *kinds: Kind) -> list[bool]:
    """What dkimpy says of each signature, in the order of `kinds`."""
    records = {f"{kind}._domainkey.news.test.".encode(): dns_record(KEYS[kind]).encode() for kind in kinds}
    return [_verified(message, index, records) for index in range(len(kinds))]


def _verified(message: bytes, index: int, records: dict[bytes, bytes]) -> bool:
    def published(name: bytes, timeout: int = 5) -> bytes | None:
        assert timeout
        return records.get(name)

    try:
        return bool(dkim.DKIM(message).verify(idx=index, dnsfunc=published))
    except dkim.ValidationError:
        return False


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_signature_is_verified_by_others(kind: Kind) -> None:
    message = signed([Signer("news.test", kind, KEYS[kind])])

    assert verified(message, kind) == [True]
    assert max(map(len, message.removesuffix(MESSAGE).split(b"\r\n"))) <= 78


def test_two_keys_sign_together() -> None:
    keys = [Signer("news.test", kind, KEYS[kind]) for kind in ("rsa", "ed25519")]

    message = signed(keys)

    assert verified(message, "rsa", "ed25519") == [True, True]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Hello", b"hello"),
        (b"https://x.test/u", b"https://y.test/u"),
        (b"\r\n\r\nHello", b"\r\nReply-To: eve@x.test\r\n\r\nHello"),
        (b"To: ada@x.test\r\n", b"To: ada@x.test\r\nTo: eve@x.test\r\n"),
        (b"\r\n\r\nHello", b"\r\nFrom: eve@x.test\r\n\r\nHello"),
    ],
)
def test_what_is_changed_or_added_on_the_way_is_noticed(before: bytes, after: bytes) -> None:
    message = signed([Signer("news.test", "rsa", KEYS["rsa"])])
    assert before in message

    assert verified(message.replace(before, after, 1), "rsa") == [False]


@given(
    st.text(max_size=40),
    st.sampled_from(["ada@x.test", "a.very.long.local.part.of.an.address@x.test", "δοκιμή@x.test"]),
)
def test_a_whole_letter_is_verified_whatever_the_name(name: str, address: str) -> None:
    settings = office_settings()
    composer = Composer(
        keys=Keys(["a key for tests, long enough"]), base_url=lambda: "https://news.test", settings=settings
    )
    composer._signers = (Signer("news.test", "ed25519", KEYS["ed25519"]),)  # noqa: SLF001 - instead of a key file
    recipient = Recipient(7, SubscriberId(5), 1, 1, address, name, "en", {})

    mould, occasion = a_mould(composer), composer.occasion(CampaignId(3))

    [message] = composer.signed_ahead([composer.unsigned(mould, recipient, occasion, NOW)], NOW)

    assert verified(message.data, "ed25519") == [True]
    body = message.data.partition(b"\r\n\r\n")[2]
    assert relaxed_body(body) == body


def a_mould(composer: Composer) -> Mould:
    return composer.mould(LETTER, READ.meta, slug="x")


READ = read_files(StoredFiles({"issue.md": ISSUE.encode()}), "issue.md")
LETTER = render(READ, frozenset(["academic"]), Frame(Sender("N", "news@news.test", "Street"), "https://news.test"))


def test_empty_lines_at_the_end_do_not_count() -> None:
    assert ToSign.of(MESSAGE) == ToSign.of(MESSAGE + b"\r\n\r\n")


def some(*pieces: bytes) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(pieces), max_size=8).map(b"".join)


BLANKS = (b" ", b"  ", b"\t", b" \t")
VALUES = some(*BLANKS, b"\r\n ", b"\r\n\t", b" \r\n  ", b"a", b":", b"b; c=", "é".encode())
HEADERS = st.lists(
    st.tuples(st.sampled_from([b"To", b"Cc", b"Subject", b"subject", b"List-ID", b"X-Other"]), VALUES), max_size=6
)


@given(HEADERS, some(*BLANKS, b"\r\n", b"\r\n\r\n", b"a", b"= "))
def test_whatever_stands_in_a_message_its_signature_is_verified(
    headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    head = b"From: news@news.test\r\n" + b"".join(b"%s:%s\r\n" % header for header in headers)
    to_sign = ToSign.of(head + b"\r\n" + relaxed_body(body))
    [signature] = signatures([to_sign], [Signer("news.test", "ed25519", KEYS["ed25519"])], NOW)

    ended = body + b"\r\n" if body and not body.endswith(b"\r\n") else body  # by the end that SMTP gives it
    assert verified(signature + head + b"\r\n" + ended, "ed25519") == [True]


def test_keys_are_read_from_files(tmp_path: Path) -> None:
    for kind, key in KEYS.items():
        (tmp_path / f"{kind}.pem").write_bytes(as_pem(key))
    section = DkimSection(selector="rsa ed25519", key_file=f"rsa.pem {tmp_path / 'ed25519.pem'}")

    found = signers(section, home=tmp_path, sender_domain="news.test")

    assert [(it.domain, it.selector) for it in found] == [("news.test", "rsa"), ("news.test", "ed25519")]
    message = signed(found)
    assert verified(message, "rsa", "ed25519") == [True, True]


def test_without_a_key_nothing_is_signed(tmp_path: Path) -> None:
    assert signers(DkimSection(), home=tmp_path, sender_domain="news.test") == ()


@pytest.mark.parametrize(
    ("selector", "key_file", "says"),
    [
        ("a", "missing.pem", "cannot be read"),
        ("a b", "one.pem", "2 selectors and 1 keys"),
        ("a", "text.pem", "no private key"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, selector: str, key_file: str, says: str) -> None:
    (tmp_path / "text.pem").write_text("hello")

    with pytest.raises(WrongInput, match=says):
        signers(DkimSection(selector=selector, key_file=key_file), home=tmp_path, sender_domain="news.test")


def test_a_notice_is_signed_like_a_letter(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(as_pem(KEYS["rsa"]))
    settings = office_settings().model_copy(
        update={"home": tmp_path, "dkim": DkimSection(domain="news.test", selector="rsa", key_file="key.pem")}
    )
    composer = Composer(
        keys=Keys(["a key of the tests, long enough"]), base_url=lambda: "https://news.test", settings=settings
    )
    facts = {"audiences": "- Zürich  und \t Umgebung \n- ∀x"}
    notice = NoticeText("confirm", "ada@x.test", "", "https://news.test/confirm/x", facts, (1,))
    for code in ("en", "de", "fr"):
        message = notice_message(composer, Languages().best(code), notice, now=NOW)
        assert verified(message, "rsa") == [True]
        assert message.isascii()
        assert verified(message.replace(b"confirm/x", b"confirm/y"), "rsa") == [False]
