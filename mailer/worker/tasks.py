"""The jobs: a name, and a function of the open App and an id. The queue knows nothing else.

Each may be lost, may come twice and may die between any two lines: what is true stands in SQL.
"""

from collections.abc import Callable

from mailer import campaigns
from mailer.app import App
from mailer.base import answers, audit, limits
from mailer.base.tables import BatchId, CampaignId
from mailer.delivery import notices, run
from mailer.delivery.retention import forget_recipients
from mailer.feedback import Limits, note_refusal, watch_first_waves
from mailer.feedback.engagement import engagement
from mailer.feedback.polling import poll_if_due
from mailer.feedback.retention import forget_persons
from subscribers import sign_ups, uploads
from subscribers.retention import drop_sign_ups

SWEEP_SECONDS = 1.0
RETAIN_SECONDS = 3600.0
POLL_SECONDS = 10.0
"""How often it is looked whether the bounce mailbox is to be read: how often it is read, `[bounce] every` says."""


def prepare(app: App, subject_id: int) -> None:
    """Freeze the list of a campaign whose time has come."""
    batch = app.settings.limits.batch
    run.prepare(app.database, CampaignId(subject_id), clock=app.clock, batch=batch, more=engagement())


def send_batch(app: App, subject_id: int) -> None:
    """Send one batch."""
    run.send_batch(
        app.database,
        app.relay,
        BatchId(subject_id),
        composer=app.composer,
        clock=app.clock,
        holder=app.holder,
        stopping=app.stopping.is_set,
        journal=app.journal,
        pace=app.pace,
        on_refusal=note_refusal,
    )


def send_notice(app: App, subject_id: int) -> None:
    """Send one notice, such as a confirmation mail."""
    notices.send(
        app.database,
        app.relay,
        subject_id,
        composer=app.composer,
        languages=app.languages,
        clock=app.clock,
        stopping=app.stopping.is_set,
    )


def import_people(app: App, subject_id: int) -> None:
    """Bring the people of an uploaded file in."""
    uploads.run(app.database, subject_id, keys=app.keys, clock=app.clock)


def sign_up(app: App, subject_id: int) -> None:
    """Carry out what somebody wrote into a sign-up form."""
    with app.database.begin() as session:
        now = app.clock()
        asked = sign_ups.carry_out(session, subject_id, keys=app.keys, now=now)
        notices.ask_to_confirm(session, asked, remind_after=app.settings.join.remind_after, now=now)


def sweep(app: App, _subject_id: int) -> None:
    """Find what is due and what was forgotten."""
    run.sweep(app.database, clock=app.clock, grace=app.settings.release.grace, journal=app.journal)
    uploads.sweep(app.database, clock=app.clock)
    answers.drop_old(app.database, now=app.clock())
    section = app.settings.release
    first_wave = Limits(section.canary_wait, section.canary_bounces, section.canary_complaints)
    with app.database.begin() as session:
        sign_ups.sweep(session, now=app.clock())
        limits.forget(session, now=app.clock())
        watch_first_waves(session, first_wave, now=app.clock())


def call_notices(app: App, _subject_id: int) -> None:
    """Find the notices that are due; in the queue of notices, so that none are called out while a relay keeps it waiting."""
    notices.sweep(app.database, clock=app.clock)


def retain(app: App, _subject_id: int) -> None:
    """Forget what the settings say is to be forgotten by now."""
    keep, now = app.settings.retention, app.clock()
    if keep.sign_ups:
        drop_sign_ups(app.database, before=now - keep.sign_ups, now=now)
    if keep.deliveries:
        with app.database.read() as session:
            over = campaigns.over_before(session, now - keep.deliveries)
        forget_recipients(app.database, over, now=now)
        forget_persons(app.database, over, before=now - keep.deliveries)
    if keep.audit:
        with app.database.begin() as session:
            audit.drop_entries(session, before=now - keep.audit)
    app.database.empty_log()


def poll_bounces(app: App, _subject_id: int) -> None:
    """Read the bounce mailbox, if one is set and its time has come; a job of its own, because it waits for the network."""
    section = app.settings.bounce
    if section.box is not None and section.every:
        poll_if_due(
            app.database,
            section.box,
            home=app.home,
            every=section.every,
            keys=app.keys,
            clock=app.clock,
            stopping=app.stopping.is_set,
        )


JOBS: dict[str, Callable[[App, int], None]] = {
    "prepare": prepare,
    "send_batch": send_batch,
    "send_notice": send_notice,
    "import_people": import_people,
    "sign_up": sign_up,
    "retain": retain,
    "poll_bounces": poll_bounces,
    "sweep": sweep,
    "call_notices": call_notices,
}
