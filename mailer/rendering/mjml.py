"""Blocks → MJML, through Jinja2 and `templates/email` → HTML, by mjml-python."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment
from mjml import mjml2html

from mailer.base.errors import WrongInput
from mailer.content.issue import Block, Blocks, Columns
from mailer.rendering.blocks import BlockWriter
from mailer.rendering.escaping import CONTROLS
from mailer.rendering.folding import Costs
from mailer.rendering.inlines import MailInlines
from mailer.rendering.outline import Entry, Outline, parts
from mailer.rendering.templates import rendered
from mailer.rendering.themes import Theme

GUTTER: Final = 24
"""CSS pixels between columns; `letter.mjml` takes half of it off each side."""
TEMPLATE: Final = "letter"
_STYLE_BLOCK: Final = re.compile(r"<style[^>]*>[^<]*</style>")


@dataclass(frozen=True, slots=True)
class Body:
    """What stands between masthead and foot: the same for all readers who see the same blocks.

    `facts` is what the frame's template knows of it; `costs` the bytes of each section's HTML.
    """

    facts: Mapping[str, object]
    costs: Costs


def body(
    blocks: Blocks,
    plan: Outline,
    write: BlockWriter,
    inlines: MailInlines,
    *,
    theme: Theme,
    contents: tuple[Entry, ...],
) -> Body:
    """What the frame's mj-sections hold, `texts` below one another or `columns` side by side; and what each h2 costs.

    An empty mj-section costs 1.4 KB of HTML and an mj-text 0.5, so there is one mj-text for each h2, and a new section
    only where columns interrupt.
    """
    found: list[dict[str, Any]] = []
    costs: list[tuple[Blocks, int]] = []
    for part in parts(blocks, plan):
        cost = 0
        runs = _runs(part)
        for run in runs:
            if isinstance(run, Columns):
                inlines.column = theme.column // max(1, len(run.columns)) - GUTTER // 2
                written = [write.flow(column) for column in run.columns]
                found.append({"columns": written, "texts": [], "ends_part": run is runs[-1]})
                inlines.column = None
            else:
                written = [write.flow(run)]
                if found and found[-1]["texts"]:
                    found[-1]["texts"] += written
                else:
                    found.append({"columns": [], "texts": written, "ends_part": False})
            cost += sum(len(html.encode("utf-8", "replace")) for html in written)
        costs.append((part, cost))
    sections = [{**section, "is_first": number == 0} for number, section in enumerate(found)]
    return Body({"parts": sections, "contents": contents, "has_contents": bool(contents)}, tuple(costs))


def _runs(blocks: Blocks) -> list[Blocks | Columns]:
    runs: list[Blocks | Columns] = []
    gathered: list[Block] = []
    for block in blocks:
        if isinstance(block, Columns):
            if gathered:
                runs.append(tuple(gathered))
                gathered = []
            runs.append(block)
        else:
            gathered.append(block)
    if gathered:
        runs.append(tuple(gathered))
    return runs


def mjml(made: Environment, template: str, context: Mapping[str, object]) -> str:
    """The letter's MJML.

    Raises:
        WrongInput: a template is wrong.
    """
    named = [f"{template}.mjml"] if re.fullmatch(r"[\w-]+", template) else []
    return str(rendered(made, *named, f"{TEMPLATE}.mjml", **context))


def html(source: str, *, blame: Callable[[], tuple[str, str]]) -> str:
    """The HTML that mjml-python makes of MJML, tightened.

    Args:
        source: the MJML.
        blame: the place of the template at fault, and what is wrong there as far as that is known.

    Raises:
        WrongInput: the MJML is not well formed, which a template of the workspace can bring about.
    """
    try:
        # no fonts: mail gets no request to a font's maker
        made: str = mjml2html(CONTROLS.sub("", source), fonts={})
    except ValueError as error:
        place, wrong = blame()
        message = wrong or f"the MJML that it makes cannot be read: {error}"
        raise WrongInput(message, do="close every element, in its order", place=place) from error
    return tightened(made)


def is_well_formed(fragment: str) -> bool:
    """Whether mjml-python takes the markup as what stands in an mj-text."""
    try:
        mjml2html(
            f"<mjml><mj-body><mj-section><mj-column><mj-text>{fragment}</mj-text></mj-column></mj-section></mj-body></mjml>"
        )
    except ValueError:
        return False
    return True


def tightened(made: str) -> str:
    """The same page in fewer bytes: neighbouring conditional comments joined, styles without idle blanks.

    Real minifiers drop Outlook's conditional comments or quotes that clients need; these rules were tried one by one.
    """
    made = "".join(_closed_styles(made.replace("<![endif]--><!--[if mso | IE]>", "").split(';"')))
    return _STYLE_BLOCK.sub(lambda style: _tight_style(style[0]), made)


def _closed_styles(pieces: list[str]) -> Iterator[str]:
    """What stood between semicolons before a quotation mark: of a style attribute's last one only the mark is kept.

    By hand, since an expression over the whole page takes twice as long, a hundredth of a letter's time.
    """
    *pieces, last = pieces
    for piece in pieces:
        yield piece
        yield '"' if piece.rpartition('"')[0].endswith("style=") else ';"'
    yield last


@lru_cache(maxsize=64)
def _tight_style(style: str) -> str:
    style = re.sub(r"\s*\n\s*", "\n", style)
    style = re.sub(r"[ \n]*([{};,])[ \n]*", r"\1", style)
    return style.replace(";}", "}")
