"""The lens of an agency's clients: what was earned and not invoiced, who pays when, what hangs on whom, what it costs.

One entity may do the work and a sister issue the invoices, so it looks at both together. The parts of the collecting side
are next door, in `clients_paying`.
"""

import datetime as dt

from core import months
from portfolio.domain.queries import clients as records
from portfolio.models import BillingModel, ContractState, EntityKind
from reports.document import (
    Cell,
    Chart,
    Column,
    Draft,
    Figure,
    FindingNote,
    Head,
    Line,
    Para,
    Section,
    Table,
    Tone,
    TraceRow,
    Unit,
)
from reports.lenses import base, clients_paying, frame, six_twelve
from reports.lenses.frame import cell, column, row
from reports.lenses.sources import BOOKS, Watched
from reports.metrics import Desk, Facts, Scope
from reports.metrics.client_book import book_of, client_scope, of_facts
from reports.metrics.clients import open_work
from reports.render import chart_specs as charts
from reports.rules import SHORTFALLS, counted, run
from reports.rules.clients import CLIENT_RULES
from reports.rules.registry import line

TREND_MONTHS = 12
MOST_CLIENTS = 20
RULES = (*CLIENT_RULES, *(rule for rule in SHORTFALLS if rule.name == "billing-undefined"))
AGES = (("Up to 30 days", None, 30), ("31 to 60", 30, 60), ("61 to 90", 60, 90), ("Over 90", 90, None))
# What a healthy client looks like, and how many of these it takes.
CHECKS = ("Paper", "Billing", "Nothing overdue", "Pays in time", "All invoiced", "Margin")
SOUND, WATCH = 5, 4


def draft(desk: Desk, head: Head) -> Draft:
    """Work out the report of an agency's clients at a desk."""
    findings = run(RULES, desk)
    shown = _shown(desk)
    return frame.assemble(
        desk,
        head=head,
        headline=_headline(desk, counted(findings, desk)),
        kpis=_kpis(desk),
        sections=(
            _glance(desk, shown),
            _earned(desk, shown),
            _billing(desk, shown),
            _waiting(desk, shown),
            clients_paying.collection(desk, shown),
            clients_paying.velocity(desk, shown),
            clients_paying.concentration(desk, shown),
            _contracts(desk),
            _cost(desk, shown),
            clients_paying.papers(desk, shown),
        ),
        findings=findings,
        decisions=_decisions(counted(findings, desk)),
        rules=RULES,
    )


def _shown(desk: Desk) -> tuple[Scope, ...]:
    """Return the clients a table shows: those with a contract, or asked for something in a year or open, largest first."""
    found = []
    for client in book_of(desk).clients.values():
        scope = client_scope(desk, client)
        asked = desk.get("invoiced_12m", scope).value or 0
        if asked or book_of(desk).contracts_of(scope) or desk.get("client_open", scope).value:
            found.append((scope, asked))
    found.sort(key=lambda entry: -entry[1])
    return tuple(scope for scope, _ in found[:MOST_CLIENTS])


def more(desk: Desk, shown: tuple[Scope, ...]) -> str:
    """Return the sentence that says how many clients a table leaves out, or nothing."""
    left = len(book_of(desk).clients) - len(shown)
    if left <= 0:
        return ""
    return f" {left} more {'client counts' if left == 1 else 'clients count'} in the total and {'is' if left == 1 else 'are'} not listed."


def _headline(desk: Desk, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    month = months.label(desk.month)
    count = len(findings)
    return (
        line(f"The work of {month} earned ", desk.get("earned"), "; ", desk.get("invoiced"), " was invoiced. The gap is ",
             desk.get("billing_gap"), ", ", desk.get("leak"), " of what was earned."),
        line("Clients owe ", desk.get("client_open"), ", of which ", desk.get("client_overdue"), " is overdue; ",
             desk.get("not_invoiced"), " of work and ", desk.get("rebillables_open"),
             " paid for clients stand on no invoice."),
        line("A dollar invoiced is paid after ", desk.get("velocity_mean"), "; ", desk.get("inside_terms"),
             " of invoices are paid inside their terms."),
        line("The largest client is ", desk.get("top_client"), " of a year’s invoices, the three largest ",
             desk.get("top_three"), "; ", desk.get("recurring_revenue"), " a month recurs."),
        line(f"{count} {'finding is' if count == 1 else 'findings are'} open; ", desk.get("renewals_60"),
             f" {_ending(desk)} within 60 days."),
    )  # fmt: skip


def _ending(desk: Desk) -> str:
    return "contract ends or renews" if desk.get("renewals_60").value == 1 else "contracts end or renew"


def _kpis(desk: Desk) -> tuple[frame.Kpi, ...]:
    return tuple(
        frame.kpi(desk, key)
        for key in (
            "earned", "billing_gap", "leak", "effective_rate", "dso", "days_delinquent", "cei", "velocity_mean",
            "top_client", "client_margin",
        )
    )  # fmt: skip


def paper_of(contract: records.ContractFact) -> str:
    """Return how firm a contract's paper is, in a word or two."""
    if contract.state == ContractState.SIGNED and contract.renews:
        return "Signed, renews itself"
    return ContractState(contract.state).label


def _glance(desk: Desk, shown: tuple[Scope, ...]) -> Section:
    rows, checks = [], []
    for scope in shown:
        contracts = book_of(desk).contracts_of(scope)
        told = _checks(desk, scope, contracts)
        held = sum(held is True for _, held in told)
        health = desk.own(
            f"health.{scope.slug}", "Checks that hold", Unit.COUNT,
            desk.rows(TraceRow(name, int(holds)) for name, holds in told if holds is not None),
            scope=scope.label,
        )  # fmt: skip
        tone = Tone.GOOD if held >= SOUND else Tone.WARN if held >= WATCH else Tone.BAD
        word = {Tone.GOOD: "sound", Tone.WARN: "watch", Tone.BAD: "at risk"}[tone]
        rows.append(
            row(
                _named(desk, scope),
                ", ".join(paper_of(contract) for contract in contracts) or "No contract",
                ", ".join(BillingModel(contract.billing_model).label for contract in contracts)
                or "Undefined",
                desk.get("client_open", scope),
                _owed(desk.get("client_overdue", scope)),
                Cell(word, tone=tone),
                cell(health, tone=tone),
            )
        )
        words = {True: Cell("yes", tone=Tone.GOOD), False: Cell("no", tone=Tone.BAD), None: Cell("n/a", tone=Tone.MUTED)}  # fmt: skip
        checks.append(row(scope.label, *(words[holds] for _, holds in told)))
    rows.append(
        row("All clients", "", "", desk.get("client_open"), desk.get("client_overdue"), "", "", total=True)
    )
    return Section(
        "clients",
        "Clients at a glance",
        (
            Table(
                f"Paper, debts and health on {frame.day(desk.as_of)}",
                (Column("Client"), Column("Paper"), Column("Billed"), column("Unpaid"), column("Overdue"),
                 Column("Health"), column(f"Of {len(CHECKS)} checks")),
                tuple(rows),
                note=f"Sound is {SOUND} checks or more, watch {WATCH}, at risk fewer." + more(desk, shown),
                empty="No client is recorded.",
            ),
            Table(
                "What health is made of",
                (Column("Client"), *(Column(name) for name in CHECKS)),
                tuple(checks),
                note="Paper: signed and in its term. Billing: somebody has said how the work is billed. Pays in time: "
                "fewer than two invoices late in a year. All invoiced: the month’s earnings are. Margin: the month’s "
                "earnings cover the cost to serve.",
                empty="No client is recorded.",
                detail=True,
            ),
        ),
    )  # fmt: skip


def _named(desk: Desk, scope: Scope) -> Cell:
    (pk,) = book_of(desk).of(scope)
    return Cell(text=scope.label, ref=f"client:{pk}")


def _owed(figure: Figure) -> Cell:
    return cell(figure, tone=Tone.BAD if figure.value else Tone.PLAIN)


def _checks(
    desk: Desk, scope: Scope, contracts: tuple[records.ContractFact, ...]
) -> tuple[tuple[str, bool | None], ...]:
    gap, margin = desk.get("billing_gap", scope).value, desk.get("client_margin", scope).value
    overdue = desk.get("client_overdue", scope).value
    return (
        ("Paper", bool(contracts) and all(
            contract.state == ContractState.SIGNED
            and (contract.ends_on is None or contract.renews or contract.ends_on >= desk.as_of)
            for contract in contracts
        )),
        ("Billing", bool(contracts) and all(contract.billing_model for contract in contracts)),
        ("Nothing overdue", None if overdue is None else not overdue),
        ("Pays in time", None if overdue is None else len(book_of(desk).late_in_year(scope, desk.as_of)) < 2),
        ("All invoiced", None if gap is None else gap <= 0),
        ("Margin", None if margin is None else margin >= 0),
    )  # fmt: skip


def _earned(desk: Desk, shown: tuple[Scope, ...]) -> Section:
    month = months.label(desk.month)
    keys = (
        "client_time", "time_value", "milestones_reached", "retainers_due", "paid_for_clients", "earned", "effective_rate",
    )  # fmt: skip
    rows = [row(scope.label, *(desk.get(key, scope) for key in keys)) for scope in shown]
    rows.append(row("All clients", *(desk.get(key) for key in keys), total=True))
    unpriced = [
        entry
        for entry in book_of(desk).work(
            "time", desk.all, months.first_day(desk.month), months.last_day(desk.month)
        )
        if entry.billable and entry.value_minor == 0
    ]
    missing = desk.own(
        "unpriced_time", "Time without a rate", Unit.MINUTES,
        desk.rows(TraceRow(entry.what, entry.minutes, entry.ref, entry.on) for entry in unpriced),
    )  # fmt: skip
    said = (Para(line(missing, f" of {month} have no rate and are worth nothing until somebody says how they are billed.")),)  # fmt: skip
    return Section(
        "earned",
        "What the work earned",
        (
            Table(
                f"Earned in {month}",
                (Column("Client"), column("Worked"), column("Time"), column("Milestones"), column("Retainer"),
                 column("Paid for them"), column("Earned"), column("An hour")),
                tuple(rows),
                note="Earned = hours × rate + milestones + retainers due + what was paid for the client. An hour = earned "
                "without what was paid for the client ÷ hours worked." + more(desk, shown),
                empty="No work is recorded.",
            ),
            *(said if unpriced else ()),
            *six_twelve.blocks(desk, "client_time"),
        ),
    )  # fmt: skip


def _billing(desk: Desk, shown: tuple[Scope, ...]) -> Section:
    keys = ("earned", "invoiced", "billing_gap", "leak")
    rows = [row(scope.label, *(_gap(desk.get(key, scope)) for key in keys)) for scope in shown]
    rows.append(row("All clients", *(desk.get(key) for key in keys), total=True))
    span = range(desk.month - TREND_MONTHS + 1, desk.month + 1)
    series = {
        "Earned": [(month, desk.get("earned", None, month).value) for month in span],
        "Invoiced": [(month, desk.get("invoiced", None, month).value) for month in span],
    }
    short = [
        months.label(month)
        for (month, earned), (_, invoiced) in zip(*series.values(), strict=True)
        if earned is not None and invoiced is not None and earned > invoiced
    ]
    told = len([value for _, value in series["Earned"] if value is not None])
    return Section(
        "billing",
        "What of it was invoiced",
        (
            Table(
                f"Billing gap of {months.label(desk.month)}",
                (Column("Client"), column("Earned"), column("Invoiced"), column("Gap"), column("Leak")),
                tuple(rows),
                note="Gap = earned − invoiced; leak = gap ÷ earned. Below zero, work of earlier months was invoiced."
                + more(desk, shown),
                empty="No work is recorded.",
            ),
            Chart(
                "earned-and-invoiced",
                "Earned and invoiced by month",
                charts.bars_by_month(series, currency=desk.currency),
                f"In {len(short)} of {told} months more was earned than invoiced."
                if told
                else "Earned and invoiced: not tracked.",
            ),
            six_twelve.table(desk, "invoiced"),
        ),
    )  # fmt: skip


def _gap(figure: Figure) -> Cell:
    if figure.metric == "billing_gap" and (figure.value or 0) > 0:
        return cell(figure, tone=Tone.BAD)
    return cell(figure, tone=Tone.PLAIN if figure.value is not None else Tone.MUTED)


def _waiting(desk: Desk, shown: tuple[Scope, ...]) -> Section:
    rows = []
    for scope in (*shown, desk.all):
        whole = desk.get("not_invoiced", scope)
        laid_out = desk.get("rebillables_open", scope)
        if scope is not desk.all and not whole.value and not laid_out.value:
            continue
        ages = []
        for label, older, than in AGES:
            part = open_work(desk, scope, older=older, than=than)
            ages.append(
                desk.own(
                    f"not_invoiced_by_age.{scope.slug}.{older or 0}", f"Work not invoiced, {label.lower()}", Unit.MONEY,
                    desk.rows(part) if whole.value is not None else desk.absent(whole.missing), scope=scope.label,
                )
            )  # fmt: skip
        name = "All clients" if scope is desk.all else scope.label
        rows.append(row(name, *ages, whole, laid_out, total=scope is desk.all))
    return Section(
        "waiting",
        "What stands on no invoice",
        (
            Table(
                f"Work not invoiced on {frame.day(desk.as_of)}, by age, and what was paid for clients",
                (Column("Client"), *(column(label) for label, _, _ in AGES), column("Work"), column("Paid for them")),
                tuple(rows),
                note="A draft is not an invoice. Time without a rate counts nothing here.",
                empty="Everything is invoiced.",
            ),
        ),
    )  # fmt: skip


def _contracts(desk: Desk) -> Section:
    book = book_of(desk)
    rows = []
    for contract in book.contracts_of(desk.all)[: MOST_CLIENTS * 2]:
        client = book.clients[contract.client_id]
        firm = contract.state == ContractState.SIGNED
        rate = desk.own(
            f"rate.{contract.id}", f"Rate of {client.name}", Unit.MONEY,
            desk.absent("none") if contract.rate_minor is None
            else desk.rows([TraceRow(client.name, contract.rate_minor, f"contract:{contract.id}")]),
        )  # fmt: skip
        rows.append(
            row(
                Cell(
                    f"{client.name}, {contract.title}" if contract.title else client.name,
                    ref=f"contract:{contract.id}",
                ),
                Cell(paper_of(contract), tone=Tone.GOOD if firm else Tone.BAD),
                Cell(BillingModel(contract.billing_model).label, tone=Tone.PLAIN if contract.billing_model else Tone.BAD),
                Cell(figure=rate.key, cents=True, tone=Tone.MUTED if rate.value is None else Tone.PLAIN),
                f"{contract.terms_days} {'day' if contract.terms_days == 1 else 'days'}",
                _term(desk, contract),
            )
        )  # fmt: skip
    return Section(
        "contracts",
        "Contracts and renewals",
        (
            Table(
                "What each client is served on",
                (Column("Contract"), Column("Paper"), Column("Billed"), column("Rate"), Column("Terms"), Column("Term ends")),
                tuple(rows),
                note="A rate is a month’s for a retainer, an hour’s otherwise.",
                empty="No contract is recorded.",
            ),
            Para(line(desk.get("renewals_60"), f" {_ending(desk)} within 60 days; retainers bring ",
                      desk.get("recurring_revenue"), " a month.")),
        ),
    )  # fmt: skip


def _term(desk: Desk, contract: records.ContractFact) -> Cell:
    ends = contract.expired_on if contract.state == ContractState.EXPIRED else contract.ends_on
    if ends is None:
        return Cell("not written down", tone=Tone.MUTED)
    over = ends < desk.as_of
    return Cell(frame.day(ends), tone=Tone.BAD if over and not contract.renews else Tone.PLAIN)


def _cost(desk: Desk, shown: tuple[Scope, ...]) -> Section:
    rows = []
    for scope in (*shown, desk.all):
        margin = desk.get("client_margin", scope)
        share = desk.own(
            f"margin_share.{scope.slug}", "Margin of earned", Unit.PERCENT,
            desk.formula("share", margin, desk.get("earned", scope), undefined="n/a: nothing was earned"),
            scope=scope.label, period=months.label(desk.month),
        )  # fmt: skip
        rows.append(
            row(
                "All clients" if scope is desk.all else scope.label,
                desk.get("client_time", scope),
                desk.get("paid_for_clients", scope),
                desk.get("cost_to_serve", scope),
                desk.get("earned", scope),
                margin,
                share,
                total=scope is desk.all,
            )
        )
    return Section(
        "margin",
        "Cost to serve and margin",
        (
            Table(
                f"Margin by client in {months.label(desk.month)}",
                (Column("Client"), column("Worked"), column("Paid for them"), column("Cost to serve"), column("Earned"),
                 column("Margin"), column("Of earned")),
                tuple(rows),
                note="Cost to serve = what was paid for the client + its share, by time worked, of every other cost in the "
                "books of the month. The owner’s own time costs nothing in the books." + more(desk, shown),
                empty="No work is recorded.",
            ),
        ),
    )  # fmt: skip


def _decisions(findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    asked = {
        "work-without-contract": "Is work without a contract to go on, and on whose word?",
        "contract-expired": "Renew what has expired, or stop the work there?",
        "terms-breached-twice": "Which clients pay a deposit from now on?",
        "hosting-not-rebilled": "Is hosting part of the price, or invoiced on?",
    }
    found = dict.fromkeys(note.rule for note in findings)
    return tuple(line(asked[rule]) for rule in found if rule in asked)


def _worked_until(facts: Facts) -> dict[int, dt.date]:
    """Return the day of each entity's newest time."""
    found: dict[int, dt.date] = {}
    book = of_facts(facts)
    for entry in book.records.time:
        contract = book.contracts.get(entry.contract_id)
        if contract is not None:
            found[contract.entity_id] = entry.on
    return found


LENS = base.Lens(
    slug="dc-clients", title="DangerousCentaur: client portfolio", reader="Whoever answers for the clients",
    family=base.Family.DOMAIN, position=8, from_name="Quarterdeck client report", draft=draft,
    kinds=(EntityKind.AGENCY, EntityKind.RECEIVABLES), sources=(*BOOKS, Watched("time sheet", 14, _worked_until)),
)  # fmt: skip
