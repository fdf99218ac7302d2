"""Subject lines: what they may say, who gets which, what came of them, and their page."""

import dataclasses
import datetime as dt
from collections import Counter

import pytest
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from crew.models import Person
from mail.domain.compose import LONGEST_SUBJECT
from mail.models import Message, State
from reports.document import Cell
from reports.domain import deliveries, mailing, subjects
from reports.models import Report, SubjectLine
from tests.factories.reports import ISSUED_AT, a_document, an_edition
from tests.reports.conftest import NOW, as_, body

pytestmark = pytest.mark.django_db

FACTS = "{title}: {period}, {edition}"


def line(template: str, *, label: str = "A") -> SubjectLine:
    return SubjectLine(label=label, template=template)


@pytest.fixture
def lines(ceo: Report) -> list[SubjectLine]:
    """Two lines in use."""
    return [
        subjects.add(report=ceo, label=label, template=template, by=None, at=NOW)
        for label, template in (("A", FACTS), ("B", "{headline} ({period}, no. {edition})"))
    ]


@pytest.mark.once
@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("", "There is nothing in it"),
        ("[EXEC REPORT]", "There is nothing in it"),
        ("Words alone", "does not name the period and the edition"),
        ("{period}", "does not name the edition"),
        ("{period} {edition} {reader}", "{reader} is no field of a subject"),
        ("{period} {edition} {}", "{} is no field"),
        ("{period} {edition} {title!r:>10}", "is no field"),
        ("{period} {edition} {title.__class__}", "is no field"),
        ("{period} {edition} {edition}", "stands in it twice"),
        ("{period} {edition} {", "A brace stands alone"),
        ("{{period}} {edition}", "A brace stands alone"),
        ("{period} {edition} {% x %}", "{% x %} is no field"),
        ("{period}\r\nBcc: x@example.com {edition}", "holds the character U+000D"),
        ("{period}\u2028{edition}", "holds the character U+2028"),
        ("{period}\x00{edition}", "holds the character U+0000"),
        ("{period}\ud800{edition}", "holds the character U+D800"),
        ("{period}\u202e{edition}", "holds the character U+202E, which does not show"),
        ("{period}{edition}" + "x" * 104, "has 121 characters; at most 120 fit"),
    ],
)
def test_what_no_subject_can_be_made_of_is_refused_in_a_sentence(template: str, sentence: str) -> None:
    with pytest.raises(subjects.SubjectRefusedError) as refused:
        subjects.check_template(template)

    assert sentence in str(refused.value)
    assert refused.value.field == "template"


@pytest.mark.once
def test_a_subject_always_begins_as_every_report_s_and_names_period_and_edition() -> None:
    document = a_document(number=7)

    assert subjects.subject(document=document, line=None) == (
        "[EXEC REPORT] CEO: operational audit, Oct 2026, edition 7"
    )
    assert subjects.check_template("[EXEC REPORT]  {period}, {edition} ") == "{period}, {edition}"
    assert subjects.subject(document=document, line=line("{headline} ({period}, no. {edition})")) == (
        "[EXEC REPORT] Revenue was $4,001 (Oct 2026, no. 7)"
    )


@pytest.mark.once
def test_what_is_too_long_or_unfit_for_a_header_is_cut_from_headline_and_title_alone() -> None:
    document = a_document(number=7)
    head = dataclasses.replace(document.head, title="Very long\r\nBcc: x@example.com " * 9)
    document = dataclasses.replace(document, head=head, headline=((Cell("Words {period}\x00 " * 30),),))

    longest = subjects.subject(
        document=document, line=line("{title}{headline} ({period}, no. {edition})" + "x" * 81)
    )
    plain = subjects.subject(document=document, line=line("{headline}; {period}; {edition}"))

    assert len(longest) == LONGEST_SUBJECT
    assert longest.isprintable()
    assert longest.endswith("…… (Oct 2026, no. 7)" + "x" * 81)
    assert plain.startswith("[EXEC REPORT] Words {period} Words")
    assert plain.endswith("…; Oct 2026; 7")


@pytest.mark.once
def test_a_reader_keeps_his_line_and_one_that_goes_moves_only_its_own() -> None:
    readers = [f"reader-{n}@example.com" for n in range(300)]
    three = [line(FACTS, label=label) for label in "ABC"]

    def given(lines: list[SubjectLine]) -> dict[str, str]:
        found = {address: subjects.choose(lines=lines, report="ceo", address=address) for address in readers}
        return {address: chosen.label for address, chosen in found.items() if chosen is not None}

    first = given(three)
    assert given(list(reversed(three))) == first
    assert min(Counter(first.values()).values()) > 70
    left = given(three[:2])
    assert {address for address in readers if left[address] != first[address]} == {
        address for address in readers if first[address] == "C"
    }
    other = subjects.choose(lines=three, report="ceo", address=readers[0].upper())
    assert other is not None
    assert other.label == first[readers[0]]
    assert subjects.choose(lines=[], report="ceo", address=readers[0]) is None


def test_the_label_goes_with_the_mail_and_with_fewer_than_two_lines_the_usual_subject(
    ceo: Report, owner: Person, lines: list[SubjectLine]
) -> None:
    def send(number: int) -> dict[str, tuple[str, str]]:
        edition = an_edition(ceo, number=number, bare=True)
        mailing.enqueue(
            edition=edition,
            document=a_document(number=number),
            send_to=[f"reader-{n}@example.com" for n in range(6)],
            at=ISSUED_AT,
        )
        mails = deliveries.of_edition(edition=edition)
        return {mail.to_address: (mail.payload["label"], mail.subject) for mail in mails}

    first, second = send(1), send(2)
    assert {label for label, _ in first.values()} == {"A", "B"}
    assert {address: label for address, (label, _) in first.items()} == {
        address: label for address, (label, _) in second.items()
    }
    for label, subject in first.values():
        words = {"A": "CEO: operational audit: Oct 2026, 1", "B": "Revenue was $4,001 (Oct 2026, no. 1)"}
        assert subject == f"[EXEC REPORT] {words[label]}"

    assert subjects.set_active(line=lines[0], active=False, by=owner, at=NOW)
    assert not subjects.set_active(line=lines[0], active=False, by=owner, at=NOW)
    assert set(send(3).values()) == {("", "[EXEC REPORT] CEO: operational audit, Oct 2026, edition 3")}
    assert AuditEvent.objects.filter(action="reports:subject:retire").count() == 1


def a_mail(label: str, number: int, **given: object) -> Message:
    return Message.objects.create(
        dedupe_key=f"report:ceo:{number}:{Message.objects.count()}@example.com",
        composer=mailing.COMPOSER,
        payload={"edition": 1, **({"label": label} if label else {})},
        to_address="reader@example.com",
        subject="[EXEC REPORT]",
        created_at=NOW,
        due_at=NOW,
        **{"state": State.SENT, "settled_at": NOW, "transport": "ses", **given},
    )


@pytest.mark.usefixtures("lines")
def test_what_came_of_each_line_is_counted_as_far_as_the_way_it_went_tells(ceo: Report) -> None:
    later = NOW + dt.timedelta(minutes=5)
    a_mail("A", 1, opened_at=later, clicked_at=later)
    a_mail("A", 1)
    a_mail("A", 1, transport="smtp")  # SES was down; what its reader did nobody tells.
    a_mail("A", 2, state=State.FAILED, error="It failed.", transport="")
    a_mail("B", 2, transport="mailbox")
    a_mail("", 2, opened_at=later, bcc_audit=True, bcc_address="audit@example.com")
    # Mails from before there were labels bear none, those since an empty one; both are the usual subject.
    Message.objects.filter(pk=a_mail("", 2).pk).update(payload={"edition": 1, "label": ""})
    a_mail("A", 2).__class__.objects.filter(dedupe_key__startswith="report:ceo:2:").filter(
        payload__label="A", state=State.SENT
    ).update(dedupe_key="report:cfo:2:x")

    a, b, usual = deliveries.tallies_of_report(report=ceo)

    assert (a.label, a.sent, a.opened, a.clicked) == ("A", 3, subjects.Told(1, of=2), subjects.Told(1, of=2))
    assert (b.label, b.sent, b.opened.number) == ("B", 1, None)
    assert b.opened.why == "only SES tells what readers do"
    # The blind copy may be the one that was opened.
    assert (usual.label, usual.sent, usual.opened, usual.clicked) == (
        "",
        2,
        subjects.Told(1, of=2, at_most=True),
        subjects.Told(0, of=2),
    )


def test_a_line_that_is_refused_is_kept_as_it_was_typed_and_one_that_is_added_can_be_retired(
    ceo: Report, owner: Person
) -> None:
    client = as_(owner)
    page = "/reports/ceo/subjects/"
    assert "Every mail of this report bears the usual subject" in body(client, page)

    for typed, sentence in (
        ({"label": "A", "template": "{period} &lt;b&gt; {nothing} {edition}"}, "is no field of a subject"),
        ({"label": "x" * 21, "template": FACTS}, "at most 20 characters"),
        ({"label": " ", "template": FACTS}, "Give it a label"),
        ({"label": "A\r\nB", "template": FACTS}, "holds the character U+000D"),
        ({"label": "A\x00", "template": FACTS}, "Null characters are not allowed"),
        ({}, "This field is required"),
    ):
        answer = client.post(page, typed)
        shown = answer.content.decode()
        assert answer.status_code == 422, typed
        assert sentence in shown, typed
        if "nothing" in typed.get("template", ""):
            assert 'value="{period} &amp;lt;b&amp;gt; {nothing} {edition}"' in shown
    assert not SubjectLine.objects.exists()

    assert client.post(page, {"label": "A", "template": f"[EXEC REPORT] {FACTS}"}).status_code == 302
    again = client.post(page, {"label": "a", "template": FACTS})
    assert (again.status_code, SubjectLine.objects.count()) == (422, 1)
    assert "There is a line &#x27;a&#x27; already" in again.content.decode()
    row = SubjectLine.objects.get()
    assert (row.label, row.template, row.active) == ("A", FACTS, True)

    an_edition(ceo)
    shown = body(client, page)
    assert "[EXEC REPORT] CEO: operational audit: Oct 2026, 1" in shown
    assert "Fewer than two lines are in use" in shown
    assert "none was sent yet" in shown
    client.post(f"{page}{row.pk}/retire/", {"active": "no"})
    assert SubjectLine.objects.get().active is False
    client.post(f"{page}{row.pk}/retire/", {"active": "yes"})
    assert SubjectLine.objects.get().active is True
    actions = AuditEvent.objects.filter(action__startswith="reports:subject").order_by("id")
    assert [event.action.rpartition(":")[2] for event in actions] == ["add", "retire", "bring_back"]


@pytest.mark.parametrize("many", [1, 4])
def test_the_page_asks_as_many_questions_for_one_line_as_for_many(
    many: int, ceo: Report, owner: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    an_edition(ceo)
    for n in range(many):
        subjects.add(report=ceo, label=f"Line {n}", template=FACTS, by=None, at=NOW)
        a_mail(f"Line {n}", n)
    client = as_(owner)

    # The frame's four; the report, its newest edition, the lines twice, the mails.
    with django_assert_num_queries(9):
        body(client, "/reports/ceo/subjects/")


@pytest.mark.usefixtures("lines")
def test_an_edition_s_page_says_what_came_of_each_line_it_went_out_under(ceo: Report, owner: Person) -> None:
    an_edition(ceo)
    a_mail("A", 1, opened_at=NOW, bcc_audit=True, bcc_address="audit@example.com")
    a_mail("B", 1, transport="mailbox")

    shown = " ".join(body(as_(owner), "/reports/ceo/1/").split())

    assert "Subject lines it went out under" in shown
    assert "1 of 1 at most" in shown
    assert "n/a: only SES tells what readers do" in shown
    assert "Subject line A" in shown
