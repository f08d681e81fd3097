"""Rendering against npm `mjml`: letters from an issue, and the same letters' MJML alone; and an issue after an edit.

    python benchmarks/rendering.py [ISSUE] [ROUNDS]

Both are warm and take turns in one run, so that what else the machine does hits both alike; medians. Node and npm's mjml
are the benchmark's own; ISSUE is the sample where none is named, and an issue that names no audience is rendered for three.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mailer.base.settings import templates_dir
from mailer.content import Issue, read_issue
from mailer.rendering import Frame, Letter, Press, Sender, html_of, slots_of
from tests.support.peers import NPM, WHEEL, run_node

FRAME = Frame(Sender("Maths4DL", "news@x.test", "Bath"), "https://news.test", "https://news.test/archive/one")
THREE = ("academic", "industry", "outreach")
SERVER = """
const {pathToFileURL} = require('url'), path = require('path'), readline = require('readline'), fs = require('fs');
(async () => {
  const made = await import(pathToFileURL(path.join(process.argv[1], 'node_modules/mjml/lib/index.js')));
  const mjml = made.default.default || made.default;
  for await (const line of readline.createInterface({input: process.stdin})) {
    const sources = JSON.parse(line).map(name => fs.readFileSync(name, 'utf8'));
    const start = process.hrtime.bigint();
    for (const source of sources) await mjml(source);
    console.log(Number(process.hrtime.bigint() - start) / 1e6);
  }
})();
"""
"""Compiles the files named on each line and answers with the milliseconds that it took, reading left out."""


@contextmanager
def npm_mjml(folder: Path) -> Iterator[Callable[[list[str]], float]]:
    """A Node process that stays warm; called with MJML files, it gives milliseconds."""
    ran = run_node(NPM, "install", "--no-audit", "--no-fund", "--prefix", str(folder), "mjml@5.4.1")
    assert ran.returncode == 0, ran.stderr
    with subprocess.Popen(
        [WHEEL / "bin" / "node", "-e", SERVER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as node:
        assert node.stdin
        assert node.stdout

        def compile_(names: list[str]) -> float:
            print(json.dumps(names), file=node.stdin, flush=True)
            return float(node.stdout.readline())  # type: ignore[union-attr]  # asserted above

        yield compile_
        node.stdin.close()


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def letters(issue: Issue, cache: Path) -> list[Letter]:
    press = Press(issue, FRAME, formula_cache=cache)
    return [press.letter(frozenset({slug})) for slug in issue.meta.audiences or THREE]


def edited(path: Path, folder: Path, turn: int) -> Path:
    """The issue with one paragraph changed, beside its pictures."""
    main = path / "issue.md" if path.is_dir() else path
    for file in main.parent.iterdir() if path.is_dir() else ():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    lines = main.read_text(encoding="utf-8").split("\n")
    at = max(range(len(lines)), key=lambda number: len(lines[number]))
    lines[at] += f" Edited {turn}."
    (folder / "issue.md").write_text("\n".join(lines), encoding="utf-8")
    return folder / "issue.md"


def after_an_edit(changed: Path, cache: Path) -> list[Letter]:
    return letters(read_issue(changed), cache)


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else templates_dir() / "sample"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as made, npm_mjml(Path(made)) as compile_:
        folder, cache = Path(made) / "issue", Path(made) / "formulas"
        folder.mkdir()
        issue = read_issue(path)
        sources = [str(folder / f"{number}.mjml") for number in range(3)]
        for name, letter in zip(sources, letters(issue, cache), strict=True):
            Path(name).write_text(html_of(letter.mjml, dict.fromkeys(slots_of(letter), "x")), encoding="utf-8")
        for turn in range(rounds + 3):
            changed = edited(path, folder, turn)
            row = {
                "npm mjml, one letter's MJML": compile_(sources[:1]),
                "three letters from the issue": milliseconds(lambda: letters(issue, cache)),
                "npm mjml, the three letters' MJML": compile_(sources),
                "three letters, Markdown read too": milliseconds(lambda: letters(read_issue(path), cache)),
                "read and three letters after an edit": milliseconds(partial(after_an_edit, changed, cache)),
            }
            for name, value in row.items():
                times.setdefault(name, []).extend([value] if turn >= 3 else [])  # the first turns warm both up
    medians = {name: statistics.median(values) for name, values in times.items()}
    one, three = medians["npm mjml, one letter's MJML"], medians["npm mjml, the three letters' MJML"]
    print(f"{'':36}{'ms':>8}{'× npm, one':>12}{'× npm, three':>14}")
    for name, value in medians.items():
        print(f"{name:36}{value:8.1f}{value / one:12.2f}{value / three:14.2f}")


if __name__ == "__main__":
    main()
