"""Where a template's markup is not well formed: the MJML compiler itself says neither file nor line."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_JINJA: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MARKUP: Final = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<![A-Za-z][^>]*>"
    r"|<(?P<close>/?)(?P<tag>[A-Za-z][\w:-]*)(?:\s+[\w:@-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'))?)*\s*(?P<empty>/?)>|<",
    re.DOTALL,
)
_VOID: Final = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
})  # fmt: skip


def first_fault(paths: Iterable[Path]) -> tuple[str, str] | None:
    """The place, FILE:LINE:COLUMN, of the first element without a partner in these templates, and what is wrong with it."""
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        if found := fault_of(text):
            offset, message = found
            line = text.count("\n", 0, offset) + 1
            return f"{path}:{line}:{offset - text.rfind(chr(10), 0, offset)}", message
    return None


def fault_of(text: str) -> tuple[int, str] | None:
    """The offset of what is not well formed, and what it is; what Jinja writes is left out of sight."""
    bare = _JINJA.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    waiting: list[tuple[str, int]] = []
    for found in _MARKUP.finditer(bare):
        tag = found["tag"]
        if found[0] == "<":
            return found.start(), "this < begins no element that can be read; close its quotes, or write &lt;"
        if tag is None or found["empty"] or tag.lower() in _VOID:
            continue
        if not found["close"]:
            waiting.append((tag, found.start()))
        elif not waiting:
            return found.start(), f"</{tag}> closes nothing"
        elif waiting[-1][0] == tag:
            waiting.pop()
        else:
            is_open = any(name == tag for name, _ in waiting)
            return (
                (waiting[-1][1], f"<{waiting[-1][0]}> is not closed")
                if is_open
                else (found.start(), f"</{tag}> closes nothing")
            )
    return (waiting[-1][1], f"<{waiting[-1][0]}> is not closed") if waiting else None
