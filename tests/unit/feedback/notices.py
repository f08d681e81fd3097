"""Notices as servers of many kinds write them, each written anew in its server's manner: text, address, action."""

from typing import NamedTuple


class Notice(NamedTuple):
    """A notice and what is true of it."""

    server: str
    sender: str
    subject: str
    text: str
    expected: dict[str, str]
    headers: str = ""


RETURNED = "From: news@lists.test\nTo: {to}\nSubject: Our news\nMessage-ID: <n1@lists.test>\n\nHello\n"

NOTICES = (
    Notice(
        "Domino",
        "postmaster@notes.test",
        "DELIVERY FAILURE: User Ada Byron (ada@notes.test) not listed in Domino Directory",
        "Your message\n\n  Subject: Our news\n\nwas not delivered to:\n\n  ada@notes.test\n\nbecause:\n\n"
        "  User Ada Byron (ada@notes.test) not listed in Domino Directory\n",
        {"ada@notes.test": "hard"},
    ),
    Notice(
        "Lotus Notes",
        "Mail Router <router@notes.test>",
        "Returned mail",
        "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\nada@notes.test\n\n"
        "------- Returned Message --------\n\n" + RETURNED.format(to="ada@notes.test"),
        {"ada@notes.test": "hard"},
    ),
    Notice(
        "a German provider",
        "Mailer Daemon <mailer-daemon@gmx.test>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to\n"
        'one or more of its recipients. This is a permanent error. The following address\nfailed:\n\n"ada@web.test":\n'
        "SMTP error from remote server after RCPT command:\nhost: mx.web.test\n5.1.1 <ada@web.test>... User Unknown\n\n"
        "--- The header of the original message is following. ---\n\nReceived: from x.test by y.test\n"
        + RETURNED.format(to="ada@web.test"),
        {"ada@web.test": "hard"},
    ),
    Notice(
        "a German provider, size",
        "Mailer Daemon <mailer-daemon@kunden.test>",
        "Mail System Error - Returned Mail",
        "This message was created automatically by mail delivery software.\nA message that you sent could not be delivered to one or\n"
        "more of its recipients. The following address failed:\n\nada@web.test\n\nFor the following reason:\n\n"
        "Mail size limit exceeded. For explanation visit\nhttp://postmaster.kunden.test/en/info?limit\n\n"
        "--- The header of the original message is following. ---\n" + RETURNED.format(to="ada@web.test"),
        {"ada@web.test": "soft"},
    ),
    Notice(
        "MailMarshal",
        "postmaster@gateway.test",
        'Undeliverable Mail: "Our news"',
        "Your message:\n   From:    news@lists.test\n   Subject: Our news\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\n"
        "The following recipients were affected: \n    ada@corp.test\n\nAdditional Information\n======================\n"
        "Original Sender:    <news@lists.test>\nSender-MTA:         <10.0.0.1>\n",
        {"ada@corp.test": "hard"},
    ),
    Notice(
        "MailFoundry",
        "MAILER-DAEMON@foundry.test",
        "Message delivery has failed",
        "Unable to deliver message to: <ada@corp.test>\nDelivery failed for the following reason:\n"
        "Server mx22.corp.test[192.0.2.22] failed with: 550 <ada@corp.test> No such user here\n\n"
        "This has been a permanent failure.  No further delivery attempts will be made.\n",
        {"ada@corp.test": "hard"},
    ),
    Notice(
        "InterScan",
        '"InterScan MSS" <postmaster@scan.test>',
        "Mail could not be delivered",
        "****** Message from InterScan Messaging Security Suite ******\n\nSent <<< RCPT TO:<ada@corp.test>\n"
        "Received >>> 550 5.1.1 <ada@corp.test>... user unknown\n\nUnable to deliver message to <ada@corp.test>\n\n"
        "************************     End of message     **********************\n",
        {"ada@corp.test": "hard"},
    ),
    Notice(
        "a mobile carrier",
        "Postmaster@carrier.test",
        "Mail System Error - Returned Mail",
        "The user(s) account is temporarily over quota.\n\n<ada@carrier.test>\n",
        {"ada@carrier.test": "soft"},
    ),
    Notice(
        "a mobile carrier, disabled",
        "Postmaster@carrier.test",
        "Mail System Error - Returned Mail",
        "The following recipients did not receive this message:\n\n    <ada@carrier.test>\n\nThe user(s) account is disabled.\n",
        {"ada@carrier.test": "soft"},
    ),
    Notice(
        "SurfControl",
        "postmaster@filter.test",
        "Undeliverable: Our news",
        "Your message could not be sent.\nA transcript of the attempts to send the message follows.\nThe number of attempts made: 1\n"
        "Addressed To: ada@corp.test\n\nThu 29 Apr 2010 23:34:45 +0900\nFailed to send to identified host,\n"
        "corp.test: [192.0.2.5], 550 ada@corp.test... No such user\n--- Message non-deliverable.\n",
        {"ada@corp.test": "hard"},
    ),
    Notice(
        "an old sendmail",
        "MAILER-DAEMON@old.test (Mail Delivery Subsystem)",
        "Returned mail: User unknown",
        "   ----- Transcript of session follows -----\n... while talking to mx.corp.test:\n>>> RCPT To:<ada@corp.test>\n"
        "<<< 550 5.1.1 <ada@corp.test>... User Unknown\n550 <ada@corp.test>... User unknown\n\n   ----- Unsent message follows -----\n"
        "Return-Path: <news@lists.test>\n" + RETURNED.format(to="ada@corp.test"),
        {"ada@corp.test": "hard"},
    ),
    Notice(
        "an old sendmail, host down",
        "MAILER-DAEMON@old.test (Mail Delivery Subsystem)",
        "Returned mail: Cannot send message within 3 days",
        "   ----- The following addresses had permanent delivery errors -----\n<ada@corp.test>\n\n   ----- Transcript of session follows -----\n"
        "421 corp.test (smtp)... Deferred: Connection timed out during user open with corp.test\n\n   ----- Original message follows -----\n"
        + RETURNED.format(to="ada@corp.test"),
        {"ada@corp.test": "soft"},
    ),
    Notice(
        "Apache James",
        "postmaster@james.test",
        "[BOUNCE]",
        "Hi. This is the James mail server at james.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\nError message below:\n550 - Requested action not taken: no such user here\n\n"
        "Message details:\n  Subject: Our news\n  MAIL FROM: news@lists.test\n  RCPT TO: ada@james.test\n",
        {"ada@james.test": "hard"},
    ),
    Notice(
        "the gateway of an institute",
        "SMTP Gateway <gateway@institute.test>",
        "Message undeliverable: Our news",
        "We had trouble delivering your message. Full details follow:\n\nSubject: 'Our news'\nDate: 'Thu, 29 Apr 2010'\n\n1 error(s):\n\n"
        "SMTP Server <mta2.corp.test> rejected recipient <ada@corp.test>\n  (Error following RCPT command). It responded as follows: [550 5.1.1 User unknown]\n",
        {"ada@corp.test": "hard"},
    ),
    Notice(
        "an Exim that lists two",
        "Mail Delivery System <Mailer-Daemon@exim.test>",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n"
        "recipients. This is a permanent error. The following address(es) failed:\n\n  ada@one.test\n    host mx.one.test [192.0.2.1]\n"
        "    SMTP error from remote mail server after RCPT TO:<ada@one.test>:\n    550-5.1.1 The email account that you tried to reach does\n    550 not exist.\n"
        "  bob@two.test\n    host mx.two.test [192.0.2.2]\n    SMTP error from remote mail server after RCPT TO:<bob@two.test>:\n    552 5.2.2 Over quota\n\n"
        "------ This is a copy of the message, including all the headers. ------\n\n"
        + RETURNED.format(to="ada@one.test"),
        {"ada@one.test": "hard", "bob@two.test": "soft"},
    ),
    Notice(
        "an Exim that does not route",
        "Mail Delivery System <Mailer-Daemon@exim.test>",
        "Mail delivery failed: returning message to sender",
        "The following address(es) failed:\n\n  ada@gone.test\n    Unrouteable address\n\n------ This is a copy of the message, including all the headers. ------\n\n"
        + RETURNED.format(to="ada@gone.test"),
        {"ada@gone.test": "hard"},
    ),
    Notice(
        "an Exim that is still trying",
        "Mail Delivery System <Mailer-Daemon@exim.test>",
        "Warning: message 1ABCDE-0001 delayed 24 hours",
        "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on exim.test.\n\n"
        "The address to which the message has not yet been delivered is:\n\n  ada@slow.test\n    host mx.slow.test: Connection refused\n\n"
        "No action is required on your part. Delivery attempts will continue for\nsome time.\n",
        {"ada@slow.test": "soft"},
    ),
    Notice(
        "a Postfix whose host is unknown",
        "MAILER-DAEMON@pf.test (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host pf.test.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n"
        "                   The mail system\n\n<ada@nowhere.test>: Host or domain name not found. Name service error for\n    name=nowhere.test type=A: Host not found\n",
        {"ada@nowhere.test": "hard"},
    ),
    Notice(
        "a Postfix whose sender is refused",
        "MAILER-DAEMON@pf.test (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        "<ada@strict.test>: host mx.strict.test[192.0.2.9] said: 550 5.1.8\n    <news@lists.test>: Sender address rejected: Domain not found (in\n    reply to RCPT TO command)\n",
        {"ada@strict.test": "soft"},
    ),
    Notice(
        "a Postfix that answers MAIL FROM",
        "MAILER-DAEMON@pf.test (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        "<ada@strict.test>: host mx.strict.test[192.0.2.9] said: 550 5.1.1\n    User unknown (in reply to MAIL FROM command)\n",
        {"ada@strict.test": "soft"},
    ),
    Notice(
        "Microsoft's edge, no such user",
        "Mail Delivery System <MAILER-DAEMON@pf.test>",
        "Undelivered Mail Returned to Sender",
        "<ada@tenant.test>: host tenant-test.mail.protection.outlook.com[192.0.2.9]\n    said: 550 5.4.1 Recipient address rejected: Access denied.\n"
        "    AS(201806281) [AM0.EURP1.prod.outlook.com] (in reply to RCPT TO command)\n",
        {"ada@tenant.test": "hard"},
    ),
    Notice(
        "Gmail, account over quota",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to ada@gmail.test.\n\nThe response was:\n\n"
        "452 4.2.2 The email account that you tried to reach is over quota and inactive. Please direct the recipient to\n"
        "https://support.google.com/mail/?p=OverQuotaTemp\n",
        {"ada@gmail.test": "soft"},
        headers="X-Failed-Recipients: ada@gmail.test\n",
    ),
    Notice(
        "Gmail, inbox full",
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        "** Message not delivered **\n\nYour message couldn't be delivered to ada@gmail.test because the remote server says the recipient's inbox is full.\n",
        {"ada@gmail.test": "soft"},
    ),
    Notice(
        "Yahoo, no such account",
        "MAILER-DAEMON@yahoo.test",
        "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n<ada@yahoo.test>:\n554: delivery error: dd This user doesn't have a yahoo.test account (ada@yahoo.test) [0] - mta1.mail.yahoo.test\n\n"
        "--- Below this line is a copy of the message.\n\n" + RETURNED.format(to="ada@yahoo.test"),
        {"ada@yahoo.test": "hard"},
    ),
    Notice(
        "Exchange in German",
        "postmaster@uni.test",
        "Unzustellbar: Our news",
        "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\nada@uni.test\n"
        "Die eingegebene E-Mail-Adresse wurde nicht gefunden. Überprüfen Sie die E-Mail-Adresse des Empfängers.\n\n"
        "Diagnoseinformationen für Administratoren:\n\nada@uni.test\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'\n",
        {"ada@uni.test": "hard"},
    ),
    Notice(
        "a German server in its own words",
        "Mailer-Daemon@uni.test",
        "Nachricht nicht zugestellt",
        "Ihre Nachricht konnte nicht zugestellt werden an:\n\n<ada@uni.test>\n\nGrund: Empfänger unbekannt\n",
        {"ada@uni.test": "hard"},
    ),
    Notice(
        "a French server whose mailbox is full",
        "postmaster@univ.test",
        "Échec de remise : Our news",
        "Votre message n'a pas pu être remis au destinataire suivant :\n\nada@univ.test\nLa boîte aux lettres du destinataire est pleine.\n",
        {"ada@univ.test": "soft"},
    ),
    Notice(
        "a spam filter",
        "Barracuda Email Gateway <postmaster@filter.test>",
        "**Message you sent blocked by our bulk email filter**",
        "Your message to: ada@corp.test\nwas blocked by our Spam Firewall. The email you sent with the following subject has NOT BEEN DELIVERED:\n\nSubject: Our news\n",
        {"ada@corp.test": "soft"},
    ),
    Notice(
        "a qmail that may not relay",
        "MAILER-DAEMON@q.test",
        "failure notice",
        "Hi. This is the qmail-send program at q.test.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<ada@corp.test>:\n192.0.2.1 does not like recipient.\nRemote host said: 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)\nGiving up on 192.0.2.1.\n\n"
        "--- Below this line is a copy of the message.\n\n" + RETURNED.format(to="ada@corp.test"),
        {"ada@corp.test": "soft"},
    ),
    Notice(
        "a qmail with a disk quota",
        "MAILER-DAEMON@q.test",
        "failure notice",
        "Hi. This is the qmail-send program at q.test.\n\n<ada@corp.test>:\nuser is over quota\n\n--- Below this line is a copy of the message.\n\n"
        + RETURNED.format(to="ada@corp.test"),
        {"ada@corp.test": "soft"},
    ),
    Notice(
        "a server that greylists too long",
        "MAILER-DAEMON@q.test",
        "Delivery failed",
        "<ada@corp.test>: 451 4.7.1 Greylisting in action, please come back later; message has been in the queue too long\n",
        {"ada@corp.test": "soft"},
    ),
    Notice(
        "a person who has moved",
        "postmaster@corp.test",
        "Undeliverable mail",
        "Your message could not be delivered to <ada@corp.test>:\n\n551 5.1.6 The recipient has moved, no forwarding address\n",
        {"ada@corp.test": "hard"},
    ),
)
"""What these are about is written in `expected`: whom, and whether it is for good."""
