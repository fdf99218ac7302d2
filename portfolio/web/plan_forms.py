"""Forms of plans: they clean what a person typed and decide nothing."""

from typing import Any

from django import forms

from core import months
from portfolio.domain.plan.changes import unit_of
from portfolio.domain.plan.forecasts import KEYS
from portfolio.models import AssumptionKey, CapitalTier, Entity
from portfolio.web.forms import DayField, MoneyField

UNITS = {
    "bp": "basis points (100 is 1 %)",
    "cents": "cents",
    "days": "days",
    "editions": "editions",
    "months x 100": "hundredths of a month",
}


class MonthsForm(forms.Form):
    """Twelve amounts of a year and where they come from; an empty month has none."""

    source = forms.CharField(label="Source", max_length=120, help_text="Who says so, or which paper.")

    def __init__(self, *args: Any, year: int, currency: str, signed: bool, **kwargs: Any) -> None:
        """Ask for one amount for each month of a year, named ``month_<whole number>``."""
        super().__init__(*args, **kwargs)
        first = year * 12
        self.months = range(first, first + 12)
        for month in self.months:
            self.fields[f"month_{month}"] = MoneyField(
                label=months.label(month), currency=currency, signed=signed, required=False
            )

    def amounts(self) -> dict[int, int | None]:
        """Return month to minor units, None where nothing is planned."""
        return {month: self.cleaned_data[f"month_{month}"] for month in self.months}


class SpreadForm(forms.Form):
    """A whole year's amount, or growth on the year before, from which twelve amounts are proposed."""

    total = MoneyField(
        label="A whole year", required=False, signed=True, help_text="Shared out over twelve months."
    )
    growth = forms.DecimalField(
        label="Or the year before, changed by percent",
        required=False,
        min_value=-100,
        max_value=1000,
        max_digits=6,
        decimal_places=2,
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the amount in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["total"].currency = currency  # type: ignore[attr-defined]


class FileForm(forms.Form):
    """A file of plans."""

    kind = forms.ChoiceField(
        label="Kind of file",
        choices=[
            ("budgets", "Budgets by account and month"),
            ("targets", "Revenue targets"),
            ("kpis", "KPI values"),
            ("capital", "Capital options"),
        ],
    )
    file = forms.FileField(
        label="File",
        help_text="CSV, or the first sheet of an XLSX workbook. It lands whole or not at all; a month or day that has a "
        "value takes the file’s.",
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )


class KpiForm(forms.Form):
    """What a KPI was on a day."""

    label = forms.CharField(label="What", max_length=120, help_text="For example: Enquiries a month")
    key = forms.SlugField(
        label="Key", max_length=60, help_text="Short and always the same: enquiries-a-month"
    )
    as_of = DayField(label="On")
    value = forms.DecimalField(
        label="Value",
        required=False,
        max_digits=20,
        decimal_places=4,
        help_text="Empty says that it is not tracked.",
    )
    target = forms.DecimalField(label="Target", required=False, max_digits=20, decimal_places=4)
    unit = forms.CharField(label="Unit", max_length=30, required=False)
    source = forms.CharField(label="Source", max_length=120)


class ForecastForm(forms.Form):
    """What is expected of a month."""

    key = forms.ChoiceField(label="Of what", choices=list(KEYS.items()))
    month = forms.CharField(label="Month", max_length=7, help_text="As 2026-12.")
    value = MoneyField(label="Expected", signed=True)
    scenario = forms.CharField(label="Scenario", max_length=20, required=False)
    source = forms.CharField(label="Source", max_length=120)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the amount in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["value"].currency = currency  # type: ignore[attr-defined]

    def clean_month(self) -> int:
        """Return the month as a whole number."""
        try:
            return months.parse(self.cleaned_data["month"])
        except months.MonthError as error:
            raise forms.ValidationError(
                "This is not a month; write it as 2026-12.", code="invalid"
            ) from error


class ScenarioForm(forms.Form):
    """Saved assumptions of one forecast."""

    name = forms.CharField(label="Name", max_length=20)
    position = forms.IntegerField(label="Place in the list", min_value=1, max_value=100)
    units_a_month = forms.IntegerField(label="Charters a month", min_value=0, max_value=10_000)
    price_minor = MoneyField(label="Price of each")
    fixed_change_bp = forms.IntegerField(
        label="Change of fixed cost",
        min_value=-10_000,
        max_value=100_000,
        help_text="In basis points: 500 is 5 % more.",
    )
    note = forms.CharField(label="In words", max_length=200, required=False)
    source = forms.CharField(label="Source", max_length=120)


class CapitalForm(forms.Form):
    """Something money could be spent on."""

    name = forms.CharField(label="What", max_length=120)
    tier = forms.ChoiceField(label="Tier", choices=CapitalTier.choices)
    outlay_minor = MoneyField(label="Outlay")
    monthly_return_minor = MoneyField(
        label="Return a month", required=False, signed=True, help_text="Empty while nobody tracks it."
    )
    spent_on = DayField(label="Spent on", required=False)
    source = forms.CharField(label="Source", max_length=120)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        """Read amounts in the entity's currency."""
        super().__init__(*args, **kwargs)
        for name in ("outlay_minor", "monthly_return_minor"):
            self.fields[name].currency = entity.currency  # type: ignore[attr-defined]


class ModelForm(forms.Form):
    """What one charter or job brings and costs."""

    name = forms.CharField(label="Name", max_length=80)
    price_minor = MoneyField(label="Price")
    crew_minor = MoneyField(label="Crew")
    fuel_minor = MoneyField(label="Fuel")
    dock_minor = MoneyField(label="Dock")
    food_minor = MoneyField(label="Provisions")
    commission_bp = forms.IntegerField(
        label="Commission", min_value=0, max_value=10_000, help_text="In basis points: 1500 is 15 %."
    )
    card_fee_bp = forms.IntegerField(
        label="Card fee, share of the charge",
        min_value=0,
        max_value=10_000,
        help_text="In basis points: 290 is 2.9 %.",
    )
    card_fee_fixed_minor = MoneyField(label="Card fee, fixed part")
    break_even_entered = forms.IntegerField(
        label="Break-even, as stated",
        required=False,
        min_value=0,
        max_value=100_000,
        help_text="Units a month that the source states; reports work it out themselves and compare.",
    )
    source = forms.CharField(label="Source", max_length=120, help_text="Who says so, or which paper.")

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        """Read amounts in the entity's currency; a cost nobody typed is nothing."""
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, MoneyField):
                field.currency = entity.currency
            if name.endswith(("_minor", "_bp")) and name != "price_minor":
                self.initial.setdefault(name, 0)


class RuleForm(forms.Form):
    """A rule that is not to be broken; which check it runs is fixed."""

    statement = forms.CharField(label="Rule", max_length=200)
    threshold = forms.IntegerField(label="Threshold", min_value=-(10**15), max_value=10**15)
    position = forms.IntegerField(label="Place in the list", min_value=1, max_value=100)
    active = forms.BooleanField(label="In force", required=False)


class AssumptionForm(forms.Form):
    """A number that formulas use, from a day on."""

    key = forms.ChoiceField(
        label="Which",
        choices=[(key, f"{words}, in {UNITS[unit_of(key)]}") for key, words in AssumptionKey.choices],
        help_text="These are the ones that formulas read.",
    )
    effective_on = DayField(label="From")
    value = forms.IntegerField(label="Value", min_value=-(10**15), max_value=10**15)
    note = forms.CharField(label="In words", max_length=250)
    source = forms.CharField(label="Source", max_length=120)
