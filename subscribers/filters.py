"""The filter language of segments -> an SQL condition; text becomes parameters, never SQL."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, not_, or_

from mailer.base.errors import WrongInput
from subscribers.attributes import Kind, listed
from subscribers.filter_fields import SIGNS, Field, Unasked, attribute, fields

LIMIT = 2_000  # signs of a filter
DEPTH = 50  # of parentheses
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>[!=<>]+|[(),])
      | (?P<word>[^\s"'=<>!(),]+(?:(?<=\.)"(?:[^"\\]|\\.)*")?)
    )""",
    re.VERBOSE,
)
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
"""What no text of a database holds: NUL, and halves of signs, as come from an argument that is not UTF-8."""
_CHAIN = 100  # values of a list in one OR: SQLite reads 1,000 in a chain, and has no other bound
_PREFIX = "attributes."
_RESERVED = ("and", "or", "not", "empty")
"""A filter goes on with these: as a value they need quotes. `is` and `in` do not, for they are languages too."""
_NEEDS_QUOTES = re.compile(r"[*;|“”„«»]|^[‘‚]")
"""What is hardly meant as it stands in a word: patterns, ends of lines, and the quotes that text processors make."""
_AGO = {"day": 1, "days": 1, "week": 7, "weeks": 7, "month": 30, "months": 30, "year": 365, "years": 365}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a sign or a quoted text, and where it stands (from 1)."""

    kind: str
    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Known:
    """What a filter can name: the attributes that are declared, with their types, and the slugs of all audiences."""

    attributes: Mapping[str, Kind]
    audiences: Collection[str]


def condition(
    text: str, *, known: Known, now: datetime, more: Mapping[str, Field] | None = None
) -> ColumnElement[bool]:
    """The condition over people that a filter says.

    Args:
        now: what `30 days ago` counts from.
        more: fields that other parts lend, such as engagement.

    Raises:
        WrongInput: it cannot be understood; the place is `filter:COLUMN`.
    """
    if len(text) > LIMIT:
        raise WrongInput(f"has more than {LIMIT} signs", do="make it shorter", place="filter")
    unusable = _UNUSABLE.search(text)
    if unusable:
        raise _refusal(Token("", unusable[0], unusable.start() + 1), "is no sign of a text")
    return _Parser(_tokens(text), known, {**fields(now, known.audiences), **(more or {})}, now).whole()


def attributes_named(text: str) -> set[str]:
    """The attributes that a filter names; a value that is written like one counts too."""
    words = (token.text for token in _tokens(text) if token.kind == "word")
    return {_name_of(word) for word in words if word.lower().startswith(_PREFIX)}


def _tokens(text: str) -> list[Token]:
    tokens, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise _refusal(Token("", text[start : start + 1], start + 1), "cannot stand here; is a quote open?")
        kind = str(match.lastgroup)
        written = match[kind]
        tokens.append(Token(kind, written, match.start(kind) + 1))
        at = match.end()
    tokens.append(Token("end", "", end + 1))
    return tokens


class _Parser:
    """Recursive descent: or, and, not, parentheses, comparisons."""

    def __init__(self, tokens: list[Token], known: Known, fields: Mapping[str, Field], now: datetime) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.now = now
        self.attributes = known.attributes
        self.fields = fields

    def whole(self) -> ColumnElement[bool]:
        found = self.alternatives()
        if self.peek.kind != "end":
            raise _refusal(self.peek, "is not expected here; join conditions by `and` or `or`")
        return found

    @property
    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.peek
        self.at += token.kind != "end"
        return token

    def took(self, *words: str) -> bool:
        """Take the next token if it is one of these words or signs."""
        is_it = self.peek.kind in ("word", "sign") and self.peek.text.lower() in words
        self.at += is_it
        return is_it

    def alternatives(self) -> ColumnElement[bool]:
        found = [self.conjunction()]
        while self.took("or"):
            found.append(self.conjunction())
        return or_(*found) if len(found) > 1 else found[0]

    def conjunction(self) -> ColumnElement[bool]:
        found = [self.one()]
        while self.took("and"):
            found.append(self.one())
        return and_(*found) if len(found) > 1 else found[0]

    def one(self) -> ColumnElement[bool]:
        self.depth += 1
        if self.depth > DEPTH:
            raise _refusal(self.peek, "stands too deep")
        if self.took("not"):
            # What is not known (an attribute nobody set) is not so: NOT must not let NULL through as neither.
            found = not_(func.coalesce(self.one(), False))
        elif self.took("("):
            found = self.alternatives()
            if not self.took(")"):
                raise _refusal(self.peek, "is not expected here; a parenthesis is open")
        else:
            found = self.comparison()
        self.depth -= 1
        return found

    def comparison(self) -> ColumnElement[bool]:
        field = self.take()
        if field.kind != "word":
            raise _refusal(field, "is no field")
        meaning = self.meaning(field)
        sign = self.take()
        word = sign.text.lower()
        if word in SIGNS or word in ("!=", "contains"):
            return self.say(meaning, word, self.value(), asked=sign)
        if word in ("starts", "ends"):
            if not self.took("with"):
                raise _refusal(self.peek, f"is not expected here; say `{word} with`")
            return self.say(meaning, word, self.value(), asked=sign)
        if word == "is":
            is_not = self.took("not")
            if not self.took("empty"):
                why = "is not expected here; say `is empty` or `is not empty`, or compare by = or !="
                raise _refusal(self.peek, why)
            empty = self.say(meaning, "empty", sign, asked=sign)
            return not_(empty) if is_not else empty
        if word == "in":
            return self.listed(meaning, sign)
        if word == "not":
            raise _refusal(sign, f"is not expected here; it stands before the field: `not {field.text} …`")
        raise _refusal(sign, "is no comparison; use = != < <= > >= contains, starts with, ends with, in (…), is empty")

    def listed(self, meaning: Field, sign: Token) -> ColumnElement[bool]:
        if not self.took("("):
            raise _refusal(self.peek, "is not expected here; `in` takes a list in parentheses")
        found = [self.say(meaning, "=", self.value(), asked=sign)]
        while self.took(","):
            found.append(self.say(meaning, "=", self.value(), asked=sign))
        if not self.took(")"):
            raise _refusal(self.peek, "is not expected here; the list is open")
        if len(found) == 1:
            return found[0]
        parts = [found[first : first + _CHAIN] for first in range(0, len(found), _CHAIN)]
        return or_(*(func.coalesce(or_(*part), False) for part in parts))

    def value(self) -> Token:
        token = self.take()
        if token.kind == "text":
            return Token("text", re.sub(r"\\(.)", r"\1", token.text[1:-1]), token.column)
        if token.kind != "word":
            raise _refusal(token, "is no value; a text with blanks or signs needs quotes")
        if token.text.isdecimal() and self.peek.text.lower() in _AGO:
            unit = self.take().text
            if not self.took("ago"):
                raise _refusal(self.peek, f"is not expected here; say `{token.text} {unit} ago`")
            try:
                moment = self.now - timedelta(days=int(token.text) * _AGO[unit.lower()])
            except OverflowError as error:
                raise _refusal(token, "is too long ago") from error
            return Token("text", moment.isoformat(), token.column)
        if token.text.lower() in _RESERVED:
            raise _refusal(token, f'is a word of filters; as a value it needs quotes: "{token.text}"')
        if _NEEDS_QUOTES.search(token.text):
            raise _refusal(token, 'is no plain word; a text with such signs needs straight quotes: "…"')
        return token

    def meaning(self, field: Token) -> Field:
        name = field.text.lower()
        if name in self.fields:
            return self.fields[name]
        if name.startswith(_PREFIX) and len(name) > len(_PREFIX):
            wanted = _name_of(field.text)
            if wanted not in self.attributes:
                raise _refusal(field, f"is no attribute that is declared; use one of {listed(self.attributes)}")
            return attribute(wanted, self.attributes[wanted])
        if field.text in self.attributes:
            raise _refusal(field, f"is an attribute; say `{_PREFIX}{field.text}`")
        raise _refusal(field, f"is no field; use one of {', '.join(self.fields)}, or attributes.NAME")

    @staticmethod
    def say(meaning: Field, sign: str, value: Token, *, asked: Token) -> ColumnElement[bool]:
        try:
            if sign == "!=":  # of everybody of whom `=` does not hold, those too of whom nothing is known
                return not_(func.coalesce(meaning("=", value.text), False))
            return meaning(sign, value.text)
        except Unasked as error:
            raise _refusal(asked, str(error)) from error
        except ValueError as error:
            raise _refusal(value, str(error)) from error


def _name_of(word: str) -> str:
    """The attribute's name of `attributes.NAME` or `attributes."Job title"`."""
    return word[len(_PREFIX) :].strip('"')


def _refusal(token: Token, why: str) -> WrongInput:
    shown = repr(token.text) if token.text else "the end"
    return WrongInput(f"{shown} {why}", do="correct the filter", place=f"filter:{token.column}")
