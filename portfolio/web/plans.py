"""Pages of plans: an entity's budget beside its books, targets, forecasts and KPIs, and the whole portfolio's plans."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock, months
from portfolio.domain import pages, queries
from portfolio.domain.plan import budgets, changes, forecasts, landing
from portfolio.formats.csv_rows import MAX_BYTES
from portfolio.formats.errors import FormatError
from portfolio.models import (
    Account,
    Assumption,
    CapitalOption,
    CapitalTier,
    Entity,
    FinancialRule,
    KpiValue,
    MonthlyTarget,
    ProfitabilityModel,
    Scenario,
)
from portfolio.web import tabs
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import PORTFOLIO, crumbs
from portfolio.web.plan_forms import (
    AssumptionForm,
    CapitalForm,
    FileForm,
    ForecastForm,
    KpiForm,
    MonthsForm,
    RuleForm,
    ScenarioForm,
    SpreadForm,
)

act_methods = require_http_methods(["GET", "HEAD", "POST"])
YEARS_AROUND = 5
KPIS_SHOWN = 200


def _frame(entity: Entity, *, inside: bool = True) -> dict[str, Any]:
    way = [{"label": "Plans", "url": reverse("portfolio:plans", args=[entity.slug])}] if inside else []
    return {"entity": entity, "books_tabs": tabs.books(entity, "plans"), "crumbs": crumbs(entity, *way)}


def _year(request: HttpRequest) -> int:
    """Return the year asked for, within five of the present one; anything odd is the present one."""
    present = pages.as_of_date().year
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else present
    return year if abs(year - present) <= YEARS_AROUND else present


@require_safe
@access.staff
def plan_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a year of an entity: budget beside books by account, targets, forecasts with their scores, KPI values."""
    entity = entity_or_404(request, slug)
    year, as_of = _year(request), pages.as_of_date()
    first, now = year * 12, months.month_of(as_of)
    lines = budgets.lines(entity=entity, first=first, last=first + 11, as_of=now)
    values = list(KpiValue.objects.filter(entity=entity).order_by("label", "-as_of")[:KPIS_SHOWN])
    latest = pages.latest_kpis(entity=entity, as_of=as_of)
    shown = {value.pk for value in latest}
    return render(
        request,
        "portfolio/plans/plan.html",
        {
            **_frame(entity, inside=False),
            "year": year,
            "years": [
                {"label": str(near), "url": f"?year={near}", "current": near == year}
                for near in range(year - 1, year + 2)
            ],
            "months": range(year * 12, year * 12 + 12),
            "lines": [(line, list(zip(line.budget, line.actual, strict=True))) for line in lines],
            "totals": budgets.totals(lines),
            "targets": list(
                MonthlyTarget.objects.filter(entity=entity, month__range=(year * 12, year * 12 + 11))
            ),
            "scores": forecasts.scores(entity=entity),
            "begun": now >= first,
            "so_far": months.label(min(now, first + 11)),
            "under_way": now if first <= now <= first + 11 else None,
            "kpis": latest,
            "earlier_kpis": [value for value in values if value.pk not in shown],
            "options": list(CapitalOption.objects.filter(entity=entity)),
            "models": list(ProfitabilityModel.objects.filter(entity=entity)),
            "owns": may(request, "own", entity),
            "sees_all": access.may(request.user, "read"),
            "keys": forecasts.KEYS,
            "keeps": may(request, "keep", entity),
            "accounts": Account.objects.filter(entity=entity, active=True, kind__in=budgets.KINDS)
            if may(request, "keep", entity)
            else [],
        },
    )


@act_methods
@access.staff
def budget_account(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Set an account's budget for a year; a whole year's amount or the year before can propose it."""
    entity = entity_or_404(request, slug, verb="keep")
    account = record(
        request, Account.objects.filter(entity=entity).select_related("entity"), pk=pk, verb="keep"
    )
    year = _year(request)
    spread = SpreadForm(request.GET if "propose" in request.GET else None, currency=entity.currency)
    line = next(
        (
            row
            for row in budgets.lines(entity=entity, first=year * 12, last=year * 12 + 11)
            if row.account == account
        ),
        None,
    )
    stands = line.budget if line is not None else (None,) * 12
    initial = {
        f"month_{year * 12 + n}": amount
        for n, amount in enumerate(_proposed(spread, account, year) or stands)
    }
    form = MonthsForm(
        request.POST if request.method == "POST" else None,
        year=year, currency=entity.currency, signed=True, initial=initial,
    )  # fmt: skip
    return set_plan(
        request,
        entity=entity,
        form=form,
        do=lambda data: budgets.set_months(
            account=account, amounts=form.amounts(), source=data["source"], by=request.user, at=clock.now()
        ),
        refusal=budgets.BudgetRefusedError,
        done=f"The budget of {account} for {year} is set.",
        heading=f"Budget of {account}, {year}",
        lede="Write income and cost both without a sign, as the account means them. An empty month has no budget.",
        spread=spread,
    )


def _proposed(spread: SpreadForm, account: Account, year: int) -> list[int] | None:
    if not spread.is_bound or not spread.is_valid():
        return None
    total, growth = spread.cleaned_data["total"], spread.cleaned_data["growth"]
    if total is not None:
        return budgets.spread(total)
    return (
        budgets.proposed(account=account, year=year, growth_bp=round(growth * 100))
        if growth is not None
        else None
    )


@act_methods
@access.staff
def set_targets(request: HttpRequest, slug: str) -> HttpResponse:
    """Set an entity's revenue targets for a year."""
    entity = entity_or_404(request, slug, verb="own")
    year = _year(request)
    stands = MonthlyTarget.objects.filter(entity=entity, month__range=(year * 12, year * 12 + 11))
    form = MonthsForm(
        request.POST if request.method == "POST" else None,
        year=year,
        currency=entity.currency,
        signed=False,
        initial={f"month_{row.month}": row.revenue_minor for row in stands},
    )
    return set_plan(
        request,
        entity=entity,
        form=form,
        do=lambda data: changes.set_targets(
            entity=entity, targets=form.amounts(), source=data["source"], by=request.user, at=clock.now()
        ),
        refusal=changes.PlanRefusedError,
        done=f"The targets of {year} are set.",
        heading=f"Revenue targets, {year}",
        lede="Recognised revenue that each month should bring. An empty month has no target.",
    )


@act_methods
@access.staff
def enter_kpi(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down what a KPI was on a day."""
    entity = entity_or_404(request, slug, verb="keep")
    form = KpiForm(request.POST if request.method == "POST" else None, initial={"as_of": pages.as_of_date()})
    return set_plan(
        request,
        entity=entity,
        form=form,
        do=lambda data: changes.enter_kpi(
            row=KpiValue(entity=entity, tracked=data["value"] is not None, **data),
            by=request.user,
            at=clock.now(),
        ),
        refusal=changes.PlanRefusedError,
        done="The value is written down.",
        heading="Enter a KPI value",
        lede="Reports show it as entered, with its source.",
    )


@act_methods
@access.staff
def make_forecast(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep what is expected of a month; it is scored when the month is over."""
    entity = entity_or_404(request, slug, verb="keep")
    form = ForecastForm(request.POST if request.method == "POST" else None, currency=entity.currency)
    at = clock.now()
    return set_plan(
        request,
        entity=entity,
        form=form,
        do=lambda data: forecasts.make(
            entity=entity, key=data["key"], month=data["month"], value_minor=data["value"], scenario=data["scenario"],
            source=data["source"], today=clock.today(entity.zone, at=at), by=request.user, at=at,
        ),
        refusal=changes.PlanRefusedError,
        done="The forecast is kept as you said it.",
        heading="Make a forecast",
        lede="It stays as it is said, and is scored against the books when the month is over.",
    )  # fmt: skip


@act_methods
@access.staff
def upload_plans(request: HttpRequest, slug: str) -> HttpResponse:
    """Land a file of budgets, targets, KPI values or capital options, CSV or XLSX."""
    entity = entity_or_404(request, slug, verb="keep")
    form = FileForm(request.POST or None, request.FILES or None)

    def land(data: dict[str, Any]) -> None:
        given: UploadedFile = data["file"]
        name = "".join(letter for letter in given.name or "" if letter.isprintable())[-120:] or "upload.csv"
        verb = "own" if data["kind"] in ("targets", "capital") else "keep"
        rows = landing.land(
            kind=data["kind"], data=given.read(MAX_BYTES + 1), name=name,
            allowed=lambda found: may(request, verb, found), by=request.user, at=clock.now(),
        )  # fmt: skip
        messages.success(request, f"{name} landed: {rows} {'row' if rows == 1 else 'rows'}.")

    return set_plan(
        request,
        entity=entity,
        form=form,
        do=land,
        refusal=FormatError,
        done="",
        heading="Bring plans in",
        lede="Budgets need the columns entity, account, month, amount, source; targets entity, month, revenue, source; KPI "
        "values entity, key, label, as_of, value, target, unit, source; capital options entity, tier, name, outlay, "
        "monthly_return, source.",
        submit="Bring it in",
        multipart=True,
    )


@require_safe
@access.staff
def portfolio_plans(request: HttpRequest) -> HttpResponse:
    """Show the whole portfolio's plans: scenarios, capital by tier, financial rules and assumptions in force."""
    access.require(request.user, "read")
    as_of = pages.as_of_date()
    options = list(CapitalOption.objects.select_related("entity"))
    owned = access.entity_ids(request.user, "own")
    return render(
        request,
        "portfolio/plans/portfolio.html",
        {
            "as_of": as_of,
            "scenarios": list(Scenario.objects.all()),
            "tiers": [(tier.label, [row for row in options if row.tier == tier]) for tier in CapitalTier],
            "rules": list(FinancialRule.objects.all()),
            "assumptions": sorted(queries.assumptions(as_of=as_of).values(), key=lambda row: row.key),
            "owns": access.may(request.user, "own"),
            "owned": {row.entity_id for row in options if owned is None or row.entity_id in owned},
            "crumbs": [PORTFOLIO],
        },
    )


@act_methods
@access.staff
def change_scenario(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a scenario, or with 0 add one."""
    access.require(request.user, "own")
    row = _row(Scenario, pk) or Scenario(name="", position=1, units_a_month=0, price_minor=0, source="")
    return _save(
        request, row, ScenarioForm, entity=None, heading=f"Scenario {row.name}".strip(), anchor="scenarios"
    )


@act_methods
@access.staff
def change_financial_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a financial rule says and where it bites."""
    access.require(request.user, "own")
    row = _row(FinancialRule, pk)
    if row is None:
        raise Http404
    heading = f"Rule: {row.get_check_name_display()}"
    return _save(request, row, RuleForm, entity=None, heading=heading, anchor="rules")


@act_methods
@access.staff
def change_capital(request: HttpRequest, pk: int) -> HttpResponse:
    """Change something money could be spent on."""
    row = record(request, CapitalOption.objects.select_related("entity"), pk=pk, verb="own")
    return _save(request, row, CapitalForm, entity=row.entity, heading=row.name, anchor="capital")


@act_methods
@access.staff
def add_capital(request: HttpRequest, slug: str) -> HttpResponse:
    """Add something an entity could spend money on."""
    entity = entity_or_404(request, slug, verb="own")
    row = CapitalOption(entity=entity, name="", tier=CapitalTier.ZERO_COST, outlay_minor=0, source="")
    return _save(
        request, row, CapitalForm, entity=entity, heading="Something to spend money on", anchor="capital"
    )


@act_methods
@access.staff
def add_assumption(request: HttpRequest) -> HttpResponse:
    """Write down an assumption that holds from a day on; the one before it stays for the days it held."""
    access.require(request.user, "own")
    before = (
        Assumption.objects.filter(key=request.GET.get("key", "")[:60]).first()
        if "\x00" not in request.GET.get("key", "")
        else None
    )
    initial: dict[str, Any] = {"effective_on": pages.as_of_date()}
    if before is not None:
        initial |= {name: getattr(before, name) for name in ("key", "value", "note")}
    form = AssumptionForm(request.POST if request.method == "POST" else None, initial=initial)
    return set_plan(
        request,
        entity=None,
        form=form,
        do=lambda data: changes.assume(**data, by=request.user, at=clock.now()),
        refusal=changes.PlanRefusedError,
        done="The assumption is written down.",
        heading="A new assumption",
        lede="It holds from its day on. Earlier figures keep the one that held then.",
    )


def _row(model: type[Model], pk: int) -> Any:
    """Return the row of that number, None for number 0."""
    if pk == 0:
        return None
    found = model._default_manager.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _save(
    request: HttpRequest,
    row: Any,
    form_class: Callable[..., forms.Form],
    *,
    entity: Entity | None,
    heading: str,
    anchor: str,
) -> HttpResponse:
    given = {"entity": entity} if entity is not None else {}
    names = list(getattr(form_class, "base_fields", {}))
    form = form_class(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(row, name) for name in names},
        **given,
    )
    return set_plan(
        request,
        entity=entity,
        form=form,
        do=lambda data: changes.save(
            row=row, values=data, entity=entity.slug if entity else "", by=request.user, at=clock.now()
        ),
        refusal=changes.PlanRefusedError,
        done="Saved.",
        heading=heading,
        lede="What stood here before stays in the audit trail.",
        anchor=anchor,
    )


def set_plan(
    request: HttpRequest,
    *,
    entity: Entity | None,
    form: forms.Form,
    do: Callable[[dict[str, Any]], object],
    refusal: type[Exception] | tuple[type[Exception], ...],
    done: str,
    heading: str,
    lede: str,
    submit: str = "Save",
    anchor: str = "",
    **more: Any,
) -> HttpResponse:
    """Show a form, or do what it says and go back to the plans; a refusal is shown in the form with nothing lost."""
    back = reverse("portfolio:plans", args=[entity.slug]) if entity else reverse("portfolio:portfolio_plans")
    if request.method == "POST" and form.is_valid():
        try:
            do(form.cleaned_data)
        except refusal as error:
            form.add_error(None, str(error))
        else:
            if done:
                messages.success(request, done)
            return redirect(f"{back}#{anchor}" if anchor else back)
    way = {"label": "Plans", "url": reverse("portfolio:portfolio_plans")}
    frame = _frame(entity) if entity else {"crumbs": [PORTFOLIO, way]}
    context = {
        **frame,
        "form": form,
        "heading": heading,
        "lede": lede,
        "submit": submit,
        "back": back,
        **more,
    }
    return render(request, "portfolio/plans/form.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("plans/", portfolio_plans, name="portfolio_plans"),
    path("plans/scenarios/<int:pk>/", change_scenario, name="change_scenario"),
    path("plans/rules/<int:pk>/", change_financial_rule, name="change_financial_rule"),
    path("plans/capital/<int:pk>/", change_capital, name="change_capital"),
    path("plans/assumptions/add/", add_assumption, name="add_assumption"),
    path("entities/<slug:slug>/plans/", plan_page, name="plans"),
    path("entities/<slug:slug>/plans/budget/<int:pk>/", budget_account, name="budget_account"),
    path("entities/<slug:slug>/plans/targets/", set_targets, name="set_targets"),
    path("entities/<slug:slug>/plans/kpis/add/", enter_kpi, name="enter_kpi"),
    path("entities/<slug:slug>/plans/forecasts/add/", make_forecast, name="make_forecast"),
    path("entities/<slug:slug>/plans/capital/add/", add_capital, name="add_capital"),
    path("entities/<slug:slug>/plans/upload/", upload_plans, name="upload_plans"),
]
