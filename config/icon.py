"""`/favicon.ico`, which browsers ask for by themselves on pages that name no icon of their own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the icon that every page names."""
    return redirect(static("img/favicon.svg"))
