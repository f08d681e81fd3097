"""Bytes → verdict: what a message that came back to us says. Pure, and for any bytes at all.

Asked in this order, as each is more certain than the next: a complaint report, the fields of a delivery report (RFC 3464),
a notice in running text, an automatic reply (RFC 3834), a wish to be taken off the list.
"""

import re
from dataclasses import dataclass, replace

from mailer.feedback.autoreplies import is_autoreply, is_unsubscribe, tells_of_absence
from mailer.feedback.charsets import text_of_html
from mailer.feedback.complaints import read_complaint, read_notification
from mailer.feedback.dsn import has_fields, read_fields, recipients_of, tells_success
from mailer.feedback.messages import Headers, Part, is_message, read_headers, read_message
from mailer.feedback.transcripts import addresses_in, read_notice, split_notice
from mailer.feedback.verdicts import Recipient, Verdict

_LONGEST_TEXT = 100_000
_DAEMON = re.compile(
    r"(?i)\b(?:mailer?-?daemon|mail-?daemon|postmaster|poostmaster|mail-?delivery|mail[- ]system|mail delivery (?:sub)?system|system administrator|mailadmin"
    r"|bounce-?(?:handler|daemon)|mdaemon|delivery-?(?:daemon|agent)|mail-?error|mail[- ]?router|mailgateway|exim|smtp-?(?:gateway|daemon)|email-?(?:daemon|firewall)|daemon)\b"
)
_MAILER_DAEMON = re.compile(r"(?i)\bmailer?-?daemon\b|mail delivery (?:sub)?system")
_SUBJECT = re.compile(
    r"(?i)undeliver|returned? (?:e-?)?mail|returned to sender|returning (?:message|mail|to sender)|return to sender|delivery (?:status|notification|failure|failed|has failed|report|error|problem"
    r"|unsuccessful|warning|to .* failed)|failure (?:notice|notification|delivery|report)|(?:e-?mail|message)(?: delivery)? (?:failed|failure|error|could not|undeliverable|status|not delivered|blocked|rejected)"
    r"|message you sent blocked|could not (?:be )?deliver|not (?:be )?delivered|non[- ]?deliver|can(?:no|')t (?:be )?deliver|unable to deliver|\bdelayed\b|delay notif|mail system error|\berror mail|mail error"
    r"|unzustell|nicht zugestellt|zustellung|non remis|(?:é|e)chec d|no entregado|error de entrega|mancata consegna|не доставлено|送信(?:エラー|できません)|メールエラー|配信|退信|系统退信"
    r"|user unknown|unknown user|unknown recipient|mailbox (?:full|unavailable)|^\s*failed mail|^\s*bounced? ?mail|cannot send message|warning: (?:message|could not send)|problems? delivering"
)
_BODY = re.compile(
    r"(?i)(?:could|can|was|were|has|have|did)(?: ?not|n['’]t)(?: yet)?(?: been| be| able to be)? (?:deliver|reach|sent|send)|(?:unable|wasn['’]t able|not able|failed) to (?:be )?(?:deliver|send|reach)"
    r"|deliver\w* (?:\w+ ){0,6}(?:failed|failure|impossible|delayed|problems?|not possible|aborted|error)|(?:following|these) (?:\w+ ){0,2}(?:address(?:es)?|recipients?)(?:\(e?s\))? (?:\w+ ){0,3}"
    r"(?:fail|could|had|was|were|have|rejected|affected)|failed recipients?|failure reasons?|recipients? failed|\bpostponed\b|undeliver|permanent(?:ly)? (?:fatal |error|fail)|fatal errors?|user unknown|unknown user|no such user|mailbox (?:is )?full|returned (?:to you|to sender)"
    r"|was(?:n['’]t| not) delivered|rejected (?:by|your)|transcript of session|did not like our|delivery to the following|returned message|(?:message|mail) (?:was |has been |is )?(?:delayed|blocked|refused)"
    r"|送信できません|届けできません|配信できません|nicht (?:zugestellt|ausgeliefert|zustellbar)|konnte nicht|n['’]a (?:pas )?pu (?:ê|e)tre|не может быть доставлено|no se (?:ha )?pud|退信"
)
_NO_MEMBER = re.compile(
    r"(?i)you are not (?:a )?(?:member|subscribed|allowed to post)[^\n]{0,60}|not member \(|may not exist, or you may not have permission to post"
)
_DELAY = re.compile(
    r"(?i)will (?:keep|continue)(?: \w+)? (?:trying|to (?:try|retry))|\bpostponed\b|will be retried|not yet been delivered|only a (?:temporary|warning)|warning message only|do not need to re-?send|has been delayed"
    r"|is delayed for|still being (?:tried|attempted)|attempts? (?:to deliver )?will continue|have not been able to deliver|(?:delivery|status notification).{0,12}\((?:delay|delayed)\)"
)
_MESSAGE_ID = re.compile(r"(?im)^[ \t>]*(?:x-original-)?message-id[ \t]*:[ \t]*<?([^\s<>]{3,250})>?")


@dataclass(frozen=True, slots=True)
class _Contents:
    """A message taken apart: the words for people, the fields for programs, the header of the returned message."""

    message: Part
    notice: str
    report: str
    original: Headers
    rest: str

    @property
    def headers(self) -> Headers:
        return self.message.headers


def classify(message: bytes) -> Verdict:
    """What a message says that came back to us; never raises.

    Sources: RFC 3464 (delivery status), RFC 5965 (complaints), RFC 3834 (automatic replies), and the ways of the servers that
    follow none of them.
    """
    contents = _take_apart(read_message(message))
    verdict = (
        read_notification(contents.notice)
        or read_complaint(contents.message, contents.original)
        or _delivery_report(contents)
        or _notice(contents)
        or _answer(contents)
        or Verdict("none")
    )
    if verdict.kind == "none" or verdict.original_message_id:
        return verdict
    return replace(verdict, original_message_id=_original_message_id(contents))


def _take_apart(message: Part) -> _Contents:
    words: list[str] = []
    pages: list[str] = []
    reports: list[str] = []
    originals: list[Headers] = []
    rests: list[str] = []
    for part in message.walk():
        if part.media_type in ("message/delivery-status", "message/global-delivery-status"):
            reports.append(part.text)
        elif is_message(part.media_type):
            originals.extend(inner.headers for inner in part.parts)
            rests.append(part.text)
        elif part.media_type == "text/html":
            pages.append(text_of_html(part.text[:_LONGEST_TEXT]))
        elif part.text and part.media_type.startswith(("text/", "multipart/")):
            words.append(part.text[:_LONGEST_TEXT])
    text = "\n".join(words) if any(word.strip() for word in words) else "\n".join(pages)
    notice, returned = split_notice(text)
    original = next((headers for headers in originals if headers), Headers())
    return _Contents(
        message, notice, "\n\n".join(reports), original or _headers_in(returned), returned + "\n".join(rests)
    )


def _headers_in(returned: str) -> Headers:
    lines = returned.lstrip("\n").split("\n")
    first = next((number for number, line in enumerate(lines[:15]) if re.match(r"[A-Za-z-]{2,40}:", line)), None)
    return Headers() if first is None else read_headers("\n".join(lines[first:]))


def _delivery_report(contents: _Contents) -> Verdict | None:
    groups = read_fields(contents.report)
    if tells_success(groups):
        return Verdict("none")
    recipients = recipients_of(groups, contents.notice)
    if not recipients and not contents.report:
        whole = f"{contents.notice}\n\n{contents.rest}"
        if has_fields(whole):
            recipients = recipients_of(read_fields(whole), contents.notice)
    return Verdict("bounce", recipients) if recipients else None


def _notice(contents: _Contents) -> Verdict | None:
    if not _is_notice(contents):
        return None
    headers = contents.headers
    named = addresses_in(" ".join((*headers.all("x-failed-recipients"), *headers.all("x-bounced-address"))))
    if not named and (refusal := _NO_MEMBER.search(contents.notice)) is not None:
        named = addresses_in(refusal[0])
    own = addresses_in(
        " ".join(headers.get(name) for name in ("from", "to", "delivered-to", "return-path", "reply-to", "sender"))
    )
    subject = headers.get("subject")
    recipients = read_notice(
        contents.notice,
        named=named,
        own=[*own, *addresses_in(contents.original.get("from"))],
        written_to=addresses_in(contents.original.get("to")),
        delayed=bool(_DELAY.search(subject) or _DELAY.search(contents.notice)),
    )
    return Verdict("bounce", recipients)


def _is_notice(contents: _Contents) -> bool:
    headers = contents.headers
    if headers.get("x-failed-recipients"):
        return True
    if _NO_MEMBER.search(contents.notice):
        return True
    sender = headers.get("from")
    by_machine = bool(_DAEMON.search(sender)) or not addresses_in(sender)
    by_nobody = headers.get("return-path").strip().upper() in ("<>", "<MAILER-DAEMON>", "MAILER-DAEMON")
    signs = (by_machine, by_nobody, bool(_SUBJECT.search(headers.get("subject"))), bool(_BODY.search(contents.notice)))
    if _MAILER_DAEMON.search(sender):
        return True
    if by_machine:
        return sum(signs) >= 2  # a postmaster may also write by hand
    return signs[3] and (signs[2] or (by_nobody and not is_autoreply(contents.message)))


def _answer(contents: _Contents) -> Verdict | None:
    sender = addresses_in(contents.headers.get("reply-to") or contents.headers.get("from"))[:1]
    recipients = tuple(Recipient(address, "none") for address in sender)
    if is_autoreply(contents.message):
        return Verdict("autoreply", recipients)
    if is_unsubscribe(contents.message, contents.notice):
        return Verdict("unsubscribe", recipients)
    return Verdict("autoreply", recipients) if tells_of_absence(contents.message, contents.notice) else None


def _original_message_id(contents: _Contents) -> str:
    """Whose answer it is: by the returned message, the report's fields, the words, or the header of an answer."""
    given = contents.original.get("message-id")
    for text in (f"message-id: {given}" if given else "", contents.report, contents.notice):
        match = _MESSAGE_ID.search(text)
        if match is not None:
            return match[1]
    answered = contents.headers.get("in-reply-to") or contents.headers.get("references")
    match = re.search(r"<([^\s<>]{3,250})>", answered)
    return match[1] if match is not None else ""
