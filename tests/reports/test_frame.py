"""What every lens has in common: its currency, and what it says where there is nothing to say."""

import datetime as dt
from decimal import Decimal

import pytest

from portfolio.domain import chart, ledger
from portfolio.models import CapitalOption, CapitalTier, Entity, EntrySource, FinancialRule
from reports.document import Chart, Draft
from reports.domain import issue
from reports.lenses.frame import UnlikeCurrenciesError
from reports.models import Report
from tests.factories.portfolio import EntityFactory, KpiValueFactory

pytestmark = pytest.mark.django_db
AS_OF = dt.date(2026, 11, 10)


@pytest.fixture
def baja(db: None) -> Entity:
    """An entity that keeps its books in pesos and sold for 1,900 of them in October."""
    entity: Entity = EntityFactory.create(slug="baja", name="Baja", currency="MXN")
    accounts = chart.open_chart(entity=entity)
    ledger.post(
        entity=entity, on=dt.date(2026, 10, 20), memo="A sail", source=EntrySource.MANUAL, at=issued_at(),
        lines=[ledger.Line(accounts["1010"], 190_000), ledger.Line(accounts["4000"], -190_000)],
    )  # fmt: skip
    return entity


def issued_at() -> dt.datetime:
    return dt.datetime(2026, 11, 11, 15, 0, tzinfo=dt.UTC)


def built(lens: str, entity: Entity | None) -> Draft:
    return issue.build(report=Report.objects.get(slug=lens), entity=entity, as_of=AS_OF)


def alts(draft: Draft) -> dict[str, str]:
    blocks = [block for section in draft.sections for block in section.blocks]
    return {block.name: block.alt for block in blocks if isinstance(block, Chart)}


def test_unlike_currencies_are_never_added_up(baja: Entity, qos: Entity) -> None:
    with pytest.raises(
        UnlikeCurrenciesError, match="kept in MXN and USD, which do not add up; run it for one"
    ):
        built("ceo", None)
    assert built("ceo", baja).head.currency == "MXN"
    assert built("ceo", qos).head.currency == "USD"


def test_every_amount_is_told_in_the_currency_of_the_books(baja: Entity) -> None:
    FinancialRule.objects.create(
        check_name=FinancialRule.Check.RETURNS_TRACKED, position=1, statement="Track returns", threshold=0
    )
    CapitalOption.objects.create(
        entity=baja, tier=CapitalTier.ZERO_COST, name="A sign", outlay_minor=50_000, spent_on=AS_OF
    )
    words = alts(built("ceo", baja))["revenue-and-result"]
    assert words.count("MX$1,900") == 4
    broken = next(note for note in built("cfo", baja).findings if note.rule == "rule-broken")
    assert broken.evidence[0].text == "Spent without a tracked return: A sign (MX$500)."


def test_a_chart_of_an_empty_book_says_that_there_is_nothing(qos: Entity) -> None:
    assert alts(built("ceo", qos))["revenue-and-result"] == "The books have no entries in these months."
    assert alts(built("cfo", qos))["gross-burn-twelve-months"].startswith("Gross burn: no month has a value.")


def test_a_report_has_no_more_key_figures_than_a_reader_takes_in(
    baja: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.lenses.frame.MOST_KPIS", 6)
    with pytest.raises(ValueError, match="A report has at most 6 key figures; CFO: cash and capital has 10."):
        built("cfo", baja)


def test_months_before_the_first_entry_are_gaps_and_not_zero(baja: Entity) -> None:
    figures = built("ceo", baja).figures
    before, first = figures["revenue.baja.2026-09"], figures["revenue.baja.2026-10"]
    assert (before.value, before.missing) == (None, "not tracked before Oct 2026")
    assert (first.value, first.missing) == (190_000, "")


def test_an_entered_value_is_rounded_half_away_from_zero(qos: Entity) -> None:
    KpiValueFactory.create(entity=qos, key="guest-satisfaction", value=Decimal("4.665"))
    figures = built("ceo", qos).figures
    assert figures["satisfaction.qos.2026-11-10"].value == 467
