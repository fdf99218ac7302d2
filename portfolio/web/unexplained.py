"""Bank lines that nothing explains yet, each with the invoices or bills it may pay; choosing one opens its form."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from core import access
from core.money import format_minor
from portfolio.domain import rules, told
from portfolio.domain.payables import queries as payables
from portfolio.domain.receivables import paying_back, payments
from portfolio.models import Entity, ImportedLine
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may
from portfolio.web.entities import ROWS_A_PAGE, crumbs
from portfolio.web.tabs import books

OFFERED = 4


@require_safe
@access.staff
def unexplained_lines(request: HttpRequest, slug: str) -> HttpResponse:
    """List the bank's lines that wait or stand uncategorised, and what each may pay."""
    entity = entity_or_404(request, slug)
    page = Paginator(told.unexplained(entity=entity), ROWS_A_PAGE).get_page(request.GET.get("page"))
    lines = list(page.object_list)
    moved = rules.moved([line.entry_id for line in lines if line.entry_id is not None])
    return render(
        request,
        "portfolio/unexplained.html",
        {
            "entity": entity,
            "page_obj": page,
            "rows": _rows(entity, [line for line in lines if line.entry_id not in moved]),
            "keeps": may(request, "keep", entity),
            "tabs": books(entity, "bank"),
            "crumbs": crumbs(entity, {"label": "Bank", "url": reverse("portfolio:bank", args=[slug])}),
        },
    )


def _rows(
    entity: Entity, lines: list[ImportedLine]
) -> list[tuple[ImportedLine, list[tuple[str, str, str]], str]]:
    """Return each line with (what it may pay, why, the form's address), and where else to look."""
    paid_to_us = payments.candidates_of(entity=entity, lines=lines)
    paid_by_us = payables.candidates_of(entity=entity, lines=lines)
    given_back = paying_back.candidates_of(entity=entity, lines=lines)
    rows = []
    for line in lines:
        offered = []
        for one in paid_to_us.get(line.pk, [])[:OFFERED]:
            chosen = f"&invoice={one.invoice.pk}" if one.invoice is not None else ""
            form = f"{reverse('portfolio:take_payment', args=[one.client.pk])}?line={line.pk}{chosen}"
            offered.append((f"{one.invoice or 'A payment'} of {one.client}", one.why, form))
        for bill in paid_by_us.get(line.pk, [])[:OFFERED]:
            left = format_minor(bill.total_minor - bill.settled_minor, entity.currency)
            form = f"{reverse('portfolio:bill', args=[bill.pk])}?line={line.pk}#pay"
            offered.append((f"Bill {bill.reference} of {bill.vendor}", f"{left} of it is open", form))
        for client, credit in given_back.get(line.pk, [])[:OFFERED]:
            form = f"{reverse('portfolio:pay_back', args=[client.pk])}?line={line.pk}"
            why = f"{format_minor(credit, entity.currency)} stands to their credit"
            offered.append((f"{client} back", why, form))
        other = "portfolio:clients" if line.amount_minor > 0 else "portfolio:bills"
        rows.append((line, offered, reverse(other, args=[entity.slug])))
    return rows


urlpatterns = [path("entities/<slug:slug>/bank/unexplained/", unexplained_lines, name="unexplained_lines")]
