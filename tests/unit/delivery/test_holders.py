"""Who holds a lease, and whether he still lives."""

import subprocess
import sys

from mailer.delivery.holders import is_dead, this_process

NAME = "from mailer.delivery.holders import this_process; print(this_process())"


def test_this_process_lives() -> None:
    assert not is_dead(this_process())


def test_a_process_that_ended_is_dead() -> None:
    ended = subprocess.run([sys.executable, "-c", NAME], capture_output=True, text=True, check=True).stdout.strip()
    assert is_dead(ended)


def test_another_process_of_the_same_number_is_not_the_one_that_held_it() -> None:
    host, number, _started, here = this_process().split(":")
    assert is_dead(f"{host}:{number}:1:{here}")


def test_of_another_machine_nothing_is_said() -> None:
    host, number, started, _here = this_process().split(":")
    assert not is_dead(f"{host}:{number}:1:other.4026531836")
    assert not is_dead(f"{host}:99999999:{started}:")
    assert not is_dead("worker-3")
    assert not is_dead("")
