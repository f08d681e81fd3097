"""Markdown of other systems is made ours before it is read: line for line, so that every finding keeps its line.

What means something here becomes it (`{% highlight %}` a block of code, `![[a.png]]` a picture, `@@name` of Franklin the
text in it); what means nothing is dropped, and named. Code is left alone.
"""

import re
from collections.abc import Callable
from itertools import islice
from typing import Final

from mailer.content.markdown import admonitions, drawn_tables, latex
from mailer.content.markdown.inlines import foreign
from mailer.content.markdown.latex import Latex, macro_of
from mailer.content.plain import anchor_of
from mailer.content.reading import Reading

_FENCE: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})(.*)$")
_HIGHLIGHT: Final = re.compile(r"[ \t]*\{(?:%|\{[<%])\s*highlight\s+\"?([\w+#-]+)\"?[^}]*\}{1,2}[ \t]*$")
_END_HIGHLIGHT: Final = re.compile(r"[ \t]*\{(?:%\s*endhighlight\s*%|\{[<%]\s*/\s*highlight\s*[>%]\})\}?[ \t]*$")
_COMMENT: Final = (
    (re.compile(r"[ \t]*\{::comment\}[ \t]*$"), re.compile(r"[ \t]*\{:/(?:comment)?\}[ \t]*$")),  # kramdown
    (re.compile(r"[ \t]*%%[ \t]*$"), re.compile(r"[ \t]*%%[ \t]*$")),  # Obsidian
    (re.compile(r"[ \t]*\{%-?\s*comment\s*-?%\}[ \t]*$"), re.compile(r"[ \t]*\{%-?\s*endcomment\s*-?%\}[ \t]*$")),
)
_CODE_SPAN: Final = re.compile(
    r"(`+)(?!`).*?(?<!`)\1(?!`)|\$[^$\n]+\$|\$\$[^$\n]+\$\$|(?<!\\)\\\((?:(?!\\\().)+?\\\)|(?<!\\)\\\[(?:(?!\\\[).)+?\\\]"
)
_FORMULA: Final = re.compile(
    r"[ \t]*(?:\\begin\{((?:equation|align|alignat|flalign|gather|multline|eqnarray|displaymath|[bBpvV]?matrix|array|cases)\*?)\}|\\\[)"
)


class Foreign:
    """The rewriting of one text."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._latex = Latex()
        self._fence = ""
        self._comment: re.Pattern[str] | None = None
        self._formula_ends = ""
        """What ends the formula on several lines that it stands in."""
        self._bullet = -2
        """The last line that was made an item."""
        self._marks: list[str] = []
        """Word's signs of the list that it stands in, by their level."""
        self._last: dict[re.Pattern[str], int] = {}
        """The last line that ends such a block: what is not closed begins nothing, so that no text is lost to it."""
        self._endless: set[str] = set()
        """What no formula below ends with."""

    def at_home(self, text: str) -> str:
        """The text, as many lines as before, without what only other systems read."""
        lines = text.split("\n")
        admonitions.ours(lines)
        _joined_pictures(lines)
        drawn_tables.ours(lines)
        ends = [_END_HIGHLIGHT, *(end for _, end in _COMMENT)]
        self._last = {end: max((n for n, line in enumerate(lines) if end.match(line)), default=-1) for end in ends}
        for index, line in enumerate(lines):
            if self._comment is not None:
                lines[index] = ""
                self._comment = None if self._comment.match(line) else self._comment
            elif self._fence:
                lines[index] = self._in_code(line)
            elif self._formula_ends:
                self._formula_ends = "" if self._formula_ends in line else self._formula_ends
            elif line.count("$$") % 2:
                self._formula_ends = "$$"
            elif (end := _end_of_formula(line)) and self._is_closed(end, lines, index):
                self._formula_ends = "" if end in line else end
            else:
                self._in_text(lines, index)
        return "\n".join(lines)

    def _is_closed(self, end: str, lines: list[str], index: int) -> bool:
        """Whether a formula that begins on that line ends; the rest of the text is looked through once for each end."""
        if end not in self._endless and not any(end in later for later in islice(lines, index, None)):
            self._endless.add(end)
        return end not in self._endless

    def _in_code(self, line: str) -> str:
        """A line of a block of code, which may end with it."""
        found = _FENCE.match(line)
        if found and found[1].startswith(self._fence) and not found[2].strip():
            self._fence = ""
        elif self._fence == _OURS and _END_HIGHLIGHT.match(line):
            self._fence = ""
            return _OURS
        return line

    def _in_text(self, lines: list[str], index: int) -> None:
        line = lines[index]
        found = _FENCE.match(line)
        if found and "`" not in found[2]:
            self._fence = found[1]
        elif (opens := _HIGHLIGHT.match(line)) and self._last[_END_HIGHLIGHT] > index:
            lines[index], self._fence = f"{_OURS}{opens[1]}", _OURS
        elif (
            comment := next((end for start, end in _COMMENT if start.match(line) and self._last[end] > index), None)
        ) is not None:
            lines[index], self._comment = "", comment
        elif not line.startswith(("    ", "\t")):
            if index and _TOC.match(line) and _LONE_ITEM.match(lines[index - 1]):
                lines[index - 1] = ""
            lines[index] = self._line(line, index + 1)
        if found := _BULLET.match(lines[index]):
            self._item(lines, index, found)

    def _item(self, lines: list[str], index: int, found: re.Match[str]) -> None:
        r"""Word's `•\titem` is an item; a sign that is new below another's item is of a deeper level."""
        mark = found["mark"]
        between = lines[self._bullet + 1 : index]
        if (
            self._bullet < 0
            or any(line.strip() for line in between)
            or (between and mark not in [*self._marks, "o", "§"])
        ):
            if mark in {"o", "§"}:
                return
            place = self._reading.place(index + 1, found.start("mark") + 1)
            message = f"{mark} is no sign of a list in Markdown; it is read as one; write - for each item"
            self._reading.warn(place, "foreign-markup", message)
            self._marks = []
        if mark not in self._marks:
            self._marks.append(mark)
        lines[index] = f"{'  ' * self._marks.index(mark)}- {lines[index][found.end() :]}"
        self._bullet = index

    def _line(self, line: str, number: int) -> str:
        if named := _NAMED_HEADING.match(line):
            self._reading.named_headings[named[2]] = anchor_of(named[1])
        if self._is_dropped(line, number):
            return ""
        if defined := macro_of(line):
            self._reading.macros[defined[0]] = defined[1]
            return ""
        line = self._roles(_MDX_COMMENT.sub("", line), number) if "}`" in line or "{/*" in line else line
        line = _RAW.sub(lambda found: found[1] if found[2] == "html" else "", line)
        line = _MATH_TAG.sub(lambda found: f"${found[1].strip()}$", self._latex.in_markdown(line))
        if _LONE_MATH_TAG.match(line):
            return "$$"
        if self._reading.franklin:
            line = _outside_code(line, lambda part: self._franklin(part, number))
        if "\\" in line:
            line = _outside_code(line, latex.spans)
        if any(mark in line for mark in ("[[", "%%", "]{", " ^", " =", "{:", "{%")) or line.startswith("^"):
            line = _outside_code(line, lambda part: self._spans(part, number))
        return line

    def _roles(self, line: str, number: int) -> str:
        """MyST's roles: `{math}` a formula, of any other the words."""

        def role(found: re.Match[str]) -> str:
            if found[1] == "math":
                return f"${found[2].strip()}$"
            words = found[2].partition(" <")[0]
            place = self._reading.place(number, self._reading.column_of(found[0], number))
            message = f"{found[0]} means something to another system only; its words stay; write what it stands for"
            self._reading.fault(place, "foreign-template", message)
            return words

        return _ROLE.sub(role, line)

    def _is_dropped(self, line: str, number: int) -> bool:
        """Whether nothing of the line is for readers; what it is for is named, but for what only gathers other lines."""
        if whole := next((found for rule in _WHOLE_LINES if (found := rule.match(line))), None):
            self._dropped(whole[0].strip(), number)
            return True
        if lone := _LONE_TAG.match(line):  # it parts paragraphs, as in its own system
            place = self._reading.place(number, len(line) - len(line.lstrip()) + 1)
            foreign(self._reading, lone[1] or lone[3], (lone[2] or lone[4]).strip(), place)
            return True
        return line.strip() == "\\" or _OPENS_MARKDOWN.match(line) is not None

    def _dropped(self, what: str, number: int) -> None:
        shown = what if len(what) <= 50 else what[:47] + "..."
        place = self._reading.place(number, self._reading.column_of(what, number))
        self._reading.fault(
            place, "foreign-template", f"{shown} means something to another system only and is dropped; delete it"
        )

    def _franklin(self, line: str, number: int) -> str:
        if re.match(r"@@[\w, -]*$", line.rstrip()):
            return ""  # a box, whose text stays
        line = re.sub(r"\\fig\{([^{}]+)\}", r"![](\1)", line)
        line = re.sub(r"\\figalt\{([^{}]*)\}\{([^{}]+)\}", r"![\1](\2)", line)

        def dropped(found: re.Match[str]) -> str:
            self._dropped(found[0], number)
            return ""

        return _FRANKLIN_CALL.sub(dropped, line)

    def _spans(self, part: str, number: int) -> str:
        def note(found: re.Match[str]) -> str:
            """A link within a vault leads nowhere from a letter; its words stay."""
            bar = "\\|" if "\\|" in found[2] else "|"  # within a table's cell
            target, _, alias = found[2].partition(bar)
            if found[1] and re.search(r"\.(?:png|jpe?g|gif|svg|webp)$", target, re.IGNORECASE):
                return f"![{bar if re.fullmatch(r'[0-9]+(?:x[0-9]+)?', alias) else ''}{alias}](<{target}>)"
            words = alias or target
            place = self._reading.place(number, self._reading.column_of(found[0], number))
            message = f"{found[0]} is a link within another system; its words stay; write [{words}](https://…)"
            self._reading.fault(place, "foreign-template", message)
            return words

        part = re.sub(r"(!?)\[\[([^\[\]\n]+)\]\]", note, part)
        part = re.sub(r"(?<= ) +", "", _KRAMDOWN.sub("", part)) if _KRAMDOWN.search(part) else part
        part = _HACKMD_WIDTH.sub(r"\1){width=\2}", part)
        part = _REMARK.sub(lambda found: found[1] or "", part) if not self._reading.own else part
        part = _BLOCK_ID.sub("", part) if not self._reading.own else part
        for _ in range(part.count("]{")):  # the inner ones first
            part = _BRACKETED.sub(r"\1", part)
        return part


_LONE_PICTURE: Final = re.compile(r"!\[[^\[\]]*\]\([^()\s]+(?: \"[^\"]*\")?\)")
_CLOSES_LINK: Final = re.compile(r"\]\([^()\s]+\)")
_BRACKETED: Final = re.compile(r"(?<![!\\])\[([^\[\]]*)\]\{[^{}]*[.#=][^{}]*\}")
_ROLE: Final = re.compile(r"(?<![\w#$`])\{([a-z][\w:+.-]*)\}`([^`\n]+)`(?!`)")
_MDX_COMMENT: Final = re.compile(r"\{/\*(?:(?!\{/\*).)*?\*/\}")
_HACKMD_WIDTH: Final = re.compile(r"(!\[[^\[\]\n]*\]\([^\s()]+)[ \t]+=(\d+(?:px|%)?)x?\d*(?:px|%)?\)")
_BULLET: Final = re.compile(r"[ \t]*(?P<mark>[•·▪◦‣●○■□\uf0b7\uf0a7]|[o§](?=[\t\u00a0]))[ \t\u00a0]+(?=\S)")
"""Also of the symbol fonts that Word writes its signs in."""
_REMARK: Final = re.compile(r"(%%\{?[a-z]+(?:_[a-z]+)+\}?%%)|(?<!\\)%%(?:(?!\]\().)*?%%")
"""A comment of Obsidian, which stands around no link; in the group another system's field."""
_KRAMDOWN: Final = re.compile(
    r"\{%-?\s*comment\s*-?%\}(?:(?!\{%-?\s*comment\b).)*?\{%-?\s*endcomment\s*-?%\}"
    r"|\{::comment\}(?:(?!\{::comment\}).)*?\{:/(?:comment)?\}|\{::nomarkdown\}|\{:/(?:nomarkdown)?\}"
)
_BLOCK_ID: Final = re.compile(r"(?:^|(?<=\S)[ \t]+)\^[A-Za-z0-9][A-Za-z0-9-]{2,}[ \t]*$")
"""What Obsidian links to: `Some words. ^a1b2c3`."""
_RAW: Final = re.compile(r"`([^`\n]+)`\{=(html|latex|tex|openxml|typst)\}")
_OPENS_MARKDOWN: Final = re.compile(
    r"[ ]{0,3}<(?:div|section|article|aside|main|header|footer)\b[^<>]*\bmarkdown=[\"']?(?:1|block)[\"']?[^<>]*>[ \t]*$"
)
_TOC: Final = re.compile(r"[ \t]*\{:[^}]*\btoc\b[^}]*\}[ \t]*$")
_LONE_ITEM: Final = re.compile(r"[ \t]*(?:[*+-]|\d+\.)[ \t]+\S+[ \t]*$")
_LONE_TAG: Final = re.compile(
    r"[ \t]*(?:(\{\{)(?=[<%])([<%]\s*/?\s*(?:tabs?|tabpane|tabbed|columns?|steps?|cards?|cardpane|row|col|grid)\b[^{}]*[>%])\}\}"
    r"|(\{%)(-?\s*(?:if|elsif|else|endif|unless|endunless|for|endfor|case|when|endcase|capture|endcapture)\b[^{}]*)%\})[ \t]*$"
)
_MATH_TAG: Final = re.compile(
    r"\{[{%][<%]?\s*(?:katex|math|tex)(?:\s[^{}]*?)?[>%]?[}%]\}(.{1,4000}?)\{[{%][<%]?\s*(?:/|end)\s*(?:katex|math|tex)\s*[>%]?[}%]\}"
)
_LONE_MATH_TAG: Final = re.compile(r"[ \t]*\{[{%][<%]?\s*(?:/|end)?\s*(?:katex|math)(?:\s[^{}]*?)?[>%]?[}%]\}[ \t]*$")
_NAMED_HEADING: Final = re.compile(r" {0,3}#{1,6}\s+(.*?)\s*\{:?[^{}]*#([^\s{}#]+)[^{}]*\}[\s#]*$")
_OURS: Final = "~~~~~~"
"""A fence that nobody else writes."""
_WHOLE_LINES: Final = (
    re.compile(r"[ \t]*(?:[*+-]|\d+\.)[ \t]+\w+[ \t]*(?:\{:[^}]*\btoc\b[^}]*\})[ \t]*$"),  # * TOC {:toc}
    _TOC,
    re.compile(r"[ \t]*\*\[[^\]]+\]:.*$"),  # an abbreviation of kramdown and PHP Markdown
    re.compile(r"[ \t]*\{::\w+[^}]*/?\}[ \t]*$"),
    re.compile(
        r"[ \t]*\\(?:newpage|pagebreak|clearpage|toc|tableofcontents|maketitle|bibliography\{[^}]*\}"
        r"|bibliographystyle\{[^}]*\}|biblabel\{[^}]*\}(?:\{[^}]*\})?)[ \t]*$"
    ),
    re.compile(r"\([\w:.-]+\)=[ \t]*$"),  # what MyST refers to
    re.compile(r"import[ \t]+(?:[\w*{}, \t]+[ \t]+from[ \t]+)?([\"'])[^\"']+\1;?[ \t]*$"),  # MDX
    re.compile(r"export[ \t]+(?:const|default|function)\b.*[;})][ \t]*$"),
    re.compile(r"[ \t]*\[(?:TOC|toc|\[_TOC_\])\][ \t]*$"),
)
_FRANKLIN_CALL: Final = re.compile(
    r"\\(?:output|show|textoutput|textinput|input|prettyshow|tableinput|cite[tp]?|citep|label|lineskip)"
    r"(?:\{[^{}]*\})*"
)


def _joined_pictures(lines: list[str]) -> None:
    """A picture's link that Substack cuts by empty lines, `[`, `![…](…)` and `](…)`, is one line."""
    for index in range(len(lines) - 4):
        opens, picture, closes = (lines[index + n].strip() for n in (0, 2, 4))
        if (
            opens == "["
            and _LONE_PICTURE.fullmatch(picture)
            and _CLOSES_LINK.fullmatch(closes)
            and not (lines[index + 1].strip() or lines[index + 3].strip())
        ):
            lines[index : index + 5] = ["", "", f"[{picture}{closes}", "", ""]


def _end_of_formula(line: str) -> str:
    r"""What ends the formula that the line begins with `\begin{align}` or `\[`."""
    found = _FORMULA.match(line)
    return "" if found is None else f"\\end{{{found[1]}}}" if found[1] else "\\]"


def _outside_code(line: str, change: Callable[[str], str]) -> str:
    """The line with everything changed that is neither code nor a formula."""
    result, start = [], 0
    for found in _CODE_SPAN.finditer(line):
        result += [change(line[start : found.start()]), found[0]]
        start = found.end()
    return "".join([*result, change(line[start:])])
