"""Merge fields, `{{ name | default("colleague") }}`: the allowed subset of Jinja2.

Grammar: `NAME ( | FILTER )*`, where a name is one of `name`, `first_name`, `email`, `audiences` or a declared attribute,
and a filter is one of

    default("text")   the text where the value is missing or empty (Jinja's `default("text", true)` is the same)
    upper  lower  title  trim  capitalize

The expression is read by Jinja2's own parser and compiled once into a closure; no template engine runs at send time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes

from mailer.base.errors import WrongInput

KNOWN_NAMES: Final = frozenset({"name", "first_name", "email", "audiences"})
_SIMPLE_FILTERS: Final[Mapping[str, Callable[[str], str]]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "trim": str.strip,
    "capitalize": str.capitalize,
}
FILTERS: Final = frozenset({"default", *_SIMPLE_FILTERS})
LIMIT_CHARACTERS: Final = 300
_PARSER: Final = Environment(autoescape=True)  # parses only; nothing is ever rendered by it

Evaluate = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class CheckedField:
    """A merge field that may be used: its expression, the name that it shows, and whether it has a default."""

    expression: str
    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    name: str
    default: str | None
    evaluate: Evaluate


def _fault(expression: str, why: str, do: str) -> WrongInput:
    shown = expression if len(expression) <= 60 else expression[:57] + "..."
    return WrongInput(f"{{{{ {shown} }}}} {why}", do=do)


def _value_of(name: str) -> Evaluate:
    return lambda values: values.get(name, "")


def _with_default(inner: Evaluate, text: str) -> Evaluate:
    return lambda values: inner(values) or text


def _filtered(inner: Evaluate, change: Callable[[str], str]) -> Evaluate:
    return lambda values: change(inner(values))


def _default_of(node: nodes.Filter, expression: str) -> str:
    """The text of `default("text")`, which may carry Jinja's second argument."""
    given = [part.value if isinstance(part, nodes.Const) else None for part in node.args]
    named: dict[str, nodes.Expr] = {str(pair.key): pair.value for pair in node.kwargs}
    boolean = named.pop("boolean", None)
    if "default_value" in named and not given:
        value = named.pop("default_value")
        given = [value.value if isinstance(value, nodes.Const) else None]
    plain = boolean is None or (isinstance(boolean, nodes.Const) and isinstance(boolean.value, bool))
    well_formed = len(given) in {1, 2} and isinstance(given[0], str | int | float) and not named and plain
    if not well_formed or (len(given) == 2 and not isinstance(given[1], bool)):
        raise _fault(expression, "has a default that is not a text", 'write it as default("colleague")')
    return str(given[0])


def _compile_node(node: nodes.Expr, expression: str) -> _Compiled:
    if isinstance(node, nodes.Name):
        return _Compiled(node.name, None, _value_of(node.name))
    if not isinstance(node, nodes.Filter) or node.node is None or node.dyn_args or node.dyn_kwargs:
        raise _fault(expression, "is not a name with filters", 'write {{ name | default("colleague") }}')
    inner = _compile_node(node.node, expression)
    if node.name == "default":
        text = _default_of(node, expression)
        return _Compiled(inner.name, inner.default or text, _with_default(inner.evaluate, text))
    change = _SIMPLE_FILTERS.get(node.name)
    if change is None or node.args or node.kwargs:
        raise _fault(expression, f"uses {node.name}(), which is no known filter", f"use one of {_listed(FILTERS)}")
    default = change(inner.default) if inner.default is not None else None
    return _Compiled(inner.name, default, _filtered(inner.evaluate, change))


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> _Compiled:
    if len(expression) > LIMIT_CHARACTERS:
        raise _fault(expression, "is too long", f"write at most {LIMIT_CHARACTERS} characters")
    try:
        tree = _PARSER.parse("{{" + expression + "}}")
    except (TemplateSyntaxError, RecursionError) as fault:
        raise _fault(expression, "cannot be read", 'write {{ name | default("colleague") }}') from fault
    outputs = [node for node in tree.body if isinstance(node, nodes.Output)]
    if len(tree.body) != 1 or len(outputs) != 1 or len(outputs[0].nodes) != 1:
        raise _fault(expression, "is not a name with filters", 'write {{ name | default("colleague") }}')
    return _compile_node(outputs[0].nodes[0], expression)


def read_field(expression: str) -> CheckedField:
    """The field, safe whatever its name is: known names are not asked for.

    Raises:
        WrongInput: it is more than a name with the allowed filters.
    """
    expression = expression.strip()
    found = _compiled(expression)
    return CheckedField(expression, found.name, found.default)


def parse_field(expression: str, *, attributes: frozenset[str] = frozenset()) -> CheckedField:
    """The field, if it is safe and its name is known.

    Args:
        expression: what stands between the braces.
        attributes: the declared attributes of subscribers, allowed beside `KNOWN_NAMES`.

    Raises:
        WrongInput: it is more than a name with the allowed filters, or nobody has that name.
    """
    checked = read_field(expression)
    known = KNOWN_NAMES | attributes
    if checked.name not in known:
        raise _fault(checked.expression, "names an unknown field", f"use one of {_listed(known)}")
    return checked


def evaluator(expression: str) -> Evaluate:
    """What gives the field's value for a person: a missing value is empty, or the default where there is one.

    A few dictionary look-ups: it is called for every message.

    Raises:
        WrongInput: the expression is not allowed.
    """
    return _compiled(expression).evaluate


def evaluate(expression: str, values: Mapping[str, str]) -> str:
    """The field's value for one person.

    Raises:
        WrongInput: the expression is not allowed.
    """
    return evaluator(expression)(values)
