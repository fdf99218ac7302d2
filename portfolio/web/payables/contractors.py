"""What contractors and crew were paid in a calendar year, on a page and as a file for the tax form."""

from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from core import access
from core.money import exponent
from portfolio.domain import pages
from portfolio.domain.payables import nameless, queries
from portfolio.models import Entity
from portfolio.render import sheets
from portfolio.web.access import entity as entity_or_404
from portfolio.web.payables.frame import frame

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@access.staff
def contractor_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Show each contractor's payments of a year, the current one unless another is asked for.

    Raises:
        Http404: the form asked for is not one we write.
    """
    entity = entity_or_404(request, slug)
    this_year = pages.as_of_date().year
    years = sorted(
        {this_year, *queries.paid_years(entity=entity), *nameless.years(entity=entity)}, reverse=True
    )
    asked = request.GET.get("year", "")
    year = next((known for known in years if str(known) == asked), this_year)
    rows = queries.contractor_years(entity=entity, year=year)
    if "format" in request.GET:
        return _file(entity, year, rows, request.GET["format"])
    apart = nameless.paid(entity=entity, year=year)
    return render(
        request,
        "portfolio/payables/contractors.html",
        {
            **frame(entity, "contractors"),
            "rows": rows,
            "total_minor": sum(row.paid_minor for row in rows),
            "nameless": apart,
            "nameless_minor": sum(row.amount_minor for row in apart),
            "year": year,
            "years": [
                {"label": str(known), "url": f"?year={known}", "current": known == year} for known in years
            ],
        },
    )


def _file(entity: Entity, year: int, rows: list[queries.ContractorYear], form: str) -> HttpResponse:
    digits = exponent(entity.currency)
    words = {None: "no threshold on record", True: "yes", False: "no"}
    table: list[list[sheets.Value]] = [
        [
            "Paid to",
            "Kind",
            "Payments",
            f"Paid in {year} ({entity.currency})",
            f"Paid by card, left out ({entity.currency})",
            "Form due",
            "Tax form received",
        ]
    ]
    table += [
        [
            row.name,
            row.kind,
            row.payments,
            Decimal(row.paid_minor).scaleb(-digits),
            Decimal(row.card_minor).scaleb(-digits),
            words[row.form],
            row.tax_form_on,
        ]
        for row in rows
    ]
    name = f"{entity.slug}-contractors-{year}"
    if form == "csv":
        answer = HttpResponse(sheets.csv_bytes(table), content_type="text/csv; charset=utf-8")
    elif form == "xlsx":
        sheet = sheets.Sheet(title=f"Contractors {year}", rows=table)
        answer = HttpResponse(sheets.xlsx_bytes([sheet]), content_type=XLSX)
    else:
        raise Http404
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


urlpatterns = [
    path("entities/<slug:slug>/payables/contractors/", contractor_list, name="contractors"),
]
