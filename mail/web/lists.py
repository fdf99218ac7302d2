"""Pages of mailing lists: who is on them, on what consent, and bringing more in by file or by hand."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse, reverse_lazy
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock
from mail.domain import campaign_lists, lists, queries
from mail.domain.campaign_lists import Reach
from mail.models import MailingList, Subscriber
from mail.web.campaign_forms import (
    LARGEST_FILE,
    ImportForm,
    ListForm,
    SubscriberFilter,
    SubscriberForm,
)

SUBSCRIBERS_A_PAGE = 25
BAD_ROWS_SHOWN = 100
# What `mail.domain.subscriber_file` reads, in the words of who fills it in.
COLUMNS = [
    {"name": "address", "text": "Needed. One mail address; email is read as well."},
    {"name": "consent_source", "text": "Needed. Where they agreed, in a few words."},
    {"name": "name", "text": "May be empty. Its first word is what {{ first_name }} says."},
    {"name": "consented_on", "text": "May be empty. The day they agreed, as 2026-11-10."},
    {"name": "segments", "text": "May be empty. Names with | between them; new names make new segments."},
]
SAMPLE = (
    "address,name,consent_source,consented_on,segments\r\n"
    "ana@example.com,Ana Quill,Sign-up sheet at the harbor concert,2026-06-20,Locals|Concerts\r\n"
    '"bo@example.com","Bo Lindt","Booking form, box ticked",2026-08-02,Guests\r\n'
    "cy@example.com,,Card at the gangway,,\r\n"
)
HOME = {"label": "Home", "url": "/"}
MAIL = {"label": "Mail", "url": reverse_lazy("mail:mailbox")}
_LISTS = {"label": "Lists", "url": reverse_lazy("mail:lists")}


@require_safe
@access.staff
def list_of_lists(request: HttpRequest) -> HttpResponse:
    """Show every list with who it reaches and when it was last mailed."""
    access.require(request.user, "read")
    found = list(MailingList.objects.all())
    ids = [row.pk for row in found]
    reach, last = campaign_lists.reach(ids), campaign_lists.last_mailed(ids)
    rows = [
        {"list": row, "reach": reach.get((row.pk, None), Reach()), "last": last.get(row.pk)} for row in found
    ]
    return _page(request, "lists", {"rows": rows})


@require_safe
@access.staff
def list_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one list: who can be reached by segment, and its subscribers by search and segment."""
    mailing_list = _list(request, pk)
    here = reverse("mail:list", args=[pk])
    segments = campaign_lists.segments([pk])
    reach = campaign_lists.reach([pk])
    chosen = SubscriberFilter(request.GET, segments=[(segment.pk, segment.name) for segment in segments])
    chosen.is_valid()
    search, segment = chosen.cleaned_data.get("q", ""), chosen.cleaned_data.get("segment")
    rows = campaign_lists.subscribers(mailing_list=mailing_list, search=search, segment=segment)
    page = Paginator(rows, SUBSCRIBERS_A_PAGE).get_page(request.GET.get("page"))
    kept = {name: value for name, value in (("q", search), ("segment", segment)) if value}
    return _page(
        request,
        "list",
        {
            "list": mailing_list,
            "parts": [
                {"name": "The whole list", "url": "", "reach": reach.get((pk, None), Reach())},
                *(
                    {
                        "name": row.name,
                        "url": f"{here}?segment={row.pk}",
                        "reach": reach.get((pk, row.pk), Reach()),
                    }
                    for row in segments
                ),
            ],
            "last": campaign_lists.last_mailed([pk]).get(pk),
            "filter": chosen,
            "filtered": bool(kept),
            "has_segments": bool(segments),
            "rows": [
                {
                    "subscriber": row,
                    "segments": ", ".join(part.name for part in row.segments.all()),
                    "held": row.is_held,  # type: ignore[attr-defined]
                }
                for row in page
            ],
            "page_obj": page,
            "query": urlencode(kept) + "&" if kept else "",
        },
        crumbs=[_LISTS],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def new_list(request: HttpRequest) -> HttpResponseBase:
    """Make a list."""
    access.require(request.user, "own")
    form = ListForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = lists.open_list(**form.cleaned_data, by=request.user, at=clock.now())
        except lists.ListRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{made.name} is made. Nobody is on it yet.")
            return redirect("mail:list", pk=made.pk)
    return _form(request, form, "New list", "Make the list", reverse("mail:lists"))


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def change_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change what a list is called and for."""
    mailing_list = _list(request, pk, "own")
    form = ListForm(
        request.POST if request.method == "POST" else None,
        initial={"name": mailing_list.name, "purpose": mailing_list.purpose},
    )
    if form.is_valid():
        try:
            lists.change_list(mailing_list=mailing_list, **form.cleaned_data, by=request.user, at=clock.now())
        except lists.ListRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("mail:list", pk=pk)
    return _form(
        request,
        form,
        f"Edit {mailing_list.name}",
        "Save",
        reverse("mail:list", args=[pk]),
        _crumb(mailing_list),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_subscriber(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Put one address on a list, with the consent it stands on."""
    mailing_list = _list(request, pk, "own")
    form = SubscriberForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            row, done = lists.subscribe(
                mailing_list=mailing_list, **form.cleaned_data, by=request.user, at=clock.now()
            )
        except lists.ListRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _added(row, done))
            return redirect("mail:list", pk=pk)
    return _form(
        request,
        form,
        f"Add somebody to {mailing_list.name}",
        "Add",
        reverse("mail:list", args=[pk]),
        _crumb(mailing_list),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def remove_subscriber(request: HttpRequest, pk: int, subscriber: int) -> HttpResponseBase:
    """Ask whether somebody is to leave a list, and take them off it."""
    mailing_list = _list(request, pk, "own")
    row = get_object_or_404(Subscriber, pk=subscriber, mailing_list=mailing_list)
    refused = ""
    if request.method == "POST":
        try:
            lists.remove(subscriber=row, by=request.user, at=clock.now())
        except lists.ListRefusedError as error:
            refused = str(error)
        else:
            messages.success(request, f"{row.address} is no longer on {mailing_list.name}.")
            return redirect("mail:list", pk=pk)
    return _page(
        request,
        "remove",
        {"list": mailing_list, "subscriber": row, "refused": refused},
        crumbs=[_LISTS, _crumb(mailing_list)],
        status=422 if refused else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def import_subscribers(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take a file of subscribers; one that is refused is shown with line, column and what to do."""
    mailing_list = _list(request, pk, "own")
    form = ImportForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
    )
    refused: lists.ImportRefusedError | None = None
    done: lists.ImportResult | None = None
    if form.is_valid():
        given: UploadedFile = form.cleaned_data["file"]
        try:
            done = lists.import_subscribers(
                mailing_list=mailing_list,
                content=given.read(LARGEST_FILE + 1),
                filename=given.name or "",
                skip_bad=form.cleaned_data["skip_bad"],
                by=request.user,
                at=clock.now(),
            )
        except lists.ImportRefusedError as error:
            refused = error
        else:
            if not done.bad:
                messages.success(request, _imported(done))
                return redirect("mail:list", pk=pk)
            # The rows left out are named here and kept nowhere; the same file again changes nothing.
            form = ImportForm()
    told = refused or done
    bad = told.bad if told else ()
    return _page(
        request,
        "import",
        {
            "list": mailing_list,
            "form": form,
            "refused": str(refused) if refused else "",
            "done": _imported(done) if done else "",
            "bad_rows": bad[:BAD_ROWS_SHOWN],
            "more_bad": f"And {len(bad) - BAD_ROWS_SHOWN:,} more rows." if len(bad) > BAD_ROWS_SHOWN else "",
            "columns": COLUMNS,
            "sample": SAMPLE,
            "cancel_url": reverse("mail:list", args=[pk]),
        },
        crumbs=[_LISTS, _crumb(mailing_list)],
        status=422 if refused or form.errors else 200,
    )


@require_safe
@access.staff
def sample_subscribers(request: HttpRequest) -> HttpResponse:
    """Answer with a file as the import wants it."""
    access.require(request.user, "read")
    return HttpResponse(
        SAMPLE,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="subscribers.csv"'},
    )


def _list(request: HttpRequest, pk: int, duty: str = "read") -> MailingList:
    access.require(request.user, duty)
    return get_object_or_404(MailingList, pk=pk)


def _crumb(mailing_list: MailingList) -> dict[str, Any]:
    return {"label": mailing_list.name, "url": reverse("mail:list", args=[mailing_list.pk])}


def _added(row: Subscriber, done: lists.ImportResult) -> str:
    if done.added:
        return f"{row.address} is on {row.mailing_list.name}."
    kept = " The consent it had is kept, because this one has no date or an older one." if done.kept else ""
    if done.updated:
        return f"{row.address} was on {row.mailing_list.name} already and is brought up to date.{kept}"
    if kept:
        return f"{row.address} was on {row.mailing_list.name} already; nothing changed.{kept}"
    return f"{row.address} is on {row.mailing_list.name} already, just so; nothing changed."


def _imported(done: lists.ImportResult) -> str:
    """Return what an import did, what of it replaced a consent, and what was kept or left aside."""
    counts = f"{done.added:,} added, {done.updated:,} brought up to date, {done.unchanged:,} unchanged"
    said = [f"{counts}, {len(done.bad):,} left out." if done.bad else f"{counts}."]
    if done.updated:
        others = done.updated - done.consents
        changed = [
            f"{done.consents:,} with another consent" if done.consents else "",
            f"{others:,} with a name or segment alone" if others else "",
        ]
        said.append(f"Brought up to date: {' and '.join(filter(None, changed))}.")
    if done.kept:
        had = "1 subscriber keeps" if done.kept == 1 else f"{done.kept:,} subscribers keep"
        said.append(f"{had} the dated consent they had, because the file has no date for it or an older one.")
    if done.left_aside:
        what = "This column is" if len(done.left_aside) == 1 else "These columns are"
        said.append(f"{what} none of a list and left aside: {', '.join(done.left_aside)}.")
    return " ".join(said)


def _form(
    request: HttpRequest,
    form: forms.Form,
    title: str,
    submit: str,
    cancel_url: str,
    *crumbs: dict[str, Any],
) -> HttpResponse:
    context = {"form": form, "title": title, "submit": submit, "cancel_url": cancel_url}
    return _page(request, "form", context, crumbs=[_LISTS, *crumbs], status=422 if form.errors else 200)


def _page(
    request: HttpRequest,
    name: str,
    context: dict[str, Any],
    *,
    crumbs: Sequence[dict[str, Any]] = (),
    status: int = 200,
) -> HttpResponse:
    frame = {
        "doubtful": queries.doubtful_count(),
        "may_act": access.may(request.user, "own"),
        "zone": clock.zone(),
        "crumbs": [HOME, MAIL, *crumbs],
    }
    return render(request, f"mail/lists/{name}.html", {**frame, **context}, status=status)


urlpatterns = [
    path("lists/", list_of_lists, name="lists"),
    path("lists/new", new_list, name="new_list"),
    path("lists/sample.csv", sample_subscribers, name="sample_subscribers"),
    path("lists/<int:pk>/", list_page, name="list"),
    path("lists/<int:pk>/change", change_list, name="change_list"),
    path("lists/<int:pk>/import", import_subscribers, name="import_subscribers"),
    path("lists/<int:pk>/add", add_subscriber, name="add_subscriber"),
    path("lists/<int:pk>/subscribers/<int:subscriber>/remove", remove_subscriber, name="remove_subscriber"),
]
