"""Metrics of the statements and their proofs: result, balance sheet, cash flow, what is held, the card processor.

Whatever a statement says comes from the same monthly balances as the statement's page, and equals it to the cent.
"""

from collections.abc import Callable, Iterable

from core import months
from portfolio.domain.queries import accounting as asked
from portfolio.models import AccountKind, AccountRole
from portfolio.models.account import BELOW_ROLES, FINANCING_ROLES, INVESTING_ROLES
from reports.document import Badge, TraceRow, Unit
from reports.metrics.earning import BETWEEN, bought, sold
from reports.metrics.registry import Aggregate, Answer, Better, Desk, Scope, metric

EARNING = (
    AccountRole.REVENUE,
    AccountRole.DIRECT_COST,
    AccountRole.FIXED_COST,
    AccountRole.UNCATEGORISED,
    *BELOW_ROLES,
)
ASSETS = (
    AccountRole.CASH, AccountRole.CLEARING, AccountRole.RECEIVABLE, AccountRole.OTHER_ASSET, AccountRole.FIXED_ASSET,
)  # fmt: skip
LIABILITIES = (
    AccountRole.PAYABLE, AccountRole.CREW_PAY, AccountRole.ACCRUED, AccountRole.DEFERRED, AccountRole.DEPOSITS_HELD,
    AccountRole.REFUNDS_DUE, AccountRole.HELD_FOR_OTHERS, AccountRole.TAX, AccountRole.LOAN,
)  # fmt: skip
OWNERS = (AccountRole.CAPITAL, AccountRole.DRAW)
HELD = (AccountRole.DEFERRED, AccountRole.DEPOSITS_HELD)
LENDING = tuple(role for role in FINANCING_ROLES if role != AccountRole.INTERCOMPANY)
STANDING = (AccountKind.ASSET, AccountKind.LIABILITY)

# Income statement


@metric(
    "gross_margin",
    name="Gross margin",
    unit=Unit.MONEY,
    formula="Revenue − direct cost of the month",
    source="Journal: accounts with the roles revenue and direct cost",
    better=Better.MORE,
)
def gross_margin(desk: Desk, scope: Scope, month: int) -> Answer:
    """What sales leave after what they themselves cost."""
    return desk.postings(
        scope,
        [AccountRole.REVENUE, AccountRole.DIRECT_COST],
        first=month,
        last=month,
        sign=-1,
        sisters={*sold(scope), *bought(scope)},
    )


@metric(
    "below_operating",
    name="Below the operating result",
    unit=Unit.MONEY,
    formula="Other income − interest − depreciation − income tax of the month",
    source="Journal: accounts with those roles",
    better=Better.MORE,
)
def below_operating(desk: Desk, scope: Scope, month: int) -> Answer:
    """What stands below the operating result, income positive."""
    return desk.postings(scope, BELOW_ROLES, first=month, last=month, sign=-1)


@metric(
    "net_income",
    name="Result of the month",
    unit=Unit.MONEY,
    formula="Operating result + other income − interest − depreciation − income tax",
    source="Journal: all income and expense accounts",
    better=Better.MORE,
)
def net_income(desk: Desk, scope: Scope, month: int) -> Answer:
    """The last line of the income statement, profit positive."""
    return desk.postings(scope, EARNING, first=month, last=month, sign=-1, sisters=BETWEEN)


@metric(
    "net_income_12m",
    name="Result of twelve months",
    unit=Unit.MONEY,
    formula="Σ result of the twelve months that end with the month",
    source="Journal: all income and expense accounts",
    better=Better.MORE,
)
def net_income_12m(desk: Desk, scope: Scope, month: int) -> Answer:
    """The result of a year that ends with the month, profit positive."""
    return desk.postings(scope, EARNING, first=month - 11, last=month, sign=-1, sisters=BETWEEN)


# Balance sheet


@metric(
    "assets_total",
    name="Assets",
    unit=Unit.MONEY,
    formula="Balance of all asset accounts at the month's end; of several entities, what sisters owe each other is taken off",
    source="Journal: asset accounts",
    aggregate=Aggregate.LAST,
)
def assets_total(desk: Desk, scope: Scope, month: int) -> Answer:
    """What is owned at the end of a month."""
    sisters = (AccountKind.ASSET,) if scope.alone else STANDING
    return desk.postings(scope, ASSETS, last=month, sisters=sisters)


@metric(
    "liabilities_total",
    name="Liabilities",
    unit=Unit.MONEY,
    formula="Balance of all liability accounts at the month's end; of several entities, without what sisters owe each other",
    source="Journal: liability accounts",
    aggregate=Aggregate.LAST,
)
def liabilities_total(desk: Desk, scope: Scope, month: int) -> Answer:
    """What is owed at the end of a month, owed positive."""
    sisters = (AccountKind.LIABILITY,) if scope.alone else ()
    return desk.postings(scope, LIABILITIES, last=month, sign=-1, sisters=sisters)


@metric(
    "owners_total",
    name="Put in and drawn by owners",
    unit=Unit.MONEY,
    formula="Owner capital − owner draws at the month's end",
    source="Journal: equity accounts",
    aggregate=Aggregate.LAST,
)
def owners_total(desk: Desk, scope: Scope, month: int) -> Answer:
    """What owners left in the business, beside what it earned."""
    return desk.postings(scope, OWNERS, last=month, sign=-1)


@metric(
    "earned_total",
    name="Earned since the books began",
    unit=Unit.MONEY,
    formula="Σ result of all months up to the month's end",
    source="Journal: all income and expense accounts",
    aggregate=Aggregate.LAST,
)
def earned_total(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the business earned since its books began."""
    return desk.postings(scope, EARNING, last=month, sign=-1, sisters=BETWEEN)


@metric(
    "balance_gap",
    name="Balance sheet difference",
    unit=Unit.MONEY,
    formula="Assets − liabilities − put in by owners − earned; nothing, or the books are broken",
    source="Journal",
    aggregate=Aggregate.LAST,
)
def balance_gap(desk: Desk, scope: Scope, month: int) -> Answer:
    """By how much the balance sheet does not balance."""
    parts = ("assets_total", "liabilities_total", "owners_total", "earned_total")
    return desk.formula("difference", *(desk.get(key, scope, month) for key in parts))


# Cash flow


@metric(
    "investing_cash",
    name="Investing cash flow",
    unit=Unit.MONEY,
    formula="Cash explained in the month by fixed assets",
    source="Journal: postings in entries that touch cash",
)
def investing_cash(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash from things bought to be kept and sold again, inflow positive."""
    return desk.postings(scope, INVESTING_ROLES, first=month, last=month, cash=True)


@metric(
    "financing_cash",
    name="Financing cash flow",
    unit=Unit.MONEY,
    formula="Cash explained in the month by loans, owner money and what sister entities lend; of several entities, "
    "what sisters paid each other only as far as the two sides differ",
    source="Journal: postings in entries that touch cash",
)
def financing_cash(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash from lenders and owners, inflow positive."""
    sisters = STANDING if scope.alone else (*STANDING, *BETWEEN)
    return desk.postings(scope, LENDING, first=month, last=month, cash=True, sisters=sisters)


@metric(
    "cash_change",
    name="Change in cash",
    unit=Unit.MONEY,
    formula="Debits − credits of the bank and card-processor accounts in the month",
    source="Journal: accounts with the roles cash and clearing",
    better=Better.MORE,
)
def cash_change(desk: Desk, scope: Scope, month: int) -> Answer:
    """By how much cash grew in a month."""
    return desk.postings(scope, asked.CASH_ROLES, first=month, last=month)


@metric(
    "cash_proof_gap",
    name="Cash proof",
    unit=Unit.MONEY,
    formula="Change in cash − operating − investing − financing cash flow; nothing, or the books are broken",
    source="Journal",
)
def cash_proof_gap(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the cash flow statement does not explain of the change in cash."""
    parts = ("cash_change", "operating_cash_flow", "investing_cash", "financing_cash")
    return desk.formula("difference", *(desk.get(key, scope, month) for key in parts))


# What is held for clients, month by month


@metric(
    "held_open",
    name="Held at the month's beginning",
    unit=Unit.MONEY,
    formula="Balance of deferred revenue and refundable deposits at the end of the month before",
    source="Journal: accounts with those roles",
    aggregate=Aggregate.FIRST,
)
def held_open(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was held for clients when the month began, owed positive."""
    return desk.postings(scope, HELD, last=month - 1, sign=-1)


@metric(
    "held_close",
    name="Held at the month's end",
    unit=Unit.MONEY,
    formula="Balance of deferred revenue and refundable deposits at the end of the month",
    source="Journal: accounts with those roles",
    aggregate=Aggregate.LAST,
)
def held_close(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was held for clients when the month ended, owed positive."""
    return desk.postings(scope, HELD, last=month, sign=-1)


def _moved(kind: str) -> Callable[[Desk, Scope, int], Answer]:
    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        if month < asked.month_of(desk.as_of) - asked.AUDIT_MONTHS + 1:
            return desk.absent("not looked at: the report reads three months", Badge.UNRECONCILED)
        return desk.rows(
            (
                TraceRow(move.memo, move.amounts[kind], f"entry:{move.entry_id}", move.on)
                for move in desk.facts.once(asked.held_moves)
                if move.month == month and move.entity_id in scope.ids and kind in move.amounts
            ),
            desk.badge_of(scope, month),
        )

    return work_out


ROLLED = (
    ("held_received", "received", "Received in advance", "Money taken in the month for what is still to be given"),
    ("held_recognised", "recognised", "Recognised", "What was held and became revenue in the month"),
    ("held_refunded", "refunded", "Refunded", "What was held and went back, or is owed back, in the month"),
    ("held_forfeited", "kept", "Forfeited", "What was held and kept of bookings that were called off in the month"),
    ("held_other", "other", "Other entries", "Whatever else was posted to these accounts in the month"),
)  # fmt: skip

for _key, _kind, _name, _formula in ROLLED:
    metric(
        _key, name=_name, unit=Unit.MONEY, formula=_formula,
        source="Journal: entries that touch deferred revenue or refundable deposits",
    )(_moved(_kind))  # fmt: skip


@metric(
    "held_rolled",
    name="Held at the month's end by its movements",
    unit=Unit.MONEY,
    formula="Open + received in advance − recognised − refunded − forfeited + other entries",
    source="Journal",
    aggregate=Aggregate.LAST,
)
def held_rolled(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the month's movements leave of what was held."""
    keys = ("held_open", *(key for key, *_ in ROLLED))
    return desk.formula("held_forward", *(desk.get(key, scope, month) for key in keys))


@metric(
    "held_off",
    name="Roll-forward difference",
    unit=Unit.MONEY,
    formula="Held at the month's end by the ledger − by its movements; nothing, or an entry was read wrongly",
    source="Journal",
)
def held_off(desk: Desk, scope: Scope, month: int) -> Answer:
    """By how much ledger and movements differ."""
    return desk.formula("difference", *(desk.get(key, scope, month) for key in ("held_close", "held_rolled")))


# The card processor's account


@metric(
    "clearing_open",
    name="At the card processor, month's beginning",
    unit=Unit.MONEY,
    formula="Balance of the clearing account at the end of the month before",
    source="Journal: accounts with the role clearing",
    aggregate=Aggregate.FIRST,
)
def clearing_open(desk: Desk, scope: Scope, month: int) -> Answer:
    """What stood at the card processor when the month began."""
    return desk.postings(scope, [AccountRole.CLEARING], last=month - 1)


def _cleared(pick: Callable[[asked.ClearingMove], int]) -> Callable[[Desk, Scope, int], Answer]:
    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        if month < asked.month_of(desk.as_of) - 1:
            return desk.absent("not looked at: the report reads two months", Badge.UNRECONCILED)
        return desk.rows(_clearing_rows(desk, scope, month, pick), desk.badge_of(scope, month))

    return work_out


def _clearing_rows(
    desk: Desk, scope: Scope, month: int, pick: Callable[[asked.ClearingMove], int]
) -> Iterable[TraceRow]:
    for move in desk.facts.once(asked.clearing_moves):
        amount = pick(move) if move.month == month and move.entity_id in scope.ids else 0
        if amount:
            yield TraceRow(move.memo, amount, f"entry:{move.entry_id}", move.on)


CLEARED: tuple[tuple[str, str, str, Callable[[asked.ClearingMove], int]], ...] = (
    ("clearing_charges", "Charges", "Cards charged in the month, and other money in, before fees",
     lambda move: max(move.gross_minor, 0) if not move.to_bank else 0),
    ("clearing_fees", "Fees", "What the processor kept in the month", lambda move: move.fee_minor),
    ("clearing_refunds", "Refunds and disputes", "What went back to cards in the month, or was disputed",
     lambda move: max(-move.gross_minor, 0) if not move.to_bank else 0),
    ("clearing_payouts", "Payouts", "What was paid out to the bank in the month, less what came back",
     lambda move: -move.gross_minor if move.to_bank else 0),
)  # fmt: skip

for _key, _name, _formula, _pick in CLEARED:
    metric(
        _key, name=_name, unit=Unit.MONEY, formula=_formula, source="Journal: entries that touch the clearing account",
    )(_cleared(_pick))  # fmt: skip


@metric(
    "clearing_left",
    name="At the card processor, month's end",
    unit=Unit.MONEY,
    formula="Beginning + charges − fees − refunds − payouts of the month",
    source="Journal",
    aggregate=Aggregate.LAST,
)
def clearing_left(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the month's movements leave at the card processor."""
    keys = ("clearing_open", *(key for key, *_ in CLEARED))
    return desk.formula("rolled_forward", *(desk.get(key, scope, month) for key in keys))


@metric(
    "clearing_balance",
    name="At the card processor",
    unit=Unit.MONEY,
    formula="Balance of the clearing account on the as-of date: charges − fees − refunds − payouts of all time",
    source="Journal: accounts with the role clearing",
    monthly=False,
)
def clearing_balance(desk: Desk, scope: Scope, month: int) -> Answer:
    """What stands at the card processor on the as-of date."""
    return desk.postings(scope, [AccountRole.CLEARING], last=months.month_of(desk.as_of))


@metric(
    "clearing_under_way",
    name="On its way to the bank",
    unit=Unit.MONEY,
    formula="Movements whose payout arrives after the as-of date, and what waits at the processor to be paid out by hand",
    source="Movements and payouts of the card processor",
    monthly=False,
)
def clearing_under_way(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the clearing account rightly holds."""
    names = {entity.id: entity.name for entity in desk.facts.entities}
    found = desk.facts.once(asked.clearing_explained)
    return desk.rows(
        TraceRow(f"{names[entity]}: under way, or waiting for a payout by hand", found[entity].rightly_minor)
        for entity in scope.ids
        if entity in found and found[entity].rightly_minor
    )


@metric(
    "clearing_residual",
    name="Clearing residual",
    unit=Unit.MONEY,
    formula="Charges − fees − refunds − payouts of all time − what is on its way to the bank; the target is nothing",
    source="Journal; movements and payouts of the card processor",
    monthly=False,
)
def clearing_residual(desk: Desk, scope: Scope, month: int) -> Answer:
    """What is left in the clearing account and no payout explains."""
    return desk.formula(
        "difference", desk.get("clearing_balance", scope), desk.get("clearing_under_way", scope)
    )
