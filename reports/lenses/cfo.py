"""The CFO's lens: cash, burn, unit economics and capital for the person who answers for the money."""

from core import months
from core.money import format_minor
from portfolio.models import AccountRole, CapitalTier, EntityKind
from reports.document import (
    Badge,
    Cell,
    Chart,
    Column,
    Draft,
    Figure,
    FindingNote,
    Head,
    Line,
    Note,
    Para,
    Section,
    Table,
    Tone,
    TraceRow,
    Unit,
)
from reports.lenses import base, frame, six_twelve
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk, Scope
from reports.metrics.bookings import completed
from reports.metrics.plans import contribution_rows, model_of
from reports.metrics.registry import rebadge
from reports.metrics.scenarios import SCENARIO_MONTHS, WEEKS, outlook, thirteen_weeks
from reports.render import chart_specs as charts
from reports.render.words import count
from reports.rules import CASH_RULES, HELD_RULES, counted, run
from reports.rules.cash import check
from reports.rules.registry import line

RULES = (*CASH_RULES, *HELD_RULES)
RESTRICTIONS = ("deferred_balance", "deposits_held", "held_for_others")


def draft(desk: Desk, head: Head) -> Draft:
    """Work out the CFO's report at a desk."""
    charter = desk.kind(EntityKind.CHARTER)
    findings = run(RULES, desk)
    unit_economics = (_unit_economics(desk, charter), _variances(desk, charter)) if charter else ()
    scenarios = (_scenarios(desk, charter),) if charter else ()
    return frame.assemble(
        desk,
        head=head,
        headline=_headline(desk, charter, counted(findings, desk)),
        kpis=_kpis(desk, charter),
        sections=(
            _cash(desk),
            _burn(desk),
            *unit_economics,
            _targets(desk),
            _weeks(desk),
            *scenarios,
            _capital(desk),
            _rules(desk),
        ),
        findings=findings,
        decisions=_decisions(desk, counted(findings, desk)),
        rules=RULES,
    )


def _headline(desk: Desk, charter: Scope | None, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    lines = [
        line("Cash is ", desk.get("cash"), "; after deposits and deferred revenue ", desk.get("unrestricted_cash"),
             " is unrestricted."),
        line("Gross burn is ", desk.get("gross_burn"), " a month and net burn ", desk.get("net_burn"),
             " (three months to ", months.label(desk.month), ")."),
        line("Runway: ", desk.get("runway"), "."),
    ]  # fmt: skip
    if charter is not None:
        lines.append(
            line("Break-even takes ", desk.get("break_even_model", charter), " charters a month by the model and ",
                 desk.get("break_even_measured", charter), " by the books; ", months.label(desk.month), " had ",
                 desk.get("services_completed", charter), ".")
        )  # fmt: skip
    lines.append(
        line(f"{months.label(desk.month)} reached ", desk.get("attainment"), " of its target; the quarter still needs ",
             desk.get("required_run_rate"), " a month. ", f"{count(len(findings), 'finding is', 'findings are')} open.")
    )  # fmt: skip
    return tuple(lines)


def _kpis(desk: Desk, charter: Scope | None) -> tuple[frame.Kpi, ...]:
    found = [
        frame.kpi(desk, "gross_burn"),
        frame.kpi(desk, "net_burn"),
        frame.kpi(desk, "cash", before=desk.get("cash_at_month_end")),
        frame.kpi(desk, "unrestricted_cash", before=desk.get("unrestricted_at_month_end")),
        frame.kpi(desk, "runway"),
    ]
    if charter is not None:
        found += [
            frame.kpi(
                desk, "contribution_per_charter", charter, target=desk.get("model_contribution", charter)
            ),
            frame.kpi(desk, "break_even_model", charter),
            frame.kpi(desk, "margin_of_safety", charter),
        ]
    return (*found, frame.kpi(desk, "attainment"), frame.kpi(desk, "required_run_rate"))


def _cash(desk: Desk) -> Section:
    names = ("cash", *RESTRICTIONS, "unrestricted_cash")
    rows = [
        row(scope.label, *(desk.get(name, scope) for name in names))
        for scope in desk.scopes()
        if any(desk.get(name, scope).value for name in names)
    ]
    rows.append(row(frame.whole(desk), *(desk.get(name) for name in names), total=True))
    return Section(
        "cash",
        "Cash and what of it is free",
        (
            Table(
                f"Cash on {frame.day(desk.as_of)}",
                (
                    Column("Entity"),
                    column("Cash"),
                    column("Deferred"),
                    column("Deposits held"),
                    column("Held for others"),
                    column("Unrestricted"),
                ),
                tuple(rows),
                note="Unrestricted = cash − deferred revenue − refundable deposits − funds held for others. "
                "Money at the card processor counts as cash.",
            ),
            *six_twelve.blocks(desk, "cash_at_month_end", name="Cash"),
        ),
    )


def _burn(desk: Desk) -> Section:
    span = range(desk.month - 2, desk.month + 1)
    kinds = (
        ("Cash from customers", "receipts"),
        ("Direct cost", "direct_cash_flow"),
        ("Fixed operating cost", "fixed_cash_flow"),
        ("Uncategorised lines", "other_receipts"),
        ("Operating cash flow", "operating_cash_flow"),
        ("Increase in deposits and deferred revenue", "deposits_change"),
        ("Free of deposits", "free_cash_flow"),
    )
    flows = [
        row(
            label,
            *(desk.get(key, None, month) for month in span),
            total=key in ("operating_cash_flow", "free_cash_flow"),
        )
        for label, key in kinds
    ]
    fixed = []
    for scope in desk.scopes():
        burn = desk.get("gross_burn", scope)
        if burn.value:
            fixed.append(
                row(scope.label, *(desk.get("fixed_cash_flow", scope, month) for month in span), burn)
            )
    fixed.append(
        row(
            frame.whole(desk),
            *(desk.get("fixed_cash_flow", None, month) for month in span),
            desk.get("gross_burn"),
            total=True,
        )
    )
    labels = [months.label(month) for month in span]
    return Section(
        "burn",
        "Burn and runway",
        (
            Para(
                line("Gross burn ", desk.get("gross_burn"), ", net burn ", desk.get("net_burn"), ", runway ",
                     desk.get("runway"), ". Burn is fixed operating cash; what a charter, stay or job itself costs "
                     "is in its contribution.")
            ),
            Table(
                "Operating cash of three months",
                (Column("Flow"), *(column(label) for label in labels)),
                tuple(flows),
                note="Loans, owner money and transfers between sister entities are no operations. Net burn is the mean "
                "of the last line with its sign turned: a deposit counts when it is earned, not when it comes in.",
            ),
            Table(
                "Fixed operating cash by entity",
                (Column("Entity"), *(column(label) for label in labels), column("Mean")),
                tuple(fixed),
            ),
            six_twelve.chart(desk, "gross_burn"),
            Note(line("Gross burn is a mean of three months, so no week has one.")),
        ),
    )  # fmt: skip


def _unit_economics(desk: Desk, charter: Scope) -> Section:
    model = model_of(desk, charter)
    sailed = completed(desk, charter, desk.month, desk.month)
    measured = _measured_parts(desk, charter, [entry.id for entry in sailed])
    rows = []
    modelled = {} if model is None else {
        entry.label.split(" ")[0].casefold(): entry for entry in contribution_rows(model, model.price_minor)
    }  # fmt: skip
    for key, label in (("price", "Price"), ("crew", "Crew"), ("fuel", "Fuel"), ("dock", "Dock"), ("food", "Food"),
                       ("commission", "Commission"), ("card", "Card fee")):  # fmt: skip
        by_model = desk.own(
            f"unit.{key}.model", f"{label} by the model", Unit.MONEY,
            desk.rows([modelled[key]] if key in modelled else [], Badge.MODELLED),
        )  # fmt: skip
        rows.append(row(label, by_model, measured[key]))
    rows.append(
        row("Contribution per charter", desk.get("model_contribution", charter),
            desk.get("contribution_per_charter", charter), total=True)
    )  # fmt: skip
    source = "No profitability model is recorded." if model is None else (
        f"Model “{model.name}” from {model.source}; {model.get_state_display().lower()}."
    )  # fmt: skip
    return Section(
        "unit-economics",
        "Unit economics of a charter",
        (
            Table(
                f"Contribution per charter: model against the books of {months.label(desk.month)}",
                (Column("Part"), column("Model"), column("Books")),
                tuple(rows),
                note=f"{source} The books are the mean of {len(sailed)} completed {'charter' if len(sailed) == 1 else 'charters'}.",
            ),
            Para(
                line("Fixed cost of ", desk.get("gross_burn"), " a month takes ",
                     desk.get("break_even_model", charter), " charters by the model, which implies a contribution of ",
                     desk.get("implied_contribution", charter), " each; by the books it takes ",
                     desk.get("break_even_measured", charter), ". Margin of safety: ",
                     desk.get("margin_of_safety", charter), ".")
            ),
        ),
    )  # fmt: skip


_PARTS = {
    "price": ("4000",),
    "crew": ("5100",),
    "fuel": ("5200",),
    "dock": ("5300",),
    "food": ("5400", "5700"),
    "commission": ("5500",),
    "card": ("5600",),
}


def _measured_parts(desk: Desk, charter: Scope, bookings: list[int]) -> dict[str, Figure]:
    """Return each part of the contribution of some bookings per charter, from linked postings."""
    found = {}
    count = desk.get("services_completed", charter)
    for key, codes in _PARTS.items():
        whole = desk.own(
            f"unit.{key}.booked", f"{key.capitalize()} of completed charters", Unit.MONEY,
            desk.linked(charter, [AccountRole.REVENUE, AccountRole.DIRECT_COST], bookings, month=desk.month, codes=codes),
        )  # fmt: skip
        found[key] = desk.own(
            f"unit.{key}.books", f"{key.capitalize()} per charter from the books", Unit.MONEY,
            desk.formula("per_unit", whole, count, undefined="n/a: no charter completed"),
        )  # fmt: skip
    return found


def _variances(desk: Desk, charter: Scope) -> Section:
    return Section(
        "variances",
        "Price and volume",
        (
            Table(
                f"Charter revenue of {months.label(desk.month)} against plan",
                (Column("Variance"), column("Actual"), column("Plan"), column("Effect")),
                (
                    row("Price per charter", desk.get("revenue_per_charter", charter), desk.get("model_price", charter),
                        desk.get("price_variance", charter)),
                    row("Charters completed", desk.get("services_completed", charter),
                        desk.get("planned_units", charter), desk.get("volume_variance", charter)),
                ),
                note="Price variance is at the charters that sailed; volume variance is at the model's price.",
            ),
        ),
    )  # fmt: skip


def _targets(desk: Desk) -> Section:
    now = months.month_of(desk.as_of)
    year = now - now % 12
    rows = []
    for month in range(year, year + 12):
        target = desk.get("target", None, month)
        earned = desk.get("revenue", None, month) if month <= now else None
        if earned is None:
            rows.append(row(months.label(month), target, Cell("ahead", tone=Tone.MUTED), ""))
            continue
        note = "to date" if month > desk.month else ""
        reached = desk.get("attainment", None, month)
        rows.append(
            row(
                f"{months.label(month)} {note}".strip(), target, earned, cell(reached, tone=_reached(reached))
            )
        )
    return Section(
        "targets",
        f"Targets by month through Q4 {year // 12}",
        (
            Para(
                line("This quarter has earned ", desk.get("revenue_quarter"), " of ", desk.get("target_quarter"),
                     "; ", desk.get("target_remaining"), " is left, which needs ", desk.get("required_run_rate"),
                     " a month.")
            ),
            Table(
                "Revenue against target",
                (Column("Month"), column("Target"), column("Revenue"), column("Attainment")),
                tuple(rows),
            ),
            *six_twelve.blocks(desk, "revenue", target="target", fiscal=True),
        ),
    )  # fmt: skip


def _reached(figure: Figure) -> Tone:
    if figure.value is None:
        return Tone.MUTED
    return Tone.GOOD if figure.value >= 10_000 else Tone.WARN if figure.value >= 7_500 else Tone.BAD


def _weeks(desk: Desk) -> Section:
    weeks = thirteen_weeks(desk)
    rows = [
        row(
            f"{number}: from {week.first:%-d %b}",
            week.bookings,
            week.receipts,
            week.spending,
            week.closing,
        )
        for number, week in enumerate(weeks, start=1)
    ]
    points = {"Closing cash": [(week.first, week.closing.value or 0) for week in weeks]}
    owed = sum(desk.get(name).value or 0 for name in RESTRICTIONS)
    return Section(
        "weeks",
        f"Cash for {WEEKS} weeks",
        (
            Table(
                "Cash week by week",
                (Column("Week"), column("Balances due"), column("Usual receipts"), column("Usual spending"),
                 column("Closing cash")),
                tuple(rows),
                note="Modelled: only firm bookings and what three months brought and cost. New bookings come on top.",
            ),
            Chart(
                "thirteen-weeks",
                f"Cash for {WEEKS} weeks against what is owed back",
                charts.scenario_lines(points, currency=desk.currency, floor=owed, floor_name="Owed back"),
                f"Closing cash goes from {format_minor(weeks[0].closing.value or 0, desk.currency, cents=False)} in the "
                f"first week to {format_minor(weeks[-1].closing.value or 0, desk.currency, cents=False)} in the last; "
                f"{format_minor(owed, desk.currency, cents=False)} is owed back or not yet earned.",
            ),
        ),
    )  # fmt: skip


def _scenarios(desk: Desk, charter: Scope) -> Section:
    found = [
        entry for scenario in desk.facts.scenarios if (entry := outlook(desk, charter, scenario)) is not None
    ]
    rows = [
        row(entry.name.capitalize(), entry.units, entry.contribution, entry.others, entry.fixed, entry.result,
            entry.cash_later)
        for entry in found
    ]  # fmt: skip
    notes = "; ".join(f"{entry.name}: {entry.note.rstrip('.')}" for entry in found if entry.note)
    blocks: list[Table | Note] = [
        Table(
            "A month in each scenario",
            (Column("Scenario"), column("Charters"), column("Contribution each"), column("Other businesses"),
             column("Fixed cost"), column("Monthly result"), column(f"Free cash in {SCENARIO_MONTHS} months")),
            tuple(rows),
            note=f"Saved assumptions: {notes}." if notes else "",
            empty="No scenario is saved, or there is no profitability model to run it with.",
        )
    ]  # fmt: skip
    return Section("scenarios", "Scenarios", tuple(blocks))


def _capital(desk: Desk) -> Section:
    rows = []
    for tier in CapitalTier:
        for option in (entry for entry in desk.facts.options if entry.tier == tier):
            key, ref = f"option.{option.pk}", f"option:{option.pk}"
            outlay = desk.own(f"{key}.outlay", f"Outlay: {option.name}", Unit.MONEY,
                              desk.rows([TraceRow(option.name, option.outlay_minor, ref)]
                                        if option.outlay_minor else [], Badge.ENTERED))  # fmt: skip
            monthly = desk.own(
                f"{key}.return", f"Monthly return: {option.name}", Unit.MONEY,
                desk.absent("not tracked") if option.monthly_return_minor is None
                else desk.rows([TraceRow(option.name, option.monthly_return_minor, ref)], Badge.ENTERED),
            )  # fmt: skip
            payback = desk.own(f"{key}.payback", f"Payback: {option.name}", Unit.MONTHS,
                               rebadge(desk.formula("months_left", outlay, monthly, undefined="never"),
                                       Badge.MODELLED))  # fmt: skip
            left = desk.own(f"{key}.left", f"Free cash after: {option.name}", Unit.MONEY,
                            desk.formula("difference", desk.get("unrestricted_cash"), outlay))  # fmt: skip
            runway = desk.own(f"{key}.runway", f"Runway after: {option.name}", Unit.MONTHS,
                              desk.formula("months_left", left, desk.get("net_burn"),
                                           undefined="not burning"))  # fmt: skip
            tone = Tone.BAD if tier == CapitalTier.DO_NOT_DEPLOY else Tone.PLAIN
            rows.append(row(Cell(tier.label, tone=tone), Cell(option.name, ref=ref), option.entity.name, outlay, monthly,
                            payback, runway))  # fmt: skip
    return Section(
        "capital",
        "Capital tiers",
        (
            Table(
                "Where money may go, in order",
                (Column("Tier"), Column("Option"), Column("Entity"), column("Outlay"), column("Monthly return"),
                 column("Payback"), column("Runway after")),
                tuple(rows),
                note="Payback = outlay ÷ monthly return; runway after = (unrestricted cash − outlay) ÷ net burn.",
                empty="No capital options are recorded.",
            ),
        ),
    )  # fmt: skip


def _rules(desk: Desk) -> Section:
    rows = []
    for entry in desk.facts.rules:
        holds, evidence = check(entry, desk)
        state = {
            True: Cell("holds", tone=Tone.GOOD),
            False: Cell("broken", tone=Tone.BAD),
            None: Cell("cannot be told", tone=Tone.WARN),
        }[holds]
        rows.append((entry.statement, state, evidence))
    table = Table(
        f"{len(rows)} non-negotiable rules",
        (Column("Rule"), Column("State")),
        tuple(row(statement, state) for statement, state, _ in rows),
        note="The rules are data that the owner edits; each is checked against the records at every edition.",
        empty="No rule is recorded.",
    )
    return Section(
        "rules",
        "Non-negotiable rules",
        (table, *(Para(line(f"{statement.rstrip('.')}: ", *evidence)) for statement, _, evidence in rows)),
    )


def _decisions(desk: Desk, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    owed = {
        "runway-short": "Which fixed cost goes first, or which deposit comes in, to make the runway longer again?",
        "behind-target": "Keep this quarter's target, or move it?",
        "zero-cost-open": "Who does the zero-cost options, and by when?",
    }
    return tuple(line(owed[note.rule]) for note in findings if note.rule in owed)


LENS = base.Lens(
    slug="cfo", title="CFO: cash and capital", reader="Chief financial officer", family=base.Family.CORE,
    position=5, from_name="Quarterdeck CFO report", draft=draft,
)  # fmt: skip
