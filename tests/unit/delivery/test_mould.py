"""A letter filled on the hot path is the letter, whatever the recipient is called and wherever the links lead."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Keys
from mailer.content import StoredFiles, read_files
from mailer.delivery.ledger import Recipient
from mailer.delivery.message.compose import Composer
from mailer.delivery.message.headers import DATE, LEAVE_KEY, message_headers
from mailer.delivery.message.personal import Personal, filler_of
from mailer.rendering import Frame, Sender, fill, render, skeleton
from tests.support.sending import ISSUE, office_settings

NOW = datetime(2026, 1, 4, 9, 0, tzinfo=UTC)
READ = read_files(StoredFiles({"issue.md": ISSUE.encode()}), "issue.md")
LETTER = render(READ, frozenset(["academic"]), Frame(Sender("N", "news@news.test", "Street"), "https://news.test"))
SHORT, LONG = "https://news.test", "https://newsletter.of.a.department.with.a.long.name.university.test/a/path"
BOUNCES = "bounces@news.test"


def a_composer(base_url: str) -> Composer:
    settings = office_settings(BOUNCE_ADDRESS=BOUNCES)
    return Composer(keys=Keys(["a key for tests, long enough"]), base_url=lambda: base_url, settings=settings)


COMPOSERS = {base_url: a_composer(base_url) for base_url in (SHORT, LONG)}
HEADERS = message_headers(COMPOSERS[SHORT].sender, slug="x", bounce_address=BOUNCES)
SKELETON = skeleton(LETTER, headers=HEADERS)
MOULDS = {base_url: composer.mould(LETTER, READ.meta, slug="x") for base_url, composer in COMPOSERS.items()}


@given(
    st.text(max_size=90),
    st.sampled_from(["ada@x.test", ".dot@x.test", "δοκιμή@x.test"]),
    st.sampled_from([SHORT, LONG]),
    st.integers(1, 2**63 - 1),
)
@example(name=".", address="ada@x.test", base_url=LONG, number=127)
@example(name="From here", address="ada@x.test", base_url=SHORT, number=128)
@example(name="", address="ada@x.test", base_url=SHORT, number=2**14)
def test_it_is_the_letter_and_tells_truly_whether_it_is_plain(
    name: str, address: str, base_url: str, number: int
) -> None:
    composer = COMPOSERS[base_url]
    recipient = Recipient(number, SubscriberId(number), 1, 1, address, name, "en", {})
    occasion = composer.occasion(CampaignId(3), audience_names=("Academic",))

    message = composer.unsigned(MOULDS[base_url], recipient, occasion, NOW)

    person = Personal(occasion, recipient)
    values = {slot: filler_of(slot)(person) for slot in MOULDS[base_url].slots} | {DATE: format_datetime(NOW)}
    assert LEAVE_KEY in values
    assert message.data == fill(SKELETON, values)
    assert message.is_plain == (message.data.isascii() and b"\r\n." not in message.data)
    assert max(map(len, message.data.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("base_url", [SHORT, LONG])
def test_a_link_of_any_length_is_read_as_it_was_made(base_url: str) -> None:
    composer = COMPOSERS[base_url]
    recipient = Recipient(70_000, SubscriberId(300_000), 1, 1, "ada@x.test", "Ada", "en", {})
    occasion = composer.occasion(CampaignId(3))

    message = composer.unsigned(MOULDS[base_url], recipient, occasion, NOW)

    read = message_from_bytes(message.data, policy=default)
    text, html = (part.get_content() for part in read.iter_parts())
    link = Personal(occasion, recipient).link("unsubscribe")
    assert link.startswith(f"{base_url}/unsubscribe/")
    assert link in text
    assert link in html
    assert f"<{link}>" in read["List-Unsubscribe"]
