"""Issues as revisions: every change of the files makes a new one, and a campaign stays with its own."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotFound
from mailer.base.tables import RevisionId
from mailer.campaigns.models import IssueFile, IssueRevision
from mailer.content import Finding, Issue, StoredFiles, check_issue, read_files, read_front_matter
from mailer.content.issue import FrontMatter
from mailer.rendering import summary_of
from subscribers import attributes, list_audiences


@dataclass(frozen=True, slots=True)
class IssueRow:
    """A revision of an issue, the newest where nothing else is said."""

    revision_id: RevisionId
    slug: str
    title: str
    digest: str
    origin: str
    author: str
    created_at: datetime


def store_revision(session: Session, issue: Issue, *, now: datetime, author: str, origin: str = "") -> RevisionId:
    """Keep the issue's files; files that are kept already as the newest revision are not kept twice."""
    main = PurePosixPath(issue.source.replace("\\", "/")).name
    files = issue.source_files
    digest = _digest(main, files)
    slug = issue.meta.slug or slug_of(issue.meta.title)
    newest = session.scalar(_newest_of(slug))
    if newest is not None and newest.digest == digest:
        return newest.id
    revision = IssueRevision(
        slug=slug,
        title=issue.meta.title,
        summary=summary_of(issue),
        main=main,
        digest=digest,
        origin=origin,
        author=author,
        created_at=now,
    )
    session.add(revision)
    session.flush()
    session.add_all(IssueFile(revision_id=revision.id, name=name, content=content) for name, content in files.items())
    audit.note(session, actor=author, deed="issue_stored", subject=f"revision {revision.id}", now=now, detail=slug)
    return revision.id


def revision_files(session: Session, revision_id: RevisionId) -> tuple[StoredFiles, str]:
    """The files of a revision, and the name of its main one."""
    main = issue_of_revision(session, revision_id)[1]
    rows = session.execute(select(IssueFile.name, IssueFile.content).where(IssueFile.revision_id == revision_id)).all()
    return StoredFiles({row[0]: row[1] for row in rows}), main


def read_revision(session: Session, revision_id: RevisionId) -> Issue:
    """The issue of a revision, read anew from its files."""
    return read_files(*revision_files(session, revision_id))


def read_front(session: Session, revision_id: RevisionId) -> FrontMatter:
    """What stands above the text of a revision: its pictures are not loaded for it, nor its text read."""
    main = issue_of_revision(session, revision_id)[1]
    this = (IssueFile.revision_id == revision_id, IssueFile.name == main)
    return read_front_matter(StoredFiles({main: session.scalars(select(IssueFile.content).where(*this)).one()}), main)


def findings_in(session: Session, issue: Issue, *, now: datetime, formula_cache: Path | None) -> tuple[Finding, ...]:
    """What the checker says about an issue's text, by the audiences and attributes that there are."""
    return check_issue(
        issue,
        known_audiences=[audience.slug for audience in list_audiences(session)],
        attributes=attributes.kinds(session),
        now=now,
        formula_cache=formula_cache,
    )


def issue_of_revision(session: Session, revision_id: RevisionId) -> tuple[IssueRow, str]:
    """The row of a revision, and the name of its main file.

    Raises:
        NotFound: there is no such revision.
    """
    found = session.get(IssueRevision, revision_id)
    if found is None:
        raise NotFound(f"there is no revision {revision_id}", do="reload the list of issues")
    return _row(found), found.main


def issue(session: Session, slug: str) -> IssueRow:
    """The newest revision of an issue.

    Raises:
        NotFound: there is no such issue.
    """
    found = session.scalar(_newest_of(slug))
    if found is None:
        raise _no_issue(slug)
    return _row(found)


def edited_since(session: Session, revision: IssueRow) -> IssueRow | None:
    """The newest revision of the same issue, where it is another text than this one."""
    newest = issue(session, revision.slug)
    return newest if newest.digest != revision.digest else None


def revisions(session: Session, slug: str) -> tuple[IssueRow, ...]:
    """Everything that was saved of an issue, the newest first.

    Raises:
        NotFound: there is no such issue.
    """
    found = session.scalars(
        select(IssueRevision).where(IssueRevision.slug == slug).order_by(IssueRevision.id.desc())
    ).all()
    if not found:
        raise _no_issue(slug)
    return tuple(map(_row, found))


def list_issues(session: Session) -> tuple[IssueRow, ...]:
    """The newest revision of every issue, the newest first."""
    newest = select(func.max(IssueRevision.id)).group_by(IssueRevision.slug)
    rows = session.scalars(select(IssueRevision).where(IssueRevision.id.in_(newest)).order_by(IssueRevision.id.desc()))
    return tuple(map(_row, rows))


def slug_of(title: str) -> str:
    """A title as part of an address: lower-case ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "issue"


def _newest_of(slug: str) -> Select[IssueRevision]:
    return select(IssueRevision).where(IssueRevision.slug == slug).order_by(IssueRevision.id.desc()).limit(1)


def _no_issue(slug: str) -> NotFound:
    return NotFound(f"there is no issue {slug!r}", do="look at the list of issues")


def _row(found: IssueRevision) -> IssueRow:
    return IssueRow(found.id, found.slug, found.title, found.digest, found.origin, found.author, found.created_at)


def _digest(main: str, files: Mapping[str, bytes]) -> str:
    whole = sha256(main.encode())
    for name in sorted(files):
        whole.update(f"\0{name}\0".encode() + sha256(files[name]).digest())
    return whole.hexdigest()
