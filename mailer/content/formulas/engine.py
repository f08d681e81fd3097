r"""MathJax in QuickJS: TeX becomes SVG and MathML, in this process, without Node, TeX or network.

One context, touched by one thread of its own only (QuickJS measures its stack by the thread that calls it). A formula
that defines something or fails is the last one of its TeX reader, so that no `\def` reaches the next formula; a formula that runs too long, too deep or
too large costs the context, and the next one starts a new one. MathJax's files come with `django-static-mathjax`
(Apache-2.0), which needs no Django.
"""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, stack_size
from typing import Any, Final

import quickjs

from mailer.content.formulas.aliases import ALIASES
from mailer.content.formulas.glyphs import width_em
from mailer.content.formulas.packages import written_out
from mailer.content.formulas.scan import as_meant, drawable, line_break, unpaired

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
  nicefrac: ['{}^{#1}\\!/{}_{#2}', 2], R: '\\mathbb{R}', N: '\\mathbb{N}', Z: '\\mathbb{Z}', Q: '\\mathbb{Q}',
  C: '\\mathbb{C}', mathbbm: ['\\mathbb{#1}', 1], pmb: ['\\boldsymbol{#1}', 1],
  abs: ['\\left\\lvert #1\\right\\rvert', 1], norm: ['\\left\\lVert #1\\right\\rVert', 1], dd: '\\mathrm{d}',
  sout: ['\\enclose{horizontalstrike}{#1}', 1], raisebox: ['\\raise #1{\\text{#2}}', 2], pounds: '\\unicode{xA3}',
  dag: '\\dagger', ddag: '\\ddagger', ensuremath: ['#1', 1], medspace: '\\:',
  thickspace: '\\;', require: ['', 1],
  vcentcolon: '\\mathrel{:}',
  utilde: ['\\underset{\\sim}{#1}', 1], set: ['\\{#1\\}', 1],
  LaTeX: '\\mathrm{L\\mkern-5mu\\raise 0.2em{\\scriptsize A}\\mkern-3mu T\\mkern-3mu\\lower 0.25em{E}\\mkern-2mu X}'
};
var maps = M.input.tex.MapHandler.MapHandler;  // ` is drawn as a reversed prime, high above its letter
maps.getMap('macros').lookup('grave')._args = ['02CB'];
maps.getMap('text-macros').lookup('`')._args = ['\u02CB'];
var widths = {}, failed = null;
adaptor.nodeSize = function (node) {  // QuickJS has no page to measure in
  var wide = 0;
  for (var sign of adaptor.textContent(node)) { wide += widths[sign] === undefined ? 0.6 : widths[sign]; }
  return [wide, 0.8];
};
var parser = M.input.tex.TexParser.default.prototype, parse = parser.Parse;
parser.Parse = function () {
  try { return parse.call(this); } catch (error) {
    failed = failed || {text: this.string, at: Array.from(this.string.slice(0, this.i)).length};
    throw error;
  }
};
var output = new M.output.svg_ts.SVG({font: new M.output.svg.fonts.tex_ts.TeXFont(), fontCache: 'none'});
var input, page = null;
function begin() {
  input = new M.input.tex_ts.TeX({
    packages: packages, macros: Object.assign({}, aliases, macros), tags: 'none', maxMacros: 1000, maxBuffer: 20000,
    multlineWidth: '100%',
    formatError: function (_, error) { throw error; }
  });
  page = M.mathjax.mathjax.document('', {InputJax: input, OutputJax: output});
}
function convert(tex, display, known, lasting) {
  widths = known;
  failed = null;
  if (page === null) { begin(); }
  try {
    var body = adaptor.body(page.document);
    var math = new page.options.MathItem(tex, input, display);
    math.start = {node: body, n: 0, delim: ''};
    math.end = math.start;
    math.setMetrics(16, 8, 480, 100000, 1);  // lines that are cut by hand are as wide as a column
    math.compile(page);
    var mathml = visitor.visitTree(math.root);
    math.typeset(page);
    return JSON.stringify({svg: adaptor.innerHTML(math.typesetRoot), mathml: mathml});
  } catch (error) {
    lasting = true;  // what it left behind is not known
    return JSON.stringify({error: String(error.message || error), id: String(error.id || ''), failed: failed});
  } finally {
    if (lasting) { page = null; }
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
            widths = {letter: width_em(letter) for letter in sorted(set(tex)) if not letter.isascii()}
            call = f"convert({json.dumps(tex)}, {json.dumps(display)}, {json.dumps(widths)}, {json.dumps(_lasts(tex))})"
            answer = json.loads(context.eval(call))
        except (quickjs.JSException, quickjs.StackOverflow, ValueError, TypeError):
            self._context = None  # what was interrupted is not to be trusted
            return Refused("the formula takes too long or too much memory to set")
        if "error" in answer:
            if "stack" in answer["error"] or "memory" in answer["error"]:
                self._context = None
                return Refused("the formula is nested too deep")
            return Refused(_tidy(answer["error"]), _offset(answer["error"], tex, answer["failed"]))
        return Converted(answer["svg"], answer["mathml"])


_DEFINING: Final = re.compile(
    r"\\(?:[gex]?def|let|futurelet|global|(?:re)?new|provide|Declare|define|mathtoolsset|setcounter|usepackage|require)"
)


def _lasts(tex: str) -> bool:
    """Whether the formula may change how later ones are read: then they get a fresh reader, which takes a quarter of its time."""
    return _DEFINING.search(tex) is not None


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
    if (refused := _refused(tex)) is not None:
        return refused
    broken = line_break(tex)
    if broken and not display:
        return Refused(
            "a formula within a line cannot hold a line break; write it between $$ on lines of its own", broken[0]
        )
    engine = _shared.get()
    meant = as_meant(written_out(tex))
    if broken:
        kind = "aligned" if broken[1] else "gathered"
        meant = f"\\begin{{{kind}}}{meant}\\end{{{kind}}}"
    written = drawable(meant)
    converted = engine.convert(written, display=display)
    if written == tex:
        return converted
    # to be read and listened to, the letters stay as they are; and an error is placed in what the author wrote
    as_is = engine.convert(meant if isinstance(converted, Converted) else tex, display=display)
    if isinstance(converted, Refused) and written_out(tex) != tex:
        return Refused(converted.message, as_is.offset if isinstance(as_is, Refused) else 0)
    if isinstance(converted, Converted) and isinstance(as_is, Converted):
        return Converted(converted.svg, as_is.mathml)
    return as_is if isinstance(as_is, Refused) else converted


def _refused(tex: str) -> Refused | None:
    if not tex.strip():
        return Refused("the formula is empty")
    if len(tex) > LIMIT_CHARACTERS:
        return Refused(f"the formula is longer than {LIMIT_CHARACTERS} characters")
    return Refused("the formula is nested too deep") if _depth(tex) > LIMIT_DEPTH else None


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
    context.eval(f"var aliases = {json.dumps(ALIASES)};")
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


_PAIRS: Final = ((r"\left", r"\right"), (r"\begin", r"\end"), ("{", "}"))


def _offset(message: str, tex: str, failed: dict[str, Any] | None) -> int:
    """Where the fault stands: at a bracket without a partner, at the command that is named, or where reading stopped."""
    for opening, closing in _PAIRS:
        named = ("brace",) if opening == "{" else (opening, closing)
        if any(word in message for word in named) and (at := unpaired(tex, opening, closing)) is not None:
            return at
    stopped = _stopped(tex, failed)
    quoted = re.search(r"(\\[A-Za-z]+|\\[^A-Za-z\s]|'[^']+')\.?(?: |$)", message)
    if quoted:
        word = quoted[1].strip("'")
        before = tex.rfind(word, 0, stopped + len(word) if stopped is not None else len(tex))
        if before >= 0:
            return before
    return max((stopped or 0) - 1, 0)


def _stopped(tex: str, failed: dict[str, Any] | None) -> int | None:
    """Where MathJax stopped reading: it may have stood in an argument, or behind a macro that it had put in."""
    if failed is None:
        return None
    text, at = str(failed["text"]), int(failed["at"])
    # MathJax writes x^2 as "x^2 ", so that blanks do not count
    bare, source = "".join(text.split()), "".join(tex.split())
    passed = len("".join(text[:at].split()))
    if bare == source:
        return _after(tex, passed)
    rest = bare[passed:]
    if rest and source.endswith(rest):
        return _after(tex, len(source) - len(rest))
    start = tex.find(text)
    return start + at if start >= 0 else None


def _after(tex: str, count: int) -> int:
    """The place behind so many characters that are no blanks."""
    for index, sign in enumerate(tex):
        count -= not sign.isspace()
        if count <= 0:
            return index + 1
    return len(tex)
