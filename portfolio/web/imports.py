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

from core import access, busy, clock
from portfolio.domain import bank_accounts, column_maps, intake, pages, previews
from portfolio.domain.accounts import MissingAccountError
from portfolio.formats.csv_rows import MAX_BYTES
from portfolio.formats.errors import FormatError
from portfolio.models import ColumnMap, Entity, ImportKind
from portfolio.web.access import entity as entity_or_404
from portfolio.web.bookings import entities_for
from portfolio.web.column_maps import ColumnsForm, first_guess
from portfolio.web.entities import PORTFOLIO, ROWS_A_PAGE, views_of_portfolio
from portfolio.web.forms import UploadForm

IMPORTS = {"label": "Imports", "url": reverse_lazy("portfolio:imports")}
SALT = "portfolio.web.imports"
KEPT_SECONDS = 3600
FOLDER = "uploads"
NOTHING_KEPT = "Nothing of the file was kept."


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
    given: UploadedFile = form.cleaned_data["file"]
    data = given.read(MAX_BYTES + 1)
    about = {"entity": entity.slug, "kind": form.cleaned_data["kind"], "name": _name(given)}
    return _look(request, form, entity, data, about)


@require_POST
@access.staff
def say_accounts(request: HttpRequest) -> HttpResponse:
    """Take the answer to which account of the books each account of an OFX file is, and look again."""
    found = _waiting(request)
    if isinstance(found, HttpResponse):
        return found
    about, entity, data = found
    offered = {str(account.pk): account.pk for account in bank_accounts.with_statements(entity=entity)}
    answers = {
        key.removeprefix("account-"): offered[value]
        for key, value in request.POST.items()
        if key.startswith("account-") and value in offered
    }
    form = UploadForm(initial=about, entities=_offered(request))
    return _look(request, form, entity, data, {**about, "answers": {**about.get("answers", {}), **answers}})


@require_POST
@access.staff
def say_columns(request: HttpRequest) -> HttpResponse:
    """Show the first rows of a bank's CSV and take which column is which; the answer is saved under a name."""
    found = _waiting(request)
    if isinstance(found, HttpResponse):
        return found
    about, entity, data = found
    upload_form = UploadForm(initial=about, entities=_offered(request))
    try:
        headings, rows = column_maps.head(data=data, name=about["name"])
    except FormatError as error:
        return _form_page(request, upload_form, error)
    answered = "date_format" in request.POST
    form = ColumnsForm(
        request.POST if answered else None, entity=entity, headings=headings,
        initial=first_guess(entity=entity, headings=headings, name=about["name"]),
    )  # fmt: skip
    if answered and form.is_valid():
        try:
            saved = column_maps.save(
                entity=entity, account=form.cleaned_data["account"], name=form.cleaned_data["name"],
                headings=headings, columns=form.columns(), by=request.user, at=clock.now(),
            )  # fmt: skip
        except column_maps.ColumnMapError as error:
            form.add_error(None, str(error))
        else:
            return _look(request, upload_form, entity, data, {**about, "map": saved.pk, "saved": saved.name})
    return render(
        request,
        "portfolio/import_columns.html",
        {
            "entity": entity,
            "name": about["name"],
            "headings": headings,
            "rows": rows,
            "form": form,
            "token": request.POST.get("token", ""),
            "crumbs": [PORTFOLIO, IMPORTS],
        },
        status=422 if form.errors else 200,
    )


@require_POST
@access.staff
def land(request: HttpRequest) -> HttpResponse:
    """Land the file that was looked at; it is the same bytes, by the same person, within the hour."""
    found = _waiting(request)
    if isinstance(found, HttpResponse):
        return found
    about, entity, data = found
    form = UploadForm(initial=about, entities=_offered(request))
    if about.get("differs") and "sure" not in request.POST:
        return _look(request, form, entity, data, about, unsure=True)
    try:
        landed = busy.again(
            lambda: previews.land_file(
                entity=entity,
                kind=ImportKind(about["kind"]),
                data=data,
                name=about["name"],
                by=request.user,
                at=clock.now(),
                **_choices(entity, about),
            ),
            what=NOTHING_KEPT,
        )
    except (FormatError, MissingAccountError, busy.BusyError) as error:
        return _form_page(request, form, error)
    default_storage.delete(_place(about["sha256"]))
    messages.success(request, f"{landed.file.name} landed. {landed.told}")
    return redirect("portfolio:import", pk=landed.file.pk)


def _waiting(request: HttpRequest) -> tuple[dict[str, Any], Entity, bytes] | HttpResponse:
    """Return what was said of the file that a token leads to, its entity and its bytes, or the way back to the start."""
    try:
        about: dict[str, Any] = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        messages.error(request, "Too much time has passed since you looked at the file; bring it in again.")
        return redirect("portfolio:upload")
    entity = entity_or_404(request, about["entity"], verb="keep")
    data = _kept(about["sha256"]) if about["by"] == request.user.pk else None
    if data is None:
        messages.error(request, f"{about['name']} is not waiting any more; bring it in again.")
        return redirect("portfolio:upload")
    return about, entity, data


def _look(
    request: HttpRequest,
    form: UploadForm,
    entity: Entity,
    data: bytes,
    about: dict[str, Any],
    *,
    unsure: bool = False,
) -> HttpResponse:
    """Show what landing the file would do, or ask what has to be known before."""
    kind, name, now = ImportKind(about["kind"]), about["name"], clock.now()
    shown = {"entity": entity, "kind": kind.label, "name": name, "crumbs": [PORTFOLIO, IMPORTS]}
    try:
        preview = busy.again(
            lambda: previews.preview_file(
                entity=entity,
                kind=kind,
                data=data,
                name=name,
                by=request.user,
                at=now,
                **_choices(entity, about),
            ),
            what=NOTHING_KEPT,
        )
    except intake.UnknownBankAccountError as asked:
        shown |= {
            "token": _keep(request, data, about, now),
            "asked": [
                {
                    "field": "account-" + bank_accounts.number_hash(bank=told.bank, number=told.number),
                    "last_four": bank_accounts.last_four(told.number),
                    "statement": told,
                }
                for told in asked.statements
            ],
            "accounts": bank_accounts.with_statements(entity=entity),
        }
        return render(request, "portfolio/import_accounts.html", shown)
    except (FormatError, MissingAccountError, busy.BusyError) as error:
        columns = kind == ImportKind.BANK_CSV and isinstance(error, FormatError) and len(data) <= MAX_BYTES
        token = _keep(request, data, about, now) if columns else ""
        return _form_page(request, form, error, token, about.get("saved", ""))
    differs = any(told.differs_minor for told in preview.balances)
    shown |= {
        "preview": preview,
        "differs": differs,
        "unsure": unsure,
        "token": _keep(request, data, {**about, "differs": differs}, now),
        "columns": kind == ImportKind.BANK_CSV,
    }
    return render(request, "portfolio/import_preview.html", shown, status=422 if unsure else 200)


def _choices(entity: Entity, about: dict[str, Any]) -> dict[str, Any]:
    """Return what was answered about a file, as its lander takes it."""
    if answers := about.get("answers"):
        accounts = {account.pk: account for account in bank_accounts.with_statements(entity=entity)}
        return {"answers": {key: accounts[pk] for key, pk in answers.items() if pk in accounts}}
    if "map" in about:
        saved = ColumnMap.objects.filter(entity=entity, pk=about["map"]).select_related("account").first()
        return {"column_map": saved, "account": saved.account} if saved is not None else {}
    return {}


def _offered(request: HttpRequest) -> list[Entity]:
    offered = entities_for(request, "keep")
    if not offered:
        raise PermissionDenied(
            "Your role does not include keeping books. Ask the owner to extend your grant."
        )
    return offered


def _form_page(
    request: HttpRequest,
    form: UploadForm,
    error: Exception | None = None,
    laid_aside: str = "",
    columns_saved: str = "",
) -> HttpResponse:
    return render(
        request,
        "portfolio/upload.html",
        {
            "form": form,
            "error": error,
            "where": error if isinstance(error, FormatError) else None,
            "token": laid_aside,
            "columns_saved": columns_saved,
            "crumbs": [PORTFOLIO, IMPORTS],
        },
        status=503 if isinstance(error, busy.BusyError) else 422 if error or form.errors else 200,
    )


def _name(given: UploadedFile) -> str:
    """Return the file's own name, made fit to stand in a sentence."""
    name = "".join(letter for letter in given.name or "" if letter.isprintable()).strip()
    return name[-120:] or "upload.csv"


def _keep(request: HttpRequest, data: bytes, about: dict[str, Any], now: dt.datetime) -> str:
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
