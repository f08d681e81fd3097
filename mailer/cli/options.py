"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

IssueArgument = Annotated[Path, typer.Argument(metavar="ISSUE", help="An issue's folder, or one Markdown file.")]
AudienceOption = Annotated[list[str], typer.Option("--audience", metavar="A", help="To whom; may be repeated.")]
SegmentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--segment", metavar="S", help="Only people in this segment, or another one named so; may be repeated."
    ),
]
ExcludeOption = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="S", help="Nobody in this segment; may be repeated.")
]
HostOption = Annotated[str, typer.Option(help="The address to listen on.")]
PortOption = Annotated[
    int | None, typer.Option(min=0, max=65535, help="The port; default 8000, or a free one where that is taken.")
]
AtOption = Annotated[
    str, typer.Option("--at", metavar="TIME", help='now, an ISO time with offset, or "2027-01-05 09:00 Europe/London".')
]
UncertainOption = Annotated[
    str | None,
    typer.Option(
        "--uncertain",
        metavar="resend|leave",
        help="What becomes of those whose answer was lost; by default as [release] uncertain says.",
    ),
]
