"""The whole way on the command line, embedded: the shapes of the JSON, the schedule across a restart, the clean end."""

import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.support.mailer_process import Start, run_mailer, wait_until
from tests.support.redis import RedisServer
from tests.support.relay import RelayServer

COUNTS = {"pending", "sending", "accepted", "deferred", "failed", "skipped", "uncertain"}
PEOPLE = """email,name
ada@x.test,Ada
bob@x.test,Bob
ADA@X.TEST,Ada again
not an address,Nobody
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace with one issue beside it, and nobody in it."""
    (tmp_path / "issue.md").write_text("# Hello\n\nNews for everyone.\n", encoding="utf-8")
    assert run_mailer("init", tmp_path / "workspace").returncode == 0
    return tmp_path / "workspace"


def _json(home: Path, *arguments: str, env: Mapping[str, str] | None = None, code: int = 0) -> Any:
    done = run_mailer(*arguments, "--json", home=home, cwd=home.parent, env=env)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def _import(home: Path) -> dict[str, int]:
    (home.parent / "people.csv").write_text(PEOPLE, encoding="utf-8")
    consent = ("--status", "subscribed", "--consent", "Asked at the conference")
    report: dict[str, int] = _json(
        home, "subscribers", "import", "people.csv", "--audience", "academic", *consent, code=1
    )
    return report


def test_init_makes_a_workspace_that_only_its_owner_can_read_the_secrets_of(home: Path) -> None:
    assert (home / "secrets.toml").stat().st_mode & 0o777 == 0o600
    assert {row["slug"] for row in _json(home, "audiences", "list")} == {"academic", "industry", "outreach"}
    assert run_mailer("subscribers", "export", "--format", "jsonl", home=home).stdout == ""
    again = run_mailer("init", home)
    assert again.returncode == 2
    assert len(again.stderr.splitlines()) == 1


def test_a_sign_in_link_and_the_answers_to_test_copies_come_as_json_too(home: Path, relay_server: RelayServer) -> None:
    relay_server.fault("rcpt", "550 5.1.1 nobody of that name", to="bob@x.test")
    to = ("--to", "ada@x.test", "--to", "bob@x.test")
    answers = _json(home, "test-send", "issue.md", *to, env={"MAILER_SMTP_URL": relay_server.url}, code=1)
    assert [row["address"] for row in answers] == ["ada@x.test", "bob@x.test"]
    assert answers[0]["outcome"] == "accepted"
    assert "nobody of that name" in answers[1]["outcome"]

    added = _json(home, "user", "add", "helena@x.test")
    again = _json(home, "user", "reset", "helena@x.test")
    assert again["email"] == "helena@x.test"
    assert again["link"].startswith("http://127.0.0.1:8000/login/")
    assert again["link"] != added["link"]

    file = _json(home, "languages", "add", "es")["file"]
    assert 'msgid "' in Path(file).read_text(encoding="utf-8")


def test_the_whole_way_in_the_shapes_of_the_contract(home: Path, relay_server: RelayServer) -> None:
    env = {"MAILER_SMTP_URL": relay_server.url}
    report = _import(home)
    assert {"read", "created", "updated", "unchanged", "rejected", "suppressed", "duplicates"} <= set(report)
    assert (report["read"], report["created"], report["rejected"], report["duplicates"]) == (4, 2, 1, 1)
    rejected = (home.parent / "people.csv.rejected.csv").read_text(encoding="utf-8")
    assert "not an address" in rejected

    person = _json(home, "subscribers", "show", "ada@x.test")
    assert {"email", "name", "status", "audiences", "attributes", "language"} <= set(person)
    assert person["audiences"] == [{**person["audiences"][0], "slug": "academic", "state": "subscribed"}]

    assert run_mailer("subscribers", "unsubscribe", "bob@x.test", home=home).returncode == 0
    sent = run_mailer(
        "send", "issue.md", "--audience", "academic", "--at", "now", "--yes", home=home, cwd=home.parent, env=env
    )
    assert sent.returncode == 0, sent.stderr
    assert relay_server.recipients == ["ada@x.test"]

    (campaign,) = _json(home, "campaign", "list")
    shown = _json(home, "campaign", "show", str(campaign["id"]))
    assert {"id", "state", "scheduled_at", "counts"} <= set(shown)
    assert set(shown["counts"]) >= COUNTS
    assert (shown["state"], shown["counts"]["accepted"]) == ("sent", 1)
    assert sum(shown["counts"][name] for name in COUNTS) == 1

    lines = run_mailer("subscribers", "export", "--format", "jsonl", home=home).stdout.splitlines()
    assert {(row["email"], row["status"]) for row in map(json.loads, lines)} == {
        ("ada@x.test", "subscribed"),
        ("bob@x.test", "unsubscribed"),
    }


def test_what_is_scheduled_leaves_at_its_time_across_a_restart(
    home: Path, relay_server: RelayServer, start_mailer: Start
) -> None:
    env = {"MAILER_SMTP_URL": relay_server.url, "MAILER_RELEASE_COOLING_OFF": "0 s"}
    _import(home)
    created = _json(home, "campaign", "create", "issue.md", "--audience", "academic")
    assert {"id", "slug", "state"} <= set(created)
    assert created["state"] == "draft"

    running = start_mailer("run", "--port", "0", home=home, env=env)
    running.wait_for("sign in")
    leaves = datetime.now(UTC) + timedelta(seconds=25)
    scheduled = run_mailer(
        "campaign", "schedule", str(created["id"]), "--at", leaves.isoformat(), "--yes", home=home, env=env
    )
    assert scheduled.returncode == 0, scheduled.stderr
    running.kill()
    assert relay_server.messages == []

    again = start_mailer("run", "--port", "0", home=home, env=env)
    address = again.wait_for(r"web\s+(http\S+)/")[1]
    relay_server.wait_for(2, seconds=60)
    assert datetime.now(UTC) >= leaves
    assert sorted(relay_server.recipients) == ["ada@x.test", "bob@x.test"]
    links = [received.message["List-Unsubscribe"] for received in relay_server.messages]
    assert [f"<{address}/unsubscribe/" in link for link in links] == [True, True], links
    wait_until(lambda: _json(home, "campaign", "show", str(created["id"]))["state"] == "sent", what="the end")
    assert again.interrupt() == 0, again.log


def test_a_draft_is_changed_until_it_is_released(home: Path) -> None:
    _import(home)
    _json(home, "segments", "add", "no-mail-yet", "mailed is empty")
    draft = _json(home, "campaign", "create", "issue.md", "--audience", "academic", "--exclude", "no-mail-yet")
    number = str(draft["id"])
    at = ("--at", "2099-01-05T09:00:00+00:00", "--yes")
    for edited in (False, True):
        told = run_mailer("campaign", "schedule", number, *at, home=home)
        assert (told.returncode, "the issue was edited since" in told.stderr) == (0, edited)
        _json(home, "campaign", "recall", number)
        (home.parent / "issue.md").write_text("# Hello\n\nOther news for everyone.\n", encoding="utf-8")
        _json(home, "campaign", "create", "issue.md", "--audience", "industry")
    (home.parent / "issue.md").write_text("# Hello again\n\nOther news.\n", encoding="utf-8")

    kept = _json(home, "campaign", "edit", number, "--audience", "industry", "--audience", "academic")
    assert (kept["title"], kept["audiences"], kept["exclude"]) == ("Hello", ["industry", "academic"], ["no-mail-yet"])
    newer = _json(home, "campaign", "edit", number, "--issue", "issue.md", "--everybody")
    assert (newer["title"], newer["audiences"], newer["exclude"]) == ("Hello again", ["industry", "academic"], [])
    assert newer["slug"] != draft["slug"]

    assert run_mailer("campaign", "schedule", number, *at, home=home).returncode == 0
    late = run_mailer("campaign", "edit", number, "--audience", "academic", home=home)
    assert (late.returncode, late.stderr.strip().splitlines()[-1]) == (
        2,
        f"mailer: campaign {number} is scheduled: it cannot be changed; recall it first, if it can be",
    )


def test_a_campaign_is_held_and_goes_on_as_the_options_say(home: Path) -> None:
    _import(home)
    campaign_id = str(_json(home, "campaign", "create", "issue.md", "--audience", "academic")["id"])
    at = ("--at", "2099-01-05T09:00:00+00:00", "--yes")
    assert run_mailer("campaign", "schedule", campaign_id, *at, home=home).returncode == 0

    seen = []
    for deed in (("pause",), ("resume",), ("pause",), ("resume", "--despite-refusals")):
        shown = _json(home, "campaign", deed[0], campaign_id, *deed[1:])
        seen.append((shown["state"], shown["despite_refusals"]))

    assert seen == [("paused", False), ("scheduled", False), ("paused", False), ("scheduled", True)]


def test_run_serves_tells_where_and_ends_without_a_trace(home: Path, start_mailer: Start) -> None:
    running = start_mailer("run", "--port", "0", home=home)
    address = running.wait_for(r"web\s+(http://127\.0\.0\.1:\d+)")[1]
    running.wait_for(r"mailbox\s+http")
    running.wait_for(r"sign in\s+http\S+/login/\S+")
    for path in ("healthz", "readyz"):
        with urlopen(f"{address}/{path}", timeout=10) as answer:  # noqa: S310 - our own address
            assert answer.status == 200
    group = running.pid
    assert running.interrupt() == 0, running.log
    assert "Traceback" not in running.log
    time.sleep(0.1)
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_check_speaks_like_a_compiler_and_in_json(home: Path) -> None:
    broken = home.parent / "broken"
    broken.mkdir()
    (broken / "issue.md").write_text(
        '---\ntitle: "A title"\nsubject: "Subject"\naudiences: [academic]\n---\n\n![A picture](gone.png)\n',
        encoding="utf-8",
    )
    findings = _json(home, "check", "broken", code=1)
    assert all({"file", "line", "column", "level", "code", "message"} <= set(one) for one in findings)
    error = next(one for one in findings if one["level"] == "error")
    said = run_mailer("check", "broken", home=home, cwd=home.parent)
    assert said.returncode == 1
    assert f"{error['line']}:{error['column']}: error {error['code']} " in said.stdout


def test_a_campaign_is_narrowed_by_segments(home: Path, relay_server: RelayServer) -> None:
    _import(home)
    assert _json(home, "segments", "add", "adas", "email starts with ada")["count"] == 1
    assert _json(home, "segments", "add", "no-mail-yet", "mailed is empty and clicked is empty")["count"] == 2
    order = ("issue.md", "--audience", "academic")

    draft = _json(home, "campaign", "create", *order, "--segment", "no-mail-yet", "--exclude", "adas")
    shown = _json(home, "campaign", "show", str(draft["id"]))
    assert (shown["segments"], shown["exclude"]) == (["no-mail-yet"], ["adas"])
    told = run_mailer("campaign", "show", str(draft["id"]), home=home).stdout
    assert "only people in no-mail-yet; nobody in adas" in told
    refused = run_mailer("segments", "delete", "adas", home=home)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert shown["slug"] in refused.stderr

    at = ("--at", "2099-01-05T09:00:00+00:00", "--yes")
    planned = run_mailer("campaign", "schedule", str(draft["id"]), *at, home=home)
    assert planned.returncode == 0, planned.stderr
    assert "1 person (academic 1)" in planned.stderr
    assert "left out: excluded by a segment 1" in planned.stderr
    edited = _json(home, "segments", "edit", "adas", "--filter", "email = ada@x.test")
    assert edited == {"slug": "adas", "count": 1, "waiting": [shown["slug"]]}
    assert _json(home, "campaign", "show", str(draft["id"]))["reason"] == "segment"
    assert _json(home, "campaign", "recall", str(draft["id"]))["state"] == "draft"

    for option, name in (("--segment", "ada"), ("--exclude", "ada")):
        wrong = run_mailer("send", *order, option, name, "--at", "now", "--yes", home=home, cwd=home.parent)
        assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
        assert "there is no segment 'ada'; did you mean adas? use one of adas, no-mail-yet" in wrong.stderr
    assert len(_json(home, "campaign", "list")) == 1

    env = {"MAILER_SMTP_URL": relay_server.url}
    narrow = ("--segment", "adas", "--at", "now", "--yes")
    sent = run_mailer("send", *order, *narrow, home=home, cwd=home.parent, env=env)
    assert sent.returncode == 0, sent.stderr
    assert relay_server.recipients == ["ada@x.test"]


def test_a_campaign_says_what_becomes_of_the_uncertain(home: Path) -> None:
    create = ("campaign", "create", "issue.md", "--audience", "academic")
    leave = {"MAILER_RELEASE_UNCERTAIN": "leave"}

    assert _json(home, *create)["uncertain_rule"] == "resend"
    assert _json(home, *create, env=leave)["uncertain_rule"] == "leave"
    assert _json(home, *create, "--uncertain", "resend", env=leave)["uncertain_rule"] == "resend"
    wrong = run_mailer(*create, "--uncertain", "perhaps", home=home, cwd=home.parent)
    assert wrong.returncode == 2
    assert "'perhaps' is no rule for uncertain deliveries" in wrong.stderr


def test_a_campaign_that_is_held_up_says_why_and_promises_no_end(
    home: Path, relay_server: RelayServer, start_mailer: Start
) -> None:
    _import(home)
    env = {"MAILER_SMTP_URL": f"{relay_server.url}&warmup={datetime.now(UTC):%Y-%m-%d}:1"}

    process = start_mailer(
        "send", "issue.md", "--audience", "academic", "--at", "now", "--yes", home=home, cwd=home.parent, env=env
    )
    relay_server.wait_for(1)
    wait_until(lambda: "today's warm-up" in run_mailer("campaign", "show", "1", home=home).stdout, what="the reason")
    shown = _json(home, "campaign", "show", "1")
    told = run_mailer("campaign", "show", "1", home=home, env=env).stdout

    assert process.interrupt() == 130
    assert "done at about" in told, "where the plan is known, it tells"
    assert "00:00 UTC" in shown["detail"]
    assert shown["finishes_at"] is None


def test_whoever_waits_for_a_campaign_is_told_that_the_relay_is_away(
    home: Path, relay_server: RelayServer, start_mailer: Start
) -> None:
    _import(home)
    relay_server.fault("greeting", "554 5.3.2 not today")
    send = ("send", "issue.md", "--audience", "academic", "--at", "now", "--yes")

    process = start_mailer(*send, home=home, cwd=home.parent, env={"MAILER_SMTP_URL": relay_server.url})

    process.wait_for("held up: relay .*554 5.3.2 not today")
    assert process.interrupt() == 130


def test_whoever_waits_for_a_campaign_that_is_recalled_waits_no_longer(
    home: Path, redis_server: RedisServer, start_mailer: Start
) -> None:
    env = {"MAILER_BROKER_URL": redis_server.url}  # and nobody works
    send = ("send", "issue.md", "--audience", "academic", "--at", "now", "--yes", "--json")
    _import(home)
    process = start_mailer(*send, home=home, cwd=home.parent, env=env)
    wait_until(lambda: "scheduled" in run_mailer("campaign", "list", home=home).stdout, what="the release")

    assert _json(home, "campaign", "recall", "1")["state"] == "draft"

    assert process.process is not None
    assert process.process.wait(timeout=30) == 1
    assert '"state": "draft"' in process.log


def test_whom_the_pace_of_a_domain_holds_back_is_told(
    home: Path, relay_server: RelayServer, start_mailer: Start
) -> None:
    _import(home)
    env = {"MAILER_SMTP_URL": relay_server.url, "MAILER_PACE_DOMAINS": "x.test=0.01"}
    send = ("send", "issue.md", "--audience", "academic", "--at", "now", "--yes")

    process = start_mailer(*send, home=home, cwd=home.parent, env=env)
    relay_server.wait_for(1)
    wait_until(lambda: "held back: 1" in run_mailer("campaign", "show", "1", home=home).stdout, what="the line")
    shown = _json(home, "campaign", "show", "1")

    assert process.interrupt() == 130
    assert "x.test gets 0.01 a second" in run_mailer("campaign", "show", "1", home=home).stdout
    assert (shown["held_back"]["count"], shown["held_back"]["reason"]) == (1, "x.test gets 0.01 a second")
    assert datetime.fromisoformat(shown["held_back"]["until"]) > datetime.now(UTC)


def test_while_only_deferred_ones_are_left_it_says_what_it_waits_for(
    home: Path, relay_server: RelayServer, start_mailer: Start
) -> None:
    _import(home)
    relay_server.fault("rcpt", "450 4.2.0 later", to="bob@x.test")
    send = ("send", "issue.md", "--audience", "academic", "--at", "now", "--yes")

    process = start_mailer(*send, home=home, cwd=home.parent, env={"MAILER_SMTP_URL": relay_server.url})
    process.wait_for("1 are to be tried again, for up to 48 hours")
    shown = _json(home, "campaign", "show", "1")

    assert process.interrupt() == 130
    assert shown["counts"]["accepted"] == 1
    assert shown["counts"]["deferred"] == 1
    assert shown["rate"] > 0
    assert shown["finishes_at"] is not None
