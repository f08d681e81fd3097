"""The live preview of an issue on disk."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mailer.specimen import sample_frame
from mailer.web.preview import create_preview

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
    return TestClient(create_preview(folder, sample_frame(), None))


def test_each_audience_sees_its_own_letter(client: TestClient) -> None:
    assert "For academics." in client.get("/letter?audience=academic").text
    assert "For academics." not in client.get("/letter?audience=industry").text


def test_a_reader_without_a_name_is_addressed_all_the_same(client: TestClient) -> None:
    assert "Dear colleague" in client.get("/letter?reader=without+a+name").text
    assert "Dear Ada Ashworth" in client.get("/letter").text


def test_images_off_lets_none_load(client: TestClient) -> None:
    assert "img-src 'none'" in client.get("/letter?images=false").headers["content-security-policy"]


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
