"""Pages of the journal: its entries, one entry, writing, copying and correcting one, its documents, the journal as text."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock, trail
from portfolio.domain import documents, entries, journals, ledger, pages, undoing
from portfolio.domain.undoing import Place
from portfolio.models import Booking, Entity, EntryDocument, EntryState, JournalEntry
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.entities import EVENTS_SHOWN, ROWS_A_PAGE, crumbs
from portfolio.web.entry_forms import CorrectionForm, EntryForm, HeadForm, lines_of
from portfolio.web.forms import DayField
from portfolio.web.tabs import books

BOOKINGS_OFFERED = 100

# The page of each place, and what a link to it says.
PLACES = MappingProxyType(
    {
        Place.INVOICE: ("portfolio:invoice", "The invoice"),
        Place.PAYMENT: ("portfolio:payment", "The payment"),
        Place.PAYMENTS: ("portfolio:payments", "Payments"),
        Place.BILL: ("portfolio:bill", "The bill"),
        Place.BOOKING: ("portfolio:booking", "The booking"),
        Place.CONTRACTORS: ("portfolio:contractors", "Contractors"),
        Place.STRIPE: ("portfolio:stripe", "Stripe"),
        Place.BANK: ("portfolio:bank", "Bank"),
        Place.OPENING: ("portfolio:opening", "Opening balances"),
        Place.TAX: ("portfolio:tax", "Tax set aside"),
    }
)


def journal_crumbs(entity: Entity, *more: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the way back from a page of the journal."""
    here = {"label": "Journal", "url": reverse("portfolio:entries", args=[entity.slug])}
    return crumbs(entity, here, *more)


@require_safe
@access.staff
def entry_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List an entity's sealed entries, newest first."""
    entity = entity_or_404(request, slug)
    page = Paginator(pages.entries(entity=entity), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "portfolio/entries.html",
        {
            "entity": entity,
            "page_obj": page,
            "keeps": may(request, "keep", entity),
            "formats": journals.FORMATS,
            "tabs": books(entity, "entries"),
            "crumbs": crumbs(entity),
        },
    )


@require_safe
@access.staff
def entry_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an entry whole: postings, documents, where it was read from, what reverses it, and who did what with it."""
    entry = record(
        request,
        JournalEntry.objects.filter(state=EntryState.POSTED).select_related("entity", "reverses", "by"),
        pk=pk,
    )
    return _entry_page(request, entry, "")


def _entry_page(request: HttpRequest, entry: JournalEntry, refusal: str) -> HttpResponse:
    postings = list(entry.postings.select_related("account", "booking"))
    imported = list(entry.imported_lines.select_related("file"))
    # An entry that came with a file was posted by whoever landed the file.
    deeds = [
        ("portfolio.journalentry", entry.pk),
        *(("portfolio.importfile", line.file_id) for line in imported if line.file_id),
    ]
    home = undoing.home_of(entry)
    page, label = PLACES[home.place] if home is not None else ("", "")
    return render(
        request,
        "portfolio/entry.html",
        {
            "home": home,
            "home_url": reverse(page, args=[home.key]) if home is not None else "",
            "home_label": label,
            "entry": entry,
            "entity": entry.entity,
            "postings": postings,
            "debits": sum(posting.amount_minor for posting in postings if posting.amount_minor > 0),
            "imported": imported,
            "documents": list(entry.documents.select_related("by")),
            "refusal": refusal,
            "reversed_by": JournalEntry.objects.filter(reverses=entry).first(),
            "correction": entries.correction_of(entry),
            "corrected": entries.corrected_by(entry),
            "events": trail.of_records(records=deeds, limit=EVENTS_SHOWN),
            "keeps": may(request, "keep", entry.entity),
            "crumbs": journal_crumbs(entry.entity),
        },
        status=422 if refusal else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_entry(request: HttpRequest, slug: str) -> HttpResponse:
    """Write an entry, from nothing or from a copy of another."""
    entity = entity_or_404(request, slug, verb="keep")
    if request.method == "POST":
        return _posted(
            request,
            entity,
            None,
            lambda form: entries.write(
                entity=entity,
                on=form.head.cleaned_data["on"],
                memo=form.head.cleaned_data["memo"],
                lines=form.meant(),
                key=form.head.cleaned_data["key"],
                files=form.documents,
                by=request.user,
                at=clock.now(),
            ),
        )
    copied = _copied(request, entity)
    form = EntryForm(
        entity,
        initial={"on": _day(request) or pages.as_of_date(), "memo": copied.memo if copied else ""},
        lines=lines_of(copied) if copied else (),
    )
    return _form_page(request, entity, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def correct_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Reverse an entry and post what is right, in one step; the form begins with the entry as it is."""
    entry = record(
        request,
        JournalEntry.objects.filter(state=EntryState.POSTED).select_related("entity"),
        pk=pk,
        verb="keep",
    )
    if request.method == "POST":
        return _posted(
            request,
            entry.entity,
            entry,
            lambda form: entries.correct(
                entry=entry,
                reversed_on=form.head.cleaned_data["reversed_on"],
                reason=form.head.cleaned_data["reason"],
                on=form.head.cleaned_data["on"],
                memo=form.head.cleaned_data["memo"],
                lines=form.meant(),
                files=form.documents,
                by=request.user,
                at=clock.now(),
            ),
        )
    form = EntryForm(
        entry.entity,
        head=CorrectionForm,
        initial={"on": entry.on, "memo": entry.memo, "reversed_on": pages.as_of_date()},
        lines=lines_of(entry),
    )
    return _form_page(request, entry.entity, form, entry)


def _posted(
    request: HttpRequest, entity: Entity, wrong: JournalEntry | None, do: Callable[[EntryForm], JournalEntry]
) -> HttpResponse:
    """Post what was typed, or show it again with what is wrong at its place; nothing typed is lost."""
    head: type[HeadForm] = HeadForm if wrong is None else CorrectionForm
    form = EntryForm(entity, data=request.POST, files=request.FILES, head=head)
    if "more" in request.POST:
        form.more(request.POST, head)
        return _form_page(request, entity, form, wrong)
    if form.is_valid():
        try:
            entry = do(form)
        except (ledger.LedgerError, documents.DocumentRefusedError) as error:
            form.refuse(error)
        else:
            number = JournalEntry.objects.values_list("number", flat=True).get(pk=entry.pk)
            messages.success(request, f"Entry {number} is posted: {entry.memo}")
            if "another" in request.POST:
                return redirect(f"{reverse('portfolio:add_entry', args=[entity.slug])}?on={entry.on}")
            return redirect("portfolio:entry", pk=entry.pk)
    return _form_page(request, entity, form, wrong)


def _form_page(
    request: HttpRequest, entity: Entity, form: EntryForm, wrong: JournalEntry | None
) -> HttpResponse:
    begin = form.where()
    for field in form.head.visible_fields():
        if field.id_for_label == begin:
            field.field.widget.attrs["autofocus"] = True
    return render(
        request,
        "portfolio/entry_form.html",
        {
            "begin": begin,
            "entity": entity,
            "entry_form": form,
            "head": form.head,
            "totals": form.totals(),
            "wrong": wrong,
            "bookings": Booking.objects.filter(entity=entity).order_by("-id")[:BOOKINGS_OFFERED],
            "back": reverse("portfolio:entry", args=[wrong.pk])
            if wrong
            else reverse("portfolio:entries", args=[entity.slug]),
            "crumbs": journal_crumbs(entity),
        },
        status=422 if form.has_errors else 200,
    )


def _copied(request: HttpRequest, entity: Entity) -> JournalEntry | None:
    """Return the entry of the same books that is to be copied, if one is asked for."""
    asked = request.GET.get("copy", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        return None
    return JournalEntry.objects.filter(entity=entity, state=EntryState.POSTED, pk=int(asked)).first()


def _day(request: HttpRequest) -> Any:
    """Return the day that is asked for, if it is one."""
    try:
        return DayField(required=False).clean(request.GET.get("on", ""))
    except ValidationError:
        return None


@require_POST
@access.staff
def attach_document(request: HttpRequest, pk: int) -> HttpResponse:
    """Attach a document to an entry."""
    entry = record(
        request,
        JournalEntry.objects.filter(state=EntryState.POSTED).select_related("entity", "reverses", "by"),
        pk=pk,
        verb="keep",
    )
    given = request.FILES.get("document")
    if not isinstance(given, UploadedFile):
        return _entry_page(request, entry, "Choose the file first.")
    try:
        kept = documents.attach(
            entry=entry,
            content=given.read(documents.MOST_BYTES + 1),
            name=given.name or "",
            by=request.user,
            at=clock.now(),
        )
    except documents.DocumentRefusedError as error:
        return _entry_page(request, entry, str(error))
    messages.success(request, f"{kept.name} is attached.")
    return redirect("portfolio:entry", pk=pk)


@require_safe
@access.staff
def document(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Hand a document out, to be kept and never shown as a page of ours.

    Raises:
        Http404: there is none, or its entity is not active or invisible to this person.
    """
    found = EntryDocument.objects.select_related("entry").filter(pk=pk, entry__entity__active=True).first()
    if found is None:
        raise Http404
    access.require(request.user, "read", found.entry.entity_id)
    try:
        content = found.file.open()
    except FileNotFoundError as error:
        raise Http404 from error
    stem, dot, _ = found.name.rpartition(".")
    name = f"{stem if dot else found.name}.{str(found.file.name).rpartition('.')[2]}"
    answer = FileResponse(content, as_attachment=True, filename=name, content_type=found.content_type)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@require_safe
@access.staff
def export_journal(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Hand the whole journal out as text that beancount or hledger reads.

    Raises:
        Http404: the format is none of the two.
    """
    entity = entity_or_404(request, slug)
    form = request.GET.get("format", "")
    if form not in journals.FORMATS:
        raise Http404
    answer = StreamingHttpResponse(
        journals.export(entity=entity, form=form), content_type="text/plain; charset=utf-8"
    )
    answer.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=f"{entity.slug}.{form}") or ""
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


urlpatterns = [
    path("entities/<slug:slug>/entries/", entry_list, name="entries"),
    path("entities/<slug:slug>/entries/add/", add_entry, name="add_entry"),
    path("entities/<slug:slug>/entries/export/", export_journal, name="export_journal"),
    path("entries/<int:pk>/", entry_page, name="entry"),
    path("entries/<int:pk>/correct/", correct_entry, name="correct_entry"),
    path("entries/<int:pk>/documents/", attach_document, name="attach_document"),
    path("documents/<int:pk>/", document, name="document"),
]
