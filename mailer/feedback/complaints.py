"""Complaint reports: ARF (RFC 5965), and Amazon's notifications, which tell of bounces too."""

import json
import re
from typing import Any

from mailer.feedback.dsn import fold_domain
from mailer.feedback.messages import Headers, Part, read_headers
from mailer.feedback.reasons import ADDRESS, judge
from mailer.feedback.transcripts import addresses_in
from mailer.feedback.verdicts import Recipient, Verdict

_FIELDS_IN_TEXT = re.compile(
    r"(?im)^feedback-type[ \t]*:[ \t]*\w+.*(?:\n.*){0,12}^user-agent[ \t]*:|^user-agent[ \t]*:.*(?:\n.*){0,12}^feedback-type[ \t]*:"
)
_SUBJECT = re.compile(
    r"(?i)^\s*(?:complaint about message from|abuse report\b|e-?mail feedback report|fbl (?:report|complaint)|.*\bspam complaint\b)"
)
_JSON = re.compile(r'\{\s*"(?:notificationType|eventType|mail|bounce|complaint)"')


def read_feedback_report(message: Part) -> Headers | None:
    """The fields of a feedback report (RFC 5965 §3), also where a careless hand has put them into the text."""
    for part in message.walk():
        if part.media_type == "message/feedback-report":
            return read_headers(part.text.lstrip("\n"))
    for part in message.walk():
        if part.media_type == "text/plain" and (match := _FIELDS_IN_TEXT.search(part.text)) is not None:
            return read_headers(part.text[match.start() :])
    return None


def read_complaint(message: Part, original: Headers) -> Verdict | None:
    """The verdict of a complaint report, and None of any other message.

    Who complained: the report's Original-Rcpt-To (RFC 5965 §3.2), what the providers write instead, else the recipient of the
    enclosed message. A complaint's action is `none`: the address works, its owner does not want the mail.
    """
    fields = read_feedback_report(message)
    if fields is None and not (original and _SUBJECT.match(message.headers.get("subject"))):
        return None
    fields = fields or Headers()
    report = fields.get("feedback-type").strip().lower() or "abuse"
    addresses = _complainers(fields, original)
    recipients = tuple(Recipient(address, "none", "", f"complaint: {report}", "complaint") for address in addresses)
    return Verdict("complaint", recipients, "", report)


def _complainers(fields: Headers, original: Headers) -> list[str]:
    given = (*fields.all("original-rcpt-to"), *fields.all("removal-recipient"), *fields.all("original-recipient"))
    for values in (given, original.all("x-hmxmroriginalrecipient"), original.all("to"), original.all("x-original-to")):
        if found := addresses_in(" ".join(values)):
            return found
    return []


def read_notification(text: str) -> Verdict | None:
    """The verdict of an Amazon SES notification (its JSON, as the e-mail of an SNS topic carries it), else None."""
    match = _JSON.search(text)
    if match is None:
        return None
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text, match.start())
    except (ValueError, RecursionError):
        return None
    kind = str(value.get("notificationType") or value.get("eventType") or "").lower()
    mail = _mapping(value.get("mail"))
    message_id = str(_mapping(mail.get("commonHeaders")).get("messageId") or mail.get("messageId") or "").strip("<> ")
    if kind == "bounce":
        return Verdict("bounce", _bounced(_mapping(value.get("bounce"))), message_id)
    if kind == "complaint":
        complaint = _mapping(value.get("complaint"))
        report = str(complaint.get("complaintFeedbackType") or "abuse")
        addresses = _addresses(complaint.get("complainedRecipients"))
        recipients = tuple(
            Recipient(address, "none", "", f"complaint: {report}", "complaint") for address, _ in addresses
        )
        return Verdict("complaint", recipients, message_id, report)
    return None


def _bounced(bounce: dict[str, Any]) -> tuple[Recipient, ...]:
    permanent = str(bounce.get("bounceType")).lower() == "permanent"
    gone = permanent and str(bounce.get("bounceSubType")).lower() in (
        "noemail",
        "suppressed",
        "onaccountsuppressionlist",
    )
    found = []
    for address, entry in _addresses(bounce.get("bouncedRecipients")):
        diagnostic = str(entry.get("diagnosticCode") or "").removeprefix("smtp;").strip()
        judgement = judge(diagnostic, status=str(entry.get("status") or ""), delayed=not permanent)
        action = "hard" if gone and judgement.reason == "unknown" else judgement.action
        found.append(Recipient(address, action, judgement.status, diagnostic, judgement.reason))
    return tuple(found)


def _addresses(entries: Any) -> list[tuple[str, dict[str, Any]]]:
    pairs = (
        [(str(_mapping(entry).get("emailAddress") or ""), _mapping(entry)) for entry in entries]
        if isinstance(entries, list)
        else []
    )
    return [
        (fold_domain(match[0]), entry) for address, entry in pairs if (match := ADDRESS.search(address)) is not None
    ]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
