"""Pages of the expense audit: what was paid for in a month, and the words that are said of it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock, months
from portfolio.domain import expenses, pages
from portfolio.models import Entity, EntryState, ExpenseFlag, FlagKind, JournalEntry
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import ROWS_A_PAGE, crumbs
from portfolio.web.tabs import books

# What may be shown of a month, and what that is called.
LOOKS = (
    ("", "All payments"),
    ("doubles", "Possible duplicates"),
    ("receipts", "Without a receipt"),
    ("said", "Spoken of"),
)


class FlagForm(forms.Form):
    """What is said of an expense, and why."""

    kind = forms.ChoiceField(label="What is said of it", choices=FlagKind.choices)
    note = forms.CharField(
        label="Why",
        max_length=expenses.NOTE_LIMIT,
        help_text="For example: The lender’s yearly statement proves it",
    )


@require_safe
@access.staff
def expense_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List what an entity paid for in a month, with what looks wrong and what was said of it."""
    entity = entity_or_404(request, slug)
    month, look = _month(request), request.GET.get("look", "")
    rows = expenses.audited(entity=entity, month=month, as_of=pages.as_of_date())
    shown = {"doubles": "double", "receipts": "unproven", "said": "flags"}.get(look)
    kept = [row for row in rows if shown is None or getattr(row, shown)]
    return render(
        request,
        "portfolio/expenses/list.html",
        {
            "entity": entity,
            "page_obj": Paginator(kept, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "month": months.label(month),
            "before": months.iso(month - 1),
            "after": months.iso(month + 1) if month < months.month_of(pages.as_of_date()) else "",
            "asked": months.iso(month),
            "look": look if shown else "",
            "query": f"month={months.iso(month)}&look={look if shown else ''}&",
            "looks": LOOKS,
            "keeps": may(request, "keep", entity),
            "tabs": books(entity, "entries"),
            "crumbs": crumbs(entity),
        },
    )


def _month(request: HttpRequest) -> int:
    try:
        asked = months.parse(request.GET.get("month", ""))
    except months.MonthError:
        asked = 0
    if asked and months.is_near(months.first_day(asked)):
        return asked
    as_of = pages.as_of_date()
    this = months.month_of(as_of)
    return this if as_of == months.last_day(this) else this - 1


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def flag_expense(request: HttpRequest, pk: int) -> HttpResponse:
    """Say a word of an expense."""
    entries = JournalEntry.objects.filter(state=EntryState.POSTED).select_related("entity")
    entry = record(request, entries, pk=pk, verb="keep")
    form = FlagForm(request.POST if request.method == "POST" else None)
    back = f"{reverse('portfolio:expenses', args=[entry.entity.slug])}?month={months.iso(entry.month)}"
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            expenses.flag(
                entry=entry, kind=FlagKind(said["kind"]), note=said["note"], by=request.user, at=clock.now()
            )
        except expenses.FlagRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"It is noted: {FlagKind(said['kind']).label.lower()}.")
            return redirect(back)
    context = {
        "entity": entry.entity, "heading": "Say a word of an expense", "form": form, "back": back,
        "lede": "The entry stays as it is; the word stands beside it, and can be taken back.",
        "submit": "Say it", "facts": _facts(entry),
        "crumbs": crumbs(entry.entity, {"label": "Expenses", "url": back}),
    }  # fmt: skip
    return render(request, "portfolio/act.html", context, status=422 if form.errors else 200)


def _facts(entry: JournalEntry) -> list[tuple[str, Any]]:
    return [("Entry", entry.memo), ("On", f"{entry.on:%-d %B %Y}")]


@require_POST
@access.staff
def take_back_flag(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what was said of an expense."""
    flag = (
        ExpenseFlag.objects.select_related("entry__entity").filter(pk=pk, entry__entity__active=True).first()
    )
    if flag is None:
        raise Http404
    entity: Entity = flag.entry.entity
    access.require(request.user, "keep", entity.pk)
    try:
        expenses.unflag(flag=flag, by=request.user, at=clock.now())
    except expenses.FlagRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"It is taken back: {flag.get_kind_display().lower()}.")
    return redirect(
        f"{reverse('portfolio:expenses', args=[entity.slug])}?month={months.iso(flag.entry.month)}"
    )


urlpatterns = [
    path("entities/<slug:slug>/expenses/", expense_list, name="expenses"),
    path("entries/<int:pk>/word/", flag_expense, name="flag_expense"),
    path("expense-flags/<int:pk>/take-back/", take_back_flag, name="take_back_flag"),
]
