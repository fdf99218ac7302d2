"""Each metric of the sample's editions opens a page that says how it comes about, and the records behind it open."""

import datetime as dt

import pytest

from crew.models import Person
from reports.document import Document, RowsTrace, load
from reports.domain import forms
from reports.domain import sample as reports_sample
from reports.models import Edition
from reports.web.figures import record_url
from tests.reports.conftest import as_

AT = dt.datetime(2026, 11, 11, 15, 0, tzinfo=dt.UTC)

# What figures sum up to is tested on both engines, with the sample's figures.
pytestmark = [pytest.mark.django_db, pytest.mark.once_postgresql]


@pytest.mark.usefixtures("sample")
def test_each_metric_opens_its_trace_and_the_records_behind_it_open(
    monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    full = pytestconfig.getoption("--full")
    # No chart and no PDF is looked at here.
    monkeypatch.setattr(forms, "render", lambda document: ())
    reports_sample.issue_first(at=AT)
    client = as_(Person.objects.get(email="owner@example.com"))
    refused, records, opened = [], set(), set()

    for edition in Edition.objects.select_related("report").order_by("id"):
        document = load(Document, edition.document)
        # One page of each metric: that the sums of all figures hold is tested with the sample's figures.
        of_metric = {figure.metric: key for key, figure in document.figures.items()}
        assert len(of_metric) > 20
        for number, (metric, key) in enumerate(sorted(of_metric.items())):
            # A metric of the register has one trace, whichever report prints it; a plain run opens a sixth of them.
            if metric in opened or (number % 6 and not full):
                continue
            opened |= {metric} - {"own"}
            url = f"/reports/{edition.report.slug}/{edition.number}/figures/{key}/"
            answer = client.get(url)
            if answer.status_code != 200 or not answer.context["holds"]:
                refused.append(url)
                continue
            records |= {row["url"] for row in answer.context["rows"] if row["url"]}
        for figure in document.figures.values():
            if isinstance(figure.trace, RowsTrace):
                records |= {record_url(row.ref) for row in figure.trace.rows if row.ref}
    kinds: dict[str, list[str]] = {}
    for url in sorted(records):
        kinds.setdefault(url.rstrip("0123456789/"), []).append(url)
    some = [url for urls in kinds.values() for url in urls[: 8 if full else 2]]
    refused += [url for url in some if client.get(url, follow=True).status_code != 200]

    assert refused == []
    assert len(kinds) >= 8
