"""The page that searches everything of the portfolio a person may see."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, path, reverse
from django.views.decorators.http import require_safe

from core import access
from portfolio.domain import search
from portfolio.web.entities import PORTFOLIO, ROWS_A_PAGE


@require_safe
@access.staff
def search_page(request: HttpRequest) -> HttpResponse:
    """Show what was found, by kind; entries by page."""
    ids = access.entity_ids(request.user)
    asked = search.ask(request.GET.get("q", ""))
    context: dict[str, Any] = {
        "search_text": request.GET.get("q", "")[: search.LONGEST],
        "asked": asked,
        "crumbs": [PORTFOLIO],
    }
    if asked is not None:
        found = search.entries(asked=asked, ids=ids)
        page = Paginator(found[: search.MOST_ENTRIES], ROWS_A_PAGE).get_page(request.GET.get("page"))
        groups = [group for group in search.groups(asked=asked, ids=ids) if group.hits]
        context |= {
            "page_obj": page,
            "entries": search.shown(keys=page.object_list),
            "capped": len(found) > search.MOST_ENTRIES,
            "most": search.MOST_ENTRIES,
            "groups": [(group, [(hit, _address(hit)) for hit in group.hits]) for group in groups],
            "query": urlencode({"q": asked.text}) + "&",
        }
    return render(request, "portfolio/search.html", context)


def _address(hit: search.Hit) -> str:
    """Return the page of what was found; empty where it has none."""
    if not hit.page:
        return ""
    try:
        return reverse(f"portfolio:{hit.page}", args=[hit.key])
    except NoReverseMatch:
        return ""


urlpatterns = [path("search/", search_page, name="search")]
