"""The pages speak the reader's language, also one that the workspace has added."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mailer.app import App
from mailer.base.tokens import Purpose
from tests.faces.web.builders import a_person, link, states

SPANISH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgctxt "leave_title"
msgid "Unsubscribe"
msgstr "Darse de baja"

msgctxt "months"
msgid "{count} month"
msgid_plural "{count} months"
msgstr[0] "{count} mes"
msgstr[1] "{count} meses"

msgctxt "paused_until"
msgid "Paused until {day}"
msgstr "En pausa hasta el {day}"
"""


@pytest.fixture
def languages_of_the_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "workspace" / "templates" / "languages"
    folder.mkdir(parents=True)
    (folder / "es.po").write_text(SPANISH, encoding="utf-8")


@pytest.mark.usefixtures("languages_of_the_workspace")
class TestSpanish:
    def test_a_language_is_added_by_one_file(self, app: App, client: TestClient) -> None:
        address = link(app, Purpose.UNSUBSCRIBE, a_person(app), 0)
        page = client.get(address, headers={"accept-language": "es-MX"}).text
        assert '<html lang="es" dir="ltr"' in page
        assert "Darse de baja" in page
        assert "1 mes<" in page
        assert "3 meses<" in page

    def test_dates_are_written_as_its_readers_write_them(self, app: App, client: TestClient) -> None:
        address = link(app, Purpose.UNSUBSCRIBE, a_person(app), 0)
        client.post(address, data={"what": "pause", "months": "1"})
        page = client.get(address, headers={"accept-language": "es"}).text
        assert "En pausa hasta el " in page
        assert f" de {app.clock().year}" in page or f" de {app.clock().year + 1}" in page

    def test_it_is_offered_on_every_page_and_kept_through_a_deed(self, app: App, client: TestClient) -> None:
        ada = a_person(app)
        address = link(app, Purpose.UNSUBSCRIBE, ada, 0)
        assert 'href="?language=es" lang="es"' in client.get(address).text

        answer = client.post(f"{address}?language=es", data={"what": "pause", "months": "3"})

        assert answer.headers["location"] == f"{address}?language=es"
        assert states(app, ada)["academic"] == "paused"

    def test_a_person_can_choose_it(self, app: App, client: TestClient) -> None:
        address = link(app, Purpose.PREFERENCES, a_person(app), 0)
        form = {"what": "save", "language": "es", "audience": ["academic"]}
        assert client.post(address, data=form).status_code == 303
        assert '<html lang="es"' in client.get(address, headers={"accept-language": "de"}).text


def test_a_language_that_nobody_speaks_here_is_english_and_stays_on_record(app: App, client: TestClient) -> None:
    from subscribers import joining, people

    ada = a_person(app)
    with app.database.begin() as session:
        joining.set_preferences(
            session, ada, audience_slugs=["academic"], language="cy", now=app.clock(), source="tests"
        )
    address = link(app, Purpose.PREFERENCES, ada, 0)
    assert '<html lang="en"' in client.get(address).text
    client.post(address, data={"what": "save", "language": "en", "audience": ["academic"]})
    with app.database.read() as session:
        person = people.person_by_id(session, ada, now=app.clock())
    assert person is not None
    assert person.language == "cy"
