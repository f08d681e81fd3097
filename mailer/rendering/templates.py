"""The templates: a workspace's own folder is searched first, then the ones that come with the program."""

import traceback
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup

from mailer.base.errors import WrongInput
from mailer.base.settings import templates_dir
from mailer.content.plain import plain
from mailer.rendering.escaping import attribute, flowing
from mailer.rendering.lines import WIDTH, wrapped

FAULTS: Final = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a template raises that asks for what is not there or does with it what cannot be done."""
SUFFIXES: Final = (".mjml", ".html", ".css", ".txt")


def folders(overrides: str) -> tuple[Path, ...]:
    """Where templates, themes and phrases are looked for, in this order."""
    own = templates_dir() / "email"
    return (Path(overrides) / "email", own) if overrides else (own,)


@lru_cache(maxsize=8)
def environment(searched: tuple[Path, ...]) -> Environment:
    """A Jinja2 environment over these folders; a template that was edited is read again."""
    made = Environment(
        loader=FileSystemLoader([str(folder) for folder in searched]),
        autoescape=lambda name: not (name or "").endswith(".txt"),  # noqa: S701  # a text is no markup
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_written_out,
    )
    made.filters["attr"] = attribute
    made.filters["flowing"] = flowing
    made.filters["plain"] = plain
    made.filters["wrap"] = lambda words: wrapped(str(words), WIDTH)
    made.filters["css"] = lambda value: Markup(str(value).replace("<", ""))  # noqa: S704  # a theme's value in a style element
    return made


@pass_context
def _written_out(context: Context, value: object) -> object:
    """What `{{ value }}` writes: inlines as `inline` does, so that a template of a workspace never shows their insides."""
    return context["inline"](value) if isinstance(value, tuple) and "inline" in context else value


def template(made: Environment, *names: str) -> Template:
    """The first template of these names that there is.

    Raises:
        WrongInput: there is none, or it cannot be read; the place is the file and the line.
    """
    try:
        return made.select_template(names)
    except TemplateSyntaxError as error:
        place = f"{error.filename or error.name}:{error.lineno}"
        raise WrongInput(str(error.message), do="mend the template", place=place) from error
    except TemplateError as error:
        raise WrongInput(str(error), do="mend the template", place=f"templates/email/{names[-1]}") from error


def written(found: Template, context: Mapping[str, object]) -> Markup:
    """What a template makes of the context, which holds the environment's `globals` too.

    Raises:
        WrongInput: the template asks for something that is not there, or includes one that cannot be read; with its line.
    """
    try:
        # what `Template.render` does, without copying the context for every paragraph
        return Markup("".join(found.root_render_func(found.new_context(context, shared=True))))  # type: ignore[arg-type]  # noqa: S704  # autoescaped
    except TemplateSyntaxError as error:
        place = f"{error.filename or error.name}:{error.lineno}"
        raise WrongInput(str(error.message), do="mend the template", place=place) from error
    except RecursionError as error:
        began = _begin_of_circle(error)
        if began is None:
            raise  # to where it is seen whole
        raise WrongInput("the template includes itself", do="take the circle out", place=began) from error
    except FAULTS as error:
        place, is_inside = _place(found)
        if not isinstance(error, TemplateError) and not is_inside:
            raise  # our own fault, not the template's
        raise WrongInput(str(error), do="mend the template", place=place) from error


def _place(found: Template) -> tuple[str, bool]:
    """The file and line of the template in which the exception at hand arose, and whether it arose just there."""
    try:
        found.environment.handle_exception()  # raises it again, with the templates' own lines in its traceback
    except FAULTS as error:
        frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.endswith(SUFFIXES)]
    if not inside:
        return f"templates/email/{found.name}", False
    return f"{inside[-1].filename}:{inside[-1].lineno}", inside[-1] is frames[-1]


def _begin_of_circle(error: RecursionError) -> str | None:
    """The file and line at which the first template stands that comes back to itself; None where none is seen twice."""
    steps: list[tuple[Template, int]] = []
    at = error.__traceback__
    while at is not None:
        if running := at.tb_frame.f_globals.get("__jinja_template__"):
            steps.append((running, at.tb_lineno))
        at = at.tb_next
    times = Counter(running.filename for running, _ in steps)
    circle = ((running, line) for running, line in steps if times[running.filename] > 1)
    return next((f"{running.filename}:{running.get_corresponding_lineno(line)}" for running, line in circle), None)


def rendered(made: Environment, *names: str, **context: object) -> Markup:
    """What the first template of these names that there is makes of the context.

    Raises:
        WrongInput: the template is wrong.
    """
    return written(template(made, *names), {**made.globals, **context})
