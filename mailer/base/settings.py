"""Settings: frozen, read once from `mailer.toml`, `secrets.toml` and `MAILER_SECTION_KEY`; the environment wins.

A wrong one stops the start with its name, its value (a secret is never shown) and what is allowed.
"""

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic.networks import IPvAnyNetwork
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from mailer.base.errors import WrongInput
from mailer.base.notation import Duration, rates_by_domain, split_list
from mailer.base.relay_url import RelaySettings, read_relay_urls

PREFIX = "MAILER_"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PLACEHOLDER_DOMAINS = ("example.org", "example.com", "example.net", "example")


class Section(BaseModel):
    """One section of `mailer.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class DatabaseSection(Section):
    """Where everything is kept."""

    url: str = Field(default="", description="sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME")

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            message = "sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
            raise ValueError(message)
        return value


class BrokerSection(Section):
    """The queue: empty or `embedded` is in this process, else Celery over Redis."""

    url: str = Field(default="", description="embedded, redis://…, rediss://… or sentinel://…")

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        if value in ("", "embedded"):
            return ""
        if not value.startswith(("redis://", "rediss://", "sentinel://")) or not urlsplit(value).netloc:
            message = "embedded, redis://HOST:PORT/N, rediss://… or sentinel://…"
            raise ValueError(message)
        return value


class SmtpSection(Section):
    """The relays that take our mail onward."""

    url: str = Field(
        default="mailbox:", description="mailbox:, smtp://USER:PASSWORD@HOST:587 or smtps://…; several by blanks"
    )

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        read_relay_urls(value)
        return value

    @property
    def relays(self) -> tuple[RelaySettings, ...]:
        """The relays, in order; none means the local mailbox."""
        return read_relay_urls(self.url)


class BaseSection(Section):
    """The public address that stands in every link."""

    url: str = Field(default="", description="https://news.example.org; unset: the address really bound")
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(split_list)] = Field(
        default=(ip_network("127.0.0.1"), ip_network("::1")), description="whose X-Forwarded-For is believed"
    )

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
            message = "an http(s) address without query, such as https://news.example.org"
            raise ValueError(message)
        return value.rstrip("/")


class SecretSection(Section):
    """The keys that sign links and hash erased addresses, newest first."""

    keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split_list)] = Field(
        default=(), description="newest first"
    )

    @field_validator("keys")
    @classmethod
    def _long(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < 16 for key in value):
            message = "keys of at least 16 characters, separated by commas"
            raise ValueError(message)
        return value


class LogSection(Section):
    """How this process tells what it does."""

    format: Literal["console", "json"] = "console"


class SenderSection(Section):
    """Who writes."""

    from_: str = Field(default="newsletter@example.org", alias="from", description="the From address")
    name: str = "Newsletter"
    postal_address: str = Field(
        default="Postal address, as the law asks", description="shown in the foot of every letter"
    )
    reply_to: str = ""
    zone: str = Field(default="Europe/London", description="the manager's IANA zone")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = "an IANA zone such as Europe/London"
            raise ValueError(message) from error
        return value

    @field_validator("from_")
    @classmethod
    def _has_domain(cls, value: str) -> str:
        local, _, domain = value.rpartition("@")
        if not local or not domain or any(sign in value for sign in " <>\r\n,"):
            message = "a bare address such as newsletter@example.org"
            raise ValueError(message)
        return value


class BounceSection(Section):
    """Where bounces come back."""

    address: str = Field(default="", description="the envelope sender's base address; VERP adds to its local part")
    url: str = Field(default="", description="imap://…, pop3://… or maildir:PATH, read by `mailer feedback poll`")


class JoinSection(Section):
    """How people join."""

    remind_after: Duration = Field(default=timedelta(0), description="when to ask a second and last time; 0: never")


class DkimSection(Section):
    """The signature of our domain."""

    domain: str = ""
    selector: str = ""
    key_file: str = ""


class ReleaseSection(Section):
    """What stands between the send button and the first message."""

    cooling_off: Duration = Field(default=timedelta(minutes=5), description="how long a release can be recalled")
    canary: int = Field(default=0, ge=0, description="size of the first wave; 0 is off")
    canary_wait: Duration = Field(
        default=timedelta(minutes=30), description="how long after the first wave's last message it is judged"
    )
    canary_bounces: float = Field(default=0.05, ge=0, le=1, description="the part of it that may bounce")
    canary_complaints: float = Field(default=0.003, ge=0, le=1, description="the part of it that may complain")
    uncertain: Literal["resend", "leave"] = Field(
        default="resend", description="what becomes of those whose answer was lost, unless a campaign says otherwise"
    )
    grace: Duration = Field(default=timedelta(hours=6), description="a time missed by more waits for a decision")


class PrivacySection(Section):
    """What is measured."""

    tracking: Literal["off", "counts", "persons"] = "off"


class RetentionSection(Section):
    """How long what is no longer needed is kept; 0 is for ever. Looked at once an hour."""

    sign_ups: Duration = Field(default=timedelta(days=90), description="people who signed up and never confirmed")
    deliveries: Duration = Field(default=timedelta(0), description="whom messages went to; the counts stay")
    audit: Duration = Field(default=timedelta(0), description="lines of the audit log")


class LimitsSection(Section):
    """Bounds."""

    batch: int = Field(default=500, ge=1, le=10_000, description="deliveries in a batch")
    group: int = Field(default=500, ge=1, le=1_000, description="deliveries taken, and results written, in one commit")
    letter_bytes: int = Field(default=95 * 1024, ge=10_000, description="budget of a letter's HTML")
    deadline: Duration = Field(default=timedelta(hours=48), description="how long a deferred message is tried again")
    api: int = Field(default=600, ge=1, description="calls a minute of each API token, in each web process")


class PaceSection(Section):
    """How fast a recipient domain is given its mail."""

    learns: bool = Field(default=True, description="whether a domain that defers us gets it more slowly")
    domains: Annotated[dict[str, float], NoDecode, BeforeValidator(rates_by_domain)] = Field(
        default={}, description="messages a second at most, by domain: gmail.com=20 yahoo.com=5"
    )


class Settings(BaseSettings):
    """Everything that can be set, in sections; `home` is the workspace."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    home: Path
    database: DatabaseSection = DatabaseSection()
    broker: BrokerSection = BrokerSection()
    smtp: SmtpSection = SmtpSection()
    base: BaseSection = BaseSection()
    secret: SecretSection = SecretSection()
    log: LogSection = LogSection()
    sender: SenderSection = SenderSection()
    bounce: BounceSection = BounceSection()
    join: JoinSection = JoinSection()
    dkim: DkimSection = DkimSection()
    release: ReleaseSection = ReleaseSection()
    privacy: PrivacySection = PrivacySection()
    limits: LimitsSection = LimitsSection()
    pace: PaceSection = PaceSection()
    retention: RetentionSection = RetentionSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What `read_settings` has gathered is all there is: it reads the environment itself, with its secret files."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def database_url(self) -> str:
        """The database's address; the workspace's own SQLite file by default."""
        return self.database.url or f"sqlite:///{self.home / 'mailer.db'}"

    @property
    def is_embedded(self) -> bool:
        """Whether the queue lives in this process."""
        return not self.broker.url

    def refuse_placeholders(self, base_url: str) -> None:
        """Let placeholders send to the local mailbox and to loopback only.

        Raises:
            WrongInput: a relay in the world, and a placeholder sender or a base address that is not https.
        """
        if all(relay.host in LOOPBACK for relay in self.smtp.relays):
            return
        domain = self.sender.from_.rpartition("@")[2].lower()
        if domain in PLACEHOLDER_DOMAINS:
            raise WrongInput(
                f"{self.sender.from_} is a placeholder",
                do="set [sender] from to your own address",
                place="MAILER_SENDER_FROM",
            )
        if not base_url.startswith("https://"):
            raise WrongInput(
                f"{base_url} is not https", do="set the public https address of the web part", place="MAILER_BASE_URL"
            )


def read_settings(home: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a workspace.

    Raises:
        WrongInput: a file cannot be read, or a setting is wrong: its name, its value, what is allowed.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    for name in ("mailer.toml", "secrets.toml"):
        _merge(given, _read_toml(home / name))
    _merge(given, _from_secret_files(environ))
    _merge(given, _from_environment(environ))
    sections = {key: value for key, value in given.items() if key in Settings.model_fields}
    unknown = sorted(given.keys() - sections.keys())
    if unknown:
        known = ", ".join(sorted(Settings.model_fields.keys() - {"home"}))
        raise WrongInput(
            f"there is no section [{unknown[0]}]", do=f"use one of {known}", place=str(home / "mailer.toml")
        )
    try:
        return Settings(**{**sections, "home": home})
    except ValidationError as error:
        raise _wrong_setting(error, sections, environ) from error


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongInput(str(error), do="mend the file", place=str(path)) from error
    except OSError as error:
        raise WrongInput(f"cannot be read: {error.strerror}", do="check the file's rights", place=str(path)) from error


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            into[key] = {**into[key], **value}
        else:
            into[key] = value


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """`MAILER_SECTION_KEY`; an empty value is none."""
    found: dict[str, Any] = {}
    for name, value in environ.items():
        section, _, key = name.removeprefix(PREFIX).lower().partition("_")
        is_secret_file = name.endswith("_FILE") and name != "MAILER_DKIM_KEY_FILE"
        is_section = section in Settings.model_fields and section != "home" and key
        if name.startswith(PREFIX) and value and is_section and not is_secret_file:
            _merge(found, {section: {key: value}})
    return found


def _from_secret_files(environ: Mapping[str, str]) -> dict[str, Any]:
    """`MAILER_SECTION_KEY_FILE` names a file that holds the value of `MAILER_SECTION_KEY`."""
    found: dict[str, Any] = {}
    for name, path in environ.items():
        if not (name.startswith(PREFIX) and name.endswith("_FILE") and path) or name == "MAILER_DKIM_KEY_FILE":
            continue
        section, _, key = name.removeprefix(PREFIX).removesuffix("_FILE").lower().partition("_")
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongInput(
                f"{path} cannot be read: {error}", do="name a readable file that holds the value", place=name
            ) from error
        _merge(found, {section: {key: value}})
    return found


def _wrong_setting(error: ValidationError, sections: Mapping[str, Any], environ: Mapping[str, str]) -> WrongInput:
    """The first wrong setting, by the name under which it was given."""
    first = error.errors(include_url=False, include_context=True)[0]
    path = [str(part) for part in first["loc"]]
    section, key = path[0], path[1].removesuffix("_") if len(path) > 1 else ""
    variable = f"{PREFIX}{section}_{key}".upper().rstrip("_")
    given = environ.get(variable)
    of_file = sections.get(section, {}) if isinstance(sections.get(section), dict) else {}
    value = given if given is not None else of_file.get(key, "")
    place = variable if given is not None else f"{variable} ([{section}] {key} in mailer.toml)"
    shown = "•••" if section in ("secret", "database", "broker", "smtp") and _holds_secret(str(value)) else repr(value)
    if first["type"] == "extra_forbidden":
        return WrongInput(
            "there is no such setting", do=f"see the keys of [{section}] in the documentation", place=place
        )
    allowed = first["msg"].removeprefix("Value error, ")
    return WrongInput(f"{shown} is not allowed", do=f"allowed: {allowed}", place=place)


def _holds_secret(value: str) -> bool:
    return "@" in value or ("//" not in value and value != "mailbox:")


def templates_dir() -> Path:
    """The folder `templates/`, in a checkout and in an installed wheel alike."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parent / "templates"
