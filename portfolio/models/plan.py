"""Plans: entered KPI values, targets, assumptions, profitability models, capital options and rules.

Everything here is what people believe or want; what happened is in the ledger and the bookings.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models.entity import Entity


class Basis(models.TextChoices):
    """How a value is known: measured from records, modelled from assumptions, or entered by a person."""

    MEASURED = "measured", "Measured"
    MODELLED = "modelled", "Modelled"
    ENTERED = "entered", "Entered"


class KpiValue(models.Model):
    """A dated value of a KPI that staff entered or a handoff note stated. Not tracked is a row too."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="kpi_values")
    key = models.SlugField(max_length=60)
    label = models.CharField(max_length=120)
    as_of = models.DateField()
    tracked = models.BooleanField(default=True)
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    target = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=30, blank=True)
    basis = models.CharField(max_length=10, choices=Basis.choices, default=Basis.ENTERED)
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["entity_id", "key", "-as_of"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "key", "as_of"], name="kpi_once_per_date"),
            models.CheckConstraint(
                condition=Q(tracked=True) | Q(value__isnull=True), name="untracked_kpi_has_no_value"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.as_of}"


class MonthlyTarget(models.Model):
    """What an entity should earn in a month, in cents of recognised revenue."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="targets")
    month = models.IntegerField(help_text="year * 12 + month - 1")
    revenue_minor = models.BigIntegerField()
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "month"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "month"], name="target_once_per_month"),
            models.CheckConstraint(condition=Q(revenue_minor__gte=0), name="target_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} {self.month}"


class Budget(models.Model):
    """What an account should move in a month, in the account's own sense: income and cost both positive."""

    account = models.ForeignKey(
        "portfolio.Account", on_delete=models.PROTECT, related_name="budgets", db_index=False
    )
    month = models.IntegerField(help_text="year * 12 + month - 1")
    amount_minor = models.BigIntegerField()
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["account_id", "month"]
        constraints = [
            models.UniqueConstraint(fields=["account", "month"], name="budget_once_per_month"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.month}"


class Forecast(models.Model):
    """What somebody expected of a month before it was over, kept as it was said and scored when the month is past.

    ``value_minor`` and ``actual_minor`` are cents. A forecast never changes; a new one is another row.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="forecasts")
    key = models.SlugField(max_length=60, help_text="What is forecast: revenue, net, cash.")
    scenario = models.CharField(max_length=20, blank=True)
    made_on = models.DateField()
    month = models.IntegerField(help_text="year * 12 + month - 1")
    value_minor = models.BigIntegerField()
    actual_minor = models.BigIntegerField(null=True, blank=True)
    scored_on = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["entity_id", "key", "-month", "-made_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "key", "scenario", "month", "made_on"], name="forecast_once_per_day"
            ),
            models.CheckConstraint(
                condition=Q(actual_minor__isnull=True) | Q(scored_on__isnull=False),
                name="scored_forecast_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.month}"


class AssumptionKey(models.TextChoices):
    """The numbers that formulas read; one that nothing reads would only look as if it counted."""

    STAGE_ENQUIRY = "stage-enquiry", "Chance that an enquiry is served"
    STAGE_QUOTED = "stage-quoted", "Chance that a quoted booking is served"
    STAGE_HELD = "stage-held", "Chance that a held date is served"
    STAGE_BOOKED = "stage-booked", "Chance that a booked service is served"
    STAGE_PAID = "stage-paid", "Part in which a paid booking counts"
    MEASURED_WINDOW = "measured-window-days", "Days for which a key figure counts as measured"
    PIPELINE_FROM = "pipeline-from-days", "Days ahead from which the pipeline is asked about"
    PIPELINE_TO = "pipeline-to-days", "Days ahead up to which the pipeline is asked about"
    CARD_FEE = "card-fee-bp", "Card fee, share of the charge (proposed for a new model)"
    CARD_FEE_FIXED = "card-fee-fixed", "Card fee, fixed part (proposed for a new model)"
    RUNWAY_CRITICAL = "runway-alert-critical", "Runway under which it is critical"
    RUNWAY_HIGH = "runway-alert-high", "Runway under which it is a warning"
    CONTRACTOR_FORM = "contractor-form-threshold", "Payments in a year from which a contractor’s form is due"
    RECEIPT_FROM = "receipt-from-minor", "Sum from which a payment needs a receipt"
    TRIAGE_EMERGENCY = "triage-emergency-days", "Days within which an emergency is looked at"
    TRIAGE_URGENT = "triage-urgent-days", "Days within which something urgent is looked at"
    TRIAGE_ROUTINE = "triage-routine-days", "Days within which any other ticket is looked at"
    REPAIR_EMERGENCY = "repair-emergency-days", "Days within which an emergency is mended"
    REPAIR_URGENT = "repair-urgent-days", "Days within which something urgent is mended"
    REPAIR_ROUTINE = "repair-routine-days", "Days within which any other ticket is closed"
    OCCUPANCY_FLOOR = "occupancy-floor-bp", "Adjusted occupancy of a rental under which it is low"
    EXPIRY_WARNING = "expiry-warning-days", "Days before a paper runs out at which it is to be renewed"
    GAP_WARNING = "gap-warning-days", "Nights open in a row between two stays that are worth a thought"
    ESCALATE_OVERDUE = "escalate-overdue-days", "Days overdue from which an action is escalated"
    ESCALATE_CARRIED = "escalate-carried-editions", "Editions that carry an action over until it is escalated"


class Assumption(models.Model):
    """A dated number that a formula uses, with the source that vouches for it.

    ``value`` is in ``unit``: basis points, days, cents or a plain count.
    """

    key = models.SlugField(max_length=60, choices=AssumptionKey.choices)
    effective_on = models.DateField()
    value = models.BigIntegerField()
    unit = models.CharField(max_length=20)
    note = models.CharField(max_length=250)
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["key", "-effective_on"]
        constraints = [
            models.UniqueConstraint(fields=["key", "effective_on"], name="assumption_once_per_date")
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.value} {self.unit}"


class ModelState(models.TextChoices):
    """A model is only a draft until the owner adopts it."""

    DRAFT = "draft", "Draft"
    ADOPTED = "adopted", "Adopted"


class ProfitabilityModel(models.Model):
    """What one charter (or job) is expected to contribute, all in cents; rates in basis points.

    Contribution = price - crew - fuel - dock - food - commission - card fee.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="profitability_models")
    name = models.CharField(max_length=80)
    price_minor = models.BigIntegerField()
    crew_minor = models.BigIntegerField(default=0)
    fuel_minor = models.BigIntegerField(default=0)
    dock_minor = models.BigIntegerField(default=0)
    food_minor = models.BigIntegerField(default=0)
    commission_bp = models.PositiveIntegerField(default=0)
    card_fee_bp = models.PositiveIntegerField(default=0)
    card_fee_fixed_minor = models.BigIntegerField(default=0)
    break_even_entered = models.PositiveIntegerField(
        null=True, blank=True, help_text="Units a month that the source states, to be checked."
    )
    state = models.CharField(max_length=8, choices=ModelState.choices, default=ModelState.DRAFT)
    adopted_on = models.DateField(null=True, blank=True)
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["entity_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="profitability_model_once_per_name"),
            models.CheckConstraint(
                condition=~Q(state="adopted") | Q(adopted_on__isnull=False), name="adopted_model_has_date"
            ),
            models.CheckConstraint(
                condition=Q(
                    price_minor__gte=0,
                    crew_minor__gte=0,
                    fuel_minor__gte=0,
                    dock_minor__gte=0,
                    food_minor__gte=0,
                ),
                name="profitability_model_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Scenario(models.Model):
    """Saved assumptions of one forecast: low, base or high."""

    name = models.CharField(max_length=20, unique=True)
    position = models.PositiveSmallIntegerField()
    units_a_month = models.PositiveIntegerField(help_text="Charters a month.")
    price_minor = models.BigIntegerField()
    fixed_change_bp = models.IntegerField(default=0, help_text="Change of fixed cost in basis points.")
    note = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class CapitalTier(models.TextChoices):
    """The order in which money may go out."""

    ZERO_COST = "zero_cost", "Zero cost"
    LOW_COST = "low_cost", "Low cost"
    REVENUE = "revenue", "Revenue-producing"
    DO_NOT_DEPLOY = "do_not_deploy", "Do not deploy"


class CapitalOption(models.Model):
    """Something money could be spent on, with what it should bring back each month, in cents."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="capital_options")
    tier = models.CharField(max_length=14, choices=CapitalTier.choices)
    name = models.CharField(max_length=120)
    outlay_minor = models.BigIntegerField()
    monthly_return_minor = models.BigIntegerField(null=True, blank=True, help_text="Empty: not tracked.")
    spent_on = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["tier", "outlay_minor", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(outlay_minor__gte=0), name="outlay_not_negative"),
            models.UniqueConstraint(fields=["entity", "name"], name="capital_option_once_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class FinancialRule(models.Model):
    """A non-negotiable rule that staff may edit; ``check`` names the live check that reads the records."""

    class Check(models.TextChoices):
        RUNWAY_FLOOR = "runway_floor", "Runway stays above a floor (months x 100)"
        DEPOSITS_UNTOUCHED = (
            "deposits_untouched",
            "Deposits never fund operations (cents of shortfall allowed)",
        )
        RETURNS_TRACKED = "returns_tracked", "No outlay without a tracked return (outlays allowed)"

    check_name = models.CharField(max_length=24, choices=Check.choices, unique=True)
    position = models.PositiveSmallIntegerField()
    statement = models.CharField(max_length=200)
    threshold = models.BigIntegerField(help_text="In the check's own unit.")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.statement
