"""Metrics of the expense audit and the chart of accounts: receipts, doubles, personal use, accounts unused and misused."""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from core import months
from portfolio.domain.queries import AccountFact
from portfolio.domain.queries import accounting as asked
from portfolio.models import AccountKind, AccountRole, FlagKind
from reports.document import Badge, Figure, TraceRow, Unit
from reports.metrics.registry import Answer, Better, Desk, Scope, metric

RECEIPT_FROM_MINOR = 25_000
UNUSED_MONTHS = 12
# Entities of these kinds serve bookings, so that their sales and direct costs each name one.
_BOOKED_ROLES = (AccountRole.REVENUE, AccountRole.DIRECT_COST)
# Kinds whose balance stands on the debit side.
_DEBIT = (AccountKind.ASSET, AccountKind.EXPENSE)
# Accounts that may stand on either side: what is written off an asset, and what sisters owe each other.
_EITHER = (AccountRole.FIXED_ASSET, AccountRole.INTERCOMPANY, AccountRole.DRAW, AccountRole.UNCATEGORISED)

# Expenses


def expense_lines(desk: Desk, scope: Scope) -> tuple[asked.ExpenseLine, ...]:
    """Return what a scope paid for in the months under audit and since, and in the three days before."""
    found = desk.facts.once(asked.expense_lines)
    if scope.ids == desk.facts.ids:
        return found
    return tuple(line for line in found if line.entity_id in scope.ids)


def under_audit(desk: Desk, scope: Scope) -> tuple[asked.ExpenseLine, ...]:
    """Return the same without the days before, which are only there to see doubles."""
    first = _first_month(desk)
    return tuple(line for line in expense_lines(desk, scope) if line.month >= first)


def without_receipt(desk: Desk, scope: Scope, month: int) -> tuple[asked.ExpenseLine, ...]:
    """Return a month's payments that need a receipt and have none."""
    least = desk.facts.assumed("receipt-from-minor", RECEIPT_FROM_MINOR)
    lines = (line for line in expense_lines(desk, scope) if line.month == month)
    return asked.without_receipt(lines, least_minor=least)


def _line(line: asked.ExpenseLine, amount: int | None = None) -> TraceRow:
    worth = line.amount_minor if amount is None else amount
    return TraceRow(line.words, worth, f"entry:{line.entry_id}", line.on)


def _first_month(desk: Desk) -> int:
    return asked.month_of(desk.as_of) - asked.AUDIT_MONTHS + 1


def _under_audit(desk: Desk, month: int) -> bool:
    return month >= _first_month(desk)


@metric(
    "missing_receipts",
    name="Payments without a receipt",
    unit=Unit.COUNT,
    formula="Payments of the month from the sum on that needs a receipt, without a document, that nobody excused",
    source="Journal: expense accounts; documents; flags",
    better=Better.LESS,
)
def missing_receipts(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many larger payments of a month lack a document."""
    if not _under_audit(desk, month):
        return desk.absent("not looked at: the report reads three months", Badge.UNRECONCILED)
    return desk.rows(_line(line, 1) for line in without_receipt(desk, scope, month))


@metric(
    "missing_receipts_amount",
    name="Paid without a receipt",
    unit=Unit.MONEY,
    formula="Σ payments of the month from the sum on that needs a receipt, without a document, that nobody excused",
    source="Journal: expense accounts; documents; flags",
    better=Better.LESS,
)
def missing_receipts_amount(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a month's payments without a document come to."""
    if not _under_audit(desk, month):
        return desk.absent("not looked at: the report reads three months", Badge.UNRECONCILED)
    return desk.rows(_line(line) for line in without_receipt(desk, scope, month))


def doubles(desk: Desk, scope: Scope) -> tuple[asked.Pair, ...]:
    """Return what looks paid twice in the months under audit and since."""
    found = _DOUBLES.setdefault(desk, {})
    if scope.ids not in found:
        pairs, first = asked.duplicates(expense_lines(desk, scope)), _first_month(desk)
        found[scope.ids] = tuple(pair for pair in pairs if pair.second.month >= first)
    return found[scope.ids]


_DOUBLES: WeakKeyDictionary[Desk, dict[tuple[int, ...], tuple[asked.Pair, ...]]] = WeakKeyDictionary()


@metric(
    "duplicate_candidates",
    name="Possible duplicates",
    unit=Unit.COUNT,
    formula="Payments of one amount to one payee within three days of each other, in three months and since, "
    "of which nobody said that they are two",
    source="Journal: expense accounts; flags",
    monthly=False,
    better=Better.LESS,
)
def duplicate_candidates(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many payments look like another shortly before."""
    return desk.rows(_line(pair.second, 1) for pair in doubles(desk, scope))


@metric(
    "personal_flagged",
    name="Flagged as personal use",
    unit=Unit.MONEY,
    formula="Σ payments of three months and since that somebody said were for personal use",
    source="Flags of expenses",
    monthly=False,
    better=Better.LESS,
)
def personal_flagged(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was paid for somebody's own use."""
    return desk.rows(_line(line) for line in under_audit(desk, scope) if FlagKind.PERSONAL in line.flags)


# The chart of accounts


def unused(desk: Desk, scope: Scope) -> tuple[AccountFact, ...]:
    """Return active accounts that nothing moved in twelve months."""
    moved = _moved_lately(desk)
    return tuple(
        account
        for account in desk.facts.accounts
        if account.entity_id in scope.ids and account.active and account.id not in moved
    )


def _span(desk: Desk) -> range:
    return range(desk.month - UNUSED_MONTHS + 1, months.month_of(desk.as_of) + 1)


def _moved_lately(desk: Desk) -> set[int]:
    span = _span(desk)
    return {account for account, month in desk.facts.movements if month in span}


_MISUSED: WeakKeyDictionary[Desk, tuple[tuple[AccountFact, str, Figure], ...]] = WeakKeyDictionary()


def misused(desk: Desk) -> tuple[tuple[AccountFact, str, Figure], ...]:
    """Return the accounts that are not used for what they are: which, why, and the amount that shows it."""
    if desk not in _MISUSED:
        _MISUSED[desk] = tuple(_find_misused(desk))
    return _MISUSED[desk]


def _find_misused(desk: Desk) -> Iterable[tuple[AccountFact, str, Figure]]:
    booked = {row.entity_id for row in desk.facts.bookings}
    slugs = {entity.id: entity.slug for entity in desk.entities}
    span, linked = _span(desk), _linked(desk)
    for account in desk.facts.accounts:
        if account.entity_id not in slugs:
            continue
        income = account.kind == AccountKind.INCOME
        earning = income or account.kind == AccountKind.EXPENSE
        whose = Scope("", "", (account.entity_id,))
        moved = desk.moved(whose, (account,), first=span[0] if earning else None, last=span[-1])
        net = moved.value or 0
        if account.role not in _EITHER and (net < 0 if account.kind in _DEBIT else net > 0):
            why = "it stands on the wrong side"
        elif (
            account.role in _BOOKED_ROLES and account.entity_id in booked and net != linked.get(account.id, 0)
        ):
            why = f"{'sales' if income else 'costs'} that name no booking"
            sign, named = (-1 if income else 1), linked.get(account.id, 0)
            rows = (
                TraceRow("Moved in twelve months and since", sign * net, f"account:{account.id}"),
                TraceRow("Of it named by bookings", -sign * named, f"account:{account.id}"),
            )
            moved = desk.rows(row for row in rows if row.amount)
        else:
            continue
        key, name = f"misused.{slugs[account.entity_id]}.{account.code}", f"{account.code} {account.name}"
        yield account, why, desk.own(key, f"{name}: {why}", Unit.MONEY, moved, scope=slugs[account.entity_id])


def _linked(desk: Desk) -> dict[int, int]:
    """Return what bookings name of each account in the twelve months and since."""
    span, found = _span(desk), dict[int, int]()
    for posting in desk.facts.linked:
        if posting.month in span:
            found[posting.account_id] = found.get(posting.account_id, 0) + posting.amount_minor
    return found


@metric(
    "unused_accounts",
    name="Unused accounts",
    unit=Unit.COUNT,
    formula="Active accounts that nothing moved in the twelve months to the report's month, and since",
    source="Charts of accounts; journal",
    monthly=False,
    better=Better.NEITHER,
)
def unused_accounts(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many accounts nobody needs."""
    return desk.rows(
        TraceRow(f"{row.code} {row.name}", 1, f"account:{row.id}") for row in unused(desk, scope)
    )


@metric(
    "misused_accounts",
    name="Misused accounts",
    unit=Unit.COUNT,
    formula="Accounts on the wrong side, and sales or direct costs that name no booking where bookings are served",
    source="Charts of accounts; journal; bookings",
    monthly=False,
    better=Better.LESS,
)
def misused_accounts(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many accounts are not used for what they are."""
    return desk.rows(
        TraceRow(f"{row.code} {row.name}: {why}", 1, f"account:{row.id}")
        for row, why, _ in misused(desk)
        if row.entity_id in scope.ids
    )
