"""The faces' tables know every error."""

from mailer.base.errors import MailerError
from mailer.cli.exits import CODES
from mailer.web.errors import STATUS


def test_every_error_has_an_exit_code_and_a_status() -> None:
    leaves = {kind for kind in _below(MailerError) if not kind.__subclasses__()}
    assert leaves == set(CODES) == set(STATUS)


def _below(kind: type[MailerError]) -> set[type[MailerError]]:
    return {below for child in kind.__subclasses__() for below in {child, *_below(child)}}
