"""What the columns about a person's will to be mailed say; the worst of them counts."""

from collections.abc import Mapping
from typing import Any

from subscribers.candidate import Candidate, Setter, Unusable, clean_text, set_attribute
from subscribers.standing import FALSE, NEVER, STANDINGS, Standing, reason_of, standing_of

LETTERS: Mapping[str, str] = {
    "C": "confirmed", "S": "not confirmed", "U": "unsubscribed", "B": "bounced", "P": "complained",
}  # fmt: skip
NO_MAIL = frozenset({"nomail", "no email", "no mail", "none", "don't send email updates"})
LONGEST_CODE = 3  # of a part of a country: OK, NSW


def status(candidate: Candidate, _name: str, value: Any) -> None:
    """A status in a word of any product.

    Raises:
        Unusable: the word is not known.
    """
    word = clean_text(value)
    said = standing_of(word) if word else Standing.SUBSCRIBED
    if said is None:
        message = f"has the status {word[:40]!r}, which is not known"
        raise Unusable(message)
    candidate.has_status = candidate.has_status or bool(word)
    _judge(candidate, said, word)


def place(candidate: Candidate, name: str, value: Any) -> None:
    """`State` beside a city or a country: a part of a country; a status where it is a word for one, as `Unsubscribed`."""
    word = clean_text(value)
    said = STANDINGS.get(word.casefold()) if len(word) > LONGEST_CODE else None
    if said is None:
        set_attribute(candidate, name, value)
    else:
        _judge(candidate, said, word)


def status_letter(candidate: Candidate, name: str, value: Any) -> None:
    """A status in one letter, as the Newsletter Plugin of WordPress writes it."""
    status(candidate, name, LETTERS.get(clean_text(value), value))


def reception(candidate: Candidate, _name: str, value: Any) -> None:
    """Sympa's and Google's: who is on the list and has switched its mail off gets none."""
    _judge(candidate, Standing.UNSUBSCRIBED if clean_text(value).casefold() in NO_MAIL else Standing.SUBSCRIBED, "")


def lists(candidate: Candidate, _name: str, value: Any) -> None:
    """The lists of listmonk's API: who has left all of them is out, and who has confirmed none is not in yet.

    A list without double opt-in leaves its people unconfirmed, and mails them.
    """
    each = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    states = {
        "confirmed" if state == "unconfirmed" and one.get("optin") == "single" else state
        for one in each
        if (state := one.get("subscription_status"))
    }
    if states == {"unsubscribed"}:
        _judge(candidate, Standing.UNSUBSCRIBED, "")
    elif states and "confirmed" not in states:
        _judge(candidate, Standing.UNCONFIRMED, "")


def yes(if_not: Standing) -> Setter:
    """A column that is true where all is well; where false, `if_not` is meant."""

    def read(candidate: Candidate, _name: str, value: Any) -> None:
        word = clean_text(value).casefold()
        _judge(candidate, if_not if word in FALSE else standing_of(word) or Standing.SUBSCRIBED, word)

    return read


def no(if_so: Standing, reason: str = "") -> Setter:
    """A column that is empty or false where all is well; whatever else it holds, yes or a time, `if_so` is meant."""

    def read(candidate: Candidate, _name: str, value: Any) -> None:
        word = clean_text(value).casefold()
        _judge(candidate, if_so if word and word not in NEVER else Standing.SUBSCRIBED, reason)

    return read


WANTED = yes(Standing.UNSUBSCRIBED)
"""The answer to whether somebody wants to be mailed."""


def _judge(candidate: Candidate, said: Standing, word: str) -> None:
    if said == Standing.SUPPRESSED:
        candidate.reason = reason_of(word)
    candidate.standing = max(candidate.standing, said)
