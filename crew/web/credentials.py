"""Pages of papers: one's own, and for the office those of everybody who works for its entities."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from crew.domain import credentials, papers
from crew.domain.credentials import CredentialRefusedError, FileRefusedError, Terms, Upload
from crew.models import Credential, Person
from crew.web.access import signed_in
from crew.web.credential_forms import CredentialFilter, CredentialForm, PersonCredentialForm
from crew.web.own import worker, works

ROWS_A_PAGE = 50


def _keeps(request: HttpRequest) -> frozenset[int] | None:
    """Return the entities whose people's papers this person keeps; None means all.

    Raises:
        PermissionDenied: there are none.
    """
    ids = access.entity_ids(request.user, "book")
    if ids is not None and not ids:
        raise PermissionDenied("Your role does not include papers. Ask the owner to extend your grant.")
    return ids


def _paper(request: HttpRequest, pk: int) -> Credential:
    """Return a paper that is this person's own, or of somebody whose papers they keep.

    Raises:
        Http404: it is neither, or not there.
    """
    found = Credential.objects.filter(pk=pk).select_related("person").first()
    if found is None:
        raise Http404
    if found.person_id == request.user.pk:
        if works(request):
            return found
        raise Http404
    ids = access.entity_ids(request.user, "book")
    if ids is not None and not (ids and papers.people_of(ids).filter(pk=found.person_id).exists()):
        raise Http404
    return found


@require_safe
@worker
def my_credentials(request: HttpRequest) -> HttpResponse:
    """Show somebody their own papers."""
    rows = papers.own(person=request.user, today=clock.today(at=clock.now()))
    return render(request, "crew/credentials/mine.html", {"rows": rows})


@require_safe
@access.staff
def credential_list(request: HttpRequest) -> HttpResponse:
    """List the papers of those who work for the entities this person books for."""
    ids = _keeps(request)
    today = clock.today(at=clock.now())
    chosen = CredentialFilter(request.GET)
    window, search = chosen.value("within"), chosen.value("q")
    found = papers.listed(ids=ids, window=window, search=search, today=today)
    counts = papers.counts(ids=ids, today=today)
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    labels = [("", "All"), ("expired", "Expired"), *((str(days), f"{days} days") for days in papers.WINDOWS)]
    return render(
        request,
        "crew/credentials/list.html",
        {
            "filter": chosen,
            "rows": [papers.row(credential, today) for credential in page.object_list],
            "page_obj": page,
            "query": _query(within=window, q=search),
            "window": window,
            "narrowed": bool(window or search),
            "tabs": [
                {
                    "label": label,
                    "url": "?" + _query(within=value, q=search),
                    "current": value == window,
                    "count": counts[value],
                }
                for value, label in labels
            ],
        },
    )


def _query(**parameters: str) -> str:
    kept = {name: value for name, value in parameters.items() if value}
    return urlencode(kept) + "&" if kept else ""


@require_http_methods(["GET", "HEAD", "POST"])
@worker
def add_own(request: HttpRequest) -> HttpResponse:
    """Add a paper of one's own."""
    form = CredentialForm(*_sent(request))
    person: Person = request.user  # type: ignore[assignment]

    def deed() -> None:
        credentials.add(person=person, terms=_terms(form), upload=_upload(form), by=person, at=clock.now())

    return _form_page(request, form, deed, "Add a paper", reverse("crew:my_credentials"))


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_for(request: HttpRequest) -> HttpResponse:
    """Add a paper of somebody who works for one of this person's entities."""
    people = list(papers.people_of(_keeps(request)).order_by("name", "email"))
    form = PersonCredentialForm(*_sent(request), people=people)

    def deed() -> None:
        whose = next(person for person in people if str(person.pk) == form.cleaned_data["person"])
        credentials.add(
            person=whose,
            terms=_terms(form),
            upload=_upload(form),
            by=request.user,
            at=clock.now(),
        )

    return _form_page(request, form, deed, "Add a paper for somebody", reverse("crew:credentials"))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a paper right."""
    credential = _paper(request, pk)
    form = CredentialForm(
        *_sent(request),
        initial={
            "kind": credential.kind,
            "number": credential.number,
            "issued_on": credential.issued_on,
            "expires_on": credential.expires_on,
        },
    )

    def deed() -> None:
        credentials.change(
            credential=credential,
            terms=_terms(form),
            upload=_upload(form),
            by=request.user,
            at=clock.now(),
        )

    return _form_page(
        request, form, deed, f"Change {credential} of {credential.person}", _back(request, credential)
    )


@require_POST
@signed_in
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a paper."""
    credential = _paper(request, pk)
    try:
        credentials.withdraw(credential=credential, by=request.user, at=clock.now())
    except CredentialRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{credential} is withdrawn. It counts for nothing any more.")
    return redirect(_back(request, credential))


@require_safe
@signed_in
def file(request: HttpRequest, pk: int) -> FileResponse:
    """Hand out the file of a paper, to be kept and not to be opened in the portal.

    Raises:
        Http404: it has none.
    """
    credential = _paper(request, pk)
    if not credential.file:
        raise Http404
    try:
        content = credential.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    ending = "pdf" if str(credential.file).endswith(".pdf") else "jpg"
    answer = FileResponse(
        content,
        as_attachment=True,
        filename=f"{slugify(f'{credential.get_kind_display()} {credential.person}')}.{ending}",
        content_type="application/pdf" if ending == "pdf" else "image/jpeg",
    )
    answer["Cache-Control"] = "private, no-store"
    return answer


def _back(request: HttpRequest, credential: Credential) -> str:
    own = credential.person_id == request.user.pk
    return reverse("crew:my_credentials" if own else "crew:credentials")


def _sent(request: HttpRequest) -> tuple[Any, Any]:
    """Return what was sent for a form to be bound to; nothing where the page was only opened."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _terms(form: CredentialForm) -> Terms:
    data = form.cleaned_data
    return Terms(data["kind"], data["number"], data["issued_on"], data["expires_on"])


def _upload(form: CredentialForm) -> Upload | None:
    found: Any = form.cleaned_data["file"]
    return Upload(found.file, found.size) if found else None


def _form_page(
    request: HttpRequest, form: CredentialForm, deed: Callable[[], None], heading: str, back: str
) -> HttpResponse:
    """Show a form, or do what it asks; what is refused stands on the form, what was typed kept."""
    if request.method == "POST" and form.is_valid():
        try:
            deed()
        except FileRefusedError as error:
            form.add_error("file", str(error))
        except CredentialRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The paper is on record.")
            return redirect(back)
    return render(
        request,
        "crew/credentials/form.html",
        {"form": form, "heading": heading, "back": back},
        status=422 if form.errors else 200,
    )


urlpatterns = [
    path("me/credentials/", my_credentials, name="my_credentials"),
    path("me/credentials/add/", add_own, name="credential_add"),
    path("credentials/", credential_list, name="credentials"),
    path("credentials/add/", add_for, name="credential_add_for"),
    path("credentials/<int:pk>/change/", change, name="credential_change"),
    path("credentials/<int:pk>/withdraw/", withdraw, name="credential_withdraw"),
    path("credentials/<int:pk>/file/", file, name="credential_file"),
]
