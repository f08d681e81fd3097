"""Answers that a letter gets: out-of-office replies (RFC 3834), receipts (RFC 8098), wishes to be taken off the list."""

import re

from mailer.feedback.messages import Part

_SUBJECT = re.compile(
    r"(?i)^\s*(?:re:|aw:|sv:|fwd?:)?\s*(?:auto:\s|\[?\s*auto(?:matic|matische|mated)?[- ]?(?:reply|response|antwort|respon\w*|svar|matic reply)\b"
    r"|autosvar|autoreply|out of (?:the )?office|out of town|away from (?:my|the) (?:desk|office|mail)|vacation\b|on (?:vacation|holiday|leave)\b|holiday (?:notice|reply)"
    r"|abwesenheit\w*|automatische antwort|ich bin (?:nicht im|im urlaub)|r(?:é|e)ponse automatique|absen(?:ce|t)\b.*|message d'absence|notification d'absence"
    r"|respuesta autom(?:á|a)tica|fuera de (?:la )?oficina|risposta automatica|fuori (?:sede|ufficio)|resposta autom(?:á|a)tica|afwezig\w*|automatisch antwoord|odpowied(?:ź|z) automatyczna"
    r"|автоответ|自動(?:返信|応答|回复)|自动(?:回复|答复)|不在)"
)
_ABSENT = re.compile(
    r"(?i)\bon (?:vacation|holiday|annual leave|leave|parental leave|maternity leave|sick leave)|\bout of (?:the |my )?office|\baway from (?:the|my) (?:office|desk)"
    r"|limited access to (?:my )?e-?mail|will be read when I return|no longer (?:works?|working|with|employed)|has left the (?:company|university|organi[sz]ation)"
    r"|\bim urlaub|nicht im (?:büro|haus)|\babwesend|nicht mehr (?:bei|für|im unternehmen)|absente? (?:du|de|jusqu)|en (?:vacances|congés?)\b|ne travaille plus"
    r"|de vacaciones|fuera de la oficina|in ferie\b|fuori (?:ufficio|sede)|de férias|op vakantie|niet (?:op|meer) (?:kantoor|werkzaam)|на отпуск|в отпуске|不在|休暇|休假"
)
_UNSUBSCRIBE = re.compile(
    r"(?i)^\s*(?:(?:re|aw|fwd?)\s*:\s*)*(?:please )?(?:unsubscribe\b|un-subscribe\b|remove (?:me|from)\b|opt[- ]?out\b|leave list\b|signoff\b"
    r"|abmelde\w*\b|abbestell\w*\b|austragen\b|d(?:é|e)sabonne\w*\b|d(?:é|e)sinscri\w*\b|me d(?:é|e)sabonner\b|darse de baja\b|cancelar suscripci)"
)
_BEGINNING = 2_000  # signs; below stands what was answered
_ROBOT_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-autoresponse",
    "x-auto-reply-from",
    "x-vacation",
)


def is_autoreply(message: Part) -> bool:
    """Whether a machine has answered for a person (RFC 3834 §5, and what was written before it)."""
    headers = message.headers
    submitted = headers.get("auto-submitted").partition(";")[0].strip().lower()
    return (
        submitted.startswith("auto-replied")
        or any(headers.get(name) for name in _ROBOT_HEADERS)
        or headers.get("precedence").strip().lower() in ("auto_reply", "auto-reply")
        or headers.get("x-precedence").strip().lower() in ("auto_reply", "auto-reply")
        or bool(_SUBJECT.match(headers.get("subject")))
        or any(part.media_type == "message/disposition-notification" for part in message.walk())
    )  # fmt: skip


def tells_of_absence(message: Part, text: str) -> bool:
    """Whether a message that no person sent (RFC 3834 §5, or a Precedence as of old) says that somebody is away or gone."""
    submitted = message.headers.get("auto-submitted").partition(";")[0].strip().lower()
    is_mass = message.headers.get("precedence").strip().lower() in ("bulk", "junk", "list")
    said = f"{message.headers.get('subject')}\n{text[:_BEGINNING]}"
    return (is_mass or submitted not in ("", "no")) and _ABSENT.search(said) is not None


def is_unsubscribe(message: Part, text: str) -> bool:
    """Whether a person, or their mail program by the mailto of List-Unsubscribe (RFC 2369 §3.2), asks to be taken off."""
    if _UNSUBSCRIBE.match(message.headers.get("subject")):
        return True
    own_words = [line for line in text.split("\n") if line.strip() and not line.startswith(">")][:3]
    return len(own_words) == 1 and bool(_UNSUBSCRIBE.match(own_words[0])) and len(own_words[0]) < 40
