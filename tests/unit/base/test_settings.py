"""Settings: three sources, one order, and a clear line for whatever is wrong."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.relay_url import RelaySettings, read_relay_urls
from mailer.base.settings import Settings, read_settings, templates_dir

KEY, OLDER = "k" * 32, "o" * 32


def _read(home: Path, toml: str = "", secrets: str = "", environ: Mapping[str, str] | None = None) -> Settings:
    if toml:
        (home / "mailer.toml").write_text(toml, encoding="utf-8")
    if secrets:
        (home / "secrets.toml").write_text(secrets, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (environ or {}).items():
            patch.setenv(name, value)
        return read_settings(home)


def _refusal(home: Path, toml: str = "", environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(WrongInput) as refused:
        _read(home, toml, environ=environ)
    return str(refused.value)


def test_an_empty_workspace_has_the_defaults_of_the_contract(tmp_path: Path) -> None:
    settings = _read(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/mailer.db"
    assert settings.is_embedded
    assert settings.smtp.relays == ()
    assert settings.log.format == "console"
    assert settings.release.grace == timedelta(hours=6)
    assert settings.base.url == ""


def test_the_environment_wins_over_the_files_key_by_key(tmp_path: Path) -> None:
    toml = '[sender]\nfrom = "file@x.test"\nname = "File"\n[release]\ncooling_off = "90 s"\n'
    environ = {"MAILER_SENDER_FROM": "env@x.test", "MAILER_RELEASE_COOLING_OFF": "2 h", "MAILER_LOG_FORMAT": "json"}
    settings = _read(tmp_path, toml, environ=environ)
    assert (settings.sender.from_, settings.sender.name) == ("env@x.test", "File")
    assert settings.release.cooling_off == timedelta(hours=2)
    assert settings.log.format == "json"


def test_secrets_lie_in_a_file_of_their_own(tmp_path: Path) -> None:
    settings = _read(tmp_path, secrets=f'[secret]\nkeys = ["{KEY}", "{OLDER}"]\n')
    assert [key.get_secret_value() for key in settings.secret.keys] == [KEY, OLDER]


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    settings = _read(tmp_path, environ={"MAILER_SECRET_KEYS": f"{KEY}, {OLDER}"})
    assert len(settings.secret.keys) == 2
    assert KEY not in repr(settings)
    assert OLDER not in str(settings.model_dump())


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = _refusal(tmp_path, environ={"MAILER_DATABASE_URL_FILE": str(tmp_path / "gone")})
    assert said.startswith("MAILER_DATABASE_URL_FILE: ")
    assert str(tmp_path / "gone") in said


@pytest.mark.parametrize(
    ("name", "value", "shown", "allowed"),
    [
        ("MAILER_DATABASE_URL", "mysql://root:hunter2@db/x", "•••", "postgresql+psycopg://"),
        ("MAILER_BROKER_URL", "amqp://guest:hunter2@mq", "•••", "redis://"),
        ("MAILER_SMTP_URL", "smtp://u:hunter2@host/path", "•••", "mailbox:"),
        ("MAILER_SMTP_URL", "carrier-pigeon", "•••", "smtps://"),
        ("MAILER_BOUNCE_URL", "imap://u:hunter2@host?speed=9", "•••", "maildir:PATH"),
        ("MAILER_SECRET_KEYS", "hunter2", "•••", "16 characters"),
        ("MAILER_BASE_URL", "news.example.org", "'news.example.org'", "https://news.example.org"),
        ("MAILER_LOG_FORMAT", "xml", "'xml'", "'console' or 'json'"),
        ("MAILER_SENDER_ZONE", "Mars/Olympus", "'Mars/Olympus'", "IANA zone"),
        ("MAILER_SENDER_FROM", "Ada <ada@x.test>", "'Ada <ada@x.test>'", "bare address"),
        ("MAILER_RELEASE_COOLING_OFF", "soon", "'soon'", "90 s, 5 min, 6 h or 2 d"),
        ("MAILER_RELEASE_CANARY", "-1", "'-1'", "greater than or equal to 0"),
        ("MAILER_PRIVACY_TRACKING", "everything", "'everything'", "'off', 'counts' or 'persons'"),
        ("MAILER_PACE_DOMAINS", "gmail.com", "'gmail.com'", "gmail.com=20"),
        ("MAILER_PACE_DOMAINS", "gmail.com=0", "'gmail.com=0'", "rates above 0"),
        ("MAILER_PACE_DOMAINS", "@gmail.com=5", "'@gmail.com=5'", "by domain"),
        ("MAILER_DKIM_DOMAIN", "news..example.org", "'news..example.org'", "a domain such as"),
        ("MAILER_DKIM_DOMAIN", "news.example.org; s=x", "'news.example.org; s=x'", "a domain such as"),
        ("MAILER_DKIM_DOMAIN", "a" * 64 + ".org", "'" + "a" * 64 + ".org'", "a domain such as"),
        ("MAILER_DKIM_SELECTOR", "rsa, ed25519", "'rsa, ed25519'", "selectors such as mailer1-rsa"),
        ("MAILER_DKIM_SELECTOR", "x." + "ä" * 60, "'x." + "ä" * 60 + "'", "selectors such as mailer1-rsa"),
        ("MAILER_PACE_LEARNS", "perhaps", "'perhaps'", "boolean"),
        ("MAILER_LIMITS_BATCH", "0", "'0'", "greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_what_is_allowed(
    tmp_path: Path, name: str, value: str, shown: str, allowed: str
) -> None:
    said = _refusal(tmp_path, environ={name: value})
    assert said.startswith(f"{name}: {shown} is not allowed")
    assert allowed in said
    assert "hunter2" not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[sender\n", "mailer.toml: "),
        ("[sendre]\nname = 1\n", "there is no section [sendre]; use one of base, bounce, broker"),
        ('[sender]\nnmae = "x"\n', "MAILER_SENDER_NMAE ([sender] nmae in mailer.toml): there is no such setting"),
        ('[log]\nformat = "xml"\n', "MAILER_LOG_FORMAT ([log] format in mailer.toml): 'xml' is not allowed"),
    ],
)
def test_a_wrong_line_of_the_file_is_named(tmp_path: Path, toml: str, said: str) -> None:
    assert said in _refusal(tmp_path, toml)


@pytest.mark.parametrize(
    ("domain", "kept"), [("zürich.example.org.", "xn--zrich-kva.example.org"), ("News.Example.org", "news.example.org")]
)
def test_what_signatures_name_is_kept_as_the_dns_has_it(tmp_path: Path, domain: str, kept: str) -> None:
    read = _read(tmp_path, f'[dkim]\ndomain = "{domain}"\nselector = "s_1.news  Mailer1-rsa"\n')
    assert read.dkim.domain == kept
    assert read.dkim.selector == "s_1.news Mailer1-rsa"


@pytest.mark.parametrize("value", ["90 s", "90", "1.5 min", "0 s", "6h", "2 d", "5min"])
def test_a_duration_is_a_number_and_a_unit(tmp_path: Path, value: str) -> None:
    expected = {"90 s": 90, "90": 90, "1.5 min": 90, "0 s": 0, "6h": 21600, "2 d": 172800, "5min": 300}[value]
    settings = _read(tmp_path, environ={"MAILER_RELEASE_GRACE": value})
    assert settings.release.grace == timedelta(seconds=expected)


@pytest.mark.parametrize(
    "toml",
    ['"999999 d"', f'"{"9" * 400} d"', "-60", '"-60 s"', "99999999999", '"2 weeks"', '"² d"'],
    ids=lambda toml: toml[:12],
)
def test_a_time_before_now_or_beyond_all_calendars_is_no_duration(tmp_path: Path, toml: str) -> None:
    assert "MAILER_RETENTION_AUDIT" in _refusal(tmp_path, f"[retention]\naudit = {toml}\n")


@pytest.mark.parametrize("name", ["MAILER_SENDER_FROM", "MAILER_BOUNCE_ADDRESS"])
@pytest.mark.parametrize(
    "address", ["news@a..b", f"news@{'ä' * 63}.de", "news", "News <news@x.test>"], ids=["dots", "long", "word", "named"]
)
def test_an_address_that_no_message_could_carry_is_refused_at_the_start(
    tmp_path: Path, name: str, address: str
) -> None:
    said = _refusal(tmp_path, environ={name: address})
    assert said.startswith(f"{name}: ")
    assert "allowed: a bare address" in said


@pytest.mark.parametrize(
    ("toml", "environ"),
    [
        ('[pace.domains]\n"Gmail.com" = 20\n"yahoo.com" = 0.5\n', {}),
        ("", {"MAILER_PACE_DOMAINS": "gmail.com=20, yahoo.com=.5"}),
    ],
)
def test_the_pace_of_domains_is_a_table(tmp_path: Path, toml: str, environ: Mapping[str, str]) -> None:
    assert _read(tmp_path, toml, environ=environ).pace.domains == {"gmail.com": 20, "yahoo.com": 0.5}


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = _read(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        settings.sender = settings.sender


def test_the_broker_embedded_is_the_default_by_name(tmp_path: Path) -> None:
    assert _read(tmp_path, environ={"MAILER_BROKER_URL": "embedded"}).is_embedded
    assert not _read(tmp_path, environ={"MAILER_BROKER_URL": "redis://h:6379/0"}).is_embedded


@pytest.mark.parametrize(
    ("environ", "base_url", "place"),
    [
        ({"MAILER_SMTP_URL": "smtp://relay.x.test"}, "https://n.x.test", "MAILER_SENDER_FROM"),
        (
            {"MAILER_SMTP_URL": "smtp://relay.x.test", "MAILER_SENDER_FROM": "n@x.test"},
            "http://n.x.test",
            "MAILER_BASE_URL",
        ),
    ],
)
def test_placeholders_do_not_leave_the_machine(
    tmp_path: Path, environ: Mapping[str, str], base_url: str, place: str
) -> None:
    with pytest.raises(WrongInput) as refused:
        _read(tmp_path, environ=environ).refuse_placeholders(base_url)
    assert refused.value.place == place


@pytest.mark.parametrize("url", ["mailbox:", "smtp://127.0.0.1:2525?starttls=no", "smtp://localhost"])
def test_placeholders_may_send_to_this_machine(tmp_path: Path, url: str) -> None:
    settings = _read(tmp_path, environ={"MAILER_SMTP_URL": url})

    settings.refuse_placeholders("http://127.0.0.1:8000")

    assert settings.sender.from_.endswith("@example.org"), "it was a placeholder that was let pass"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://h", RelaySettings("h", 587, "starttls")),
        ("smtps://h", RelaySettings("h", 465, "tls")),
        ("smtp://h?rate=0.001", RelaySettings("h", 587, "starttls", rate=0.001)),
        ("smtp://h?starttls=no", RelaySettings("h", 25, "none")),
        ("smtp://u:p%40ss@h:2525?connections=3&rate=1.5", RelaySettings("h", 2525, "starttls", "u", "p@ss", 3, 1.5)),
        ("smtp://[::1]:25", RelaySettings("::1", 25, "starttls")),
    ],
)
def test_a_relay_is_an_address(url: str, expected: RelaySettings) -> None:
    assert read_relay_urls(url) == (expected,)
    assert expected.password == "" or expected.password not in repr(expected)


def test_several_relays_are_separated_by_blanks() -> None:
    assert [relay.host for relay in read_relay_urls("smtp://a  smtps://b")] == ["a", "b"]


@pytest.mark.parametrize(
    ("urls", "weights"),
    [
        ("smtp://a smtp://b smtp://c", [1, 0, 0]),
        ("smtp://a?weight=3 smtp://b?weight=1", [3, 1]),
        ("smtp://a smtp://b?weight=2", [0, 2]),
    ],
)
def test_relays_without_weights_are_used_in_their_order(urls: str, weights: list[int]) -> None:
    assert [relay.weight for relay in read_relay_urls(urls)] == weights


def test_a_warm_up_is_a_table_of_days() -> None:
    plan = read_relay_urls("smtp://a?warmup=2027-01-04:500,1000,2000")[0].warm_up

    assert plan is not None
    days = [date(2027, 1, 3), date(2027, 1, 4), date(2027, 1, 5), date(2027, 1, 6), date(2027, 1, 7)]
    assert [plan.limit_on(day) for day in days] == [0, 500, 1000, 2000, None]


@pytest.mark.parametrize("plan", ["", "500,1000", "2027-13-01:5", "2027-01-04:", "2027-01-04:0", "2027-01-04:1;2"])
def test_a_wrong_warm_up_is_refused(plan: str) -> None:
    with pytest.raises(ValueError, match="warm-up"):
        read_relay_urls(f"smtp://a?warmup={plan}")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://h",
        "smtp://",
        "smtp://h:x",
        "smtp://h:99999",
        "smtp://h/box",
        "smtp://h?tls=yes",
        "smtp://h?starttls=maybe",
        "smtp://h?connections=0",
        "smtp://h?connections=many",
        "smtp://h?rate=-1",
        "smtp://h?rate=inf",
        "smtp://h?rate=1e-12",
        "smtp://h?weight=-1",
        "smtp://h?weight=much",
        "mailbox: smtp://h",
    ],
)
def test_a_wrong_relay_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"smtp|connections"):
        read_relay_urls(url)


@pytest.mark.parametrize(
    "url", ["smtp://[::1", "smtp://[not6]:25", "smtp://::1:25", "smtp://2001:db8::1", "smtp://h:0"]
)
def test_a_relay_whose_address_cannot_be_read_is_told_what_is_allowed(url: str) -> None:
    with pytest.raises(ValueError, match="smtp://USER:PASSWORD@HOST:587"):
        read_relay_urls(url)


def test_two_accounts_of_one_server_are_two_relays_by_name() -> None:
    relays = read_relay_urls("smtp://u1:p@h:25?rate=30 smtp://u2:p@h:25?rate=30 smtp://u1:p@other:25")

    assert [relay.name for relay in relays] == ["u1@h:25", "u2@h:25", "other:25"]


def test_a_relay_of_ipv6_is_named_with_brackets() -> None:
    assert [relay.name for relay in read_relay_urls("smtp://[2001:db8::1] smtp://h:25")] == [
        "[2001:db8::1]:587",
        "h:25",
    ]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("MAILER_BASE_URL", "http://::1:8000", "https://news.example.org"),
        ("MAILER_BASE_URL", "https://[::1", "https://news.example.org"),
        ("MAILER_BASE_URL", "https://2001:db8::1", "https://news.example.org"),
        ("MAILER_BASE_URL", "https://news.x.test:port/", "https://news.example.org"),
        ("MAILER_BASE_URL", "https://news x.test", "https://news.example.org"),
        ("MAILER_BROKER_URL", "redis://::1:6379/0", "redis://HOST:PORT/N"),
        ("MAILER_BROKER_URL", "redis://[::1/0", "redis://HOST:PORT/N"),
        ("MAILER_BROKER_URL", "redis://h:port/0", "redis://HOST:PORT/N"),
        ("MAILER_BROKER_URL", "sentinel://a:26379;b:port", "redis://HOST:PORT/N"),
        ("MAILER_BROKER_URL", "sentinel://a:26379?name=lists", "sentinel://HOST:PORT;HOST:PORT?master=NAME"),
        ("MAILER_BROKER_URL", "redis://a:6379/0;sentinel://b:26379", "redis://HOST:PORT/N"),
        ("MAILER_BOUNCE_URL", "imap://u:p@[::1", "imap://USER:PASSWORD@HOST"),
    ],
)
def test_an_address_that_cannot_be_read_stops_the_start(tmp_path: Path, name: str, value: str, allowed: str) -> None:
    said = _refusal(tmp_path, environ={name: value})

    assert name in said
    assert allowed in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAILER_BASE_URL", "https://[2001:db8::1]:444/letters"),
        ("MAILER_BASE_URL", "https://news.x.test"),
        ("MAILER_BROKER_URL", "rediss://:secret@[::1]:6379/0"),
        ("MAILER_BROKER_URL", "sentinel://a:26379;sentinel://b:26379"),
        ("MAILER_BROKER_URL", "sentinel://a:26379;b:26379?master=lists"),
    ],
)
def test_an_address_of_ipv6_and_one_of_several_servers_are_taken(tmp_path: Path, name: str, value: str) -> None:
    settings = _read(tmp_path, environ={name: value})

    assert value in (settings.base.url, settings.broker.url)


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:secret@::1:5432/m", "postgresql+psycopg://u:secret@[::1/m"])
def test_a_database_whose_address_cannot_be_read_is_named_without_its_password(url: str) -> None:
    with pytest.raises(WrongInput) as refused:
        Database(url)

    assert str(refused.value).startswith("MAILER_DATABASE_URL: ")
    assert "brackets" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_templates_are_found() -> None:
    assert (templates_dir() / "sample" / "issue.md").is_file()
