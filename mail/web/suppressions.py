"""Pages of suppressions: who gets no more mail and why; adding one by hand, lifting one, and the list as a file.

Whoever may read the whole portfolio reads them; changing is the owner's.
"""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from mail.domain import queries, suppression, suppression_list
from mail.domain.fields import UnsendableError
from mail.domain.suppression_list import Wanted
from mail.models import MailingList, Message, Reason, Scope, Suppression

ROWS_A_PAGE = 50
TONES = {
    Reason.COMPLAINT: "bad",
    Reason.HARD_BOUNCE: "watch",
    Reason.SOFT_BOUNCES: "watch",
    Reason.UNSUBSCRIBED: "",
    Reason.BY_HAND: "info",
}


class FilterForm(forms.Form):
    """Which suppressions are shown."""

    q = forms.CharField(label="Address", required=False, max_length=254)
    scope = forms.ChoiceField(
        label="What it stops", required=False, choices=[("", "Anything"), *Scope.choices]
    )
    reason = forms.ChoiceField(label="Why", required=False, choices=[("", "Any reason"), *Reason.choices])
    state = forms.ChoiceField(
        label="Live or lifted",
        required=False,
        choices=[("", "Live"), ("lifted", "Lifted"), ("both", "Both")],
    )

    def wanted(self) -> Wanted:
        """Return what was asked; only of a valid form."""
        asked = self.cleaned_data
        live = {"": True, "lifted": False, "both": None}[asked["state"]]
        return Wanted(asked["q"], asked["scope"], asked["reason"], live)

    def kept(self) -> dict[str, str]:
        """Return what was asked as an address keeps it."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class AddForm(forms.Form):
    """A suppression by hand."""

    address = forms.CharField(
        label="Address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Write an address."},
    )
    scope = forms.ChoiceField(
        label="What to stop",
        choices=Scope.choices,
        initial=Scope.COMMERCIAL,
        widget=forms.RadioSelect,
    )
    mailing_list = forms.ModelChoiceField(
        label="List",
        queryset=MailingList.objects.order_by("name", "id"),
        required=False,
        empty_label="None",
        help_text="Only to stop the campaigns of one list.",
    )
    why = forms.CharField(
        label="Why",
        max_length=suppression.LONGEST_WHY,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whoever looks at it later reads this.",
        error_messages={"required": "Write why."},
    )


class LiftForm(forms.Form):
    """Why a suppression ends."""

    why = forms.CharField(
        label="Why may this address be mailed again?",
        max_length=suppression.LONGEST_WHY,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write why."},
    )


@require_safe
@access.staff
def suppressions(request: HttpRequest) -> HttpResponse:
    """Show the suppressions by address, scope, reason and whether they are live, newest first."""
    access.require(request.user, "read")
    form = FilterForm(request.GET)
    valid = form.is_valid()
    rows = suppression_list.listed(form.wanted()) if valid else Suppression.objects.none()
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    kept = form.kept() if valid else {}
    return _page(
        request,
        "mail/suppressions.html",
        {
            "form": form,
            "rows": [{"row": row, "tone": TONES[Reason(row.reason)]} for row in page.object_list],
            "page_obj": page,
            "query": urlencode(kept) + "&" if kept else "",
            "export": f"{reverse('mail:export_suppressions')}{'?' if kept else ''}{urlencode(kept)}",
            "filtered": bool(kept) or not valid,
            "may_act": access.may(request.user, "own"),
            "crumbs": _crumbs()[:2],
        },
        status=200 if valid else 400,
    )


@require_safe
@access.staff
def export_suppressions(request: HttpRequest) -> HttpResponseBase:
    """Answer with what the search shows as a CSV file, written while it is read."""
    access.require(request.user, "read")
    form = FilterForm(request.GET)
    if not form.is_valid():
        return HttpResponse("Look at the search once more: it holds something no search can.\n", status=400)
    name = f"suppressions-{clock.today(at=clock.now()):%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        suppression_list.lines(form.wanted(), zone=clock.zone()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or ""},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_suppression(request: HttpRequest) -> HttpResponseBase:
    """Suppress an address by hand."""
    access.require(request.user, "own")
    form = AddForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            row = suppression.add(
                address=asked["address"],
                scope=Scope(asked["scope"]),
                reason=Reason.BY_HAND,
                detail=asked["why"],
                mailing_list=asked["mailing_list"],
                by=request.user,
                at=clock.now(),
            )
        except UnsendableError as error:
            form.add_error("address", str(error))
        except suppression.SuppressionRefusedError as error:
            form.add_error("mailing_list", str(error))
        else:
            if row is None:
                messages.info(request, "That is stopped already; nothing was added.")
                return redirect(f"{reverse('mail:suppressions')}?{urlencode({'q': asked['address']})}")
            messages.success(request, _stopped(row))
            return redirect("mail:suppression", pk=row.pk)
    return _page(
        request,
        "mail/suppressions_add.html",
        {"form": form, "crumbs": _crumbs()},
        status=422 if form.errors else 200,
    )


@require_safe
@access.staff
def suppression_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one suppression: since when, why, by whose hand, and how to lift it."""
    access.require(request.user, "read")
    return _one(request, _row(pk), LiftForm())


@require_POST
@access.staff
def lift_suppression(request: HttpRequest, pk: int) -> HttpResponseBase:
    """End a suppression; the reason is kept."""
    access.require(request.user, "own")
    row, form = _row(pk), LiftForm(request.POST)
    if form.is_valid():
        try:
            suppression.lift(suppression=row, why=form.cleaned_data["why"], by=request.user, at=clock.now())
        except suppression.SuppressionRefusedError as error:
            form.add_error("why", str(error))
        else:
            messages.success(
                request, f"Lifted for {row.address_key}. What was stopped meanwhile stays stopped."
            )
            return redirect("mail:suppression", pk=pk)
    row.refresh_from_db()
    return _one(request, row, form, status=422)


def _stopped(row: Suppression) -> str:
    if row.mailing_list is not None:
        return f"From now on no campaigns of {row.mailing_list.name} go to {row.address_key}."
    what = "only codes and links" if row.scope == Scope.ALL else "no campaigns"
    return f"From now on {what} go to {row.address_key}."


def _row(pk: int) -> Suppression:
    rows = Suppression.objects.select_related("mailing_list")
    return get_object_or_404(rows, pk=pk)


def _one(request: HttpRequest, row: Suppression, form: LiftForm, *, status: int = 200) -> HttpResponse:
    # The mail itself is not read along: it may be large, and its address and subject are all that is shown.
    mails = Message.objects.only("public_id", "subject", "to_address")
    led_to_it = mails.get(pk=row.message_id) if row.message_id is not None else None
    return _page(
        request,
        "mail/suppressions_one.html",
        {
            "row": row,
            "tone": TONES[Reason(row.reason)],
            "sentence": suppression.sentence(row),
            "led_to_it": led_to_it,
            "events": suppression_list.history(row),
            "form": form,
            "own_word": row.reason in suppression.OWN_WORD,
            "may_act": access.may(request.user, "own"),
            "crumbs": _crumbs(),
        },
        status=status,
    )


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    frame = {"doubtful": queries.doubtful_count(), "zone": clock.zone(), "zone_name": str(clock.zone())}
    return render(request, template, {**frame, **context}, status=status)


def _crumbs() -> list[dict[str, str]]:
    return [
        {"label": "Home", "url": "/"},
        {"label": "Mail", "url": reverse("mail:mailbox")},
        {"label": "Suppressed", "url": reverse("mail:suppressions")},
    ]


urlpatterns = [
    path("suppressions/", suppressions, name="suppressions"),
    path("suppressions/export.csv", export_suppressions, name="export_suppressions"),
    path("suppressions/add", add_suppression, name="add_suppression"),
    path("suppressions/<int:pk>/", suppression_page, name="suppression"),
    path("suppressions/<int:pk>/lift", lift_suppression, name="lift_suppression"),
]
