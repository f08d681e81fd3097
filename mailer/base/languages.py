"""The languages of the subscriber's pages and notices: gettext catalogues (PO), read with Babel; nothing is compiled.

`messages.pot` names every phrase (`msgctxt`) and holds its English (`msgid`). A language is a file such as `es.po` beside it
or in a workspace's own `templates/languages`, which is asked first: it may add a language, or say one sentence otherwise.
"""

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po
from babel.numbers import format_decimal
from babel.support import Translations

from mailer.base.errors import NotAllowed, WrongInput
from mailer.base.settings import templates_dir

ENGLISH = "en"
BRITISH = Locale("en", "GB")
"""English without a country writes its dates as this one."""
FOLDER = "languages"
SOURCE = "messages.pot"
MOST_WISHES = 20


@dataclass(frozen=True, slots=True)
class Language:
    """One language: `language["leave_title"]` is a phrase; what is not translated is English.

    `locale` may be a country's: it writes dates and numbers, `code` is the catalogue.
    """

    code: str
    locale: Locale
    translations: NullTranslations

    def __getitem__(self, key: str) -> str:
        return self.translations.pgettext(key, _source()[key][0])

    def many(self, key: str, count: int) -> str:
        """A phrase that counts, in the plural form that the language has for this number."""
        phrase = self.translations.npgettext(key, *_source()[key], count)
        return phrase.format(count=format_decimal(count, locale=self.locale))

    def day(self, day: date) -> str:
        """A date in words, such as `14 October 2026`."""
        return format_date(day, "long", self.locale)

    def listed(self, names: Sequence[str]) -> str:
        """`a, b and c`."""
        return format_list(list(names), locale=self.locale) if names else ""

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return "rtl" if self.locale.character_order == "right-to-left" else "ltr"

    @property
    def own_name(self) -> str:
        """What its speakers call it."""
        name = Locale.parse(self.code, sep="-").get_display_name() or self.code
        return name[:1].upper() + name[1:]


class Languages:
    """The languages that a workspace speaks, read once.

    Args:
        overrides: the workspace's own `templates` folder.

    Raises:
        WrongInput: a catalogue cannot be used; it says which, where and why.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        self._known = {ENGLISH: Language(ENGLISH, BRITISH, NullTranslations())}
        for folder in (templates_dir(), *((overrides,) if overrides else ())):
            for path in sorted((folder / FOLDER).glob("*.po")):
                self._add(path)

    def _add(self, path: Path) -> None:
        code, locale = path.stem.replace("_", "-"), locale_of(path.stem, place=str(path))
        translations = _compiled(path)
        # What is read later is asked first, and falls back on what was there.
        before = self._known.get(code) or self._known.get(locale.language)
        if before is not None:
            translations.add_fallback(before.translations)
        self._known[code] = Language(code, BRITISH if code == ENGLISH else locale, translations)

    @property
    def codes(self) -> tuple[str, ...]:
        """The languages as `lang` attributes name them, English first."""
        return tuple(self._known)

    @property
    def offered(self) -> tuple[Language, ...]:
        """All of them, English first."""
        return tuple(self._known.values())

    def best(self, *wishes: str) -> Language:
        """The first that is spoken here of what somebody wishes, else English.

        Args:
            wishes: codes, or headers of the form `de-CH, fr;q=0.8` (RFC 9110 §12.5.4); earlier ones win.
        """
        for wish in wishes:
            for tag in _tags(wish):
                found = self._known.get(tag) or self._known.get(tag.partition("-")[0])
                if found is not None:
                    return replace(found, locale=_local(tag, found.locale))
        return self._known[ENGLISH]


def locale_of(code: str, *, place: str = "") -> Locale:
    """What Babel knows of a language.

    Raises:
        WrongInput: it knows none of that name.
    """
    try:
        return Locale.parse(code.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        message = f"{code!r} is no language"
        raise WrongInput(message, do="use a code such as es, pt_BR or zh_Hans", place=place) from error


def new_catalogue(overrides: Path, code: str) -> Path:
    """Write a catalogue with every phrase in English and room for the translation, into a workspace's folder.

    Raises:
        WrongInput: there is no such language.
        NotAllowed: there is one already.
    """
    locale = locale_of(code)
    path = overrides / FOLDER / f"{code.replace('-', '_')}.po"
    if path.exists():
        raise NotAllowed(f"{path} exists already", do="edit it")
    catalogue = Catalog(
        locale=locale, fuzzy=False, header_comment=f"# {locale.english_name}: the subscriber's pages and notices."
    )
    for message in _read(templates_dir() / FOLDER / SOURCE):
        if message.id:
            catalogue.add(message.id, context=message.context, auto_comments=message.auto_comments)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=110)
    return path


def missing(path: Path) -> tuple[str, ...]:
    """The phrases that a catalogue does not translate, or of which the English has changed since."""
    done = {
        message.context: _forms(message.id)[0]
        for message in _read(path)
        if all(_forms(message.string)) and not message.fuzzy
    }
    return tuple(key for key, (english, _) in _source().items() if done.get(key) != english)


@lru_cache(maxsize=1)
def _source() -> Mapping[str, tuple[str, str]]:
    """Each phrase's English, one and many."""
    found = {}
    for message in _read(templates_dir() / FOLDER / SOURCE):
        if message.id:
            one, *many = _forms(message.id)
            found[str(message.context)] = (one, "".join(many))
    return found


def _read(path: Path) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, locale=None if path.name == SOURCE else locale_of(path.stem), abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise WrongInput(str(error), do="mend the file, for example with Poedit", place=str(path)) from error


def _compiled(path: Path) -> Translations:
    catalogue = _read(path)
    for message in catalogue:
        allowed = {name for text in _forms(message.id) for name in _fields(text)}
        for text in _forms(message.string):
            wrong = [name for name in _fields(text) if name not in allowed]
            if message.id and wrong:
                raise WrongInput(
                    f"the translation of {message.context} holds {{{wrong[0]}}}",
                    do=f"use {', '.join(f'{{{name}}}' for name in sorted(allowed)) or 'no field in braces'}",
                    place=f"{path}:{message.lineno or 0}",
                )
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def _forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """The forms of a phrase that counts, or the only one of another."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def _fields(text: str) -> Iterator[str]:
    """The names in braces; a brace that opens nothing is told as a name that nobody allows."""
    try:
        for _, name, form, conversion in string.Formatter().parse(text):
            if name is not None:
                yield name if not form and not conversion else f"{name}!{conversion}:{form}"
    except ValueError:
        yield text


def _tags(wish: str) -> list[str]:
    """The tags of a header, the most wished for first."""
    found = []
    for part in wish[:300].split(",")[:MOST_WISHES]:
        tag, _, quality = part.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if tag.strip() and weight > 0:
            found.append((-weight, tag.strip()))
    return [_canonical(tag) for _, tag in sorted(found, key=lambda one: one[0])]


def _canonical(tag: str) -> str:
    """`pt_br` is written `pt-BR` (RFC 5646 §2.1.1)."""
    language, *rest = tag.replace("_", "-").split("-")
    return "-".join([language.lower(), *(part.upper() if len(part) == 2 else part.title() for part in rest)])


def _local(tag: str, fallback: Locale) -> Locale:
    """The locale of a tag where Babel knows it: Austria has its own January."""
    if "-" not in tag:
        return fallback
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return fallback
