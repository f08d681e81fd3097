"""The rules of this house that no linter knows: each takes a source file and gives its offences."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MODULE_LINES = 400
FUNCTION_LINES = 50
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "service", "services", "manager", "core", "crud"}
MAY_READ_CLOCK = {"mailer/app.py"}
MAY_COMMIT = {"mailer/base/database.py"}
MAY_READ_ENVIRONMENT = {"mailer/base/settings.py", "mailer/cli/workspace.py"}
MAY_CATCH_ALL = {"mailer/worker/celery_app.py"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
EVENT = re.compile(r"[a-z]+(_[a-z]+)*")


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the project."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @property
    def is_ours(self) -> bool:
        """Whether it is shipped, and no test."""
        return self.path.startswith(("mailer/", "subscribers/"))

    def calls(self) -> Iterator[tuple[ast.Call, str, str]]:
        """Each call with the name before its last dot and the name after it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Attribute):
                    before = node.func.value
                    owner = (
                        before.id
                        if isinstance(before, ast.Name)
                        else before.attr
                        if isinstance(before, ast.Attribute)
                        else ""
                    )
                    yield node, owner, node.func.attr
                elif isinstance(node.func, ast.Name):
                    yield node, "", node.func.id


@dataclass(frozen=True, slots=True)
class Offence:
    """Where a rule is broken, and what to do."""

    rule: str
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


Rule = Callable[[Source], Iterator[tuple[int, str]]]


def module_name(source: Source) -> Iterator[tuple[int, str]]:
    """A module is named by a word of the domain or by a verb, never by a pattern."""
    path = Path(source.path)
    names = {path.stem, *(() if path.parent.name == "manager" and path.parts[1] == "web" else (path.parent.name,))}
    for name in sorted(names & FORBIDDEN_NAMES):
        yield 1, f"`{name}` says nothing: name it by what it does"


def module_length(source: Source) -> Iterator[tuple[int, str]]:
    """A module is read in one go."""
    lines = source.text.count("\n")
    if lines > MODULE_LINES:
        yield lines, f"{lines} lines, at most {MODULE_LINES}: split it by a word of the domain"


def function_length(source: Source) -> Iterator[tuple[int, str]]:
    """A function is seen in one look."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            # What is said about a function costs it nothing.
            said = (first.end_lineno or first.lineno) - first.lineno + 1 if ast.get_docstring(node) else 0
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - said
            if lines > FUNCTION_LINES:
                yield node.lineno, f"`{node.name}` has {lines} lines, at most {FUNCTION_LINES}"


def front(source: Source) -> Iterator[tuple[int, str]]:
    """A package's front shows no private name."""
    if not source.path.endswith("__init__.py"):
        return
    for node in source.tree.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name.startswith("_") and not alias.name.startswith("__"):
                    yield node.lineno, f"`{alias.name}` is private to {node.module}"


def commit(source: Source) -> Iterator[tuple[int, str]]:
    """Whoever opens the transaction ends it, and that is `Database.begin()`."""
    if source.is_ours and source.path not in MAY_COMMIT:
        for call, _owner, name in source.calls():
            if name in ("commit", "rollback") and isinstance(call.func, ast.Attribute):
                yield call.lineno, f"`.{name}()` is base/database.py's: take a session, or use `with database.begin()`"


def clock(source: Source) -> Iterator[tuple[int, str]]:
    """Rules take `now`; only the edge reads the clock."""
    if source.is_ours and source.path not in MAY_READ_CLOCK:
        for call, owner, name in source.calls():
            if (owner, name) in CLOCKS:
                yield call.lineno, f"`{owner}.{name}()`: take `now` as a parameter, from App.clock()"


def log_event(source: Source) -> Iterator[tuple[int, str]]:
    """An event is a constant of snake_case words; facts are its keys."""
    if not source.is_ours:
        return
    for call, owner, name in source.calls():
        if owner in ("log", "logger") and name in LOG_METHODS and call.args:
            event = call.args[0]
            events = [event.body, event.orelse] if isinstance(event, ast.IfExp) else [event]
            if not all(isinstance(one, ast.Constant) and EVENT.fullmatch(str(one.value)) for one in events):
                yield call.lineno, "the event is a constant such as `batch_sent`; facts go into keys"


def relationship(source: Source) -> Iterator[tuple[int, str]]:
    """No query hides behind an attribute."""
    for call, _owner, name in source.calls():
        if name == "relationship":
            lazy = next((keyword.value for keyword in call.keywords if keyword.arg == "lazy"), None)
            if not (isinstance(lazy, ast.Constant) and lazy.value == "raise"):
                yield call.lineno, 'relationship(…, lazy="raise")'


def environment(source: Source) -> Iterator[tuple[int, str]]:
    """Settings are read once, in one place."""
    if source.is_ours and source.path not in MAY_READ_ENVIRONMENT:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv"):
                yield node.lineno, "the environment is base/settings.py's: take what you need as a parameter"


def catch_all(source: Source) -> Iterator[tuple[int, str]]:
    """Whatever is not expected rises to the task wrapper, which logs it once."""
    if source.is_ours and source.path not in MAY_CATCH_ALL:
        for node in ast.walk(source.tree):
            # Whoever raises it again has only tidied up.
            if isinstance(node, ast.ExceptHandler) and not isinstance(node.body[-1], ast.Raise):
                kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
                if node.type is None or names & {"Exception", "BaseException"}:
                    yield node.lineno, "name the exception that is expected here"


def honest_tests(source: Source) -> Iterator[tuple[int, str]]:
    """A test meets the real thing, and is not skipped."""
    if not source.path.startswith("tests/"):
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        if any(name.split(".")[:2] in (["unittest", "mock"], ["mock"]) for name in names):
            yield node.lineno, "no mocks: put the fault into the server, or pass another `now`, Relay or Database"
    for call, owner, name in source.calls():
        if owner == "monkeypatch" and name == "setattr" and call.args:
            target = str(call.args[0].value) if isinstance(call.args[0], ast.Constant) else ""
            # A constant may be shortened: how long something waits is no behaviour.
            if target.startswith(("mailer.", "subscribers.")) and not target.rpartition(".")[2].isupper():
                yield call.lineno, "our own code is not patched: use a parameter"
        if name == "importorskip":
            yield call.lineno, "what a test needs is in the test extra"


RULES: tuple[Rule, ...] = (
    module_name,
    module_length,
    function_length,
    front,
    commit,
    clock,
    log_event,
    relationship,
    environment,
    catch_all,
    honest_tests,
)


def offences(source: Source) -> list[Offence]:
    """All that a file does against the rules."""
    return [Offence(rule.__name__, source.path, line, message) for rule in RULES for line, message in rule(source)]
