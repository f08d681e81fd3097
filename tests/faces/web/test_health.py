"""/readyz: whether requests had better go elsewhere."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mailer.app import open_app
from mailer.web import create_app
from tests.faces.web.builders import SETTINGS


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("sqlite", "sqlite:///file:", "?mode=ro&uri=true"),
        ("postgresql", "postgresql+psycopg://", "&options=-c%20default_transaction_read_only%3Don"),
    ],
)
def test_whoever_can_only_read_is_not_ready_and_says_why(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, before: str, after: str
) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")
    url = before + url.removeprefix("sqlite:///" if kind == "sqlite" else before) + after
    (tmp_path / "mailer.toml").write_text(SETTINGS.format(url=url), encoding="utf-8")
    (tmp_path / "secrets.toml").write_text('[secret]\nkeys = ["a key for the tests of the web"]\n', encoding="utf-8")
    app = open_app(tmp_path)
    with TestClient(create_app(app)) as client:
        answer, alive = client.get("/readyz"), client.get("/healthz")
    app.close()

    assert (answer.status_code, alive.status_code) == (503, 200)
    assert answer.text.startswith("not ready: the database takes nothing new: ")
