"""The collecting side of the clients' report: what is collected, who pays when, what hangs on whom, letters and statements."""

from core import months
from mail.models import State
from reports.document import Cell, Chart, Column, Figure, Para, Section, Table, Tone, TraceRow, Unit
from reports.lenses import frame
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk, Scope
from reports.metrics.client_book import book_of
from reports.metrics.registry import REGISTRY
from reports.render import chart_specs as charts
from reports.render.chart_specs.clients import days_against_terms
from reports.rules.registry import line

_MEASURES = ("dso", "best_dso", "days_delinquent", "cei", "velocity_mean", "velocity_median", "inside_terms")
MOST_LETTERS = 10
_LEVELS = {1: "Reminder", 2: "Second reminder", 3: "Last reminder"}


def collection(desk: Desk, shown: tuple[Scope, ...]) -> Section:
    """Return days sales outstanding and its kin with the month before, and by client what was asked for and came in."""
    measures = []
    for key in _MEASURES:
        now, before = desk.get(key), desk.get(key, None, desk.month - 1)
        measures.append(row(REGISTRY[key].name, now, before, _changed(desk, now, before)))
    keys = ("invoiced", "collected", "collection_gap", "client_open", "client_overdue")
    rows = [row(scope.label, *(desk.get(key, scope) for key in keys)) for scope in shown]
    rows.append(row("All clients", *(desk.get(key) for key in keys), total=True))
    return Section(
        "collection",
        "Collection",
        (
            Table(
                "How well is collected",
                (Column("Measure"), column(months.label(desk.month)), column(months.label(desk.month - 1)), column("Change")),
                tuple(measures),
                note="Each formula stands under the definitions. Days delinquent is what late payers add to the best possible.",
            ),
            Table(
                f"Asked for and collected in {months.label(desk.month)}",
                (Column("Client"), column("Invoiced"), column("Collected"), column("Gap"), column("Unpaid now"),
                 column("Overdue now")),
                tuple(rows),
                note="Gap = invoices with their tax − credit notes − collected; below zero, older invoices were paid. Unpaid "
                f"and overdue stand at {frame.day(desk.as_of)}.",
                empty="No client is recorded.",
            ),
        ),
    )  # fmt: skip


def _changed(desk: Desk, now: Figure, before: Figure) -> Cell:
    if now.unit is Unit.PERCENT:
        return cell(desk.change(now, before), plus=True, tone=Tone.PLAIN)
    answer = desk.formula("difference", now, before)
    kept = desk.own(f"moved.{now.key}", f"Change in {now.label.lower()}", now.unit, answer, scope=now.scope)
    return cell(kept, plus=True, tone=Tone.PLAIN)


def velocity(desk: Desk, shown: tuple[Scope, ...]) -> Section:
    """Return how long each client takes to pay against its terms, and which way that goes."""
    rows, bars = [], []
    for scope in (*shown, desk.all):
        mean = desk.get("velocity_mean", scope)
        late, earlier = (
            desk.get("velocity_half_year", scope),
            desk.get("velocity_half_year", scope, desk.month - 6),
        )
        agreed = sorted({contract.terms_days for contract in book_of(desk).contracts_of(scope)})
        together = scope is desk.all
        terms = (
            "" if together else ", ".join(str(days) for days in agreed) + " days" if agreed else "none agreed"
        )
        rows.append(
            row(
                "All clients" if together else scope.label, terms, mean, desk.get("velocity_median", scope),
                desk.get("inside_terms", scope), late, earlier, _trend(desk, late, earlier), total=together,
            )
        )  # fmt: skip
        if not together and (mean.value is not None or agreed):
            bars.append((scope.label, mean.value, agreed[0] * 10 if agreed else None))
    slow = [
        f"{name} ({charts.long(days, Unit.DAYS)} of {agreed_on // 10})"
        for name, days, agreed_on in bars
        if days is not None and agreed_on is not None and days > agreed_on
    ]
    return Section(
        "velocity",
        "Who pays when",
        (
            Table(
                "Days from invoice to payment, over a year",
                (Column("Client"), Column("Terms"), column("Mean by amount"), column("Median"), column("Inside terms"),
                 column("Last half year"), column("Half year before"), column("Trend")),
                tuple(rows),
                note="Only invoices paid whole count; those credited or written off do not. Inside terms counts overdue "
                "ones as late. Trend is in days, slower above zero.",
                empty="No client is recorded.",
            ),
            Chart(
                "days-against-terms",
                "Mean days to pay by client; the upright mark is what was agreed",
                days_against_terms(bars),
                (f"{', '.join(slow)} {'takes' if len(slow) == 1 else 'take'} longer than agreed."
                 if slow else "No client with paid invoices takes longer than agreed."),
            ),
        ),
    )  # fmt: skip


def _trend(desk: Desk, late: Figure, earlier: Figure) -> Cell:
    kept = desk.own(
        f"trend.{late.key}", "Trend of days to pay", Unit.DAYS, desk.formula("difference", late, earlier), scope=late.scope
    )  # fmt: skip
    tone = Tone.MUTED if kept.value is None else Tone.BAD if kept.value > 0 else Tone.GOOD
    return cell(kept, plus=True, tone=tone)


def concentration(desk: Desk, shown: tuple[Scope, ...]) -> Section:
    """Return each client's share of a year's invoices, and how concentrated they are."""
    whole = desk.get("invoiced_12m")
    rows, bars = [], []
    for scope in shown:
        asked = desk.get("invoiced_12m", scope)
        if not asked.value:
            continue
        share = desk.own(
            f"invoiced_share.{scope.slug}", f"{scope.label}’s share of a year’s invoices", Unit.PERCENT,
            desk.formula("share", asked, whole), scope=scope.label,
        )  # fmt: skip
        rows.append(row(scope.label, asked, share))
        bars.append((scope.label, share.value))
    rows.append(row("All clients", whole, "", total=True))
    before = desk.month - 1
    return Section(
        "concentration",
        "What hangs on whom",
        (
            Table(
                f"Invoiced in the twelve months to {months.label(desk.month)}",
                (Column("Client"), column("Invoiced"), column("Share")),
                tuple(rows),
                empty="Nothing was invoiced.",
            ),
            Table(
                "Concentration",
                (Column("Measure"), column(months.label(desk.month)), column(months.label(before))),
                tuple(
                    row(REGISTRY[key].name, desk.get(key), desk.get(key, None, before))
                    for key in ("top_client", "top_three", "client_hhi", "recurring_revenue")
                ),
                note="The index is the sum of the squared shares in percent: 10,000 is one client alone; above 2,500 counts "
                "as high.",
            ),
            Chart(
                "share-by-client",
                "Share of a year’s invoices by client",
                charts.horizontal_bars(bars, unit=Unit.PERCENT, name="Share"),
                (f"{bars[0][0]} is the largest of {len(bars)} clients." if bars else "Nothing was invoiced."),
            ),
        ),
    )  # fmt: skip


def papers(desk: Desk, shown: tuple[Scope, ...]) -> Section:
    """Return the reminders that wait for a person or went, and each client's statement of account."""
    book = book_of(desk)
    letters = []
    drafted = [letter for letter in book.records.letters if letter.entity_id in desk.all.ids]
    for letter in drafted[-MOST_LETTERS:]:
        client = book.clients[letter.client_id]
        asked = desk.own(
            f"letter.{letter.id}", f"Asked for in a reminder to {client.name}", Unit.MONEY,
            desk.rows([TraceRow(client.name, letter.about_minor, f"client:{client.id}", letter.drafted_on)]),
            scope=client.name,
        )  # fmt: skip
        waits = letter.state == State.DRAFT
        letters.append(
            row(
                Cell(client.name, ref=f"client:{client.id}"),
                _LEVELS.get(letter.level, "Reminder"),
                frame.day(letter.drafted_on),
                Cell(State(letter.state).label, tone=Tone.WARN if waits else Tone.PLAIN),
                asked,
            )
        )
    statements = [
        row(
            Cell(f"Statement of {scope.label}", ref=f"statement:{pk}"),
            desk.get("client_open", scope),
            desk.get("client_overdue", scope),
        )
        for scope in shown
        if (pk := book.debtor(scope)) is not None
    ]
    waiting = sum(letter.state == State.DRAFT for letter in drafted)
    return Section(
        "letters",
        "Letters and statements",
        (
            Table(
                "Reminders drafted or sent",
                (Column("Client"), Column("Letter"), Column("Drafted"), Column("State"), column("Asks for")),
                tuple(letters),
                note="A person reads each letter and sends it, or throws it away.",
                empty="No reminder is drafted.",
            ),
            Table(
                "Statement of account of each client, one page",
                (Column("Statement"), column("Unpaid"), column("Overdue")),
                tuple(statements),
                note="Each leads to a page of PDF with every invoice and payment of the last twelve months.",
                empty="No client has been invoiced.",
                detail=True,
            ),
            *(
                (Para(line(f"{waiting} {'reminder waits' if waiting == 1 else 'reminders wait'} for a person to send.")),)
                if waiting
                else ()
            ),
        ),
    )  # fmt: skip
