"""The whole tree against the rules of the house."""

from collections import Counter
from pathlib import Path

from tests.house.rules import Source, offences

PROJECT = Path(__file__).parents[2]

ALLOWED: dict[tuple[str, str], str] = {
    # (rule, path): why. The list may only shrink: an entry that is no longer needed fails the test below.
}


def _sources() -> list[Source]:
    return [
        Source(str(path.relative_to(PROJECT)), path.read_text(encoding="utf-8"))
        for part in ("mailer", "subscribers", "tests")
        for path in sorted((PROJECT / part).rglob("*.py"))
        if "versions" not in path.parts
    ]


def test_the_tree_keeps_the_rules_of_the_house() -> None:
    found = [offence for source in _sources() for offence in offences(source)]
    broken = "\n".join(str(offence) for offence in found if (offence.rule, offence.path) not in ALLOWED)
    assert not broken, broken


def test_every_exception_to_a_rule_is_still_needed() -> None:
    found = Counter((offence.rule, offence.path) for source in _sources() for offence in offences(source))
    assert set(ALLOWED) - set(found) == set()
