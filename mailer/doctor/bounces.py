"""The bounce mailbox: who does not get mail any more is learned from it."""

from collections.abc import Iterator

from mailer.app import App
from mailer.base.errors import Unreachable, WrongInput
from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names
from mailer.feedback.collecting import open_box

ABOUT = "bounces"


def check(app: App, _names: Names) -> Iterator[Finding]:
    """Open the mailbox and close it again; nothing is read."""
    section = app.settings.bounce
    box = section.box
    if not section.address:
        message = f"they come back to {app.settings.sender.from_}, where no program reads them"
        yield warning(ABOUT, message, do="set [bounce] address and url to a mailbox of their own")
        return
    if box is None:
        message = f"they come back to {section.address}, and no mailbox to read is set"
        yield warning(ABOUT, message, do="set [bounce] url, or let your provider call /hooks")
        return
    try:
        with open_box(box, home=app.home):
            yield ok(ABOUT, f"the mailbox of {section.address} can be read")
    except (Unreachable, WrongInput) as trouble:
        yield error(ABOUT, trouble.message, do=trouble.do)
