"""feedback …: what came back."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from mailer.base.bounce_url import ALLOWED
from mailer.base.errors import WrongInput
from mailer.cli.exits import DONE, FAULTS
from mailer.cli.output import JsonOption, say, show, show_either, show_json
from mailer.cli.workspace import WorkspaceOption, opened
from mailer.feedback import Verdict, classify
from mailer.feedback.boxes.box import PLACE
from mailer.feedback.collecting import BROKEN
from mailer.feedback.mailboxes import message_files, messages_in
from mailer.feedback.polling import poll as poll_box

feedback = typer.Typer(
    help="What came back: bounces, complaints, replies.", rich_markup_mode=None, no_args_is_help=True
)

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="FILE|DIR|-", help="A message, an mbox, a folder of messages, a Maildir, or - for standard input."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.add_typer(feedback, name="feedback", epilog="Example: mailer feedback read Maildir --json")


@feedback.callback()
def _group() -> None:
    """Keep `read` a command of a group, also while it is the only one."""


@feedback.command("read", epilog="Example: mailer feedback read Maildir --json")
def read(source: SourceArgument, json_: JsonOption = False) -> None:
    """Tell of each message whether it is a bounce, a complaint or a reply, and whom it is about; changes nothing."""
    for file, message in _messages(source):
        verdict = classify(message)
        if json_:
            show_json(as_json(file, verdict))
        else:
            _show(file, verdict)


@feedback.command("poll", epilog="Example: mailer feedback poll")
def poll(workspace: WorkspaceOption = None, json_: JsonOption = False) -> int:
    """Act on what is new in the bounce mailbox (`[bounce] url`): bounces, complaints, wishes to leave."""
    with opened(workspace) as app:
        box = app.settings.bounce.box
        if box is None:
            raise WrongInput("no bounce mailbox is set", do=f"set [bounce] url to {ALLOWED}", place=PLACE)
        counts = poll_box(app.database, box, home=app.home, keys=app.keys, clock=app.clock)
    told = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    said = f"{counts.total()} read" + (f": {told}" if told else "")
    show_either(said, {"read": counts.total(), **counts}, json_=json_)
    return FAULTS if counts[BROKEN] else DONE


def as_json(file: str, verdict: Verdict) -> dict[str, object]:
    """A verdict as the contract writes it."""
    return {
        "file": file,
        "kind": verdict.kind,
        "recipients": [
            {
                "address": recipient.address,
                "action": recipient.action,
                "status": recipient.status,
                "diagnostic": recipient.diagnostic,
                "reason": recipient.reason,
            }
            for recipient in verdict.recipients
        ],
        "original_message_id": verdict.original_message_id,
    }


def _messages(source: str) -> Iterator[tuple[str, bytes]]:
    if source == "-":
        for message in messages_in(sys.stdin.buffer):
            yield source, message
        return
    alone = not Path(source).is_dir()
    for file in message_files(source):
        try:
            with Path(file).open("rb") as stream:
                for message in messages_in(stream, name=file):
                    yield file, message
        except OSError as error:
            if alone:
                raise
            say(f"{file}: {error.strerror or error}; passed over")  # in a living Maildir, messages go away


def _show(file: str, verdict: Verdict) -> None:
    show(f"{file}: {verdict.kind}")
    for recipient in verdict.recipients:
        said = " ".join(word for word in (recipient.status, recipient.reason) if word)
        show(f"  {recipient.address}  {recipient.action}" + (f"  {said}" if said else ""))
