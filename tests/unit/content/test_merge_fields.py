"""Merge fields: a safe, small part of Jinja2."""

import pytest

from mailer.base.errors import WrongInput
from mailer.content.merge_fields import evaluate, parse_field, read_field


@pytest.mark.parametrize(
    ("expression", "values", "shown"),
    [
        ("name", {"name": "Ada"}, "Ada"),
        ("name", {}, ""),
        ('name | default("colleague")', {}, "colleague"),
        ('name | default("colleague")', {"name": ""}, "colleague"),
        ('name|default("colleague", true)', {"name": "Ada"}, "Ada"),
        ("name | default('x', boolean=true)", {}, "x"),
        ('name | default(default_value="x")', {}, "x"),
        ("name | default(3)", {}, "3"),
        ("name | upper", {"name": "Ada"}, "ADA"),
        ('name | trim | title | default("you")', {"name": "  ada lovelace "}, "Ada Lovelace"),
        ('name | default("you") | capitalize', {}, "You"),
        ("name | lower", {"name": "<B>"}, "<b>"),
    ],
)
def test_a_field_is_evaluated_for_one_person(expression: str, values: dict[str, str], shown: str) -> None:
    assert evaluate(expression, values) == shown


def test_a_checked_field_knows_its_name_and_default() -> None:
    found = parse_field(' first_name | default("you") | upper ')
    assert (found.name, found.default, found.expression) == ("first_name", "YOU", 'first_name | default("you") | upper')
    assert parse_field("town", attributes=frozenset({"town"})).default is None


@pytest.mark.parametrize(
    "expression",
    [
        "", "name.upper()", "name[0]", "''.__class__", "name ~ email", "1 + 1", "name if email else name", "range(10)", "self",
        "name | attr('x')", "name | safe", "name | default(email)", "name | default", "name | default('a', 'b')", "name | upper(1)",
        "name | default('x', y=1)", "name | default(*x)", "name | default(**x)", "name }}{{ email", "%}", "name | format(x=1)", "'x'",
        "name | replace('a','b')", "lipsum", "name | default('" + "x" * 400 + "')", "(" * 200 + "name" + ")" * 200, "name | foo.bar",
    ],
)  # fmt: skip
def test_anything_else_is_refused(expression: str) -> None:
    with pytest.raises(WrongInput, match=r"^\{\{"):
        parse_field(expression)


def test_an_unknown_name_is_refused_but_can_be_read() -> None:
    with pytest.raises(WrongInput, match="unknown field"):
        parse_field("nickname")
    assert read_field("nickname").name == "nickname"
