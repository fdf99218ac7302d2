"""The page of an entity's Stripe account: payouts, what is on its way, and events that failed."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock
from portfolio.domain import pages
from portfolio.domain.stripe import events, payouts, standing
from portfolio.models import StripeEvent
from portfolio.web import tabs
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import ROWS_A_PAGE, crumbs
from portfolio.web.forms import DayField

EVENTS_SHOWN = 25


class TryAgainForm(forms.Form):
    """Whether what belongs in a closed month is posted on another day."""

    post_on = DayField(
        label="Post on",
        required=False,
        help_text="Only for money that belongs in a closed month: an open date on which it is posted instead.",
    )


@require_safe
@access.staff
def stripe_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show payouts with what they leave in the clearing account, and events that wait."""
    entity = entity_or_404(request, slug)
    waiting = standing.waiting(entity=entity)
    as_of = pages.as_of_date()
    stands = standing.look(entity=entity, as_of=as_of)
    return render(
        request,
        "portfolio/stripe.html",
        {
            "entity": entity,
            "standing": stands,
            "as_of": as_of,
            "failed_words": f"{stands.failed} event{'' if stands.failed == 1 else 's'} failed",
            "waiting": waiting[:EVENTS_SHOWN],
            "page_obj": Paginator(payouts.listed(entity=entity), ROWS_A_PAGE).get_page(
                request.GET.get("page")
            ),
            "keeps": may(request, "keep", entity),
            "address": request.build_absolute_uri(reverse("stripe_webhook", args=[entity.slug])),
            "tabs": tabs.books(entity, "bank"),
            "crumbs": crumbs(entity, {"label": "Bank", "url": reverse("portfolio:bank", args=[entity.slug])}),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def try_event(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a failed event tried again, if need be on an open date."""
    event = record(request, StripeEvent.objects.select_related("entity"), pk=pk, verb="keep")
    back = reverse("portfolio:stripe", args=[event.entity.slug])
    form = TryAgainForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            events.try_again(
                event=event, by=request.user, at=clock.now(), post_on=form.cleaned_data["post_on"]
            )
        except events.EventError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{event.event_id} is being tried again.")
            return redirect(back)
    return render(
        request,
        "portfolio/act.html",
        {
            "entity": event.entity,
            "heading": "Try an event of Stripe again",
            "lede": event.error or "This event did not fail.",
            "facts": [
                ("Event", f"{event.type}, {event.event_id}"),
                ("About", event.object_id or "the balance"),
                ("Tries", event.tries),
            ],
            "form": form,
            "submit": "Try again",
            "back": back,
            "crumbs": crumbs(event.entity, {"label": "Stripe", "url": back}),
        },
        status=422 if form.errors else 200,
    )


urlpatterns = [
    path("entities/<slug:slug>/stripe/", stripe_page, name="stripe"),
    path("stripe-events/<int:pk>/try-again/", try_event, name="try_stripe_event"),
]
