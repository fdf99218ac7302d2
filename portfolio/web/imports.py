"""Pages of imports: what landed, one file with its lines, and bringing a file in with a look before it is kept."""

import datetime as dt
import hashlib
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from portfolio.domain import pages, previews
from portfolio.domain.accounts import MissingAccountError
from portfolio.formats.csv_rows import MAX_BYTES
from portfolio.formats.errors import FormatError
from portfolio.models import Entity, ImportKind
from portfolio.web.access import entity as entity_or_404
from portfolio.web.bookings import entities_for
from portfolio.web.entities import PORTFOLIO, ROWS_A_PAGE, views_of_portfolio
from portfolio.web.forms import UploadForm

IMPORTS = {"label": "Imports", "url": reverse_lazy("portfolio:imports")}
SALT = "portfolio.web.imports"
KEPT_SECONDS = 3600
FOLDER = "uploads"


@require_safe
@access.staff
def import_list(request: HttpRequest) -> HttpResponse:
    """List landed files, newest first."""
    files = pages.import_files(ids=access.entity_ids(request.user))
    return render(
        request,
        "portfolio/imports.html",
        {
            "page_obj": Paginator(files, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "keeps": bool(entities_for(request, "keep")),
            "zone": clock.zone(),
            "tabs": views_of_portfolio("imports"),
            "crumbs": [PORTFOLIO],
        },
    )


@require_safe
@access.staff
def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one landed file and its lines.

    Raises:
        Http404: there is none, or it holds an entity this person may not see.
    """
    file = pages.import_files(ids=access.entity_ids(request.user)).filter(pk=pk).first()
    if file is None:
        raise Http404
    lines = file.lines.select_related("entity", "entry", "booking")
    return render(
        request,
        "portfolio/import.html",
        {
            "file": file,
            "zone": clock.zone(),
            "page_obj": Paginator(lines, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "crumbs": [PORTFOLIO, IMPORTS],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file, and show what landing it would do; a refused file is shown with file, line and column.

    Raises:
        PermissionDenied: the person keeps the books of no entity.
    """
    offered = _offered(request)
    if request.method != "POST":
        return _form_page(
            request, UploadForm(entities=offered, initial={"entity": request.GET.get("entity", "")})
        )
    form = UploadForm(request.POST, request.FILES, entities=offered)
    if not form.is_valid():
        return _form_page(request, form)
    entity = entity_or_404(request, form.cleaned_data["entity"], verb="keep")
    kind = ImportKind(form.cleaned_data["kind"])
    given: UploadedFile = form.cleaned_data["file"]
    data, name, now = given.read(MAX_BYTES + 1), _name(given), clock.now()
    try:
        preview = previews.preview_file(
            entity=entity, kind=kind, data=data, name=name, by=request.user, at=now
        )
    except (FormatError, MissingAccountError) as error:
        return _form_page(request, form, error)
    return render(
        request,
        "portfolio/import_preview.html",
        {
            "entity": entity,
            "kind": kind.label,
            "name": name,
            "preview": preview,
            "token": _keep(request, data, {"entity": entity.slug, "kind": kind.value, "name": name}, now),
            "crumbs": [PORTFOLIO, IMPORTS],
        },
    )


@require_POST
@access.staff
def land(request: HttpRequest) -> HttpResponse:
    """Land the file that was looked at; it is the same bytes, by the same person, within the hour."""
    try:
        kept: dict[str, Any] = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        messages.error(request, "Too much time has passed since you looked at the file; bring it in again.")
        return redirect("portfolio:upload")
    entity = entity_or_404(request, kept["entity"], verb="keep")
    data = _kept(kept["sha256"]) if kept["by"] == request.user.pk else None
    if data is None:
        messages.error(request, f"{kept['name']} is not waiting any more; bring it in again.")
        return redirect("portfolio:upload")
    form = UploadForm(initial=kept, entities=_offered(request))
    try:
        landed = previews.land_file(
            entity=entity,
            kind=ImportKind(kept["kind"]),
            data=data,
            name=kept["name"],
            by=request.user,
            at=clock.now(),
        )
    except (FormatError, MissingAccountError) as error:
        return _form_page(request, form, error)
    default_storage.delete(_place(kept["sha256"]))
    messages.success(request, f"{landed.file.name} landed: {landed.new} of {landed.read} lines are new.")
    return redirect("portfolio:import", pk=landed.file.pk)


def _offered(request: HttpRequest) -> list[Entity]:
    offered = entities_for(request, "keep")
    if not offered:
        raise PermissionDenied(
            "Your role does not include keeping books. Ask the owner to extend your grant."
        )
    return offered


def _form_page(request: HttpRequest, form: UploadForm, error: Exception | None = None) -> HttpResponse:
    return render(
        request,
        "portfolio/upload.html",
        {
            "form": form,
            "error": error,
            "where": error if isinstance(error, FormatError) else None,
            "crumbs": [PORTFOLIO, IMPORTS],
        },
        status=422 if error or form.errors else 200,
    )


def _name(given: UploadedFile) -> str:
    """Return the file's own name, made fit to stand in a sentence."""
    name = "".join(letter for letter in given.name or "" if letter.isprintable()).strip()
    return name[-120:] or "upload.csv"


def _keep(request: HttpRequest, data: bytes, about: dict[str, str], now: dt.datetime) -> str:
    """Lay the bytes aside until they are landed, and return the token that leads back to them."""
    _forget_old(now)
    sha256 = hashlib.sha256(data).hexdigest()
    default_storage.delete(_place(sha256))
    default_storage.save(_place(sha256), ContentFile(data))
    return signing.dumps({**about, "sha256": sha256, "by": request.user.pk}, salt=SALT)


def _kept(sha256: str) -> bytes | None:
    try:
        with default_storage.open(_place(sha256)) as file:
            data: bytes = file.read()
    except FileNotFoundError:
        return None
    return data


def _place(sha256: str) -> str:
    return f"{FOLDER}/{sha256}.csv"


def _forget_old(now: dt.datetime) -> None:
    """Remove what was looked at and never landed."""
    if not default_storage.exists(FOLDER):
        return
    for name in default_storage.listdir(FOLDER)[1]:
        place = f"{FOLDER}/{name}"
        try:
            if now - default_storage.get_modified_time(place) > dt.timedelta(seconds=2 * KEPT_SECONDS):
                default_storage.delete(place)
        except FileNotFoundError:
            continue  # Another process removed it meanwhile.
