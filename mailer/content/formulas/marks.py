r"""What marks a formula in Markdown: `$…$` and `$$…$$`, and `\(…\)` and `\[…\]` as LaTeX, Pandoc and MathJax write them.

A backslash before a bracket is also Markdown's way to write the bracket itself, so that what stands between must look
like TeX; escaped brackets around words stay brackets.
"""

import re
from typing import Final

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_PRICE: Final = re.compile(r"\d[\d.,]*\s+[^\W\d_]{2,}")
_DOLLARS_AND_BRACES: Final = re.compile(r"\\.|[{}$]|\n\n", re.DOTALL)
_TEX_SIGNS: Final = re.compile(r"[\\^_{}]")


def dollar_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it's own signature
    """`$…$` and `$$…$$` in running text; a price such as $5 and $10 stays text.

    As in Pandoc: no blank after the opening dollar or before the closing one, and no digit after it. A digit before or
    after is allowed where what stands between can only be TeX. (The plugin's own rule looks at the text's last
    character where a formula is the first.)
    """
    text, start = state.src, state.pos
    if text[start] != "$":
        return False
    marker = "$$" if text.startswith("$$", start) else "$"
    first = start + len(marker)
    end = _closing_dollar(text, marker, first, state.posMax)
    content = text[first:end] if end > 0 else ""
    if not content.strip() or "\n\n" in content:
        return False
    if marker == "$":
        after = text[end + 1 : end + 2]
        before = text[start - 1 : start]
        digits = before.isdigit() or after.isdigit()
        if (
            content[0].isspace()
            or content[-1].isspace()
            or ((digits or _PRICE.match(content)) and not _TEX_SIGNS.search(content))
        ):
            return False
    if not silent:
        token = state.push("math_inline" if marker == "$" else "math_display", "", 0)
        ticked = re.fullmatch(r"`([^`]+)`", content)  # GitLab writes $`x^2`$
        token.content = (ticked[1] if ticked else content).strip()
    state.pos = end + len(marker)
    return True


HTML_FORMULA: Final = re.compile(
    r"(?<![\\$])\$\$(?!\$)([^$]+)\$\$(?!\$)|(?<![\w\\$])\$(?![\s$])([A-Za-z]|(?=[^$]*[\\^_{}])[^$\n]+?)(?<!\s)\$(?![\w$])"
    r"|\\\((.{1,4000}?)\\\)|\\\[(.{1,4000}?)\\\]",
    re.DOTALL,
)
"""A formula in the text of an HTML element, where nothing but MathJax's marks means one; its TeX is the one group."""


# --- brackets -----------------------------------------------------------------------------------------------------------

_BRACKETED: Final = re.compile(
    r"(?P<slashes>\\\\?)(?:\((?P<within>.{1,4000}?)(?<!\\)(?P=slashes)\)|\[(?P<display>.{1,4000}?)(?<!\\)(?P=slashes)\])",
    re.DOTALL,
)
_REFERENCE: Final = re.compile(r"\\(?:eq)?ref\{[^{}\s]+\}")
LIMIT_LINES: Final = 200
"""A formula has a few; a text of brackets that nothing closes is read in a time that grows with its length alone."""
_OPENS: Final = re.compile(r"(\\\\?)\[")
_ONLY_TEX: Final = re.compile(r"\\[A-Za-z]|(?<!\\)[\^_]")
_COMMANDS: Final = re.compile(r"\\[A-Za-z]+")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def _closing_dollar(text: str, marker: str, first: int, last: int) -> int:
    r"""Where the formula ends: at the first dollar outside of braces, as in `$x \text{ if $y$}$`, else at the first; -1 for none."""
    found, depth, position = -1, 0, first
    for sign in _DOLLARS_AND_BRACES.finditer(text, first, last):
        if sign[0] in "{}":
            depth += 1 if sign[0] == "{" else -1
        elif sign[0].startswith("\n") or depth < 0:
            break
        elif sign[0].startswith("$") and text.startswith(marker, sign.start()) and sign.start() >= position:
            found = sign.start() if found < 0 else found
            if depth == 0:
                return sign.start()
            position = sign.start() + len(marker)
    return found


def _is_tex(content: str, *, display: bool) -> bool:
    r"""Whether it can only be meant as a formula: `\(n\)` and `\[a = b\]`, but no `\[1\]`, `\[sic\]` or `\(see there\)`."""
    if _ONLY_TEX.search(content):
        return True
    has_words = _WORD.search(_COMMANDS.sub("", content)) is not None
    has_relation = re.search(r"[=<>+]", content) is not None
    return not has_words and has_relation if display else not has_words or has_relation


def bracket_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    r"""`\(…\)` and `\[…\]`, with one backslash or the two that sites with MathJax need, and `\eqref{…}` in running text."""
    if state.src[state.pos] != "\\":
        return False
    if found := _REFERENCE.match(state.src, state.pos, state.posMax):
        display, content = False, found[0]
    elif found := _BRACKETED.match(state.src, state.pos, state.posMax):
        display = found["display"] is not None
        content = (found["display"] if display else found["within"]).strip()
        escaped = len(found["slashes"]) == 1
        if not content or (
            escaped and (state.src[state.pos - 1 : state.pos] == "]" or not _is_tex(content, display=display))
        ):
            return False
    else:
        return False
    if not silent:
        state.push("math_display" if display else "math_inline", "", 0).content = content
    state.pos = found.end()
    return True


def bracket_block_rule(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    r"""`\[` at the beginning of a line and `\]` at the end of one, within which no line begins a list or a heading."""
    if state.is_code_block(start_line):
        return False
    opens = _OPENS.match(_line(state, start_line))
    last = _closing_line(state, start_line, end_line, opens[1] + "]") if opens else None
    if opens is None or last is None:
        return False
    written = state.getLines(start_line, last + 1, state.blkIndent, False).strip()
    content = written[len(opens[0]) : -len(opens[0])]
    alone = content.startswith("\n") and content.endswith("\n")
    if not content.strip() or not (alone or len(opens[1]) == 2 or _is_tex(content, display=True)):
        return False
    if not silent:
        token = state.push("math_block", "", 0)
        token.content, token.map = content, [start_line, last + 1]
        state.line = last + 1
    return True


def _closing_line(state: StateBlock, first: int, end: int, closer: str) -> int | None:
    """The line that ends with the closing bracket, before any blank line and with no other bracket on the way."""
    for number in range(first, min(end, first + LIMIT_LINES)):
        line = _line(state, number)
        if not line or (number > first and state.sCount[number] < state.blkIndent):
            return None
        at = line.find(closer, len(closer) if number == first else 0)
        while at > 0 and line[at - 1] == "\\":
            at = line.find(closer, at + 1)
        if at >= 0:
            return number if at + len(closer) == len(line) else None
    return None


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()
