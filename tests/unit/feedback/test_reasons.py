"""What a refusal means, by its words, its code and the command that it answers."""

import pytest

from mailer.feedback.reasons import command_of, judge, statuses_in

FOR_GOOD = (
    "550 5.1.1 bad address",
    "550 Address rejected.",
    "550 <a@b.c> is not a valid mailbox",
    "550 sorry, no mailbox here by that name (#5.1.1)",
    "550 No such person at this address",
    "550 5.1.1 Recipient not found",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address",
    "554 delivery error: dd This user doesn't have a yahoo.com account (a@b.c) [-5]",
    "550 #5.1.0 Address rejected.",
    "550 Mailbox not found",
    "550 5.1.1 <a@b.c>: Recipient address rejected: User unknown in local recipient table",
    "550 User (a@b.c) unknown",
    "550 a@b.c... User unknown",
    "550 Invalid recipient a@b.c",
    "550 Requested action not taken: mailbox unavailable",
    "550 5.5.0 Requested action not taken: mailbox unavailable. (S2017062302)",
    "554 5.1.1 No existe dicha persona",
    "550 Benutzer unbekannt",
    "550 5.1.1 unknown or illegal alias: a@b.c",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient a@b.c not found by SMTP address lookup",
    "550 There is no one at this address",
    "550 5.1.2 Host unknown (Name server: example.invalid.: host not found)",
    "Host or domain name not found. Name service error for name=x.y type=AAAA: Host not found",
    "550 unrouteable address",
    '550 Unrouteable mail domain "x.y"',
    "No such domain",
    "550 5.1.6 Destination mailbox address invalid, has moved",
    "551 User has moved; please try <b@c.d>",
    "550 5.1.1 Account has been closed",
    "550 the recipient no longer works here",
    "550 5.2.1 a@b.c... User Unknown",
    "554 5.7.1 <a@b.c>: Recipient address rejected: user a@b.c does not exist",
    "550 No Such User Here",
    "550 Message was not accepted -- invalid mailbox. Local mailbox a@b.c is unavailable: user not found",
    "550 Message rejected: no such user",
    "550 RCPT TO:<a@b.c> User unknown",
    "511 5.1.1 unknown address or alias: a@b.c",
    "550 account is not valid",
    "550 5.1.1 is not our customer",
    "550 Unknown local part a in <a@b.c>",
    "550 a@b.c unknown user account",
    "Invalid final delivery userid: a@b.c",
    "550 5.0.350 Remote server returned an error -> 550 5.1.1 User doesn't exist",
    "553 5.3.0 <a@b.c>... Addressee unknown, relay=[1.2.3.4]",
)
"""Replies after which no mail should ever go to that address again."""

NOT_THIS_TIME = (
    "552 5.2.2 Mailbox full",
    "452 4.2.2 The email account that you tried to reach is over quota",
    "550 5.7.1 Client host rejected: cannot find your hostname",
    "554 5.7.1 Service unavailable; Client host [1.2.3.4] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/1.2.3.4",
    "550 5.7.1 Message rejected due to content restrictions",
    "554 5.7.1 <a@b.c>: Relay access denied",
    "550 5.1.8 Sender address rejected: Domain not found",
    "450 4.1.8 <x@y.z>: Sender address rejected: Domain not found",
    "550 sender domain does not exist",
    "553 5.1.8 <x@y.z>... Domain of sender address x@y.z does not exist",
    "550 Sender verify failed",
    "550-Verification failed for <x@y.z> 550-No Such User Here 550 Sender verify failed",
    "421 4.4.2 Connection timed out",
    "550 5.4.5 Daily sending quota exceeded",
    "550 5.7.26 This mail is unauthenticated, which poses a security risk",
    "550 SPF check failed",
    "550 5.7.515 Access denied, sending domain does not meet the required authentication level",
    "451 4.3.0 Temporary lookup failure",
    "554 Too many hops",
    "550 5.2.3 Message size exceeds fixed maximum message size",
    "450 4.2.1 The user you are trying to contact is receiving mail too quickly",
    "450 4.1.1 <a@b.c>: Recipient address rejected: unverified address: connect to mx[1.2.3.4]: Connection timed out",
    "550 Helo command rejected: Host not found",
    "550 5.7.1 Helo command rejected: Invalid name",
    "501 5.0.0 Invalid domain name in HELO",
    "550 5.7.1 Unable to relay for a@b.c",
    "552 sorry, that message size exceeds my databytes limit",
    "554 IB105. Connection refused. 1.2.3.4 is listed on our block list",
    "550 No RDNS/PTR for your address",
    "550 Your IP has no reverse DNS; host name not found",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "550 authentication required",
    "550 mail from 1.2.3.4 refused: bad reputation",
    "451 greylisted, please try again later",
    "550 5.7.1 Our system has detected that this message is likely unsolicited mail",
    "554 5.2.0 STOREDRV.Deliver.Exception:QuotaExceededException; Failed to process message due to a permanent exception",
    "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required",
    "550 5.2.2 STOREDRV.Deliver; mailbox full. The following information should help identify the cause of this delivery failure: MapiExceptionShutoffQuotaExceeded",
    "550 4.4.7 QUEUE.Expired; message expired",
    "550 message rejected: virus found",
    "550 Blocked by recipient",
    "450 mailbox unavailable",
    "451 4.7.1 Try again later",
    "550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy",
    "550 Message contains invalid header",
    "550 5.7.0 Local Policy Violation",
    "550 DMARC validation failed",
    "unable to connect: No route to host",
    "lost connection with mx.x.y while sending RCPT TO",
    "554 5.4.0 Error: too many hops",
    "554 5.4.14 Hop count exceeded - possible mail loop",
    "",
)
"""Replies that say nothing against the address itself."""


@pytest.mark.parametrize("reply", FOR_GOOD)
def test_who_is_unknown_or_has_moved_is_refused_for_good(reply: str) -> None:
    assert judge(reply).action == "hard"


@pytest.mark.parametrize("reply", NOT_THIS_TIME)
def test_what_is_full_or_blocked_or_unreachable_is_no_fault_of_the_address(reply: str) -> None:
    assert judge(reply).action == "soft"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("552 5.2.2 mailbox full", "full"),
        ("550 5.1.1 no such user", "user_unknown"),
        ("550 5.1.2 host unknown", "host_unknown"),
        ("551 5.1.6 user has moved", "moved"),
        ("554 5.7.1 relay access denied", "relay"),
        ("550 blocked using zen.spamhaus.org", "blocked"),
        ("550 spam detected", "content"),
        ("451 too many connections", "rate"),
        ("connection timed out", "network"),
        ("525 5.7.13 disabled recipient address", "disabled"),
        ("550 you are not a member of this list", "list"),
        ("554 whatever", "unknown"),
    ],
)
def test_the_reason_is_named(reply: str, reason: str) -> None:
    assert judge(reply).reason == reason


def test_a_code_decides_where_the_words_tell_nothing() -> None:
    assert judge("", status="5.1.1").action == "hard"
    assert judge("", status="5.2.2").reason == "full"
    assert judge("550 5.1.1 https://support.example.test/mail?p=6596").action == "hard"
    assert judge("", status="4.1.1").action == "soft"


def test_words_count_more_than_the_code_that_a_relay_made_up() -> None:
    refused = judge(
        "553 http://www.spamhaus.org/query/bl?ip=192.0.2.2",
        status="5.1.3",
        transcript="550 5.1.1 <a@b.test>... User unknown",
    )
    assert (refused.action, refused.reason) == ("soft", "blocked")


def test_an_unknown_user_stays_unknown_though_the_code_was_temporary() -> None:
    assert judge("450 4.1.1 Recipient address rejected: User unknown", status="4.1.1").action == "hard"


def test_an_unknown_host_under_a_temporary_code_may_be_found_later() -> None:
    assert judge("Host or domain name not found, try again", status="4.4.3").action == "soft"


def test_what_is_still_being_tried_is_never_refused_for_good() -> None:
    assert judge("550 5.1.1 User unknown", delayed=True).action == "soft"
    assert judge("", delayed=True).reason == "delayed"


@pytest.mark.parametrize(
    "text",
    [
        "550 User unknown (in reply to MAIL FROM command)",
        "SMTP error from remote mail server after MAIL FROM:<n@l.test>: host mx: 550 no such user",
        ">>> MAIL From:<n@l.test> SIZE=378\n<<< 550 no such user",
        "Connected to 192.0.2.1 but my name was rejected.\nRemote host said: 501 Invalid domain name",
    ],
)
def test_what_was_refused_before_rcpt_is_not_about_the_recipient(text: str) -> None:
    assert judge(text).action == "soft"


def test_the_command_that_was_answered_is_found() -> None:
    assert command_of("550 x (in reply to end of DATA command)") == "data"
    assert command_of(">>> RCPT To:<a@b.test>\n<<< 550 x") == "rcpt"
    assert command_of("550 x") == ""


def test_versions_and_addresses_of_hosts_are_no_status_codes() -> None:
    assert statuses_in("by 5.5.2653.19, host 4.16.55.1, 550 5.1.1 x (#5.2.2)") == ["5.1.1", "5.2.2"]
