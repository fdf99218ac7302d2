"""Metrics of saved scenarios and of the thirteen weeks ahead: all modelled, each traced to its parts.

A scenario's figures are not of an entity but of a saved row, so they are functions of (desk, scenario)
rather than registry metrics; their definitions stand in the registry all the same.
"""

import datetime as dt
from dataclasses import dataclass

from portfolio.models import BookingStage, Scenario
from reports.document import Badge, Figure, TraceRow, Unit
from reports.metrics.plans import contribution_rows, model_of
from reports.metrics.registry import Desk, Scope, rebadge

WEEKS = 13
# The kind of a booking at a rental.
STAY = "stay"
SCENARIO_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Outlook:
    """One scenario worked out; figures are of one month unless they say otherwise."""

    name: str
    note: str
    units: Figure
    contribution: Figure
    charters: Figure
    others: Figure
    fixed: Figure
    result: Figure
    cash_later: Figure


def outlook(desk: Desk, charter: Scope, scenario: Scenario) -> Outlook | None:
    """Work out one scenario: charters × contribution + what the other businesses bring − fixed cost."""
    model = model_of(desk, charter)
    if model is None:
        return None
    key, ref = f"scenario.{scenario.pk}", f"scenario:{scenario.pk}"

    def own(name: str, label: str, unit: Unit, answer) -> Figure:  # type: ignore[no-untyped-def]
        return desk.own(f"{key}.{name}", f"{scenario.name}: {label}", unit, rebadge(answer, Badge.MODELLED))

    units = own(
        "units",
        "charters a month",
        Unit.COUNT,
        desk.rows([TraceRow(scenario.name, scenario.units_a_month, ref)]),
    )
    each = own("contribution", "contribution per charter", Unit.MONEY,
               desk.rows(contribution_rows(model, scenario.price_minor)))  # fmt: skip
    charters = own("charters", "contribution of charters", Unit.MONEY, desk.formula("product", units, each))
    others = own(
        "others", "other businesses before fixed cost", Unit.MONEY,
        desk.formula("difference", desk.get("mean_variable_cash"), desk.get("mean_variable_cash", charter)),
    )  # fmt: skip
    change = own("fixed_change", "change of fixed cost", Unit.PERCENT,
                 desk.rows([TraceRow(scenario.note or scenario.name, scenario.fixed_change_bp, ref)]
                           if scenario.fixed_change_bp else []))  # fmt: skip
    fixed = own("fixed", "fixed cost", Unit.MONEY, desk.formula("scaled", desk.get("gross_burn"), change))
    earned = own("earned", "contribution of everything", Unit.MONEY, desk.formula("total", charters, others))
    result = own("result", "monthly result", Unit.MONEY, desk.formula("difference", earned, fixed))
    span = own("months", "months ahead", Unit.COUNT, desk.rows([TraceRow("Months", SCENARIO_MONTHS)]))
    later = own("cash_later", f"unrestricted cash in {SCENARIO_MONTHS} months", Unit.MONEY,
                desk.formula("after_months", desk.get("unrestricted_cash"), result, span))  # fmt: skip
    return Outlook(scenario.name, scenario.note, units, each, charters, others, fixed, result, later)


@dataclass(frozen=True, slots=True)
class Week:
    """One of the thirteen weeks: seven days from ``first``, amounts in minor units."""

    first: dt.date
    bookings: Figure
    receipts: Figure
    spending: Figure
    closing: Figure


def thirteen_weeks(desk: Desk) -> list[Week]:
    """Return cash week by week: balances due on firm bookings, usual receipts, usual spending.

    Usual receipts are the three-month mean of cash from customers who pay without a deposit; usual spending
    is gross burn and the three-month mean of direct cost; each × 12 ÷ 52.
    """
    usual = desk.own("week.receipts", "Usual receipts of a week", Unit.MONEY,
                     rebadge(desk.formula("weekly", desk.get("mean_unbooked_receipts")), Badge.MODELLED))  # fmt: skip
    monthly = desk.own("week.monthly_spending", "Usual spending of a month", Unit.MONEY,
                       desk.formula("total", desk.get("gross_burn"), desk.get("mean_direct_cash")))  # fmt: skip
    spending = desk.own("week.spending", "Usual spending of a week", Unit.MONEY,
                        rebadge(desk.formula("weekly", monthly), Badge.MODELLED))  # fmt: skip
    found: list[Week] = []
    before = desk.get("cash")
    for number in range(WEEKS):
        first = desk.as_of + dt.timedelta(days=1 + 7 * number)
        due = [
            TraceRow(
                f"{row.reference} balance",
                row.price_minor - row.paid_minor,
                f"booking:{row.id}",
                row.service_on,
            )
            for row in desk.facts.bookings
            # A stay is paid by its channel, without a deposit: it is in the usual receipts.
            if row.stage in (BookingStage.BOOKED, BookingStage.PAID)
            and row.kind != STAY
            and row.service_on is not None
            and 0 <= (row.service_on - first).days < 7
            and row.price_minor > row.paid_minor
        ]
        bookings = desk.own(f"week.{number + 1}.bookings", f"Balances due, week {number + 1}", Unit.MONEY,
                            desk.rows(due, Badge.MODELLED))  # fmt: skip
        inflow = desk.own(f"week.{number + 1}.in", f"Cash and inflow, week {number + 1}", Unit.MONEY,
                          desk.formula("total", before, bookings, usual))  # fmt: skip
        closing = desk.own(f"week.{number + 1}.closing", f"Closing cash, week {number + 1}", Unit.MONEY,
                           desk.formula("difference", inflow, spending))  # fmt: skip
        found.append(Week(first, bookings, usual, spending, closing))
        before = closing
    return found
