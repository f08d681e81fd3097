"""Tables in TOML that a workspace may override, and what to say where one is wrong."""

import re
import tomllib
from pathlib import Path
from typing import Any

from mailer.base.errors import WrongInput


def read_table(path: Path) -> dict[str, Any]:
    """The table of that file.

    Raises:
        WrongInput: it cannot be read; with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise WrongInput(str(error), do="write it in UTF-8", place=str(path)) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = found[1] if found else text.rstrip("\n").count("\n") + 1  # at the end of the file
        raise WrongInput(str(error), do="mend the file", place=f"{path}:{line}") from error


def wrong(path: Path, word: str, message: str, do: str) -> WrongInput:
    """What to say of such a file, with the line that holds the word."""
    return WrongInput(message, do=do, place=place_of(path, word))


def place_of(path: Path, word: str) -> str:
    """The file and its first line that holds the word."""
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next((number for number, text in enumerate(lines, 1) if re.search(rf"(?<!\w){re.escape(word)}", text)), 1)
    return f"{path}:{line}"
