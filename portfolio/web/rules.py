"""Pages of categorisation rules: their order, writing one with a look at what it would catch, applying one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock, months
from portfolio.domain import ledger, rules
from portfolio.models import Account, AccountRole, CategoryRule, Direction, Entity
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import ROWS_A_PAGE, crumbs
from portfolio.web.forms import MoneyField
from portfolio.web.tabs import books


class RuleForm(forms.Form):
    """What a rule says."""

    contains = forms.CharField(
        label="The description holds", max_length=80, help_text="In any case of letters. For example: marina"
    )
    direction = forms.ChoiceField(label="Direction", choices=Direction.choices, initial=Direction.ANY)
    at_least = MoneyField(label="At least", required=False)
    at_most = MoneyField(label="At most", required=False)
    account = forms.ModelChoiceField(queryset=Account.objects.none(), label="Goes to", empty_label=None)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        """Offer the accounts that say what money was for, in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = (  # type: ignore[attr-defined]
            Account.objects.filter(entity=entity, active=True)
            .exclude(role=AccountRole.UNCATEGORISED)
            .order_by("code")
        )
        for name in ("at_least", "at_most"):
            self.fields[name].currency = entity.currency  # type: ignore[attr-defined]

    def terms(self) -> rules.RuleTerms:
        """Return what was typed as the domain takes it."""
        data = self.cleaned_data
        return rules.RuleTerms(
            data["contains"], data["account"], Direction(data["direction"]), data["at_least"], data["at_most"]
        )


@require_safe
@access.staff
def rule_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List an entity's rules in the order in which they are asked."""
    entity = entity_or_404(request, slug)
    rows = list(_ordered(entity))
    earlier, places = rules.earlier(rows), {row.pk: place for place, row in enumerate(rows, 1)}
    for row in rows:
        row.place, row.after = places[row.pk], [(places[one.pk], one) for one in earlier[row.pk]]  # type: ignore[attr-defined]
    return render(
        request,
        "portfolio/rules.html",
        {
            "entity": entity,
            "page_obj": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "keeps": may(request, "keep", entity),
            "tabs": books(entity, "bank"),
            "crumbs": _crumbs(entity),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_rule(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a rule, and see what it would catch before it is saved."""
    return _edit(request, entity_or_404(request, slug, verb="keep"), None)


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def change_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a rule, and see what it would catch."""
    rule = record(request, CategoryRule.objects.select_related("entity", "account"), pk=pk, verb="keep")
    return _edit(request, rule.entity, rule)


@require_POST
@access.staff
def press_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a rule, switch it, delete it, or apply it to what waits for a category."""
    rule = record(request, CategoryRule.objects.select_related("entity", "account"), pk=pk, verb="keep")
    at, do = clock.now(), request.POST.get("do", "")
    if do in ("up", "down"):
        rules.move(rule=rule, up=do == "up", by=request.user, at=at)
    elif do in ("on", "off"):
        rules.switch(rule=rule, active=do == "on", by=request.user, at=at)
    elif do == "delete":
        rules.delete(rule=rule, by=request.user, at=at)
        messages.success(request, f"The rule for “{rule.contains}” is deleted; what it posted stays.")
    elif do == "apply":
        try:
            done = rules.recategorise(rule=rule, by=request.user, at=at)
        except (rules.RuleError, ledger.LedgerError) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _told(rule, done))
    else:
        messages.error(request, "Choose what to do with the rule.")
    return redirect("portfolio:rules", rule.entity.slug)


def _told(rule: CategoryRule, done: rules.Recategorised) -> str:
    words = f"{done.moved} line{'' if done.moved == 1 else 's'} moved to {rule.account}."
    if done.closed_months:
        names = ", ".join(months.label(month) for month in done.closed_months)
        words += f" Lines of closed months stayed where they are: {names}."
    return words


def _edit(request: HttpRequest, entity: Entity, rule: CategoryRule | None) -> HttpResponse:
    initial = (
        {
            "contains": rule.contains, "direction": rule.direction, "account": rule.account_id,
            "at_least": rule.at_least_minor, "at_most": rule.at_most_minor,
        }
        if rule is not None
        else {}
    )  # fmt: skip
    saves = request.method == "POST" and "try" not in request.POST
    asked = request.POST if request.method == "POST" else request.GET if "contains" in request.GET else None
    form = RuleForm(asked, entity=entity, initial=initial)
    catch = None
    if asked is not None and form.is_valid():
        catch = rules.catches(rule=form.terms().as_rule(entity))
        if saves:
            try:
                saved = rules.save(
                    entity=entity, terms=form.terms(), by=request.user, at=clock.now(), rule=rule
                )
            except rules.RuleError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"The rule is saved. {_next(entity, saved)}")
                return redirect("portfolio:rules", entity.slug)
    elif asked is None and rule is not None:
        catch = rules.catches(rule=rule)
    return render(
        request,
        "portfolio/rule_form.html",
        {
            "entity": entity,
            "rule": rule,
            "form": form,
            "catch": catch,
            "crumbs": [
                *_crumbs(entity),
                {"label": "Rules", "url": reverse("portfolio:rules", args=[entity.slug])},
            ],
        },
        status=422 if request.method == "POST" and form.errors else 200,
    )


def _ordered(entity: Entity) -> QuerySet[CategoryRule]:
    return CategoryRule.objects.filter(entity=entity).select_related("account").order_by("position", "pk")


def _next(entity: Entity, saved: CategoryRule) -> str:
    """Say what to do after a rule is saved: where another is asked first, that it may have to move up."""
    first = rules.earlier(_ordered(entity)).get(saved.pk)
    if not first:
        return "Apply it to move what waits for a category already."
    return (
        f"The rule for “{first[0].contains}” to {first[0].account} is asked before it and may catch the same lines; "
        "move this one up where it should win."
    )


def _crumbs(entity: Entity) -> list[dict[str, Any]]:
    return crumbs(entity, {"label": "Bank", "url": reverse("portfolio:bank", args=[entity.slug])})


urlpatterns = [
    path("entities/<slug:slug>/rules/", rule_list, name="rules"),
    path("entities/<slug:slug>/rules/add/", add_rule, name="add_rule"),
    path("rules/<int:pk>/change/", change_rule, name="change_rule"),
    path("rules/<int:pk>/press/", press_rule, name="press_rule"),
]
