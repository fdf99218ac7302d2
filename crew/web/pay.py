"""Pages of pay: what somebody is owed, and for staff what there is to pay."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock
from crew import sessions
from crew.domain import pay
from crew.domain.history import Actor
from crew.domain.pay import PayRefusedError
from crew.models import EventGrant, Person, Position
from crew.web.own import worker
from portfolio.web.forms import DayField, TakeBackForm


class PaidForm(forms.Form):
    """What was paid, and when."""

    positions = forms.TypedMultipleChoiceField(coerce=int, required=False)
    on = DayField(label="Paid on")
    told_by = forms.TypedMultipleChoiceField(
        label="On the bank’s statement",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="These lines are in the books already; ticked here, the money is posted once.",
    )
    apart = forms.BooleanField(label="It is other money than these lines", required=False)

    def __init__(self, *args: Any, offered: list[int], **kwargs: Any) -> None:
        """Take the positions that stand on the page; bank lines are offered once one may be the pay."""
        super().__init__(*args, **kwargs)
        self.fields["positions"].choices = [(str(pk), str(pk)) for pk in offered]  # type: ignore[attr-defined]
        self.fields["positions"].error_messages["invalid_choice"] = (
            "Some of these are not owed any more. Nothing was marked; choose once more."
        )
        typed = self.data.getlist("told_by") if isinstance(self.data, QueryDict) else []
        self.offer_lines([(int(pk), pk) for pk in typed if pk.isascii() and pk.isdigit() and len(pk) <= 18])

    def offer_banks(self, banks: dict[int, list[tuple[int, str]]]) -> None:
        """Ask for the bank account it went out of, once for each entity that keeps several."""
        for entity, accounts in banks.items():
            self.fields[f"out_of_{entity}"] = forms.TypedChoiceField(
                label="Out of", coerce=int, required=False, empty_value=0,
                choices=[(str(pk), words) for pk, words in accounts],
            )  # fmt: skip
        self.banks = [self[f"out_of_{entity}"] for entity in banks]

    def out_of(self) -> dict[int, int]:
        """Return the chosen bank accounts by entity."""
        chosen = {
            name: value for name, value in self.cleaned_data.items() if name.startswith("out_of_") and value
        }
        return {int(name.removeprefix("out_of_")): value for name, value in chosen.items()}

    def offer_lines(self, lines: Sequence[tuple[int, str]]) -> None:
        """Offer bank lines, as (id, words)."""
        self.fields["told_by"].choices = [(str(pk), words) for pk, words in lines]  # type: ignore[attr-defined]


@require_safe
@worker
def my_pay(request: HttpRequest) -> HttpResponse:
    """Show somebody what they are owed and were paid; by a link, for its event alone."""
    person: Person = request.user  # type: ignore[assignment]
    only = None
    if person.by_link:
        only = EventGrant.objects.values_list("event", flat=True).get(pk=sessions.active_grant(request) or 0)
    rows = pay.of_person(person=person, only_event=only)
    return render(
        request,
        "crew/pay/mine.html",
        {"rows": rows, "owed": pay.owed_in_words(person=person, only_event=only)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def pay_page(request: HttpRequest) -> HttpResponse:
    """Show what there is to pay, by person and entity, and mark it as paid.

    Raises:
        PermissionDenied: this person keeps no books.
    """
    ids = _ids(request)
    at = clock.now()
    today = clock.today(at=at)
    paid = request.method != "POST" and request.GET.get("show") == "paid"
    groups = pay.groups(ids=ids, paid=paid)
    form = PaidForm(
        request.POST if request.method == "POST" else None,
        offered=[row.pk for group in groups for row in group.rows],
        initial={"on": today},
    )
    form.offer_banks({} if paid else pay.banks(positions=[row.pk for group in groups for row in group.rows]))
    lines = False
    if request.method == "POST" and form.is_valid():
        try:
            total = pay.mark_paid(
                positions=form.cleaned_data["positions"],
                ids=ids,
                on=form.cleaned_data["on"],
                today=today,
                told_by=form.cleaned_data["told_by"],
                apart=form.cleaned_data["apart"],
                out_of=form.out_of(),
                by=Actor(request.user),
                at=at,
            )
        except PayRefusedError as error:
            form.add_error(None, str(error))
            form.offer_lines(error.lines)
            lines = bool(error.lines)
        else:
            messages.success(request, f"{total} is marked as paid.")
            return redirect("crew:pay")
    return render(
        request,
        "crew/pay/pay.html",
        {
            "groups": groups,
            "form": form,
            "paid": paid,
            "lines": lines,
            "chosen": set(request.POST.getlist("positions")),
            "tabs": [
                {"label": "To pay", "url": "?", "current": not paid},
                {"label": "Paid lately", "url": "?show=paid", "current": paid},
            ],
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back that a position was paid: it is owed again."""
    position = get_object_or_404(
        Position.objects.select_related("event__entity", "event__port", "holder"), pk=pk
    )
    access.require(request.user, "keep", position.event.entity_id)
    together = pay.unpaid_with(position=position)
    form = TakeBackForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            total = pay.take_back(position=position, by=Actor(request.user), at=clock.now(), **form.said())
        except PayRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{total} is owed again.")
            return redirect("crew:pay")
    return render(
        request,
        "crew/pay/take_back.html",
        {"form": form, "holder": position.holder, "rows": pay.rows(together)},
        status=422 if form.errors else 200,
    )


def _ids(request: HttpRequest) -> frozenset[int] | None:
    """Return the entities whose crew this person pays, which is keeping their books; None means all.

    Raises:
        PermissionDenied: there are none.
    """
    keeps = access.entity_ids(request.user, "keep")
    if keeps is not None and not keeps:
        raise PermissionDenied("Your role does not include pay. Ask the owner to extend your grant.")
    return keeps


urlpatterns = [
    path("me/pay/", my_pay, name="my_pay"),
    path("pay/", pay_page, name="pay"),
    path("pay/<int:pk>/undo/", take_back, name="undo_pay"),
]
