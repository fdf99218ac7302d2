"""The queue of mail in doubt: what is known about each message, and deciding about one or about many at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from core import access, clock
from mail.domain import decisions, doubts, queries
from mail.domain.decisions import Verdict
from mail.web.forms import DoubtForm, QueueForm

NAMED = 5


@require_safe
@access.staff
def doubt(request: HttpRequest) -> HttpResponse:
    """Show what is in doubt, the oldest first, with what is known about each."""
    access.require(request.user, "read")
    return _queue(request)


@require_POST
@access.staff
def confirm(request: HttpRequest) -> HttpResponse:
    """Say what will happen, and to whom, before anything does."""
    access.require(request.user, "own")
    form = DoubtForm(request.POST)
    if not form.is_valid():
        return _queue(request, refused=form.sentence())
    verdict = form.cleaned_data["verdict"]
    chosen = doubts.chosen(public_ids=form.cleaned_data["message"], at=clock.now())
    if not chosen:
        return _queue(request, refused="None of these is in doubt any more: each was settled meanwhile.")
    able = [one for one in chosen if verdict is Verdict.ARRIVED or one.may_go_again]
    return render(
        request,
        "mail/doubt/confirm.html",
        {
            "verdict": verdict.value,
            "able": able,
            "unable": [one for one in chosen if one not in able],
            "settled": len(set(form.cleaned_data["message"])) - len(chosen),
            "doubtful": queries.doubtful_count(),
            "crumbs": _crumbs(("In doubt", reverse("mail:doubt"))),
        },
    )


@require_POST
@access.staff
def decide(request: HttpRequest) -> HttpResponseBase:
    """Do what was confirmed, and name what was refused."""
    access.require(request.user, "own")
    form = DoubtForm(request.POST)
    if not form.is_valid():
        return _queue(request, refused=form.sentence())
    verdict = form.cleaned_data["verdict"]
    decided = decisions.decide_many(
        messages=doubts.rows(form.cleaned_data["message"]), verdict=verdict, by=request.user, at=clock.now()
    )
    if decided.done:
        messages.success(request, _said(verdict, len(decided.done)))
    for row, why in decided.refused[:NAMED]:
        messages.error(request, f"{row.to_address}, {row.subject}: {why}")
    if len(decided.refused) > NAMED:
        messages.error(request, f"And {len(decided.refused) - NAMED} more were refused.")
    return redirect("mail:doubt")


def _queue(request: HttpRequest, *, refused: str = "") -> HttpResponse:
    asked = QueueForm(request.GET)
    after = asked.cleaned_data["after"] if asked.is_valid() else None
    page = doubts.queue(after=after, at=clock.now())
    chosen = set(request.POST.getlist("message"))
    return render(
        request,
        "mail/doubt/queue.html",
        {
            "page": page,
            "chosen": {str(one.message.public_id) for one in page.doubts} & chosen,
            "all_chosen": "all" in request.GET,
            "refused": refused,
            "may_decide": access.may(request.user, "own"),
            "doubtful": page.total,
            "zone": clock.zone(),
            "crumbs": _crumbs(),
        },
        status=422 if refused else 200 if asked.is_valid() else 400,
    )


def _said(verdict: Verdict, count: int) -> str:
    if verdict is Verdict.ARRIVED:
        return "Noted: it arrived." if count == 1 else f"Noted: {count} arrived."
    return (
        "Queued again; it goes out by itself."
        if count == 1
        else f"{count} are queued again; they go out by themselves."
    )


def _crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    places = [("Home", "/"), ("Mail", reverse("mail:mailbox")), *more]
    return [{"label": label, "url": url} for label, url in places]


urlpatterns = [
    path("doubt/", doubt, name="doubt"),
    path("doubt/confirm", confirm, name="confirm_doubt"),
    path("doubt/decide", decide, name="decide_doubt"),
]
