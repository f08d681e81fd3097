import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailer.base.settings import templates_dir
from mailer.content import Issue, read_issue
from mailer.rendering import Frame, Sender, render
from mailer.rendering.clients import DATE, FEATURES
from tests.support.skips import SHARED

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


def issues() -> list[Issue]:
    sample = read_issue(templates_dir() / "sample")
    real = SHARED / "data" / "maths4dl-issue-1.md"
    found = [sample, replace(sample, meta=replace(sample.meta, theme="signal", language="de"))]
    return [*found, read_issue(real)] if real.exists() else found


@pytest.mark.parametrize("audiences", [(), ("academic",), ("academic", "industry", "outreach")])
def test_our_mjml_is_valid_for_the_official_one_in_strict_mode(
    peers: Path, tmp_path: Path, audiences: tuple[str]
) -> None:
    for issue in issues():
        source = tmp_path / "letter.mjml"
        source.write_text(render(issue, frozenset(audiences), FRAME).mjml, encoding="utf-8")
        ran = subprocess.run(
            ["node", "-e", STRICT, str(peers), str(source)], capture_output=True, text=True, check=False, timeout=60
        )
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
