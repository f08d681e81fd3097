"""Issues from what a test writes, and what was read of them."""

from mailer.content import Issue, StoredFiles, plain, read_files
from mailer.content.walk import all_blocks, inlines_of

FRONT = "---\ntitle: T\nsubject: S\n---\n"
PNG = b"\x89PNG\r\n\x1a\n"
"""Where a picture begins; nobody looks further."""


def read(text: str, **files: bytes) -> Issue:
    """An issue of this text; the files beside it are named with `_` for their dot."""
    beside = {name.replace("_", "."): content for name, content in files.items()}
    return read_files(StoredFiles({"issue.md": text.encode(), **beside}))


def texts(issue: Issue) -> list[str]:
    """The runs of text of the outermost blocks."""
    return [plain(run) for block in issue.blocks for run in inlines_of(block)]


def words(issue: Issue) -> list[str]:
    """The runs of text of all blocks, but empty ones."""
    return [plain(run) for block in all_blocks(issue.blocks) for run in inlines_of(block) if run]


def codes(issue: Issue) -> list[tuple[int, str, str]]:
    """The line, level and code of each finding of the reading."""
    return [(finding.place.line, finding.level, finding.code) for finding in issue.findings]
