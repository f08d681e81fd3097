"""Messages that came back: real ones, unruly ones, forged ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.feedback import Verdict, classify
from tests.unit.feedback.notices import NOTICES, Notice

FOLDER = Path(__file__).parents[2] / "data" / "bounces"
EXPECTED: list[dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text())

# A reply that hides a new address in its text: the address of who sent it is given instead.
NAMES_ANOTHER_ADDRESS = {"maildir_bsd_rfc3834-05.eml"}

DSN = """From: Mail Delivery System <MAILER-DAEMON@relay.test>
To: news-bounces@lists.test
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

{text}
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.test

{fields}
--B
Content-Type: message/rfc822

From: news@lists.test
To: ada@corp.test
Message-ID: <n1@lists.test>
Subject: Our news

Hello
--B--
"""


def _dsn(fields: str, text: str = "see below") -> Verdict:
    return classify(DSN.format(fields=fields, text=text).encode())


def _actions(verdict: Verdict) -> dict[str, str]:
    return {recipient.address: recipient.action for recipient in verdict.recipients}


@pytest.mark.parametrize("truth", EXPECTED, ids=lambda truth: truth["file"])
def test_a_real_message_is_understood(truth: dict[str, Any]) -> None:
    verdict = classify((FOLDER / truth["file"]).read_bytes())
    found = {recipient.address.lower() for recipient in verdict.recipients}
    actions = {recipient.action for recipient in verdict.recipients}

    if truth["class"] == "complaint":
        assert verdict.kind == "complaint"
    elif truth["class"] == "none":
        assert verdict.kind in ("none", "autoreply")
    elif truth["class"] is not None:
        assert verdict.kind == "bounce"
    if truth["addresses"] is not None and truth["file"] not in NAMES_ANOTHER_ADDRESS:
        assert found == {address.lower() for address in truth["addresses"]}
    if truth["suppress"] == "must":
        assert "hard" in actions
    if truth["suppress"] in ("must_not", "complaint"):
        assert "hard" not in actions


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.server)
def test_a_notice_for_people_is_understood(notice: Notice) -> None:
    head = f"From: {notice.sender}\nTo: news-bounces@lists.test\nSubject: {notice.subject}\n{notice.headers}"
    verdict = classify(f"{head}Content-Type: text/plain; charset=utf-8\n\n{notice.text}".encode())

    assert verdict.kind == "bounce"
    assert _actions(verdict) == notice.expected


def test_a_delivery_report_tells_each_recipients_fate() -> None:
    verdict = _dsn(
        "Final-Recipient: rfc822; ada@corp.test\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\n\n"
        "Final-Recipient: rfc822; bob@corp.test\nAction: failed\nStatus: 5.2.2\n\n"
        "Final-Recipient: rfc822; eve@corp.test\nAction: delivered\nStatus: 2.1.5\n"
    )
    assert _actions(verdict) == {"ada@corp.test": "hard", "bob@corp.test": "soft"}
    assert verdict.recipients[0].status == "5.1.1"
    assert verdict.recipients[0].diagnostic == "550 no such user"
    assert verdict.original_message_id == "n1@lists.test"


def test_a_report_of_success_is_no_bounce() -> None:
    assert _dsn("Final-Recipient: rfc822; ada@corp.test\nAction: delivered\nStatus: 2.0.0\n").kind == "none"


def test_a_report_of_delay_is_a_soft_bounce() -> None:
    verdict = _dsn("Final-Recipient: rfc822; ada@corp.test\nAction: delayed\nStatus: 4.4.1\n")
    assert (verdict.kind, _actions(verdict)) == ("bounce", {"ada@corp.test": "soft"})


def test_the_original_recipient_is_kept_beside_the_final_one() -> None:
    (recipient,) = _dsn(
        "Final-Recipient: rfc822; ada@home.test\nOriginal-Recipient: rfc822; ada@corp.test\nAction: failed\nStatus: 5.1.1\n"
    ).recipients
    assert (recipient.address, recipient.original) == ("ada@home.test", "ada@corp.test")


def test_a_blank_line_in_the_middle_of_a_report_loses_nobody() -> None:
    verdict = _dsn("Final-Recipient: rfc822; ada@corp.test\n\nAction: failed\nStatus: 5.1.1\n")
    assert _actions(verdict) == {"ada@corp.test": "hard"}


def test_the_words_beside_a_report_give_the_reason_that_its_fields_lack() -> None:
    fields = "Final-Recipient: rfc822; ada@corp.test\nAction: failed\nStatus: 5.0.0\n"
    assert _actions(_dsn(fields, text="<ada@corp.test>: unknown user: ada")) == {"ada@corp.test": "hard"}


def test_a_complaint_names_who_complained_and_has_no_action() -> None:
    verdict = classify(
        b"From: fbl@provider.test\nTo: abuse@lists.test\nSubject: FW: Our news\n"
        b'Content-Type: multipart/report; report-type=feedback-report; boundary="B"\n\n'
        b"--B\nContent-Type: text/plain\n\nAn abuse report\n--B\nContent-Type: message/feedback-report\n\n"
        b"Feedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\nOriginal-Rcpt-To: <ada@corp.test>\n"
        b"--B\nContent-Type: message/rfc822\n\nTo: somebody@corp.test\nMessage-ID: <n1@lists.test>\n\nHello\n--B--\n"
    )
    assert (verdict.kind, verdict.report, _actions(verdict)) == ("complaint", "abuse", {"ada@corp.test": "none"})
    assert verdict.original_message_id == "n1@lists.test"


def test_amazons_notification_of_a_complaint_is_one() -> None:
    notification = {
        "notificationType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": "ada@corp.test"}], "complaintFeedbackType": "abuse"},
        "mail": {"messageId": "0100-x", "commonHeaders": {"messageId": "<n1@lists.test>"}},
    }
    verdict = classify(
        b"From: no-reply@sns.amazonaws.com\nSubject: AWS Notification\n\n" + json.dumps(notification).encode()
    )
    assert (verdict.kind, _actions(verdict)) == ("complaint", {"ada@corp.test": "none"})
    assert verdict.original_message_id == "n1@lists.test"


@pytest.mark.parametrize(
    "head",
    [
        "Subject: Re: Our news\nAuto-Submitted: auto-replied",
        "Subject: Automatic reply: Our news",
        "Subject: Abwesenheitsnotiz: Our news",
        "Subject: Réponse automatique : Our news",
        "Subject: Out of office: back on Monday",
        "Subject: Our news\nPrecedence: auto_reply",
        "Subject: Our news\nX-Autoreply: yes",
        "Subject: Auto: Vacation",
    ],
)
def test_an_automatic_reply_is_no_bounce(head: str) -> None:
    verdict = classify(
        f"Return-Path: <>\nFrom: Ada <ada@corp.test>\n{head}\nIn-Reply-To: <n1@lists.test>\n\nI am away.\n".encode()
    )
    assert (verdict.kind, _actions(verdict)) == ("autoreply", {"ada@corp.test": "none"})
    assert verdict.original_message_id == "n1@lists.test"


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ("Subject: Re: Our news\nPrecedence: bulk", "I'm on vacation until 12 January."),
        ("Subject: Our news\nPrecedence: junk", "Your mail will be read when I return."),
        ("Subject: Ada has left\nAuto-Submitted: auto-generated", "Ada no longer works here. Write to bob@corp.test."),
        ("Subject: Ihre Nachricht\nAuto-Submitted: auto-notified", "Ich bin bis Montag nicht im Büro."),
    ],
)
def test_an_absence_that_no_person_wrote_is_an_automatic_reply(head: str, text: str) -> None:
    verdict = classify(f"From: Ada <ada@corp.test>\n{head}\n\n{text}\n".encode())
    assert (verdict.kind, _actions(verdict)) == ("autoreply", {"ada@corp.test": "none"})
    by_hand = head.partition("\n")[0]
    assert classify(f"From: Ada <ada@corp.test>\n{by_hand}\n\n{text}\n".encode()).kind == "none"


def test_an_address_ends_where_another_script_puts_its_colon() -> None:
    text = "抱歉，您的邮件被退回来了\n收件人：ada@corp.test\n退信原因：User not found: ada@corp.test\n"
    verdict = classify(f"From: postmaster@163.test\nSubject: 系统退信\n\n{text}".encode())
    assert _actions(verdict) == {"ada@corp.test": "hard"}


@pytest.mark.parametrize("subject", ["unsubscribe", "Re: Unsubscribe me", "Abmelden", "désabonnement"])
def test_a_wish_to_leave_is_told_apart(subject: str) -> None:
    verdict = classify(f"From: Ada <ada@corp.test>\nSubject: {subject}\n\n\n".encode())
    assert (verdict.kind, _actions(verdict)) == ("unsubscribe", {"ada@corp.test": "none"})


@pytest.mark.parametrize(
    "message",
    [
        "From: Ada <ada@corp.test>\nSubject: Re: Our news\n\nThank you, that was a fine issue.\n\n> unsubscribe here\n",
        "From: Ada <ada@corp.test>\nSubject: a question\n\nMy last mail could not be delivered to bob@corp.test: why?\n",
        "From: postmaster@corp.test\nSubject: Maintenance on Sunday\n\nThe servers are down on Sunday, ada@corp.test is in charge.\n",
        "",
        "no header at all",
    ],
)
def test_an_ordinary_letter_is_nothing(message: str) -> None:
    assert classify(message.encode()).kind == "none"


def test_a_returned_message_that_quotes_a_bounce_changes_nothing() -> None:
    quoted = "<eve@corp.test>: 550 5.1.1 no such user"
    verdict = _dsn("Final-Recipient: rfc822; ada@corp.test\nAction: failed\nStatus: 5.2.2\n" + f"\n{quoted}\n")
    assert _actions(verdict) == {"ada@corp.test": "soft"}


@given(st.binary(max_size=2000))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    assert all("@" in recipient.address for recipient in classify(data).recipients)


PIECES = st.sampled_from(
    [
        b"From: MAILER-DAEMON@x.test\n",
        b"Subject: failure notice\n",
        b"Content-Type: multipart/report; boundary=B\n",
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: text/html; charset=undefined\n",
        b"Content-Type: text/plain; charset=unicode_escape\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"=?utf-8?b?4pi?= =?x?q?=zz?=\n",
        b"--B\n",
        b"--B--\n",
        b"\n",
        b"<ada@corp.test>:\n550 5.1.1 no such user\n",
        b"Final-Recipient: rfc822; ada@corp.test\nAction: failed\n",
        b"Feedback-Type: abuse\nUser-Agent: x\n",
        b'{"notificationType": "Bounce", "bounce": [1]}\n',
        b"\x1b$B\x80\xff\x00",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=40))
def test_no_order_of_pieces_makes_it_fail(pieces: list[bytes]) -> None:
    verdict = classify(b"".join(pieces))
    assert all("@" in recipient.address for recipient in verdict.recipients)


@given(st.sampled_from(EXPECTED), st.integers(0, 5000), st.binary(max_size=30))
def test_no_damage_to_a_real_message_makes_it_fail(truth: dict[str, Any], place: int, damage: bytes) -> None:
    data = (FOLDER / truth["file"]).read_bytes()
    verdict = classify(data[:place] + damage + data[place + len(damage) :])
    assert all("@" in recipient.address for recipient in verdict.recipients)


@pytest.mark.parametrize(
    "piece", [b"a@", b"<", b"a@a.", b"mailbox ", b"--", b"a:\n", b">>>>\n", b"<style", b"Received: a\n"]
)
def test_a_message_made_to_cost_time_costs_little(piece: bytes) -> None:
    verdict = classify(b"From: MAILER-DAEMON@x.test\nSubject: failure notice\n\n" + piece * (400_000 // len(piece)))
    assert all("@" in recipient.address for recipient in verdict.recipients)
