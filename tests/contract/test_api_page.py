"""The page about the API: each of its blocks is run as it stands, by a shell, against a real `mailer run`."""

import os
import re
import subprocess
from pathlib import Path

from tests.support.mailer_process import Start, clean_environment, mailer_command, run_mailer

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_commands_of_the_page_about_the_api_work(tmp_path: Path, start_mailer: Start) -> None:
    home = tmp_path / "workspace"
    assert run_mailer("init", str(home)).returncode == 0
    assert run_mailer("user", "add", "helena@example.org", home=home).returncode == 0
    mailer = start_mailer("run", "--port", "0", home=home)
    address = mailer.wait_for(r"web +(http://127\.0\.0\.1:\d+)")[1]
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    everything = run_mailer("token", "add", "all", home=home)
    assert everything.returncode == 0, everything.stderr

    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", "\n".join(blocks)],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        env=clean_environment(
            MAILER=address,
            TOKEN=everything.stdout.strip(),
            MAILER_HOME=str(home),
            PATH=os.pathsep.join([str(Path(mailer_command()[0]).parent), os.environ["PATH"]]),
        ),
    )

    assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr}"
    assert done.stdout.startswith("mlr_")
    for shown in ('"field":"analysis"', '"state":"looked"', '"created":1', "nonsense", '"wording":"Ticked the box'):
        assert shown in done.stdout, shown
    assert done.stdout.count('"email":"dora@example.org"') == 3
