"""Commentary in editions: for the next one, up to a date, until withdrawn, and hostile words in every form."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from crew.models import Person
from portfolio.models import Entity
from reports.document import Document, Section, load
from reports.domain import commentary, editions, forms, issue, prints, runs
from reports.models import Commentary, Edition, FileKind, Report, Trigger
from reports.render import web

AS_OF = dt.date(2026, 11, 10)
AT = dt.datetime(2026, 11, 18, 15, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)

pytestmark = pytest.mark.django_db


def issued(
    report: Report, at: dt.datetime, *, as_of: dt.date = AS_OF, entity: Entity | None = None
) -> Document:
    run = runs.queue(
        report=report, trigger=Trigger.COMMAND, as_of=as_of, at=at, entity=entity, send_to=[], here=True
    )
    run = issue.carry_out(run_id=run.pk, at=at)
    assert (run.error, run.reasons) == ("", "")
    assert run.edition is not None
    document: Document = load(Document, Edition.objects.get(pk=run.edition.pk).document)
    return document


def said(part: Document | Section) -> list[str]:
    return ["".join(span.text for span in prose.passages[0].spans) for prose in part.commentary]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """How editions look is not looked at."""
    monkeypatch.setattr(forms, "render", lambda document: ())


@pytest.mark.usefixtures("qos", "plain")
def test_a_piece_stands_in_the_next_edition_alone_or_up_to_a_date_or_until_it_is_withdrawn(
    ceo: Report, owner: Person
) -> None:
    def write(body: str, **given: object) -> Commentary:
        return commentary.write(
            report=ceo,
            entity=None,
            anchor=anchor,
            body=body,
            by=owner,
            at=AT,
            **given,  # type: ignore[arg-type]
        )

    anchor = ""
    assert commentary.places(report=ceo) == (("", "Under the headline"),)
    write("Once")
    first = issued(ceo, AT + DAY)
    assert (said(first), first.commentary[0].by) == (["Once"], "Owner, 18 Nov 2026")

    anchor = first.sections[1].anchor
    assert (anchor, first.sections[1].title) in commentary.places(report=ceo)
    write("Up to the tenth", once=False, until_on=AS_OF)
    always = write("Always", once=False)
    second = issued(ceo, AT + 2 * DAY)
    assert (said(second), said(second.sections[1])) == ([], ["Up to the tenth", "Always"])
    third = issued(ceo, AT + 3 * DAY, as_of=AS_OF + DAY)
    assert said(third.sections[1]) == ["Always"]

    commentary.withdraw(row=always, by=owner, at=AT + 3 * DAY)
    with pytest.raises(commentary.CommentaryRefusedError, match="withdrawn already"):
        commentary.withdraw(row=always, by=owner, at=AT + 3 * DAY)
    assert [
        said(part) for part in issued(ceo, AT + 4 * DAY, as_of=AS_OF + DAY).sections if part.commentary
    ] == []
    kept: Document = load(Document, Edition.objects.get(number=3).document)
    assert said(kept.sections[1]) == ["Always"]
    states = [piece.state for piece in commentary.pieces(report=ceo, rows=commentary.written(report=ceo))]
    assert states == ["Withdrawn by Owner", "In every edition up to 10 Nov 2026", "Printed"]


@pytest.mark.usefixtures("plain")
def test_a_piece_about_one_entity_is_not_in_the_portfolio_s_edition_and_waits_for_its_own(
    ceo: Report, owner: Person, qos: Entity, dc: Entity
) -> None:
    commentary.write(report=ceo, entity=qos, anchor="", body="Of QOS", by=owner, at=AT)

    assert said(issued(ceo, AT + DAY)) == []
    assert said(issued(ceo, AT + DAY, entity=qos)) == ["Of QOS"]
    assert said(issued(ceo, AT + 2 * DAY, entity=qos)) == []


@pytest.mark.usefixtures("qos", "plain")
def test_a_piece_of_a_section_that_is_no_more_stands_under_the_headline(ceo: Report, owner: Person) -> None:
    Commentary.objects.create(report=ceo, anchor="gone", body="Still said", author=owner, written_at=AT)

    assert said(issued(ceo, AT + DAY)) == ["Still said"]


@pytest.mark.usefixtures("qos", "plain")
def test_what_cannot_be_printed_or_placed_is_refused_and_nothing_is_written(
    ceo: Report, owner: Person
) -> None:
    for anchor, body in (("", ""), ("", "a\x00"), ("", "x" * 4_001), ("nowhere", "Words")):
        with pytest.raises(commentary.CommentaryRefusedError):
            commentary.write(report=ceo, entity=None, anchor=anchor, body=body, by=owner, at=AT)
    assert Commentary.objects.count() == 0


def test_the_database_keeps_a_piece_as_it_was_written(ceo: Report, owner: Person) -> None:
    row = commentary.write(report=ceo, entity=None, anchor="", body="Words", by=owner, at=AT)

    for change in (lambda: Commentary.objects.update(body="Others"), row.delete):
        with pytest.raises(DatabaseError, match="stays as it was written"), transaction.atomic():
            change()


@pytest.mark.usefixtures("qos")
def test_hostile_words_stay_words_in_every_form_of_an_edition(ceo: Report, owner: Person) -> None:
    body = (
        "<script>alert(1)</script> ![x](https://evil.example/p.png) [j](javascript:alert(1)) {{ secret }} "
        '{% x %} #set page() <img src=x onerror="1"> [go](https://good.example/?a=1&b="2)'
    )
    commentary.write(report=ceo, entity=None, anchor="", body=body, by=owner, at=AT)
    document = issued(ceo, AT + DAY)
    edition = Edition.objects.get()
    kept = {file.kind: bytes(file.content) for file in edition.files.all()}

    html = (kept[FileKind.MAIL_HTML].decode(), str(web.render(document)))
    for form in html:
        assert "<script>alert(1)" not in form
        assert "<img src=x" not in form
        assert "javascript:alert(1)" in form  # As text.
        assert 'href="javascript' not in form
        assert 'src="https://evil' not in form
        assert "{{ secret }} {% x %} #set page()" in form
    text = " ".join(kept[FileKind.TEXT].decode().split())
    assert "<script>alert(1)</script> ![x](https://evil.example/p.png) [j](javascript:alert(1))" in text
    assert kept[FileKind.PDF].startswith(b"%PDF")
    assert b"evil.example/p.png)" not in kept[FileKind.PDF]
    assert prints.before(report=ceo, entity=None, as_of=AS_OF) is not None
    assert editions.digest(edition.document) == edition.sha256
