"""A workspace whose sender has a domain, and a name server that knows everything that it should."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailer.app import App
from mailer.base.schema import upgrade_schema
from mailer.base.settings import read_settings
from mailer.delivery.message.keygen import make_keys
from mailer.doctor import Finding, Names, examine
from tests.support.mailer_process import SECRET
from tests.support.name_server import NameServer

Look = Callable[..., dict[str, Finding]]
DOMAIN = "news.lab.ac.uk"
RELAY_ADDRESS = "9.9.9.9"  # looked up by our name server only; nobody connects to it


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace with keys."""
    home = tmp_path / "workspace"
    home.mkdir()
    make_keys(home, DOMAIN)
    return home


@pytest.fixture
def published(name_server: NameServer, home: Path) -> NameServer:
    """All as it should be."""
    keys = make_keys(home, DOMAIN, selector="more")
    for key in keys:
        name_server.publish(key.name, "TXT", key.record)
    name_server.publish(DOMAIN, "MX", "10 mx.lab.ac.uk.")
    name_server.publish(DOMAIN, "TXT", "site-verification=1", "v=spf1 include:_spf.relay.net -all")
    name_server.publish("_spf.relay.net", "TXT", "v=spf1 ip4:9.9.9.9 ~all")
    name_server.publish("_dmarc.lab.ac.uk", "TXT", "v=DMARC1; p=quarantine; rua=mailto:post@lab.ac.uk")
    return name_server


@pytest.fixture
def look(home: Path, published: NameServer) -> Iterator[Look]:
    """Examine the workspace under some settings; the findings by what they are about."""
    opened: list[App] = []

    def look(**environ: str) -> dict[str, Finding]:
        given = {
            "SECRET_KEYS": SECRET,
            "SENDER_FROM": f"newsletter@{DOMAIN}",
            "DKIM_DOMAIN": DOMAIN,
            "DKIM_SELECTOR": "more-rsa more-ed25519",
            "DKIM_KEY_FILE": "dkim/more-rsa.pem dkim/more-ed25519.pem",
        } | environ
        app = App(read_settings(home, {f"MAILER_{name}": value for name, value in given.items()}), queue=None)
        opened.append(app)
        if app.database.is_missing:
            upgrade_schema(app.database)
        return {finding.about: finding for finding in examine(app, Names(published.address))}

    yield look
    for app in opened:
        app.close()
