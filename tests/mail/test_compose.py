"""From row to mail: the nesting of parts, the headers, and what a composer may not do."""

import dataclasses
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage as Parsed
from email.utils import getaddresses

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pytest_django import Settings

from mail.domain import compose, fields
from mail.models import Message
from tests.mail import letters

pytestmark = pytest.mark.once


def row(**changes: object) -> Message:
    values = {
        "composer": letters.LETTER,
        "to_address": "owner@example.com",
        "to_name": "Olive Owner",
        "from_name": "CEO Report",
        "reply_to": "ceo@example.com",
        "subject": "[EXEC REPORT] CEO, October 2026, edition 7",
        "payload": {"edition": 7},
        "bcc_audit": True,
        "tries": 1,
        **changes,
    }
    return Message(**values)


def built(message: Message, composed: compose.Composed | None = None) -> Parsed:
    mail = compose.build(message, composed or compose.compose(message))
    return message_from_bytes(mail.message().as_bytes(linesep="\r\n"), policy=policy.default)


def shape(part: Parsed) -> object:
    kind = part.get_content_type()
    return (kind, [shape(child) for child in part.iter_parts()]) if part.is_multipart() else kind


def test_parts_nest_as_every_mail_reader_expects() -> None:
    assert shape(built(row())) == (
        "multipart/mixed",
        [
            ("multipart/related", [("multipart/alternative", ["text/plain", "text/html"]), "image/png"]),
            "application/pdf",
        ],
    )


def test_layers_that_hold_nothing_are_left_out() -> None:
    letter = compose.compose(row())
    bare = dataclasses.replace(letter, inline=(), attachments=())

    assert shape(built(row(), dataclasses.replace(bare, html=""))) == "text/plain"
    assert shape(built(row(), bare)) == ("multipart/alternative", ["text/plain", "text/html"])
    assert shape(built(row(), dataclasses.replace(letter, attachments=()))) == (
        "multipart/related",
        [("multipart/alternative", ["text/plain", "text/html"]), "image/png"],
    )
    assert shape(built(row(), dataclasses.replace(letter, inline=()))) == (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", "text/html"]), "application/pdf"],
    )


def test_related_names_the_type_of_its_root() -> None:
    related = next(iter(built(row()).iter_parts()))

    assert related.get_param("type") == "multipart/alternative"


def test_contents_arrive_byte_for_byte() -> None:
    mail = built(row())
    composed = compose.compose(row())

    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n").rstrip("\n") == composed.text
    assert mail.get_body(("html",)).get_content().replace("\r\n", "\n").rstrip("\n") == composed.html
    image = next(part for part in mail.walk() if part.get_content_type() == "image/png")
    assert (image["Content-ID"], image.get_content_disposition(), image.get_content()) == (
        "<burn>",
        "inline",
        letters.png(),
    )
    (attached,) = [part for part in mail.walk() if part.get_content_disposition() == "attachment"]
    assert (attached.get_filename(), attached.get_content()) == ("ceo-2026-10.pdf", letters.PDF)


def test_headers_say_who_writes_to_whom_and_which_row_it_was() -> None:
    message = row()
    mail = built(message)

    assert str(mail["From"]) == "CEO Report <quarterdeck@example.com>"
    assert str(mail["To"]) == "Olive Owner <owner@example.com>"
    assert str(mail["Reply-To"]) == "ceo@example.com"
    assert str(mail["Subject"]) == "[EXEC REPORT] CEO, October 2026, edition 7"
    assert mail["X-Quarterdeck-Message"] == str(message.public_id)
    assert mail["Message-ID"] == f"<{message.public_id}.1@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Edition"] == "7"


def test_blind_copy_is_in_the_envelope_and_nowhere_else(settings: Settings) -> None:
    settings.ADMIN_BCC_ADDRESS = "Audit <audit@example.com>"
    mail = compose.build(row(), compose.compose(row()))

    assert mail.recipients() == ["Olive Owner <owner@example.com>", "audit@example.com"]
    assert b"audit@example.com" not in mail.message().as_bytes()
    assert compose.build(row(bcc_audit=False), compose.compose(row())).recipients() == [
        "Olive Owner <owner@example.com>"
    ]


def test_the_sender_may_be_configured_with_a_name_of_its_own(settings: Settings) -> None:
    settings.SES_FROM_ADDRESS = "Quarterdeck <quarterdeck@example.com>"

    assert str(built(row())["From"]) == "CEO Report <quarterdeck@example.com>"


def test_every_line_is_short_and_seven_bit() -> None:
    letter = dataclasses.replace(compose.compose(row()), html="<p>" + "ü" * 5000 + "</p>", text="–" * 3000)
    raw = compose.build(row(), letter).message().as_bytes(linesep="\r\n")

    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    "header",
    [
        ("Bcc", "evil@example.net"),
        ("bcc", "evil@example.net"),
        ("To", "evil@example.net"),
        ("From", "evil@example.net"),
        ("Sender", "evil@example.net"),
        ("X-SES-SOURCE-ARN", "arn:aws:ses:evil"),
        ("X-Quarterdeck-Message", "00000000-0000-0000-0000-000000000000"),
        ("X Blank", "1"),
        ("X-Colon:", "1"),
        ("", "1"),
        ("X-Note", "a\r\nBcc: evil@example.net"),
        ("X-Note\r\nBcc", "evil@example.net"),
    ],
)
def test_a_composer_cannot_set_headers_that_are_ours_or_broken(header: tuple[str, str]) -> None:
    with pytest.raises(fields.UnsendableError):
        compose.build(row(), compose.Composed(subject="s", text="t", headers=(header,)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "a\nBcc: evil@example.net"},
        {"inline": (compose.InlineImage("a b", "x.png", "image/png", b"x"),)},
        {"inline": (compose.InlineImage("a>\r\nX: y", "x.png", "image/png", b"x"),)},
        {"inline": (compose.InlineImage("a", "x.png", "png", b"x"),)},
        {"inline": (compose.InlineImage("a", "x\n.png", "image/png", b"x"),)},
        {
            "inline": (
                compose.InlineImage("a", "x.png", "image/png", b"x"),
                compose.InlineImage("a", "y.png", "image/png", b"y"),
            )
        },
        {"attachments": (compose.Attachment("x", "application/pdf; a=b", b"x"),)},
    ],
)
def test_a_composed_mail_that_no_reader_could_take_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(fields.UnsendableError):
        compose.build(row(), compose.Composed(**{"subject": "s", "text": "t", **wrong}))


def test_a_mail_without_plain_text_is_refused() -> None:
    with pytest.raises(compose.CannotComposeError, match="wrote no plain text"):
        compose.build(row(), compose.Composed(subject="s", text=" \n", html="<p>Hello</p>"))


def test_an_unknown_composer_is_told_in_a_sentence() -> None:
    with pytest.raises(compose.CannotComposeError, match="No composer is called 'nobody.knows'"):
        compose.compose(row(composer="nobody.knows"))


def test_one_name_has_one_composer() -> None:
    compose.register(letters.LETTER, letters.compose_letter)
    with pytest.raises(ValueError, match=r"Two composers are called 'tests\.letter'"):
        compose.register(letters.LETTER, letters.compose_code)


@given(name=st.text(max_size=120), subject=st.text(min_size=1, max_size=250), to_name=st.text(max_size=120))
@example(name='Evil" <evil@example.net>', subject="{{ secret }}", to_name="a@b, evil@x")
@example(name="=?utf-8?q?evil=40example.net?=", subject="=?utf-8?q?Hidden?=", to_name="Zoë, Kapitän; <x>")
@example(name="名" * 120, subject="Ö" * 250, to_name="\u202eright to left")
@example(name="a\\b", subject="x  y", to_name="(comment)")
def test_names_and_subjects_arrive_as_written_or_are_refused(name: str, subject: str, to_name: str) -> None:
    message = row(from_name=name, to_name=to_name)
    try:
        raw = (
            compose.build(message, compose.Composed(subject=subject, text="t"))
            .message()
            .as_bytes(linesep="\r\n")
        )
    except fields.UnsendableError:
        return
    assume(subject.strip())
    mail = message_from_bytes(raw)

    assert {header.lower() for header in mail} == {
        "content-type",
        "mime-version",
        "content-transfer-encoding",
        "subject",
        "from",
        "to",
        "reply-to",
        "date",
        "message-id",
        "x-quarterdeck-message",
        "auto-submitted",
    }
    assert mailbox_of(mail["From"]) == (name.strip(), "quarterdeck@example.com")
    assert mailbox_of(mail["To"]) == (to_name.strip(), "owner@example.com")
    assert readable(mail["Subject"]) == subject.strip()


def readable(header: str) -> str:
    return str(make_header(decode_header("".join(header.splitlines()))))


def mailbox_of(header: str) -> tuple[str, str]:
    ((name, address),) = getaddresses(["".join(header.splitlines())])
    return readable(name), address


@pytest.mark.django_db
class TestWire:
    """The bytes of a mail, made once."""

    def test_they_are_made_once_and_are_what_a_backend_asks_for(self) -> None:
        letter = letters.enqueue()
        mail = compose.prepare(letter)
        assert mail.message().as_bytes(linesep="\r\n") is mail.wire
        assert mail.message().as_bytes(linesep="\n") == mail.wire.replace(b"\r\n", b"\n")

    def test_they_are_what_django_would_have_made(self) -> None:
        letter = letters.enqueue()
        made = message_from_bytes(compose.prepare(letter).wire)
        whole = compose.build(letter, compose.compose(letter)).message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        django = message_from_bytes(whole)
        assert [part.get_content_type() for part in made.walk()] == [
            part.get_content_type() for part in django.walk()
        ]
        leaves = [
            [part.get_payload(decode=True) for part in mime.walk() if not part.is_multipart()]
            for mime in (made, django)
        ]
        assert leaves[0] == leaves[1]

    def test_preparing_refuses_what_composing_refuses(self) -> None:
        letter = letters.enqueue(composer=letters.GONE)
        with pytest.raises(compose.CannotComposeError, match="no longer exists"):
            compose.prepare(letter)
