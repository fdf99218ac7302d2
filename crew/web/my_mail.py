"""What a person gets by mail beyond what their work and trips need: their own choice of lists, on their own page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from core import clock
from crew.web.access import signed_in
from mail.domain import suppression, unsubscribe
from mail.domain.fields import UnsendableError
from mail.web.choice_form import ChoiceForm


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def my_mail(request: HttpRequest) -> HttpResponseBase:
    """Show somebody which campaigns reach their own address, and keep what they choose."""
    if request.method != "POST":
        return _page(request)
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return _page(request, refused="Nothing was changed. Press one of the buttons below.", status=422)
    asked, person = form.choice(), request.user
    whose = {"address_key": _key(person), "scope": asked.scope, "list_id": asked.list_id}
    try:
        if asked.on:
            unsubscribe.opt_in(**whose, confirmed=asked.confirmed, by=person, at=clock.now())
        else:
            unsubscribe.opt_out(**whose, by=person, at=clock.now())
    except unsubscribe.ConfirmFirstError:
        return _page(request, confirm=asked)
    except (unsubscribe.ChoiceRefusedError, UnsendableError) as error:
        return _page(request, refused=str(error), status=422)
    messages.success(request, "Kept. It takes effect at once.")
    return redirect("crew:my_mail")


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    person: Any = request.user
    return render(
        request,
        "crew/my_mail.html",
        {
            # A link may be in other hands than its person's, so it shows no whole address.
            "address": unsubscribe.mask(person.email) if person.by_link else person.email,
            "preferences": unsubscribe.preferences(_key(person)),
            "choose": reverse("crew:my_mail"),
            **more,
        },
        status=status,
    )


def _key(person: Any) -> str:
    """Return a person's address as mail knows it; one that no mail can bear is on no list."""
    try:
        return suppression.key(person.email)
    except UnsendableError:
        return person.email


urlpatterns = [path("me/mail/", my_mail, name="my_mail")]
