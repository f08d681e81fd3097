import email
import email.policy
import quopri
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.base.errors import WrongInput
from mailer.rendering import FieldSlot, Key, Letter, LinkSlot, Picture, Segments, fill, skeleton
from mailer.rendering.encoding import quoted
from mailer.rendering.mime import HeaderValue, Values, header_line

NAME = FieldSlot("name")
LEAVE = LinkSlot("unsubscribe")
HEADERS: list[tuple[str, HeaderValue]] = [
    ("From", "Forschungsgruppe Schönlieb <news@x.test>"),
    ("To", Key("to")),
    ("Date", Key("date")),
    ("Message-ID", Key("message_id")),
    ("List-Unsubscribe", ("<", LEAVE, ">, <mailto:leave@x.test>")),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
]


def a_letter(
    html: Segments, text: Segments, subject: Segments = ("News",), pictures: tuple[Picture, ...] = ()
) -> Letter:
    return Letter(frozenset(), "en", subject, html, text, (), pictures)


def values_for(name: str = "Ada", **more: str) -> Values:
    return {
        NAME: name,
        LEAVE: "https://x.test/unsubscribe/" + "aB3-_" * 20,
        "to": more.get("to", "Ada Lovelace <ada@x.test>"),
        "date": format_datetime(datetime(2026, 11, 24, 9, tzinfo=UTC)),
        "message_id": "<1.abc@x.test>",
    }


def parsed(message: bytes) -> EmailMessage:
    found = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def body_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def assert_sound(message: bytes) -> None:
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", message), "a bare CR or LF"
    head, _, body = message.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 78, "boundaries are the longest lines of a body"
    assert not re.search(rb"^\.|^From ", body, re.MULTILINE)
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60)
lines = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=200)


@given(before=lines, between=lines, after=lines, name=words)
def test_a_filled_letter_says_what_the_standard_library_reads(before: str, between: str, after: str, name: str) -> None:
    text = (before, NAME, between, LEAVE, after, "\n")
    html = (f"<p>{before}", NAME, between, NAME, LEAVE, after, "</p>\n")
    values = values_for(name)

    message = fill(skeleton(a_letter(html, text), headers=HEADERS), values)

    assert_sound(message)
    found = parsed(message)
    named = escape(name)
    assert payload(found, "plain") == f"{before}{name}{between}{values[LEAVE]}{after}\n"
    assert payload(found, "html") == f"<p>{before}{named}{between}{named}{values[LEAVE]}{after}</p>\n"


def payload(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode("utf-8").replace("\r\n", "\n")


@given(name=words, subject=words)
def test_headers_read_like_those_of_the_standard_library(name: str, subject: str) -> None:
    name, subject = " ".join(name.split()), " ".join(subject.split())
    values = values_for(name=name, to=f"{name} <ada@x.test>")
    letter = a_letter(("x\n",), ("x\n",), subject=(f"Hello {subject} ", NAME))

    message = fill(skeleton(letter, headers=HEADERS), values)

    assert_sound(message)
    found = parsed(message)
    assert found["Subject"] == " ".join(f"Hello {subject} {name}".split())
    assert mailbox(message) == (unquoted(name), "ada@x.test")
    for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        assert len(line) <= 78 or b" " not in line.strip().partition(b": ")[2]


def unquoted(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if len(name) > 1 and name[0] == name[-1] == '"' else name


def mailbox(message: bytes) -> tuple[str, str]:
    """The recipient, by hand: the standard library's parser puts blanks between encoded words of a name (3.11)."""
    raw = str(email.message_from_bytes(message)["To"])
    name, found, address = raw.rpartition("<")
    if not found:
        return "", raw
    words = re.sub(r"\r\n", "", name).strip()
    decoded = str(make_header(decode_header(words)))
    return (unquoted(decoded) if words == decoded else decoded), address.rstrip(">")


def test_the_message_equals_one_composed_by_the_standard_library() -> None:
    text, html = "Grüße, Zoë.\n\nsie liest\n", "<p>Grüße, Zoë.</p>\n"
    composed = EmailMessage(policy=email.policy.SMTP)
    composed["From"] = "Forschungsgruppe Schönlieb <news@x.test>"
    composed["To"] = Address("Zoë Öz", addr_spec="zoe@x.test")
    composed["Subject"] = "Neues für Zoë"
    composed.set_content(text)
    composed.add_alternative(html, subtype="html")

    letter = a_letter(("<p>Grüße, ", NAME, ".</p>\n"), ("Grüße, ", NAME, ".\n\nsie liest\n"), ("Neues für ", NAME))
    filled = parsed(fill(skeleton(letter, headers=HEADERS), values_for("Zoë", to="Zoë Öz <zoe@x.test>")))
    expected = parsed(composed.as_bytes())

    for header in ("From", "To", "Subject"):
        assert filled[header] == expected[header]
    for kind in ("plain", "html"):
        assert body_of(filled, kind) == body_of(expected, kind)
    assert [part.get_content_type() for part in filled.walk()] == [part.get_content_type() for part in expected.walk()]


@pytest.mark.parametrize(
    "evil", ["Ada\r\nBcc: all@x.test", "Ada\nBcc: all@x.test", "Ada\u2028x\x00\x85", "\r\n\r\nbody"]
)
def test_a_line_end_in_a_value_starts_no_header(evil: str) -> None:
    letter = a_letter((NAME,), (NAME,), ("For ", NAME))
    message = fill(skeleton(letter, headers=HEADERS), values_for(evil, to=f"{evil} <ada@x.test>"))
    assert_sound(message)
    found = parsed(message)
    assert found["Bcc"] is None
    assert [key for key in found if key not in ("From", "To", "Subject", "Date", "Message-ID")] == [
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "MIME-Version",
        "Content-Type",
    ]


def test_a_value_that_looks_like_markup_is_text() -> None:
    letter = a_letter(('<a title="', NAME, '">', NAME, "</a>"), (NAME, "\n"))
    found = parsed(fill(skeleton(letter, headers=HEADERS), values_for('"><script>alert(1)</script>')))
    assert "<script>" not in body_of(found, "html")
    assert body_of(found, "plain") == '"><script>alert(1)</script>\n'


@given(prefix=st.text("абвгд", max_size=5), name=st.text("яA é", max_size=90), rest=st.text("жщ\n", max_size=80))
def test_text_far_from_latin_travels_in_base64_with_its_slots(prefix: str, name: str, rest: str) -> None:
    filler = "Математика глубокого обучения. " * 20
    letter = a_letter((filler,), (prefix, NAME, filler, NAME, rest, NAME, "\n"))
    message = fill(skeleton(letter, headers=HEADERS), values_for(name))
    assert b"Content-Transfer-Encoding: base64" in message
    assert_sound(message)
    assert payload(parsed(message), "plain") == f"{prefix}{name}{filler}{name}{rest}{name}\n"


def test_embedded_pictures_stand_beside_the_html() -> None:
    picture = Picture("abc.png", bytes(range(256)) * 9, "image/png", 10, 10)
    letter = a_letter(('<img src="cid:abc.png@mailer">',), ("x\n",), pictures=(picture,))
    found = parsed(fill(skeleton(letter, headers=HEADERS), values_for()))
    kinds = [part.get_content_type() for part in found.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    image = next(part for part in found.walk() if part.get_content_type() == "image/png")
    assert image.get_content() == picture.content
    assert image["Content-ID"] == "<abc.png@mailer>"


@given(lines)
def test_quoted_printable_needs_no_tidying_and_no_dot_stuffing(text: str) -> None:
    encoded = quoted(text)
    assert not re.search(rb"[ \t]\r\n|[ \t]$|  |^\.|^From |\t", encoded, re.MULTILINE)
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))


@pytest.mark.parametrize("text", ['<p class="a">b</p>', "https://x.test/?a=1&b==", "=3D", "é = ü  \n. From\nFrom"])
def test_an_equals_sign_is_written_as_a_number_once(text: str) -> None:
    assert quopri.decodestring(quoted(text)).decode().replace("\r\n", "\n") == text


def test_the_same_letter_gives_the_same_bytes() -> None:
    letter = a_letter(("<p>", NAME, "</p>"), (NAME, "\n"))
    assert fill(skeleton(letter, headers=HEADERS), values_for()) == fill(
        skeleton(letter, headers=HEADERS), values_for()
    )


def test_an_address_that_is_none_is_refused() -> None:
    built = skeleton(a_letter(("x",), ("x",)), headers=HEADERS)
    for wrong in ("Ada <ad\u200bä@x.test>", "Ada <a b@x.test>", "Ada <nobody>"):
        with pytest.raises(WrongInput, match="cannot stand in a header"):
            fill(built, values_for(to=wrong))


def test_a_domain_beyond_ascii_is_written_in_ascii() -> None:
    message = fill(skeleton(a_letter(("x",), ("x",)), headers=HEADERS), values_for(to="Zoë <z@bücher.test>"))
    assert b"<z@xn--bcher-kva.test>" in message


def test_a_recipient_whose_address_is_in_another_script_is_written_as_he_writes_it() -> None:
    message = fill(skeleton(a_letter(("x",), ("x",)), headers=HEADERS), values_for(to="Άλφα <δοκιμή@bücher.test>"))

    assert "<δοκιμή@xn--bcher-kva.test>".encode() in message
    head = message.partition(b"\r\n\r\n")[0]
    to = email.message_from_string(message.decode(), policy=email.policy.SMTPUTF8)["To"].addresses[0]
    assert (to.display_name, to.addr_spec) == ("Άλφα", "δοκιμή@xn--bcher-kva.test")
    assert head.replace("δοκιμή".encode(), b"").isascii(), "nothing but the address needs SMTPUTF8"


def test_no_other_header_takes_an_address_in_another_script() -> None:
    with pytest.raises(WrongInput, match="cannot stand in a header"):
        header_line("From", "News <néws@x.test>")
