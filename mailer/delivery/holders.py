"""Who holds a lease: a process, named so that another on the same machine can tell whether it still lives.

Where it can be told, the batches of a killed worker are taken over at once; everywhere else the lease runs out.
"""

import os
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


@cache
def _here() -> str:
    """This machine, since it was booted, and this view of its processes; empty where there is no /proc."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # Containers that share a host's name see other processes under the same numbers.
        return f"{boot}.{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def this_process() -> str:
    """The name of this process."""
    return name_of(os.getpid())


def name_of(number: int) -> str:
    """The name of a process: machine, number, and what tells it from a later one of the same number."""
    return f"{socket.gethostname()[:60]}:{number}:{_started(number) or ''}:{_here()}"


def is_here(holder: str) -> bool:
    """Whether the process is, or was, one of this machine since it was booted."""
    _, _, _, here = [*holder.split(":"), "", "", "", ""][:4]
    return bool(here) and here == _here()


def is_dead(holder: str) -> bool:
    """Whether the process certainly lives no longer; False where that cannot be told from here."""
    _, number, started, here = [*holder.split(":"), "", "", "", ""][:4]
    if not here or here != _here() or not number.isdecimal() or not started:
        return False
    return _started(int(number)) != started


def _started(number: int) -> str | None:
    """When a process was started, in clock ticks since boot; None where there is none, or it is a zombie (proc(5))."""
    try:
        stat = (_PROC / str(number) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]
