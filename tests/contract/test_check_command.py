"""`mailer check`: like a compiler, with and without a workspace."""

import json
from pathlib import Path

import pytest

from mailer.content.checks.codes import CODES
from tests.support.mailer_process import run_mailer

ISSUE = """---
title: Winter
subject: Winter
preheader: What is new
audiences: [academic, students]
---

Dear {{ name | default("colleague") }},

::: event The old talk
when: 2020-01-12 14:00
:::
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "letter").mkdir()
    (tmp_path / "letter" / "issue.md").write_text(ISSUE, encoding="utf-8")
    return tmp_path


def test_without_a_workspace_the_issue_names_its_own_audiences(folder: Path) -> None:
    done = run_mailer("check", "letter", cwd=folder)
    assert done.returncode == 0
    assert done.stdout == (
        "letter/issue.md:10:1: warning event-past “The old talk” is over before the issue appears; "
        "tell of it in the past, or delete it\n"
    )
    assert "0 errors, 1 warning\n" in done.stderr


def test_a_workspace_says_which_audiences_there_are(folder: Path) -> None:
    assert run_mailer("init", "workspace", cwd=folder).returncode == 0
    done = run_mailer("check", "letter", "--json", cwd=folder)
    assert done.returncode == 1
    findings = json.loads(done.stdout)
    assert [(f["file"], f["line"], f["column"], f["level"], f["code"]) for f in findings] == [
        ("letter/issue.md", 5, 1, "error", "unknown-audience"),
        ("letter/issue.md", 10, 1, "warning", "event-past"),
    ]
    assert all(set(finding) == {"file", "line", "column", "level", "code", "message"} for finding in findings)


def test_a_workspace_says_which_attributes_may_be_merge_fields(folder: Path) -> None:
    issue = folder / "letter" / "issue.md"
    fields = 'Greetings to {{ town | default("you") }} and {{ city | default("you") }}.'
    issue.write_text(
        ISSUE.partition("Dear")[0].replace("[academic, students]", "[academic]") + fields, encoding="utf-8"
    )
    assert run_mailer("init", "workspace", cwd=folder).returncode == 0
    assert run_mailer("attributes", "add", "town", "--workspace", "workspace", cwd=folder).returncode == 0
    done = run_mailer("check", "letter", "--json", cwd=folder)
    faults = [(f["line"], f["column"], f["code"]) for f in json.loads(done.stdout)]
    assert faults == [(8, 46, "unknown-field")]


def test_a_fault_of_the_workspaces_template_is_placed_in_it(folder: Path) -> None:
    assert run_mailer("init", "workspace", cwd=folder).returncode == 0
    own = folder / "workspace" / "templates" / "email"
    own.mkdir(parents=True, exist_ok=True)
    (own / "foot.mjml").write_text(
        "<mj-section><mj-column><mj-text>Bye.</mj-text></mj-column></mj-section>", encoding="utf-8"
    )
    done = run_mailer("check", "letter", cwd=folder)
    assert done.returncode == 1
    assert f"{own}/foot.mjml:1:1: error no-unsubscribe-link" in done.stdout


@pytest.mark.parametrize("code", ["low-contrast", "all"])
def test_a_code_is_explained(folder: Path, code: str) -> None:
    done = run_mailer("check", "--explain", code, cwd=folder)
    assert done.returncode == 0
    assert CODES["low-contrast"].why in done.stdout
    told = json.loads(run_mailer("check", "--explain", code, "--json", cwd=folder).stdout)
    assert {"code", "why", "how"} == set(told[0])
    assert len(told) == (1 if code != "all" else len(CODES))


def test_what_cannot_be_explained_or_checked_is_wrong_use(folder: Path) -> None:
    for arguments, told in (
        (["--explain", "weekday-mismach"], "did you mean weekday-mismatch"),
        ([], "no issue"),
        (["gone"], "gone"),
    ):
        done = run_mailer("check", *arguments, cwd=folder)
        assert done.returncode == 2
        assert told in done.stderr
        assert done.stdout == ""
