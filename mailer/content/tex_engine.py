r"""MathJax in QuickJS: TeX becomes SVG and MathML, in this process, without Node, TeX or network.

One context, touched by one thread of its own only (QuickJS measures its stack by the thread that calls it). Every
formula gets a fresh TeX reader, so that no `\def` reaches the next formula; a formula that runs too long, too deep or
too large costs the context, and the next one starts a new one. MathJax's files come with `django-static-mathjax`
(Apache-2.0), which needs no Django.
"""

import json
import os
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, stack_size
from typing import Any, Final

import quickjs

LIMIT_CHARACTERS: Final = 4_000
LIMIT_SECONDS: Final = 3
LIMIT_BYTES: Final = 256 * 1024 * 1024
LIMIT_STACK_BYTES: Final = 4 * 1024 * 1024
LIMIT_DEPTH: Final = 120
_RENEW_AFTER: Final = 2_000
"""Formulas after which a new context is made: the old one keeps some memory for each."""

_FILES: Final = (
    "loader.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex-full.js",
    "output/svg.js",
    "output/svg/fonts/tex.js",
)
_SET_UP: Final = r"""
var M = MathJax._;
var adaptor = M.adaptors.liteAdaptor.liteAdaptor();
M.handlers.html_ts.RegisterHTMLHandler(adaptor);
var visitor = new M.core.MmlTree.SerializedMmlVisitor.SerializedMmlVisitor();
var packages = ['base', 'ams', 'amscd', 'boldsymbol', 'braket', 'bbox', 'cancel', 'cases', 'centernot', 'color',
  'colortbl', 'configmacros', 'empheq', 'enclose', 'extpfeil', 'gensymb', 'mathtools', 'mhchem', 'newcommand',
  'unicode', 'upgreek', 'verb', 'textcomp', 'textmacros'];
var macros = {
  bm: ['\\boldsymbol{#1}', 1], argmin: '\\operatorname*{arg\\,min}', argmax: '\\operatorname*{arg\\,max}',
  llbracket: '[\\![', rrbracket: ']\\!]', coloneq: '\\coloneqq', mathds: ['\\mathbb{#1}', 1],
  nicefrac: ['{}^{#1}\\!/{}_{#2}', 2], R: '\\mathbb{R}', N: '\\mathbb{N}', Z: '\\mathbb{Z}', Q: '\\mathbb{Q}'
};
function convert(tex, display) {
  try {
    var input = new M.input.tex_ts.TeX({
      packages: packages, macros: Object.assign({}, macros), tags: 'none', maxMacros: 1000, maxBuffer: 20000,
      formatError: function (_, error) { throw error; }
    });
    var output = new M.output.svg_ts.SVG({font: new M.output.svg.fonts.tex_ts.TeXFont(), fontCache: 'none'});
    var page = M.mathjax.mathjax.document('', {InputJax: input, OutputJax: output});
    var body = adaptor.body(page.document);
    var math = new page.options.MathItem(tex, input, display);
    math.start = {node: body, n: 0, delim: ''};
    math.end = math.start;
    math.setMetrics(16, 8, 1280, 100000, 1);
    math.compile(page);
    var mathml = visitor.visitTree(math.root);
    math.typeset(page);
    return JSON.stringify({svg: adaptor.innerHTML(math.typesetRoot), mathml: mathml});
  } catch (error) {
    return JSON.stringify({error: String(error.message || error), id: String(error.id || '')});
  }
}
"""


@dataclass(frozen=True, slots=True)
class Converted:
    """A formula as SVG and as MathML."""

    svg: str
    mathml: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a formula cannot be set, and where in its source (from 0) as far as that is known."""

    message: str
    offset: int = 0


class _Engine:
    """The context and its one thread."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mathjax")
        before = stack_size(
            4 * LIMIT_STACK_BYTES
        )  # MathJax calls itself deeply; the thread starts here, with this room
        try:
            self._thread.submit(int).result()
        finally:
            stack_size(before)
        self._context: Any = None
        self._count = 0

    def convert(self, tex: str, *, display: bool) -> Converted | Refused:
        return self._thread.submit(self._convert, tex, display).result()

    def _convert(self, tex: str, display: bool) -> Converted | Refused:  # noqa: FBT001  # called by the thread
        if self._context is None or self._count >= _RENEW_AFTER:
            self._context, self._count = _new_context(), 0
        self._count += 1
        context = self._context
        context.set_time_limit(LIMIT_SECONDS)
        try:
            answer = json.loads(context.eval(f"convert({json.dumps(tex)}, {json.dumps(display)})"))
        except (quickjs.JSException, quickjs.StackOverflow, ValueError, TypeError):
            self._context = None  # what was interrupted is not to be trusted
            return Refused("the formula takes too long or too much memory to set")
        if "error" in answer:
            if "stack" in answer["error"] or "memory" in answer["error"]:
                self._context = None
                return Refused("the formula is nested too deep")
            return Refused(_tidy(answer["error"]), _offset(answer["error"], tex))
        return Converted(answer["svg"], answer["mathml"])


class _Shared:
    """The process's one engine; a child of the process begins without, for the thread is not in it."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.lock = Lock()
        self.engine: _Engine | None = None

    def get(self) -> _Engine:
        with self.lock:
            if self.engine is None:
                self.engine = _Engine()
            return self.engine


_shared = _Shared()
os.register_at_fork(after_in_child=_shared.forget)


def convert(tex: str, *, display: bool) -> Converted | Refused:
    """The formula as SVG and MathML, or why it cannot be set. Safe to call from any thread."""
    if not tex.strip():
        return Refused("the formula is empty")
    if len(tex) > LIMIT_CHARACTERS:
        return Refused(f"the formula is longer than {LIMIT_CHARACTERS} characters")
    if _depth(tex) > LIMIT_DEPTH:
        return Refused("the formula is nested too deep")
    engine = _shared.get()
    written = with_accent_commands(tex)
    converted = engine.convert(written, display=display)
    if written != tex and isinstance(converted, Converted):  # to be read and listened to, the letters stay as they are
        as_is = engine.convert(tex, display=display)
        return Converted(converted.svg, as_is.mathml) if isinstance(as_is, Converted) else as_is
    return converted


def _new_context() -> Any:
    spec = find_spec("mathjax")
    if spec is None or not spec.submodule_search_locations:  # pragma: no cover  # the package is a dependency
        raise ModuleNotFoundError("django-static-mathjax is not installed")
    folder = Path(next(iter(spec.submodule_search_locations))) / "static" / "mathjax" / "es5"
    context = quickjs.Context()
    context.set_memory_limit(LIMIT_BYTES)
    context.set_max_stack_size(LIMIT_STACK_BYTES)
    context.eval("globalThis.MathJax = {startup: {ready() {}}, loader: {load: []}};")
    for name in _FILES:
        context.eval((folder / name).read_text(encoding="utf-8"))
    context.eval(_SET_UP)
    return context


def _depth(tex: str) -> int:
    depth = deepest = 0
    for found in re.finditer(r"\\.|[{}]|\\left|\\right", tex):
        if found[0] == "{":
            depth += 1
            deepest = max(deepest, depth)
        elif found[0] == "}":
            depth -= 1
    return max(deepest, tex.count(r"\left"), tex.count(r"\begin"))


def _tidy(message: str) -> str:
    message = " ".join(message.split())
    return message.split("; is here a recursive")[0] if "recursive" in message else message


def _offset(message: str, tex: str) -> int:
    """Where the fault stands, if its message quotes the source."""
    quoted = re.search(r"(\\[A-Za-z]+|'[^']+')\.?$", message)
    return max(tex.find(quoted[1].strip("'")), 0) if quoted else 0


# --- letters with accents -----------------------------------------------------------------------------------------------

_ACCENTS: Final = {  # combining character: command in a formula, command in \text
    "\u0300": ("grave", "`"),
    "\u0301": ("acute", "'"),
    "\u0302": ("hat", "^"),
    "\u0303": ("tilde", "~"),
    "\u0304": ("bar", "="),
    "\u0306": ("breve", "u"),
    "\u0307": ("dot", "."),
    "\u0308": ("ddot", '"'),
    "\u030c": ("check", "v"),
}
_PIECES: Final = re.compile(
    r"\\(?:text|textrm|textbf|textit|textsf|texttt|mbox|hbox)\s*\{|\\[A-Za-z]+|\\.|[{}$]|.", re.DOTALL
)


def with_accent_commands(tex: str) -> str:
    r"""The source with `ö` written as `\ddot{o}`, in text as `\"o`: MathJax has no glyph for a letter with its accent."""
    if tex.isascii():
        return tex
    result: list[str] = []
    modes = [False]  # for each open group: whether it is text
    for found in _PIECES.finditer(unicodedata.normalize("NFC", tex)):
        piece = found[0]
        if piece.startswith("\\") and piece.endswith("{") and len(piece) > 2:
            modes.append(True)
        elif piece == "{":
            modes.append(modes[-1])
        elif piece == "}" and len(modes) > 1:
            modes.pop()
        elif piece == "$":
            modes[-1] = not modes[-1]
        parts = unicodedata.normalize("NFD", piece)
        if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in _ACCENTS:
            in_formula, in_text = _ACCENTS[parts[1]]
            piece = f"\\{in_text}{{{parts[0]}}}" if modes[-1] else f"{{\\{in_formula}{{{parts[0]}}}}}"
        result.append(piece)
    return "".join(result)
