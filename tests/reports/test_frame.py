"""What every lens has in common."""

import datetime as dt

import pytest

from portfolio.models import CapitalOption, CapitalTier, Entity
from reports.document import Chart, Document
from reports.domain import issue
from reports.figures import write
from reports.lenses.frame import UnlikeCurrenciesError
from reports.models import Report
from tests.factories.portfolio import EntityFactory, KpiValueFactory
from tests.portfolio.conftest import open_books

pytestmark = pytest.mark.django_db
AS_OF = dt.date(2026, 11, 10)


def test_unlike_currencies_are_never_added_up(ceo: Report, qos: Entity) -> None:
    baja = EntityFactory.create(slug="baja", name="Baja", currency="MXN")

    with pytest.raises(
        UnlikeCurrenciesError, match="kept in MXN and USD, which do not add up; run it for one"
    ):
        issue.build(report=ceo, entity=None, as_of=AS_OF)
    assert issue.build(report=ceo, entity=baja, as_of=AS_OF).head.currency == "MXN"
    assert issue.build(report=ceo, entity=qos, as_of=AS_OF).head.currency == "USD"


def charts_of(lens: str, entity: Entity) -> dict[str, str]:
    document: Document = issue.preview(report=Report.objects.get(slug=lens), entity=entity, as_of=AS_OF)[0]
    return {chart.name: chart.alt for chart in document.charts}
