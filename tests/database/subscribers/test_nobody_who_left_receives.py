"""A machine that lets people, imports, bounces and the manager do anything in any order.

Whatever happens: nobody who left and did not come back by their own act is ever among the recipients, nobody suppressed is,
nobody is who never agreed, and whoever agreed and did nothing since is.
"""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.errors import NotAllowed
from mailer.base.tables import AudienceId, Base, SubscriberId
from mailer.base.tokens import Keys
from subscribers import audiences, editing, erasure, importing, joining, people, suppression
from tests.support.database import TEMPLATE, numbers
from tests.support.postgres import PostgresServer

KEYS = Keys(["a key of the tests, long enough"])
START = datetime(2027, 1, 5, 9, tzinfo=UTC)
SLUGS = ("academic", "industry", "outreach")
NAMES = ("ada", "bob", "cy")
Who = st.sampled_from(NAMES)
Slugs = st.lists(st.sampled_from(SLUGS), min_size=1, max_size=3, unique=True)


class People(RuleBasedStateMachine):
    """The model is a set of live pairs, kept by the plainest rules; the real one is asked after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.database = Database(self.fresh_database())
        self.now = START
        self.live: set[tuple[str, str]] = set()
        self.asked: set[tuple[str, str]] = set()
        self.left: set[tuple[str, str]] = set()
        self.known: set[str] = set()
        self.left_all: set[str] = set()
        self.suppressed: set[str] = set()
        self.erased: set[str] = set()
        self.paused: dict[str, datetime] = {}

    def fresh_database(self) -> str:
        """The address of an empty database for one run of the machine."""
        url = f"sqlite:///{self.folder.name}/people.db"
        engine = create_engine(url)
        Base.metadata.create_all(engine)
        engine.dispose()
        return url

    @initialize()
    def begin(self) -> None:
        with self.database.begin() as session:
            for slug in SLUGS:
                audiences.add_audience(session, slug, slug.title())

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    def _blocked(self, who: str) -> bool:
        return who in self.suppressed or who in self.erased

    def _drop(self, who: str, slugs: set[str]) -> None:
        gone = {(who, slug) for slug in slugs}
        self.left |= gone & (self.live | self.asked)
        self.live -= gone
        self.asked -= gone

    @rule(who=Who, slugs=Slugs)
    def sign_up(self, who: str, slugs: list[str]) -> None:
        self.now += timedelta(hours=1)
        with self.database.begin() as session:
            answer = joining.subscribe(
                session,
                f"{who.upper()}@x.org",
                audience_slugs=slugs,
                wording="w",
                source="page",
                keys=KEYS,
                now=self.now,
            )
        if self._blocked(who):
            assert answer == joining.NothingToSend()
            return
        self.known.add(who)
        self.asked |= {(who, slug) for slug in slugs} - self.live

    @rule(who=Who)
    def confirm(self, who: str) -> None:
        if who not in self.known:
            return
        with self.database.begin() as session:
            joining.confirm(session, self._id(who), now=self.now, source="page")
        mine = {pair for pair in self.asked if pair[0] == who}
        if mine:
            self.left_all.discard(who)
        self.live |= mine
        self.left -= mine
        self.asked -= mine

    @rule(who=Who, slugs=Slugs)
    def leave(self, who: str, slugs: list[str]) -> None:
        if who not in self.known:
            return
        with self.database.begin() as session:
            joining.unsubscribe(session, self._id(who), audience_slugs=slugs, now=self.now, source="one-click")
        self._drop(who, set(slugs))
        if not [pair for pair in self.live | self.asked if pair[0] == who]:
            self.left_all.add(who)

    @rule(who=Who)
    def leave_everything(self, who: str) -> None:
        if who not in self.known:
            return
        with self.database.begin() as session:
            joining.unsubscribe(session, self._id(who), audience_slugs=None, now=self.now, source="page")
        self._drop(who, set(SLUGS))
        self.left_all.add(who)

    @rule(who=Who, slugs=Slugs)
    def choose(self, who: str, slugs: list[str]) -> None:
        if who not in self.known:
            return
        with self.database.begin() as session:
            joining.set_preferences(session, self._id(who), audience_slugs=slugs, now=self.now, source="page")
        self._drop(who, set(SLUGS) - set(slugs))
        chosen = {(who, slug) for slug in slugs}
        self.live |= chosen
        self.left -= chosen
        self.asked -= chosen
        self.left_all.discard(who)

    @rule(who=Who, days=st.integers(1, 40))
    def pause(self, who: str, days: int) -> None:
        if who in self.known:
            until = self.now + timedelta(days=days)
            with self.database.begin() as session:
                joining.pause(session, self._id(who), until=until, now=self.now, source="page")
            self.paused[who] = until

    @rule(days=st.integers(1, 40))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(who=Who)
    def bounce(self, who: str) -> None:
        with self.database.begin() as session:
            suppression.suppress(session, f"{who}@x.org", reason="bounce", source="test", now=self.now)
        self.suppressed.add(who)

    @rule(who=Who, slugs=Slugs, status=st.sampled_from(["", "active", "pending", "unsubscribed", "cleaned"]))
    def import_row(self, who: str, slugs: list[str], status: str) -> None:
        path = Path(self.folder.name) / "people.csv"
        path.write_text(f"email,status\n{who.title()}@x.org,{status}\n", encoding="utf-8")
        importing.import_file(
            self.database,
            path,
            keys=KEYS,
            audience_slugs=slugs,
            consent="w",
            status="subscribed",
            now=self.now,
            actor="t",
        )
        pairs = {(who, slug) for slug in slugs}
        was_suppressed = self._blocked(who)
        if who not in self.erased:
            is_new = who not in self.known
            self.known.add(who)
            if was_suppressed:
                return
            if status == "unsubscribed":
                self._drop(who, set(slugs))
                self.left |= pairs
                if is_new or not [pair for pair in self.live | self.asked if pair[0] == who]:
                    self.left_all.add(who)
            elif status == "cleaned":
                self.suppressed.add(who)
                self.asked |= pairs if is_new else set()
            elif who not in self.left_all:
                joined = pairs - self.left - self.live
                if status == "pending":
                    self.asked |= joined
                else:
                    self.live |= joined
                    self.asked -= joined

    @rule(who=Who, slug=st.sampled_from(SLUGS), consent=st.sampled_from(["", "w"]))
    def put_in(self, who: str, slug: str, consent: str) -> None:
        if who not in self.known:
            return
        pair = (who, slug)
        may = not self._blocked(who) and who not in self.left_all and pair not in self.left
        with self.database.begin() as session, nullcontext() if may else pytest.raises(NotAllowed):
            editing.enrol(
                session, self._id(who), slug, consent=consent, source="api", keys=KEYS, now=self.now, actor="api"
            )
        if may and consent:
            self.live.add(pair)
            self.asked.discard(pair)
        elif may and pair not in self.live:
            self.asked.add(pair)

    @rule(who=Who)
    def erase(self, who: str) -> None:
        if who not in self.known:
            return
        with self.database.begin() as session:
            erasure.erase(session, self._id(who), keys=KEYS, now=self.now, actor="test")
        self.known.discard(who)
        self.left_all.discard(who)
        self.paused.pop(who, None)
        self.erased.add(who)
        for pairs in (self.live, self.asked, self.left):
            pairs -= {(who, slug) for slug in SLUGS}

    def _id(self, who: str) -> SubscriberId:
        with self.database.read() as session:
            return people.find_person(session, f"{who}@x.org", now=self.now).id

    @invariant()
    def recipients_are_exactly_those_who_want_it(self) -> None:
        with self.database.read() as session:
            ids: tuple[AudienceId, ...] = audiences.audience_ids(session, SLUGS) if self._has_begun(session) else ()
            rows = session.execute(audiences.recipients(ids, now=self.now)).all() if ids else []
        found = {
            (row.address.lower().partition("@")[0], slug)
            for row in rows
            for bit, slug in enumerate(SLUGS)
            if row.mask & 1 << bit
        }
        expected = {
            (who, slug)
            for who, slug in self.live
            if not self._blocked(who) and who not in self.left_all and self.paused.get(who, self.now) <= self.now
        }
        assert found == expected

    @staticmethod
    def _has_begun(session: Session) -> bool:
        return bool(audiences.list_audiences(session))


TestPeople = People.TestCase
TestPeople.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)


def test_on_postgresql_too_recipients_are_exactly_those_who_want_it(postgres_server: PostgresServer) -> None:
    """With the migrations' triggers in the place of foreign keys, and with COPY."""

    class PeopleOnPostgres(People):
        def fresh_database(self) -> str:
            self.name = f"machine_{next(numbers)}"
            return postgres_server.create(self.name, template=TEMPLATE)

        def teardown(self) -> None:
            super().teardown()
            postgres_server.drop(self.name)

    few = settings(max_examples=6, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(PeopleOnPostgres, settings=few)
