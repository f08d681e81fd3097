"""Notices in running text: where the returned message begins, who was not reached, and what was said of each.

For the servers that write for people and not for programs (qmail, old Exim, Exchange, Lotus, the mobile carriers): what they
have in common is the shape of a list of addresses with words beside, before or after them.
"""

import re
from collections.abc import Callable, Collection, Iterable

from mailer.feedback.reasons import ADDRESS, Judgement, judge
from mailer.feedback.verdicts import Recipient

_LONGEST_LINE = 1000
_MOST_LINES = 1000
_ADDRESS = ADDRESS.pattern
_MARKED = re.compile(
    r"(?im)^[ \t]*(?:[-=|*_#+~]{2,}[^\n]{0,60}?\b"
    r"(?:copy of|original (?:e-?mail )?(?:message|mail)|(?:returned|unsent|undelivered|rejected|forwarded|failed|bounced) (?:e-?mail )?message"
    r"|(?:message|mail)(?: text| headers?| body| contents?)? (?:follows?|included)|text of (?:your|the) (?:message|mail)|below this line|message headers?"
    r"|header(?:s)? (?:of|follow)|start of|begin(?:ning)? of|returned mail follows|unsent (?:mail|message))\b[^\n]{0,80}"
    r"|(?:below|here|this|the following|what follows) (?:line )?is (?:a |the )?(?:copy|text|header)[^\n]{0,80}"
    r"|(?:the )?original message (?:headers?|follows?|text|body)\b[^\n]{0,40}[:.]|(?:message|mail) (?:headers?|text|contents?) follows?\b[^\n]{0,20}"
    r"|(?:the )?(?:text|headers?|content|beginning) of (?:your|the)(?: original| returned)? (?:message|mail)[^\n]{0,60}:?"
    r"|your (?:original )?(?:message|mail) (?:reads|follows|begins)[^\n]{0,40}:"
    r"|-{3,} ?(?:original message|forwarded message|returned message)[^\n]{0,40})$"
)
_HEADER_BLOCK = re.compile(
    r"(?m)^(?:Received|Return-Path|DKIM-Signature|DomainKey-Signature|X-Received):.*\n(?:[ \t].*\n|[A-Za-z-]{2,40}:.*\n)*"
)

_HEAD = re.compile(
    rf"""^[\s>*•·=-]{{0,20}}["'<(\[]{{0,2}}(?:mailto:|smtp:|rfc822;)?(?P<address>{_ADDRESS})["'>)\]]{{0,2}}(?P<rest>.*)$"""
)
_LISTED = re.compile(rf"^\s*[\w .,'\"-]{{0,60}}<(?:mailto:)?(?P<address>{_ADDRESS})>\s*(?:\(.*\))?:?\s*$")
_SAID = re.compile(
    rf"""(?i)\b(?:recipient(?:s|'s)?(?: address(?:es)?)?|rcpt to|(?:not |un)?deliver(?:ed|able|y|ing)?(?: \w+){{0,4}} (?:to|for|at)"""
    rf"""|(?:message|mail|e-?mail|sent|addressed|send|bound|reach|reply|refused|failed|relay|failure)(?: \w+){{0,2}} (?:to|for)|user(?: ?id)?|mailbox|account|address|reach(?:ing)?|failed|attempts|undeliverable|smtp|generated from"""
    rf"""|unknown|recipient\(s\)|group|for|to)(?=[ \t:=<"'(\[])[ \t]*[:=]?[ \t]*["'<(\[]{{0,3}}(?:mailto:|rfc822;[ ]?)?(?P<address>{_ADDRESS})"""
)
_DOTS = re.compile(rf"<?(?P<address>{_ADDRESS})>?\.\.\. ")
_SUMMARY = re.compile(rf"(?im)^\s*(?:>\s*)?(?:to|cc|addressed to|recipients?)\s*:.*?(?P<address>{_ADDRESS})")
_OURS = re.compile(
    r"(?i)^[\s>]*(?:from|sender|reply-to|mail from|return-path|message-id|in-reply-to|references|x-sender|>>> mail)\b\s*:?"
)
_ROLE = re.compile(
    r"(?i)^(?:postmaster|mailer-?daemon|abuse|support|help(?:desk)?|no-?reply|do-?not-?reply|hostmaster|webmaster|mail-?admin|admin(?:istrator)?|root|info-?desk|security)@"
)
_CODE = re.compile(r"(?<![\d.\w-])[45](?:\d\d[ -]|\.\d{1,3}\.\d{1,3}\b(?!\.))")
_FROM = re.compile(r"(?i)\bfrom:?[\s<\"']*$")
_REPORTS = re.compile(r"(?i)^\s*(?:if you|please|for (?:further|more|assistance)|contact|questions?|visit|see )")


def split_notice(text: str) -> tuple[str, str]:
    """The notice, and the returned message that follows it in the same text (empty where there is none)."""
    marks = [match for match in (_MARKED.search(text), _HEADER_BLOCK.search(text)) if match is not None]
    if not marks:
        return text, ""
    first = min(marks, key=lambda match: match.start())
    if not text[: first.start()].strip():
        return text, ""
    begins = first.start() if first.re is _HEADER_BLOCK else first.end()
    return text[: first.start()], text[begins:].lstrip("\n -=*_")


def section_of(transcript: str, address: str) -> str:
    """What a notice says of one address: from its first place to where another one begins; all, where it is not named."""
    lines = transcript.split("\n")
    wanted = address.lower()
    starts = [number for number, line in enumerate(lines) if wanted in line.lower()]
    if not starts:
        return transcript
    head = next((number for number in starts if _head(lines[number]) == wanted), starts[0])
    depth = _depth(lines[head])
    later = range(head + 1, len(lines))
    end = next((n for n in later if _head(lines[n]) not in ("", wanted) and _depth(lines[n]) <= depth), len(lines))
    return "\n".join(lines[head:end])


def read_notice(
    notice: str,
    *,
    named: Collection[str] = (),
    own: Collection[str] = (),
    written_to: Collection[str] = (),
    delayed: bool = False,
) -> tuple[Recipient, ...]:
    """Whom a notice says was not reached, and why.

    Args:
        named: the addresses that the header names as failed; then no others are looked for.
        own: the addresses of the notice itself, which are hardly those that failed.
        written_to: the recipients of the returned message.
        delayed: the notice says that the message is still being tried.
    """
    skipped = {address.lower() for address in own}
    found = list(named) or _found(notice, skipped) or list(written_to) or _found(notice, set())
    return tuple(_recipient(address, notice, alone=len(found) == 1, delayed=delayed) for address in found)


def addresses_in(text: str) -> list[str]:
    """The addresses in a text, each once, in their order."""
    return _once(match[0] for match in ADDRESS.finditer(text))


def _found(notice: str, skipped: Collection[str]) -> list[str]:
    lines = [line[:_LONGEST_LINE] for line in notice.split("\n") if "@" in line][:_MOST_LINES]
    finders: tuple[Callable[[str], Iterable[str]], ...] = (_heads, _sayings, _summaries, _any)
    for finder in finders:
        kept = _list_of(lines) if finder is _heads else lines
        found = _once(
            address
            for line in kept
            if not (finder is not _summaries and _OURS.match(line))
            for address in finder(line)
            if address.lower() not in skipped and not _ROLE.match(address)
        )
        if found:
            return found
    return []


def _list_of(lines: list[str]) -> list[str]:
    """Those lines that begin with an address, as deep as the first of them: a wrapped line may begin with one too."""
    heads = [line for line in lines if _head(line)]
    return [line for line in heads if _depth(line) == _depth(heads[0])]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _heads(line: str) -> Iterable[str]:
    match = _HEAD.match(line)
    if match is not None and _is_head(match["rest"]):
        yield match["address"]
    elif (listed := _LISTED.match(line)) is not None and not _REPORTS.match(line):
        yield listed["address"]


def _head(line: str) -> str:
    return next((address.lower() for address in _heads(line[:_LONGEST_LINE])), "")


def _is_head(rest: str) -> bool:
    rest = rest.strip()
    return not rest or rest[0] in ":(,;=[<-" or rest.startswith(("...", "on ", "|")) or judge(rest).reason != "unknown"


def _sayings(line: str) -> Iterable[str]:
    if _REPORTS.match(line) or _SUMMARY.match(line):
        return
    for pattern in (_SAID, _DOTS):
        yield from (match["address"] for match in pattern.finditer(line))


def _summaries(line: str) -> Iterable[str]:
    if _SUMMARY.match(line):
        yield from (match[0] for match in ADDRESS.finditer(line))


def _any(line: str) -> Iterable[str]:
    if not _REPORTS.match(line):
        yield from (match[0] for match in ADDRESS.finditer(line) if not _FROM.search(line, 0, match.start()))


def _once(addresses: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for address in addresses:
        local, _, domain = address.strip(" .'`").rpartition("@")
        whole = f"{local}@{domain.lower().rstrip('.')}"
        if local and domain:
            found.setdefault(whole.lower(), whole)
    return list(found.values())


def _recipient(address: str, notice: str, *, alone: bool, delayed: bool) -> Recipient:
    section = section_of(notice, address)
    judgement = judge(_replies(section), transcript=section, delayed=delayed)
    if judgement.reason in ("unknown", "delayed") and alone:
        whole = judge(_replies(notice), transcript=notice, delayed=delayed)
        judgement = Judgement(whole.action, whole.reason, judgement.status or whole.status)
    return Recipient(address, judgement.action, judgement.status, _said(section), judgement.reason)


def _replies(text: str) -> str:
    """What follows the first reply of a server: nearer to the reason than the words around it."""
    match = _CODE.search(text)
    return "" if match is None else text[match.start() :]


def _said(section: str) -> str:
    """A section in one line, from its beginning."""
    lines = [" ".join(line.split()) for line in section.split("\n") if line.strip()]
    return " ".join(lines)[:500]
