"""Official MJML takes our MJML, and our table of mail clients is caniemail's."""

import json
from pathlib import Path
from typing import Any

import pytest

from mailer.rendering import Frame, Sender, html_of, render, slots_of
from mailer.rendering.checks.clients import DATE, FEATURES
from tests.support.peers import run_node
from tests.support.samples import SAMPLES, an_issue

FRAME = Frame(Sender("Maths4DL", "news@x.test", "Bath"), "https://news.test", "https://news.test/archive/one")
STRICT = """
const {pathToFileURL} = require('url'), fs = require('fs'), path = require('path');
(async () => {
  const root = path.join(process.argv[1], 'node_modules/mjml/lib/index.js');
  const mjml = (await import(pathToFileURL(root))).default;
  const convert = mjml.default || mjml;
  const made = await convert(fs.readFileSync(process.argv[2], 'utf8'), {validationLevel: 'strict'});
  console.log(JSON.stringify(made.errors));
})();
"""
FAMILIES = {
    "Gmail": ("gmail", ("desktop-webmail", "ios", "android")),
    "Outlook for Windows": ("outlook", ("windows",)),
    "Outlook elsewhere": ("outlook", ("macos", "outlook-com", "ios", "android")),
    "Apple Mail": ("apple-mail", ("macos", "ios")),
    "Yahoo Mail": ("yahoo", ("desktop-webmail", "ios", "android")),
    "Samsung Email": ("samsung-email", ("android",)),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_our_mjml_is_valid_for_the_official_one_in_strict_mode(peers: Path, tmp_path: Path, name: str) -> None:
    issue, source = an_issue(name), tmp_path / "letter.mjml"
    for audiences in ((), ("academic",), ("academic", "industry", "outreach")):
        letter = render(issue, frozenset(audiences), FRAME)
        source.write_text(html_of(letter.mjml, dict.fromkeys(slots_of(letter), "Ada & Bob")), encoding="utf-8")
        ran = run_node("-e", STRICT, str(peers), str(source))
        assert ran.returncode == 0, ran.stderr
        assert json.loads(ran.stdout) == []


def test_the_table_of_clients_says_what_caniemail_says(peers: Path) -> None:
    path = peers / "node_modules" / "caniemail" / "data" / "caniemail.json"
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    known = {feature["slug"]: feature["stats"] for feature in data["data"]}
    assert str(data["last_update_date"]).startswith(DATE)
    for feature in FEATURES:
        stats = known[feature.slug]
        missing = [name for name, (family, apps) in FAMILIES.items() if any(lacks(stats, family, app) for app in apps)]
        assert list(feature.missing) == missing, feature.slug


def lacks(stats: dict[str, dict[str, dict[str, str]]], family: str, app: str) -> bool:
    """Whether the newest tested version of an app lacks the feature."""
    versions = list(stats.get(family, {}).get(app, {}).values())
    return bool(versions) and versions[-1].startswith("n")
