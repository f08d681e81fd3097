"""docker-compose.yml, read as the engine reads it, and its services run natively, since no engine runs in the tests.

What stands in the file is run to the letter but for these substitutions, which are what the engine itself would provide:

| in the file                 | natively                                             |
|-----------------------------|------------------------------------------------------|
| `${NAME:-default}`          | the variable of the test, or the default             |
| `$$`                        | `$`                                                  |
| `/run/secrets/NAME`         | a file of the test with the same name                |
| the volume at `/data`       | a folder of the test                                 |
| host `redis`, port 6379     | 127.0.0.1 and the port of the real server            |
| `0.0.0.0`, port 8000        | 127.0.0.1 and a free port                            |
"""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from compose_spec import PyCompose

PROJECT = Path(__file__).parents[2]
VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}")


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """The file with its variables filled in (Compose specification, Interpolation)."""

    def fill(found: re.Match[str]) -> str:
        if found["name"] is None:
            return "$"
        return variables.get(found["name"]) or found["default"] or ""

    return VARIABLE.sub(fill, text)


def read_compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file, filled in, merged, and valid by the Compose specification's schema; raises ValueError otherwise."""
    text = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
    merged = yaml.safe_load(interpolated(text, variables))
    parsed = PyCompose.from_json(json.dumps(merged))
    parsed.validate()
    parsed.to_spec()
    result: dict[str, Any] = merged
    return result


@dataclass(frozen=True)
class Native:
    """Where the services of the file live in a test."""

    folder: Path
    redis_port: int
    web_port: int

    def _there(self, text: str) -> str:
        for before, after in (
            ("/run/secrets/", f"{self.folder}/secrets/"),
            ("redis:6379", f"127.0.0.1:{self.redis_port}"),
            ("127.0.0.1:8000", f"127.0.0.1:{self.web_port}"),
        ):
            text = text.replace(before, after)
        return {"/data": f"{self.folder}/data", "0.0.0.0": "127.0.0.1", "8000": str(self.web_port)}.get(text, text)  # noqa: S104 - compared, not bound

    def environment(self, service: Mapping[str, Any]) -> dict[str, str]:
        """The service's environment."""
        return {name: self._there(str(value)) for name, value in service["environment"].items()}

    def command(self, service: Mapping[str, Any]) -> list[str]:
        """The service's command."""
        command = service["command"]
        words = shlex.split(command) if isinstance(command, str) else command
        return [self._there(word) for word in words]

    def health_command(self, service: Mapping[str, Any]) -> list[str]:
        """What tells whether the service is healthy."""
        kind, *words = service["healthcheck"]["test"]
        there = [self._there(word) for word in words]
        return ["/bin/sh", "-c", *there] if kind == "CMD-SHELL" else there
