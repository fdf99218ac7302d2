"""The statements of the accountant's report: consolidated with what sisters owe and sold each other taken off, and by entity."""

from collections.abc import Iterable, Sequence

from core import months
from portfolio.domain.queries import AccountFact
from portfolio.models import AccountKind, AccountRole
from reports.document import Chart, Column, Figure, Para, Row, Section, Table, Unit
from reports.lenses import frame
from reports.lenses.accounting_audit import account_key
from reports.lenses.frame import cell, column, row
from reports.metrics import REGISTRY, Desk, Scope
from reports.render import chart_specs as charts
from reports.rules.registry import line

TREND_MONTHS = 12
INCOME = (
    "revenue", "direct_cost", "gross_margin", "fixed_cost", "other_receipts", "operating_result", "below_operating",
    "net_income",
)  # fmt: skip
SHEET = ("assets_total", "liabilities_total", "owners_total", "earned_total", "balance_gap")
FLOW = ("operating_cash_flow", "investing_cash", "financing_cash", "cash_change", "cash_proof_gap")
_TOTALS = frozenset(
    {"gross_margin", "operating_result", "net_income", "balance_gap", "cash_change", "cash_proof_gap"}
)
_EARNING = (AccountKind.INCOME, AccountKind.EXPENSE)


def income(desk: Desk) -> Section:
    """Return the income statement, its way over a year, and each entity's."""
    month = months.label(desk.month)
    span = range(desk.month - TREND_MONTHS + 1, desk.month + 1)
    points = [(at, desk.get("net_income", None, at).value) for at in span]
    return Section(
        "income",
        "Income statement",
        (
            _with_prior(desk, f"Income statement of {month}", INCOME, _together(desk)),
            Chart(
                "result-by-month",
                "Result by month",
                charts.bars_by_month(points, currency=desk.currency, name="Result"),
                _way("The result", points, desk.currency),
            ),
            by_entity(
                desk,
                f"Income statement of {month} by entity",
                ("revenue", "direct_cost", "fixed_cost", "other_receipts", "operating_result", "net_income"),
            ),
        ),
    )


def balance(desk: Desk) -> Section:
    """Return what is owned and owed, and that it balances."""
    month = months.label(desk.month)
    return Section(
        "balance",
        "Balance sheet",
        (
            _with_prior(
                desk, f"Balance sheet at the end of {month}", SHEET,
                "Assets = liabilities + put in by owners + earned; the last line is what is missing from that.",
            ),
            by_entity(desk, f"Balance sheet at the end of {month} by entity", SHEET),
        ),
    )  # fmt: skip


def cash_flow(desk: Desk) -> Section:
    """Return where cash came from and went, and the proof that it is all of it."""
    month = months.label(desk.month)
    return Section(
        "cash-proof",
        "Cash flow and its proof",
        (
            Para(
                line("Cash changed by ", desk.get("cash_change"), f" in {month}: operating ",
                     desk.get("operating_cash_flow"), ", investing ", desk.get("investing_cash"), ", financing ",
                     desk.get("financing_cash"), ". What these leave unexplained: ", desk.get("cash_proof_gap"), ".")
            ),
            _with_prior(
                desk, f"Cash flow of {month}", FLOW,
                "Change in cash = operating + investing + financing. Money at the card processor is cash.",
            ),
            by_entity(desk, f"Cash flow of {month} by entity", FLOW),
        ),
    )  # fmt: skip


def trial(desk: Desk) -> Section:
    """Return the trial balance at the month's end: all books together, then each entity's."""
    month = months.label(desk.month)
    books = [scope for scope in desk.scopes() if desk.begun_in(scope) is not None]
    tables = [_trial(desk, desk.all, f"Trial balance at the end of {month}, {frame.whole(desk)}")]
    if len(desk.scopes()) > 1:
        tables += [
            _trial(desk, scope, f"Trial balance at the end of {month}, {scope.label}") for scope in books
        ]
    return Section("trial", "Trial balance", tuple(tables))


def _together(desk: Desk) -> str:
    if desk.all.alone:
        return "Sales to sister entities and what was bought of them count."
    return "What the entities sold each other is taken off both sides."


def _with_prior(desk: Desk, title: str, keys: Sequence[str], note: str) -> Table:
    """Return metrics of the report's month beside the month before."""
    rows = []
    for key in keys:
        now, before = desk.get(key), desk.get(key, None, desk.month - 1)
        rows.append(row(REGISTRY[key].name, now, before, _change(desk, now, before), total=key in _TOTALS))
    return Table(
        title,
        (Column("Line"), column(months.label(desk.month)), column(months.label(desk.month - 1)), column("Change")),
        tuple(rows),
        note=note,
    )  # fmt: skip


def _change(desk: Desk, now: Figure, before: Figure) -> Figure:
    """Return by how much money moved: a percent of a loss, or of nothing, would say little."""
    return desk.own(
        f"moved.{now.key}", f"Change in {now.label.lower()}", now.unit, desk.formula("difference", now, before),
        scope=now.scope, period=now.period,
    )  # fmt: skip


def by_entity(desk: Desk, title: str, keys: Sequence[str]) -> Table:
    """Return metrics of the month by entity, what is taken off between sisters, and all together."""
    kept = [scope for scope in desk.scopes() if desk.begun_in(scope) is not None]
    rows = [row(scope.label, *(desk.get(key, scope) for key in keys)) for scope in kept]
    without = [scope.label for scope in desk.scopes() if scope not in kept]
    if len(rows) > 1:
        sums = [
            desk.total(f"summed.{key}", f"{REGISTRY[key].name}, entities added up",
                       [desk.get(key, scope) for scope in kept])
            for key in keys
        ]  # fmt: skip
        off = [
            desk.own(f"taken_off.{key}", f"{REGISTRY[key].name}, taken off between sisters", Unit.MONEY,
                     desk.formula("difference", desk.get(key), summed))
            for key, summed in zip(keys, sums, strict=True)
        ]  # fmt: skip
        rows += [
            row("Added up", *sums),
            row("Taken off between sisters", *off),
            row(frame.whole(desk), *(desk.get(key) for key in keys), total=True),
        ]
    return Table(
        title,
        (Column("Entity"), *(column(REGISTRY[key].name) for key in keys)),
        tuple(rows),
        note=f"{' and '.join(without)} {'keeps' if len(without) == 1 else 'keep'} no books."
        if without
        else "",
        empty="No entity keeps books.",
        detail=len(rows) > 1,
    )


def _trial(desk: Desk, scope: Scope, title: str) -> Table:
    rows: list[Row] = []
    sides: tuple[list[Figure], list[Figure]] = ([], [])
    lines = tuple(_lines(desk, scope))
    alike = [(code, name) for code, name, _ in lines]
    for code, name, accounts in lines:
        answer = desk.moved(scope, accounts, last=desk.month)
        if not answer.value:
            continue
        credit = answer.value < 0
        if credit:
            answer = desk.moved(scope, accounts, last=desk.month, sign=-1)
        figure = desk.own(
            f"trial.{scope.slug}.{account_key(code, accounts, alike) if code else name}", f"{code} {name}".strip(), Unit.MONEY, answer, scope=scope.label,
            period=months.label(desk.month),
        )  # fmt: skip
        sides[credit].append(figure)
        label = f"{code} {name}".strip()
        shown = cell(figure, cents=True)
        rows.append(row(label, "", shown) if credit else row(label, shown, ""))
    if rows:
        totals = [
            desk.total(f"trial.{scope.slug}.{side}", f"{side.capitalize()} together", figures)
            for side, figures in zip(("debits", "credits"), sides, strict=True)
        ]
        rows.append(row("Together", *(cell(figure, cents=True) for figure in totals), total=True))
    return Table(
        title,
        (Column("Account"), column("Debit"), column("Credit")),
        tuple(rows),
        empty="The books have no entries.",
        detail=True,
    )


def _lines(desk: Desk, scope: Scope) -> Iterable[tuple[str, str, tuple[AccountFact, ...]]]:
    """Yield the lines of a trial balance: like accounts of several entities together, sisters' taken off each other."""
    alike: dict[tuple[str, str], list[AccountFact]] = {}
    between: dict[bool, list[AccountFact]] = {}
    for account in desk.facts.accounts:
        if account.entity_id not in scope.ids:
            continue
        if account.role == AccountRole.INTERCOMPANY and not scope.alone:
            between.setdefault(account.kind in _EARNING, []).append(account)
        else:
            alike.setdefault((account.code, account.name), []).append(account)
    for code, name in sorted(alike):
        yield code, name, tuple(alike[code, name])
    for earning in sorted(between):
        name = "Sales between entities, not matched" if earning else "Due between entities, not matched"
        yield "", name, tuple(between[earning])


def _way(name: str, points: Sequence[tuple[int, int | None]], currency: str) -> str:
    known = [(value, month) for month, value in points if value is not None]
    if not known:
        return f"{name}: not tracked."
    (low, low_month), (high, high_month) = min(known), max(known)
    return (
        f"{name} ran between {charts.long(low, Unit.MONEY, currency)} ({months.label(low_month)}) and "
        f"{charts.long(high, Unit.MONEY, currency)} ({months.label(high_month)})."
    )
