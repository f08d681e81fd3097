"""Error → exit code and one line on standard error: where, what is wrong, what to do; never a traceback."""

import errno
import sys
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from typer import Abort, Exit, TyperException

from mailer.base.errors import MailerError, NotAllowed, NotFound, NotPermitted, Spoilt, Unreachable, WrongInput

DONE, FAULTS, WRONG_USE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130

CODES: dict[type[MailerError], int] = {
    WrongInput: WRONG_USE,
    NotFound: WRONG_USE,
    NotAllowed: WRONG_USE,
    NotPermitted: WRONG_USE,
    Spoilt: FAULTS,
    Unreachable: UNREACHABLE,
}


def guarded(command: Callable[[], object]) -> int:  # noqa: C901, PLR0911 - one answer for each kind of error
    """Run a command and turn whatever it raises into an exit code; only our own faults keep their traceback."""
    try:
        result = command()
    except Exit as leave:
        return leave.exit_code
    except (KeyboardInterrupt, Abort):
        return INTERRUPTED
    except TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "mailer"
        return _told(f"{path}: {error.format_message().rstrip('.')}; see `{path} --help`", WRONG_USE)
    except MailerError as error:
        return _told(f"mailer: {error}", CODES[type(error)])
    except UnicodeEncodeError as error:
        if "\ufffd" not in (shown := error.object.encode("utf-8", "surrogateescape").decode("utf-8", "replace")):
            raise
        return _told(f"mailer: {shown} is not written in UTF-8; set your terminal to UTF-8", WRONG_USE)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone: nobody is left to tell
        return FAULTS
    except OSError as error:
        return _told(f"mailer: {_of_system(error)}", FAULTS if error.errno == errno.ENOSPC else WRONG_USE)
    except DBAPIError as error:
        if not _is_of_the_world(error):
            raise
        return _told(
            f"mailer: database: {str(error.orig).strip().splitlines()[0]}; see that it runs and has room", UNREACHABLE
        )
    return result if isinstance(result, int) else DONE


def _told(line: str, code: int) -> int:
    print(" ".join(line.split()), file=sys.stderr)  # noqa: T201
    return code


def _of_system(error: OSError) -> str:
    cure = {
        errno.ENOSPC: "make room on the disk and run it again",
        errno.EACCES: "check the rights, or choose another place",
        errno.EADDRINUSE: "another program uses this port: choose another with --port",
    }.get(error.errno or 0, "check the path")
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}; {cure}"


def _is_of_the_world(error: DBAPIError) -> bool:
    """Whether the database or its disk is at fault, and not a statement of ours."""
    return error.connection_invalidated or any(
        sign in str(error.orig)
        for sign in ("disk is full", "No space left", "connection", "readonly", "locked", "disk I/O")
    )
