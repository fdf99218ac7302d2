"""The CFO's live checks: runway, the non-negotiable rules, break-even against the books, loose ends."""

from core import months
from core.money import format_minor
from portfolio.domain import queries
from portfolio.models import AccountRole, CapitalTier, EntityKind, FinancialRule
from reports.document import Figure, FindingNote, Severity
from reports.metrics import Desk
from reports.metrics.plans import model_of
from reports.rules.registry import Rule

ALERT_MONTHS = (300, 600)


def runway_alert(desk: Desk) -> Severity | None:
    """Return how alarming the runway is: under three months critical, under six high, else None."""
    runway = desk.get("runway").value
    if runway is None:
        return None
    low = desk.facts.assumed("runway-alert-critical", ALERT_MONTHS[0])
    high = desk.facts.assumed("runway-alert-high", ALERT_MONTHS[1])
    return Severity.CRITICAL if runway < low else Severity.HIGH if runway < high else None


def _runway(rule: Rule, desk: Desk) -> list[FindingNote]:
    severity = runway_alert(desk)
    if severity is None:
        return []
    return [
        rule.finding(
            desk.all.slug,
            f"Runway is under {'three' if severity is Severity.CRITICAL else 'six'} months",
            "Unrestricted cash of ",
            desk.get("unrestricted_cash"),
            " lasts ",
            desk.get("runway"),
            " at a net burn of ",
            desk.get("net_burn"),
            " a month.",
            severity=severity,
        )
    ]


def check(rule: FinancialRule, desk: Desk) -> tuple[bool | None, tuple[str | Figure, ...]]:
    """Run one financial rule; return whether it holds (None: cannot be told) and the evidence."""
    if rule.check_name == FinancialRule.Check.RUNWAY_FLOOR:
        runway = desk.get("runway")
        floor = f" against a floor of {rule.threshold / 100:g} months."
        if runway.value is None:
            return (True if runway.missing == "not burning" else None), ("Runway: ", runway, floor)
        return runway.value >= rule.threshold, ("Runway is ", runway, floor)
    if rule.check_name == FinancialRule.Check.DEPOSITS_UNTOUCHED:
        free = desk.get("unrestricted_cash")
        return (free.value or 0) >= -rule.threshold, (
            "Cash less everything owed back or not yet earned is ",
            free,
            "; below zero, deposits would be paying for operations.",
        )
    untracked = [
        option
        for option in desk.facts.options
        if option.spent_on is not None
        and option.spent_on <= desk.as_of
        and option.monthly_return_minor is None
    ]
    names = ", ".join(
        f"{option.name} ({format_minor(option.outlay_minor, desk.currency, cents=False)})"
        for option in untracked
    )
    return len(untracked) <= rule.threshold, (
        f"Spent without a tracked return: {names}." if names else "Every outlay made has a tracked return.",
    )


def _broken_rules(rule: Rule, desk: Desk) -> list[FindingNote]:
    found = []
    for entry in desk.facts.rules:
        holds, evidence = check(entry, desk)
        if holds is False:
            found.append(
                rule.finding(
                    f"{desk.all.slug}:{entry.check_name}", f"Rule broken: {entry.statement}", *evidence
                )
            )
    return found


def _break_even_gap(rule: Rule, desk: Desk) -> list[FindingNote]:
    """The model's break-even differs from the one the books give, or from the one the note states."""
    charter = desk.kind(EntityKind.CHARTER)
    model = model_of(desk, charter) if charter else None
    if charter is None or model is None:
        return []
    by_model, by_books = desk.get("break_even_model", charter), desk.get("break_even_measured", charter)
    found = []
    if by_model.value is not None and model.break_even_entered not in (None, by_model.value):
        found.append(
            rule.finding(
                f"{desk.all.slug}:stated",
                "The stated break-even does not follow from the model",
                f"{model.source} states {model.break_even_entered} charters a month; the model gives ",
                by_model,
                ".",
            )
        )
    if by_model.value != by_books.value:
        found.append(
            rule.finding(
                f"{desk.all.slug}:books",
                "Break-even from the books differs from the model",
                "The model needs ",
                by_model,
                " charters a month; the books give ",
                by_books,
                f" for {months.label(desk.month)}.",
            )
        )
    return found


def _no_sales_to_carry_cost(rule: Rule, desk: Desk) -> list[FindingNote]:
    charter = desk.kind(EntityKind.CHARTER)
    if charter is None:
        return []
    done, needed = desk.get("services_completed", charter), desk.get("break_even_model", charter)
    if needed.value is None or (done.value or 0) >= needed.value:
        return []
    return [
        rule.finding(
            desk.all.slug,
            "Fewer charters than break-even",
            f"{months.label(desk.month)} had ",
            done,
            " of the ",
            needed,
            " charters that carry the fixed cost.",
        )
    ]


def _behind_target(rule: Rule, desk: Desk) -> list[FindingNote]:
    attained = desk.get("attainment")
    if attained.value is None or attained.value >= 10_000:
        return []
    return [
        rule.finding(
            desk.all.slug,
            "Revenue is behind its target",
            f"{months.label(desk.month)} brought ",
            desk.get("revenue"),
            " of ",
            desk.get("target"),
            " (",
            attained,
            "); the quarter still needs ",
            desk.get("required_run_rate"),
            " a month.",
        )
    ]


def _uncategorised(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Bank lines of the month that nobody has categorised."""
    accounts = desk.facts.accounts_in(desk.all.ids, AccountRole.UNCATEGORISED)
    if not any((account.id, desk.month) in desk.facts.movements for account in accounts):
        return []
    # What was categorised since has moved on these accounts too: there and back, or away alone where it came the month before.
    if not queries.uncategorised_lines(entity_ids=desk.all.ids, month=desk.month):
        return []
    return [
        rule.finding(
            desk.all.slug,
            "Bank lines nobody has categorised",
            f"In {months.label(desk.month)} uncategorised lines come to ",
            desk.get("other_receipts"),
            "; until somebody says what they are, they count in the operating result and in net burn, not in gross burn.",
        )
    ]


def _idle_capital(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Zero-cost options are not done while money could be spent elsewhere."""
    free = [row for row in desk.facts.options if row.tier == CapitalTier.ZERO_COST and row.spent_on is None]
    if not free:
        return []
    return [
        rule.finding(
            desk.all.slug,
            "Zero-cost options are still open",
            "; ".join(f"{row.entity.name}: {row.name}" for row in free) + ".",
        )
    ]


CASH_RULES = (
    Rule(
        "runway-short",
        "A runway of six months or more",
        Severity.HIGH,
        "Cut fixed cost or bring in deposits before the runway falls further",
        "Owner",
        7,
        _runway,
    ),
    Rule(
        "rule-broken",
        "Every non-negotiable rule holds",
        Severity.CRITICAL,
        "Stop what breaks the rule",
        "Owner",
        3,
        _broken_rules,
    ),
    Rule(
        "below-break-even",
        "As many charters as break-even needs",
        Severity.HIGH,
        "Sell the charters that are missing to break-even",
        "Owner",
        14,
        _no_sales_to_carry_cost,
    ),
    Rule(
        "break-even-gap",
        "A model that the books confirm",
        Severity.MEDIUM,
        "Bring the model in line with the books",
        "Owner",
        14,
        _break_even_gap,
    ),
    Rule(
        "behind-target",
        "Revenue at its target",
        Severity.MEDIUM,
        "Move the target or find the revenue",
        "Owner",
        21,
        _behind_target,
    ),
    Rule(
        "uncategorised",
        "Every bank line categorised",
        Severity.LOW,
        "Categorise the open bank lines",
        "Bookkeeper",
        10,
        _uncategorised,
    ),
    Rule(
        "zero-cost-open",
        "Zero-cost options taken first",
        Severity.LOW,
        "Do the zero-cost options first",
        "Owner",
        21,
        _idle_capital,
    ),
)
