"""Content: Markdown and front matter become an issue, whose blocks know their line and their audiences.

Takes: a folder or any `Files`. Gives: a frozen `Issue`, the findings about it, the blocks for some readers.
Knows: no database, no people, no HTML that is sent; `mailer.base.errors` only.
"""

from mailer.content.checks.checker import check_issue
from mailer.content.files import FolderFiles, StoredFiles
from mailer.content.issue import Files, Finding, Issue, Place
from mailer.content.parse import judged, read_files, read_front_matter, read_issue
from mailer.content.plain import plain, template
from mailer.content.select import select
from mailer.content.timing import as_sent_at

__all__ = [
    "Files",
    "Finding",
    "FolderFiles",
    "Issue",
    "Place",
    "StoredFiles",
    "as_sent_at",
    "check_issue",
    "judged",
    "plain",
    "read_files",
    "read_front_matter",
    "read_issue",
    "select",
    "template",
]
