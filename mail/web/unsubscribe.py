"""The pages behind the address in a campaign's mail: open to whoever holds the mail, without sign-in or cookie.

GET and HEAD change nothing, so no scanner, preview or prefetch unsubscribes anybody. The one-click POST of RFC 8058 takes
effect at once. No form here bears a token against forgery: the address itself is the secret that a forger lacks, and
a mail program that posts for its reader has no cookie to compare one with.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from mail.domain import unsubscribe
from mail.models import Scope
from mail.web.choice_form import ChoiceForm

app_name = "unsubscribe"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def page(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show what the mail's list is and how to stop it; on the one-click POST stop it, at once and as often as it comes."""
    try:
        if request.method != "POST":
            return _page(request, unsubscribe.read(token=token))
        name, value = unsubscribe.ONE_CLICK
        if request.POST.get(name) != value:
            return _page(request, unsubscribe.read(token=token), refused=_NO_WORD, status=400)
        ticket = unsubscribe.stop(token=token, scope=Scope.LIST, at=clock.now())
    except unsubscribe.UnknownTokenError:
        return _unknown(request)
    return _page(request, ticket, stopped=True)


@csrf_exempt
@require_POST
@never_cache
def choose(request: HttpRequest, token: str) -> HttpResponseBase:
    """Keep one choice from the page: stop a list or all campaigns, or let them come again."""
    try:
        ticket = unsubscribe.read(token=token)
        form = ChoiceForm(request.POST)
        if not form.is_valid():
            return _page(request, ticket, refused=_NO_WORD, status=400)
        asked = form.choice()
        try:
            if asked.on:
                unsubscribe.resume(
                    token=token,
                    scope=asked.scope,
                    list_id=asked.list_id,
                    confirmed=asked.confirmed,
                    at=clock.now(),
                )
            else:
                unsubscribe.stop(token=token, scope=asked.scope, list_id=asked.list_id, at=clock.now())
        except unsubscribe.ConfirmFirstError:
            return _page(request, ticket, confirm=asked)
        except unsubscribe.ChoiceRefusedError as error:
            return _page(request, ticket, refused=str(error), status=422)
    except unsubscribe.UnknownTokenError:
        return _unknown(request)
    # No cookie bears the answer, so the address does.
    here = reverse("unsubscribe:page", args=[token])
    return redirect(f"{here}?{_AGAIN}=yes" if asked.on else here)


_AGAIN = "again"
_NO_WORD = (
    "Nothing was changed, because the request did not say what to change. Press one of the buttons below."
)


def _page(
    request: HttpRequest, ticket: unsubscribe.Ticket, *, status: int = 200, **more: Any
) -> HttpResponse:
    token = unsubscribe.token(ticket.message.public_id)
    found = unsubscribe.preferences(ticket.message.address_key, ticket=ticket)
    own = next(
        (
            one
            for one in found.lists
            if ticket.mailing_list is not None and one.mailing_list == ticket.mailing_list
        ),
        None,
    )
    return render(
        request,
        "mail/unsubscribe.html",
        {
            "nav": None,
            "person": None,
            "address": unsubscribe.mask(ticket.message.to_address),
            "sender": ticket.message.from_name,
            "list": ticket.mailing_list,
            "own": own,
            "preferences": found,
            "again": request.method != "POST" and _AGAIN in request.GET and found.campaigns.on,
            "zone": clock.zone(),
            "one_click": unsubscribe.ONE_CLICK,
            "here": reverse("unsubscribe:page", args=[token]),
            "choose": reverse("unsubscribe:choose", args=[token]),
            **more,
        },
        status=status,
    )


def _unknown(request: HttpRequest) -> HttpResponse:
    return render(request, "mail/unsubscribe_unknown.html", {"nav": None, "person": None}, status=404)


urlpatterns = [
    path("<str:token>/choose", choose, name="choose"),
    # Any text: an address that was cut or broken is answered in words.
    path("<path:token>", page, name="page"),
]
