"""Imports that wait for a worker: a file kept in the database until it was brought in, its progress, and what was refused.

The file lies in SQL and not beside the web part, so that a worker on any machine can read it. An import is leased while it
runs; when its worker died it is begun again, which `importing` allows at any point, and after three times given up.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.database import Database
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from mailer.base.hints import wake
from mailer.base.tokens import Keys
from subscribers.audiences import audience_ids
from subscribers.importing import Report, Status, import_file, look_at
from subscribers.models import Import, ImportPart

JOB = "import_people"
State = Literal["uploaded", "waiting", "running", "looked", "done", "failed"]
PART_BYTES = 1024 * 1024
LEASE = timedelta(seconds=60)
TRIES = 3
"""How often a file is tried whose worker dies over it, before a person is told."""
CUT_OFF = (
    f"the work was begun {TRIES} times and cut off each time, most likely by the file itself; what was read so far is in; "
    "start it again, or split the file"
)
KEPT = timedelta(days=7)
"""How long a file, its report and its refused rows are kept: they are full of addresses."""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import as it is shown.

    Args:
        state: uploaded, waiting, running, looked (after a dry run), done or failed.
        share: of the file that was read, from 0 to 1.
        columns: what each column is taken for.
        mapping: what a person said a column is.
        audiences, status, consent: what was ordered last.
        report: the counts of the last run; empty before it.
    """

    id: int
    public_id: str
    name: str
    state: State
    is_dry_run: bool
    rows_read: int
    share: float
    columns: tuple[tuple[str, str], ...]
    mapping: Mapping[str, str]
    audiences: tuple[str, ...]
    status: Status
    consent: str
    report: Mapping[str, Any]
    error: str
    created_at: datetime


def upload(session: Session, content: bytes, *, name: str, now: datetime, actor: str) -> ImportRow:
    """Keep a file of people; what it cannot be read as is told in `error`, and it is then of no use.

    Where only the column of addresses is not found, it can be started with a mapping that names it.
    """
    row = Import(
        public_id=secrets.token_urlsafe(16), name=name[:200], state="uploaded", actor=actor, created_at=now, columns=[]
    )
    try:
        with _on_disk(iter([content]), name) as path:
            columns, row.error = look_at(path, file_name=name)
        row.columns = [[column, role] for column, role in columns]
        row.state = "failed" if row.error else "uploaded"
    except WrongInput as error:
        row.state, row.error = "failed", f"{error.message}; {error.do}"
    session.add(row)
    session.flush()
    if row.columns or row.state == "uploaded":
        _keep(session, row.id, "file", (content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)))
    audit.note(session, actor=actor, deed="file_uploaded", subject=f"import {row.id}", now=now)
    return _row(row)


def start(
    session: Session,
    public_id: str,
    *,
    audience_slugs: Sequence[str],
    mapping: Mapping[str, str],
    consent: str,
    status: Status,
    dry_run: bool,
    now: datetime,
    actor: str,
) -> ImportRow:
    """Let a worker bring the people of a file in, or with `dry_run` only say what would happen.

    Raises:
        NotFound: there is no such import.
        NotAllowed: it runs, or was done, or there is no such audience.
        WrongInput: people are to be subscribed without consent.
    """
    if status == "subscribed" and not consent.strip():
        raise WrongInput("nobody is subscribed without consent on record", do="say what the people agreed to")
    audience_ids(session, audience_slugs)
    row = _found(session, public_id, lock=True)
    has_file = session.scalar(select(ImportPart.number).where(*_parts(row.id, "file")).limit(1)) is not None
    if row.state in ("waiting", "running", "done") or not has_file:
        raise NotAllowed(f"this import is {row.state}", do="wait for it, or upload a file anew")
    deed = "import_looked_at" if dry_run else "import_ordered"
    audit.note(session, actor=actor, deed=deed, subject=f"import {row.id}", now=now)
    row.audiences, row.mapping, row.consent, row.status = list(audience_slugs), dict(mapping), consent.strip(), status
    row.is_dry_run, row.state, row.actor, row.error = dry_run, "waiting", actor, ""
    row.report, row.rows_read, row.share, row.tries = {}, 0, 0.0, 0
    session.flush()
    wake(session, JOB, row.id)
    return _row(row)


def run(database: Database, import_id: int, *, keys: Keys, clock: Callable[[], datetime]) -> None:
    """Do what an import waits for, if nobody else does."""
    taken = take(database, import_id, clock())
    if taken is None:
        return
    try:
        with database.read() as session:
            numbers = select(ImportPart.number).where(*_parts(import_id, "file")).order_by(ImportPart.number)
            parts = list(session.scalars(numbers))
        with _on_disk((_part(database, import_id, number) for number in parts), taken.name) as path:
            refused = path.with_name("rejected.csv")
            report = _import(database, path, refused, taken, keys=keys, clock=clock)
            _finish(database, taken, report, refused)
    except (WrongInput, NotFound, NotAllowed) as error:  # a database that is away is another matter: it is done again
        with database.begin() as session:
            session.execute(
                update(Import).where(*_held(taken)).values(state="failed", error=f"{error}", leased_until=None)
            )


def sweep(database: Database, *, clock: Callable[[], datetime]) -> None:
    """Call out the imports that nobody works on, give up those that end every worker, and forget the old ones."""
    now = clock()
    old = and_(Import.created_at < now - KEPT, Import.state.not_in(("waiting", "running")))
    hopeless = and_(Import.state == "running", Import.leased_until < now, Import.tries >= TRIES)
    with database.read() as session:
        waiting = list(session.scalars(select(Import.id).where(_is_free(now)).limit(10)))
        is_any_over = session.scalar(select(Import.id).where(or_(old, hopeless)).limit(1)) is not None
    if waiting or is_any_over:
        with database.begin() as session:
            session.execute(delete(Import).where(old))
            session.execute(update(Import).where(hopeless).values(state="failed", error=CUT_OFF, leased_until=None))
            for import_id in waiting:
                wake(session, JOB, import_id)


def find_import(session: Session, public_id: str) -> ImportRow:
    """An import.

    Raises:
        NotFound: there is none, or it was forgotten.
    """
    return _row(_found(session, public_id))


def list_imports(session: Session, *, after: int | None = None, limit: int = 50) -> tuple[ImportRow, ...]:
    """Imports, oldest first, behind the entry `after`."""
    query = select(Import).where(Import.id > (after or 0)).order_by(Import.id).limit(limit)
    return tuple(_row(row) for row in session.scalars(query))


def recent_imports(session: Session) -> tuple[ImportRow, ...]:
    """The last twenty imports, newest first."""
    return tuple(_row(row) for row in session.scalars(select(Import).order_by(Import.id.desc()).limit(20)))


def rejected_rows(session: Session, public_id: str) -> bytes:
    """The file of the rows that were not taken, as CSV; with a header only where none was refused.

    Raises:
        NotFound: there is no such import.
    """
    row = _found(session, public_id)
    query = select(ImportPart.content).where(*_parts(row.id, "rejected")).order_by(ImportPart.number)
    return b"".join(session.scalars(query)) or b"line,reason\r\n"


def drop(session: Session, public_id: str, *, now: datetime, actor: str) -> None:
    """Forget a file and what it said; the people it brought stay.

    Raises:
        NotFound: there is no such import.
        NotAllowed: it runs.
    """
    row = _found(session, public_id, lock=True)
    if row.state == "running":
        raise NotAllowed("this import is running", do="wait for its end")
    session.execute(delete(Import).where(Import.id == row.id))
    audit.note(session, actor=actor, deed="import_dropped", subject=f"import {row.id}", now=now)


def _import(
    database: Database, path: Path, refused: Path, taken: Import, *, keys: Keys, clock: Callable[[], datetime]
) -> Report:
    def progress(read: int, share: float) -> None:
        with database.begin() as session:
            session.execute(
                update(Import).where(*_held(taken)).values(rows_read=read, share=share, leased_until=clock() + LEASE)
            )

    return import_file(
        database,
        path,
        keys=keys,
        audience_slugs=taken.audiences,
        mapping=taken.mapping,
        consent=taken.consent,
        status=cast("Status", taken.status),
        dry_run=taken.is_dry_run,
        rejected_path=refused,
        file_name=taken.name,
        now=clock(),
        actor=taken.actor,
        progress=progress,
    )


def take(database: Database, import_id: int, now: datetime) -> Import | None:
    """Lease an import by one compare-and-set."""
    with database.begin() as session:
        leased = session.execute(
            update(Import)
            .where(Import.id == import_id, _is_free(now))
            .values(state="running", fence=Import.fence + 1, leased_until=now + LEASE, tries=Import.tries + 1)
            .returning(Import.id)
        ).scalar_one_or_none()
        return None if leased is None else session.get(Import, import_id, populate_existing=True)


def _finish(database: Database, taken: Import, report: Report, refused: Path) -> None:
    counts = {name: value for name, value in report.as_dict().items() if name != "rejected_file"}
    state = "looked" if taken.is_dry_run else "done"
    with database.begin() as session:
        finished = session.execute(
            update(Import)
            .where(*_held(taken))
            .values(
                state=state,
                report=counts,
                columns=[[column, role] for role, column in report.columns],
                rows_read=report.read,
                share=1.0,
                leased_until=None,
            )
            .returning(Import.id)
        ).scalar_one_or_none()
        if finished is None:  # it was slow, and another worker has it now
            return
        session.execute(delete(ImportPart).where(*_parts(taken.id, "rejected")))
        if not taken.is_dry_run:
            session.execute(delete(ImportPart).where(*_parts(taken.id, "file")))
        if refused.exists():
            _keep(session, taken.id, "rejected", _blocks(refused))


def _found(session: Session, public_id: str, *, lock: bool = False) -> Import:
    query = select(Import).where(Import.public_id == public_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"there is no import {public_id!r}", do="upload the file (again)")
    return row


def _held(taken: Import) -> tuple[ColumnElement[bool], ...]:
    return Import.id == taken.id, Import.fence == taken.fence, Import.state == "running"


def _is_free(now: datetime) -> ColumnElement[bool]:
    cut_off = and_(Import.state == "running", Import.leased_until < now, Import.tries < TRIES)
    return or_(Import.state == "waiting", cut_off)


def _parts(import_id: int, kind: str) -> tuple[ColumnElement[bool], ...]:
    return ImportPart.import_id == import_id, ImportPart.kind == kind


@contextmanager
def _on_disk(parts: Iterator[bytes], name: str) -> Iterator[Path]:
    """A file of these parts, named so that its kind can be told, for the time of the block."""
    with TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / f"people{Path(name).suffix[:8]}"
        with path.open("wb") as file:
            file.writelines(parts)
        yield path


def _part(database: Database, import_id: int, number: int) -> bytes:
    with database.read() as session:
        return session.get_one(ImportPart, (import_id, "file", number)).content


def _keep(session: Session, import_id: int, kind: str, parts: Iterator[bytes]) -> None:
    for number, content in enumerate(parts):
        session.add(ImportPart(import_id=import_id, kind=kind, number=number, content=content))
        session.flush()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(PART_BYTES):
            yield block


def _row(row: Import) -> ImportRow:
    return ImportRow(
        row.id,
        row.public_id,
        row.name,
        cast("State", row.state),
        row.is_dry_run,
        row.rows_read,
        row.share,
        tuple((column, role) for column, role in row.columns),
        row.mapping,
        tuple(row.audiences),
        cast("Status", row.status),
        row.consent,
        row.report,
        row.error,
        row.created_at,
    )
