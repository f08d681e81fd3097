"""Why a message was not delivered, and whether that will ever change: from codes and words to a judgement. Pure.

Three things speak: the words of the server that refused, its enhanced status code (RFC 3463), and the command that it
answered. Words come first, as codes are often wrong (a sendmail that is refused for its own address reports `5.1.1 User
unknown`); among the words those said first, as the explanations that follow name other things. What was refused before RCPT
is never the recipient's fault.
"""

import re
from dataclasses import dataclass

from mailer.feedback.phrases import PHRASES, REFUSED, Reason
from mailer.feedback.verdicts import Action

ADDRESS = re.compile(
    r"""(?:"[^"\s]{1,64}"|[^\s<>()\[\]{},;:"'@\\|=：，；。、（）＜＞《》「」【】“”]{1,128})@(?:[^\W_][\w-]{0,62}(?:\.[\w-]{1,63}){0,15}|\[[\d.:a-fA-F]{3,40}\])"""
)
"""An address as it occurs in running text, in any script."""

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)")
_REPLY = re.compile(r"(?:^|[\s:'\"(>,\[])([245]\d\d)(?=[\s\-:,\]]|$)")
_CODES = re.compile(r"(?<![\d.])[245]\d\d(?:[ -]#?[245]\.\d{1,3}\.\d{1,3})?[ -]|(?<![\d.])[245]\.\d{1,3}\.\d{1,3} ")
_URL = re.compile(r"(?:https?://|www\.)\S+")
_BLOCKLIST_URL = re.compile(
    r"spamhaus|spamcop|dnsbl|\brbl\b|uribl|surbl|sorbs|barracuda|senderbase|senderscore|bl\?ip|blocklist|delist"
)
_BLANKS = re.compile(r"\s+")
_COMMAND = re.compile(
    r"(?i)in reply to (?:end of )?(mail|rcpt|data|helo|ehlo|starttls|auth)"
    r"|(?:server|error) after (?:end of )?(mail|rcpt|data|initial connection|helo|ehlo|starttls|auth|pipelined mail|pipelined rcpt)"
    r"|(refused to talk to me|my name was rejected|does not like sender|but greeting failed)"
    r"|>>>[ \t]*(mail|rcpt|data|helo|ehlo|starttls|auth)\b[^\n]*\n(?:[>\s]*\n)*[>\s]*<<<[ \t]*[45]"
    r"|\[(mail|rcpt|data)_?(?:from|to)?\]\s*$"
)
_BEFORE_RCPT = (
    "mail",
    "helo",
    "ehlo",
    "starttls",
    "auth",
    "initial connection",
    "pipelined mail",
    "refused to talk to me",
    "my name was rejected",
    "does not like sender",
    "but greeting failed",
)
_NO_SUCH_USER_AT_MICROSOFT = re.compile(r"5\.4\.1\b.{0,40}recipient address rejected: access denied")
_UNAVAILABLE = re.compile(r"\bmail ?box\W{0,3}(is )?(unavailable|not available)")
_PROGRESS = "no smtp connection got far enough; most progress was"
_LONGEST = 4000

HARD: tuple[Reason, ...] = ("user_unknown", "host_unknown", "moved")
_HARD_STATUS: dict[tuple[int, int], Reason] = {
    (1, 0): "user_unknown",
    (1, 1): "user_unknown",
    (1, 2): "host_unknown",
    (1, 3): "user_unknown",
    (1, 6): "moved",
    (1, 10): "host_unknown",  # null MX (RFC 7505)
    (4, 4): "host_unknown",
}
_SOFT_STATUS: dict[tuple[int, int], Reason] = {
    (1, 7): "sender",
    (1, 8): "sender",
    (2, 1): "disabled",
    (2, 2): "full",
    (2, 3): "content",
    (3, 1): "full",
    (3, 4): "content",
    (4, 1): "network",
    (4, 2): "network",
    (4, 3): "network",
    (4, 6): "network",
    (4, 7): "expired",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a refusal means; `status` is the most telling code that was found."""

    action: Action
    reason: Reason
    status: str


def judge(diagnostic: str, *, status: str = "", transcript: str = "", delayed: bool = False) -> Judgement:
    """What a refusal means.

    Args:
        diagnostic: what the server said.
        status: the enhanced status code that the report gives by itself.
        transcript: what else the report tells of this recipient; asked for the command that was answered, and for the
            reason where the diagnostic does not tell it.
        delayed: the message is still being tried.
    """
    diagnostic, transcript = diagnostic[:_LONGEST], transcript[:_LONGEST]
    code = _telling(*statuses_in(diagnostic), status) or _telling(*statuses_in(transcript))
    reply = _reply_code(diagnostic) or _reply_code(transcript)
    reason = _reason(diagnostic, code, reply)
    if reason == "unknown":
        reason = _by_status(code)
    if reason == "unknown" and transcript:
        reason = _reason(transcript, code, reply)
    if reason in HARD and (command_of(f"{diagnostic}\n{transcript}") in _BEFORE_RCPT):
        reason = "sender"
    if reason == "host_unknown" and code.startswith("4."):
        reason = "network"  # a name server that failed: a later try may find the host
    shown = code or reply
    if delayed:
        return Judgement("soft", reason if reason != "unknown" else "delayed", shown)
    return Judgement("hard" if reason in HARD else "soft", reason, shown)


def statuses_in(text: str) -> list[str]:
    """The enhanced status codes in a text, in their order."""
    return [f"{match[1]}.{int(match[2])}.{int(match[3])}" for match in _STATUS.finditer(text)]


def command_of(text: str) -> str:
    """The SMTP command that was answered by the refusal, in lower case, where the text tells it."""
    match = _COMMAND.search(text[: 2 * _LONGEST])
    return next((group.lower() for group in match.groups() if group), "") if match is not None else ""


def words_of(text: str) -> str:
    """What was said, in lower case: without addresses, links and codes, whose letters say nothing."""
    text = _BLANKS.sub(" ", text.lower())
    text = _URL.sub(lambda match: " blocklisturl " if _BLOCKLIST_URL.search(match[0]) else " ", text)
    text = _CODES.sub("", ADDRESS.sub("<>", text))
    return _BLANKS.sub(" ", text.replace("<<>>", "<>").replace(_PROGRESS, ""))


def _reason(text: str, code: str, reply: str) -> Reason:
    if _NO_SUCH_USER_AT_MICROSOFT.search(_BLANKS.sub(" ", text.lower())):
        return "user_unknown"
    words = words_of(text)
    if _UNAVAILABLE.search(words) and reply == "550" and not code.startswith(("4.", "5.7.")):
        return "user_unknown"  # 550: not found, no access, or refused by policy (RFC 5321 §4.2.2), mostly the first
    first: tuple[int, Reason] | None = None
    for reason, phrase in PHRASES:
        match = phrase.search(words)
        if match is not None and (first is None or match.start() < first[0]):
            first = (match.start(), reason)
    if first is None:
        return "content" if REFUSED.search(words) else "unknown"
    if first[1] == "disabled" and _by_status(code) == "user_unknown":
        return "user_unknown"
    return first[1]


def _by_status(code: str) -> Reason:
    if not code:
        return "unknown"
    kind, subject, detail = (int(number) for number in code.split("."))
    if kind == 5 and (subject, detail) in _HARD_STATUS:
        return _HARD_STATUS[subject, detail]
    if subject == 6:
        return "content"
    if subject == 7:
        return "blocked"
    return _SOFT_STATUS.get((subject, detail), "unknown")


def _telling(*codes: str) -> str:
    """The code that tells most: the first that is neither a success nor `x.0.0`, and rather not `5.5.x` (protocol)."""
    failures = [code for code in codes if code and not code.startswith("2.")]
    exact = [code for code in failures if not code.endswith(".0.0")]
    best = [code for code in exact if not code.startswith("5.5.")] or exact or failures
    return best[0] if best else ""


def _reply_code(text: str) -> str:
    match = _REPLY.search(text)
    return match[1] if match is not None else ""
