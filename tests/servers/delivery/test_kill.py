"""`kill -9` of the real command in the middle of a send: what the SMTP server received is the judge."""

import json
from collections import Counter
from pathlib import Path

from tests.support.mailer_process import Start, run_mailer, wait_until
from tests.support.relay import RelayServer

PEOPLE = 600
CONNECTIONS = 4
GROUP = 10


def shown(home: Path, campaign_id: int) -> dict[str, object]:
    """What `campaign show` says."""
    answer = run_mailer("campaign", "show", str(campaign_id), "--json", home=home)
    return json.loads(answer.stdout)  # type: ignore[no-any-return]


def test_after_kills_everyone_has_it_and_second_copies_are_few_and_known(
    tmp_path: Path, relay_server: RelayServer, start_mailer: Start
) -> None:
    home = tmp_path / "workspace"
    env = {
        "MAILER_SMTP_URL": f"{relay_server.url}&connections={CONNECTIONS}",
        "MAILER_LIMITS_GROUP": str(GROUP),
    }
    assert run_mailer("init", home).returncode == 0
    addresses = {f"p{number:03}@x.test" for number in range(PEOPLE)}
    people = tmp_path / "people.csv"
    people.write_text("email\n" + "\n".join(sorted(addresses)) + "\n", encoding="utf-8")
    imported = run_mailer(
        "subscribers", "import", people, "--audience", "academic", "--consent", "a test", "--status", "subscribed",
        home=home,
    )  # fmt: skip
    assert imported.returncode == 0, imported.stderr
    issue = tmp_path / "issue.md"
    issue.write_text("# Winter\n\nDear {{ name | default('colleague') }}, hello.\n", encoding="utf-8")
    relay_server.fault("dot", delay=0.01)

    worker = start_mailer("run", "--port", "0", home=home, env=env)
    created = json.loads(run_mailer("campaign", "create", issue, "--audience", "academic", "--json", home=home).stdout)
    scheduled = run_mailer("campaign", "schedule", created["id"], "--at", "now", "--yes", home=home)
    assert scheduled.returncode == 0, scheduled.stderr
    kills = 0
    for received in (60, 200, 400):
        relay_server.wait_for(received, seconds=60)
        worker.kill()
        kills += 1
        worker.start()

    wait_until(lambda: shown(home, created["id"])["state"] == "sent", seconds=90, what="the end of the campaign")
    got = Counter(relay_server.recipients)
    assert set(got) == addresses, "somebody was lost"
    twice = {address for address, count in got.items() if count > 1}
    # The journal tells what had left without an answer: at most one message on each connection.
    assert len(twice) <= kills * CONNECTIONS
    assert max(got.values()) <= 1 + kills
    ids: dict[str, set[str]] = {}
    for message in relay_server.messages:
        ids.setdefault(message.recipients[0], set()).add(message.message["message-id"])
    assert all(len(theirs) == 1 for theirs in ids.values()), "a second copy has the Message-ID of the first"
    told = shown(home, created["id"])["might_have_got_it_twice"]
    assert isinstance(told, int)
    assert told <= kills * CONNECTIONS
    assert len(twice) <= told, "somebody got it twice and the campaign does not say so"
    counts = shown(home, created["id"])["counts"]
    assert counts == {**dict.fromkeys(counts, 0), "accepted": PEOPLE}  # type: ignore[call-overload]
