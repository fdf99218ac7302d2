"""Pages of bank lines: what waits for a decision, what the books hold that no statement told, and stated balances."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock, months
from portfolio.domain import bank_accounts, bank_files, bank_shares, ledger, matching, pages
from portfolio.models import Account, Entity, ImportedLine, JournalEntry
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import crumbs
from portfolio.web.forms import DayField, MoneyField
from portfolio.web.tabs import books

LINES_A_PAGE = 20
ENTRIES_SHOWN = 30
DAYS_BACK = 120


class BalanceForm(forms.Form):
    """What a statement says an account held at the end of a day."""

    account = forms.ModelChoiceField(queryset=Account.objects.none(), label="Account", empty_label=None)
    on = DayField(label="At the end of")
    balance = MoneyField(
        label="Balance on the statement",
        signed=True,
        help_text="As the bank states it; below zero when overdrawn.",
    )

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        """Offer the accounts that get statements."""
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = bank_accounts.with_statements(entity=entity)  # type: ignore[attr-defined]
        self.fields["balance"].currency = entity.currency  # type: ignore[attr-defined]


class LineForm(forms.Form):
    """What a person decides on a waiting line: an entry it is, or an account it goes to."""

    match = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    account = forms.ModelChoiceField(
        queryset=Account.objects.none(),
        required=False,
        label="Post it against",
        empty_label="As the rules say",
    )

    def __init__(self, *args: Any, line: ImportedLine, **kwargs: Any) -> None:
        """Offer the accounts of the line's books."""
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = (  # type: ignore[attr-defined]
            Account.objects.filter(entity=line.entity, active=True)
            .exclude(pk=line.account_id or 0)
            .order_by("code")
        )


@require_safe
@access.staff
def bank_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what waits, what no statement told yet, and which stated balances agree."""
    entity = entity_or_404(request, slug)
    as_of = pages.as_of_date()
    accounts = list(bank_accounts.with_statements(entity=entity))
    page = Paginator(matching.waiting(entity_id=entity.pk), LINES_A_PAGE).get_page(request.GET.get("page"))
    lines = list(page.object_list)
    offered = matching.suggest(lines=lines)
    since = as_of - dt.timedelta(days=DAYS_BACK)
    return render(
        request,
        "portfolio/bank.html",
        {
            "entity": entity,
            "page_obj": page,
            "rows": [(line, offered.get(line.pk, [])) for line in lines],
            "unmatched": bank_shares.unmatched(
                accounts=accounts, first=since, last=as_of, limit=ENTRIES_SHOWN
            ),
            "since": since,
            "balances": bank_accounts.asserted(accounts=accounts),
            "shares": bank_shares.shares(entity=entity, month=months.month_of(as_of), as_of=as_of),
            "keeps": may(request, "keep", entity),
            "tabs": books(entity, "bank"),
            "crumbs": crumbs(entity),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def bank_balance(request: HttpRequest, slug: str) -> HttpResponse:
    """Type what a statement says an account held, and see whether the books agree."""
    entity = entity_or_404(request, slug, verb="keep")
    back = reverse("portfolio:bank", args=[entity.slug])
    form = BalanceForm(
        request.POST if request.method == "POST" else None,
        entity=entity,
        initial={"on": months.last_day(months.month_of(pages.as_of_date()) - 1)},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            bank_accounts.note_balance(
                account=data["account"], on=data["on"], balance_minor=data["balance"], file=None, by=request.user,
                at=clock.now(),
            )  # fmt: skip
        except bank_accounts.BankAccountError as error:
            form.add_error(None, str(error))
        else:
            (told,) = bank_accounts.asserted_on(accounts=[data["account"]], on=data["on"])
            if told.differs_minor:
                messages.warning(request, "The balance is noted; the books hold another one on that day.")
            else:
                messages.success(request, "The balance is noted, and the books agree to the cent.")
            return redirect(back)
    return render(
        request,
        "portfolio/act.html",
        {
            "entity": entity,
            "heading": "A balance from a statement",
            "lede": "Type what the bank says; it is compared with the books on that account and that day.",
            "facts": [],
            "form": form,
            "submit": "Note the balance",
            "back": back,
            "crumbs": crumbs(entity),
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def bank_line(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide on one line: it is an entry of the books, it is none and is posted, or its match was wrong."""
    line = record(
        request,
        ImportedLine.objects.filter(account__isnull=False).select_related(
            "entity", "account", "file", "entry"
        ),
        pk=pk,
        verb="keep",
    )
    if request.method != "POST":
        return _line_page(request, line, LineForm(line=line))
    form = LineForm(request.POST, line=line)
    if not form.is_valid():
        return _line_page(request, line, form)
    try:
        done = _decide(request, line, form)
    except (matching.MatchError, ledger.LedgerError) as error:
        form.add_error(None, str(error))
        return _line_page(request, line, form)
    messages.success(request, done)
    return redirect("portfolio:bank", line.entity.slug)


def _decide(request: HttpRequest, line: ImportedLine, form: LineForm) -> str:
    at = clock.now()
    if "unmatch" in request.POST:
        matching.unmatch(line=line, by=request.user, at=at)
        return "The match is undone; the line waits again."
    if "post" in request.POST:
        bank_files.post_waiting(line=line, account=form.cleaned_data["account"], by=request.user, at=at)
        return "The line is posted as an entry of its own."
    entry = JournalEntry.objects.filter(entity=line.entity, pk=form.cleaned_data["match"] or 0).first()
    if entry is None:
        raise matching.MatchError("Choose an entry of these books, or post the line as new.")
    matching.match(line=line, entry=entry, by=request.user, at=at)
    return "The line is matched; nothing was posted twice."


def _line_page(request: HttpRequest, line: ImportedLine, form: LineForm) -> HttpResponse:
    return render(
        request,
        "portfolio/bank_line.html",
        {
            "entity": line.entity,
            "line": line,
            "form": form,
            "suggestions": matching.suggestions(line=line) if line.waits else [],
            "crumbs": crumbs(
                line.entity, {"label": "Bank", "url": reverse("portfolio:bank", args=[line.entity.slug])}
            ),
        },
        status=422 if form.errors else 200,
    )


urlpatterns = [
    path("entities/<slug:slug>/bank/", bank_page, name="bank"),
    path("entities/<slug:slug>/bank/balance/", bank_balance, name="bank_balance"),
    path("bank-lines/<int:pk>/", bank_line, name="bank_line"),
]
