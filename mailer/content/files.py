"""The files of an issue: in a folder, or stored with a revision. Never anything outside."""

from collections.abc import Mapping
from pathlib import Path
from posixpath import normpath
from typing import Final

LIMIT_BYTES: Final = 32 * 1024 * 1024
"""A file that is larger is no part of a newsletter: it counts as not there."""


def inside(name: str) -> str | None:
    """The name in its one shortest form, relative to the issue's folder; None where it leads outside or nowhere."""
    if not name or "\x00" in name or "\\" in name or name.startswith(("/", "~")) or ":" in name.split("/", 1)[0]:
        return None
    short = normpath(name)
    return None if short in {".", ".."} or short.startswith("../") else short


class FolderFiles:
    """The files under a folder; no name and no symbolic link leads out of it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            FileNotFoundError: there is none of that name, it lies outside the folder, is no plain file or is too large.
        """
        short = inside(name)
        if short is None:
            raise FileNotFoundError(name)
        try:
            path = (self._root / short).resolve()
            if path.is_relative_to(self._root) and path.is_file() and path.stat().st_size <= LIMIT_BYTES:
                return path.read_bytes()
        except (OSError, RuntimeError) as fault:  # unreadable, a name too long, a loop of links
            raise FileNotFoundError(name) from fault
        raise FileNotFoundError(name)


class StoredFiles:
    """Files held in memory, such as a revision's."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = {inside(name): content for name, content in contents.items()}

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            FileNotFoundError: there is none of that name.
        """
        short = inside(name)
        if short is None or short not in self._contents:
            raise FileNotFoundError(name)
        return self._contents[short]
