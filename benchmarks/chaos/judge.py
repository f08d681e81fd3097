"""What the SMTP server really received, held against what the ledger says; the server is right."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from mailer.base.database import Database

ENDS = ("sent", "failed", "skipped")


@dataclass
class Verdict:
    """The sums, and in `faults` whatever should not be."""

    people: int
    received: int
    states: dict[str, int]
    reasons: dict[str, int]
    second_copies: int
    people_with_second_copies: int
    most_copies: int
    marked_uncertain: int
    bound: int
    faults: list[str] = field(default_factory=list)


def heard(received: Path) -> tuple[Counter[str], dict[str, set[str]]]:
    """For each address how many messages came, and their Message-IDs."""
    copies: Counter[str] = Counter()
    ids: dict[str, set[str]] = {}
    with received.open(encoding="utf-8") as lines:
        for line in lines:
            address, _, message_id = line.strip().partition(" ")
            copies[address] += 1
            ids.setdefault(address, set()).add(message_id)
    return copies, ids


def judge(url: str, campaign_id: int, received: Path, people: set[str], *, left: set[str], bound: int) -> Verdict:
    """Hold the ledger against what was heard.

    Args:
        people: everybody who was to get it when it was released.
        left: those of them who have left since; before the list was frozen they are in no ledger.
        bound: how many second copies all that happened may have made.
    """
    copies, ids = heard(received)
    database = Database(url)
    with database.read() as session:
        rows = session.execute(
            text(
                "SELECT s.address, d.state, d.reason, d.was_uncertain FROM deliveries d"
                " LEFT JOIN subscribers s ON s.id = d.subscriber_id WHERE d.campaign_id = :campaign"
            ),
            {"campaign": campaign_id},
        ).all()
    database.close()
    twice = {address for address, count in copies.items() if count > 1}
    uncertain = {row.address for row in rows if row.was_uncertain}
    verdict = Verdict(
        people=len(people),
        received=copies.total(),
        states=dict(Counter(row.state for row in rows)),
        reasons=dict(Counter(f"{row.state}: {row.reason}" for row in rows if row.state != "sent")),
        second_copies=sum(count - 1 for count in copies.values()),
        people_with_second_copies=len(twice),
        most_copies=max(copies.values(), default=0),
        marked_uncertain=len(uncertain),
        bound=bound,
    )
    state = {row.address: row.state for row in rows}
    reason = {row.address: row.reason for row in rows}
    seen_ids = Counter(message_id for theirs in ids.values() for message_id in theirs)
    _blame(verdict, "are missing from the ledger", people - state.keys() - left)
    _blame(verdict, "stand in the ledger and were never asked for", state.keys() - people)
    _blame(verdict, "have not ended", {a for a, s in state.items() if s not in ENDS})
    _blame(verdict, "ended without a reason", {a for a, s in state.items() if s in ENDS[1:] and not reason[a]})
    _blame(
        verdict, "are called sent and nothing was received", {a for a, s in state.items() if s == "sent"} - set(copies)
    )
    silent = {a for a, s in state.items() if s in ENDS[1:] and a not in uncertain}
    _blame(verdict, "are called failed or skipped, not uncertain, and were sent to", silent & set(copies))
    _blame(verdict, "got something and do not stand in the ledger", copies.keys() - state.keys())
    _blame(verdict, "got a second copy and are not marked uncertain", twice - uncertain)
    _blame(verdict, "got copies with different Message-IDs", {a for a, theirs in ids.items() if len(theirs) > 1})
    _blame(verdict, "Message-IDs went to several people", {i for i, count in seen_ids.items() if count > 1})
    if verdict.second_copies > bound:
        verdict.faults.append(f"{verdict.second_copies} second copies, and the bound is {bound}")
    return verdict


def _blame(verdict: Verdict, what: str, who: set[str]) -> None:
    if who:
        verdict.faults.append(f"{len(who)} {what}, such as {', '.join(sorted(map(str, who))[:3])}")
