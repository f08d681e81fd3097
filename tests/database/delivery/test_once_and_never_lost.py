"""A state machine: whatever is decided, whoever dies, nobody gets two without being marked, nobody is lost.

The relay is in memory, so that every moment of a worker's life can be chosen; the real one is in tests/servers. Each worker
stands for a process of its own, which is really killed: the journal believes nobody who lives.
"""

import subprocess
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mailer.base.database import Database
from mailer.base.errors import NotAllowed
from mailer.base.tables import Base, BatchId
from mailer.delivery import recipients_page
from mailer.delivery.batch import BatchWork
from mailer.delivery.holders import name_of
from mailer.delivery.journal import Journal
from mailer.delivery.outcomes import (
    ANSWERED,
    KEPT,
    LEFT,
    TAKEN,
    Accepted,
    Deferred,
    NotTried,
    Outcome,
    Outgoing,
    Refused,
    Unknown,
)
from tests.database.delivery.relays import NoRelay
from tests.support.sending import Office, office_settings

PEOPLE = 12
OUTCOMES: list[Outcome] = [
    Accepted(),
    Accepted(),
    Accepted(),
    Deferred(450, "4.2.0", "later"),
    Refused(550, "5.1.1", "nobody"),
    Unknown("cut"),
    NotTried("away"),
]


class Worker:
    """One who works on a batch, message by message, and can be killed between any two."""

    def __init__(self, work: BatchWork, process: "subprocess.Popen[bytes] | None") -> None:
        self.work = work
        self.process = process
        self.messages = work.messages()
        self.open: list[Outgoing] = []


class Sending(RuleBasedStateMachine):
    """Decisions, workers and their deaths, the relay's answers, and time."""

    database: Database
    folder: Path
    numbers = count(1)

    def __init__(self) -> None:
        super().__init__()
        self.workers: list[Worker] = []
        self.got: Counter[str] = Counter()
        self.ids: dict[str, set[bytes]] = {}
        self.left: set[str] = set()
        self.got_after_leaving: list[str] = []

    @initialize()
    def release(self) -> None:
        with self.database.begin() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
        self.office = Office(self.database, NoRelay(), settings=office_settings(LIMITS_GROUP="3"))
        self.addresses = self.office.people(PEOPLE)
        self.journal = self.folder / str(next(self.numbers))
        self.campaign = self.office.release()
        self.batches = self.office.prepare(self.campaign, batch=5)

    # --- workers ------------------------------------------------------------------------------------------------------

    @rule(index=st.integers(0, 2), notes=st.sampled_from(["here", "here", "elsewhere", "none"]))
    def claim(self, index: int, notes: str) -> None:
        batch = BatchId(self.batches[index % len(self.batches)])
        process = subprocess.Popen(["sleep", "600"]) if notes == "here" else None
        holder = name_of(process.pid) if process else "another:1:1:machine"
        work = BatchWork(
            self.database,
            batch,
            composer=self.office.composer,
            clock=self.office.clock,
            holder="x",
            stopping=lambda: False,
            journal=None if notes == "none" else Journal(self.journal, holder=holder),
        )
        worker = Worker(work, process)
        self._take(worker)
        if work.found_nothing:
            self._end(worker)
        else:
            self.workers.append(worker)

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        self._take(data.draw(st.sampled_from(self.workers)))

    @precondition(lambda self: any(worker.open for worker in self.workers))
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES), arrives=st.booleans())
    def answer(self, data: st.DataObject, outcome: Outcome, arrives: bool) -> None:  # noqa: FBT001
        worker = data.draw(st.sampled_from([worker for worker in self.workers if worker.open]))
        message = worker.open.pop(0)
        if isinstance(outcome, Accepted) or (isinstance(outcome, Unknown) and arrives):
            self._arrived(message)
        elif isinstance(outcome, Unknown):
            self._note(message, LEFT)
        mark = {Accepted: TAKEN, Unknown: LEFT, NotTried: KEPT}.get(type(outcome), ANSWERED)
        self._note(message, mark)
        worker.work.answered((message.number, outcome))

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(self.workers))
        for message in worker.open:
            self._arrived(message)
            self._note(message, TAKEN)
            worker.work.answered((message.number, OUTCOMES[0]))
        worker.work.close()
        self.workers.remove(worker)
        self._end(worker)

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), arrived=st.integers(0, 3))
    def fail(self, data: st.DataObject, arrived: int) -> None:
        """The database went away under it: it ends in good order, and can write nothing."""
        worker = data.draw(st.sampled_from(self.workers))
        for message in worker.open[:arrived]:
            self._arrived(message)
        worker.work.end()
        self.workers.remove(worker)
        self._end(worker)

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), arrived=st.integers(0, 3), answered=st.integers(0, 2))
    def kill(self, data: st.DataObject, arrived: int, answered: int) -> None:
        worker = data.draw(st.sampled_from(self.workers))
        for message in worker.open[:arrived]:
            self._arrived(message)
        for message in worker.open[: min(arrived, answered)]:
            self._note(message, TAKEN)  # its answer was noted, and not yet recorded
        self.workers.remove(worker)
        self._end(worker)

    # --- people and time ------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 61, 400]))
    def wait(self, seconds: int) -> None:
        self.office.later(seconds=seconds)

    @rule(index=st.integers(0, PEOPLE - 1))
    def leave(self, index: int) -> None:
        address = self.addresses[index]
        if address not in self.left:
            self.office.leave(address)
            self.left.add(address)

    @rule(decision=st.sampled_from(["pause", "resume", "resume"]))
    def decide(self, decision: str) -> None:
        with suppress(NotAllowed):
            self.office.decide(decision, self.campaign)

    # --- what must hold -------------------------------------------------------------------------------------------------

    @invariant()
    def everybody_has_a_place(self) -> None:
        if hasattr(self, "campaign"):
            assert self.office.counts(self.campaign).total == PEOPLE

    @invariant()
    def second_copies_are_the_same_message_and_are_known(self) -> None:
        assert all(len(ids) == 1 for ids in self.ids.values())
        if any(count > 1 for count in self.got.values()):
            with self.database.read() as session:
                rows = recipients_page(session, self.campaign, limit=1000)
            # A row that is under way for the second time, or was, is marked.
            marked = sum(row.might_have_got_it_twice or row.state == "uncertain" or row.attempts > 1 for row in rows)
            assert marked >= sum(count > 1 for count in self.got.values())

    def teardown(self) -> None:
        if not hasattr(self, "campaign"):
            return
        while self.workers:
            self._end(self.workers.pop())
        with suppress(NotAllowed):
            self.office.decide("resume", self.campaign)
        for _ in range(60):
            self.office.later(hours=3)
            self.office.hints.clear()
            self.office.sweep()
            for job, subject in list(self.office.hints):
                if job == "send_batch":
                    self._work_off(BatchId(subject))
            if self.office.state(self.campaign).state == "sent":
                break
        counts = self.office.counts(self.campaign)
        assert self.office.state(self.campaign).state == "sent"
        assert counts.accepted + counts.failed + counts.skipped == PEOPLE
        assert not self.got_after_leaving
        for address, state in self.office.states(self.campaign).items():
            if state == "accepted":
                assert self.got[address], f"{address} is said to have it and has not"

    # --- the machine's own ----------------------------------------------------------------------------------------------

    def _work_off(self, batch: BatchId) -> None:
        work = BatchWork(
            self.database,
            batch,
            composer=self.office.composer,
            clock=self.office.clock,
            holder="y",
            stopping=lambda: False,
            journal=Journal(self.journal, holder="y"),
        )
        for message in work.messages():
            self._arrived(message)
            work.answered((message.number, OUTCOMES[0]))
        work.close()

    def _take(self, worker: Worker) -> None:
        message = next(worker.messages, None)
        if message is not None:
            worker.open.append(message)

    @staticmethod
    def _note(message: Outgoing, mark: int) -> None:
        if message.trace is not None:
            message.trace(message.number, mark)

    @staticmethod
    def _end(worker: Worker) -> None:
        if worker.process is not None:
            worker.process.kill()
            worker.process.wait()

    def _arrived(self, message: Outgoing) -> None:
        self._note(message, LEFT)
        self.got[message.recipient] += 1
        line = next(line for line in message.data.split(b"\r\n") if line.startswith(b"Message-ID"))
        self.ids.setdefault(message.recipient, set()).add(line)


@pytest.mark.timeout(600)
def test_nobody_gets_two_unmarked_and_nobody_is_lost(database: Database, tmp_path: Path) -> None:
    Sending.database = database
    Sending.folder = tmp_path
    run_state_machine_as_test(
        Sending,
        settings=settings(
            max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
