"""Pages of the checklist: one item with its evidence and its trail, and the taps that work it.

A tap from the list is answered with the row as it now stands: by htmx in place, else by going back to the list at that
row. What is filled in on the item's own page comes back filled in when it is refused.
"""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from core import clock, trail
from crew import rules
from crew.domain import checklist_edits, checklists, evidence
from crew.domain.checklists import ChecklistError
from crew.domain.evidence import EvidenceRefusedError
from crew.domain.item_rows import ItemRow
from crew.domain.timing import zone_of
from crew.models import ChecklistItem, Event, EventGrant, Evidence, ItemState, Person, Role
from crew.web.access import REFUSAL, actor, event_page
from crew.web.checklist_board import board, item_html, said
from crew.web.checklist_forms import EvidenceForm, HoldForm

LINES_SHOWN = 50
SELECT = ("claimer", "hold_owner", "completed_by")


def _not_theirs(
    request: HttpRequest, event: Event, standing: rules.Standing, item: ChecklistItem
) -> HttpResponse:
    """Tell somebody of the crew who has the item by now: their list may still show it as theirs.

    Raises:
        PermissionDenied: always, but to a tap on a list, which is answered with the row as it stands.
    """
    if not rules.can_claim_item(standing, item):
        raise PermissionDenied(REFUSAL)
    sentence = checklists.stands(item=item, by=actor(request, standing))
    if request.htmx:  # type: ignore[attr-defined]
        return _answer(request, event, standing, item, refusal=sentence)
    raise PermissionDenied(sentence)


@require_safe
@event_page(rules.can_see_checklists)
def item_page(request: HttpRequest, event: Event, standing: rules.Standing, pk: int) -> HttpResponse:
    """Show one item: what to do, what was found, and what was done with it so far."""
    return _page(request, event, standing, _item(event, pk))


@require_safe
@event_page(rules.can_see_checklists)
def item_photo(request: HttpRequest, event: Event, standing: rules.Standing, pk: int) -> HttpResponseBase:
    """Send the photo of an item, to those who see the list and to nobody else."""
    item = _item(event, pk)
    if not item.photo or not default_storage.exists(item.photo.name):
        raise Http404
    answer = FileResponse(default_storage.open(item.photo.name), content_type="image/jpeg")
    answer.headers["Content-Disposition"] = f'inline; filename="item-{pk}.jpg"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@require_POST
@event_page(rules.can_claim_item, of=ChecklistItem, select=SELECT)
def claim(request: HttpRequest, event: Event, standing: rules.Standing, item: ChecklistItem) -> HttpResponse:
    """Take an item."""
    return _tap(request, event, standing, item, checklists.claim_item, "is yours")


@require_POST
@event_page(rules.can_work_item, of=ChecklistItem, select=SELECT, refused=_not_theirs)
def resume(request: HttpRequest, event: Event, standing: rules.Standing, item: ChecklistItem) -> HttpResponse:
    """Take an item off hold."""
    return _tap(request, event, standing, item, checklists.resume_item, "is off hold")


@require_POST
@event_page(rules.can_work_item, of=ChecklistItem, select=SELECT, refused=_not_theirs)
def give_back(
    request: HttpRequest, event: Event, standing: rules.Standing, item: ChecklistItem
) -> HttpResponse:
    """Give an item back."""
    return _tap(request, event, standing, item, checklists.give_back_item, "is free again")


@require_POST
@event_page(rules.can_reopen_item, of=ChecklistItem, select=SELECT)
def reopen(request: HttpRequest, event: Event, standing: rules.Standing, item: ChecklistItem) -> HttpResponse:
    """Take back that an item is completed."""
    return _tap(request, event, standing, item, checklists.reopen_item, "is open again")


@require_POST
@event_page(rules.can_work_item, of=ChecklistItem, select=SELECT, refused=_not_theirs)
def complete(
    request: HttpRequest, event: Event, standing: rules.Standing, item: ChecklistItem
) -> HttpResponse:
    """Complete an item with its evidence; what the evidence lacks is shown on the item's page."""
    form = EvidenceForm(request.POST, request.FILES, item=item)
    if item.evidence != Evidence.TICK and not form.is_valid():
        return _page(request, event, standing, item, found=form)
    proof = form.proof() if form.is_valid() else None
    try:
        checklists.complete_item(item=item, by=actor(request, standing), at=clock.now(), proof=proof)
    except (ChecklistError, EvidenceRefusedError) as error:
        if item.evidence != Evidence.TICK:
            form.add_error(None, str(error))
            return _page(request, event, standing, _item(event, item.pk), found=form)
        return _answer(request, event, standing, item, refusal=str(error))
    if item.state == ItemState.ON_HOLD:
        messages.warning(
            request, f"{item}: {item.hold_reason} It is on hold, and a maintenance record is open."
        )
        return redirect("crew:item", event.key, item.pk)
    return _answer(request, event, standing, item, done=f"{item} is completed.", to_list=True)


@require_POST
@event_page(rules.can_work_item, of=ChecklistItem, select=SELECT, refused=_not_theirs)
def hold(request: HttpRequest, event: Event, standing: rules.Standing, item: ChecklistItem) -> HttpResponse:
    """Put an item on hold."""
    at = clock.now()
    people = _people(event, request, at)
    form = HoldForm(request.POST, people=people)
    if form.is_valid():
        data = form.cleaned_data
        try:
            checklists.hold_item(
                item=item,
                reason=data["reason"],
                owner=next(person for person in people if str(person.pk) == data["owner"]),
                review_at=at + dt.timedelta(minutes=int(data["review"])),
                by=actor(request, standing),
                at=at,
            )
        except ChecklistError as error:
            form.add_error(None, str(error))
        else:
            return _answer(request, event, standing, item, done=f"{item} is on hold.")
    return _page(request, event, standing, _item(event, item.pk), held=form)


def _item(event: Event, pk: int) -> ChecklistItem:
    item = ChecklistItem.objects.select_related(*SELECT).filter(pk=pk, event=event).first()
    if item is None:
        raise Http404
    item.event = event
    return item


def _tap(
    request: HttpRequest, event: Event, standing: rules.Standing, item: ChecklistItem, move: Any, then: str
) -> HttpResponse:
    try:
        move(item=item, by=actor(request, standing), at=clock.now())
    except ChecklistError as error:
        return _answer(request, event, standing, item, refusal=str(error))
    return _answer(request, event, standing, item, done=f"{item} {then}.")


def _answer(
    request: Any,
    event: Event,
    standing: rules.Standing,
    item: ChecklistItem,
    *,
    done: str = "",
    refusal: str = "",
    to_list: bool = False,
) -> HttpResponse:
    """Answer a tap: htmx gets the row as it now stands, everybody else goes back to where they tapped."""
    if refusal and not ChecklistItem.objects.filter(pk=item.pk).exists():
        if request.htmx:
            raise Http404
        messages.error(request, refusal)
        return redirect(reverse("crew:event", args=[event.key]) + "#checklist")
    if request.htmx:
        whole = board(checklists.rows(event=event, standing=standing, at=clock.now()))
        row = next(row for row in whole.rows if row.pk == item.pk)
        parts = (item_html(row), whole.counts(), said(refusal or done, refused=bool(refusal)))
        return HttpResponse("".join(parts), status=409 if refusal else 200)
    if refusal:
        messages.error(request, refusal)
    elif done:
        messages.success(request, done)
    if request.POST.get("from") == "item" and not (to_list and not refusal):
        return redirect("crew:item", event.key, item.pk)
    show = board((), request.POST.get("show", "")).show
    return redirect(f"{reverse('crew:event', args=[event.key])}?show={show}#item-{item.pk}")


def _page(
    request: HttpRequest,
    event: Event,
    standing: rules.Standing,
    item: ChecklistItem,
    *,
    found: EvidenceForm | None = None,
    held: HoldForm | None = None,
) -> HttpResponse:
    at = clock.now()
    row: ItemRow = next(
        row for row in checklists.rows(event=event, standing=standing, at=at) if row.pk == item.pk
    )
    worked = event.state in checklists.WORKED
    works = worked and rules.can_work_item(standing, item)
    if works and item.state != ItemState.COMPLETED and found is None:
        found = EvidenceForm(item=item)
    if works and item.state == ItemState.CLAIMED and held is None:
        people = _people(event, request, at)
        held = HoldForm(people=people, initial={"owner": str(people[0].pk)})
    refused = any(form is not None and form.is_bound for form in (found, held))
    return render(
        request,
        "crew/checklists/item.html",
        {
            "event": event,
            "item": item,
            "row": row,
            "zone": zone_of(event).key,
            "limits": evidence.limits_words(item),
            "measured": evidence.shown(item.value_number, item.unit),
            "found": found,
            "held": held,
            "claims": worked and item.state == ItemState.PENDING and rules.can_claim_item(standing, item),
            "gives_back": works and item.state == ItemState.CLAIMED,
            "resumes": works and item.state == ItemState.ON_HOLD,
            "reopens": worked and item.state == ItemState.COMPLETED and rules.can_reopen_item(standing, item),
            "removes": rules.can_edit_event(standing)
            and checklist_edits.can_remove(item)
            and not checklist_edits.refusal(event),
            "events": trail.of_records(
                records=[("crew.checklistitem", item.pk)], limit=LINES_SHOWN, zone=zone_of(event)
            ),
            "crumbs": [{"label": event.title, "url": reverse("crew:event", args=[event.key])}],
        },
        status=422 if refused else 200,
    )


def _people(event: Event, request: Any, at: dt.datetime) -> list[Person]:
    """Return who may see to an item on hold: captains first, then the crew, and whoever asks."""
    grants = (
        EventGrant.objects.live(at=at)
        .filter(event=event, role__in=(Role.CAPTAIN, Role.CREW, Role.ADMIN))
        .select_related("person")
    )
    order = {Role.CAPTAIN: 0, Role.CREW: 1, Role.ADMIN: 2}
    ranked = sorted(grants, key=lambda grant: (order[Role(grant.role)], str(grant.person), grant.pk))
    people = {grant.person_id: grant.person for grant in ranked}
    people.setdefault(request.user.pk, request.user)
    return list(people.values())


_AT = "events/<str:key>/items/<int:pk>/"
urlpatterns: list[Any] = [
    path(_AT, item_page, name="item"),
    path(f"{_AT}photo/", item_photo, name="item_photo"),
    path(f"{_AT}claim/", claim, name="item_claim"),
    path(f"{_AT}complete/", complete, name="item_complete"),
    path(f"{_AT}hold/", hold, name="item_hold"),
    path(f"{_AT}resume/", resume, name="item_resume"),
    path(f"{_AT}give-back/", give_back, name="item_give_back"),
    path(f"{_AT}reopen/", reopen, name="item_reopen"),
]
