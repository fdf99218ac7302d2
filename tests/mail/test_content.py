"""Mail read back from its bytes, whatever the bytes are."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.domain import compose, content
from mail.models import Message
from tests.mail import letters

pytestmark = pytest.mark.once


def letter() -> bytes:
    message = Message(
        composer=letters.LETTER, to_address="owner@example.com", subject="Édition 7", payload={"edition": 7}
    )
    return compose.build(message, compose.compose(message)).message().as_bytes(linesep="\r\n")


def test_a_report_comes_apart_into_what_it_was_made_of() -> None:
    taken = content.take_apart(letter())

    assert taken.text.replace("\r\n", "\n").startswith(
        "Net burn is $8,130 — three-month mean.\nBreak-even: 6"
    )
    assert '<img src="cid:burn"' in taken.html
    assert [(part.number, part.mimetype, part.filename, part.cid, part.size_bytes) for part in taken.parts][
        2:
    ] == [
        (3, "image/png", "burn.png", "burn", len(letters.png())),
        (4, "application/pdf", "ceo-2026-10.pdf", "", len(letters.PDF)),
    ]
    assert dict(taken.headers)["Subject"] == "Édition 7"
    assert taken.size_bytes == len(letter())


def test_the_framed_document_carries_its_own_images_and_opens_links_outside() -> None:
    document = content.for_frame(content.take_apart(letter()))

    assert f'<img src="data:image/png;base64,{base64.b64encode(letters.png()).decode()}"' in document
    assert "cid:" not in document
    assert '<head><base target="_blank"><title>' in document


@pytest.mark.parametrize("mimetype", ["image/svg+xml", "text/html", "application/javascript"])
def test_only_plain_images_are_put_into_the_document(mimetype: str) -> None:
    raw = (
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        '--b\r\nContent-Type: text/html\r\n\r\n<img src="cid:x">\r\n'
        f"--b\r\nContent-Type: {mimetype}\r\nContent-ID: <x>\r\n\r\n<svg onload=alert(1)>\r\n--b--\r\n"
    ).encode()

    assert content.for_frame(content.take_apart(raw)).strip() == '<base target="_blank"><img src="cid:x">'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: =?no-such-charset?q?x?=\r\n\r\nBody",
        b"Subject: =?utf-8?b?!!!?=\r\n\r\nBody",
        b"Content-Type: text/plain; charset=no-such\r\n\r\nB\xffdy",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\nnever begins",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nBody",
        b"Content-Type: \r\n\r\n",
        b"Content-Disposition: attachment; filename*=x'y'%ff\r\n\r\nBody",
    ],
)
def test_broken_mail_is_taken_apart_as_far_as_it_goes(raw: bytes) -> None:
    taken = content.take_apart(raw)

    assert taken.size_bytes == len(raw)
    assert isinstance(content.for_frame(taken), str)


@given(st.binary(max_size=400))
def test_no_bytes_make_reading_fail(raw: bytes) -> None:
    for prefix in (
        b"",
        b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\n",
        b"Subject: =?utf-8?q?",
    ):
        content.for_frame(content.take_apart(prefix + raw))
