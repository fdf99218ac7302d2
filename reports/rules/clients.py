"""What is wrong with how clients are served, billed and paid; each clears itself when the records change."""

import datetime as dt

from core import months
from core.money import format_minor
from portfolio.domain import queries
from portfolio.domain.queries.clients import ContractFact, client_notes
from portfolio.models import BillingModel, ContractState
from reports.document import Cell, FindingNote, Severity
from reports.metrics import Desk
from reports.metrics.client_book import book_of, client_scope
from reports.metrics.clients import SOON_DAYS
from reports.rules.registry import Rule

SENT_WITHIN_DAYS = 7
LITTLE_LATE_DAYS = 7
BREACHES = 2


def _slugs(desk: Desk) -> dict[int, str]:
    return {entity.id: entity.slug for entity in desk.entities}


def _of_contract(desk: Desk, contract: ContractFact) -> str:
    return f"{_slugs(desk)[contract.entity_id]}:contract-{contract.id}"


def _served(desk: Desk, contract: ContractFact, since: dt.date) -> int:
    """Return the minutes worked on a contract from a day on."""
    scope = client_scope(desk, book_of(desk).clients[contract.client_id])
    return sum(
        row.minutes
        for row in book_of(desk).work("time", scope, since, desk.as_of)
        if row.contract_id == contract.id
    )


def _month_began(desk: Desk) -> dt.date:
    return months.first_day(desk.month)


def _without_contract(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Time was worked since the month began for a client with whom nothing is on paper."""
    book, found = book_of(desk), []
    for contract in book.contracts_of(desk.all):
        minutes = _served(desk, contract, _month_began(desk))
        if contract.state != ContractState.NONE or not minutes:
            continue
        client = book.clients[contract.client_id]
        worked = desk.get("client_time", client_scope(desk, client))
        found.append(
            rule.finding(
                _of_contract(desk, contract),
                f"Work without a contract: {client.name}",
                worked if worked.value else _hours(minutes),
                f" were worked {'in the month' if worked.value else 'since the month ended'} for ",
                Cell(text=client.name, ref=f"contract:{contract.id}"),
                ", and nothing is agreed on paper"
                + ("" if contract.billing_model else ", not even how the work is billed")
                + ".",
            )
        )
    return found


def _expired(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A contract ran out and the work goes on."""
    book, found = book_of(desk), []
    for contract in book.contracts_of(desk.all):
        ended = contract.expired_on or contract.ends_on
        if contract.state != ContractState.EXPIRED or ended is None:
            continue
        minutes = _served(desk, contract, ended + dt.timedelta(days=1))
        if not minutes:
            continue
        client = book.clients[contract.client_id]
        found.append(
            rule.finding(
                _of_contract(desk, contract),
                f"Contract expired and the work goes on: {client.name}",
                Cell(text=f"The contract of {client.name}", ref=f"contract:{contract.id}"),
                f" ended on {ended:%-d %b %Y}; {_hours(minutes)} were worked since.",
            )
        )
    return found


def _hours(minutes: int) -> str:
    hours, left = divmod(minutes, 60)
    return f"{hours:,} h {left} min" if left else f"{hours:,} h"


def _no_invoice(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A contract earned something in the month by its own terms, and nothing was invoiced from then to now."""
    book, found = book_of(desk), []
    if not desk.facts.whole and not book.invoices(desk.all):
        return []  # A sister invoices it, and this report does not read her invoices.
    for contract in book.contracts_of(desk.all):
        if contract.billing_model == BillingModel.UNDEFINED:
            continue
        client = book.clients[contract.client_id]
        scope, since = client_scope(desk, client), _month_began(desk)
        if not _earned(desk, contract, since):
            continue
        asked = sum(row.net_minor for row in book.invoices(scope) if row.issued_on >= since)
        taken = sum(row.net_minor for row in book.credits(scope) if row.on >= since)
        if asked > taken:
            continue
        found.append(
            rule.finding(
                _of_contract(desk, contract),
                f"No invoice for the month’s work: {client.name}",
                Cell(text=f"The work for {client.name}", ref=f"contract:{contract.id}"),
                " earned ",
                desk.get("earned", scope),
                " in the month, and no invoice that stands was issued since the month began. In all ",
                desk.get("not_invoiced", scope),
                " of work waits for one.",
            )
        )
    return found


def _earned(desk: Desk, contract: ContractFact, since: dt.date) -> bool:
    """Tell whether a contract earned something in the month that was not invoiced ahead of it."""
    book = book_of(desk)
    scope = client_scope(desk, book.clients[contract.client_id])
    return any(
        row.contract_id == contract.id
        and row.value_minor
        and (row.billed_on is None or row.billed_on >= since)
        for kind in ("time", "milestones", "retainers")
        for row in book.work(kind, scope, since, months.last_day(desk.month))
    )


def _not_rebilled(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Something paid for clients before the month's end stands on no invoice."""
    book, found = book_of(desk), []
    for scope in desk.scopes():
        rows = [
            row
            for row in book.work("rebillables", scope, None, months.last_day(desk.month))
            if row.billed_on is None and row.value_minor
        ]
        if not rows:
            continue
        by_client: dict[str, int] = {}
        for row in rows:
            name = book.client_of(row).name
            by_client[name] = by_client.get(name, 0) + (row.value_minor or 0)
        names = ", ".join(
            f"{name} {format_minor(amount, desk.currency, cents=False)}"
            for name, amount in sorted(by_client.items(), key=lambda entry: (-entry[1], entry[0]))[:8]
        )
        count = len(by_client)
        found.append(
            rule.finding(
                scope.slug,
                f"Hosting and the like paid for {count} {'client' if count == 1 else 'clients'} and not invoiced on",
                desk.get("rebillables_open", scope),
                f" since {min(row.on for row in rows):%b %Y}. Up to the month’s end: {names}.",
            )
        )
    return found


def _never_sent(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A draft whose work is over lies, or an invoice issued here is open and no letter of it went, for a week."""
    book, slugs, found = book_of(desk), _slugs(desk), []
    before = desk.as_of - dt.timedelta(days=SENT_WITHIN_DAYS)
    for draft in book.drafts(desk.all):
        if draft.worked_on is None or draft.worked_on > before:
            continue
        name = book.clients[draft.client_id].name
        found.append(
            rule.finding(
                f"{slugs[draft.entity_id]}:invoice-{draft.id}",
                f"Invoice never sent: the draft for {name}",
                Cell(text="The draft", ref=f"invoice:{draft.id}"),
                f" of {format_minor(draft.total_minor, desk.currency)} bills work up to {draft.worked_on:%-d %b %Y} and was "
                "never issued.",
            )
        )
    for row in book.invoices(desk.all):
        if (
            not row.here
            or row.id in book.records.mailed
            or row.issued_on > before
            or not row.open_on(desk.as_of)
        ):
            continue  # fmt: skip
        name = book.clients[row.client_id].name
        found.append(
            rule.finding(
                f"{slugs[row.entity_id]}:invoice-{row.id}",
                f"Invoice never sent: {row.reference} to {name}",
                Cell(text=row.reference, ref=f"invoice:{row.id}"),
                f" of {row.issued_on:%-d %b %Y} is open and no letter with it has gone to {name}.",
            )
        )
    return found


def _breached(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A client paid after the day, or has not paid, twice or more in a year."""
    book, found = book_of(desk), []
    for client in book.clients.values():
        scope = client_scope(desk, client)
        late = book.late_in_year(scope, desk.as_of)
        if len(late) < BREACHES:
            continue
        row, days = max(late, key=lambda entry: (entry[1], entry[0].id))
        owed = desk.get("client_overdue", scope)
        found.append(
            rule.finding(
                f"{_slugs(desk)[client.entity_id]}:client-{client.id}",
                f"Terms breached {'twice' if len(late) == BREACHES else f'{len(late)} times'} in a year: {client.name}",
                Cell(text=row.reference, ref=f"invoice:{row.id}"),
                f" {'is open' if row.open_on(desk.as_of) else 'was paid'} {days} {'day' if days == 1 else 'days'} after its "
                "day, the longest; overdue now: ",
                owed,
                ".",
                severity=Severity.LOW if days <= LITTLE_LATE_DAYS and not owed.value else None,
            )
        )
    return found


def _renewal(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A contract's term ends soon, or has ended and nobody said what becomes of it."""
    book, found = book_of(desk), []
    for contract in book.contracts_of(desk.all):
        ends = contract.ends_on
        if ends is None or contract.state == ContractState.EXPIRED:
            continue
        if ends > desk.as_of + dt.timedelta(days=SOON_DAYS):
            continue
        client = book.clients[contract.client_id]
        notice = "" if contract.notice_days is None else (
            f" Notice is to be given by {ends - dt.timedelta(days=contract.notice_days):%-d %b %Y}."
        )  # fmt: skip
        word = "renews itself" if contract.renews else "ends"
        found.append(
            rule.finding(
                _of_contract(desk, contract),
                f"The contract of {client.name} {word} soon"
                if ends >= desk.as_of
                else f"The term of {client.name} is over",
                Cell(text=f"The contract of {client.name}", ref=f"contract:{contract.id}"),
                f" has a term to {ends:%-d %b %Y}"
                + (" and runs on from there unless somebody gives notice." if contract.renews else ".")
                + notice,
            )
        )
    return found


def _note_contradicts(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A current note says otherwise of a client's paper than the contract."""
    slugs = _slugs(desk)
    return [
        rule.finding(
            f"{slugs[row.entity_id]}:{row.ref.replace(':', '-')}",
            f"The note on clients contradicts the record: {row.where}",
            f"{row.where} says “{row.note_says}”; ",
            Cell(text="the contract", ref=row.ref),
            f" says {row.record_says}.",
        )
        for row in queries.contradictions(
            rows=desk.facts.once(client_notes), records={"client": desk.facts.contracts}
        )
        if row.entity_id in slugs
    ]


CLIENT_RULES = (
    Rule(
        "work-without-contract", "A contract behind all work", Severity.HIGH,
        "Put scope, rate and terms on paper and have it signed", "Owner", 7, _without_contract,
    ),
    Rule(
        "contract-expired", "No work after a contract has run out", Severity.HIGH,
        "Renew the contract, or stop the work", "Owner", 7, _expired,
    ),
    Rule(
        "cycle-without-invoice", "An invoice for every month with work", Severity.HIGH,
        "Draft the invoice from the time sheet and issue it", "Bookkeeper", 3, _no_invoice,
    ),
    Rule(
        "hosting-not-rebilled", "What is paid for clients is invoiced on", Severity.MEDIUM,
        "Invoice on what was paid for clients", "Bookkeeper", 10, _not_rebilled,
    ),
    Rule(
        "invoice-never-sent", "Invoices go out within a week", Severity.MEDIUM,
        "Issue the draft and send the invoice", "Bookkeeper", 2, _never_sent,
    ),
    Rule(
        "terms-breached-twice", "Clients pay inside their terms", Severity.MEDIUM,
        "Send the reminder, and agree on shorter terms or a deposit", "Owner", 10, _breached,
    ),
    Rule(
        "renewal-near", "Renewals decided before they are due", Severity.LOW,
        "Decide on the renewal before notice is due", "Owner", 21, _renewal,
    ),
    Rule(
        "client-note-contradicts", "A note on clients that agrees with their contracts", Severity.LOW,
        "Bring the note up to date", "Owner", 30, _note_contradicts,
    ),
)  # fmt: skip
