"""Postfix's own sink as the relay, with the faults that it knows: another's server, which shares no line with ours."""

import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mailer.base.relay_url import RelaySettings
from mailer.delivery.outcomes import Accepted, Deferred, NotTried, Outgoing, Refused, Unknown
from mailer.delivery.smtp.exchange import Patience
from mailer.delivery.smtp.relay import SmtpRelay

SINK = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin") or ""
SHORT = Patience(connect=5, greeting=5, command=5, data=5, dot=5)
COUNT = 12


@contextmanager
def sink(*options: str) -> Iterator[RelaySettings]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    user = () if Path("/").stat().st_uid else ("-u", "nobody")
    process = subprocess.Popen([SINK, *user, *options, f"127.0.0.1:{port}", "128"])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield RelaySettings("127.0.0.1", port, "none", connections=3)
    finally:
        process.kill()
        process.wait()


CASES: list[tuple[list[str], dict[type, int]]] = [
    ([], {Accepted: COUNT}),
    (["-p"], {Accepted: COUNT}),
    (["-8"], {Accepted: COUNT}),
    (["-e"], {Accepted: COUNT}),
    (["-w", "1"], {Accepted: COUNT}),
    (["-f", "mail"], {Refused: COUNT}),
    (["-f", "rcpt"], {Refused: COUNT}),
    (["-f", "data"], {Refused: COUNT}),
    (["-f", "."], {Refused: COUNT}),
    (["-r", "rcpt"], {Deferred: COUNT}),
    (["-r", "data"], {Deferred: COUNT}),
    (["-r", "."], {Deferred: COUNT}),
    (["-p", "-f", "rcpt"], {Refused: COUNT}),
    (["-p", "-r", "."], {Deferred: COUNT}),
    (["-q", "."], {Unknown: COUNT}),
    (["-Q", "."], {Deferred: COUNT}),
    (["-f", "ehlo,helo"], {NotTried: 0}),
    (["-r", "mail"], {NotTried: 0}),
    (["-r", "connect"], {NotTried: 0}),
    (["-q", "connect"], {NotTried: 0}),
    (["-Q", "connect"], {NotTried: 0}),
    (["-q", "mail"], {NotTried: 0}),
    (["-Q", "rcpt"], {NotTried: 0}),
]


@pytest.mark.skipif(not SINK, reason="needs smtp-sink (Debian: apt-get install postfix)")
@pytest.mark.parametrize(("options", "expected"), CASES, ids=[" ".join(options) or "no fault" for options, _ in CASES])
def test_what_the_sink_does_is_what_is_told(options: list[str], expected: dict[type, int]) -> None:
    outgoing = [
        Outgoing(number, "news@x.test", f"p{number}@x.test", b"Subject: a\r\n\r\nhello\r\n") for number in range(COUNT)
    ]
    with sink(*options) as settings, closing(SmtpRelay([settings], patience=SHORT)) as relay:
        outcomes = dict(answer for answer in relay.send(outgoing) if answer is not None)

    kinds = Counter(type(outcome) for outcome in outcomes.values())
    if expected == {NotTried: 0}:  # nothing gets through: nobody is refused, accepted or uncertain for that
        assert kinds
        assert set(kinds) <= {NotTried, Deferred}
    elif Unknown in expected:  # what was given behind an uncertain one is given back, and deferred in the end
        assert kinds[Unknown] + kinds[Deferred] == COUNT
        assert kinds[Unknown] > COUNT / 2
    else:
        assert dict(kinds) == expected
