"""The page that brings a beancount or hledger journal in: each account of the file is confirmed before anything is kept."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from core import access, busy, clock
from portfolio.domain import journals
from portfolio.domain.journals import NamedAccount
from portfolio.formats.errors import FormatError
from portfolio.formats.journal_text import MAX_BYTES
from portfolio.models import Account, Entity
from portfolio.web import set_aside
from portfolio.web.access import entity as entity_or_404
from portfolio.web.entities import crumbs
from portfolio.web.imports import NOTHING_KEPT

SALT = "portfolio.web.journal_imports"


class JournalForm(forms.Form):
    """A journal to look at."""

    file = forms.FileField(
        label="Journal",
        help_text="A beancount or hledger journal, up to 20 MB. You see what it would do before anything is kept.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def import_journal(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a journal, show where its accounts go and what it would do, and post it when that is confirmed."""
    entity = entity_or_404(request, slug, verb="keep")
    if request.method != "POST":
        return _upload(request, entity, JournalForm())
    if "token" in request.POST:
        taken = set_aside.take(request, token=request.POST["token"], salt=SALT)
        if taken is None or taken[0]["entity"] != slug:
            messages.error(request, "The journal is not waiting any more; bring it in again.")
            return redirect("portfolio:import_journal", slug=slug)
        about, data = taken
        return _decide(request, entity, about["name"], data, request.POST["token"], about["sha256"])
    form = JournalForm(request.POST, request.FILES)
    if not form.is_valid():
        return _upload(request, entity, form)
    given: UploadedFile = form.cleaned_data["file"]
    name = "".join(letter for letter in given.name or "" if letter.isprintable()).strip()[-120:] or "journal"
    data = given.read(MAX_BYTES + 1)
    try:
        journals.read(data=data, name=name)
    except FormatError as error:
        return _upload(request, entity, form, error)
    set_aside.forget_old(salt=SALT, now=clock.now())
    token = set_aside.keep(request, data=data, about={"entity": slug, "name": name}, salt=SALT)
    return _decide(request, entity, name, data, token, "")


def _decide(
    request: HttpRequest, entity: Entity, name: str, data: bytes, token: str, sha256: str
) -> HttpResponse:
    """Post the journal where that was pressed, else show what it would do with the accounts chosen so far."""
    by, at = request.user, clock.now()
    named: list[NamedAccount] = []
    try:
        journal = journals.read(data=data, name=name)
        names = list(journal.accounts())
        mapping = {
            path: code
            for number, path in enumerate(names)
            if (code := request.POST.get(f"account-{number}", ""))
        }
        named = journals.accounts_named(entity=entity, journal=journal, mapping=mapping)
        if any(found.account is None for found in named):
            return _preview(request, entity, name, token, named, None, None)
        if "post" in request.POST:
            landed = busy.again(
                lambda: journals.land_journal(
                    entity=entity, data=data, name=name, by=by, at=at, mapping=mapping
                ),
                what=NOTHING_KEPT,
            )
            set_aside.drop(sha256=sha256, salt=SALT)
            messages.success(request, f"{name} landed: {landed.new} of {landed.read} transactions are new.")
            return redirect("portfolio:import", pk=landed.file.pk)
        preview = busy.again(
            lambda: journals.preview(entity=entity, data=data, name=name, by=by, at=at, mapping=mapping),
            what=NOTHING_KEPT,
        )
    except (FormatError, busy.BusyError) as error:
        return _preview(request, entity, name, token, named, None, error)
    return _preview(request, entity, name, token, named, preview, None)


def _preview(
    request: HttpRequest,
    entity: Entity,
    name: str,
    token: str,
    named: list[NamedAccount],
    preview: journals.Preview | None,
    error: FormatError | busy.BusyError | None,
) -> HttpResponse:
    return render(
        request,
        "portfolio/journal_preview.html",
        {
            "entity": entity,
            "name": name,
            "token": token,
            "named": named,
            "accounts": list(Account.objects.filter(entity=entity, active=True).order_by("code")),
            "missing": sum(found.account is None for found in named),
            "preview": preview,
            "error": error,
            "crumbs": _crumbs(entity),
        },
        status=503 if isinstance(error, busy.BusyError) else 422 if error else 200,
    )


def _upload(
    request: HttpRequest, entity: Entity, form: JournalForm, error: FormatError | None = None
) -> HttpResponse:
    return render(
        request,
        "portfolio/journal_upload.html",
        {"entity": entity, "form": form, "where": error, "error": error, "crumbs": _crumbs(entity)},
        status=422 if error or form.errors else 200,
    )


def _crumbs(entity: Entity) -> list[dict[str, Any]]:
    return crumbs(entity, {"label": "Journal", "url": reverse("portfolio:entries", args=[entity.slug])})


urlpatterns = [
    path("entities/<slug:slug>/entries/import/", import_journal, name="import_journal"),
]
