"""The live preview of an issue on disk."""

import re
import shutil
from dataclasses import replace
from html import escape, unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mailer.specimen import sample_frame
from mailer.web.preview import READERS, Surroundings, create_preview

SAMPLE = Path(__file__).parents[3] / "templates" / "sample"
ISSUE = """---
title: Winter
subject: Winter
audiences: [academic, industry]
---

Dear {{ name | default("colleague") }},

::: audience academic
For academics.
:::

A formula $\\frac{1}{$ that is broken.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "issue.md").write_text(ISSUE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(create_preview(folder, Surroundings(sample_frame())))


def test_each_audience_sees_its_own_letter(client: TestClient) -> None:
    assert "For academics." in client.get("/letter?audience=academic").text
    assert "For academics." not in client.get("/letter?audience=industry").text


def test_a_reader_without_a_name_is_addressed_all_the_same(client: TestClient) -> None:
    assert "Dear colleague" in client.get("/letter?reader=no+name").text
    assert "Dear Ada Ashworth" in client.get("/letter").text


def test_images_off_lets_none_load(client: TestClient) -> None:
    assert "img-src 'none'" in client.get("/letter?bare=true").headers["content-security-policy"]


def test_findings_stand_beside_their_line(client: TestClient) -> None:
    page = client.get("/?show=source").text
    line = page.split('id="L13"')[1].split("</li>")[0]
    assert "formula-error" in line


def test_the_text_can_be_looked_at(client: TestClient) -> None:
    assert "Dear Ada Ashworth" in client.get("/?show=text").text


def test_a_save_changes_the_stamp_and_a_broken_file_is_told(client: TestClient, folder: Path) -> None:
    before = client.get("/stamp").text
    (folder / "issue.md").write_text("---\ntitle: [a\n---\n", encoding="utf-8")
    assert client.get("/stamp").text != before
    assert "issue.md:" in client.get("/").text
    assert client.get("/letter").status_code == 422


def test_a_picture_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get("/pictures/nothing.png").status_code == 404


@pytest.mark.parametrize("reader", READERS)
def test_every_sample_reader_is_addressed_and_escaped(client: TestClient, reader: str) -> None:
    letter = client.get("/letter", params={"reader": reader}).text
    assert f"Dear {escape(READERS[reader].get('name', 'colleague'))}" in letter
    assert "<b>" not in letter
    assert f"Dear {READERS[reader].get('name', 'colleague')}" in unescape(
        client.get("/", params={"reader": reader, "show": "text"}).text
    )


def test_a_form_without_an_audience_shows_what_is_for_everybody(client: TestClient) -> None:
    assert "For academics." not in client.get("/letter?given=true").text
    assert "For academics." in client.get("/letter").text


def test_the_letters_findings_are_told_too(folder: Path) -> None:
    (folder / "issue.md").write_text(ISSUE.replace("title: Winter", "title: Winter\ntheme: nope"), encoding="utf-8")
    page = TestClient(create_preview(folder, Surroundings(sample_frame()))).get("/").text
    assert "unknown-theme" in page
    assert "formula-error" in page


def test_a_workspaces_audiences_are_known(folder: Path) -> None:
    around = Surroundings(sample_frame(), known_audiences=("academic",))
    assert "unknown-audience" in TestClient(create_preview(folder, around)).get("/").text


def test_the_page_allows_no_inline_script_or_style(client: TestClient) -> None:
    answer = client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert re.findall(r"<script(?![^>]*src=)", answer.text) == []


def test_a_deleted_issue_is_told_and_comes_back(client: TestClient, folder: Path) -> None:
    client.get("/")
    kept = (folder / "issue.md").rename(folder / "kept")
    for _ in range(2):
        assert "This issue cannot be read" in client.get("/").text
        assert client.get("/letter").status_code == 422
        assert client.get("/stamp").status_code == 200
    shutil.move(kept, folder / "issue.md")
    assert "Winter" in client.get("/").text


def test_a_picture_or_bibliography_that_changes_changes_the_stamp(client: TestClient, folder: Path) -> None:
    (folder / "issue.md").write_text(ISSUE + "\n::: publications lists/refs.bib\n:::\n", encoding="utf-8")
    client.get("/")
    before = client.get("/stamp").text
    (folder / "lists").mkdir()
    (folder / "lists" / "refs.bib").write_text("@misc{a, title={A}, author={B C}, year=2020}")
    client.get("/")
    middle = client.get("/stamp").text
    (folder / "lists" / "refs.bib").write_text("@misc{a, title={Another}, author={B C}, year=2020}")
    assert len({before, middle, client.get("/stamp").text}) == 3
    assert "Another" in client.get("/letter").text


def test_a_workspaces_template_that_changes_changes_the_stamp(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    overrides = tmp_path_factory.mktemp("templates")
    client = TestClient(create_preview(folder, Surroundings(replace(sample_frame(), overrides=str(overrides)))))
    before = client.get("/stamp").text
    (overrides / "email").mkdir()
    (overrides / "email" / "foot.mjml").write_text(
        "<mj-section><mj-column><mj-text>Bye bye.</mj-text></mj-column></mj-section>"
    )
    assert client.get("/stamp").text != before
    assert "Bye bye." in client.get("/letter").text
    assert "no-unsubscribe-link" in client.get("/").text


def test_an_edited_paragraph_sets_no_formula_anew(tmp_path: Path) -> None:
    """What is dear is done once: a formula and its pictures are files that an edit of other words does not write again."""
    shutil.copytree(SAMPLE, tmp_path / "issue")
    main, kept = tmp_path / "issue" / "issue.md", tmp_path / "formulas"
    client = TestClient(create_preview(tmp_path / "issue", Surroundings(sample_frame(), kept)))
    client.get("/")
    before = written_files(kept)
    assert before
    for year in range(2023, 2026):
        text = main.read_text(encoding="utf-8")
        main.write_text(text.replace(f"Since February {year - 1} the", f"Since February {year} the"), encoding="utf-8")
        client.get("/")
        assert f"Since February {year} the" in client.get("/letter").text
    assert written_files(kept) == before

    main.write_text(text + "\nOne more: $\\frac{x}{y + 17}$.\n", encoding="utf-8")
    client.get("/")
    added = written_files(kept) - before
    assert len([name for name, _ in added if name.endswith(".json")]) == 1


def written_files(folder: Path) -> set[tuple[str, int]]:
    """The files in it, each with when it was written."""
    return {(path.name, path.stat().st_mtime_ns) for path in folder.iterdir()}
