"""Binders: which editions go in, what is said of those that do not, and the PDF and workbook of it all."""

import datetime as dt
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.asserts import assertNumQueries

from core.models import AuditEvent
from crew.models import Person
from portfolio.models import Entity
from reports.domain import binder, queries, sample
from reports.domain.binder import BinderError
from reports.models import Binder, BinderEdition, BinderFile, Edition, Report, Run, RunState
from reports.render import binder as render
from reports.render import charts
from tests.factories.reports import ISSUED_AT, an_edition
from tests.reports.conftest import as_, body
from tests.reports.render.fixture import document

AS_OF = dt.date(2026, 11, 10)


def bound(slug: str, number: int, **more: Any) -> Edition:
    return an_edition(Report.objects.get(slug=slug), number=number, **more)


def issued(by: Person | None = None, after: int | None = None) -> Binder:
    return binder.issue(as_of=AS_OF, by=by, at=ISSUED_AT, after=after)


@pytest.mark.django_db
class TestIssuing:
    def test_the_newest_edition_of_each_report_goes_in_the_whole_before_an_entity(
        self, qos: Entity, owner: Person
    ) -> None:
        bound("cfo", 1)
        newest = bound("cfo", 2)
        bound("cfo", 3, entity=qos)
        alone = bound("cmo", 1, entity=qos)
        made = issued(by=owner)
        lines = binder.index(binder=made).lines
        assert [(line.position, line.edition, line.about) for line in lines] == [
            (1, alone, "QueenofSanDiego"),
            (2, newest, "The whole portfolio"),
        ]
        assert (made.number, made.as_of, made.by) == (1, AS_OF, owner)
        event = AuditEvent.objects.get(action="reports:binder:issue")
        assert event.actor == owner
        assert event.data["editions"] == {"cfo": 2, "cmo": 1}

    def test_each_report_that_is_missing_says_why(self, ceo: Report) -> None:
        bound("ceo", 1)
        Run.objects.bulk_create(
            Run(
                report=Report.objects.get(slug=slug),
                trigger="portal",
                as_of=AS_OF,
                queued_at=ISSUED_AT,
                state=state,
                error="The books were moving." if state == RunState.FAILED else "",
                reasons="Asked for approval." if state == RunState.HELD else "",
                settled_at=ISSUED_AT if state == RunState.FAILED else None,
            )
            for slug, state in (("cto", RunState.HELD), ("cfo", RunState.FAILED), ("cmo", RunState.QUEUED))
        )
        absent = dict(binder.index(binder=issued()).absent)
        assert "CEO: operational audit" not in absent
        assert (
            absent["CTO: technical audit"]
            == "Its edition as of 10 Nov 2026 is held until somebody approves it."
        )
        assert absent["CFO: cash and capital"] == "Its run as of 10 Nov 2026 failed. The books were moving."
        assert absent["CMO: go-to-market"] == "Its edition as of 10 Nov 2026 was being worked out."
        assert absent["Board pack"] == "It was never issued."

    def test_one_of_another_day_is_named_as_such(self, ceo: Report) -> None:
        bound("ceo", 7)
        Edition.objects.create(
            report=Report.objects.get(slug="cfo"),
            number=1,
            as_of=dt.date(2026, 11, 3),
            issued_at=ISSUED_AT,
            document={},
            sha256="0" * 64,
        )
        absent = dict(binder.index(binder=issued()).absent)
        assert absent["CFO: cash and capital"] == (
            "It was not issued as of 10 Nov 2026; its newest edition, No. 1, stands at 3 Nov 2026."
        )

    def test_the_next_one_says_what_is_new_in_it_and_what_is_gone(self, ceo: Report) -> None:
        bound("ceo", 1)
        bound("cfo", 1)
        bound("cmo", 1)
        first = issued()
        bound("cfo", 2)
        bound("cto", 1)
        Report.objects.filter(slug="cmo").update(active=False)
        index = binder.index(binder=issued())
        assert {line.edition.report.slug: line.news for line in index.lines} == {
            "ceo": "the same edition",
            "cto": "new in the binder",
            "cfo": "in place of edition 1",
        }
        assert (index.before, index.gone) == (first, ("CMO: go-to-market, edition 1",))
        assert {line.news for line in binder.index(binder=first).lines} == {"new in the binder"}

    def test_without_an_edition_or_behind_a_newer_binder_it_is_refused(self, ceo: Report) -> None:
        with pytest.raises(BinderError, match="No report has an edition as of 10 Nov 2026; run the reports"):
            issued()
        bound("ceo", 1)
        issued(after=0)
        with pytest.raises(BinderError, match="Binder 1 was issued meanwhile; look at it"):
            issued(after=0)
        assert Binder.objects.count() == 1
        assert BinderEdition.objects.count() == 1

    def test_what_it_holds_is_asked_for_in_three_queries_however_much_it_is(self, ceo: Report) -> None:
        bound("ceo", 1)
        issued()
        small = issued()
        for slug in ("cto", "cfo", "cmo", "accounting"):
            bound(slug, 1)
        for row in (small, issued()):
            with assertNumQueries(3):
                binder.index(binder=row)


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def made(self, ceo: Report) -> Binder:
        bound("ceo", 1)
        return issued()

    def test_an_owner_issues_one_reads_its_index_and_has_its_files(self, made: Binder, owner: Person) -> None:
        client = as_(owner)
        assert 'value="2026-11-10"' in body(client, "/reports/binders/")
        answer = client.post("/reports/binders/issue/", {"as_of": "2026-11-10", "after": "1"})
        assert (answer.status_code, answer["Location"]) == (302, "/reports/binders/2/")
        page = body(client, "/reports/binders/2/")
        assert "Binder 2: reports as of 10 Nov 2026" in page
        assert "The same edition" in page
        assert "It was never issued." in page
        assert 'href="/reports/ceo/1/"' in page
        assert "There is a newer binder." in body(client, "/reports/binders/1/")
        first = client.get("/reports/binders/2/binder.xlsx")
        assert first["Content-Disposition"] == 'inline; filename="binder-2.xlsx"'
        assert client.get("/reports/binders/2/binder.xlsx").content == first.content
        assert BinderFile.objects.count() == 1
        assert client.get("/reports/binders/2/binder.pdf").content.startswith(b"%PDF-1.7")
        assert client.get("/reports/binders/3/").status_code == 404

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"as_of": "2026-01-01", "after": "1"}, "No report has an edition as of 1 Jan 2026"),
            ({"as_of": "2026-11-10", "after": "0"}, "Binder 1 was issued meanwhile"),
            ({"as_of": "tomorrow\x00", "after": "1"}, "Enter a valid date"),
            ({"as_of": "2026-11-10", "after": "9" * 40}, "less than or equal"),
            ({}, "This field is required"),
        ],
    )
    def test_what_cannot_be_issued_is_refused_on_the_form(
        self, made: Binder, owner: Person, typed: dict[str, str], said: str
    ) -> None:
        answer = as_(owner).post("/reports/binders/issue/", typed)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert typed.get("as_of", "").strip("\x00") in answer.content.decode()
        assert Binder.objects.count() == 1

    def test_the_list_asks_no_more_of_many_than_of_one(self, made: Binder, bookkeeper: Person) -> None:
        client = as_(bookkeeper)
        body(client, "/reports/binders/")
        for more in (0, 3):
            for _ in range(more):
                issued(by=bookkeeper)
            with assertNumQueries(6):
                body(client, "/reports/binders/")

    def test_who_reads_the_whole_reads_it_and_only_an_owner_issues(
        self, made: Binder, bookkeeper: Person, reader: Person
    ) -> None:
        books = as_(bookkeeper)
        assert "Issue a binder" not in body(books, "/reports/binders/")
        assert "Binder 1" in body(books, "/reports/binders/1/")
        assert books.post("/reports/binders/issue/", {"as_of": "2026-11-10", "after": "1"}).status_code == 403
        for address in ("", "1/", "1/binder.pdf", "1/binder.xlsx"):
            assert as_(reader).get(f"/reports/binders/{address}").status_code == 404
        assert Client().get("/reports/binders/").status_code == 302


@pytest.mark.django_db
@pytest.mark.once
class TestTheCommand:
    def test_it_issues_one_and_writes_it_to_a_file(
        self, ceo: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        bound("ceo", 1)
        out = tmp_path / "all.xlsx"
        call_command("binder", "--as-of", "2026-11-10", "--out", str(out))
        said = capsys.readouterr().out.splitlines()
        reports = queries.reports().count()
        assert said[0].endswith("/reports/binders/1/")
        assert said[0].startswith(f"Binder 1 as of 2026-11-10, 1 of {reports} reports: ")
        assert "Not in it: Board pack. It was never issued." in said
        assert out.read_bytes() == bytes(BinderFile.objects.get().content)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--as-of", "10.11.2026"], "--as-of '10.11.2026' is not a date; write it as 2026-11-10."),
            (
                ["--out", "all.docx"],
                "--out 'all.docx' must end in .pdf or .xlsx, which says the form to write.",
            ),
            (["--out", "/nowhere/all.pdf"], "cannot be written"),
            (["--as-of", "2020-01-01"], "No report has an edition as of 1 Jan 2020"),
        ],
    )
    def test_bad_input_is_one_sentence_and_nothing_is_written(
        self, ceo: Report, words: list[str], said: str
    ) -> None:
        with pytest.raises(CommandError) as caught:
            call_command("binder", *words)
        assert said in str(caught.value)
        assert caught.value.returncode == 2
        assert not Binder.objects.exists()

    def test_a_sample_gets_its_first_one_and_no_second(self, ceo: Report) -> None:
        assert sample.bind_first(at=ISSUED_AT) is None
        bound("ceo", 1)
        made = sample.bind_first(at=ISSUED_AT)
        assert made is not None
        assert made.number == 1
        assert sample.bind_first(at=ISSUED_AT) is None


@pytest.fixture(scope="module")
def paper() -> render.Binder:
    """Return a binder of one whole edition, written by hand, under the names of two reports."""
    whole = document()
    drawn = {chart.name: charts.draw(chart) for chart in whole.charts}
    other = replace(whole, head=replace(whole.head, report="cfo", title="CFO: cash <and> capital"))
    return render.Binder(
        number=2,
        as_of=AS_OF,
        issued_at=ISSUED_AT,
        issued="11 Nov 2026, 07:00 PST",
        url="https://deck.example.com/reports/binders/2/",
        bound=[
            render.Bound(whole, drawn, "The whole portfolio", "the same edition"),
            render.Bound(other, drawn, "The whole portfolio", "new in the binder"),
        ],
        absent=[("Board pack", "It was never issued.")],
        gone=["CMO: go-to-market, edition 1"],
        since="binder 1, as of 3 Nov 2026",
    )


@pytest.fixture(scope="module")
def leaves(paper: render.Binder) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(render.as_pdf(paper)))


@pytest.fixture(scope="module")
def pages(leaves: pypdf.PdfReader) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in leaves.pages]


@pytest.mark.once
class TestOnPaper:
    def test_it_is_tagged_titled_and_in_english(self, leaves: pypdf.PdfReader) -> None:
        root = leaves.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712
        assert root["/Lang"] == "en-US"
        assert b"pdfuaid" in root["/Metadata"].get_data()
        assert leaves.metadata is not None
        assert leaves.metadata.title == "Binder 2: reports as of 10 Nov 2026"

    def test_bookmarks_lead_to_each_report_and_its_sections(self, leaves: pypdf.PdfReader) -> None:
        outline = leaves.outline
        titles = [entry.title for entry in outline if not isinstance(entry, list)]
        assert titles == [
            "Index",
            "Not in this binder",
            "In the binder before, and not in this one",
            "CEO: operational audit",
            "CFO: cash <and> capital",
        ]
        sections = [
            [entry.title for entry in below if not isinstance(entry, list)]
            for below in outline
            if isinstance(below, list)
        ]
        assert len(sections) == 2
        assert sections[0] == sections[1]
        assert sections[0][:4] == ["Actions first", "Headline", "What changed", "Key figures"]

    def test_the_index_names_the_page_on_which_each_report_begins(
        self, leaves: pypdf.PdfReader, pages: list[str]
    ) -> None:
        begins = {
            entry.title: leaves.get_destination_page_number(entry) + 1
            for entry in leaves.outline
            if not isinstance(entry, list)
        }
        ceo, cfo = begins["CEO: operational audit"], begins["CFO: cash <and> capital"]
        assert 1 < ceo < cfo
        assert f"1 CEO: operational audit No. 12 The whole portfolio the same edition {ceo}" in pages[0]
        assert f"2 CFO: cash <and> capital No. 12 The whole portfolio new in the binder {cfo}" in pages[0]
        assert "CEO: operational audit" in pages[ceo - 1]
        assert "1 report is not in this binder; the index says why." in pages[0]
        assert "Board pack It was never issued." in pages[0]
        assert "CMO: go-to-market, edition 1" in pages[0]

    def test_pages_count_on_and_each_says_whose_it_is(self, pages: list[str]) -> None:
        assert all(f"{number} / {len(pages)}" in text for number, text in enumerate(pages, 1))
        assert sum(text.startswith("CFO: cash <and> capital") for text in pages) >= len(pages) // 3

    def test_each_report_s_contents_name_its_own_parts_on_its_own_pages(
        self, leaves: pypdf.PdfReader, pages: list[str]
    ) -> None:
        reports = [entry for entry in leaves.outline if not isinstance(entry, list)][3:]
        parts = [below for below in leaves.outline if isinstance(below, list)]
        for report, below in zip(reports, parts, strict=True):
            (findings,) = [
                entry for entry in below if not isinstance(entry, list) and entry.title == "Findings"
            ]
            number = leaves.get_destination_page_number(findings) + 1
            first = pages[leaves.get_destination_page_number(report)]
            assert first.count(f"Findings {number}") == 1

    def test_the_same_binder_gives_the_same_bytes(self, paper: render.Binder) -> None:
        assert render.as_xlsx(paper) == render.as_xlsx(paper)
        assert render.as_pdf(paper) == render.as_pdf(paper)

    def test_its_workbook_has_an_index_and_two_sheets_for_each_report(self, paper: render.Binder) -> None:
        book = openpyxl.load_workbook(io.BytesIO(render.as_xlsx(paper)))
        assert book.sheetnames == [
            "Index",
            "ceo key figures",
            "ceo tables",
            "cfo key figures",
            "cfo tables",
        ]
        index = [[cell.value for cell in row] for row in book["Index"].iter_rows(min_row=4)]
        assert index[1][:3] == ["CEO: operational audit", 12, "The whole portfolio"]
        assert book["Index"]["F6"].hyperlink.location == "'cfo key figures'!A1"
        assert ["Board pack", "It was never issued."] in [row[:2] for row in index]
        amounts = [row[1].value for row in book["ceo tables"].iter_rows() if row[0].value == "Sum"]
        assert amounts == [218506.5]
