"""An import whose process is killed with `kill -9`, and which is then simply run again."""

from pathlib import Path

from sqlalchemy import text

from mailer.base.database import Database
from tests.support.database import migrate
from tests.support.mailer_process import SECRET, Start, run_mailer, wait_until

ROWS = 30_000
LIVE = """
    SELECT p.address, p.name, p.status, a.slug, s.state FROM subscribers p
    JOIN subscriptions s ON s.subscriber_id = p.id JOIN audiences a ON a.id = s.audience_id ORDER BY p.address_key, a.slug
"""
# What was agreed to, by whichever of the two tables it is written in.
AGREED = """
    SELECT p.address_key, c.deed, c.wording, c.audience_id FROM subscribers p JOIN consents c ON c.subscriber_id = p.id
    UNION ALL
    SELECT p.address_key, c.deed, c.wording, c.audience_id FROM subscribers p
    JOIN shared_consents c ON p.id BETWEEN c.first_id AND c.last_id ORDER BY 1, 2, 4
"""


def test_an_import_killed_half_way_and_run_again_brings_the_same_people_as_once(
    database_url: str, tmp_path: Path, start_mailer: Start
) -> None:
    people = tmp_path / "people.csv"
    lines = [f"person{number * 7919 % ROWS}@example{number % 90}.org,Person {number}" for number in range(ROWS)]
    people.write_text("email,name\n" + "\n".join(lines) + "\n", encoding="utf-8")
    once = f"sqlite:///{tmp_path / 'once.db'}"
    migrate(once)
    order = ("subscribers", "import", str(people), "--audience", "academic", "--status", "subscribed", "--consent", "w")
    for url in (once, database_url):
        assert run_mailer("audiences", "add", "academic", env=_env(url), home=tmp_path).returncode == 0
    assert run_mailer(*order, env=_env(once), home=tmp_path).returncode == 0

    database = Database(database_url)
    process = start_mailer(*order, home=tmp_path, env=_env(database_url))
    wait_until(lambda: _count(database) > 0, what="the first chunk")
    process.kill()
    assert 0 < _count(database) < ROWS
    again = run_mailer(*order, "--json", env=_env(database_url), home=tmp_path)
    assert again.returncode == 0, again.stderr

    expected = Database(once)
    try:
        assert _count(database) == ROWS
        assert _rows(database, LIVE) == _rows(expected, LIVE)
        assert _rows(database, AGREED) == _rows(expected, AGREED)
    finally:
        database.close()
        expected.close()


def _env(url: str) -> dict[str, str]:
    return {"MAILER_DATABASE_URL": url, "MAILER_SECRET_KEYS": SECRET}


def _count(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(text("SELECT count(*) FROM subscribers")).scalar_one())


def _rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.read() as session:
        return sorted(tuple(row) for row in session.execute(text(query)))
