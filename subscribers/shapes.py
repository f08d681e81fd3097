"""The shapes that well-known products export, and the plan by which the rows of a file are read.

A shape is told by its columns. It names what only that product means by a column; the rest is `columns.py`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from mailer.base.errors import WrongInput
from subscribers.attributes import Kind
from subscribers.candidate import Candidate, Setter
from subscribers.columns import OWNERS, plain, roles_of, shown
from subscribers.delimited import Record
from subscribers.rows import read_row, setter_for
from subscribers.standing import Standing


@dataclass(frozen=True, slots=True)
class Shape:
    """A product's export.

    Args:
        told_by: columns (plain) that only it has, all of them.
        roles: what its columns mean, where that differs from what the name says.
        keeps: where not None, every other column without a role is dropped.
        by_file_name: a part of the file's name -> the standing of everyone in it.
    """

    name: str
    told_by: frozenset[str]
    roles: Mapping[str, str] = field(default_factory=dict)
    keeps: frozenset[str] | None = None
    by_file_name: tuple[tuple[str, Standing], ...] = ()


def _ignored(names: str) -> dict[str, str]:
    return dict.fromkeys((name.strip() for name in names.split(",")), "ignore")


_PRIVATE_BUT = frozenset({"organization name", "organization title", "company", "job title", "department"})
_PRIVATE_BUT_DE = frozenset({"firma", "position", "abteilung"})
SHAPES = (
    Shape("mailer", frozenset({"email", "status", "audiences", "attributes"}), {"created at": "created_at"}),
    Shape(
        "Mailchimp",
        frozenset({"leid"}),  # the other columns are called as the audience's fields are
        _ignored(
            "member rating, optin ip, confirm ip, latitude, longitude, gmtoff, dstoff, cc,"
            " region, last changed, leid, euid, unsub campaign title, unsub campaign id, unsub reason, unsub reason other,"
            " clean campaign title, clean campaign id"
        ),
        by_file_name=(
            ("nonsubscribed", Standing.UNCONFIRMED),
            ("transactional", Standing.UNCONFIRMED),
            ("unsubscribed", Standing.UNSUBSCRIBED),
            ("cleaned", Standing.SUPPRESSED),
        ),
    ),
    Shape("listmonk", frozenset({"email", "name", "attributes"})),
    Shape("listmonk", frozenset({"email", "attribs", "lists"}), {"lists": "lists"}),
    *(
        Shape("Ghost", frozenset({"email", only}), _ignored("complimentary plan, stripe customer id, tiers"))
        for only in ("subscribed to emails", "complimentary plan")
    ),
    Shape(
        "Substack",
        frozenset({"email", "active subscription"}),
        _ignored(
            "active subscription, expiry, plan, digest enabled, first payment at, stripe customer id, stripe plan, type"
        ),
    ),
    Shape(
        "Substack",
        frozenset({"email", "subscription type", "emails received (6mo)"}),
        _ignored(
            "stripe plan, cancel date, start date, paid upgrade date, bestseller, emails received (6mo), subscription type,"
            " activity, revenue, last email open, last clicked at"
        ),
        frozenset({"country", "state/province"}),  # the rest counts what somebody opened and read
    ),
    Shape(
        "Substack",
        frozenset({"email", "subscription type", "subscription date"}),
        {},
        frozenset({"subscriber country"}),
    ),
    Shape(
        "Brevo",
        frozenset({"contact id", "email", "sms"}),
        _ignored("contact id, whatsapp, sms, landline number, ext id, added time, modified time"),
    ),
    Shape(
        "Mailman",
        frozenset({"address", "display name"}),
        {"address": "email", "role": "status"}
        | _ignored(
            "delivery mode, moderation action, list id, self link, http etag, subscription mode, user, bounce score"
        ),
    ),
    Shape("Mailman", frozenset({"email", "display name", "delivery mode"}), {"role": "status"}, frozenset()),
    Shape("Sympa", frozenset({"email", "gecos", "reception"}), {"reception": "reception"}, frozenset()),
    Shape(
        "Newsletter",  # the plugin of WordPress
        frozenset({"email", "status", "token"}),
        {"status": "status_letter"} | _ignored("token, date"),
    ),
    Shape(
        "Google Groups",
        frozenset({"email address", "group status", "nickname"}),
        {"nickname": "name", "group status": "status", "email status": "status", "email preference": "reception"},
        frozenset(),
    ),
    Shape(
        "Buttondown",
        frozenset({"email", "subscriber type", "metadata"}),
        {"subscriber type": "status", "metadata": "attributes"}
        | _ignored("creation date, source, avatar url, referrer url, utm campaign, utm medium, utm source"),
    ),
    Shape(
        "Buttondown",
        frozenset({"email address", "type", "metadata"}),
        {"type": "status", "metadata": "attributes"}
        | _ignored("creation date, source, notes, avatar url, referrer url, utm campaign, utm medium, utm source"),
    ),
    Shape("Google", frozenset({"e mail 1 value"}), {"organization name": "attribute"}, _PRIVATE_BUT),
    Shape("Outlook", frozenset({"e mail address", "e mail display name"}), {}, _PRIVATE_BUT),
    Shape("Outlook", frozenset({"e mail address", "business phone"}), {}, _PRIVATE_BUT),
    Shape("Outlook", frozenset({"e mail address", "e mail 2 address"}), {}, _PRIVATE_BUT),
    Shape("Outlook", frozenset({"e mail adresse", "e mail typ"}), {}, _PRIVATE_BUT | _PRIVATE_BUT_DE),
    Shape("Outlook", frozenset({"e mail adresse", "e mail adresse 2"}), {}, _PRIVATE_BUT | _PRIVATE_BUT_DE),
    Shape("Outlook", frozenset({"adresse e mail", "adresse e mail 2"}), {}, _PRIVATE_BUT | {"société", "service"}),
    Shape(
        "Outlook", frozenset({"adresse de messagerie", "type de messagerie"}), {}, _PRIVATE_BUT | {"société", "service"}
    ),
    Shape(
        "Outlook",
        frozenset({"indirizzo posta elettronica", "tipo posta elettronica"}),
        {},
        _PRIVATE_BUT | {"società", "reparto", "posizione"},
    ),
    Shape(
        "Outlook",
        frozenset({"dirección de correo electrónico", "tipo de correo electrónico"}),
        {},
        _PRIVATE_BUT | {"organización", "departamento", "puesto", "cargo"},
    ),
    Shape("Outlook", frozenset({"e mailadres", "e mailtype"}), {}, _PRIVATE_BUT | {"bedrijf", "afdeling", "functie"}),
    Shape("Thunderbird", frozenset({"primary email", "secondary email"}), {}, _PRIVATE_BUT | {"organization"}),
    Shape(
        "Thunderbird",
        frozenset({"primäre e mail adresse", "sekundäre e mail adresse"}),
        {},
        _PRIVATE_BUT | {"organisation", "abteilung", "arbeitstitel"},
    ),
    Shape(
        "Thunderbird",
        frozenset({"adresse électronique principale", "adresse électronique secondaire"}),
        {},
        _PRIVATE_BUT | {"société", "service", "fonction"},
    ),
    Shape(
        "Thunderbird",
        frozenset({"email primaria", "email secondaria"}),
        {},
        _PRIVATE_BUT | {"organizzazione", "reparto", "qualifica"},
    ),
    Shape("Keila", frozenset({"email", "first name", "last name", "status"})),
)
PLAIN = Shape("", frozenset())
WILLS = frozenset({"reception", "status_letter", "lists"})  # ways of saying a status
SYMPA = Shape("Sympa", frozenset(), {"reception": "reception"}, frozenset())


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows under some columns are read.

    Args:
        shape: the product's name; empty where no shape was recognised.
        roles: what each column is taken for, and the column; every one that speaks of the will is a `status`.
    """

    shape: str
    roles: tuple[tuple[str, str], ...]
    standing: Standing
    setters: tuple[tuple[int, Setter, str], ...]

    def candidate(self, record: Record) -> Candidate | str:
        """The person of a row, or why the row cannot be used."""
        return read_row(self.setters, record, self.standing)


def _told(role: str, name: str, column: str) -> str:
    """What a person is told of a role."""
    if role == "attribute" and name != column:
        return f"attributes.{name}"
    return "status" if role[0] in "+-" or role in WILLS else "attribute" if role == "place" else role


def plan_for(
    columns: Sequence[str],
    mapping: Mapping[str, str],
    file_name: str,
    *,
    kind: str = "",
    declared: Mapping[str, Kind] = MappingProxyType({}),
    addressed: str = "",
) -> Plan:
    """How to read the rows under these columns.

    Args:
        addressed: the column that holds addresses, should none be called so.
        declared: the types of attributes, into which values are read.

    Raises:
        WrongInput: no column holds addresses, or the mapping names one that is not there.
    """
    present = frozenset(map(plain, columns))
    shape = SYMPA if kind == "sympa" else next((shape for shape in SHAPES if shape.told_by <= present), PLAIN)
    mapped = frozenset(map(plain, mapping))
    roles = []
    for (role, name), column in zip(roles_of(columns, mapping), map(plain, columns), strict=True):
        if column in mapped:
            roles.append((role, name))
        elif column in shape.roles:
            roles.append((shape.roles[column], name))
        elif role in ("attribute", "place") and shape.keeps is not None and column not in shape.keeps:
            roles.append(("ignore", name))
        else:
            roles.append((role, name))
    if kind == "sympa":  # `subscribed 1` tells that nobody else subscribed them, not that they want mail
        roles = [("ignore", name) if role.startswith("+") else (role, name) for role, name in roles]
    if not any(role == "email" for role, _ in roles):
        holders = (OWNERS | {plain(addressed)}) - mapped if addressed else OWNERS - mapped
        roles = [("email" if plain(name) in holders else role, name) for role, name in roles]
    if not any(role == "email" for role, _ in roles):
        raise WrongInput(
            f"no column holds addresses; there are: {shown(columns)}", do="say which one: --map COLUMN=email"
        )
    by_name = (standing for part, standing in shape.by_file_name if part in file_name.casefold())
    setters = tuple(
        (index, setter_for(role, name, declared), name) for index, (role, name) in enumerate(roles) if role != "ignore"
    )
    told = tuple((_told(role, name, column), column) for (role, name), column in zip(roles, columns, strict=True))
    return Plan(shape.name, told, next(by_name, Standing.SUBSCRIBED), setters)
