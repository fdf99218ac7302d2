"""Metrics of plans: targets, the profitability model, break-even, variances, scenarios."""

from core import months
from core.money import share as share_of
from portfolio.models import ModelState, ProfitabilityModel
from reports.document import Badge, TraceRow, Unit
from reports.metrics.registry import Answer, Better, Desk, Scope, metric


def model_of(desk: Desk, scope: Scope) -> ProfitabilityModel | None:
    """Return the scope's profitability model: the adopted one, else a draft, else None."""
    found = [row for row in desk.facts.models if row.entity_id in scope.ids]
    return max(found, key=lambda row: (row.state == ModelState.ADOPTED, row.pk), default=None)


def contribution_rows(model: ProfitabilityModel, price_minor: int) -> list[TraceRow]:
    """Return price − crew − fuel − dock − food − commission − card fee at a price, one row each."""
    ref = f"model:{model.pk}"
    parts = [
        ("Price", price_minor),
        ("Crew", -model.crew_minor),
        ("Fuel", -model.fuel_minor),
        ("Dock", -model.dock_minor),
        ("Food", -model.food_minor),
        (f"Commission {model.commission_bp / 100:g} %", -share_of(price_minor, model.commission_bp)),
        (
            f"Card fee {model.card_fee_bp / 100:g} % and fixed part",
            -share_of(price_minor, model.card_fee_bp) - model.card_fee_fixed_minor,
        ),
    ]
    return [TraceRow(label, amount, ref) for label, amount in parts if amount]


@metric(
    "target",
    name="Revenue target",
    unit=Unit.MONEY,
    formula="Σ monthly revenue targets of the entities",
    source="Monthly targets",
)
def target(desk: Desk, scope: Scope, month: int) -> Answer:
    """Revenue target of a month."""
    rows = [
        _target_row(desk, entity.id, entity.name, month)
        for entity in desk.facts.entities
        if entity.id in scope.ids and (entity.id, month) in desk.facts.targets
    ]
    if not rows:
        return desk.absent(f"no target is set for {months.label(month)}")
    return desk.rows(rows, Badge.ENTERED)


def _target_row(desk: Desk, entity_id: int, name: str, month: int) -> TraceRow:
    pk, amount = desk.facts.targets[entity_id, month]
    return TraceRow(f"{name} {months.label(month)}", amount, f"target:{pk}")


@metric(
    "target_quarter",
    name="Revenue target, this quarter",
    unit=Unit.MONEY,
    formula="Σ monthly revenue targets of the as-of date's quarter",
    source="Monthly targets",
    monthly=False,
)
def target_quarter(desk: Desk, scope: Scope, month: int) -> Answer:
    """Revenue target of the present quarter."""
    now = months.month_of(desk.as_of)
    start = now - now % 3
    return desk.formula("total", *(desk.get("target", scope, m) for m in range(start, start + 3)))


@metric(
    "target_remaining",
    name="Still to earn this quarter",
    unit=Unit.MONEY,
    formula="Revenue target of the quarter − revenue of the quarter to date",
    source="Monthly targets and journal",
    monthly=False,
    better=Better.LESS,
)
def target_remaining(desk: Desk, scope: Scope, month: int) -> Answer:
    """What is left of the quarter's target."""
    return desk.formula("difference", desk.get("target_quarter", scope), desk.get("revenue_quarter", scope))


@metric(
    "attainment",
    name="Target attainment",
    unit=Unit.PERCENT,
    formula="Revenue ÷ revenue target of the month",
    source="Journal and monthly targets",
    better=Better.MORE,
)
def attainment(desk: Desk, scope: Scope, month: int) -> Answer:
    """Share of a month's target that was earned."""
    earned = desk.get("revenue", scope, month)
    answer = desk.formula("share", earned, desk.get("target", scope, month), undefined="n/a: the target is 0")
    return Answer(answer.value, answer.trace, earned.badge, answer.missing)


@metric(
    "months_left_in_quarter",
    name="Months left in the quarter",
    unit=Unit.COUNT,
    formula="Months of the quarter that are not over on the as-of date, the present one included",
    source="Calendar",
    monthly=False,
)
def months_left_in_quarter(desk: Desk, scope: Scope, month: int) -> Answer:
    """Months left in the present quarter."""
    now = months.month_of(desk.as_of)
    end = now - now % 3 + 3
    return desk.rows(
        [TraceRow(months.label(m), 1, on=months.last_day(m)) for m in range(now, end)], Badge.MEASURED
    )


@metric(
    "required_run_rate",
    name="Required run rate",
    unit=Unit.MONEY,
    formula="Still to earn this quarter ÷ months left in it, the present one included",
    source="Monthly targets and journal",
    monthly=False,
    better=Better.LESS,
)
def required_run_rate(desk: Desk, scope: Scope, month: int) -> Answer:
    """Revenue a month that the quarter's target still needs."""
    return desk.formula(
        "per_unit", desk.get("target_remaining", scope), desk.get("months_left_in_quarter", scope)
    )


@metric(
    "model_contribution",
    name="Contribution per charter by the model",
    unit=Unit.MONEY,
    formula="price − crew − fuel − dock − food − commission − card fee",
    source="Profitability model",
    monthly=False,
    better=Better.MORE,
)
def model_contribution(desk: Desk, scope: Scope, month: int) -> Answer:
    """What one charter should contribute."""
    model = model_of(desk, scope)
    if model is None:
        return desk.absent("no profitability model is recorded")
    return desk.rows(contribution_rows(model, model.price_minor), Badge.MODELLED)


@metric(
    "break_even_model",
    name="Break-even charters a month, by the model",
    unit=Unit.COUNT,
    formula="⌈gross burn of the portfolio ÷ contribution per charter by the model⌉",
    source="Journal and profitability model",
    better=Better.LESS,
    against_whole=True,
)
def break_even_model(desk: Desk, scope: Scope, month: int) -> Answer:
    """Charters a month that carry the portfolio's fixed cost, by the model."""
    return desk.formula(
        "units_to_cover",
        desk.get("gross_burn", None, month),
        desk.get("model_contribution", scope),
        undefined="n/a: a charter contributes nothing",
    )


@metric(
    "break_even_measured",
    name="Break-even charters a month, from records",
    unit=Unit.COUNT,
    formula="⌈gross burn of the portfolio ÷ contribution per charter from the books⌉",
    source="Journal",
    better=Better.LESS,
    against_whole=True,
)
def break_even_measured(desk: Desk, scope: Scope, month: int) -> Answer:
    """Charters a month that carry the portfolio's fixed cost, from what charters did contribute."""
    return desk.formula(
        "units_to_cover",
        desk.get("gross_burn", None, month),
        desk.get("contribution_per_charter", scope, month),
        undefined="n/a: a charter contributed nothing",
    )


@metric(
    "implied_contribution",
    name="Contribution the break-even implies",
    unit=Unit.MONEY,
    formula="Gross burn of the portfolio ÷ break-even charters by the model",
    source="Journal and profitability model",
    better=Better.LESS,
    against_whole=True,
)
def implied_contribution(desk: Desk, scope: Scope, month: int) -> Answer:
    """What each charter must contribute for the break-even to hold."""
    return desk.formula(
        "per_unit", desk.get("gross_burn", None, month), desk.get("break_even_model", scope, month)
    )


@metric(
    "margin_of_safety",
    name="Margin of safety",
    unit=Unit.PERCENT,
    formula="(charters completed − break-even charters) ÷ charters completed, in the month",
    source="Bookings, journal and profitability model",
    better=Better.MORE,
    against_whole=True,
)
def margin_of_safety(desk: Desk, scope: Scope, month: int) -> Answer:
    """How far charters stand above (or below) break-even."""
    return desk.formula(
        "margin_of_safety",
        desk.get("services_completed", scope, month),
        desk.get("break_even_model", scope, month),
        undefined="n/a: no charter completed",
    )


@metric(
    "planned_units",
    name="Charters planned a month",
    unit=Unit.COUNT,
    formula="Target of the entered KPI charters-completed",
    source="KPI values",
    monthly=False,
)
def planned_units(desk: Desk, scope: Scope, month: int) -> Answer:
    """Charters a month that the plan asks for."""
    found = [
        row for row in desk.facts.kpi_values if row.entity_id in scope.ids and row.key == "charters-completed"
    ]
    row = max(found, key=lambda entry: entry.as_of, default=None)
    if row is None or row.target is None:
        return desk.absent("no target for charters a month is recorded")
    return desk.rows(
        [TraceRow(f"{row.label} ({row.source})", int(row.target), f"kpi:{row.pk}", row.as_of)], Badge.ENTERED
    )


@metric(
    "model_price",
    name="Price of a charter by the model",
    unit=Unit.MONEY,
    formula="Price in the profitability model",
    source="Profitability model",
    monthly=False,
)
def model_price(desk: Desk, scope: Scope, month: int) -> Answer:
    """Price the model assumes."""
    model = model_of(desk, scope)
    if model is None:
        return desk.absent("no profitability model is recorded")
    return desk.rows([TraceRow(model.name, model.price_minor, f"model:{model.pk}")], Badge.MODELLED)


@metric(
    "price_gap",
    name="Price against the model, per charter",
    unit=Unit.MONEY,
    formula="Revenue per charter − price by the model",
    source="Journal and profitability model",
    better=Better.MORE,
)
def price_gap(desk: Desk, scope: Scope, month: int) -> Answer:
    """How much dearer (or cheaper) a charter was than modelled."""
    return desk.formula(
        "difference", desk.get("revenue_per_charter", scope, month), desk.get("model_price", scope)
    )


@metric(
    "price_variance",
    name="Price variance",
    unit=Unit.MONEY,
    formula="(revenue per charter − price by the model) × charters completed",
    source="Journal, bookings and profitability model",
    better=Better.MORE,
)
def price_variance(desk: Desk, scope: Scope, month: int) -> Answer:
    """Revenue won or lost by price alone."""
    return desk.formula(
        "product", desk.get("price_gap", scope, month), desk.get("services_completed", scope, month)
    )


@metric(
    "volume_gap",
    name="Charters against plan",
    unit=Unit.COUNT,
    formula="Charters completed − charters planned a month",
    source="Bookings and KPI values",
    better=Better.MORE,
)
def volume_gap(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many more (or fewer) charters sailed than planned."""
    return desk.formula(
        "difference", desk.get("services_completed", scope, month), desk.get("planned_units", scope)
    )


@metric(
    "volume_variance",
    name="Volume variance",
    unit=Unit.MONEY,
    formula="(charters completed − charters planned) × price by the model",
    source="Bookings, KPI values and profitability model",
    better=Better.MORE,
)
def volume_variance(desk: Desk, scope: Scope, month: int) -> Answer:
    """Revenue won or lost by volume alone."""
    return desk.formula("product", desk.get("volume_gap", scope, month), desk.get("model_price", scope))
