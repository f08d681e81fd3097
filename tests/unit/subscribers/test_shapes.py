"""What the exports of well-known products say of a person's will, and what is left behind of them."""

from pathlib import Path
from typing import Any

import pytest

from subscribers.candidate import Candidate
from subscribers.columns import is_email_column
from subscribers.delimited import Record
from subscribers.reading import open_source
from subscribers.shapes import plan_for
from subscribers.standing import Standing, standing_of

SUBSCRIBED, UNCONFIRMED, UNSUBSCRIBED, SUPPRESSED = (
    Standing.SUBSCRIBED, Standing.UNCONFIRMED, Standing.UNSUBSCRIBED, Standing.SUPPRESSED,
)  # fmt: skip
CASES: list[tuple[str, str, str, list[Any]]] = [
    (
        "listmonk", "subscribers.csv",
        ('uuid,email,name,attributes,status,created_at\nu,a@x.org,A,"{""city"": ""Bath""}",enabled,2024\n'
        "u,b@x.org,B,{},blocklisted,\nu,c@x.org,C,{},disabled,\nu,d@x.org,D,{bad,enabled,\n"),
        [(SUBSCRIBED, {"city": "Bath"}), (SUPPRESSED, {}), (UNSUBSCRIBED, {}), "has attributes that are no JSON"],
    ),
    (
        "Substack", "list.csv",
        "Email,Active Subscription,Expiry,Plan,Email Disabled,Created At\na@x.org,false,,free,false,\nb@x.org,true,,paid,true,\n",
        [(SUBSCRIBED, {}), (UNSUBSCRIBED, {})],
    ),
    (
        "Mailman", "members.csv",
        ("address,display_name,delivery_mode,delivery_status,role\na@x.org,A,regular,enabled,member\n"
        "b@x.org,B,regular,by_bounces,member\nc@x.org,C,regular,by_user,member\nd@x.org,D,regular,enabled,nonmember\n"),
        [(SUBSCRIBED, {}), (SUPPRESSED, {}), (UNSUBSCRIBED, {}), (UNSUBSCRIBED, {})],
    ),
    (
        "Outlook", "contacts.csv",
        "First Name,Last Name,E-mail Address,E-mail 2 Address,Home Phone,Company\nAda,L,,ada@x.org,123,ACME\n",
        [(SUBSCRIBED, {"Company": "ACME"})],
    ),
    (
        "Outlook", "kontakte.csv",
        "Anrede;Vorname;Nachname;E-Mail-Adresse;E-Mail-Typ;Firma;Mobiltelefon\n;Ada;L;ada@x.org;SMTP;ACME;123\n",
        [(SUBSCRIBED, {"Firma": "ACME"})],
    ),
    (
        "Substack", "subscribers.csv",
        "Email,Name,Stripe plan,Start date,Emails received (6mo),Subscription type\na@x.org,A,,2024,1,free\n",
        [(SUBSCRIBED, {})],
    ),
    (
        "Google", "contacts.csv",
        ("Given Name,Family Name,E-mail 1 - Type,E-mail 1 - Value,Group Membership,Notes\n"
        "Ada,L,* Home,ada@x.org,* myContacts ::: Friends,private\n"),
        [(SUBSCRIBED, {"tags": ["Friends"]})],
    ),
    (
        "Ghost", "members.csv",
        'id,email,name,subscribed_to_emails,labels,deleted_at\n1,a@x.org,A,TRUE,"vip,press",\n2,b@x.org,B,TRUE,,2024-05-05\n',
        [(SUBSCRIBED, {"tags": ["vip", "press"]}), (UNSUBSCRIBED, {})],
    ),
    (
        "Mailchimp", "nonsubscribed_members_export.csv",
        "Email Address,First Name,Last Name,OPTIN_IP,LEID,TAGS\na@x.org,A,B,192.0.2.1,1,\n",
        [(UNCONFIRMED, {})],
    ),
    (
        "Brevo", "contacts.csv",
        "CONTACT ID;EMAIL;OPT_IN;SMS\n1;a@x.org;1;33600000001\n2;b@x.org;0;\n3;c@x.org;;\n",
        [(SUBSCRIBED, {}), (UNCONFIRMED, {}), (SUBSCRIBED, {})],
    ),
    (
        "Mailchimp", "cleaned_email_audience_export_1.csv",
        ("E-Mail-Adresse,Vorname,Nachname,MEMBER_RATING,OPTIN_IP,LATITUDE,LAST_CHANGED,LEID,EUID,TAGS\n"
        'a@x.org,Ä,B,2,192.0.2.1,51.5,2025,1,aa,"""Presse"""\n'),
        [(SUPPRESSED, {"tags": ["Presse"]})],
    ),
    (
        "Outlook", "kontakte.csv",
        ("Anrede,Vorname,Nachname,Firma,E-Mail-Adresse,E-Mail-Typ,E-Mail: Angezeigter Name,E-Mail 2: Adresse,Notizen,Stichwörter\n"
        "Herr,Bob,Müller,ACME,,,,bob@x.org,geheim,Kunde\n"),
        [(SUBSCRIBED, {"Firma": "ACME"})],
    ),
    (
        "Outlook", "contacts.csv",
        ("Titre,Prénom,Nom,Société,Adresse de messagerie,Type de messagerie,Adresse de messagerie 2,Anniversaire,Notes,Privé\n"
        "Mme,Ada,L,ACME,,,ada@x.org,1815,secret,Faux\n"),
        [(SUBSCRIBED, {"Société": "ACME"})],
    ),
    (
        "Outlook", "contatti.csv",
        ("Titolo,Nome,Cognome,Società,Notes,Indirizzo posta elettronica,Tipo posta elettronica,Indirizzo posta elettronica 2\n"
        ",Ugo,Rossi,ACME,segreto,,SMTP,ugo@x.org\n"),
        [(SUBSCRIBED, {"Società": "ACME"})],
    ),
    (
        "Outlook", "kontakte.csv",
        "Vorname,Nachname,E-Mail-Adresse,E-Mail-Adresse 2,Telefon privat,Firma\nAda,L,,ada@x.org,123,ACME\n",
        [(SUBSCRIBED, {"Firma": "ACME"})],
    ),
    (
        "Thunderbird", "adresses.csv",
        ("Prénom,Nom de famille,Nom à afficher,Surnom,Adresse électronique principale,Adresse électronique secondaire,Société\n"
        "Ada,L,Ada L.,A,ada@x.org,,ACME\n"),
        [(SUBSCRIBED, {"Société": "ACME"})],
    ),
    (
        "Google Groups", "research.csv",
        ("Members for group research\nEmail address,Nickname,Group status,Email status,Email preference,Join year,Time zone\n"
        "a@x.org,A,member,,All email,2019,PDT\nb@x.org,B,owner,bouncing,Digest,,\nc@x.org,C,invited,,All email,,\n"
        "d@x.org,D,member,,No email,,\ne@x.org,E,banned,,All email,,\n"),
        [(SUBSCRIBED, {}), (SUPPRESSED, {}), (UNCONFIRMED, {}), (UNSUBSCRIBED, {}), (SUPPRESSED, {})],
    ),
    (
        "Buttondown", "subscribers.csv",
        ('email,subscriber_type,creation_date,tags,metadata\na@x.org,regular,2024,"x, y","{""city"": ""Bath""}"\n'
        "b@x.org,unactivated,,,{}\nc@x.org,unsubscribed,,,{}\nd@x.org,complained,,,{}\n"),
        [(SUBSCRIBED, {"tags": ["x", "y"], "city": "Bath"}), (UNCONFIRMED, {}), (UNSUBSCRIBED, {}), (SUPPRESSED, {})],
    ),
    (
        "", "subscribers.csv",  # MailerLite
        "Subscriber,Opens,Subscribed,Name\na@x.org,3,2024-01-01 10:00:00,A\n",
        [(SUBSCRIBED, {"Opens": "3"})],
    ),
    (
        "", "contacts.csv",  # HubSpot
        ("Record ID,Email,Unsubscribed from all email,Email hard bounce reason\n1,a@x.org,,\n2,b@x.org,true,\n"
        "3,c@x.org,false,Unknown user\n"),
        [(SUBSCRIBED, {}), (UNSUBSCRIBED, {}), (SUPPRESSED, {})],
    ),
    (
        "", "klaviyo.csv",
        ("Email,Klaviyo ID,Email Marketing Consent,Email Suppressions\na@x.org,k,SUBSCRIBED,[]\n"
        "b@x.org,k,NEVER_SUBSCRIBED,[]\nc@x.org,k,SUBSCRIBED,HARD_BOUNCE\n"),
        [(SUBSCRIBED, {}), (UNCONFIRMED, {}), (SUPPRESSED, {})],
    ),
    (
        "", "mailjet.csv",
        ("email;isExcludedFromCampaigns;isOptInPending;isSpamComplaining\na@x.org;false;false;false\n"
        "b@x.org;true;false;false\nc@x.org;false;true;false\nd@x.org;false;false;true\n"),
        [(SUBSCRIBED, {}), (UNSUBSCRIBED, {}), (UNCONFIRMED, {}), (SUPPRESSED, {})],
    ),
    (
        "", "verteiler.csv",
        "E-Mail;Newsletter;Status\na@x.org;ja;aktiv\nb@x.org;nein;aktiv\nc@x.org;ja;abgemeldet\nd@x.org;;désabonnée\n",
        [(SUBSCRIBED, {}), (UNSUBSCRIBED, {}), (UNSUBSCRIBED, {}), (UNSUBSCRIBED, {})],
    ),
    (
        "", "plain.csv",
        "email,Unsubscribed at,Bounced,Region\na@x.org,,false,South\nb@x.org,2024-01-01,no,\nc@x.org,,yes,\n",
        [(SUBSCRIBED, {"Region": "South"}), (UNSUBSCRIBED, {}), (SUPPRESSED, {})],
    ),
    (
        "Newsletter", "wordpress.csv",
        ("email;name;surname;status;token\na@x.org;Ada;L;C;t\nb@x.org;;;S;t\nc@x.org;;;U;t\nd@x.org;;;B;t\ne@x.org;;;P;t\n"),
        [(SUBSCRIBED, {}), (UNCONFIRMED, {}), (UNSUBSCRIBED, {}), (SUPPRESSED, {}), (SUPPRESSED, {})],
    ),
    (
        "listmonk", "api.jsonl",
        ('{"email": "a@x.org", "attribs": {}, "status": "enabled", "lists": [{"subscription_status": "unsubscribed"}]}\n'
        '{"email": "b@x.org", "attribs": {}, "status": "enabled", "lists": [{"subscription_status": "unconfirmed"},'
        ' {"subscription_status": "unsubscribed"}]}\n'
        '{"email": "c@x.org", "attribs": {}, "status": "enabled", "lists": [{"subscription_status": "unconfirmed",'
        ' "optin": "single"}]}\n'
        '{"email": "d@x.org", "attribs": {"city": "Bath"}, "status": "enabled", "lists": []}\n'),
        [(UNSUBSCRIBED, {}), (UNCONFIRMED, {}), (SUBSCRIBED, {}), (SUBSCRIBED, {"city": "Bath"})],
    ),
    (
        "Mailman", "rest.json",
        ('{"start": 0, "total_size": 2, "entries": [\n'
        '{"address": "http://localhost:8001/3.1/addresses/a@x.org", "display_name": "A", "email": "a@x.org", "role": "member"},\n'
        '{"address": "http://localhost:8001/3.1/addresses/b@x.org", "display_name": "B", "email": "b@x.org", "role": "nonmember"}\n'
        '], "http_etag": "x"}'),
        [(SUBSCRIBED, {}), (UNSUBSCRIBED, {})],
    ),
    (
        "Mailman", "roster.csv",
        ("email,display_name,delivery_mode,delivery_status,role\na@x.org,A,regular,enabled,member\n"
        "b@x.org,B,summary_digests,by_moderator,member\n"),
        [(SUBSCRIBED, {}), (UNSUBSCRIBED, {})],
    ),
    (
        "Sympa", "abonnes.csv",
        "email;gecos;reception;visibility\na@x.org;A;nomail;noconceal\nb@x.org;B;digest;noconceal\n",
        [(UNSUBSCRIBED, {}), (SUBSCRIBED, {})],
    ),
    (
        "Ghost", "members.csv",
        "email,name,subscribed,complimentary_plan,stripe_customer_id,labels\na@x.org,A,true,false,cus_1,vip\nb@x.org,B,false,,,\n",
        [(SUBSCRIBED, {"tags": ["vip"]}), (UNSUBSCRIBED, {})],
    ),
    (
        "Substack", "subscribers.csv",
        ("Email,Name,Subscription type,Activity,Subscription date,Subscriber country,Emails opened (last 6 months)\n"
        "a@x.org,A,Free,2,2024-01-01,GB,3\n"),
        [(SUBSCRIBED, {"Subscriber country": "GB"})],
    ),
    (
        "Buttondown", "subscribers.csv",
        ("email_address,type,creation_date,tags,metadata\na@x.org,regular,2024,,{}\nb@x.org,unactivated,2024,,{}\n"
        "c@x.org,undeliverable,2024,,{}\nd@x.org,past_due,2024,,{}\ne@x.org,upcoming,2024,,{}\n"),
        [(SUBSCRIBED, {}), (UNCONFIRMED, {}), (SUPPRESSED, {}), (SUBSCRIBED, {}), (UNCONFIRMED, {})],
    ),
    (
        "Outlook", "contacts.csv",  # of an Exchange account
        ("First Name,E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address\n"
        "Ada,/o=ExchangeLabs/cn=ada,EX,Ada (ada@x.org),ada@x.org\n"),
        [(SUBSCRIBED, {})],
    ),
    (
        "", "sendinblue.csv",
        "EMAIL;NOM;PRENOM;Emails blacklisted\na@x.org;D;Z;0\nb@x.org;D;Z;1\n",
        [(SUBSCRIBED, {}), (SUPPRESSED, {})],
    ),
    (
        "", "moodle.csv",
        ("firstname,lastname,email,emailstop,suspended,deleted\nA,L,a@x.org,0,0,0\nB,L,b@x.org,1,0,0\nC,L,c@x.org,0,1,0\n"
        "D,L,d@x.org,0,0,1\n"),
        [(SUBSCRIBED, {}), (UNSUBSCRIBED, {}), (Standing.PAUSED, {}), (UNSUBSCRIBED, {})],
    ),
    (
        "", "addresses.csv",  # a state of a country
        "Email Address,Name,State,Country\na@x.org,A,Somerset,UK\n",
        [(SUBSCRIBED, {"State": "Somerset", "Country": "UK"})],
    ),
    (
        "", "rapidmail.csv",
        "email;status\na@x.org;active\nb@x.org;new\nc@x.org;abused\n",
        [(SUBSCRIBED, {}), (UNCONFIRMED, {}), (SUPPRESSED, {})],
    ),
    (
        "", "hubspot.csv",
        ("Email,Marketing contact status,Opted out of email: Newsletter\na@x.org,Marketing contact,\n"
        "b@x.org,Marketing contact,Yes\nc@x.org,Non-marketing contact,\n"),
        [(SUBSCRIBED, {}), (UNSUBSCRIBED, {}), (UNCONFIRMED, {})],
    ),
    (
        "", "form.csv",
        "Email address,Would you like to join our newsletter?\na@x.org,Yes\nb@x.org,No\n",
        [(SUBSCRIBED, {}), (UNSUBSCRIBED, {})],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "name", "text", "expected"), CASES, ids=[case[0] or "plain" for case in CASES])
def test_a_shape_is_known_and_says_what_its_product_means(
    tmp_path: Path, shape: str, name: str, text: str, expected: list[Any]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    source = open_source(path, is_email_column)
    plan = plan_for(source.columns, {}, name, kind=source.kind)
    assert plan.shape == shape
    found = [plan.candidate(record) for record in source.records()]
    assert [
        (each.standing, each.attributes) if isinstance(each, Candidate) else each[: len(str(want))]
        for each, want in zip(found, expected, strict=True)
    ] == expected


@pytest.mark.parametrize(
    ("word", "standing"),
    [
        ("Subscribed", SUBSCRIBED), ("ACTIVE", SUBSCRIBED), ("opted-in", SUBSCRIBED), ("pending", UNCONFIRMED),
        ("Opted Out", UNSUBSCRIBED), ("hard_bounced", SUPPRESSED), ("spam complaint", SUPPRESSED), ("golden", None),
    ],
)  # fmt: skip
def test_words_of_other_products(word: str, standing: Standing | None) -> None:
    assert standing_of(word) == standing


def test_a_mapping_is_obeyed_before_the_names(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("email,contact,status,note\nold@x.org,new@x.org,gold,secret\n", encoding="utf-8")
    source = open_source(path, is_email_column)
    mapping = {"CONTACT": "email", "Status": "attributes.tier", "note": "ignore"}
    found = [plan_for(source.columns, mapping, "p.csv").candidate(record) for record in source.records()]
    assert [(each.key, each.attributes) for each in found if isinstance(each, Candidate)] == [
        ("new@x.org", {"tier": "gold"})
    ]


@pytest.mark.parametrize(
    ("written", "tag"), [("Deutsch", "de"), ("French (France)", "fr"), ("en_GB", "en-GB"), ("?", "")]
)
def test_a_language_is_read_by_its_name_too(tmp_path: Path, written: str, tag: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"E-Mail-Adresse;Sprache\nada@x.org;{written}\n", encoding="utf-8")
    source = open_source(path, is_email_column)
    (found,) = [plan_for(source.columns, {}, "p.csv").candidate(record) for record in source.records()]
    assert isinstance(found, Candidate)
    assert found.language == tag


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("email;name;surname\na@x.org;Ada;Lovelace\n", "Ada Lovelace"),
        ("email;name;surname\na@x.org;Ada Lovelace;Lovelace\n", "Ada Lovelace"),
        ("=?utf-8?q?J=C3=B6rg?= <a@x.org>\n", "Jörg"),
        ("Gina G. (a@x.org)\n", "Gina G."),
    ],
)
def test_a_name_is_put_together_of_what_there_is(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    source = open_source(path, is_email_column)
    (found,) = [plan_for(source.columns, {}, "p.csv").candidate(record) for record in source.records()]
    assert isinstance(found, Candidate)
    assert (found.key, found.name) == ("a@x.org", name)


def test_a_column_that_an_address_book_keeps_to_itself_can_be_mapped_to_an_attribute() -> None:
    columns = ("First Name", "E-mail 1 - Value", "Notes", "Phone 1 - Value")
    plan = plan_for(columns, {"Notes": "remark", "Phone 1 - Value": "attributes.phone"}, "contacts.csv")
    found = plan.candidate(Record(2, columns, ["Ada", "ada@x.org", "likes tea", "+44 1"], ""))
    assert isinstance(found, Candidate), found
    assert found.attributes == {"remark": "likes tea", "phone": "+44 1"}
    assert plan.shape == "Google"
    assert plan.roles[2] == ("attributes.remark", "Notes")
