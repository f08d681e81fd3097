r"""Numbers of formulas: `\label{eq:a}` asks for one, `\eqref{eq:a}` shows it.

They are counted anew for every set of readers, so that nobody sees a gap. A `\tag{…}` keeps what its author wrote.
"""

import re
from dataclasses import replace
from typing import Final

from mailer.content.formulas.tags import without_tag
from mailer.content.issue import Block, Blocks, DisplayFormula, Formula, Inline, Text
from mailer.content.reading import Reading
from mailer.content.walk import all_inlines, changed_blocks

_ROW: Final = re.compile(r"(\\\\(?:\[[^\]]*\])?)")
_LABEL: Final = re.compile(r"\\label\s*\{([^{}]*)\}")
_TAG: Final = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
_REFERENCE: Final = re.compile(r"\\(eq)?ref\s*\{([^{}]*)\}")


def numbered(blocks: Blocks) -> Blocks:
    """The blocks with their formulas numbered in order and every reference told its number."""
    if not any(isinstance(found, Formula) and "\\label" in found.tex for _, found in all_inlines(blocks)):
        return blocks
    numbers: dict[str, str] = {}
    formulas: dict[Formula, Formula] = {}
    count = 0
    for _, found in all_inlines(blocks):
        if isinstance(found, Formula) and found.display and "\\label" in found.tex and found not in formulas:
            formulas[found], count = _tagged(found, numbers, count)

    def told(inline: Inline) -> Inline:
        if not isinstance(inline, Formula):
            return inline
        inline = formulas.get(inline, inline)
        whole = _REFERENCE.fullmatch(inline.tex.strip())
        if whole and not inline.display and whole[2] in numbers:
            return Text(_shown(whole, numbers))
        return replace(inline, tex=_REFERENCE.sub(lambda found: _in_tex(found, numbers), inline.tex))

    return changed_blocks(blocks, told)


def _tagged(formula: Formula, numbers: dict[str, str], count: int) -> tuple[Formula, int]:
    """The formula with a tag for each of its labels, and the last number given."""
    rows = _ROW.split(formula.tex)
    for index, row in enumerate(rows):
        label = _LABEL.search(row)
        if label is None:
            continue
        tag = _TAG.search(row)
        written = formula.number if not tag and len(rows) == 1 else ""
        if not tag and not written:
            count += 1
        numbers[label[1].strip()] = tag[1] if tag else written or str(count)
        rows[index] = _LABEL.sub("", row) if tag or written else _LABEL.sub(lambda _, n=count: rf"\tag{{{n}}}", row, 1)
    tex, number = without_tag("".join(rows))
    return replace(formula, tex=tex, number=number or formula.number), count


def _shown(reference: re.Match[str], numbers: dict[str, str]) -> str:
    number = without_tag(rf"\tag{{{numbers[reference[2]]}}}x")[1] or numbers[reference[2]]
    return f"({number})" if reference[1] else number


def _in_tex(reference: re.Match[str], numbers: dict[str, str]) -> str:
    return rf"\text{{{_shown(reference, numbers)}}}" if reference[2] in numbers else reference[0]


def unresolved(reading: Reading, blocks: Blocks) -> None:
    """Names every reference to a formula that is not there, or not for the same readers."""
    labels: dict[str, Block] = {}
    for block, found in all_inlines(blocks):
        if isinstance(found, Formula) and isinstance(block, DisplayFormula):
            labels.update((label.strip(), block) for label in _LABEL.findall(found.tex))
    for block, found in all_inlines(blocks):
        if not isinstance(found, Formula):
            continue
        for _, name in _REFERENCE.findall(found.tex):
            formula = labels.get(name)
            if formula is None:
                message = f"no formula is labelled {name}; write \\label{{{name}}} in it"
            elif formula.audiences is not None and not (block.audiences and block.audiences <= formula.audiences):
                message = f"the formula labelled {name} is for other readers than this text; refer to it where it is"
            else:
                continue
            reading.fault(found.place, "formula-reference", message)
