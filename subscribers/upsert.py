"""The rules by which a row of a file meets the person that we know; pure.

Nobody who left is resubscribed, no suppression is lifted, a pause is not ended, and nobody becomes subscribed without
consent. What the row says for the worse is believed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from mailer.base.tables import AudienceId, SubscriberId
from subscribers.attributes import Kind
from subscribers.candidate import Candidate
from subscribers.consents import Deed
from subscribers.standing import Standing

Outcome = Literal["created", "updated", "unchanged", "suppressed"]
# A subscription to be written, and the line of consent that goes with it.
Change = tuple[AudienceId, str, Deed | None]
_STATES = {
    Standing.SUBSCRIBED: "subscribed",
    Standing.PAUSED: "subscribed",
    Standing.UNCONFIRMED: "unconfirmed",
    Standing.UNSUBSCRIBED: "unsubscribed",
    Standing.SUPPRESSED: "unconfirmed",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What an import asks for.

    Args:
        standing: the best that anyone can come in as; without consent that is unconfirmed.
        audiences: into which everyone goes; `by_slug` knows those that rows may name.
        declared: the types of the attributes that there are.
        new: what becomes of nearly every row of a large import: someone new, of whom nothing bad is said.
    """

    standing: Standing
    audiences: tuple[AudienceId, ...]
    by_slug: Mapping[str, AudienceId]
    declared: Mapping[str, Kind]
    new: "Decision" = field(init=False)

    def __post_init__(self) -> None:
        joins: list[Change] = [(audience_id, "subscribed", "agreed") for audience_id in self.audiences]
        object.__setattr__(self, "new", Decision("created", "subscribed", joins, agreed=not joins))


@dataclass(slots=True)
class Known:
    """A person that stands in the database, with the states of their subscriptions.

    Args:
        left: audiences that they left and did not agree to again since, of those that wait for a confirmation.
    """

    id: SubscriberId
    name: str
    language: str
    zone: str
    attributes: dict[str, Any]
    status: str
    paused_until: datetime | None
    states: dict[AudienceId, str] = field(default_factory=dict)
    left: set[AudienceId] = field(default_factory=set)


@dataclass(slots=True)
class Decision:
    """What is to be written for one row.

    Args:
        withdrew: everything was left, which is a line of consent of its own.
        agreed: someone in no audience is subscribed, likewise.
        suppress: the reason for a new entry of the suppression list; empty for none.
    """

    outcome: Outcome
    status: str
    changes: list[Change] = field(default_factory=list)
    withdrew: bool = False
    agreed: bool = False
    suppress: str = ""
    is_changed: bool = False


def decide_new(candidate: Candidate, order: Order, *, is_suppressed: bool) -> Decision:
    """What becomes of a row whose person is not known yet."""
    standing = max(candidate.standing, order.standing)
    if not (standing or is_suppressed or candidate.audiences):
        return order.new
    if is_suppressed:
        standing = Standing.SUPPRESSED
    status = _STATES[standing]
    changes = [
        (audience_id, _STATES[worse], _deed(worse))
        for audience_id, worse in _wanted(candidate, order, standing).items()
        if not is_suppressed
    ]
    return Decision(
        "suppressed" if standing >= Standing.UNSUBSCRIBED else "created",
        status,
        changes,
        withdrew=status == "unsubscribed",
        agreed=status == "subscribed" and not changes,
        suppress=candidate.reason or "import" if standing == Standing.SUPPRESSED and not is_suppressed else "",
    )


def decide_known(candidate: Candidate, known: Known, order: Order, *, is_suppressed: bool) -> Decision:
    """What becomes of a row whose person is known; fills in what `known` is to hold from now on."""
    standing = max(candidate.standing, order.standing)
    decision = Decision("unchanged", known.status, is_changed=_fill_in(known, candidate))
    if is_suppressed:
        decision.outcome = "suppressed"
    elif standing == Standing.SUPPRESSED:
        decision.outcome, decision.suppress = "suppressed", candidate.reason or "import"
    elif standing == Standing.UNSUBSCRIBED:
        decision.outcome = "suppressed"
        _leave(known, decision, _wanted(candidate, order, standing))
    elif known.status == "unsubscribed":
        decision.outcome = "suppressed"
    else:
        _join(known, decision, _wanted(candidate, order, standing), standing)
        _pause(known, decision, candidate)
        if decision.is_changed or decision.changes:
            decision.outcome = "updated"
    return decision


def _wanted(candidate: Candidate, order: Order, standing: Standing) -> dict[AudienceId, Standing]:
    """The audiences of a row, each with the worse of the person's standing and the row's own word on it."""
    wanted = dict.fromkeys(order.audiences, standing)
    for slug, said in candidate.audiences:
        wanted[order.by_slug[slug]] = max(said, standing)
    return wanted


def _fill_in(known: Known, candidate: Candidate) -> bool:
    """Take over what the row tells of the person; an empty cell takes nothing away."""
    changed = False
    for name, value in (("name", candidate.name), ("language", candidate.language), ("zone", candidate.zone)):
        if value and value != getattr(known, name):
            setattr(known, name, value)
            changed = True
    merged = {**known.attributes, **candidate.attributes}
    if merged != known.attributes:
        known.attributes = merged
        changed = True
    return changed


def _leave(known: Known, decision: Decision, wanted: Mapping[AudienceId, Standing]) -> None:
    """Leave the audiences of the import, or where it names none everything."""
    meant: Iterable[AudienceId] = wanted or list(known.states)
    for audience_id in meant:
        state = known.states.get(audience_id)
        if state != "unsubscribed":
            decision.changes.append((audience_id, "unsubscribed", "declined" if state == "unconfirmed" else "withdrew"))
            known.states[audience_id] = "unsubscribed"
    is_out = all(state == "unsubscribed" for state in known.states.values())
    if is_out and known.status != "unsubscribed":
        decision.status = known.status = "unsubscribed"
        decision.withdrew = decision.is_changed = True


def _join(known: Known, decision: Decision, wanted: Mapping[AudienceId, Standing], standing: Standing) -> None:
    """Join what was not joined before; nothing that was left is taken up again, nothing that is live is put in doubt."""
    for audience_id, worse in wanted.items():
        state, before = _STATES[worse], known.states.get(audience_id)
        # Whoever left and was then typed into a form again (by whom?) has not come back before they confirm it.
        is_better = before is None or (
            before == "unconfirmed" and state == "subscribed" and audience_id not in known.left
        )
        is_worse = before in ("subscribed", "unconfirmed") and state == "unsubscribed"
        if is_better or is_worse:
            decision.changes.append((audience_id, state, _deed(worse)))
            known.states[audience_id] = state
    if standing <= Standing.PAUSED and known.status == "unconfirmed":
        decision.status = known.status = "subscribed"
        decision.is_changed = True
        decision.agreed = not any(deed == "agreed" for _, _, deed in decision.changes)


def _pause(known: Known, decision: Decision, candidate: Candidate) -> None:
    until = candidate.paused_until
    if until is not None and (known.paused_until is None or until > known.paused_until):
        known.paused_until = until
        decision.is_changed = True


def _deed(standing: Standing) -> Deed | None:
    if standing <= Standing.PAUSED:
        return "agreed"
    return "withdrew" if standing == Standing.UNSUBSCRIBED else None
