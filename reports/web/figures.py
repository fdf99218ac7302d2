"""Where a figure comes from, as a page: of an edition, or of a draft that waits."""

import dataclasses
from urllib.parse import quote

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from reports import document as documents
from reports.domain import queries, trace
from reports.figures import write
from reports.render.words import BADGE_MEANINGS, BADGE_WORDS

ROWS_A_PAGE = 100


def figure_page(
    request: HttpRequest,
    explained: trace.Explanation,
    *,
    printed_by: str,
    base: str,
    crumbs: list[dict[str, str]],
) -> HttpResponse:
    """Show a figure's formula, and the records or figures it is made of; ``base`` is the page of what printed it."""
    figure = explained.figure
    page: Page[documents.TraceRow] = Paginator(_Rows(explained), ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        "reports/figure.html",
        {
            "printed_by": printed_by,
            "figure": figure,
            "value": write(figure, cents=True),
            "badge": f"{BADGE_WORDS[figure.badge].capitalize()}: {BADGE_MEANINGS[figure.badge]}",
            "definition": explained.definition,
            "operation": explained.operation,
            "filters": trace.filters(explained),
            "inputs": [
                {
                    "figure": item,
                    "value": write(item, cents=True),
                    "url": f"{base}figures/{quote(item.key, safe='/:@,=')}/",
                }
                for item in explained.inputs
            ],
            "page_obj": page,
            "rows": [
                {
                    "label": item.label,
                    "on": item.on,
                    "url": record_url(item.ref),
                    "amount": _amount(figure, item.amount),
                }
                for item in page
            ],
            "total": "" if explained.total is None else _amount(figure, explained.total),
            "holds": explained.holds,
            "crumbs": crumbs,
        },
    )


class _Rows:
    """The rows behind a figure as a paginator wants them: counted, and read a page at a time."""

    def __init__(self, explained: trace.Explanation) -> None:
        self.explained = explained

    def __len__(self) -> int:
        return self.explained.count

    def __getitem__(self, part: slice) -> list[documents.TraceRow]:
        return self.explained.rows(part.start or 0, part.stop)


def _amount(figure: documents.Figure, amount: int) -> str:
    return write(dataclasses.replace(figure, value=amount), cents=True)


def record_url(ref: str) -> str:
    """Return the page of the record that ``booking:12`` names; nothing where a row names none."""
    name, _, pk = ref.partition(":")
    if not pk.isdigit():
        return ""
    if name == "edition":
        found = queries.edition_of(pk=int(pk))
        return reverse("reports:edition", args=[found.report.slug, found.number]) if found else ""
    if name == "scenario":
        return f"{reverse('reports:assumptions')}#scenarios"
    if name in {"entry", "account"}:
        return reverse(f"portfolio:{name}", args=[pk])
    return reverse("portfolio:record", args=[name, pk])
