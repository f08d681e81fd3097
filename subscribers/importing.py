"""Files of people into the database: in chunks, each its own transaction, so that a run can be killed and begun again.

Memory stays flat: the rows of a few chunks, and one bit for each person that the file has named so far. A second run of the same
file finds everyone as the first left them.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from mailer.base import audit
from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.logs import masked
from mailer.base.tokens import Keys
from subscribers.attributes import Kind, kinds
from subscribers.audiences import audience_ids, list_audiences
from subscribers.candidate import Candidate
from subscribers.chunks import ChunkImport, Refusal
from subscribers.columns import is_email_column, roles_of
from subscribers.delimited import Record
from subscribers.doubts import doubtful
from subscribers.reading import open_source
from subscribers.rejected import RejectedRows
from subscribers.shapes import Plan, plan_for
from subscribers.source import Source
from subscribers.standing import Standing
from subscribers.upsert import Order

CHUNK = 10_000  # people in a transaction: some 200 ms, so that nobody who leaves meanwhile waits long
TOGETHER = 3  # chunks that are sorted as one: more would be quicker still, and hold more memory
SELDOM = 50_000  # new objects
_OFTEN = gc.get_threshold()
KNOWN_PLANS = 1_000  # of JSON lines, whose every row can name other columns
Progress = Callable[[int, float], None]
Status = Literal["subscribed", "unconfirmed", "unsubscribed", "suppressed"]
_STANDINGS: Mapping[str, Standing] = {
    "subscribed": Standing.SUBSCRIBED,
    "unconfirmed": Standing.UNCONFIRMED,
    "unsubscribed": Standing.UNSUBSCRIBED,
    "suppressed": Standing.SUPPRESSED,
}


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or with `dry_run` would do. Every row that was read is in one of the counts.

    Args:
        suppressed: rows of people who must not be mailed, by the file's word or by ours; never brought back.
        duplicates: rows of a person whom an earlier row named; the first counts, but the worst status of all does.
        rejected_rows: the first few, as (line, reason).
        columns: what each column was taken for.
        declared: the names of attributes that were new, and are declared as text.
        doubtful: columns kept as attributes that say of somebody that they have left.
    """

    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    suppressed: int
    duplicates: int
    rejected_rows: tuple[tuple[int, str], ...]
    rejected_path: Path | None
    shape: str
    columns: tuple[tuple[str, str], ...]
    dry_run: bool
    declared: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The shape that commands and the API give out."""
        counts = ("read", "created", "updated", "unchanged", "rejected", "suppressed", "duplicates")
        return {name: getattr(self, name) for name in counts} | {
            "dry_run": self.dry_run,
            "shape": self.shape,
            "declared": list(self.declared),
            "doubtful": list(self.doubtful),
            "rejected_file": str(self.rejected_path) if self.rejected_path else None,
            "rejected_rows": [{"line": line, "reason": reason} for line, reason in self.rejected_rows],
        }


def import_file(
    database: Database,
    path: Path,
    *,
    keys: Keys,
    audience_slugs: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    consent: str = "",
    status: Status | None = None,
    dry_run: bool = False,
    rejected_path: Path | None = None,
    file_name: str = "",
    now: datetime,
    actor: str,
    progress: Progress | None = None,
) -> Report:
    """Bring the people of a file in.

    Args:
        mapping: column -> field or attribute, where the file's own names do not tell.
        consent: what they agreed to; without it, and the status `subscribed`, they come in unconfirmed.
        rejected_path: where refused rows go; None keeps only the first few of them, in the report.
        file_name: how the file is called by people, where that is not the path's name.
        progress: is told now and then how many rows were read, and the share of the file.

    Raises:
        WrongInput: the file cannot be read, or no column holds addresses.
        NotAllowed: there is no such audience.
    """
    source = open_source(path, is_email_column)
    name = file_name or path.name
    with database.read() as session:
        order = Order(
            _standing(status, consent),
            audience_ids(session, tuple(dict.fromkeys(audience_slugs))),
            {row.slug: row.id for row in list_audiences(session, archived=True)},
            kinds(session),
        )
    plan = plan_for(
        source.columns, mapping or {}, name, kind=source.kind, declared=order.declared, addressed=source.addressed
    )
    columns = () if source.kind in ("json", "sympa") else source.columns
    writer = RejectedRows(None if dry_run else rejected_path, columns)
    reader = _Reader(_rows(source, plan, mapping or {}, name, order.declared))
    importer = ChunkImport(
        database, keys=keys, order=order, consent=consent, source=f"import {masked(name)}", now=now, dry_run=dry_run,
        meanwhile=reader.read_on,
    )  # fmt: skip
    with _collecting_seldom(), writer as rejected, closing(importer), closing(reader):
        while rows := reader.next_rows():
            importer.take(rows, rejected, at_once=CHUNK)
            if progress is not None:
                progress(importer.read, source.share())
    report = _report(importer, rejected, plan, doubtful(source, plan, mapping or {}))
    if not dry_run:
        _note(database, report, name, now, actor)
        database.refresh_statistics()
    return report


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Let Python look for garbage that holds itself less often: rows make none, and looking took a tenth of the time."""
    gc.set_threshold(SELDOM, *_OFTEN[1:])
    try:
        yield
    finally:
        gc.set_threshold(*_OFTEN)


def _note(database: Database, report: Report, name: str, now: datetime, actor: str) -> None:
    detail = " ".join(f"{key}={value}" for key, value in report.as_dict().items() if isinstance(value, int))
    with database.begin() as session:
        subject = f"import {masked(name)}"[:200]  # the log outlives whoever a file is named after
        audit.note(session, actor=actor, deed="people_imported", subject=subject, now=now, detail=detail)


def look_at(path: Path, *, file_name: str = "") -> tuple[list[tuple[str, str]], str]:
    """What each column of a file would be taken for, for a person to correct; and what they have to say, else empty.

    Raises:
        WrongInput: the file cannot be read.
    """
    source = open_source(path, is_email_column)
    try:
        plan = plan_for(source.columns, {}, file_name or path.name, kind=source.kind, addressed=source.addressed)
    except WrongInput as error:
        if not source.columns:
            raise
        return [(column, role) for role, column in roles_of(source.columns, {})], error.message
    return [(column, role) for role, column in plan.roles], ""


def _standing(status: str | None, consent: str) -> Standing:
    """The best that anyone comes in as; subscribed only with consent on record."""
    if status is None:
        return Standing.UNCONFIRMED
    if status not in _STANDINGS:
        raise WrongInput(f"{status!r} is no status to import with", do=f"use one of {', '.join(_STANDINGS)}")
    standing = _STANDINGS[status]
    return Standing.UNCONFIRMED if standing == Standing.SUBSCRIBED and not consent.strip() else standing


class _Reader:
    """Reads a file on in a thread, begun where the database, which needs no Python, works alone: a chunk's rows each time.

    Begun earlier, it would take the interpreter from the thread that writes to the database.
    """

    def __init__(self, rows: Iterator[Candidate | Refusal]) -> None:
        self._rows = rows
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import")
        self._coming: list[Candidate | Refusal] = []
        self._reading: Future[None] | None = None
        self._has_ended = False
        self._fault: WrongInput | None = None

    def close(self) -> None:
        """Wait until nothing is read any more."""
        self._thread.shutdown()

    def read_on(self) -> None:
        """Begin to read some of the next rows, if there are any to be read."""
        if self._reading is not None and self._reading.done():
            self._reading.result()  # raises what was not foreseen
            self._reading = None
        if self._reading is None and not self._is_full():
            self._reading = self._thread.submit(self._read)

    def next_rows(self) -> list[Candidate | Refusal]:
        """The next rows, some chunks of them; none at the end.

        Raises:
            WrongInput: the file cannot be read any further; all rows before were given.
        """
        while not self._is_full():
            self.read_on()
            if self._reading is not None:
                self._reading.result()
        rows, self._coming, self._reading = self._coming, [], None
        if not rows and self._fault is not None:
            raise self._fault
        return rows

    def _is_full(self) -> bool:
        return self._has_ended or len(self._coming) >= CHUNK * TOGETHER

    def _read(self) -> None:
        before = len(self._coming)
        try:
            for row in islice(self._rows, CHUNK):
                self._coming.append(row)
        except WrongInput as fault:
            self._fault = fault
        self._has_ended = len(self._coming) < before + CHUNK


def _rows(
    source: Source, plan: Plan, mapping: Mapping[str, str], name: str, declared: Mapping[str, Kind]
) -> Iterator[Candidate | Refusal]:
    """The rows of a file as candidates or refusals; rows that name their own columns (JSON) each by their plan."""
    plans = {source.columns: plan}
    columns, its_plan = source.columns, plan
    for record in source.records():
        if record.columns is not columns:
            columns = record.columns
            its_plan = plans.get(columns) or _own_plan(record, mapping, name, source.kind, declared)
            if len(plans) < KNOWN_PLANS:
                plans[columns] = its_plan
        found = its_plan.candidate(record)
        yield Refusal(record, found) if isinstance(found, str) else found


def _own_plan(record: Record, mapping: Mapping[str, str], name: str, kind: str, declared: Mapping[str, Kind]) -> Plan:
    """The plan of one row; one without a column of addresses reads none, and the row is refused for that."""
    mine = {column: field for column, field in mapping.items() if column in record.columns}
    try:
        return plan_for(record.columns, mine, name, kind=kind, declared=declared)
    except WrongInput:
        return Plan("", (), Standing.SUBSCRIBED, ())


def _report(importer: ChunkImport, rejected: RejectedRows, plan: Plan, doubts: tuple[str, ...]) -> Report:
    counts = importer.counts
    return Report(
        importer.read,
        counts["created"],
        counts["updated"],
        counts["unchanged"],
        rejected.count,
        counts["suppressed"],
        counts["duplicates"],
        tuple(rejected.first),
        rejected.path if rejected.count else None,
        plan.shape,
        plan.roles,
        importer.dry_run,
        tuple(sorted(importer.declared)),
        doubts,
    )
