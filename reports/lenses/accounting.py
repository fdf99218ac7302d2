"""The accountant's lens: the statements and their proofs, what the books get wrong, and how far the close has come."""

from dataclasses import replace

from core import months
from reports.document import (
    Cell,
    Draft,
    Figure,
    FindingNote,
    Head,
    Line,
    Section,
    Severity,
    Table,
    Tone,
    TraceRow,
    Unit,
)
from reports.lenses import accounting_audit, accounting_close, accounting_statements, base, frame
from reports.metrics import Desk
from reports.rules import HELD_RULES, counted, run
from reports.rules.accounting import ACCOUNTING_RULES
from reports.rules.registry import line

RULES = (*ACCOUNTING_RULES, *HELD_RULES)
# The rules that are exceptions of revenue recognition, in the order in which an accountant asks.
EXCEPTIONS = (
    ("recognised-early", "Recognised before the service"),
    ("held-after-completion", "Served and still deferred"),
    ("event-without-invoice", "An event without an invoice"),
    ("entry-in-closed-period", "An entry in a closed month"),
)


def draft(desk: Desk, head: Head) -> Draft:
    """Work out the accountant's report at a desk."""
    findings = run(RULES, desk)
    return frame.assemble(
        desk,
        head=head,
        headline=_headline(desk, counted(findings, desk)),
        kpis=_kpis(desk),
        sections=(
            accounting_statements.income(desk),
            accounting_statements.balance(desk),
            accounting_statements.cash_flow(desk),
            accounting_close.deferred(desk),
            _exceptions(findings),
            accounting_close.clearing(desk),
            accounting_close.ageing(desk),
            accounting_audit.expenses(desk),
            accounting_close.checklist(desk),
            accounting_close.plan(desk),
            accounting_close.in_use(desk),
            accounting_audit.chart(desk),
            accounting_statements.trial(desk),
        ),
        findings=findings,
        decisions=_decisions(counted(findings, desk)),
        rules=RULES,
    )


def _headline(desk: Desk, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    month = months.label(desk.month)
    grave = sum(note.severity in (Severity.CRITICAL, Severity.HIGH) for note in findings)
    return (
        line(f"{month} ended with a result of ", desk.get("net_income"), "; twelve months come to ",
             desk.get("net_income_12m"), "."),
        line("The balance sheet is off by ", desk.get("balance_gap"), " and the cash flow by ",
             desk.get("cash_proof_gap"), "; deferred revenue rolls forward with a difference of ", desk.get("held_off"),
             "."),
        line("Of the month’s bank lines ", desk.get("reconciled_share"), " stand for an entry and ",
             desk.get("uncategorised_share"), " wait for a category."),
        line("Months not closed: ", desk.get("months_open"), "; months agreed with a statement: ",
             desk.get("months_reconciled"), ". Milestones met on the way to break-even: ", desk.get("milestones_met"),
             "."),
        line(f"{len(findings)} finding{' is' if len(findings) == 1 else 's are'} open, {grave} of high severity or worse."),
    )  # fmt: skip


def _kpis(desk: Desk) -> tuple[frame.Kpi, ...]:
    none, all_of = _target(desk, "none", Unit.MONEY, 0), _target(desk, "all", Unit.PERCENT, 10_000)
    no_share, no_count = _target(desk, "no-share", Unit.PERCENT, 0), _target(desk, "no-count", Unit.COUNT, 0)
    return (
        frame.kpi(desk, "net_income"),
        frame.kpi(desk, "held_close"),
        _exact(frame.kpi(desk, "cash_proof_gap", target=none), desk.get("cash_proof_gap")),
        _exact(frame.kpi(desk, "clearing_residual", target=none), desk.get("clearing_residual")),
        frame.kpi(desk, "reconciled_share", target=all_of),
        frame.kpi(desk, "uncategorised_share", target=no_share),
        frame.kpi(desk, "receivables_overdue", target=none),
        frame.kpi(desk, "missing_receipts", target=no_count),
        frame.kpi(desk, "duplicate_candidates", target=no_count),
        frame.kpi(desk, "months_open"),
    )


def _target(desk: Desk, key: str, unit: Unit, value: int) -> Figure:
    """Return what an accountant wants of a proof: a number that no record tells."""
    rows = [TraceRow("What the accountant asks for", value)] if value else []
    return desk.own(f"wanted.{key}", "Wanted", unit, desk.rows(rows))


def _exact(kpi: frame.Kpi, figure: Figure) -> frame.Kpi:
    """Return a key figure whose target is met by nothing else, above or below."""
    if figure.value is None:
        return kpi
    return replace(
        kpi,
        tone=Tone.WARN if figure.value else Tone.GOOD,
        status="off its target" if figure.value else "on target",
    )


def _exceptions(findings: tuple[FindingNote, ...]) -> Section:
    rows = []
    for rule, label in EXCEPTIONS:
        found = [note for note in findings if note.rule == rule]
        if not found:
            rows.append(frame.row(label, Cell("none", tone=Tone.GOOD), ""))
        rows += [frame.row(label, Cell(note.title, tone=Tone.BAD), note.about) for note in found]
    return Section(
        "exceptions",
        "Exceptions of recognition",
        (
            Table(
                "Four things that are never to happen",
                (frame.Column("What"), frame.Column("Found"), frame.Column("Where")),
                tuple(rows),
                note="Each is asked of the records at every edition; what is found is a finding below, with its evidence.",
            ),
        ),
    )


def _decisions(findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    owed = {
        "not-reconciled": "Who agrees the month with its bank statements, and by which day?",
        "close-late": "From which month on are the books closed each month, and by whom?",
        "duplicate-payment": "Ask for what was paid twice, or accept it?",
        "milestone-slipping": "Keep the day of the milestone that slips, or move it?",
    }
    asked = {note.rule for note in findings}
    return tuple(line(words) for rule, words in owed.items() if rule in asked)


LENS = base.Lens(
    slug="accounting",
    title="Accounting: the books",
    reader="Accountant",
    family=base.Family.CORE,
    position=3,
    from_name="Quarterdeck accounting report",
    draft=draft,
)
