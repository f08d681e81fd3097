"""The real command `mailer` in a process group of its own: run, waited for, stopped, killed without warning."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "COVERAGE_PROCESS_START")
SECRET = "a-secret-key-of-the-tests-long-enough"


def mailer_command() -> list[str]:
    """The installed command beside this Python, else the package."""
    installed = Path(sys.executable).parent / "mailer"
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "mailer"]


def clean_environment(**variables: str) -> dict[str, str]:
    """An environment in which nothing of ours is set but `variables`."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(_import_paths()), **variables}


def _import_paths() -> list[str]:
    """The checkout, for tests that run where the package was not installed."""
    return [] if (Path(sys.executable).parent / "mailer").exists() else [str(Path(__file__).parents[2])]


def run_mailer(
    *arguments: str | Path,
    home: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | bytes = "",
    seconds: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run `mailer` to its end; `env` is added to a clean environment."""
    variables = {**(env or {}), **({"MAILER_HOME": str(home)} if home else {})}
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [*mailer_command(), *map(str, arguments)],
        check=False,
        input=given,
        capture_output=True,
        cwd=cwd,
        env=clean_environment(**variables),
        timeout=seconds,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    )


@dataclass
class MailerProcess:
    """A `mailer` that keeps running."""

    arguments: tuple[str, ...]
    folder: Path
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    logs: list[Path] = field(default_factory=list)
    cwd: Path | None = None
    command: Sequence[str] = ()
    """Instead of the installed `mailer`, such as one on another host."""

    def start(self) -> None:
        """Start it; its two streams go to one file, a new one at every start."""
        log = self.folder / f"mailer-{'-'.join(self.arguments[:2]).replace('/', '_')}-{len(self.logs)}.log"
        self.logs.append(log)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*(self.command or mailer_command()), *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.cwd or self.folder,
                env=clean_environment(**self.env),
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        """What it has said since its last start."""
        return self.logs[-1].read_text(encoding="utf-8", errors="replace") if self.logs else ""

    @property
    def pid(self) -> int:
        """The id of the process that was started, and of its group."""
        assert self.process is not None
        return self.process.pid

    def wait_for(self, pattern: str, *, seconds: float = 60) -> re.Match[str]:
        """Wait until it says something; fails when it ends first, or is silent."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            found = re.search(pattern, self.log)
            if found:
                return found
            if self.process is None or self.process.poll() is not None:
                break
            time.sleep(0.02)
        message = f"mailer {' '.join(self.arguments)} did not say {pattern!r}:\n{self.log}"
        raise AssertionError(message)

    def interrupt(self, *, seconds: float = 60) -> int:
        """Ctrl-C: SIGINT to the whole group, as a terminal does; gives the exit code."""
        return self._end(signal.SIGINT, seconds)

    def terminate(self, *, seconds: float = 60) -> int:
        """SIGTERM to the process, as a container's engine does; gives the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=seconds)

    def kill(self) -> None:
        """`kill -9` of the whole group: nobody can tidy up."""
        self._end(signal.SIGKILL, 30)

    def _end(self, number: signal.Signals, seconds: float) -> int:
        assert self.process is not None
        with suppress(ProcessLookupError):  # it may have ended by itself
            os.killpg(self.process.pid, number)
        return self.process.wait(timeout=seconds)

    def close(self) -> None:
        """End what is left of the group at the end of a test."""
        if self.process is not None:
            self.kill()


Start = Callable[..., MailerProcess]


@pytest.fixture
def start_mailer(tmp_path: Path) -> Iterator[Start]:
    """Start `mailer …` in the background: `start_mailer("web", "--port", "0", home=…, env=…)`; ended after the test."""
    started: list[MailerProcess] = []

    def start(
        *arguments: str, home: Path | None = None, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> MailerProcess:
        variables = {**(env or {}), **({"MAILER_HOME": str(home)} if home else {})}
        folder = tmp_path / f"process-{len(started)}"
        folder.mkdir()
        process = MailerProcess(tuple(arguments), folder, variables, cwd=cwd)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.close()


def wait_until(condition: Callable[[], object], *, seconds: float = 60, what: str = "it") -> None:
    """Wait until `condition` holds; fails when it does not."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if condition():
            return
        time.sleep(0.02)
    message = f"{what} did not happen within {seconds} s"
    raise AssertionError(message)
