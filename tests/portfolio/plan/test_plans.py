"""Plans: budgets beside the books, files that land whole, forecasts kept as said and scored, changes with their trail."""

import datetime as dt
import io
import re
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from openpyxl import Workbook

from core.models import AuditEvent
from portfolio.domain.plan import budgets, changes, forecasts, landing
from portfolio.formats import FormatError, workbook
from portfolio.models import (
    Assumption,
    AssumptionKey,
    Budget,
    CapitalOption,
    Forecast,
    KpiValue,
    MonthlyTarget,
    Scenario,
)
from tests.portfolio.conftest import AT, Books

JANUARY = 2026 * 12
OCTOBER = JANUARY + 9


def a_workbook(*rows: tuple[object, ...]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(out)
    return out.getvalue()


def land(books: Books, kind: str, data: bytes, name: str = "plans.csv") -> int:
    return landing.land(kind=kind, data=data, name=name, allowed=lambda _: True, by=None, at=AT)


def test_a_budget_stands_beside_the_books_in_the_accounts_own_sense(books: Books) -> None:
    books.post("1010", "4000", 90_000)
    books.post("6100", "1010", 30_000)
    for code, amount in (("4000", 100_000), ("6100", 20_000)):
        budgets.set_months(
            account=books.accounts[code],
            amounts={OCTOBER: amount, OCTOBER + 1: 5},
            source="Owner",
            by=None,
            at=AT,
        )

    sales, dockage = budgets.lines(entity=books.entity, first=OCTOBER, last=OCTOBER)

    assert (sales.actual, sales.budget, sales.variance, sales.variance_is_good) == (
        (90_000,),
        (100_000,),
        -10_000,
        False,
    )
    assert (dockage.actual, dockage.variance, dockage.variance_is_good) == ((30_000,), 10_000, False)
    assert budgets.totals([sales, dockage]) == {
        "actual": 60_000, "compared": 60_000, "budget": 80_000, "variance": -20_000, "year": 80_000,
    }  # fmt: skip
    books.post("6300", "1010", 700)
    year = budgets.lines(entity=books.entity, first=JANUARY, last=JANUARY + 11, as_of=OCTOBER)
    assert [(line.budget_total, line.budget_so_far, line.variance) for line in year] == [
        (100_005, 100_000, -10_000), (20_005, 20_000, 10_000), (None, None, None),
    ]  # fmt: skip
    assert budgets.totals(year) == {
        "actual": 59_300, "compared": 60_000, "budget": 80_000, "variance": -20_000, "year": 80_000,
    }  # fmt: skip
    (ahead, _) = budgets.lines(entity=books.entity, first=OCTOBER + 1, last=OCTOBER + 3, as_of=OCTOBER)
    assert (ahead.budget_total, ahead.budget_so_far, ahead.variance) == (5, None, None)


def test_a_budget_set_again_changes_only_what_is_new_and_says_what_was(books: Books) -> None:
    account = books.accounts["6100"]
    amounts: dict[int, int | None] = {JANUARY: 100, JANUARY + 1: 200}
    assert budgets.set_months(account=account, amounts=amounts, source="a", by=None, at=AT) == 2
    assert budgets.set_months(account=account, amounts=amounts, source="a", by=None, at=AT) == 0
    assert (
        budgets.set_months(
            account=account, amounts={JANUARY: None, JANUARY + 1: 200}, source="b", by=None, at=AT
        )
        == 1
    )
    assert list(Budget.objects.values_list("month", "amount_minor", "source")) == [(JANUARY + 1, 200, "a")]
    assert AuditEvent.objects.order_by("-id")[0].data == {"2026-01": [100, None]}
    with pytest.raises(budgets.BudgetRefusedError, match="neither income nor cost"):
        budgets.set_months(account=books.accounts["1010"], amounts=amounts, source="a", by=None, at=AT)


@pytest.mark.parametrize("total", [0, 1, 11, 12, 1_000_003, -7])
def test_a_years_amount_is_shared_out_to_the_cent(total: int) -> None:
    parts = budgets.spread(total)
    assert (len(parts), sum(parts), max(parts) - min(parts) <= 1) == (12, total, True)


def test_the_year_before_grown_by_a_share_proposes_a_budget(books: Books) -> None:
    books.post("6100", "1010", 10_001, on=dt.date(2025, 3, 1))
    assert budgets.proposed(account=books.accounts["6100"], year=2026, growth_bp=1_000)[2] == 11_001


def test_plans_come_in_as_csv_or_workbook_and_the_same_again_changes_nothing(books: Books) -> None:
    csv = b"entity,account,month,amount,source\nqos,6100,2026-10,1180.00,Owner\nqos,4000,2026-10,9000,\n"
    sheet = a_workbook(
        ("entity", "account", "month", "amount", "source"),
        ("qos", "6100", "2026-11", 1180.1, "Owner"),
    )
    kpis = b"entity,key,label,as_of,value,target,unit,source\nqos,enquiries,Enquiries,2026-10-31,41.5,,a month,Bea\nqos,nps,NPS,2026-10-31,,,,Bea\n"

    for _ in range(2):
        assert land(books, "budgets", csv) == 2
        assert land(books, "budgets", sheet, "plans.xlsx") == 1
        assert land(books, "kpis", kpis) == 2

    assert sorted(Budget.objects.values_list("account__code", "month", "amount_minor", "source")) == [
        ("4000", OCTOBER, 900_000, "plans.csv line 3"),
        ("6100", OCTOBER, 118_000, "Owner"),
        ("6100", OCTOBER + 1, 118_010, "Owner"),
    ]
    assert sorted(KpiValue.objects.values_list("key", "tracked")) == [("enquiries", True), ("nps", False)]

    land(books, "kpis", kpis.replace(b"41.5", b"44"))
    said = (
        AuditEvent.objects.filter(action="portfolio:kpis:land").order_by("-pk").values_list("data", flat=True)
    )
    assert [row["changed"] for row in said[:2]] == [{"enquiries 2026-10-31": ["41.5", "44"]}, {}]
    capital = b"entity,tier,name,outlay,monthly_return,source\nqos,zero_cost,Better photos,0,50,Bea\n"
    assert land(books, "capital", capital) == 1
    assert CapitalOption.objects.get().monthly_return_minor == 5_000


@pytest.mark.parametrize(
    ("kind", "data", "where", "reason"),
    [
        ("budgets", b"entity,account,month,amount,source\nqos,1010,2026-10,5,x\n", (2, "account"), "no income or expense account 1010"),
        ("budgets", b"entity,account,month,amount,source\nqos,6100,October,5,x\n", (2, "month"), "is not a month"),
        ("budgets", b"entity,account,month,amount,source\nqos,6100,2026-10,1e400,x\n", (2, "amount"), "is not an amount"),
        ("budgets", b"entity,account,month,amount,source\nqos,6100,2026-10,1,x\nqos,6100,2026-10,1,x\n", (3, "month"), "stands already on line 2"),
        ("targets", b"entity,month,revenue,source\nnobody,2026-10,5,x\n", (2, "entity"), "no entity that you plan for"),
        ("kpis", b"entity,key,label,as_of,value,target,unit,source\nqos,a b,A,2026-10-31,1,,,x\n", (2, "key"), "is not a key"),
        ("kpis", b"entity,key,label,as_of,value,target,unit,source\nqos,a,A,2026-02-30,1,,,x\n", (2, "as_of"), ""),
        ("kpis", b"entity,key,label,as_of,value,target,unit,source\nqos,a,A,2026-10-31,NaN,,,x\n", (2, "value"), "is not a number"),
        ("budgets", b"PK\x03\x04 not a zip", (1, None), "not a workbook that can be read"),
        ("budgets", a_workbook(("entity", "account"), ("qos", "6100")), (1, None), ""),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_whole_with_its_place(
    books: Books, kind: str, data: bytes, where: tuple[int, str | None], reason: str
) -> None:
    with pytest.raises(FormatError) as refused:
        land(books, kind, data, "bad.csv")
    assert (refused.value.line, refused.value.column) == where or where[1] is None
    assert reason in str(refused.value)
    assert not Budget.objects.exists()
    assert not KpiValue.objects.exists()
    assert not MonthlyTarget.objects.exists()


def test_a_workbook_that_would_unpack_too_far_is_refused_before_it_is_opened() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (workbook.MAX_UNPACKED + 1))
    with pytest.raises(FormatError, match="unpacks to more than 100 MB"):
        workbook.to_csv(out.getvalue(), name="bomb.xlsx")


def test_budgets_come_by_command_too(books: Books, tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    path.write_bytes(
        a_workbook(("entity", "account", "month", "amount", "source"), ("qos", "6100", "2026-11", 7, "x"))
    )
    call_command("import_records", str(path), kind="budgets")
    assert Budget.objects.get().amount_minor == 700


def test_a_forecast_is_kept_as_said_and_scored_when_its_month_is_over(books: Books) -> None:
    books.post("1010", "4000", 90_000)

    def say(value: int, on: dt.date, key: str = "revenue") -> Forecast:
        return forecasts.make(
            entity=books.entity, key=key, month=OCTOBER, value_minor=value, scenario="", source="Plan", today=on,
            by=None, at=AT,
        )  # fmt: skip

    say(100_000, dt.date(2026, 9, 1))
    say(100_000, dt.date(2026, 9, 1))
    say(50_000, dt.date(2026, 10, 31), "cash")
    with pytest.raises(changes.PlanRefusedError, match="kept as they were said"):
        say(1, dt.date(2026, 9, 1))
    with pytest.raises(changes.PlanRefusedError, match="is over"):
        say(1, dt.date(2026, 11, 1))

    assert forecasts.score_due(today=dt.date(2026, 11, 5)) == 0
    assert forecasts.score_due(today=dt.date(2026, 11, 6)) == 2
    assert forecasts.score_due(today=dt.date(2026, 11, 7)) == 0
    cash, revenue = forecasts.scores(entity=books.entity)
    assert (cash.missed_minor, cash.missed_bp) == (40_000, 8_000)
    assert (revenue.missed_minor, revenue.missed_bp) == (-10_000, -1_000)


def test_assumptions_are_dated_and_scenarios_are_called_once(books: Books) -> None:
    said = {"key": "card-fee-bp", "note": "Card fee", "source": "Stripe", "by": None, "at": AT}
    changes.assume(effective_on=dt.date(2026, 1, 1), value=290, **said)  # type: ignore[arg-type]
    changes.assume(effective_on=dt.date(2026, 12, 1), value=300, **said)  # type: ignore[arg-type]
    with pytest.raises(changes.PlanRefusedError, match="holds from 1 December 2026 already"):
        changes.assume(effective_on=dt.date(2026, 12, 1), value=310, **said)  # type: ignore[arg-type]
    assert Assumption.objects.filter(unit="bp").count() == 2
    with pytest.raises(changes.PlanRefusedError, match="No formula reads an assumption “fee”"):
        changes.assume(effective_on=dt.date(2026, 1, 1), value=1, **said | {"key": "fee"})  # type: ignore[arg-type]
    # What the reports read by name is on the list that people choose from.
    read = {
        key for path in (Path(__file__).parents[3] / "reports").rglob("*.py")
        for key in re.findall(r'assumed\("([a-z-]+)"', path.read_text())
    }  # fmt: skip
    assert len(read) == 6
    assert read | {f"stage-{stage}" for stage in ("enquiry", "quoted", "held", "booked", "paid")} <= set(
        AssumptionKey.values
    )

    values = {"name": "Low", "position": 1, "units_a_month": 2, "price_minor": 200_000, "source": "Owner"}
    row = Scenario()
    changes.save(row=row, values=values, entity="", by=None, at=AT)
    assert not changes.save(row=row, values=values, entity="", by=None, at=AT)
    assert changes.save(row=row, values=values | {"units_a_month": 3}, entity="", by=None, at=AT)
    assert AuditEvent.objects.order_by("-id")[0].data == {"units_a_month": [2, 3]}
    with pytest.raises(changes.PlanRefusedError, match="There is a scenario like this already"):
        changes.save(row=Scenario(), values=values, entity="", by=None, at=AT)


def test_targets_are_set_and_taken_away(books: Books) -> None:
    changes.set_targets(
        entity=books.entity, targets={JANUARY: 5, JANUARY + 1: 6}, source="Owner", by=None, at=AT
    )
    changes.set_targets(
        entity=books.entity, targets={JANUARY: None, JANUARY + 1: 6}, source="Owner", by=None, at=AT
    )
    assert list(MonthlyTarget.objects.values_list("month", "revenue_minor")) == [(JANUARY + 1, 6)]
