"""What the columns of a file mean: the names that many products and languages give to the same field."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from mailer.base.errors import WrongInput
from subscribers.addresses import HIDDEN

# What a column can be mapped to; anything else is the name of an attribute.
FIELDS = (
    "email", "name", "first_name", "last_name", "language", "zone", "status", "subscribed", "unsubscribed", "tags", "audiences",
    "attributes", "paused_until", "consented_at", "created_at", "ignore",
)  # fmt: skip
# Columns of yes and no, which in a column of statuses mean the contrary for one of the two.
_ANSWERS = {"subscribed": "+unsubscribed", "unsubscribed": "-unsubscribed"}

_EMAIL = re.compile(
    r"(?:(?:primary|secondary|additional|subscriber|user|contact|work|home|personal|member|customer|your|recipient|primäre|sekundäre) )?"
    r"e ?mail(?: (?:(?:address|adress|adresse)(?: \d)?|id|value|primary|primaria|secondaria|\d(?: (?:value|address|adresse))?|\d? ?value))?"
)
_NAMES: dict[str, str] = {
    "email": "emailaddress mail emails e-mails adresse~e~mail adresse~mail adresse~email courriel correo"
    " correo~electronico correo~electrónico e~mailadres emailadres adres~e~mail adres~email e~post epost e~postadress"
    " sähköposti indirizzo~email indirizzo~e~mail indirizzo~mail endereço~de~email メールアドレス メール 电子邮件 邮箱"
    " e~mail~adresse emailadresse mailadresse mail~address endereco~de~email эл~почта"
    " adresse~de~messagerie adresse~électronique adresse~electronique dirección~de~correo~electrónico"
    " direccion~de~correo~electronico indirizzo~di~posta~elettronica indirizzo~posta~elettronica adres~email"
    " adresse~électronique~principale adresse~électronique~secondaire",
    "name": "name full~name fullname display~name displayname gecos real~name realname subscriber~name your~name"
    " vollständiger~name nom~complet nombre~completo nome~completo namn naam contact~name 名前 氏名"
    " anzeigename nom~à~afficher nome~visualizzato ihr~name dein~name votre~nom nume",
    "first_name": "first~name firstname fname given~name givenname forename vorname prénom prenom nombre voornaam förnamn"
    " fornavn imię nome first prenume",
    "last_name": "last~name lastname lname surname family~name familyname nachname familienname nom nom~de~famille apellido"
    " apellidos achternaam efternamn etternavn nazwisko cognome last",
    "language": "language lang locale sprache langue idioma lingua taal preferred~language preferredlocale",
    "zone": "timezone time~zone zone contact~timezone zeitzone",
    "status": "status state subscription~status subscriber~status subscriber~state email~status email~marketing~status"
    " email~permission~status contact~status delivery~status marketing~status list~status member~status statut estado"
    " email~subscription~status global~status email~marketing~consent stato état~de~l’abonnement marketing~contact~status"
    " email~permission~status permission~status stop~status subscribe~type"
    " can2~subscription~status",
    "tags": "tags labels tag label étiquettes schlagworte group~membership groups",
    "audiences": "audiences",
    "attributes": "attributes attribs data custom~data",
    "paused_until": "paused~until",
    "consented_at": "consented~at consent~date consent~time date~of~consent confirm~time confirmed~at confirmation~date"
    " confirmed~on optin~time optin~date opt~in~date opt~in~time opted~in~at opted~in~on date~opted~in double~optin~date"
    " subscribed~at subscribed~on subscribe~date date~subscribed signup~date signed~up~at timestamp~opt einwilligungsdatum"
    " anmeldedatum bestätigt~am angemeldet~am date~d'inscription date~d’inscription date~de~consentement",
    # true is as it should be, false is a reason not to mail
    "+unsubscribed": "subscribed subscribed~to~emails accepts~marketing accepts~email~marketing email~subscribed"
    " email~opt~in email~optin newsletter~subscribed is~subscribed is~active active enabled mailing receive~emails"
    " newsletter newsletter~abonniert consent marketing~consent email~consent gdpr~consent einwilligung consentement"
    " boletin boletín infolettre lettre~d’information nieuwsbrief rundbrief activated aktiviert module~sys~dmail~newsletter"
    " aktiv actif activo attivo actief abonniert angemeldet inscrit suscrito"
    " aangemeld ingeschreven inscrito zapisany subskrypcja prenumererar tilmeldt påmeldt подписан подписка 購読",
    "+unconfirmed": "opt~in optin opted~in double~opt~in confirmed is~confirmed verified email~verified",
    # anything but false and nothing is a reason not to mail: yes, or when it happened
    "-unsubscribed": "unsubscribed unsub~time unsubscribed~at unsubscribed~on unsubscribe~date unsubscribed~date email~disabled"
    " opted~out opt~out optout email~opt~out has~opted~out~of~email hasoptedoutofemail deleted~at unsub~date"
    " date~unsubscribed optout~time opt~out~date emails~disabled unsubscribed~from~all~email deactivated deactivated~at"
    " disabled hidden excluded~from~campaigns confirmed~opt~out emailstop deleted stop~time no~bulk~emails"
    " abgemeldet abgemeldet~am abmeldedatum ausgetreten ausgetreten~am ausgetragen ausgetragen~am deaktiviert deaktiviert~am widerrufen widerrufen~am"
    " désabonné désabonné~le désinscrit désinscrit~le date~de~désabonnement date~de~désinscription"
    " baja fecha~de~baja disiscritto data~disiscrizione data~di~disiscrizione"
    " afgemeld afgemeld~op afmelddatum uitgeschreven uitgeschreven~op descadastrado descadastrado~em wypisany data~wypisania"
    " avregistrerad avslutad frameldt avmeldt отписан отписался отписка 購読解除",
    "-unconfirmed": "opt~in~pending",
    "-bounced": "clean~time cleaned~at bounced bounced~at hard~bounced hardbounced bounce~date hard~bounce on~hold"
    " hardbounce unzustellbar npai rebond"
    " email~address~quarantined quarantined email~is~bad email1~is~bad",
    "-complained": "complained complained~at spam~complaint marked~as~spam complaint~date spam spam~complaining"
    " beschwerde plainte",
    "-blocklisted": "suppression~reason blacklist blocklist blacklisted blocklisted email~blacklisted email~blacklist email~blocklist suppressed blocked banned"
    " do~not~email do~not~contact do~not~mail email~suppressions emails~blacklisted emails~blocklisted",
    "-paused": "suspend suspended",
    # what a newsletter has no use for, or has no business to keep
    "ignore": "kontakt~id id~contact id uuid ip ip~address line reason public~id email~type created~at updated~at"
    " contact~id record~id subscriber~id klaviyo~id uniqid euid leid inserted~at optin~ip confirm~ip ip~addresses",
}  # fmt: skip
# What stands around the word for a person's will: `IsUnsubscribed`, `Email subscriber status`, `Person - Opt-out`.
_AROUND_WILL = re.compile(
    r"^(?:is|has|was|e ?mail|subscriber|contact|member|person|newsletter) |(?: home| work| other| c| \(.*\)| ?\?)$"
)
_WHEN_OR_WHY = re.compile(r" (?:date|time|timestamp|at|on|reason)$")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
# What holds the addresses in a file where no column says so.
OWNERS = frozenset({
    "subscriber", "subscribers", "recipient", "recipients", "abonnent", "abonnenten", "empfänger", "abonné", "abonnés",
    "destinataire", "suscriptor", "iscritto",
})  # fmt: skip
# Beside one of these, `state` may be a part of a country.
_PLACES = frozenset({"country", "city", "town", "zip", "zip code", "postal code", "postcode", "street", "address"})
ROLES: dict[str, str] = {
    name.replace("~", " ").replace("-", " "): role for role, names in _NAMES.items() for name in names.split()
}


def plain(column: str) -> str:
    """A column's name without case, underscores, hyphens, signs of being required, and signs that nobody sees."""
    if not column.isascii():
        column = unicodedata.normalize("NFKC", column.translate(HIDDEN))
    return " ".join(re.sub(r"[_\-*:]+", " ", column).casefold().split())


def is_email_column(column: str) -> bool:
    """Whether a column of this name holds addresses."""
    name = plain(column)
    numbered = name[:-2] if name[-2:-1] == " " and name[-1:].isdigit() else name  # an address book's second and third
    return ROLES.get(numbered) == "email" or _EMAIL.fullmatch(name) is not None


def role_of(column: str) -> str:
    """What a column is by its name; `attribute` where nothing is known of it."""
    if is_email_column(column):
        return "email"
    name = plain(column)
    if name.startswith(("opted out of email", "unsubscribed from email")):  # HubSpot has one for each kind of mail
        return "-unsubscribed"
    if (
        name.endswith("?")
        and "newsletter" in name
        and not re.search("unsub|leave|stop|abmeld|abbestell|désa|désin", name)
    ):
        return "+unsubscribed"  # the question of a form
    if not column:
        return "ignore"
    return ROLES.get(name) or _will_of(column) or "attribute"


def _will_of(column: str) -> str:
    """The role of a column that speaks of the will in more words than one of ours; empty where it does not.

    A time or a reason tells that something ended, but not that it holds.
    """
    name, longer = plain(_HUMP.sub(" ", column)), ""
    while name != longer:
        role = ROLES.get(name, "")
        if role[:1] in ("+", "-") or (role == "status" and name != "state"):
            return role
        name, longer = _AROUND_WILL.sub("", name, count=1), name
    role = ROLES.get(_WHEN_OR_WHY.sub("", name), "")
    return role if role.startswith("-") else ""


def roles_of(columns: Sequence[str], mapping: Mapping[str, str]) -> list[tuple[str, str]]:
    """For each column its role and, where it is an attribute, that one's name; `mapping` (column -> field) is obeyed first.

    Raises:
        WrongInput: the mapping names a column that is not there.
    """
    given = {plain(column): field for column, field in mapping.items()}
    missing = [column for column in mapping if plain(column) not in map(plain, columns)]
    if missing:
        raise WrongInput(f"there is no column {missing[0]!r}", do=f"map one of {shown(columns)}")
    mapped_email = "email" in given.values()
    is_place = not _PLACES.isdisjoint(map(plain, columns))
    roles = []
    for column in columns:
        field = given.get(plain(column))
        if field is None:
            role = "place" if is_place and plain(column) == "state" else role_of(column)
            # Who says which column holds the address means that one only.
            roles.append(("ignore" if role == "email" and mapped_email else role, column))
        elif field in FIELDS:
            roles.append((_ANSWERS.get(field, field), column))
        else:
            roles.append(("attribute", field.removeprefix("attributes.")))
    return _with_surname(roles, columns)


def shown(columns: Sequence[str]) -> str:
    """Columns as they are named to a person."""
    names = (column if len(column) <= 60 else f"{column[:60]}…" for column in columns[:30])
    return ", ".join(name or "(no name)" for name in names) + (", …" if len(columns) > 30 else "")


def _with_surname(roles: list[tuple[str, str]], columns: Sequence[str]) -> list[tuple[str, str]]:
    """Beside a column `Vorname` or `Prénom` alone, one called `Name` is the surname."""
    kinds = {role for role, _ in roles}
    local_first = {"vorname", "prénom", "prenom", "förnamn", "voornaam", "imię", "fornavn"}
    if "last_name" not in kinds and local_first & set(map(plain, columns)):
        return [("last_name", column) if role == "name" else (role, column) for role, column in roles]
    if {"first_name", "last_name"} <= kinds or kinds.isdisjoint({"last_name"}):
        return roles
    # Portuguese and Italian `nome` beside `sobrenome`, French `nom` alone: one column is the whole name.
    only = "last_name" if "first_name" not in kinds else "first_name"
    return [("name", column) if role == only and "name" not in kinds else (role, column) for role, column in roles]
