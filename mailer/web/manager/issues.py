"""/issues: write an issue as Markdown with its files; every save is a new revision; findings stand beside their lines."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import Response

from mailer import accounts, campaigns
from mailer.app import App
from mailer.base.errors import MailerError, NotAllowed, NotFound, WrongInput
from mailer.base.settings import templates_dir
from mailer.campaigns import IssueRow
from mailer.content import Finding, Issue, StoredFiles, read_files
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.pages import page, see_other
from subscribers import audiences as audience_book

router = APIRouter(include_in_schema=False)

MAIN = "issue.md"
Uploads = Annotated[list[UploadFile] | None, File()]


@router.get("/issues")
def show(request: Request, app: AppOf) -> Response:
    """All issues, the newest first."""
    with app.database.read() as session:
        rows = campaigns.list_issues(session)
    return page(request, "manager/issues.html", rows=rows)


@router.get("/issues/new")
def new(request: Request, app: AppOf) -> Response:
    """An empty editor with a short example."""
    text = _starter(app)
    return page(
        request,
        "manager/issue.html",
        row=None,
        names={},
        action="/issues",
        shown=None,
        saved=(),
        text=text,
        files=[],
        findings=[],
        lines=[],
        wrong=None,
    )


@router.post("/issues")
def create(
    request: Request, app: AppOf, manager: Manager, text: Annotated[str, Form()], files: Uploads = None
) -> Response:
    """Keep a new issue."""
    return _save(request, app, manager, Draft(text, MAIN, {}, files or []), slug="")


@router.get("/issues/{slug}")
def edit(request: Request, slug: str, app: AppOf, revision: Annotated[int, Query(ge=0)] = 0) -> Response:
    """The editor, and beside it what the check found; with what was saved last, or an earlier `revision`."""
    with app.database.read() as session:
        saved = campaigns.revisions(session, slug)
        shown = _saved(saved, revision)
        issue = campaigns.read_revision(session, shown.revision_id)
        _, main = campaigns.issue_of_revision(session, shown.revision_id)
        findings = campaigns.findings_in(session, issue, now=app.clock(), formula_cache=app.formula_cache)
        names = accounts.names_of_actors(session)
    return page(
        request,
        "manager/issue.html",
        row=saved[0],
        names=names,
        action=request.url.path,
        shown=shown,
        saved=saved,
        text=issue.text,
        files=sorted(name for name in issue.source_files if name != main),
        findings=findings,
        lines=_marked(issue, findings),
        wrong=None,
    )


@router.post("/issues/{slug}")
def save(
    request: Request,
    slug: str,
    app: AppOf,
    manager: Manager,
    text: Annotated[str, Form()],
    files: Uploads = None,
    remove: Annotated[list[str] | None, Form()] = None,
    shown: Annotated[int, Form()] = 0,
    newest: Annotated[int, Form()] = 0,
) -> Response:
    """Keep a new revision with this text, these new files, and without the removed ones.

    The form tells which revision it `shown` and which was the `newest` then: what somebody else saved meanwhile is not
    written over unseen.
    """
    with app.database.read() as session:
        saved = campaigns.revisions(session, slug)
        before = _saved(saved, shown)
        old = campaigns.read_revision(session, before.revision_id)
        _, main = campaigns.issue_of_revision(session, before.revision_id)
        last = campaigns.read_revision(session, saved[0].revision_id).text
        author = accounts.names_of_actors(session).get(saved[0].author, saved[0].author)
    kept = {name: content for name, content in old.source_files.items() if name not in (remove or [])}
    draft = Draft(text, main, kept, files or [], before, saved)
    if newest and newest != saved[0].revision_id and draft.written != last:  # else it is our own, pressed twice
        overtaken = NotAllowed(
            f"{author} saved this issue while you wrote",
            do="your text is below; look at the newest among the saved texts, then save yours again, with its new files",
        )
        return _again(request, app, draft, overtaken)
    return _save(request, app, manager, draft, slug=slug)


def _saved(saved: Sequence[IssueRow], revision: int) -> IssueRow:
    """The revision of this number, or the newest.

    Raises:
        NotFound: it is not one of these.
    """
    found = next((row for row in saved if row.revision_id == revision), None) if revision else saved[0]
    if found is None:
        raise NotFound(f"this issue has no revision {revision}", do="choose one of its saved texts")
    return found


@dataclass(frozen=True, slots=True)
class Draft:
    """What the editor sent: the text, its file's name, the files kept from before and the new ones.

    `before` is the revision that the editor showed, `saved` are all there are; both are of an issue that was saved before.
    """

    text: str
    main: str
    kept: dict[str, bytes]
    uploads: list[UploadFile]
    before: IssueRow | None = None
    saved: Sequence[IssueRow] = ()

    @property
    def written(self) -> str:
        """The text, its lines ended as files have them: a form sends CRLF."""
        return self.text.replace("\r\n", "\n")

    def contents(self) -> dict[str, bytes]:
        """All files by name.

        Raises:
            WrongInput: an upload would take the place of the text.
        """
        new = {_file_name(file.filename, self.main): file.file.read() for file in self.uploads if file.filename}
        return {**self.kept, **new, self.main: self.written.encode()}


def _save(request: Request, app: App, manager: Manager, draft: Draft, *, slug: str) -> Response:
    try:
        issue = read_files(StoredFiles(draft.contents()), draft.main)
        # Under a new title it is the same issue.
        issue = issue if issue.meta.slug else replace(issue, meta=replace(issue.meta, slug=slug))
        with app.database.begin() as session:
            revision_id = campaigns.store_revision(session, issue, now=app.clock(), author=manager.actor, origin="web")
            slug = campaigns.issue_of_revision(session, revision_id)[0].slug
    except MailerError as error:
        return _again(request, app, draft, error)
    return see_other(f"/issues/{slug}", "saved")


def _again(request: Request, app: App, draft: Draft, wrong: MailerError) -> Response:
    """The editor with what was sent, which is not kept yet, and why."""
    with app.database.read() as session:
        names = accounts.names_of_actors(session)
    return page(
        request,
        "manager/issue.html",
        status=status_of(wrong),
        row=draft.saved[0] if draft.saved else None,
        names=names,
        action=request.url.path,
        shown=draft.before,
        saved=draft.saved,
        text=draft.text,
        files=sorted(name for name in draft.kept if name != draft.main),
        findings=[],
        lines=[],
        wrong=wrong,
    )


def _file_name(given: str, main: str) -> str:
    """The name of an upload, without the folders that some browsers send.

    Raises:
        WrongInput: it would take the place of the text.
    """
    name = posixpath.basename(given.replace("\\", "/"))
    if name == main:
        raise WrongInput(f"{name} is the text itself", do="paste it into the field instead", place=name)
    return name


def _marked(issue: Issue, findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """The lines of the text, each with the worst that was found in it."""
    levels: dict[int, str] = {}
    for finding in findings:
        if finding.place.file == issue.source:
            line = finding.place.line
            levels[line] = "error" if "error" in (finding.level, levels.get(line)) else "warning"
    return [(text, levels.get(number, "")) for number, text in enumerate(issue.text.splitlines(), 1)]


def _starter(app: App) -> str:
    with app.database.read() as session:
        slugs = [row.slug for row in audience_book.list_audiences(session)]
    text = (templates_dir() / "web" / "manager" / "starter.md").read_text(encoding="utf-8")
    return text.replace("AUDIENCES", ", ".join(slugs)).replace("AUDIENCE", slugs[0] if slugs else "everyone")
