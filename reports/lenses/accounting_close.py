"""The close in the accountant's report: what is held, the card processor, receivables by age, checklist, milestones, use."""

import datetime as dt

from core import months
from portfolio.domain.queries import accounting as asked
from portfolio.models import AccountRole, ImportKind, PeriodState
from reports.document import Bullets, Cell, Chart, Column, Figure, Para, Row, Section, Table, Tone, Unit
from reports.lenses import frame, six_twelve
from reports.lenses.accounting_audit import scopes_with_books
from reports.lenses.frame import column, row
from reports.metrics import REGISTRY, Desk, Scope
from reports.metrics.accounting import CLEARED, ROLLED
from reports.metrics.accounting_records import AGES
from reports.metrics.milestones import Standing, standing
from reports.render import chart_specs as charts
from reports.render.chart_specs.ageing import ageing as ageing_chart
from reports.rules.registry import line

HELD = ("held_open", *(key for key, *_ in ROLLED), "held_close", "held_off")
CLEARING = ("clearing_open", *(key for key, *_ in CLEARED), "clearing_left")
# An entity's bank statement older than this is not kept up.
KEPT_UP_DAYS = 35
_STATES = {"met": Tone.GOOD, "ahead": Tone.PLAIN, "slipping": Tone.WARN, "late": Tone.BAD}


def deferred(desk: Desk) -> Section:
    """Return how what is held for clients rolled forward, month by month, tied to the ledger."""
    now = months.month_of(desk.as_of)
    span = range(desk.month - asked.AUDIT_MONTHS + 1, now + 1)
    heads = [months.label(at) + (" to date" if at > desk.month else "") for at in span]
    rows = [
        row(
            _held_name(key),
            *(desk.get(key, None, at) for at in span),
            total=key in ("held_close", "held_off"),
        )
        for key in HELD
    ]
    kept = [scope for scope in scopes_with_books(desk) if any(desk.get(key, scope).value for key in HELD)]
    blocks: list[Table] = [
        Table(
            "What is held for clients, rolled forward",
            (Column("Movement"), *(column(head) for head in heads)),
            tuple(rows),
            note="Close = open + received in advance − recognised − refunded − forfeited + other entries. The ledger’s own "
            "balance is the close; the last line is what the movements miss of it.",
        )
    ]
    if len(desk.scopes()) > 1:
        shown = (
            "held_open",
            "held_received",
            "held_recognised",
            "held_refunded",
            "held_forfeited",
            "held_close",
        )
        blocks.append(
            Table(
                f"Held by entity in {months.label(desk.month)}",
                (Column("Entity"), *(column(_held_name(key)) for key in shown)),
                tuple(row(scope.label, *(desk.get(key, scope) for key in shown)) for scope in kept),
                empty="Nothing was held in the month.",
                detail=True,
            )
        )
    return Section("deferred", "Deferred revenue", tuple(blocks))


def _held_name(key: str) -> str:
    return {"held_open": "Open", "held_close": "Close", "held_off": "Difference"}.get(key, REGISTRY[key].name)


def clearing(desk: Desk) -> Section:
    """Return what passed the card processor, what is left there, and how far bank lines stand for entries."""
    span = (desk.month - 1, desk.month)
    rows = [
        row(REGISTRY[key].name, *(desk.get(key, None, at) for at in span), total=key == "clearing_left")
        for key in CLEARING
    ]
    moved = {account for account, _ in desk.facts.movements}
    cards = [
        scope
        for scope in scopes_with_books(desk)
        if any(account.id in moved for account in desk.facts.accounts_in(scope.ids, AccountRole.CLEARING))
    ]
    banks = [scope for scope in scopes_with_books(desk) if desk.get("bank_lines", scope).value]
    lines = (
        "bank_lines", "bank_lines_matched", "reconciled_share", "uncategorised_count", "uncategorised_share",
    )  # fmt: skip
    return Section(
        "clearing",
        "Card processor and bank lines",
        (
            Table(
                "Through the card processor",
                (Column("Movement"), *(column(months.label(at)) for at in span)),
                tuple(rows),
                note="Charges − fees − refunds − payouts come to nothing once the last payout has arrived.",
            ),
            Table(
                f"Left at the card processor on {frame.day(desk.as_of)}",
                (Column("Entity"), column("In the account"), column("On its way"), column("Residual")),
                _by_entity(desk, cards, ("clearing_balance", "clearing_under_way", "clearing_residual")),
                note="On its way: movements whose payout arrives later, and what waits to be paid out by hand. The target "
                "of the residual is nothing.",
                empty="No entity takes cards.",
            ),
            Table(
                f"Bank lines of {months.label(desk.month)}",
                (Column("Entity"), column("Lines"), column("With an entry"), column("Reconciled"),
                 column("No category"), column("Share")),
                _by_entity(desk, banks, lines),
                note="A line is reconciled when it stands for an entry of the books; one without a category stands for one "
                "that waits on an uncategorised account.",
                empty="No bank statement was brought in.",
            ),
            *six_twelve.blocks(desk, "uncategorised_count"),
        ),
    )  # fmt: skip


def _by_entity(desk: Desk, scopes: list[Scope], keys: tuple[str, ...]) -> tuple[Row, ...]:
    """Return a row for each of some entities, and one for all together."""
    rows = [row(scope.label, *(desk.get(key, scope) for key in keys)) for scope in scopes]
    if rows and len(desk.scopes()) > 1:
        rows.append(row(frame.whole(desk), *(desk.get(key) for key in keys), total=True))
    return tuple(rows)


def ageing(desk: Desk) -> Section:
    """Return receivables by age, counted from the due day and from the day of issue, and tied to the ledger."""
    due = [desk.get(f"due_{age}") for age in AGES]
    issued = [desk.get(f"issued_{age}") for age in AGES]
    whole = desk.total("issued_all", "Open invoices by the day of issue", issued)
    rows = [
        row(name, by_due, by_issue) for name, by_due, by_issue in zip(asked.AGES, due, issued, strict=True)
    ]
    rows.append(row("Together", desk.get("receivables_open"), whole, total=True))
    series = {
        "By due day": [figure.value for figure in due],
        "By day of issue": [figure.value for figure in issued],
    }
    kept = [scope for scope in scopes_with_books(desk) if desk.get("receivables_open", scope).value]
    blocks: list[Table | Chart | Para] = [
        Table(
            f"Receivables by age on {frame.day(desk.as_of)}",
            (Column("Age in days"), column("By due day"), column("By day of issue")),
            tuple(rows),
            note="By due day, current is not due yet; an invoice without one is due on the day it was issued.",
        ),
        Chart(
            "receivables-by-age",
            "Receivables by age, both ways of counting",
            ageing_chart(asked.AGES, series, currency=desk.currency),
            _aged_words(desk, due),
        ),
        Para(
            line("The ledger holds ", desk.get("receivables"), "; open invoices are ", desk.get("receivables_open"),
                 " and clients’ credit is ", desk.get("client_credit"), ", a difference of ",
                 desk.get("receivables_off"), ".")
        ),
    ]  # fmt: skip
    if len(desk.scopes()) > 1:
        blocks.append(
            Table(
                "Receivables by entity and due day",
                (Column("Entity"), *(column(name) for name in asked.AGES), column("Together")),
                tuple(
                    row(scope.label, *(desk.get(f"due_{age}", scope) for age in AGES),
                        desk.get("receivables_open", scope))
                    for scope in kept
                ),
                empty="Nobody owes anything.",
                detail=True,
            )
        )  # fmt: skip
    return Section("ageing", "Receivables by age", tuple(blocks))


def _aged_words(desk: Desk, due: list[Figure]) -> str:
    parts = [
        f"{name.lower()} {charts.long(figure.value or 0, Unit.MONEY, desk.currency)}"
        for name, figure in zip(asked.AGES, due, strict=True)
        if figure.value
    ]
    return f"Receivables by days past the due day: {', '.join(parts)}." if parts else "Nobody owes anything."


def checklist(desk: Desk) -> Section:
    """Return how far each entity's month has come on its way to the close."""
    numbers = {(row.entity_id, row.month, row.what): row.number for row in desk.facts.once(asked.counts)}
    states = {(fact.entity_id, fact.month): fact for fact in desk.facts.closes}
    rows = []
    for scope in scopes_with_books(desk):
        pk = scope.ids[0]
        fact = states.get((pk, desk.month))
        state = PeriodState(fact.state) if fact else PeriodState.OPEN
        tone = {
            PeriodState.OPEN: Tone.WARN,
            PeriodState.RECONCILED: Tone.PLAIN,
            PeriodState.CLOSED: Tone.GOOD,
        }[state]
        ticked = numbers.get((pk, desk.month, "ticks"), 0)
        rows.append(
            row(scope.label, Cell(state.label.lower(), tone=tone), desk.get("close_lag", scope),
                desk.get("months_open", scope), desk.get("uncategorised_count", scope),
                Cell(_count(numbers.get((pk, desk.month, "drafts"), 0), "none")), Cell(f"{ticked} of {len(asked.TICKS)}"))
        )  # fmt: skip
    opened = [
        line(f"{entity.name}: {months.label(fact.month)} was closed and opened again: {fact.reopen_reason}.")
        for entity in desk.entities
        for fact in desk.facts.closes
        if fact.entity_id == entity.id and fact.reopen_reason
    ]
    table = Table(
        f"The close of {months.label(desk.month)}",
        (Column("Entity"), Column("Month"), column("Close lag"), column("Months not closed"), column("No category"),
         Column("Drafts"), Column("Looked at by hand")),
        tuple(rows),
        note="Close lag: days from the month’s end to its close, or to this report while it is open. The computed checks "
        "of a month stand on its page, with what each found.",
        empty="No entity keeps books.",
    )  # fmt: skip
    return Section(
        "close", "Close checklist and lag", (table, Bullets(tuple(opened))) if opened else (table,)
    )


def _count(number: int, none: str) -> str:
    return str(number) if number else none


def plan(desk: Desk) -> Section:
    """Return the milestones to break-even, each held against the records."""
    rows = standing(desk)
    table = Table(
        f"{len(rows)} milestones to break-even" if len(rows) != 1 else "1 milestone to break-even",
        (Column("Milestone"), Column("About"), Column("Owner"), Column("Promised"), Column("Due"), Column("State")),
        tuple(
            row(entry.row.title, entry.row.entity.name if entry.row.entity else frame.whole(desk), entry.row.owner,
                frame.day(entry.row.promised_on), frame.day(entry.row.due_on),
                Cell(_state(entry), tone=_STATES[entry.state]))
            for entry in rows
        ),
        note="The records tell whether one is met; nobody ticks it. Slipping: its day was moved.",
        empty="No milestone is promised; the plan to break-even has none.",
    )  # fmt: skip
    evidence = tuple(line(f"{entry.row.title}: ", *entry.evidence) for entry in rows)
    return Section(
        "milestones", "Milestones to break-even", (table, Bullets(evidence)) if evidence else (table,)
    )


def _state(entry: Standing) -> str:
    if entry.state == "slipping":
        return f"slipping by {entry.slip_days} day{'' if entry.slip_days == 1 else 's'}"
    return entry.state


def in_use(desk: Desk) -> Section:
    """Return whether the bookkeeping is actually in use, entity by entity."""
    numbers = [row for row in desk.facts.once(asked.counts) if row.what == "all"]
    newest = {row.entity_id: row.newest for row in numbers}
    rows, used = [], 0
    for scope in desk.scopes():
        verdict, tone = _verdict(desk, scope)
        used += tone is Tone.GOOD
        reach = _statement_to(desk, scope)
        rows.append(
            row(scope.label, frame.day(newest.get(scope.ids[0])) if newest.get(scope.ids[0]) else "none in 30 days",
                frame.day(reach) if reach else "none", desk.get("entries_30d", scope),
                desk.get("entries_by_hand_30d", scope), desk.get("months_reconciled", scope), Cell(verdict, tone=tone))
        )  # fmt: skip
    return Section(
        "in-use",
        "Is the bookkeeping in use",
        (
            Table(
                "How the books are kept",
                (Column("Entity"), Column("Newest entry"), Column("Bank statement to"), column("Entries, 30 days"),
                 column("By people"), column("Months reconciled"), Column("Verdict")),
                tuple(rows),
                note=f"In use: entries in thirty days, a bank statement of the last {KEPT_UP_DAYS} days, and a reconciled "
                "month in the last ninety. Fed, not kept: lines come in, and nobody agrees them with a statement.",
                empty="There is no entity.",
            ),
            Para(line(f"{used} of {len(rows)} {'set' if len(rows) == 1 else 'sets'} of books {'is' if used == 1 else 'are'} in use.")),
        ),
    )  # fmt: skip


def _statement_to(desk: Desk, scope: Scope) -> dt.date | None:
    days = [
        day
        for (entity, kind), day in desk.facts.freshness.items()
        if entity in scope.ids and kind in (ImportKind.BANK_CSV, ImportKind.OFX)
    ]
    return max(days, default=None)


def _verdict(desk: Desk, scope: Scope) -> tuple[str, Tone]:
    if desk.begun_in(scope) is None:
        return "not begun", Tone.MUTED
    reach = _statement_to(desk, scope)
    fed = reach is not None and (desk.as_of - reach).days <= KEPT_UP_DAYS
    lately = any(
        entity in scope.ids and (desk.as_of - months.last_day(month)).days <= 90
        for entity, month in desk.facts.reconciled
    )
    if not desk.get("entries_30d", scope).value:
        return "asleep", Tone.BAD
    if fed and lately:
        return "in use", Tone.GOOD
    return ("fed, not kept", Tone.WARN) if fed else ("kept by hand, no statement", Tone.WARN)
