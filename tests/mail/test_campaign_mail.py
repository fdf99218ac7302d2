"""The mail of a campaign: what readers get, what is theirs alone, and the quick way that makes the same as the long one."""

import email
import email.policy
import time
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from mail.domain import campaign_body, campaign_mail, campaigns, compose, unsubscribe
from mail.domain.campaign_body import BodyRefusedError
from mail.domain.fields import UnsendableError
from mail.models import Campaign, Kind, Message
from tests.mail.campaigning import AT, drafted, mailing_list, started

pytestmark = pytest.mark.once

NASTY = [
    "Ann Abbott",
    "",
    "Zoë Núñez",
    "<script>alert(1)</script>",
    'O"Dell & Sons',
    "=HYPERLINK(1)",
    "=?utf-8?q?x?=",
    "李小龍 with a name so long that its line in quoted-printable must be broken more than once 李小龍李小龍",
    "{{ first_name }} {% if %}",
    "Last, First",
    "a" * 120,
]


def parsed(raw: bytes) -> EmailMessage:
    mime = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert isinstance(mime, EmailMessage)
    return mime


def headers_of(mime: EmailMessage) -> dict[str, str]:
    """Return what a mail's headers say, but for its own boundary and instant."""
    own = {"Content-Type", "Date"}
    return {name: str(value).strip() for name, value in mime.items() if name not in own}


def row(campaign: Campaign, name: str = "Ann Abbott", **changes: object) -> Message:
    return Message(
        composer=campaign_mail.CAMPAIGN, kind=Kind.COMMERCIAL, campaign=campaign, to_address="ann@example.com", to_name=name,
        from_name=campaign.from_name, reply_to=campaign.reply_to, subject=campaign.subject, tries=1, **changes,
    )  # fmt: skip


class TestBody:
    def test_markdown_becomes_clean_html_and_readable_text(self) -> None:
        body = campaign_body.read(
            "# Hello {{ first_name }}\n\nSoft\nline, **bold**, `code` and ~~gone~~.  \nNext. "
            "[Dates](https://a.example.com/x?a=1&b=2) <https://b.example.com> <me@example.com>\n\n"
            "1. one\n2. two\n   - deep\n\n> said\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\n    pre\n"
        )
        assert body.html.startswith("<h1>Hello \ue001</h1>\n<p>Soft\nline, <strong>bold</strong>")
        assert '<a href="https://a.example.com/x?a=1&amp;b=2">Dates</a>' in body.html
        assert body.text == (
            "Hello \ue001\n\nSoft line, bold, code and gone.\nNext. Dates (https://a.example.com/x?a=1&b=2) "
            "https://b.example.com me@example.com\n\n1. one\n2. two\n  - deep\n\n> said\n\na | b\n1 | 2\n\n"
            "--------------------\n\npre\n"
        )

    @pytest.mark.parametrize(
        "source",
        [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href='javascript:alert(1)'>x</a>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](vbscript:x)",
            "[x](&#106;avascript:alert(1))",
            "<javascript:alert(1)>",
            "text <style>*{}</style>",
        ],
    )  # fmt: skip
    def test_nothing_that_runs_or_loads_comes_through(self, source: str) -> None:
        html = campaign_body.read(source).html
        assert "<script" not in html
        assert "<img" not in html
        assert "<style" not in html
        assert "<a " not in html

    @pytest.mark.parametrize(
        ("source", "told"),
        [
            ("a\n\nb ![x](https://a.example.com/b.png)", "Line 3 holds an image"),
            ("![x][y]\n\n[y]: cid:a", "Line 1 holds an image"),
            ("a\n{{ email }}", "Line 2 holds {{ email }}; only"),
            ("{% include 'x' %}", "Line 1 holds {% include 'x' %}"),
            ("{# x", "Line 1 holds {#"),
            ("x }}", "Line 1 holds }}"),
            ("{{ name.__class__ }}", "Line 1 holds {{ name.__class__ }}"),
            ("{{ name|safe }}", "Line 1 holds {{ name|safe }}"),
            ("a\nb\n[x](/page)", "Line 3 links to /page"),
            ("[x](ftp://a.example.com)", "Line 1 links to ftp://a.example.com"),
            ("[x]()", "Line 1 links to nothing"),
            ("[x](https://a.example.com/{{ name }})", "Line 1 "),
            ("a\nb\x00", "Line 2 holds the character U+0000"),
            ("\ue002", "Line 1 holds the character U+E002"),
            ("Dear\nyou, &#xE002; and &#57344;", "Line 2 holds the character U+E002"),
            ("\ud800", "Line 1 holds the character U+D800"),
            (" \n ", "The body is empty"),
            ("x" * 50_001, "at most 50,000"),
        ],
    )
    def test_what_cannot_be_mailed_is_refused_with_its_line(self, source: str, told: str) -> None:
        with pytest.raises(BodyRefusedError) as refused:
            campaign_body.read(source)
        assert refused.value.problems[0].startswith(told) or told in refused.value.problems[0]

    def test_every_problem_is_told(self) -> None:
        with pytest.raises(BodyRefusedError) as refused:
            campaign_body.read("{{ a }}\n{{ b }}\n{% c %}")
        assert len(refused.value.problems) == 3


@pytest.mark.django_db
class TestMail:
    @pytest.mark.parametrize("name", NASTY)
    @pytest.mark.parametrize(
        "subject", ["Four evenings of jazz", "Jazz für alle — 四", "=?utf-8?q?x?= " + "long " * 30]
    )
    def test_the_quick_way_makes_what_the_long_way_makes(self, name: str, subject: str) -> None:
        campaign = drafted(mailing_list(), subject=subject.strip(), from_name="JADA für Töne")
        message = row(campaign, name)
        quick, slow = compose.prepare(message), compose.build(message, compose.compose(message))
        assert (quick.subject, quick.from_email, quick.to, quick.cc, quick.bcc, quick.reply_to, quick.body) == (
            slow.subject, slow.from_email, slow.to, slow.cc, slow.bcc, slow.reply_to, slow.body,
        )  # fmt: skip
        assert quick.extra_headers == slow.extra_headers
        assert quick.recipients() == slow.recipients()
        one, other = parsed(quick.wire), parsed(slow.wire)
        assert headers_of(one) == headers_of(other)
        assert one["Date"].datetime is not None
        assert one.get_content_type() == other.get_content_type() == "multipart/alternative"
        parts = list(zip(one.iter_parts(), other.iter_parts(), strict=True))
        assert len(parts) == 2
        for ours, theirs in parts:
            assert isinstance(ours, EmailMessage)
            assert isinstance(theirs, EmailMessage)
            assert dict(ours.items()) == dict(theirs.items())
            assert ours.get_content() == theirs.get_content()
        assert one.defects == other.defects == []

    @pytest.mark.parametrize("name", NASTY)
    def test_its_bytes_are_fit_for_any_relay(self, name: str) -> None:
        raw = compose.prepare(row(drafted(mailing_list()), name)).wire
        assert raw.isascii()
        head, _, body = raw.partition(b"\r\n\r\n")
        assert all(len(line) <= 78 for line in body.split(b"\r\n"))
        assert all(len(line) <= 998 for line in head.split(b"\r\n"))
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert len(raw) < campaign_mail.CLIPPED_AT

    def test_a_name_is_text_in_html_and_nobody_is_called_there(self) -> None:
        campaign = drafted(mailing_list())
        nasty = campaign_mail.preview(campaign=campaign, name="<b>Bo</b> & 'Co'")
        assert "Dear &lt;b&gt;Bo&lt;/b&gt; &amp; &#x27;Co&#x27;," in nasty.html
        assert "Dear <b>Bo</b> & 'Co'," in nasty.text
        nobody = campaign_mail.preview(campaign=campaign, name="  ")
        assert "Jazz by the water, there" in nobody.text
        assert "Dear there," in nobody.html

    def test_both_parts_say_where_we_are_and_how_to_stop_it(self, settings: Settings) -> None:
        settings.POSTAL_ADDRESS = "2 Pier & Sons Road"
        message = row(drafted(mailing_list()))
        link = unsubscribe.link(message)
        made = campaign_mail.compose_mail(message, None)
        assert link in made.text
        assert f'href="{link}"' in made.html
        assert "2 Pier & Sons Road" in made.text
        assert "2 Pier &amp; Sons Road" in made.html
        assert "News of our concerts." in made.html
        headers = compose.prepare(message).extra_headers
        assert headers["List-Unsubscribe"] == f"<{link}>"
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert settings.POSTAL_ADDRESS != ""

    def test_styles_are_inlined_and_nothing_is_loaded(self) -> None:
        html = campaign_mail.preview(campaign=drafted(mailing_list())).html
        assert "<style" not in html
        assert 'style="' in html
        assert "<img" not in html
        assert "\ue000" not in html + campaign_mail.preview(campaign=drafted(mailing_list("B"))).text

    def test_the_link_of_each_reader_is_their_own(self) -> None:
        campaign = drafted(mailing_list())
        one, other = (campaign_mail.compose_mail(row(campaign), None) for _ in range(2))
        assert one.text != other.text

    def test_a_changed_text_is_laid_out_anew(self) -> None:
        campaign = drafted(mailing_list())
        before = campaign_mail.preview(campaign=campaign).text
        campaign.body = "Other words"
        after = campaign_mail.preview(campaign=campaign).text
        assert "Other words" in after
        assert before != after

    @pytest.mark.parametrize("name", ["A\r\nBcc: x@example.com", "A\x00", "A\u2028B"])
    def test_a_name_that_no_header_can_bear_is_refused(self, name: str) -> None:
        with pytest.raises(UnsendableError):
            compose.prepare(row(drafted(mailing_list()), name))

    def test_a_body_broken_in_the_table_cannot_be_composed(self) -> None:
        campaign = drafted(mailing_list())
        campaign.body = "{{ phone }}"
        with pytest.raises(compose.CannotComposeError, match="Line 1 holds"):
            compose.prepare(row(campaign))

    def test_the_test_mail_is_the_campaign_as_it_now_is(self) -> None:
        campaign = drafted(mailing_list())
        message = campaigns.send_test(campaign=campaign, address="me@example.com", name="Me", by=None, at=AT)
        mime = parsed(compose.prepare(message).wire)
        assert mime["Subject"] == "[Test] Four evenings of jazz"
        assert parseaddr(mime["To"]) == ("Me", "me@example.com")
        text = mime.get_body(("plain",))
        assert text is not None
        assert "Dear Me," in text.get_content()
        Campaign.objects.all().delete()
        with pytest.raises(compose.CannotComposeError, match="is gone"):
            compose.prepare(message)

    def test_composing_asks_the_database_nothing_once_the_campaign_is_there(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        campaign = started(mailing_list(count=5))
        campaigns.advance(at=AT)
        rows = list(Message.objects.select_related("campaign__mailing_list").filter(campaign=campaign))
        with django_assert_num_queries(0):
            for message in rows:
                compose.prepare(message)

    def test_one_mail_takes_a_fraction_of_a_millisecond(self) -> None:
        message = row(drafted(mailing_list()))
        compose.prepare(message)
        best = 1.0
        for _ in range(5):
            begun = time.process_time()
            for _ in range(200):
                compose.prepare(message)
            best = min(best, (time.process_time() - begun) / 200)
        assert best <= 0.000_25
