r"""LaTeX between formulas, as it stands in a text that Pandoc or LaTeX would set: `\emph{…}`, lists, theorems, own commands.

A line stays a line. What a reader would be shown as commands becomes Markdown; what only sets a page goes.
"""

import re
from typing import Final

from mailer.content.formulas.macros import Macro

DEEPEST: Final = 20
"""How many lists in one another are indented: a letter has three levels."""
_COMMAND: Final = re.compile(
    r"[ \t]*\\(?:re|provide)?(?:new)?command\*?\s*\{?\\(?P<name>[A-Za-z]+)\}?\s*(?:\[(?P<count>\d)\])?\{(?P<body>.*)\}\s*$"
)
_OPERATOR: Final = re.compile(
    r"[ \t]*\\DeclareMathOperator(?P<star>\*?)\s*\{?\\(?P<name>[A-Za-z]+)\}?\s*\{(?P<body>.*)\}\s*$"
)
_DEF: Final = re.compile(r"[ \t]*\\def\s*\\(?P<name>[A-Za-z]+)(?P<arguments>(?:#\d)*)\s*\{(?P<body>.*)\}\s*$")
_SETTING: Final = re.compile(
    r"[ \t]*\\(?:newtheorem\*?|theoremstyle|usepackage|documentclass|setlength|pagestyle|thispagestyle|vspace\*?|hspace\*?)"
    r"(?:\[[^\]]*\]|\{[^{}]*\})*[ \t]*$"
    r"|[ \t]*\\(?:noindent|medskip|bigskip|smallskip|centering|begin\{(?:center|document)\}|end\{(?:center|document)\})[ \t]*$"
)
_LIST: Final = re.compile(r"[ \t]*\\(begin|end)\{(itemize|enumerate|description)\}(?:\[[^\]]*\])?[ \t]*$")
_ITEM: Final = re.compile(r"[ \t]*\\item\b[ \t]*(?:\[([^\]]*)\])?[ \t]*")
_STATEMENTS: Final = (
    "theorem|thm|lemma|lem|proposition|prop|corollary|cor|definition|defn|remark|rem|example|conjecture|claim|proof|exercise"
    "|question|problem"
)
_STATEMENT: Final = re.compile(
    rf"[ \t]*\\begin\{{({_STATEMENTS})\*?\}}[ \t]*(?:\[([^\]]*)\])?[ \t]*(?:\\label\{{[^{{}}]*\}})?[ \t]*"
)
_END_STATEMENT: Final = re.compile(rf"[ \t]*\\end\{{(?:{_STATEMENTS}|quote|quotation|abstract)\*?\}}[ \t]*$")
_WHOLE: Final = {
    "thm": "Theorem", "lem": "Lemma", "prop": "Proposition", "cor": "Corollary", "defn": "Definition", "rem": "Remark",
}  # fmt: skip
_SECTION: Final = re.compile(r"[ \t]*\\((?:sub){0,2})section\*?\{(.+)\}[ \t]*(?:\\label\{[^{}]*\})?[ \t]*$")
_GROUP: Final = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_SPANS: Final = (
    (re.compile(r"\\(?:emph|textit|textsl)" + _GROUP), r"*\1*"),
    (re.compile(r"\\textbf" + _GROUP), r"**\1**"),
    (re.compile(r"\\texttt" + _GROUP), r"`\1`"),
    (re.compile(r"\\(?:textsc|textrm|textsf|textup|underline|mbox)" + _GROUP), r"\1"),
    (re.compile(r"\\href\{([^{}\s]+)\}" + _GROUP), r"[\2](\1)"),
    (re.compile(r"\\url\{([^{}\s]+)\}"), r"<\1>"),
    (re.compile(r"\\footnote" + _GROUP), r"^[\1]"),
    (re.compile(r"\\begin\{(equation|displaymath)(\*?)\}((?:(?!\\begin).)+?)\\end\{\1\2\}"), r"$$\3$$"),
    (re.compile(r"\\(?:qed|qedhere|blacksquare)(?![A-Za-z])"), "∎"),
)


def macro_of(line: str) -> tuple[str, Macro] | None:
    r"""The command that the line defines for all formulas, by `\newcommand`, `\def` or `\DeclareMathOperator`."""
    if found := _COMMAND.match(line):
        return found["name"], Macro(int(found["count"] or 0), found["body"])
    if found := _OPERATOR.match(line):
        return found["name"], Macro(0, rf"\operatorname{found['star']}{{{found['body']}}}")
    if found := _DEF.match(line):
        return found["name"], Macro(len(found["arguments"]) // 2, found["body"])
    return None


class Latex:
    """The lines of one text, which know in which lists they stand."""

    def __init__(self) -> None:
        self._lists: list[str] = []

    def in_markdown(self, line: str) -> str:
        """The line with its commands as Markdown; outside of code and formulas only."""
        if "\\" not in line:
            return line
        if _SETTING.match(line):
            return ""
        if found := _LIST.match(line):
            if found[1] == "begin":
                self._lists.append(found[2])
            elif self._lists:
                self._lists.pop()
            return ""
        if self._lists and (found := _ITEM.match(line)):
            mark = "1." if self._lists[-1] == "enumerate" else "-"
            named = f"**{found[1]}** " if found[1] else ""
            return f"{'   ' * (min(len(self._lists), DEEPEST) - 1)}{mark} {named}{line[found.end() :]}"
        if found := _SECTION.match(line):
            return f"{'#' * (2 + len(found[1]) // 3)} {found[2]}"
        if found := _STATEMENT.match(line):
            name = _WHOLE.get(found[1], found[1].capitalize())
            line = f"**{name}{f' ({found[2]})' if found[2] else ''}.** {line[found.end() :]}"
        return _END_STATEMENT.sub("", line)


def spans(part: str) -> str:
    """The commands within a line, as Markdown."""
    if "\\" in part:
        for pattern, instead in _SPANS:
            part = pattern.sub(instead, part)
    return part
