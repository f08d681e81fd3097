"""The address of the bounce mailbox: what it says, and what it does not let out."""

import pytest

from mailer.base.bounce_url import BounceBox, read_bounce_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("maildir:mail/bounces", BounceBox("maildir", "mail/bounces")),
        ("imap://ada:x@mail.test", BounceBox("imap", "INBOX", "mail.test", 143, "starttls", "ada", "x")),
        ("imaps://ada:x@mail.test/Back%20home", BounceBox("imap", "Back home", "mail.test", 993, "tls", "ada", "x")),
        (
            "imap://ada:x@mail.test:1143/A/B?starttls=no",
            BounceBox("imap", "A/B", "mail.test", 1143, "none", "ada", "x"),
        ),
        ("pop3://ada:x@mail.test/", BounceBox("pop3", "", "mail.test", 110, "starttls", "ada", "x")),
        (
            "pop3s://a@b.c:p%40%2F%3A@mail.test?delete=yes&timeout=2.5",
            BounceBox("pop3", "", "mail.test", 995, "tls", "a@b.c", "p@/:", deletes=True, timeout=2.5),
        ),
    ],
)
def test_an_address_names_a_mailbox(url: str, expected: BounceBox) -> None:
    assert read_bounce_url(url) == expected


def test_neither_the_user_nor_the_password_is_in_the_name() -> None:
    found = read_bounce_url("imaps://bounces@news.test:hunter2@mail.test/Back")
    assert found is not None
    assert found.name == "imap mail.test:993/Back"
    assert "hunter2" not in repr(found)


def test_two_mailboxes_of_a_server_are_remembered_apart_and_a_new_password_changes_nothing() -> None:
    boxes = [read_bounce_url(f"pop3s://{who}@mail.test") for who in ("ada:x", "bob:x", "ada:y")]
    keys = [box.key for box in boxes if box is not None]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize(
    "url",
    [
        "maildir:",
        "smtp://ada:x@mail.test",
        "imap://mail.test",
        "imap://ada@mail.test",
        "imap://ada:x@",
        "imap://ada:x@mail.test:port",
        "imap://ada:x@mail.test?starttls=perhaps",
        "imap://ada:x@mail.test?idle=yes",
        "imap://ada:x@mail.test?timeout=0",
        "imap://ada:x@mail.test?timeout=nan",
        "imap://ada:x@mail.test?timeout=soon",
        "imap://ada:x%0D%0ALOGOUT@mail.test",
        "pop3://ada:x@mail.test/Folder",
        "imap://ada:x#y@mail.test",
    ],
)
def test_what_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="maildir:PATH"):
        read_bounce_url(url)
