"""Where messages are read from."""

from io import BytesIO
from pathlib import Path

import pytest

from mailer.base.errors import WrongInput
from mailer.feedback.mailboxes import message_files, messages_in

ONE = b"From a@b.test Thu Jan  1 00:00:00 2026\nSubject: one\n\nFrom here on\n\nFrom now on, text\n"
TWO = b"From c@d.test Fri Jan  2 00:00:00 2026\nSubject: two\n\nhello\n"


def test_an_mbox_is_split_at_its_from_lines_only() -> None:
    assert list(messages_in(BytesIO(ONE + b"\n" + TWO))) == [ONE + b"\n", TWO]


def test_a_from_line_without_a_header_behind_it_is_text() -> None:
    whole = ONE + b"\nFrom c@d.test Fri Jan  2 00:00:00 2026\nis a line that I quote\n"
    assert list(messages_in(BytesIO(whole))) == [whole]


def test_an_eml_file_is_one_message_though_it_begins_like_an_mbox() -> None:
    assert list(messages_in(BytesIO(ONE + b"\n" + TWO), name="x.eml")) == [ONE + b"\n" + TWO]


def test_a_single_message_is_one() -> None:
    assert list(messages_in(BytesIO(b"Subject: x\n\nhello\n"))) == [b"Subject: x\n\nhello\n"]


def test_a_folder_gives_its_messages_in_order_and_passes_over_the_rest(tmp_path: Path) -> None:
    for name in ("b.eml", "a.eml", ".hidden", "expected.json", "notes.md"):
        (tmp_path / name).write_bytes(b"x")
    assert list(message_files(str(tmp_path))) == [str(tmp_path / "a.eml"), str(tmp_path / "b.eml")]


def test_of_a_maildir_what_is_new_or_read_is_taken_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}.1").write_bytes(b"x")
    assert [Path(file).name for file in message_files(str(tmp_path))] == ["cur.1", "new.1"]


def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="no such file"):
        list(message_files(str(tmp_path / "nothing")))
