"""Gathers the fixtures, which live by theme in tests/support."""

import os

from hypothesis import HealthCheck, settings

THEMES = (
    "browser",
    "certificates",
    "database",
    "golden",
    "mailer_process",
    "name_server",
    "network",
    "order",
    "peers",
    "redis",
    "mailboxes",  # after redis, of which it takes the free ports
    "relay",
    "skips",
)
pytest_plugins = [f"tests.support.{theme}" for theme in THEMES]

settings.register_profile("dev", max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), max_examples=200, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
