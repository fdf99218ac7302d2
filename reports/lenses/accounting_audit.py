"""The audits of the accountant's report: the chart of accounts, and what was paid for."""

from collections.abc import Collection, Sequence

from core import months
from portfolio.domain.queries import AccountFact
from portfolio.domain.queries import accounting as asked
from portfolio.models import AccountKind, AccountRole, FlagKind
from reports.document import Cell, Column, Figure, Para, Row, Section, Table, Tone, TraceRow, Unit
from reports.lenses import frame
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk, Scope
from reports.metrics import accounting_audit as audit
from reports.rules.registry import line

MEAN_MONTHS = 3
# So many payments a table lists; its figures are of all.
LISTED = 100
# A category that costs so much more than its mean stands out, in basis points, from this much money on.
STANDS_OUT_BP, STANDS_OUT_MINOR = 2_500, 10_000


def chart(desk: Desk) -> Section:
    """Return the chart of accounts: how much of it is in use, what is misused, and every account."""
    return Section(
        "chart",
        "Chart of accounts",
        (_counts(desk), _misused(desk), _every_account(desk)),
    )


def _counts(desk: Desk) -> Table:
    rows = []
    for scope in (*desk.scopes(), *((desk.all,) if len(desk.scopes()) > 1 else ())):
        accounts = [account for account in desk.facts.accounts if account.entity_id in scope.ids]
        whole = desk.own(
            f"accounts.{scope.slug}", "Accounts in the chart", Unit.COUNT,
            desk.rows(TraceRow(f"{entry.code} {entry.name}", 1, f"account:{entry.id}") for entry in accounts),
            scope=scope.label,
        )  # fmt: skip
        figures = (desk.get("unused_accounts", scope), desk.get("misused_accounts", scope))
        last = scope is desk.all and len(desk.scopes()) > 1
        rows.append(row(frame.whole(desk) if last else scope.label, whole, *figures, total=last))
    return Table(
        "Accounts in use",
        (Column("Entity"), column("Accounts"), column("Unused for a year"), column("Misused")),
        tuple(rows),
        note="Unused: active, and nothing moved it in the twelve months to the report’s month and since. Every entity "
        "starts from the same chart, so many wait for their first use.",
    )


def _misused(desk: Desk) -> Table:
    names = {entity.id: entity.name for entity in desk.entities}
    return Table(
        "Misused accounts",
        (Column("Account"), Column("Entity"), Column("Why"), column("Amount")),
        tuple(
            row(_account(account), names[account.entity_id], why, figure)
            for account, why, figure in audit.misused(desk)
        ),
        note="An account on the wrong side, or sales and direct costs that name no booking where bookings are served.",
        empty="Every account is used for what it is.",
    )


def _account(account: AccountFact) -> Cell:
    return Cell(f"{account.code} {account.name}", ref=f"account:{account.id}")


def _every_account(desk: Desk) -> Table:
    slugs = {entity.id: entity.name for entity in desk.entities}
    idle = {account.id for account in audit.unused(desk, desk.all)}
    wrong = {account.id for account, _, _ in audit.misused(desk)}
    alike: dict[tuple[str, str], list[AccountFact]] = {}
    for account in desk.facts.accounts:
        if account.entity_id in desk.all.ids:
            alike.setdefault((account.code, account.name), []).append(account)
    rows: list[Row] = []
    for (code, name), accounts in sorted(alike.items()):
        users = [slugs[entry.entity_id] for entry in accounts if entry.id not in idle and entry.active]
        mark = "misused" if any(entry.id in wrong for entry in accounts) else "" if users else "unused"
        tone = Tone.BAD if mark == "misused" else Tone.MUTED
        rows.append(
            row(f"{code} {name}", AccountRole(accounts[0].role).label, ", ".join(users) or "nobody",
                Cell(mark or "in use", tone=tone if mark else Tone.GOOD))
        )  # fmt: skip
    return Table(
        "Every account",
        (Column("Account"), Column("What it is for"), Column("Moved within a year by"), Column("State")),
        tuple(rows),
        empty="No entity has a chart of accounts.",
        detail=True,
    )


def expenses(desk: Desk) -> Section:
    """Return what was paid for by category against its mean, what looks wrong, and what was said of it."""
    return Section(
        "expenses",
        "Expense audit",
        (
            _categories(desk),
            Para(
                line("Possible duplicates: ", desk.get("duplicate_candidates"), ". Payments without a receipt: ",
                     desk.get("missing_receipts"), ", together ", desk.get("missing_receipts_amount"),
                     ". Flagged as personal use: ", desk.get("personal_flagged"), ".")
            ),
            _doubles(desk),
            _receipts(desk),
            _said(desk),
        ),
    )  # fmt: skip


def _categories(desk: Desk) -> Table:
    alike: dict[tuple[str, str], list[AccountFact]] = {}
    for account in desk.facts.accounts:
        if (
            account.entity_id in desk.all.ids
            and account.kind == AccountKind.EXPENSE
            and account.role != AccountRole.INTERCOMPANY
        ):
            alike.setdefault((account.code, account.name), []).append(account)
    now_all, mean_all, rows = [], [], []
    for (code, name), accounts in sorted(alike.items()):
        key = f"expense.{account_key(code, accounts, alike)}"
        now, *before = (
            _spent(desk, key, f"{code} {name}", accounts, month)
            for month in range(desk.month, desk.month - MEAN_MONTHS - 1, -1)
        )
        if not any(figure.value for figure in (now, *before)):
            continue
        mean = desk.own(
            f"{key}.mean", f"{name}, mean of the three months before", Unit.MONEY,
            desk.formula("mean", *before),
        )  # fmt: skip
        change = desk.change(now, mean)
        risen = (now.value or 0) - (mean.value or 0)
        out = risen > STANDS_OUT_MINOR and (change.value is None or change.value > STANDS_OUT_BP)
        rows.append(
            row(f"{code} {name}", now, mean, cell(change, plus=True, tone=Tone.WARN if out else Tone.PLAIN))
        )
        now_all.append(now)
        mean_all.append(mean)
    if rows:
        totals = (
            desk.total("expense.all.now", "All categories", now_all),
            desk.total("expense.all.mean", "All categories, mean of the three months before", mean_all),
        )
        rows.append(row("Together", *totals, cell(desk.change(*totals), plus=True), total=True))
    return Table(
        f"What was paid for in {months.label(desk.month)}, against the mean of the three months before",
        (Column("Category"), column(months.label(desk.month)), column("Three-month mean"), column("Change")),
        tuple(rows),
        note="What entities bought of each other is left out. A category that rose by more than a quarter, and by more "
        "than $100, stands out.",
        empty="Nothing was paid for.",
    )


def account_key(code: str, accounts: Sequence[AccountFact], alike: Collection[tuple[str, str]]) -> str:
    """Return what tells like accounts from others in a figure's key: the code, and an account where names differ."""
    return code if sum(other == code for other, _ in alike) == 1 else f"{code}-{accounts[0].id}"


def _spent(desk: Desk, key: str, label: str, accounts: list[AccountFact], month: int) -> Figure:
    answer = desk.moved(desk.all, accounts, first=month, last=month)
    return desk.own(
        f"{key}.{months.iso(month)}", label, Unit.MONEY, answer, scope=desk.all.label,
        period=months.label(month),
    )  # fmt: skip


def _names(desk: Desk) -> dict[int, str]:
    return {entity.id: entity.name for entity in desk.entities}


def _doubles(desk: Desk) -> Table:
    names = _names(desk)
    rows = []
    pairs = audit.doubles(desk, desk.all)
    for pair in pairs[-LISTED:]:
        first, second = pair.first, pair.second
        rows.append(
            row(Cell(second.words, ref=f"entry:{second.entry_id}"), names[second.entity_id], frame.day(first.on),
                frame.day(second.on), cell(_amount(desk, "double", second), cents=True))
        )  # fmt: skip
    return Table(
        "Possible duplicates",
        (Column("Payment"), Column("Entity"), Column("First"), Column("Again"), column("Amount")),
        tuple(rows),
        note="Same payee and amount within three days, in three months and since. Who knows that they are two says so on "
        "the page of expenses." + _unlisted(len(pairs), "The newest"),
        empty="Nothing looks paid twice.",
    )


def _amount(desk: Desk, what: str, paid: asked.ExpenseLine) -> Figure:
    return desk.own(
        f"{what}.{paid.posting_id}", paid.words, Unit.MONEY,
        desk.rows([TraceRow(paid.words, paid.amount_minor, f"entry:{paid.entry_id}", paid.on)]),
    )  # fmt: skip


def _unlisted(number: int, which: str) -> str:
    return f" {which} {LISTED} of {number:,} are listed." if number > LISTED else ""


def _receipts(desk: Desk) -> Table:
    names = _names(desk)
    missing = sorted(
        audit.without_receipt(desk, desk.all, desk.month),
        key=lambda paid: (-paid.amount_minor, paid.posting_id),
    )
    rows = [
        row(Cell(paid.words, ref=f"entry:{paid.entry_id}"), names[paid.entity_id], frame.day(paid.on),
            _amount(desk, "receipt", paid))
        for paid in missing[:LISTED]
    ]  # fmt: skip
    if rows:
        rows.append(row("Together", "", "", desk.get("missing_receipts_amount"), total=True))
    least = desk.facts.assumed("receipt-from-minor", audit.RECEIPT_FROM_MINOR) // 100
    return Table(
        f"Payments of {months.label(desk.month)} without a receipt",
        (Column("Payment"), Column("Entity"), Column("On"), column("Amount")),
        tuple(rows),
        note=f"From ${least:,} on a payment needs a document, unless somebody said why not."
        + _unlisted(len(missing), "The largest"),
        empty="Every larger payment has its document.",
        detail=True,
    )


def _said(desk: Desk) -> Table:
    names = _names(desk)
    rows = [
        row(Cell(paid.words, ref=f"entry:{paid.entry_id}"), names[paid.entity_id], frame.day(paid.on),
            FlagKind(kind).label, note, cell(_amount(desk, "said", paid), cents=True))
        for paid in audit.under_audit(desk, desk.all)
        for kind, note in sorted(paid.flags.items())
    ]  # fmt: skip
    return Table(
        "What was said of expenses",
        (Column("Payment"), Column("Entity"), Column("On"), Column("Flag"), Column("Why"), column("Amount")),
        tuple(rows),
        empty="Nobody has said anything of an expense of these months.",
    )


def scopes_with_books(desk: Desk) -> list[Scope]:
    """Return the scopes that keep books."""
    return [scope for scope in desk.scopes() if desk.begun_in(scope) is not None]
