"""How a person stands to being mailed, and the words for it that other products write."""

import re
from datetime import UTC, datetime
from enum import IntEnum
from unicodedata import normalize


class Standing(IntEnum):
    """From free to be mailed to never to be mailed; of two, the worse (the greater) counts."""

    SUBSCRIBED = 0
    PAUSED = 1
    UNCONFIRMED = 2
    UNSUBSCRIBED = 3
    SUPPRESSED = 4


# A pause of which nobody says when it ends: until the person ends it.
NO_END = datetime(9999, 1, 1, tzinfo=UTC)

_WORDS = {
    Standing.SUBSCRIBED: """
        subscribed, active, enabled, confirmed, member, regular, mail, optin, opted in, opt in, subscriber, verified, valid,
        ok, deliverable, double opt in, current, soft bounced, soft bounce, owner, manager, express, explicit, implied,
        premium, gifted, trialed, free, paid, unpaid, past due, churning, churned, granted, consented, marketing contact,
        aktiv, angemeldet, abonniert, bestätigt, eingetragen, zugestimmt,
        actif, active, abonné, abonnée, inscrit, inscrite, confirmé, confirmée,
        activo, suscrito, confirmado, attivo, iscritto, confermato, actief, ingeschreven, bevestigd,
        aangemeld, ativo, inscrito, aktywny, aktywna, zapisany, zapisana, prenumerant, tilmeldt, påmeldt, подписан, подписана""",
    Standing.PAUSED: "paused, suspended, vacation, on hold, snoozed",
    Standing.UNCONFIRMED: """
        unconfirmed, pending, unverified, transactional, nonsubscribed, non subscribed, not subscribed, never subscribed,
        inactive, awaiting confirmation, not confirmed, opt in pending, new, waiting, invited, not verified, unknown, validating,
        needs attention, unactivated, no permission set, not set, upcoming, non marketing contact,
        pending confirmation, no consent, kein einverständnis, keine einwilligung, pas de consentement,
        unbestätigt, nicht bestätigt, ausstehend, inaktiv, eingeladen, neu,
        en attente, non confirmé, non confirmée, inactif, invité, pendiente, inactivo, in attesa, in afwachting,
        inactief, inativo, nieaktywny, nieaktywna""",
    Standing.UNSUBSCRIBED: """
        unsubscribed, unsubscribe, optout, opted out, opt out, disabled, removed, deleted, archived, left, cancelled,
        canceled, by user, by moderator, nomail, nonmember, signed off, declined, withdrawn, excluded, denied,
        revoked, no email, no mail, temporary hold,
        abgemeldet, abbestellt, ausgetragen, gekündigt, gelöscht, deaktiviert, widerrufen,
        désabonné, désabonnée, désinscrit, désinscrite, supprimé, supprimée, désactivé,
        dado de baja, baja, cancelado, desuscrito, disiscritto, cancellato, disattivato, uitgeschreven, afgemeld,
        descadastrado, descadastrada, wypisany, wypisana, avregistrerad, avslutad, frameldt, avmeldt, отписан, отписана,
        отписался, отписалась""",
    Standing.SUPPRESSED: """
        suppressed, cleaned, bounced, bounce, unreachable, invalid, undeliverable, not deliverable, undelivered, by bounces,
        blocklisted, blacklisted, blocked, block, banned, complained, complaint, complainer, complainers, spam complainers, spam, spam complaint,
        spam complained, spam report, spamreport, marked as spam, reported, abuse, abused, junk, hard bounced, hard bounce,
        hardbounce, hardbounced, do not contact, do not mail, do not email, dead, failed, erased, bouncing,
        spammy, malformed, removed by provider, confirmed bounces,
        gesperrt, blockiert, unzustellbar, beschwerde, bloqué, bloquée, rebond, indésirable, plainte,
        bloqueado, rebotado, bloccato, geblokkeerd""",
}
_REPLY = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")  # a mail server's enhanced status (RFC 3463), in a list of bounces
STANDINGS = {word.strip(): standing for standing, words in _WORDS.items() for word in words.split(",")}

FALSE = frozenset(
    {
        "false",
        "no",
        "0",
        "n",
        "f",
        "off",
        "nein",
        "non",
        "falsch",
        "faux",
        "never",
        "none",
        "null",
        "-",
        "[]",
        "{}",
        "falso",
        "não",
        "nao",
        "nee",
        "nej",
        "nei",
        "nie",
        "нет",
        "いいえ",
    }
)
# What a column for the time of something holds where it never was, as MySQL, pandas and spreadsheets write it.
NEVER = FALSE | {"0000-00-00", "0000-00-00 00:00:00", "n/a", "#n/a", "na", "nan", "nat", "nil"}
TRUE = frozenset(
    {
        "true",
        "yes",
        "1",
        "y",
        "t",
        "on",
        "ja",
        "oui",
        "wahr",
        "vrai",
        "x",
        "sí",
        "si",
        "sì",
        "vero",
        "verdadero",
        "verdadeiro",
        "sim",
        "tak",
        "waar",
        "да",
        "はい",
    }
)


def standing_of(word: str) -> Standing | None:
    """The standing that a status column's word means; None for a word that nobody knows."""
    word = " ".join(normalize("NFC", word).casefold().replace("_", " ").replace("-", " ").removesuffix("(e)").split())
    if _REPLY.fullmatch(word):
        return Standing.SUPPRESSED if word.startswith("5") else Standing.SUBSCRIBED
    if word in TRUE:
        return Standing.SUBSCRIBED
    if word in FALSE:
        return Standing.UNSUBSCRIBED
    return STANDINGS.get(word)


def reason_of(word: str) -> str:
    """Why a suppressed one is: `bounce`, `complaint` or `import`."""
    word = word.casefold()
    if _REPLY.fullmatch(word):
        return "bounce"
    if any(part in word for part in ("spam", "compl", "abuse", "junk", "report", "beschwer", "plainte", "indésir")):
        return "complaint"
    if any(
        part in word
        for part in ("bounc", "clean", "unreach", "invalid", "deliver", "dead", "fail", "zustell", "rebo", "malform")
    ):
        return "bounce"
    return "import"
