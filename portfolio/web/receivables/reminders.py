"""Reminders: who is due for which, the words before anything is drafted, and drafts that a person sends or throws away."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from core import access, clock
from mail.domain import drafts
from mail.domain.decisions import DecisionRefusedError
from portfolio.domain import pages
from portfolio.domain.receivables import clients, dunning, letters
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import Client
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import record
from portfolio.web.entities import ROWS_A_PAGE
from portfolio.web.receivables.common import frame, press


@require_safe
@access.staff
def reminders(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who is due for which reminder with its words, and the letters that wait for a person."""
    entity = entity_or_404(request, slug)
    as_of = pages.as_of_date()
    waiting = letters.waiting(entity=entity)
    overdue = dunning.overdue(entity=entity, as_of=as_of)
    page = Paginator(overdue, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "portfolio/receivables/reminders.html",
        frame(
            request,
            entity,
            "reminders",
            as_of=as_of,
            page_obj=page,
            any_due=any(row.level for row in overdue),
            waiting=waiting[:ROWS_A_PAGE],
            waiting_count=len(waiting),
            said=clients.paper(entity),
        ),
    )


@require_POST
@access.staff
def draft_reminder(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft the reminder a client is due for."""
    client = record(request, Client.objects.select_related("entity"), pk=pk, verb="keep")
    return press(
        request,
        do=lambda: dunning.draft(
            entity=client.entity, client=client, on=pages.as_of_date(), by=request.user, at=clock.now()
        ),
        done="Drafted; look at it, then send it.",
        back=reverse("portfolio:reminders", args=[client.entity.slug]),
    )


@require_POST
@access.staff
def draft_reminders(request: HttpRequest, slug: str) -> HttpResponse:
    """Draft every reminder that is due; what cannot be drafted is told."""
    entity = entity_or_404(request, slug, verb="keep")
    as_of, made = pages.as_of_date(), 0
    for row in dunning.overdue(entity=entity, as_of=as_of):
        if not row.level:
            continue
        try:
            dunning.draft(entity=entity, client=row.client, on=as_of, by=request.user, at=clock.now())
        except RefusedError as error:
            messages.error(request, str(error))
        else:
            made += 1
    messages.success(request, f"{made} drafted; look at them, then send them.")
    return redirect("portfolio:reminders", slug=slug)


@require_POST
@access.staff
def send_letters(request: HttpRequest, slug: str) -> HttpResponse:
    """Send every letter that waits; what has become untrue is told and stays."""
    entity = entity_or_404(request, slug, verb="keep")
    sent = 0
    for letter in letters.waiting(entity=entity):
        try:
            drafts.release(message=letter, by=request.user, at=clock.now())
        except DecisionRefusedError as error:
            messages.error(request, f"{letter.subject}: {error}")
        else:
            sent += 1
    messages.success(request, f"{sent} sent; they go out within seconds.")
    return redirect("portfolio:reminders", slug=slug)


@require_POST
@access.staff
def send_letter(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send one letter that somebody looked at."""
    return _decide(request, slug, pk, "Sent; it goes out within seconds.", send=True)


@require_POST
@access.staff
def discard_letter(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Throw a letter away."""
    return _decide(request, slug, pk, "Thrown away.", send=False)


def _decide(request: HttpRequest, slug: str, pk: int, done: str, *, send: bool) -> HttpResponse:
    entity = entity_or_404(request, slug, verb="keep")
    letter = letters.of_entity(entity=entity).filter(pk=pk).first()
    if letter is None:
        raise Http404
    try:
        (drafts.release if send else drafts.discard)(message=letter, by=request.user, at=clock.now())
    except DecisionRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("portfolio:reminders", slug=slug)


urlpatterns = [
    path("entities/<slug:slug>/receivables/reminders/", reminders, name="reminders"),
    path("entities/<slug:slug>/receivables/reminders/draft/", draft_reminders, name="draft_reminders"),
    path("entities/<slug:slug>/receivables/letters/send/", send_letters, name="send_letters"),
    path("entities/<slug:slug>/receivables/letters/<int:pk>/send/", send_letter, name="send_letter"),
    path("entities/<slug:slug>/receivables/letters/<int:pk>/discard/", discard_letter, name="discard_letter"),
    path("clients/<int:pk>/remind/", draft_reminder, name="draft_reminder"),
]
