"""The templates: a workspace's own folder is searched first, then the ones that come with the program."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError
from markupsafe import Markup

from mailer.base.errors import WrongInput
from mailer.base.settings import templates_dir
from mailer.rendering.escaping import attribute


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
    )
    made.filters["attr"] = attribute
    made.filters["css"] = lambda value: Markup(str(value).replace("<", ""))  # noqa: S704  # a theme's value in a style element
    return made


def template(made: Environment, name: str) -> Template:
    """The template of that name.

    Raises:
        WrongInput: there is none, or it cannot be read; the place is the file and the line.
    """
    try:
        return made.get_template(name)
    except TemplateSyntaxError as error:
        place = f"{error.filename or error.name}:{error.lineno}"
        raise WrongInput(str(error.message), do="mend the template", place=place) from error
    except TemplateError as error:
        raise WrongInput(str(error), do="mend the template", place=f"templates/email/{name}") from error


def written(found: Template, context: Mapping[str, object]) -> Markup:
    """What a template makes of the context.

    Raises:
        WrongInput: the template asks for something that is not there, or includes one that cannot be read.
    """
    try:
        return Markup(found.render(context))  # noqa: S704  # autoescaped
    except TemplateSyntaxError as error:
        place = f"{error.filename or error.name}:{error.lineno}"
        raise WrongInput(str(error.message), do="mend the template", place=place) from error
    except TemplateError as error:
        raise WrongInput(str(error), do="mend the template", place=f"templates/email/{found.name}") from error


def rendered(made: Environment, name: str, **context: object) -> Markup:
    """What the template of that name makes of the context.

    Raises:
        WrongInput: the template is wrong.
    """
    return written(template(made, name), context)
