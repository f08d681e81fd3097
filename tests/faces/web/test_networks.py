"""Whose network it is: what a proxy says is believed where the settings name it, and nowhere else."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from mailer.app import open_app
from mailer.base.settings import read_settings
from mailer.cli.serve import serving, serving_app
from mailer.web.security import PlainAddresses
from subscribers import audiences
from tests.faces.web.builders import SETTINGS

FORM = {"email": "new@maths.test", "audience": "academic"}


def codes(tmp_path: Path, sqlite_url: str, trusted: str, *, host: str = "127.0.0.1") -> list[int]:
    """The answers to 32 sign-ups that a proxy on this machine hands on, over IPv4, from 32 networks."""
    text = SETTINGS.format(url=sqlite_url).replace("[base]", f"[base]\ntrusted_proxies = {trusted}")
    (tmp_path / "mailer.toml").write_text(text, encoding="utf-8")
    (tmp_path / "secrets.toml").write_text('[secret]\nkeys = ["a key for the tests of a proxy"]\n', encoding="utf-8")
    app = open_app(tmp_path)
    with app.database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
    try:
        with serving_app(app, host, 0) as url, httpx2.Client(timeout=30) as client:
            return [
                client.post(
                    f"{url}/subscribe",
                    data={**FORM, "email": f"p{number}@maths.test"},
                    headers={"x-forwarded-for": f"198.51.100.{number}"},
                ).status_code
                for number in range(32)
            ]
    finally:
        app.close()


def test_behind_a_trusted_proxy_everyone_has_their_own_count(tmp_path: Path, sqlite_url: str) -> None:
    assert codes(tmp_path, sqlite_url, '["127.0.0.0/8"]') == [200] * 32


def test_a_proxy_of_ipv4_is_trusted_where_all_addresses_are_listened_on(tmp_path: Path, sqlite_url: str) -> None:
    assert codes(tmp_path, sqlite_url, '["127.0.0.0/8"]', host="::") == [200] * 32


def test_the_address_of_ipv6_that_is_listened_on_can_be_followed() -> None:
    with serving(FastAPI(), "::1", 0) as url, httpx2.Client(timeout=30) as client:
        assert url.startswith("http://[::1]:")
        assert client.get(f"{url}/nothing").status_code == 404


@pytest.mark.parametrize("host", ["::ffff:198.51.100.7", "198.51.100.7"])
def test_whoever_comes_over_ipv4_has_an_address_of_ipv4(host: str) -> None:
    seen: list[object] = []

    async def page(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["client"])

    call = PlainAddresses(page)({"type": "http", "client": (host, 4711)}, None, None)  # type: ignore[arg-type]
    with ThreadPoolExecutor(1) as thread:  # in this one a browser's loop may be running
        thread.submit(asyncio.run, call).result()

    assert seen == [("198.51.100.7", 4711)]


def test_nobody_makes_up_a_network_where_no_proxy_is_trusted(tmp_path: Path, sqlite_url: str) -> None:
    assert codes(tmp_path, sqlite_url, '["10.0.0.1"]') == [200] * 30 + [429] * 2


def test_what_is_no_network_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="not allowed") as caught:
        read_settings(tmp_path, {"MAILER_BASE_TRUSTED_PROXIES": "10.0.0.0/8 proxy.local"})
    assert "MAILER_BASE_TRUSTED_PROXIES" in str(getattr(caught.value, "place", ""))
