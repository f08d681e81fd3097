"""New DKIM keys: what is published verifies what the settings that are told sign."""

import re
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest

from mailer.base.errors import WrongInput
from mailer.base.sections import DkimSection
from mailer.delivery.message.dkim import ToSign, signatures, signers
from mailer.delivery.message.keygen import make_keys

MESSAGE = b"From: News <news@m\xc3\xa4rz.test>\r\nTo: ada@x.test\r\nSubject: Winter\r\n\r\nHello\r\n"
NOW = datetime(2026, 1, 4, tzinfo=UTC)


def test_both_keys_sign_and_their_records_verify(tmp_path: Path) -> None:
    keys = make_keys(tmp_path, "News.März.test.")
    published = {f"{key.name}.".encode(): key.record.encode() for key in keys}
    section = DkimSection(
        domain="news.märz.test",
        selector=" ".join(key.selector for key in keys),
        key_file=" ".join(key.file for key in keys),
    )

    [headers] = signatures([ToSign.of(MESSAGE)], signers(section, home=tmp_path, sender_domain="x.test"), NOW)

    whole = dkim.DKIM(headers + MESSAGE)
    assert [key.name for key in keys] == [
        f"mailer1-{kind}._domainkey.news.xn--mrz-qla.test" for kind in ("rsa", "ed25519")
    ]
    assert [whole.verify(idx=index, dnsfunc=lambda name, **_: published[name]) for index in (0, 1)] == [True, True]


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    for key in make_keys(tmp_path, "news.test"):
        assert (tmp_path / key.file).stat().st_mode & 0o777 == 0o600


def test_the_next_keys_have_the_next_selector(tmp_path: Path) -> None:
    made = [make_keys(tmp_path, "news.test") for _ in range(2)]

    assert [key.selector for keys in made for key in keys] == [
        "mailer1-rsa", "mailer1-ed25519", "mailer2-rsa", "mailer2-ed25519",
    ]  # fmt: skip


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    first, _ = make_keys(tmp_path, "news.test", selector="winter")
    kept = (tmp_path / first.file).read_bytes()

    with pytest.raises(WrongInput, match="winter has keys already"):
        make_keys(tmp_path, "news.test", selector="winter")
    assert (tmp_path / first.file).read_bytes() == kept


def test_a_zone_file_gets_the_record_in_pieces(tmp_path: Path) -> None:
    for key in make_keys(tmp_path, "news.test"):
        pieces = re.findall(r'"([^"]*)"', key.zone_line)
        assert "".join(pieces) == key.record
        assert max(map(len, pieces)) <= 255


@pytest.mark.parametrize(
    ("domain", "selector", "says"),
    [
        ("localhost", "", "no domain"),
        ("news..test", "", "no domain"),
        ("news@x.test", "", "no domain"),
        ("", "", "no domain"),
        ("news.test", "a b", "no selector"),
        ("news.test", "../x", "no selector"),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, domain: str, selector: str, says: str) -> None:
    with pytest.raises(WrongInput, match=says):
        make_keys(tmp_path, domain, selector=selector)
    assert not list(tmp_path.rglob("*.pem"))
