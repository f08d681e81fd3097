"""The sections of `mailer.toml`: what can be set in each, what it is by default, and what is allowed."""

import re
from datetime import timedelta
from ipaddress import ip_network
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator
from pydantic.networks import IPvAnyNetwork
from pydantic_settings import NoDecode

from mailer.base.bounce_url import BounceBox, read_bounce_url
from mailer.base.broker_url import ALLOWED as ALLOWED_BROKERS
from mailer.base.broker_url import read_broker_url
from mailer.base.domain_names import ascii_domain
from mailer.base.errors import WrongInput
from mailer.base.notation import Duration, names_a_host, rates_by_domain, split_list
from mailer.base.relay_url import RelaySettings, read_relay_urls

_LABELS = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


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

    url: str = Field(default="", description=ALLOWED_BROKERS)

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        return value if read_broker_url(value).url else ""


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
        if value and (
            not value.startswith(("http://", "https://")) or not names_a_host(value) or set(value) & set("?#")
        ):
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

    @property
    def domain(self) -> str:
        """The domain of the From address, as the DNS knows it."""
        return ascii_domain(self.from_.rpartition("@")[2].lower())

    @field_validator("from_")
    @classmethod
    def _has_domain(cls, value: str) -> str:
        return _bare_address(value)


def _bare_address(value: str) -> str:
    local, _, domain = value.rpartition("@")
    message = "a bare address such as newsletter@example.org"
    if not local or not domain or any(sign in value for sign in " <>\r\n,"):
        raise ValueError(message)
    try:
        ascii_domain(domain)  # as it will be written in every message
    except WrongInput as error:
        raise ValueError(message) from error
    return value


class BounceSection(Section):
    """Where bounces come back."""

    address: str = Field(default="", description="the envelope sender's base address; VERP adds to its local part")
    url: str = Field(
        default="",
        description="the mailbox where they arrive: imap://USER:PASSWORD@HOST:143/FOLDER, imaps://…, pop3://…, pop3s://… or maildir:PATH",
    )
    every: Duration = Field(
        default=timedelta(minutes=5), description="how often the mailbox is read; 0: by `mailer feedback poll` only"
    )

    @field_validator("address")
    @classmethod
    def _has_domain(cls, value: str) -> str:
        return _bare_address(value) if value else ""

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        read_bounce_url(value)
        return value

    @property
    def box(self) -> BounceBox | None:
        """The mailbox; None where none is set."""
        return read_bounce_url(self.url)


class JoinSection(Section):
    """How people join."""

    remind_after: Duration = Field(default=timedelta(0), description="when to ask a second and last time; 0: never")


class DkimSection(Section):
    """The signature of our domain."""

    domain: str = Field(default="", description="that of the keys; unset: the one of the From address")
    selector: str = Field(default="", description="under which each key is published; several by blanks")
    key_file: str = Field(default="", description="the private key of each selector; several by blanks")

    @field_validator("domain")
    @classmethod
    def _in_the_dns(cls, value: str) -> str:
        if not value:
            return ""
        return _dns_name(value.removesuffix(".").lower(), "a domain such as news.example.org")

    @field_validator("selector")
    @classmethod
    def _below_a_domain(cls, value: str) -> str:
        return " ".join(_dns_name(each, "selectors such as mailer1-rsa, separated by blanks") for each in value.split())


def _dns_name(value: str, allowed: str) -> str:
    """The name in ASCII, as each signature writes it: without a sign that would end its tag (RFC 6376 §3.5)."""
    try:
        name = ascii_domain(value)
    except WrongInput as error:
        raise ValueError(allowed) from error
    if not _LABELS.fullmatch(name):
        raise ValueError(allowed)
    return name


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


class LetterSection(Section):
    """What letters are made like."""

    pictures: Literal["embed", "host"] = Field(
        default="embed",
        description="embed: in the message, up to 1 MB in all; host: at the public address, fetched when read",
    )


class PrivacySection(Section):
    """What is measured."""

    tracking: Literal["off", "counts", "persons"] = Field(
        default="off", description="kept for later: nothing is measured yet, whatever stands here"
    )


class RetentionSection(Section):
    """How long what is no longer needed is kept; 0 is for ever. Looked at when work begins, and once an hour."""

    sign_ups: Duration = Field(default=timedelta(days=90), description="people who signed up and never confirmed")
    deliveries: Duration = Field(default=timedelta(0), description="whom messages went to; the counts stay")
    audit: Duration = Field(default=timedelta(0), description="lines of the audit log")

    @field_validator("sign_ups")
    @classmethod
    def _outlives_the_link(cls, value: timedelta) -> timedelta:
        return _at_least(timedelta(days=30), value, why="so long the link in the mail holds")

    @field_validator("deliveries")
    @classmethod
    def _outlives_bounces(cls, value: timedelta) -> timedelta:
        return _at_least(timedelta(days=7), value, why="so long messages come back")  # RFC 5321 §4.5.4.1: 4 to 5 days


def _at_least(least: timedelta, value: timedelta, *, why: str) -> timedelta:
    if timedelta(0) < value < least:
        message = f"0, or at least {least.days} d: {why}"
        raise ValueError(message)
    return value


class LimitsSection(Section):
    """Bounds."""

    batch: int = Field(default=2000, ge=1, le=10_000, description="deliveries in a batch")
    group: int = Field(default=1000, ge=1, le=5_000, description="deliveries taken, and results written, in one commit")
    letter_bytes: int = Field(default=95 * 1024, ge=10_000, description="budget of a letter's HTML")
    deadline: Duration = Field(default=timedelta(hours=48), description="how long a deferred message is tried again")
    api: int = Field(default=600, ge=1, description="calls a minute of each API token, in each web process")


class PaceSection(Section):
    """How fast a recipient domain is given its mail."""

    learns: bool = Field(default=True, description="whether a domain that defers us gets it more slowly")
    domains: Annotated[dict[str, float], NoDecode, BeforeValidator(rates_by_domain)] = Field(
        default={}, description="messages a second at most, by domain: gmail.com=20 yahoo.com=5"
    )
