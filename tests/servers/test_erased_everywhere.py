"""After an erasure the address stands nowhere: no table, no log, and no other file of the workspace."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
from sqlalchemy import MetaData, create_engine, select

from tests.support.mailer_process import SECRET, Start, run_mailer, wait_until
from tests.support.relay import RelayServer

LOCAL = "erika.mustermann.4711"
ADDRESS = f"{LOCAL}@maths.test"


def test_after_an_erasure_no_table_no_file_and_no_log_knows_the_address(
    database_url: str, relay_server: RelayServer, tmp_path: Path, start_mailer: Start
) -> None:
    home = tmp_path / "workspace"
    env = {
        "MAILER_DATABASE_URL": database_url,
        "MAILER_SECRET_KEYS": SECRET,
        "MAILER_SMTP_URL": relay_server.url,
        "MAILER_LOG_FORMAT": "json",
    }
    assert run_mailer("init", str(home), env=env).returncode == 0
    process = start_mailer("run", "--port", "0", home=home, env=env)
    web = process.wait_for(r"(http://127\.0\.0\.1:\d+)")[1]
    with httpx2.Client(base_url=web, timeout=30) as browser:
        # It comes in by the page, is confirmed, is refused by the relay, and is typed wrong and twice.
        form = {"email": ADDRESS.title(), "name": "Erika", "audience": "academic"}
        assert browser.post("/subscribe", data=form).status_code == 200
        confirm = _link(relay_server, "confirm")
        assert browser.post(confirm).status_code == 303
        assert browser.post("/subscribe", data=form).status_code == 200
        assert browser.get(f"/unsubscribe/{LOCAL}").status_code == 404
        relay_server.fault("rcpt", f"550 5.1.1 <{ADDRESS}>: no such user")
        issue = tmp_path / "issue.md"
        issue.write_text("# Winter\n\nDear {{ name | default('colleague') }}, hello.\n", encoding="utf-8")
        add = run_mailer("segments", "add", "her", f"email = {ADDRESS} or name = Erika", home=home, env=env)
        assert add.returncode == 0, add.stderr
        order = ("--audience", "academic", "--segment", "her", "--at", "now", "--yes")
        sent = run_mailer("send", issue, *order, home=home, env=env)
        assert "Traceback" not in sent.stderr
        known = {line.partition(":")[0] for line in _in_tables(database_url) if LOCAL in line}
        assert {"subscribers", "segments", "campaigns"} <= known
    files = [Path(database_url.removeprefix("sqlite:///"))] if database_url.startswith("sqlite") else []
    files += [Path(f"{file}-wal") for file in files]
    assert not files or any(LOCAL in _letters(file) for file in files)
    erased = run_mailer("subscribers", "erase", ADDRESS, home=home, env=env)
    assert erased.returncode == 0, erased.stderr
    assert [file for file in files if LOCAL in _letters(file)] == [], "while the program runs"
    process.interrupt()

    assert [line for line in _in_tables(database_url) if LOCAL in line] == []
    logs = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith("mailer.db")]
    assert set(process.logs) <= set(logs)
    assert process.log
    assert [path for path in logs if LOCAL.encode() in path.read_bytes().lower()] == []
    assert LOCAL not in sent.stderr.lower()


def _letters(file: Path) -> str:
    """What can be read in a database's file with a hex editor."""
    return file.read_bytes().decode("latin-1").lower()


def _link(relay: RelayServer, purpose: str) -> str:
    """The path of the link that was mailed."""
    wait_until(lambda: relay.messages, what="the mail")
    text = relay.messages[-1].data.decode().replace("=\r\n", "")
    found = re.search(rf"/{purpose}/[\w.~-]+", text)
    assert found is not None, text
    return found[0]


def _in_tables(url: str) -> Iterator[str]:
    """Every row of every table, in lower case."""
    engine = create_engine(url)
    try:
        tables = MetaData()
        tables.reflect(engine)
        with engine.connect() as connection:
            for table in tables.sorted_tables:
                for row in connection.execute(select(table)):
                    yield f"{table.name}: {tuple(row)!r}".lower()
    finally:
        engine.dispose()
