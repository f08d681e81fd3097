"""/issues: write an issue as Markdown with its files; every save is a new revision; findings stand beside their lines."""

import posixpath
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from mailer import campaigns
from mailer.app import App
from mailer.base.errors import MailerError, WrongInput
from mailer.base.settings import templates_dir
from mailer.content import Finding, Issue, StoredFiles, check_issue, read_files
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.pages import page, see_other
from subscribers import attributes
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
        action="/issues",
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
def edit(request: Request, slug: str, app: AppOf) -> Response:
    """The editor, and beside it what the check found."""
    with app.database.read() as session:
        row = campaigns.issue(session, slug)
        issue, (_, main) = (
            campaigns.read_revision(session, row.revision_id),
            campaigns.issue_of_revision(session, row.revision_id),
        )
        known = frozenset(found.slug for found in audience_book.list_audiences(session))
        declared = attributes.kinds(session)
    findings = check_issue(
        issue, known_audiences=known, attributes=declared, now=app.clock(), formula_cache=app.formula_cache
    )
    return page(
        request,
        "manager/issue.html",
        row=row,
        action=request.url.path,
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
) -> Response:
    """Keep a new revision with this text, these new files, and without the removed ones."""
    with app.database.read() as session:
        row = campaigns.issue(session, slug)
        old = campaigns.read_revision(session, row.revision_id)
        _, main = campaigns.issue_of_revision(session, row.revision_id)
    kept = {name: content for name, content in old.source_files.items() if name not in (remove or [])}
    return _save(request, app, manager, Draft(text, main, kept, files or []), slug=slug)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the editor sent: the text, its file's name, the files kept from before and the new ones."""

    text: str
    main: str
    kept: dict[str, bytes]
    uploads: list[UploadFile]

    def contents(self) -> dict[str, bytes]:
        """All files by name.

        Raises:
            WrongInput: an upload would take the place of the text.
        """
        new = {_file_name(file.filename, self.main): file.file.read() for file in self.uploads if file.filename}
        return {**self.kept, **new, self.main: self.text.replace("\r\n", "\n").encode()}


def _save(request: Request, app: App, manager: Manager, draft: Draft, *, slug: str) -> Response:
    try:
        issue = read_files(StoredFiles(draft.contents()), draft.main)
        # Under a new title it is the same issue.
        issue = issue if issue.meta.slug else replace(issue, meta=replace(issue.meta, slug=slug))
        with app.database.begin() as session:
            revision_id = campaigns.store_revision(session, issue, now=app.clock(), author=manager.actor, origin="web")
            slug = campaigns.issue_of_revision(session, revision_id)[0].slug
    except MailerError as error:
        return page(
            request,
            "manager/issue.html",
            status=status_of(error),
            row=None,
            action=request.url.path,
            text=draft.text,
            files=sorted(name for name in draft.kept if name != draft.main),
            findings=[],
            lines=[],
            wrong=error,
        )
    return see_other(f"/issues/{slug}", "saved")


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
