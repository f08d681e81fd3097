"""Settings: frozen, read once from `mailer.toml`, `secrets.toml` and `MAILER_SECTION_KEY`; the environment wins.

A wrong one stops the start with its name, its value (a secret is never shown) and what is allowed.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mailer.base.errors import WrongInput
from mailer.base.sections import (
    BaseSection,
    BounceSection,
    BrokerSection,
    DatabaseSection,
    DkimSection,
    JoinSection,
    LetterSection,
    LimitsSection,
    LogSection,
    PaceSection,
    PrivacySection,
    ReleaseSection,
    RetentionSection,
    SecretSection,
    SenderSection,
    SmtpSection,
)

PREFIX = "MAILER_"
SECRET_SECTIONS = ("secret", "database", "broker", "smtp", "bounce")
"""Their addresses can hold a password."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PLACEHOLDER_DOMAINS = ("example.org", "example.com", "example.net", "example")


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
    letter: LetterSection = LetterSection()
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
        if self.sender.domain in PLACEHOLDER_DOMAINS:
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


def leave_environment() -> None:
    """Let nothing that is set around this process hold for the workspaces that it opens from now on."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]


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
    shown = "•••" if section in SECRET_SECTIONS and _holds_secret(str(value)) else repr(value)
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
