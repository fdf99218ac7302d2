"""The ageing of an entity's receivables, how fast clients pay, and both as files; what stands on its paper."""

import datetime as dt
from dataclasses import asdict
from decimal import Decimal

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock
from core.money import exponent
from portfolio.domain import pages
from portfolio.domain.receivables import ageing, clients, contracts, measures, queries
from portfolio.render import sheets
from portfolio.web.access import entity as entity_or_404
from portfolio.web.entities import ROWS_A_PAGE
from portfolio.web.receivables.common import act, data, file_answer, frame
from portfolio.web.receivables.forms import OnForm, PaperForm


@require_safe
@access.staff
def receivables(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what clients owe by age as of a day, how fast they pay, what is not billed yet, and contracts falling due."""
    entity = entity_or_404(request, slug)
    as_of, basis = _asked(request)
    aged = ageing.age(entity=entity, as_of=as_of, basis=basis)
    return render(
        request,
        "portfolio/receivables/ageing.html",
        frame(
            request,
            entity,
            "receivables",
            as_of=as_of,
            basis=basis,
            aged=aged,
            page_query=f"basis={basis}&on={as_of}&",
            page_obj=Paginator(aged.clients, ROWS_A_PAGE).get_page(request.GET.get("page")),
            names=ageing.BUCKETS,
            measures=[
                (row, None if row.tenths is None else f"{row.tenths / 10:.1f} {row.unit}")
                for row in measures.measures(entity=entity, as_of=as_of)
            ],
            gaps=measures.billing_gap(entity=entity, as_of=as_of),
            due=contracts.due_soon(entity=entity, as_of=as_of),
            bases=[
                {"label": label, "url": f"?basis={key}&on={as_of}", "current": key == basis}
                for key, label in ((ageing.BY_DUE, "By due date"), (ageing.BY_ISSUE, "By invoice date"))
            ],
        ),
    )


@require_safe
@access.staff
def receivables_file(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Answer with the ageing as CSV or XLSX."""
    entity = entity_or_404(request, slug)
    if kind not in ("csv", "xlsx"):
        raise Http404
    as_of, basis = _asked(request)
    digits = exponent(entity.currency)
    aged = ageing.age(entity=entity, as_of=as_of, basis=basis)
    rows = [
        [
            Decimal(cell).scaleb(-digits) if type(cell) is int and at >= 5 else cell
            for at, cell in enumerate(row)
        ]
        for row in queries.sheet_rows(aged)
    ]
    name = f"receivables-{entity.slug}-{as_of}.{kind}"
    if kind == "csv":
        return file_answer(sheets.csv_bytes(rows), name, kind)
    together = next(row for row in rows if row[:2] == ["Together", ""])
    sheet = sheets.Sheet(f"Receivables {as_of}", rows, fixed=1, strong=frozenset({rows.index(together)}))
    return file_answer(sheets.xlsx_bytes([sheet]), name, kind)


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def paper(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what stands on the entity's invoices, and when it reminds."""
    entity = entity_or_404(request, slug, verb="keep")
    return act(
        request,
        entity=entity,
        part="invoices",
        heading="Paper and reminders",
        lede="What stands on invoices from now on; those issued before keep what they say.",
        form=PaperForm(data(request), initial=asdict(clients.paper(entity))),
        submit="Save",
        do=lambda said: clients.set_paper(
            entity=entity, said=clients.Paper(**said), by=request.user, at=clock.now()
        ),
        done="The paper of invoices is set.",
        back=reverse("portfolio:invoices", args=[slug]),
    )


def _asked(request: HttpRequest) -> tuple[dt.date, str]:
    """Return the day and the basis that were asked for; anything odd is the usual one."""
    form = OnForm(request.GET)
    day = form.cleaned_data["on"] if form.is_valid() else pages.as_of_date()
    basis = ageing.BY_ISSUE if request.GET.get("basis") == ageing.BY_ISSUE else ageing.BY_DUE
    return day, basis


urlpatterns = [
    path("entities/<slug:slug>/receivables/", receivables, name="receivables"),
    path("entities/<slug:slug>/receivables/ageing.<slug:kind>", receivables_file, name="receivables_file"),
    path("entities/<slug:slug>/receivables/paper/", paper, name="invoice_paper"),
]
