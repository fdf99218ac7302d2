"""What the pages of receivables share: the ways through them, and the form that makes one domain call."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header

from portfolio.domain import ledger
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import Entity
from portfolio.web.access import may
from portfolio.web.entities import crumbs
from portfolio.web.tabs import books

REFUSALS = (RefusedError, ledger.LedgerError)
PARTS = (
    ("receivables", "Ageing"),
    ("invoices", "Invoices"),
    ("clients", "Clients"),
    ("work", "Work"),
    ("payments", "Payments"),
    ("reminders", "Reminders"),
)


def frame(request: HttpRequest, entity: Entity, part: str, **more: Any) -> dict[str, Any]:
    """Return what every page of an entity's receivables bears."""
    home = {"label": "Receivables", "url": reverse("portfolio:receivables", args=[entity.slug])}
    return {
        "entity": entity,
        "books": books(entity, "receivables"),
        "parts": [
            {"label": label, "url": reverse(f"portfolio:{name}", args=[entity.slug]), "current": name == part}
            for name, label in PARTS
        ],
        "keeps": may(request, "keep", entity),
        "owns": may(request, "own", entity),
        "crumbs": crumbs(entity, home),
        **more,
    }


def act(
    request: HttpRequest,
    *,
    entity: Entity,
    part: str,
    heading: str,
    lede: str,
    form: forms.Form,
    submit: str,
    do: Callable[[dict[str, Any]], object],
    done: str,
    back: str,
    facts: list[tuple[str, Any]] | None = None,
    lands_on: Callable[[Any], str] | None = None,
    multipart: bool = False,
) -> HttpResponse:
    """Show a form, or do what it says and go on; a refusal is shown in the form with nothing lost."""
    if request.method == "POST" and form.is_valid():
        try:
            made = do(form.cleaned_data)
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done)
            return redirect(lands_on(made) if lands_on else back)
    return render(
        request,
        "portfolio/receivables/form.html",
        frame(
            request, entity, part, heading=heading, lede=lede, facts=facts or [], form=form, submit=submit, back=back,
            multipart=multipart,
        ),
        status=422 if form.errors else 200,
    )  # fmt: skip


def press(
    request: HttpRequest,
    *,
    do: Callable[[], object],
    done: str,
    back: str,
    lands_on: Callable[[Any], str] | None = None,
) -> HttpResponse:
    """Do what a button says and go on; a refusal is told on the page it came from."""
    try:
        made = do()
    except REFUSALS as error:
        messages.error(request, str(error))
        return redirect(back)
    messages.success(request, done)
    return redirect(lands_on(made) if lands_on else back)


def data(request: HttpRequest) -> Any:
    """Return what was posted, or nothing to bind a form to."""
    return request.POST if request.method == "POST" else None


def file_answer(content: bytes, name: str, kind: str) -> HttpResponse:
    """Answer with a file to be saved, or shown where the browser can."""
    types = {
        "pdf": "application/pdf",
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    if kind not in types:
        raise PermissionDenied("There is no such kind of file.")
    headers = {
        "Content-Disposition": content_disposition_header(kind != "pdf", name) or "",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=types[kind], headers=headers)
