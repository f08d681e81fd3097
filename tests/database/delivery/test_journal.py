"""The journal: after a kill nearly everybody's outcome is known, and nothing is believed that cannot be known."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mailer.base.database import Database
from mailer.base.tables import BatchId, CampaignId
from mailer.delivery.batch import BatchWork
from mailer.delivery.holders import this_process
from mailer.delivery.journal import Journal
from mailer.delivery.outcomes import ANSWERED, LEFT, TAKEN, Accepted
from mailer.delivery.policy import FIRST_GROUP
from tests.database.delivery.relays import Recorder
from tests.support.sending import Office

NAME = "from mailer.delivery.holders import this_process; print(this_process())"
OK = Accepted()


@pytest.fixture(scope="module")
def dead() -> str:
    """The name of a process of this machine that has ended."""
    return subprocess.run([sys.executable, "-c", NAME], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def office(database: Database, recorder: Recorder, tmp_path: Path) -> Office:
    office = Office(database, recorder)
    office.journal = Journal(tmp_path / "journal", holder=this_process())
    return office


def test_where_the_journal_cannot_be_written_everybody_gets_his_mail_all_the_same(
    database: Database, recorder: Recorder, tmp_path: Path
) -> None:
    office = Office(database, recorder)
    office.journal = Journal(tmp_path / "journal", holder=this_process())
    (tmp_path / "journal").rmdir()
    addresses = office.people(3)
    campaign = office.release()

    office.work()

    assert recorder.recipients == addresses
    assert office.counts(campaign).accepted == 3


def half_sent(office: Office, folder: Path, *, holder: str) -> tuple[CampaignId, list[str], BatchWork]:
    """A worker that was stopped after 5 messages: 0 and 1 taken, 2 on its way, 3 answered otherwise, 4 not yet handed over."""
    addresses = office.people(60)
    campaign = office.release()
    (batch,) = office.prepare(campaign)
    work = BatchWork(
        office.database,
        BatchId(batch),
        composer=office.composer,
        clock=office.clock,
        holder="first",
        stopping=lambda: False,
        journal=Journal(folder, holder=holder),
    )
    sending = work.messages()
    for marks in ((LEFT, TAKEN), (LEFT, TAKEN), (LEFT,), (LEFT, ANSWERED), ()):
        message = next(sending)
        assert message.trace is not None
        for mark in marks:
            message.trace(message.number, mark)
    return campaign, addresses, work


def test_after_a_kill_only_what_had_left_without_an_answer_is_sent_again_unsure(
    office: Office, recorder: Recorder, tmp_path: Path, dead: str
) -> None:
    campaign, addresses, _work = half_sent(office, tmp_path / "journal", holder=dead)
    office.later(seconds=61)

    office.work()

    counts = office.counts(campaign)
    assert counts.accepted == 60
    assert counts.might_have_got_it_twice == 1
    assert recorder.recipients == addresses[2:], "the two that the relay took are not sent again"
    assert not list((tmp_path / "journal").iterdir()), "no page is left behind"


@pytest.mark.parametrize("decision", ["pause", "cancel"])
def test_after_a_kill_a_campaign_that_does_not_go_on_says_who_got_it(
    office: Office, recorder: Recorder, tmp_path: Path, dead: str, *, decision: str
) -> None:
    campaign, addresses, _work = half_sent(office, tmp_path / "journal", holder=dead)
    office.decide(decision, campaign)
    office.later(seconds=61)

    office.sweep()

    counts = office.counts(campaign)
    assert (counts.accepted, counts.uncertain, counts.deferred, counts.sending) == (2, 1, 1, 0)
    assert not list((tmp_path / "journal").iterdir()), "no page is left behind"
    if decision == "pause":
        office.decide("resume", campaign)
        office.work()
        assert recorder.recipients == addresses[2:]
        assert office.counts(campaign).accepted == 60


def test_what_was_not_handed_over_counts_as_no_attempt(office: Office, tmp_path: Path, dead: str) -> None:
    campaign, _addresses, _work = half_sent(office, tmp_path / "journal", holder=dead)
    office.later(seconds=61)

    office.work()

    with office.database.read() as session:
        from mailer.delivery import recipients_page

        attempts = [row.attempts for row in recipients_page(session, campaign)]
    assert attempts == [1, 1, 2, 2, *[1] * 56]


def test_a_worker_that_still_lives_is_not_believed(office: Office, recorder: Recorder, tmp_path: Path) -> None:
    campaign, addresses, _work = half_sent(office, tmp_path / "journal", holder=this_process())
    office.later(seconds=61)

    office.work()

    assert office.counts(campaign).might_have_got_it_twice == FIRST_GROUP
    assert recorder.recipients == addresses


def test_a_worker_that_gave_up_is_believed_though_it_lives(office: Office, recorder: Recorder, tmp_path: Path) -> None:
    campaign, addresses, work = half_sent(office, tmp_path / "journal", holder=this_process())
    work.end()
    office.later(seconds=61)

    office.work()

    assert office.counts(campaign).might_have_got_it_twice == 1
    assert recorder.recipients == addresses[2:]


def test_what_a_living_worker_gave_up_goes_on_at_once(office: Office, recorder: Recorder, tmp_path: Path) -> None:
    campaign, addresses, work = half_sent(office, tmp_path / "journal", holder=this_process())
    office.work()
    assert not recorder.sent, "while it works nobody takes it"
    work.end()

    office.work()

    assert office.counts(campaign).accepted == 60
    assert recorder.recipients == addresses[2:]


@pytest.mark.parametrize("ended", [False, True])
def test_of_another_machine_nothing_is_believed(
    office: Office, recorder: Recorder, tmp_path: Path, dead: str, *, ended: bool
) -> None:
    elsewhere = dead.rpartition(":")[0] + ":other-boot.4026531836"
    campaign, addresses, work = half_sent(office, tmp_path / "journal", holder=elsewhere)
    if ended:
        work.end()
    office.later(seconds=61)

    office.work()

    assert office.counts(campaign).might_have_got_it_twice == FIRST_GROUP
    assert recorder.recipients == addresses


@pytest.mark.parametrize("harm", ["other rows", "cut short", "lost"])
def test_a_page_that_is_not_whole_or_not_of_these_rows_is_not_believed(
    office: Office, tmp_path: Path, dead: str, harm: str
) -> None:
    campaign, _addresses, _work = half_sent(office, tmp_path / "journal", holder=dead)
    (page,) = (tmp_path / "journal").iterdir()
    if harm == "other rows":
        page.write_bytes(page.read_bytes().replace(f"\n{campaign} ".encode(), b"\n99 ", 1))
    elif harm == "cut short":
        shutil.copy(page, tmp_path / "copy")
        page.write_bytes((tmp_path / "copy").read_bytes()[:-3])
    else:
        page.unlink()
    office.later(seconds=61)

    office.work()

    assert office.counts(campaign).might_have_got_it_twice == FIRST_GROUP
