"""Delivery status notifications: the fields of RFC 3464 → recipients; also where they stand in running text."""

import re
from collections.abc import Iterable

from mailer.feedback.reasons import ADDRESS, judge
from mailer.feedback.transcripts import section_of
from mailer.feedback.verdicts import Recipient

_FIELD = re.compile(r"^[ \t]*(?:>[> ]{0,8})?([A-Za-z][A-Za-z-]{2,40})[ \t]*:[ \t]*(.*)$")
_FOLDED = re.compile(r"^(?:>[> ]{0,8})?[ \t]+\S")
_KNOWN = {
    "final-recipient",
    "original-recipient",
    "action",
    "status",
    "diagnostic-code",
    "remote-mta",
    "reporting-mta",
    "received-from-mta",
    "arrival-date",
    "last-attempt-date",
    "final-log-id",
    "will-retry-until",
    "original-envelope-id",
    "x-actual-recipient",
    "x-original-message-id",
    "x-supplementary-info",
    "x-display-name",
}
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_TYPE = re.compile(r"^\s*[A-Za-z0-9/-]{1,20}\s*;\s*")
_GOOD_NEWS = ("delivered", "relayed", "expanded")

Group = dict[str, str]


def read_fields(text: str) -> list[Group]:
    """The groups of fields of a report, one for each recipient; foreign lines between them are passed over (RFC 3464 §2.1).

    A group ends at a blank line, and where a field comes again: not everybody writes the blank line.
    """
    groups: list[Group] = [{}]
    name = ""
    for line in text.split("\n"):
        match = _FIELD.match(line)
        if match is not None and match[1].lower() in _KNOWN:
            name = match[1].lower()
            if name in groups[-1]:
                groups.append({})
            groups[-1][name] = match[2].strip()
        elif name and _FOLDED.match(line):
            groups[-1][name] += " " + line.strip(" \t>")
        elif not line.strip("> \t\r"):
            name = ""
            if groups[-1]:
                groups.append({})
        else:
            name = ""
    return _joined(groups)


def has_fields(text: str) -> bool:
    """Whether a running text holds a report's fields, as that of a forwarded one does."""
    return any(_address(group) and ("action" in group or "status" in group) for group in read_fields(text))


def recipients_of(groups: Iterable[Group], transcript: str) -> tuple[Recipient, ...]:
    """The recipients of a report whose delivery failed or is late.

    Args:
        transcript: the words that come with the report.
    """
    found: dict[str, Recipient] = {}
    for group in groups:
        address = _address(group)
        action = group.get("action", "failed").strip().lower()
        if address and not action.startswith(_GOOD_NEWS):
            found.setdefault(address.lower(), _recipient(group, address, action, transcript))
    return tuple(found.values())


def tells_success(groups: Iterable[Group]) -> bool:
    """Whether a report tells of nothing but deliveries."""
    actions = [group["action"].strip().lower() for group in groups if "action" in group]
    return bool(actions) and all(action.startswith(_GOOD_NEWS) for action in actions)


def fold_domain(address: str) -> str:
    """The address with its domain in lower case and without stray signs at its ends."""
    local, _, domain = address.strip(" .'`<>").rpartition("@")
    return f"{local}@{domain.lower().rstrip('.')}"


def _joined(groups: list[Group]) -> list[Group]:
    """Where a blank line has split an address from its fate, they are put together again."""
    joined: list[Group] = []
    for group in groups:
        before = joined[-1] if joined else None
        if before is not None and _is_torn(before, group):
            before.update(group)
        elif group:
            joined.append(dict(group))
    return joined


def _is_torn(before: Group, group: Group) -> bool:
    has_fate = "action" in group or "status" in group
    return (
        bool(_address(before))
        and not _address(group)
        and has_fate
        and "action" not in before
        and "status" not in before
    )


def _address(group: Group) -> str:
    """The final recipient as an address; where it is none of the net, the original one (RFC 3464 §2.3.1, §2.3.2)."""
    addresses = (
        _typed_address(group.get(name, "")) for name in ("final-recipient", "original-recipient", "x-actual-recipient")
    )
    found = [address for address in addresses if address]
    return next((address for address in found if "." in address.rpartition("@")[2]), found[0] if found else "")


def _typed_address(value: str) -> str:
    text = _TYPE.sub("", value)
    if text.startswith("@"):
        return ""  # a source route, or another system's way of writing
    match = ADDRESS.search(text)
    return fold_domain(match[0]) if match is not None else ""


def _recipient(group: Group, address: str, action: str, transcript: str) -> Recipient:
    diagnostic = " ".join(_TYPE.sub("", group.get("diagnostic-code", ""), count=1).split())
    status = _STATUS.search(group.get("status", ""))
    judgement = judge(
        diagnostic,
        status=status[0] if status is not None else "",
        transcript=section_of(transcript, address),
        delayed=action.startswith("delay"),
    )
    original = _typed_address(group.get("original-recipient", ""))
    return Recipient(
        address,
        judgement.action,
        judgement.status,
        diagnostic,
        judgement.reason,
        original if original.lower() != address.lower() else "",
    )
