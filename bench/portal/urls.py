"""The portal's addresses and one more: a bare view with a table of fifty rows, the least a Django page can take."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from config.urls import urlpatterns as portal

ROWS = [
    {"name": f"Row {number}", "on": f"2026-11-{number % 28 + 1:02}", "amount": number * 17}
    for number in range(50)
]
TABLE = engines["django"].from_string(
    "<!doctype html><title>Rows</title><table>"
    "{% for row in rows %}<tr><th>{{ row.name }}</th><td>{{ row.on }}</td><td>{{ row.amount }}</td></tr>{% endfor %}"
    "</table>"
)


def bare(request: HttpRequest) -> HttpResponse:
    """Answer with the table; no session, no query, no frame."""
    return HttpResponse(TABLE.render({"rows": ROWS}, request=None))


urlpatterns = [path("bare/", bare), *portal]
