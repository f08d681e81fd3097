"""A campaign during which everything dies, and whether everybody got it once.

    .venv/bin/python benchmarks/chaos/run.py --people 100000 --kills 100 --seed 1

PostgreSQL, Redis, workers, scheduler, web and an SMTP server are started as real processes. At random moments of the campaign
one of them is killed by `kill -9`, the broker is flushed or killed, the database crashes or is restarted, the relay is cut or
stalls, the machine's clock jumps (needs `cc`). Meanwhile people leave by one click. The judge is what the
SMTP server wrote down before it answered. Prints the sums; exit 1 where something is not as docs/sending.md promises.
"""

import argparse
import json
import random
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import asdict
from http.client import HTTPException
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from benchmarks.chaos.judge import Verdict, judge
from benchmarks.chaos.world import COMPILER, World
from mailer.base.database import Database
from mailer.base.errors import Unreachable
from mailer.base.settings import read_settings
from mailer.base.tokens import Keys, Purpose

ISSUE = "---\ntitle: Winter\nsubject: Winter\n---\n\nDear {{ name | default('colleague') }}, hello.\n"


def main() -> int:
    """Run it."""
    given = _arguments()
    chance = random.Random(given.seed)
    world = World(
        workers=given.workers,
        concurrency=given.concurrency,
        group=given.group,
        connections=given.connections,
        answer_after=given.answer_after,
    )
    is_right = False
    try:
        if COMPILER is None:
            _say("no cc: the clock is not stepped")
        began = time.monotonic()
        people, campaign_id = _release(world, given.people)
        _say(f"{given.people:,} people, campaign {campaign_id} released after {time.monotonic() - began:.0f} s")
        world.start_all()
        leaving = Leaving(world, people, campaign_id, share=given.leaving, seed=given.seed)
        leaving.start()
        happened, bound, last_at = _strike(world, chance, given, campaign_id)
        _wait_for_end(world, campaign_id, given.patience)
        leaving.stop()
        dead = world.dead()
        verdict = judge(
            world.environment["MAILER_DATABASE_URL"],
            campaign_id,
            world.received,
            people,
            left=leaving.left,
            bound=bound,
        )
        verdict.faults += [f"{name} ended by itself" for name in dead]
        if last_at >= given.people * 0.98:
            verdict.faults.append("the campaign was over before everything had happened: see --answer-after")
        is_right = not verdict.faults
        _show(verdict, happened, left=len(leaving.left), seconds=time.monotonic() - began, as_json=given.json)
    finally:
        world.close(keep=not is_right)
        if not is_right:
            _say(f"logs are kept in {world.folder}")
    return 0 if is_right else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=100, help="how many things happen")
    parser.add_argument("--only", default="", help="only what has this in its name, such as `worker killed`")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--concurrency", type=int, default=2, help="jobs at a time of each worker")
    parser.add_argument("--connections", type=int, default=4, help="to the relay, of each job")
    parser.add_argument("--group", type=int, default=50, help="results in one commit")
    parser.add_argument("--answer-after", type=float, default=0.01, help="seconds the SMTP server takes for a message")
    parser.add_argument("--leaving", type=float, default=0.005, help="the share of people who leave meanwhile")
    parser.add_argument(
        "--patience", type=float, default=300, help="seconds without any progress that mean it is stuck"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _release(world: World, count: int) -> tuple[set[str], int]:
    """Make the people and release the campaign, before anything happens."""
    world.open()
    world.run("init")
    # Those who are refused stand apart also when sorted: fifty of them in a row would mean that the relay has lost its list.
    people = [f"p{number}{'-refused' if number % 100 == 7 else ''}@x{number % 50}.test" for number in range(count)]
    listed = world.folder / "people.csv"
    listed.write_text("email\n" + "\n".join(people) + "\n", encoding="utf-8")
    issue = world.folder / "issue.md"
    issue.write_text(ISSUE, encoding="utf-8")
    world.run(
        "subscribers", "import", str(listed), "--audience", "academic", "--consent", "chaos", "--status", "subscribed"
    )
    made = json.loads(world.run("campaign", "create", str(issue), "--audience", "academic", "--json"))
    world.run("campaign", "schedule", str(made["id"]), "--at", "now", "--yes")
    return set(people), int(made["id"])


class Leaving(threading.Thread):
    """People who leave by one click while all this happens; each tries until the web part has said yes."""

    def __init__(self, world: World, people: set[str], campaign_id: int, *, share: float, seed: int) -> None:
        super().__init__(name="leaving", daemon=True)
        self._world, self._campaign_id = world, campaign_id
        self._keys = Keys([key.get_secret_value() for key in read_settings(world.home).secret.keys])
        self._who = random.Random(seed).sample(sorted(people), int(len(people) * share))
        self._stopped = threading.Event()
        self.left: set[str] = set()

    def run(self) -> None:
        """Let one after the other leave."""
        ids = self._ids()
        for address in self._who:
            token = self._keys.sign(Purpose.UNSUBSCRIBE, ids[address], self._campaign_id)
            while not (is_gone := self._leave(token)) and not self._stopped.wait(0.5):
                pass
            if is_gone:
                self.left.add(address)
            if self._stopped.wait(0.2):
                return

    def stop(self) -> None:
        """Nobody leaves any more."""
        self._stopped.set()
        self.join()

    def _leave(self, token: str) -> bool:
        address = f"http://127.0.0.1:{self._world.web_port}/unsubscribe/{token}"
        body = urllib.parse.urlencode({"List-Unsubscribe": "One-Click"}).encode()
        try:
            with urllib.request.urlopen(address, body, timeout=30) as answer:
                return bool(answer.status == 200)
        except (OSError, HTTPException):
            return False

    def _ids(self) -> dict[str, int]:
        while True:
            database = Database(self._world.environment["MAILER_DATABASE_URL"])
            try:
                with database.read() as session:
                    return {row.address: row.id for row in session.execute(text("SELECT id, address FROM subscribers"))}
            except (SQLAlchemyError, Unreachable):
                time.sleep(0.5)
            finally:
                database.close()


def _strike(
    world: World, chance: random.Random, given: argparse.Namespace, campaign_id: int
) -> tuple[Counter[str], int, int]:
    """Let things happen, each when so many have been received; what, the bound of second copies, and when the last was."""
    misfortunes = {name: what for name, what in world.misfortunes().items() if given.only in name}
    names, weights = list(misfortunes), [weight for weight, _, _ in misfortunes.values()]
    # Everything once, where there is room for it, and then by weight.
    coming = names[:] if given.kills >= len(names) else []
    coming += chance.choices(names, weights, k=given.kills - len(coming))
    chance.shuffle(coming)
    moments = sorted(chance.sample(range(1, int(given.people * 0.97)), given.kills))
    happened: Counter[str] = Counter()
    bound = 0
    count, seen, changed = 0, 0, time.monotonic()
    for moment, name in zip(moments, coming, strict=True):
        while (count := world.count()) < moment:
            if count != seen:
                seen, changed = count, time.monotonic()
            if time.monotonic() - changed > given.patience:
                still = f"{count:,} received, and none for {given.patience:.0f} s; {_standing(world, campaign_id)}"
                raise RuntimeError(f"stuck: {still}; dead: {world.dead()}")
            world.watch()
            time.sleep(0.02)
        _, most, deed = misfortunes[name]
        happened[name] += 1
        bound += most
        _say(f"{count:>9,} received  {name}")
        deed(chance)
    return happened, bound, count


def _wait_for_end(world: World, campaign_id: int, patience: float) -> None:
    """Wait until the campaign says that it is over.

    Raises:
        RuntimeError: it makes no progress any more.
    """
    before, changed = "", time.monotonic()
    while not (now := _standing(world, campaign_id)).startswith("sent"):
        if now != before:
            before, changed = now, time.monotonic()
        if time.monotonic() - changed > patience:
            raise RuntimeError(f"stuck: {now}; dead: {world.dead()}")
        world.watch()
        time.sleep(0.5)


def _standing(world: World, campaign_id: int) -> str:
    """The campaign's state, why it is so, and how many deliveries are in which state."""
    campaign = text("SELECT state, reason, detail FROM campaigns WHERE id = :id")
    counts = text("SELECT state, count(*) FROM deliveries WHERE campaign_id = :id GROUP BY state ORDER BY state")
    database = Database(world.environment["MAILER_DATABASE_URL"])
    try:
        with database.read() as session:
            words = [word for word in session.execute(campaign, {"id": campaign_id}).one() if word]
            return " ".join(
                [*words, *(f"{state} {count:,}" for state, count in session.execute(counts, {"id": campaign_id}))]
            )
    finally:
        database.close()


def _show(verdict: Verdict, happened: Counter[str], *, left: int, seconds: float, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(verdict) | {"happened": dict(happened), "left": left, "seconds": round(seconds)}))
        return
    print(f"\n{verdict.people:,} people, {happened.total()} things happened, {seconds:.0f} s")
    for name, count in happened.most_common():
        print(f"  {count:>4} × {name}")
    print(f"received by the SMTP server      {verdict.received:>9,}")
    for state, count in sorted(verdict.states.items()):
        print(f"  {state:<31}{count:>9,}")
    for reason, count in sorted(verdict.reasons.items()):
        print(f"    {reason[:60]} × {count:,}")
    print(f"left by one click meanwhile      {left:>9,}")
    print(f"marked uncertain                 {verdict.marked_uncertain:>9,}")
    print(f"second copies                    {verdict.second_copies:>9,}  (bound {verdict.bound:,})")
    print(f"most copies to one person        {verdict.most_copies:>9,}")
    for fault in verdict.faults:
        print(f"FAULT: {fault}")
    print("nobody was lost, and nobody got it twice without our knowing" if not verdict.faults else "NOT as promised")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
