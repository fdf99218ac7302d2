"""The accountant's live checks: revenue in its time, a clean close, proofs that hold, receipts and doubles."""

from collections import defaultdict

from core import months
from core.money import format_minor
from portfolio.domain.queries import accounting as asked
from portfolio.models import AccountRole, BookingStage, PeriodState
from reports.document import Cell, Figure, FindingNote, Severity
from reports.metrics import Desk, Scope
from reports.metrics import accounting_audit as audit
from reports.metrics.milestones import standing
from reports.rules.registry import Rule

# So many days after its end a month is to be closed.
CLOSE_WITHIN_DAYS = 20


def _slugs(desk: Desk) -> dict[int, str]:
    return {entity.id: entity.slug for entity in desk.facts.entities}


def _books(desk: Desk) -> list[Scope]:
    """Return the scopes that keep books."""
    return [scope for scope in desk.scopes() if desk.begun_in(scope) is not None]


def _said(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _recognised_early(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Revenue of a booking that is not completed, or of a month before that of its service."""
    codes = {account.id: account.code for account in desk.facts.accounts}
    bookings = {row.id: row for row in desk.facts.bookings if row.entity_id in desk.all.ids}
    early: dict[int, int] = defaultdict(int)
    for posting in desk.facts.linked:
        row = bookings.get(posting.booking_id)
        if row is None or posting.role != AccountRole.REVENUE or codes.get(posting.account_id) == asked.KEPT:
            continue
        ahead = row.service_on is not None and posting.month < months.month_of(row.service_on)
        if ahead or row.stage != BookingStage.COMPLETED:
            early[row.id] -= posting.amount_minor
    slugs = _slugs(desk)
    return [
        rule.finding(
            f"{slugs[row.entity_id]}:{row.id}",
            f"Revenue before the service: {row.reference}",
            Cell(text=f"{row.reference} {row.title}", ref=f"booking:{row.id}"),
            f" has revenue of {format_minor(amount, desk.currency)}"
            + (
                " and is not completed."
                if row.stage != BookingStage.COMPLETED
                else f" of a month before {months.label(months.month_of(row.service_on))}, in which it was served."
                if row.service_on
                else "."
            ),
        )
        for pk, amount in sorted(early.items())
        if amount and (row := bookings[pk])
    ]


def _without_invoice(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A completed event with a price of which the books hold no revenue and no invoice."""
    # An invoice for a booking is a receivable that names it.
    told = {
        row.booking_id
        for row in desk.facts.linked
        if row.role in (AccountRole.REVENUE, AccountRole.RECEIVABLE)
    }
    slugs = _slugs(desk)
    return [
        rule.finding(
            f"{slugs[row.entity_id]}:{row.id}",
            f"Completed and never billed: {row.reference}",
            Cell(text=f"{row.reference} {row.title}", ref=f"booking:{row.id}"),
            f" was completed on {row.completed_on:%-d %b %Y} at {format_minor(row.price_minor, desk.currency)}; "
            "no revenue names it, and no invoice was issued.",
        )
        for row in desk.facts.bookings
        if row.entity_id in desk.all.ids
        and row.stage == BookingStage.COMPLETED
        and row.completed_on is not None
        and row.completed_on <= desk.as_of
        and row.price_minor > 0
        and row.id not in told
    ]


def _behind_close(rule: Rule, desk: Desk) -> list[FindingNote]:
    """An entry that came into a month after it was closed."""
    if not desk.facts.closed:
        return []
    slugs = _slugs(desk)
    return [
        rule.finding(
            f"{slugs[row.entity_id]}:{row.entry_id}",
            f"An entry behind a close: {row.memo}",
            Cell(text=row.memo, ref=f"entry:{row.entry_id}"),
            f" of {row.on:%-d %b %Y} was posted after {months.label(months.month_of(row.on))} was closed.",
        )
        for row in desk.facts.once(asked.behind_close)
        if row.entity_id in desk.all.ids
    ]


def _roll_forward(rule: Rule, desk: Desk) -> list[FindingNote]:
    found = []
    for scope in _books(desk):
        off = desk.get("held_off", scope)
        if off.value:
            found.append(
                rule.finding(
                    scope.slug,
                    f"Deferred revenue of {scope.label} does not roll forward",
                    "The ledger and the movements of the month differ by ", off, ".",
                )
            )  # fmt: skip
    return found


def _clearing(rule: Rule, desk: Desk) -> list[FindingNote]:
    found = []
    for scope in _books(desk):
        residual = desk.get("clearing_residual", scope)
        if residual.value:
            found.append(
                rule.finding(
                    scope.slug,
                    f"The card processor’s account of {scope.label} does not come to nothing",
                    "It holds ", desk.get("clearing_balance", scope), ", of which ",
                    desk.get("clearing_under_way", scope), " is on its way to the bank; ", residual,
                    " is left that no payout explains.",
                )
            )  # fmt: skip
    return found


def _receivables(rule: Rule, desk: Desk) -> list[FindingNote]:
    found = []
    for scope in _books(desk):
        off = desk.get("receivables_off", scope)
        if off.value:
            found.append(
                rule.finding(
                    scope.slug,
                    f"Receivables of {scope.label} are not its open invoices",
                    "The ledger holds ", desk.get("receivables", scope), "; invoices and credits come to ",
                    desk.figures[f"receivables_net.{scope.slug}"], ", a difference of ", off, ".",
                )
            )  # fmt: skip
    return found


def _duplicates(rule: Rule, desk: Desk) -> list[FindingNote]:
    slugs = _slugs(desk)
    return [
        rule.finding(
            f"{slugs[pair.second.entity_id]}:{pair.second.entry_id}",
            f"Paid twice? {pair.second.words}",
            f"{format_minor(pair.second.amount_minor, desk.currency)} was paid on {pair.first.on:%-d %b} (",
            Cell(text="the first", ref=f"entry:{pair.first.entry_id}"),
            f") and again on {pair.second.on:%-d %b %Y} (",
            Cell(text="the second", ref=f"entry:{pair.second.entry_id}"),
            ").",
        )
        for pair in audit.doubles(desk, desk.all)
    ]


def _receipts(rule: Rule, desk: Desk) -> list[FindingNote]:
    lines = audit.without_receipt(desk, desk.all, desk.month)
    if not lines:
        return []
    largest = max(lines, key=lambda paid: paid.amount_minor)
    return [
        rule.finding(
            desk.all.slug,
            f"{_said(len(lines), 'payment', 'payments')} without a receipt in {months.label(desk.month)}",
            desk.get("missing_receipts_amount"), " was paid without a document (",
            _listed(desk, [paid.entity_id for paid in lines]), "). The largest is ",
            Cell(text=largest.words, ref=f"entry:{largest.entry_id}"), ".",
        )
    ]  # fmt: skip


def _listed(desk: Desk, ids: list[int]) -> str:
    """Return how often each entity is among some, in words."""
    return ", ".join(f"{entity.name} {ids.count(entity.id)}" for entity in desk.entities if entity.id in ids)


def _personal(rule: Rule, desk: Desk) -> list[FindingNote]:
    slugs = _slugs(desk)
    return [
        rule.finding(
            f"{slugs[line.entity_id]}:{line.entry_id}",
            f"Personal use on the books: {line.words}",
            Cell(text=line.words, ref=f"entry:{line.entry_id}"),
            f" of {line.on:%-d %b %Y}, {format_minor(line.amount_minor, desk.currency)}: “{line.flags['personal']}”.",
        )
        for line in audit.under_audit(desk, desk.all)
        if "personal" in line.flags
    ]


def _misused(rule: Rule, desk: Desk) -> list[FindingNote]:
    found = []
    for scope in _books(desk):
        rows = [row for row in audit.misused(desk) if row[0].entity_id in scope.ids]
        evidence: list[str | Figure | Cell] = []
        for account, why, figure in rows:
            name = Cell(text=f"{account.code} {account.name}", ref=f"account:{account.id}")
            evidence += [name, f": {why}, ", figure, "; " if account is not rows[-1][0] else "."]
        if rows:
            title = f"{_said(len(rows), 'misused account', 'misused accounts')} of {scope.label}"
            found.append(rule.finding(scope.slug, title, *evidence))
    return found


def _not_reconciled(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Books with entries in the month that nobody has agreed with a statement."""
    open_books = [
        scope
        for scope in _books(desk)
        if scope.ids[0] in desk.facts.active[desk.month] and not desk.is_reconciled(scope, desk.month)
    ]
    if not open_books:
        return []
    month = months.label(desk.month)
    return [
        rule.finding(
            desk.all.slug,
            f"{month} is not reconciled: {_said(len(open_books), 'set', 'sets')} of books",
            "Nobody has agreed ", ", ".join(scope.label for scope in open_books), " with the bank’s balance at the end of "
            f"{month}. Of its bank lines ", desk.get("reconciled_share"), " stand for an entry.",
        )
    ]  # fmt: skip


def _close_late(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Months that should have been closed by now; the newest has its time."""
    last = desk.month
    while (desk.as_of - months.last_day(last)).days <= CLOSE_WITHIN_DAYS:
        last -= 1
    late = desk.get("months_open", None, last)
    if not late.value:
        return []
    again = [row for row in desk.facts.closes if row.reopen_reason and row.state == PeriodState.OPEN]
    names = {entity.id: entity.name for entity in desk.entities}
    words = "".join(
        f" {names[row.entity_id]} opened {months.label(row.month)} again: {row.reopen_reason}."
        for row in again
        if row.entity_id in names
    )
    return [
        rule.finding(
            desk.all.slug,
            f"{_said(late.value, 'month', 'months')} of books not closed up to {months.label(last)}",
            late,
            f" still take{'s' if late.value == 1 else ''} entries more than {CLOSE_WITHIN_DAYS} days after "
            f"{'its' if late.value == 1 else 'their'} end.{words}",
        )
    ]


def _milestones(rule: Rule, desk: Desk) -> list[FindingNote]:
    found = []
    for entry in standing(desk):
        if entry.met or not (entry.late or entry.slip_days > 0):
            continue
        row = entry.row
        slug = row.entity.slug if row.entity is not None else desk.all.slug
        moved = (
            f"Promised for {row.promised_on:%-d %b %Y}, now due on {row.due_on:%-d %b %Y}. "
            if entry.slip_days
            else f"It was due on {row.due_on:%-d %b %Y}. "
        )
        found.append(
            rule.finding(
                f"{slug}:milestone:{row.pk}",
                f"{'Late' if entry.late else 'Slipping'}: {row.title}",
                Cell(text=moved),
                *entry.evidence,
                severity=Severity.HIGH if entry.late else None,
            )
        )
    return found


ACCOUNTING_RULES = (
    Rule("recognised-early", "No revenue before its service", Severity.HIGH,
         "Reverse the revenue and let the completion earn it", "Bookkeeper", 3, _recognised_early),
    Rule("event-without-invoice", "Revenue or an invoice for every completed event", Severity.HIGH,
         "Invoice the event, or earn what was paid for it", "Bookkeeper", 3, _without_invoice),
    Rule("entry-in-closed-period", "No entry in a closed month", Severity.CRITICAL,
         "Find out how the entry came there, and verify the books", "Bookkeeper", 1, _behind_close),
    Rule("roll-forward-off", "Deferred revenue that rolls forward to the ledger", Severity.CRITICAL,
         "Verify the books and find the entry that was read wrongly", "Bookkeeper", 1, _roll_forward),
    Rule("clearing-open", "A card processor’s account that comes to nothing", Severity.MEDIUM,
         "Fetch the processor’s movements again and find the payout that is off", "Bookkeeper", 7, _clearing),
    Rule("receivables-off", "Receivables that are the open invoices", Severity.HIGH,
         "Find the posting that no invoice or payment explains", "Bookkeeper", 5, _receivables),
    Rule("duplicate-payment", "Nothing paid twice", Severity.MEDIUM,
         "Ask for the money back, or say that they are two", "Bookkeeper", 7, _duplicates),
    Rule("receipt-missing", "A document for every larger payment", Severity.LOW,
         "Attach the receipts, or say why none is needed", "Bookkeeper", 14, _receipts),
    Rule("personal-use", "No personal use on the books", Severity.MEDIUM,
         "Have it paid back, or post it to owner draws", "Owner", 14, _personal),
    Rule("misused-account", "Accounts used for what they are", Severity.LOW,
         "Post anew with the booking, or to the account meant for it", "Bookkeeper", 14, _misused),
    Rule("not-reconciled", "Each month’s books agreed with its bank statement", Severity.HIGH,
         "Agree the month with its bank statement", "Bookkeeper", 5, _not_reconciled),
    Rule("close-late", "Each month closed in its time", Severity.MEDIUM,
         "Close the oldest open month first", "Bookkeeper", 10, _close_late),
    Rule("milestone-slipping", "Milestones to break-even on their day", Severity.MEDIUM,
         "Do what the milestone asks, or give it a day that can be kept", "Owner", 14, _milestones),
)  # fmt: skip
