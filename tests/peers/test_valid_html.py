"""Letters and web editions, judged by html-validate, which knows the standard and the rules of accessibility."""

import json
from pathlib import Path

import pytest

from mailer.content import Issue
from mailer.rendering import Frame, Sender, render, web_edition
from mailer.rendering.showing import html_of, slots_of
from tests.support.peers import run_node
from tests.support.samples import SAMPLES, an_issue, value_of

FRAME = Frame(Sender("Maths4DL", "news@x.test", "Bath"), "https://news.test", "https://news.test/archive/one")
STANDARD: dict[str, object] = {"extends": ["html-validate:standard", "html-validate:a11y"]}
FOR_MAIL = {**STANDARD, "rules": {"no-deprecated-attr": "off", "prefer-native-element": "off"}}
"""Outlook's Word engine takes widths and alignment from attributes alone, and mail clients drop `<article>`."""


def letter(issue: Issue) -> str:
    made = render(issue, frozenset(), FRAME)
    return html_of(made.html, {slot: value_of(slot) for slot in slots_of(made)})


def findings(peers: Path, folder: Path, html: str, rules: dict[str, object]) -> list[tuple[str, int, str]]:
    page, settings, report = folder / "page.html", folder / "rules.json", folder / "report.json"
    page.write_text(html, encoding="utf-8")
    settings.write_text(json.dumps({"root": True, **rules}), encoding="utf-8")
    cli = peers / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    ran = run_node(cli, "--config", str(settings), "--formatter", f"json={report}", str(page))
    assert ran.returncode in (0, 1), ran.stderr
    pages = json.loads(report.read_text(encoding="utf-8"))
    return [(one["ruleId"], one["line"], one["message"]) for seen in pages for one in seen["messages"]]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_letter_is_valid_html(peers: Path, tmp_path: Path, name: str) -> None:
    assert findings(peers, tmp_path, letter(an_issue(name)), FOR_MAIL) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_web_edition_is_valid_html(peers: Path, tmp_path: Path, name: str) -> None:
    assert findings(peers, tmp_path, web_edition(an_issue(name), frozenset(), FRAME).html, STANDARD) == []


def test_the_validator_sees_what_is_wrong(peers: Path, tmp_path: Path) -> None:
    wrong = '<!DOCTYPE html><html lang="en"><head><title>t</title></head><body><p><div>x</div></p><img src="a"></body></html>'
    assert {rule for rule, *_ in findings(peers, tmp_path, wrong, FOR_MAIL)} >= {"close-order", "wcag/h37"}
