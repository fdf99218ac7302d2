"""Adding an item to an event's checklist by hand, and taking such a one off."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from crew import rules
from crew.domain import checklist_edits, evidence
from crew.domain.checklist_edits import NewItem
from crew.domain.checklists import ChecklistError
from crew.domain.evidence import EvidenceRefusedError
from crew.models import ChecklistItem, DueFrom, Event, Evidence, Phase, Role
from crew.web.access import actor, event_page

# One choice for both halves of a due time: no minus sign on a phone's number pad.
_DUE = [
    (f"{side}_{start.value}", f"{side.capitalize()} {start.label.lower()}")
    for start in DueFrom
    for side in ("before", "after")
]
_EVIDENCE = (
    (Evidence.TICK.value, "A tick"),
    (Evidence.NUMBER.value, "A number"),
    (Evidence.TEXT.value, "A few words"),
    (Evidence.PHOTO.value, "A photo"),
)


class LimitField(forms.CharField):
    """A number with at most three decimals, as it is read off an instrument."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, **kwargs: Any) -> None:
        """May be left empty."""
        super().__init__(required=False, max_length=40, **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the number, or None where the field is empty."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return evidence.number(text)
        except EvidenceRefusedError as error:
            raise forms.ValidationError(str(error), code="invalid") from error


class ItemForm(forms.Form):
    """What is to be done, by whom, until when, and with which evidence."""

    text = forms.CharField(label="What is to be done", max_length=checklist_edits.LONGEST_TEXT)
    detail = forms.CharField(
        label="How",
        required=False,
        max_length=checklist_edits.LONGEST_DETAIL,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    phase = forms.ChoiceField(label="Phase", choices=Phase.choices)
    role = forms.ChoiceField(
        label="For", choices=[(Role.CREW.value, "Crew"), (Role.CAPTAIN.value, "Captain")]
    )
    due = forms.ChoiceField(label="Due", choices=_DUE)
    minutes = forms.IntegerField(
        label="By how many minutes", min_value=0, max_value=checklist_edits.FURTHEST_MINUTES
    )
    critical = forms.BooleanField(
        label="Critical", required=False, help_text="Nobody leaves before it is completed."
    )
    evidence = forms.ChoiceField(label="Evidence", choices=_EVIDENCE)
    low = LimitField(label="Lowest number", help_text="Below it the item goes on hold.")
    high = LimitField(label="Highest number", help_text="Above it the item goes on hold.")
    unit = forms.CharField(label="Unit", required=False, max_length=checklist_edits.LONGEST_UNIT)

    def new(self) -> NewItem:
        """Return what was filled in."""
        data = self.cleaned_data
        side, _, start = data["due"].partition("_")
        return NewItem(
            phase=data["phase"],
            text=data["text"],
            detail=data["detail"].replace("\r\n", "\n"),
            role=data["role"],
            due_from=start,
            due_minutes=-data["minutes"] if side == "before" else data["minutes"],
            critical=data["critical"],
            evidence=data["evidence"],
            low=data["low"],
            high=data["high"],
            unit=data["unit"],
        )


@require_http_methods(["GET", "HEAD", "POST"])
@event_page(rules.can_edit_event)
def add(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Ask what is to be done, and put it on the checklist."""
    form = ItemForm(request.POST if request.method == "POST" else None, initial={"minutes": 30})
    if request.method == "POST" and form.is_valid():
        try:
            item = checklist_edits.add(
                event=event, new=form.new(), by=actor(request, standing), at=clock.now()
            )
        except ChecklistError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{item}” is on the checklist.")
            return redirect(reverse("crew:event", args=[event.key]) + f"#item-{item.pk}")
    here = {"label": event.title, "url": reverse("crew:event", args=[event.key])}
    return render(
        request,
        "crew/checklists/add.html",
        {"event": event, "form": form, "why_not": checklist_edits.refusal(event), "crumbs": [here]},
        status=422 if form.errors else 200,
    )


@require_POST
@event_page(rules.can_edit_event, of=ChecklistItem)
def remove(request: HttpRequest, event: Event, standing: rules.Standing, item: ChecklistItem) -> HttpResponse:
    """Take an item off the checklist; a refusal is said on its own page."""
    item.event = event
    try:
        checklist_edits.remove(item=item, by=actor(request, standing), at=clock.now())
    except ChecklistError as error:
        messages.error(request, str(error))
        if ChecklistItem.objects.filter(pk=item.pk).exists():
            return redirect("crew:item", event.key, item.pk)
    else:
        messages.success(request, f"“{item}” is off the checklist.")
    return redirect(reverse("crew:event", args=[event.key]) + "#checklist")


urlpatterns = [
    path("events/<str:key>/items/add/", add, name="item_add"),
    path("events/<str:key>/items/<int:pk>/remove/", remove, name="item_remove"),
]
