"""new, check, render, test-send: what an author does with an issue."""

import sys
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from mailer import campaigns
from mailer.app import App
from mailer.base.errors import NotFound, WrongInput
from mailer.cli.exits import DONE, FAULTS
from mailer.cli.options import IssueArgument
from mailer.cli.output import JsonOption, say, show, show_json
from mailer.cli.workspace import WorkspaceOption, find_workspace, opened, workspace_exists
from mailer.content import Finding, Issue, check_issue, judged, read_issue
from mailer.content.checks.codes import CODES, explained
from mailer.delivery import Accepted, reason_of, require_relay, test_copies
from mailer.link_check import LinkCheck
from mailer.rendering import check_letters, size_report
from mailer.specimen import FILE_NAMES, Format, Specimen, a_reader, make_specimen, sample_frame
from mailer.workspace import copy_sample
from subscribers import attributes, find_person, parse_address


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.command(epilog="Example: mailer new issues/spring")(new)
    app.command(epilog="Example: mailer check issues/spring --online")(check)
    app.command(epilog="Example: mailer render issues/spring --audience academic --format html --out spring.html")(
        render
    )
    app.command("test-send", epilog="Example: mailer test-send issues/spring --to helena@example.org")(test_send)


def new(issue_dir: Annotated[Path, typer.Argument(metavar="ISSUE_DIR", help="The folder to make.")]) -> None:
    """Make a fresh issue folder from the sample's skeleton."""
    copy_sample(issue_dir)
    say(f"write {issue_dir / 'issue.md'}, then `mailer check {issue_dir}`")


def check(
    issue: Annotated[
        Path | None, typer.Argument(metavar="ISSUE", help="An issue's folder, or one Markdown file.")
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="Ask for every link over the network, too.")] = False,
    explain: Annotated[
        str,
        typer.Option(
            "--explain", metavar="CODE", help="Tell why a code is given and how to mend it; `all` lists them."
        ),
    ] = "",
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> int:
    """Check an issue like a compiler: FILE:LINE:COL: error|warning CODE message."""
    if explain:
        return _explain(explain, json_=json_)
    if issue is None:
        raise WrongInput("no issue is named", do="write `mailer check ISSUE`", place="ISSUE")
    read = read_issue(issue)
    found = {*_findings(read, find_workspace(workspace))}
    if online:
        say("asking for the links …")
        found.update(judged(LinkCheck().findings(read), own=read.meta.own))
    findings = sorted(found)
    if json_:
        show_json([_facts(finding) for finding in findings])
    else:
        for finding in findings:
            show(str(finding))
    levels = Counter(finding.level for finding in findings)
    say(", ".join(f"{levels[level]} {level}{'' if levels[level] == 1 else 's'}" for level in ("error", "warning")))
    if findings and not json_:
        say("mailer check --explain CODE tells why, and how to mend it")
    return FAULTS if levels["error"] else DONE


def _findings(read: Issue, home: Path) -> Iterator[Finding]:
    """What the workspace, where there is one, would say about text and letters."""
    if not workspace_exists(home):
        yield from check_issue(read, now=App.clock())
        yield from check_letters(read, read.meta.audiences, sample_frame())
        return
    with opened(home) as app:
        with app.database.read() as session:
            frame = app.frame(session, slug=read.meta.slug)
            yield from campaigns.findings_in(session, read, now=app.clock(), formula_cache=app.formula_cache)
        yield from check_letters(read, read.meta.audiences, frame, formula_cache=app.formula_cache)


def _facts(finding: Finding) -> dict[str, str | int]:
    return {
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "level": finding.level,
        "code": finding.code,
        "message": finding.message,
    }


def _explain(code: str, *, json_: bool) -> int:
    if code != "all" and code not in CODES:
        near = get_close_matches(code, CODES, n=1)
        hint = f"did you mean {near[0]}? `all` lists them" if near else "`--explain all` lists them"
        raise WrongInput(f"there is no code {code}", do=hint, place="--explain")
    codes = list(CODES) if code == "all" else [code]
    if json_:
        show_json([{"code": code, "why": CODES[code].why, "how": CODES[code].how} for code in codes])
    else:
        show("\n\n".join(explained(code) for code in codes))
    return DONE


def render(
    issue: IssueArgument,
    audience: Annotated[
        list[str] | None, typer.Option("--audience", metavar="A", help="For whom; default: all.")
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="EMAIL", help="As this person would get it.")] = "",
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = "html",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PATH", help="A file, or a folder for pictures too.")
    ] = None,
    sizes: Annotated[
        bool, typer.Option("--sizes", help="Tell what each section costs; told anyway where one was folded.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Render an issue; needs no workspace, and makes a letter wherever it can."""
    read = read_issue(issue)
    audiences = audience or list(read.meta.audiences)
    _require_known(read, audiences)
    address = parse_address(to).written if to else ""
    home = find_workspace(workspace)
    declared, cache = _known_of(home)
    for finding in check_issue(read, attributes=declared, formula_cache=cache):
        say(str(finding))
    specimen = _specimen(read, audiences, address, home)
    if sizes or any(section.is_folded for section in specimen.letter.sections):
        for line in size_report(specimen.letter, specimen.frame.budget_bytes):
            say(line)
    if out is None:
        sys.stdout.buffer.write(specimen.content(format_))
        sys.stdout.buffer.flush()
    elif out.is_dir() or not (out.suffix or out.exists()):
        _write_folder(specimen, format_, out)
    else:
        out.write_bytes(specimen.content(format_))
        say(f"wrote {out}")


def _known_of(home: Path) -> tuple[frozenset[str], Path | None]:
    """The attributes that the workspace, where there is one, knows of people, and where it keeps set formulas."""
    if not workspace_exists(home):
        return frozenset(), None
    with opened(home) as app, app.database.read() as session:
        return frozenset(attributes.kinds(session)), app.formula_cache


def _require_known(issue: Issue, audiences: list[str]) -> None:
    """Refuse an audience that an issue which names its audiences does not name.

    Raises:
        WrongInput: it is unknown.
    """
    known = {*issue.meta.audiences, *(slug for slug, _place in issue.audience_uses)}
    for slug in audiences:
        if issue.meta.audiences and slug not in known:
            raise WrongInput(
                f"the issue is not for {slug!r}", do=f"use one of {', '.join(sorted(known))}", place="--audience"
            )


def _specimen(issue: Issue, audiences: list[str], to: str, home: Path) -> Specimen:
    """As the workspace would send it, where there is one; else with placeholders around it."""
    if not workspace_exists(home):
        return make_specimen(issue, frozenset(audiences), sample_frame(), a_reader(to))
    with opened(home) as app:
        with app.database.read() as session:
            frame = app.frame(session, slug=issue.meta.slug)
            try:
                person = find_person(session, to, now=app.clock()) if to else None
            except NotFound:
                person = None
        reader = a_reader(to) if person is None else a_reader(person.email, person.name, person.attributes)
        return make_specimen(issue, frozenset(audiences), frame, reader, keys=app.keys, formula_cache=app.formula_cache)


def _write_folder(specimen: Specimen, format_: Format, folder: Path) -> None:
    """The letter with its pictures beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in specimen.pictures(format_).items():
        (folder / name).write_bytes(content)
    path = folder / FILE_NAMES[format_]
    path.write_bytes(specimen.content(format_, beside=True))
    say(f"wrote {path}")


def test_send(
    issue: IssueArgument,
    to: Annotated[list[str], typer.Option("--to", metavar="EMAIL", help="To whom; may be repeated.")],
    audience: Annotated[
        list[str] | None, typer.Option("--audience", metavar="A", help="As for these; default: all.")
    ] = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> int:
    """Send one marked copy to named people, through the real relay; its links change nothing."""
    read = read_issue(issue)
    with opened(workspace) as app:
        with app.database.read() as session:
            frame = app.frame(session, slug=read.meta.slug)
        relay = app.relay  # which refuses placeholders before anybody is asked
        require_relay(app.settings.smtp.relays)
        outcomes = test_copies(
            relay,
            app.composer,
            read,
            audiences=audience or read.meta.audiences,
            to=to,
            frame=frame,
            keep=app.keep_pictures,
            now=app.clock(),
            formula_cache=app.formula_cache,
        )
    answers = {
        address: "accepted" if isinstance(outcome, Accepted) else reason_of(outcome)
        for address, outcome in outcomes.items()
    }
    if json_:
        show_json([{"address": address, "outcome": answer} for address, answer in answers.items()])
    else:
        for address, answer in answers.items():
            show(f"{address}: {answer}")
    return DONE if all(isinstance(outcome, Accepted) for outcome in outcomes.values()) else FAULTS
