"""Markdown as we read it: CommonMark, tables, footnotes, definition lists, formulas, `:::` containers, merge fields.

Only tokens come out of here. Every inline token carries in `meta["pos"]` where it starts in its block's text, and a
container's token the lines at which it opens and closes.
"""

import re
from collections.abc import Callable
from threading import local
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath.index import math_block_dollar
from mdit_py_plugins.footnote import footnote_plugin

from mailer.content.formulas.marks import bracket_block_rule, bracket_rule, dollar_rule
from mailer.content.markdown.fences import column_break_rule, container_rule

MAX_NESTING: Final = 60
"""Deeper lists and quotes are not read (a newsletter has three levels; a bomb has thousands)."""

BAR: Final = "\ufdd0"
"""Stands for a `|` that must not cut a table's cell; a noncharacter, so that no text holds it."""

BLANK: Final = "\ufdd1"
"""Stands for a blank in another system's field within an address, which would end the address."""

_FIELD_IN_ADDRESS: Final = re.compile(
    r"(?<=\]\()((?:[^\s()<>{}]*(?:\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}))+[^\s()<>]*)(?=[\s)])"
    r"|(?<=\]: )(\{\{[^{}\n]*\}\})"
)
_FIELD_OR_FORMULA: Final = re.compile(
    r"\{\{[^{}\n]*\}\}|(?<!`)`[^`\n]*`(?!`)|(?<!\\)\\\([^\n]+?\\\)|(?<![\\$])\$(?![\s$])[^$\n]*?[^\s$\\]\$(?![\d$])"
)

_parsers = local()


def tokens_of(text: str, env: dict[str, Any]) -> list[Token]:
    """The block tokens of a text; `env` receives the footnotes and references."""
    guarded = guard_bars(text)
    guarded = _FIELD_IN_ADDRESS.sub(lambda found: found[0].replace(" ", BLANK).replace("(", "%28"), guarded)
    tokens = _parser().parse(guarded, env)
    _restore(tokens, set())
    return tokens


def inline_tokens_of(text: str, env: dict[str, Any]) -> Token:
    """The one inline token of a line of text, such as an event's title."""
    token = _parser().parseInline(text, env)[0]
    _restore([token], set())
    return token


def guard_bars(text: str) -> str:
    """The text, as long as before, in which no `|` of a formula or merge field can cut a table's cell."""
    text = text.replace(BAR, "\ufffd").replace(BLANK, "\ufffd")
    return _FIELD_OR_FORMULA.sub(_guarded, text) if "|" in text else text


def _guarded(found: re.Match[str]) -> str:
    r"""A bar in code that is written `\|` is one for tables already."""
    return re.sub(r"(?<!\\)\|", BAR, found[0]) if found[0].startswith("`") else found[0].replace("|", BAR)


def _restore(tokens: list[Token], seen: set[int]) -> None:
    for token in tokens:
        if id(token) in seen:
            continue
        seen.add(id(token))
        token.content = token.content.replace(BAR, "|").replace(BLANK, " ")
        token.info = token.info.replace(BAR, "|")
        for name, value in token.attrs.items():
            if isinstance(value, str):
                token.attrs[name] = (
                    value.replace("%EF%B7%90", "|").replace(BAR, "|").replace("%EF%B7%91", " ").replace(BLANK, " ")
                )
        _restore(token.children or [], seen)


def _parser() -> MarkdownIt:
    # one for each thread: the recogniser of bare links keeps its place in itself
    parser: MarkdownIt | None = getattr(_parsers, "parser", None)
    if parser is None:
        parser = _parsers.parser = _new_parser()
    return parser


def _new_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"linkify": True, "html": True, "maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough", "linkify"])
    parser.validateLink = _any_link  # type: ignore[assignment,method-assign]
    parser.use(footnote_plugin, move_to_end=False)
    parser.use(deflist_plugin)
    parser.use(amsmath_plugin)
    block = parser.block.ruler
    interrupting: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    block.before("fence", "math_block", math_block_dollar(True, str, False))
    block.before("fence", "math_brackets", bracket_block_rule, interrupting)
    block.before("fence", "container", container_rule, interrupting)
    block.before("container", "column_break", column_break_rule, interrupting)
    inline = parser.inline.ruler
    inline.before("escape", "merge_field", _merge_field_rule)
    inline.before("escape", "math_inline", dollar_rule)
    inline.before("escape", "math_brackets", bracket_rule)
    inline.before("strikethrough", "small_marks", _small_marks_rule)
    inline.before("escape", "attributes", _attributes_rule)
    for rule in inline.__rules__:
        rule.fn = _remembering_position(rule.fn)
    _add_links(parser)
    return parser


def _any_link(_: str) -> bool:
    """Every link is a link; inlines.py judges it and knows its line."""
    return True


def _remembering_position(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    def remembering(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it's own signature
        count, position = len(state.tokens), state.pos
        matched = rule(state, silent)
        for token in state.tokens[count:]:
            token.meta.setdefault("pos", position)
        return matched

    return remembering


def _add_links(parser: MarkdownIt) -> None:
    """Bare links: http(s), mailto, www, addresses, and arXiv and DOI names; no bare domain, which may be a sentence's end."""
    linkify = parser.linkify
    if linkify is None:  # pragma: no cover  # the package is a dependency
        return
    linkify.set({"fuzzy_link": False, "fuzzy_email": True, "fuzzy_ip": False})
    linkify.add("www.", {"validate": _www_length, "normalize": _normal_www})
    linkify.add("arxiv:", {"validate": _arxiv_length, "normalize": _normal_arxiv})
    linkify.add("doi:", {"validate": _doi_length, "normalize": _normal_doi})


_WWW: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#][^\s<>]*[^\s<>.,;:!?)\]}'\"])?/?", re.IGNORECASE)
_ARXIV: Final = re.compile(r"\s?(?:[a-z-]+(?:\.[A-Z]{2})?/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)
_DOI: Final = re.compile(r"\s?10\.\d{4,9}/[^\s<>\"]*[^\s<>\".,;:!?)\]}']")


def _length(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return len(found[0]) if found else 0


def _www_length(_: object, text: str, position: int) -> int:
    return _length(_WWW, text, position)


def _arxiv_length(_: object, text: str, position: int) -> int:
    return _length(_ARXIV, text, position)


def _doi_length(_: object, text: str, position: int) -> int:
    return _length(_DOI, text, position)


def _normal_www(_: object, match: Any) -> None:
    match.url = "http://" + match.url


def _normal_arxiv(_: object, match: Any) -> None:
    match.url = "https://arxiv.org/abs/" + match.url.split(":", 1)[1].strip()


def _normal_doi(_: object, match: Any) -> None:
    match.url = "https://doi.org/" + match.url.split(":", 1)[1].strip()


CLOSING: Final = {"{{": "}}", "{%": "%}", "{#": "#}", "*|": "|*"}
"""How the fields and tags of template languages end."""


def _merge_field_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """`{{ … }}` is one token; `{% … %}`, `{{< … >}}`, `{{% … %}}`, `{# … #}` and Mailchimp's `*|…|*` are foreign ones."""
    opening = state.src[state.pos : state.pos + 2]
    closing = CLOSING.get(opening)
    if closing is None:
        return False
    end = state.src.find(closing, state.pos + 2, state.posMax)
    if end < 0 or (opening in {"{#", "*|"} and "\n" in state.src[state.pos : end]):
        return False
    if not silent:
        content = state.src[state.pos + 2 : end]
        foreign = opening != "{{" or content[:1] in {"<", "%", "{"}
        token = state.push("foreign" if foreign else "merge_field", "", 0)
        token.content = content.strip()
        token.markup = opening
    state.pos = end + 2
    return True


_ATTRIBUTES: Final = re.compile(
    r"[ \t]*\{(?:-|:?\s*(?:#[^\s{}#]+|\.[\w:.-]+|[\w-]+=(?:\"[^\"{}]*\"|'[^'{}]*'|[^\s{}\"']+))"
    r"(?:\s+(?:[#.][\w:.-]+|[\w-]+=(?:\"[^\"{}]*\"|'[^'{}]*'|[^\s{}\"']+)))*\s*)\}(?=[\s.,;:!?)]|$)"
)


def _attributes_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """`{#anchor .class key=value}` of Pandoc, Hugo and kramdown says how something looks there, and is dropped."""
    if state.src[state.pos] != "{":
        return False
    found = _ATTRIBUTES.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("attributes", "", 0).content = found[0]
    state.pos = found.end()
    return True


_SMALL_MARKS: Final = {
    "~": ("sub", re.compile(r"~(?!~)((?:[^\s~\\]|\\[ ~])+)~(?!~)")),
    "^": ("sup", re.compile(r"\^(?!\^)((?:[^\s^\\\[]|\\[ ^])+)\^(?!\^)")),
    "=": ("mark", re.compile(r"==(?=[^\s=])([^\n]*?[^\s=])==(?!=)")),
}


def _small_marks_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """`H~2~O`, `x^2^` and `==marked==`, as Pandoc and Obsidian write them."""
    kind = _SMALL_MARKS.get(state.src[state.pos])
    found = kind[1].match(state.src, state.pos, state.posMax) if kind else None
    if kind is None or found is None or state.src[state.pos - 1 : state.pos] == state.src[state.pos]:
        return False
    if not silent:
        state.push(f"{kind[0]}_open", kind[0], 1)
        state.push("text", "", 0).content = re.sub(r"\\([ ~^])", r"\1", found[1])
        state.push(f"{kind[0]}_close", kind[0], -1)
    state.pos = found.end()
    return True
