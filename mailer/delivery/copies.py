"""Test copies: the letter as it would go out, marked, to named people; its links show their pages and change nothing."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from mailer.base.tables import CampaignId, SubscriberId
from mailer.content import Issue
from mailer.delivery.ledger import Recipient
from mailer.delivery.message.compose import Composer
from mailer.delivery.outcomes import Outcome
from mailer.delivery.run import Relay
from mailer.rendering import Frame, Picture, render
from subscribers import parse_address

MARK = "[Test] "
NOBODY = SubscriberId(0)
"""A link of subscriber 0 shows its page and changes nothing."""
NO_CAMPAIGN = CampaignId(0)


def test_copies(
    relay: Relay,
    composer: Composer,
    issue: Issue,
    *,
    audiences: Collection[str],
    to: Sequence[str],
    frame: Frame,
    keep: Callable[[Sequence[Picture]], None],
    now: datetime,
    formula_cache: Path | None = None,
) -> dict[str, Outcome]:
    """Send one marked copy of the letter for these audiences to each address; gives what the relay said to each.

    Args:
        keep: puts pictures under the public address, where a letter that does not carry them shows them.

    Raises:
        WrongInput: an address cannot be mailed; then nothing is sent.
    """
    addresses = [parse_address(address).written for address in dict.fromkeys(to)]
    letter = render(issue, frozenset(audiences), frame, formula_cache=formula_cache)
    if not letter.embedded:
        keep(letter.pictures)
    marked = replace(letter, subject=(MARK, *letter.subject))
    mould = composer.mould(marked, issue.meta, slug="test")
    # A number of their own for every copy: a client that has seen a Message-ID shows the message once only.
    first = int(now.timestamp() * 1000)
    occasion = composer.occasion(NO_CAMPAIGN)
    readers = [_reader(first + index, address) for index, address in enumerate(addresses)]
    messages = list(composer.signed_ahead((composer.unsigned(mould, reader, occasion, now) for reader in readers), now))
    outcomes = dict(answer for answer in relay.send(messages) if answer is not None)
    return {address: outcomes[first + index] for index, address in enumerate(addresses)}


def _reader(number: int, address: str) -> Recipient:
    return Recipient(
        number=number, subscriber_id=NOBODY, mask=0, attempts=1, address=address, name="", language="", attributes={}
    )
