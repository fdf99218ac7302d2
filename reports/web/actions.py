"""Actions: the list, one action with its history, settling, moving and giving it to somebody, and whose each word is."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock, trail
from reports.domain import actions, owners, queries
from reports.domain.actions import ActionRefusedError, subject_of
from reports.models import Action, ActionState
from reports.render.words import count
from reports.web import access as reach
from reports.web import action_rows
from reports.web.action_forms import ActionForm, AssignForm, OwnerForm, named
from reports.web.forms import DueForm

ROWS_A_PAGE = 20
TRAIL_SHOWN = 20
HOME = {"label": "Home", "url": "/"}


@require_safe
@access.staff
def action_list(request: HttpRequest) -> HttpResponse:
    """List actions, open ones by due date first; those who may run reports, and whom one was given to, settle them here."""
    here, rows = reverse("reports:actions"), queries.actions_for(request.user)
    names, today = queries.entity_names(), queries.standing_on(at=clock.now())
    still = rows.filter(state=ActionState.OPEN)
    shown: dict[str, tuple[str, QuerySet[Action]]] = {
        "mine": ("Mine", rows.filter(assignee=request.user.pk)),
        "nobody": ("Nobody’s", still.filter(assignee__isnull=True)),
        "escalated": ("Escalated", still.filter(queries.asked_on(today), escalated_on__isnull=False)),
    }
    wanted = request.GET.get("whose", "")
    page = Paginator(shown[wanted][1] if wanted in shown else rows, ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    may_run, meant = action_rows.may_run(request), action_rows.book(page)
    kept = _place(wanted, str(page.number))
    return render(
        request,
        "reports/actions.html",
        {
            "page_obj": page,
            "rows": [
                {
                    **action_rows.said(row, names, today, meant),
                    "buttons": [
                        {**button, "url": button["url"] + kept}
                        for button in (action_rows.buttons(row) if _may_act(request, row, may_run) else ())
                    ],
                }
                for row in page
            ],
            "kept": kept,
            "query": f"whose={wanted}&" if wanted in shown else "",
            "tabs": [
                {"label": "All", "url": here, "current": wanted not in shown},
                *(
                    {"label": label, "url": f"{here}?whose={whose}", "current": wanted == whose}
                    for whose, (label, _) in shown.items()
                ),
            ],
            "empty": _EMPTY.get(wanted, "Actions come from the findings of issued reports."),
            "whole": access.may(request.user, "read"),
            "may_add": access.may(request.user, "run"),
            "may_appoint": access.may(request.user, "own"),
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
        },
    )


_EMPTY = {
    "mine": "Nothing was given to you.",
    "nobody": "Every open action has a person.",
    "escalated": "No open action is escalated.",
}


@require_safe
@access.staff
def action(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an action: who has it, where it came from, and what was done about it."""
    return _page(request, reach.action(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add(request: HttpRequest) -> HttpResponseBase:
    """Write an action down that no finding asks for; it is about the whole portfolio."""
    access.require(request.user, "run")
    form = ActionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        at = clock.now()
        try:
            row = actions.add(**form.cleaned_data, today=queries.standing_on(at=at), by=request.user, at=at)
        except ActionRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Written down: {row.title}")
            return redirect("reports:action", pk=row.pk)
    return render(
        request,
        "reports/action_form.html",
        {"form": form, "crumbs": _crumbs()},
        status=422 if form.errors else 200,
    )


@require_POST
@access.staff
def settle(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Mark an action done, or no longer needed."""
    dropped = request.POST.get("state") == ActionState.DROPPED
    state = ActionState.DROPPED if dropped else ActionState.DONE
    words = "no longer needed" if dropped else "done"
    return _change(
        request, pk, lambda row, **by: actions.settle(action=row, state=state, **by), f"Marked {words}"
    )


@require_POST
@access.staff
def reopen(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Open a settled action again."""
    return _change(request, pk, lambda row, **by: actions.reopen(action=row, **by), "Opened again")


@require_POST
@access.staff
def move(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Move the due date of an action."""
    form = DueForm(request.POST)
    if not form.is_valid():
        reach.action(request, pk, duty="run", or_assigned=True)
        messages.error(request, f"Due date: {' '.join(form.errors['due_on'])}")
        return redirect(_back(request, pk))
    due_on, today = form.cleaned_data["due_on"], queries.standing_on(at=clock.now())
    return _change(
        request,
        pk,
        lambda row, **by: actions.move_due(action=row, due_on=due_on, today=today, **by),
        f"Moved to {due_on:%-d %b %Y}",
    )


@require_POST
@access.staff
def assign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Give an action to somebody, or to nobody."""
    row = reach.action(request, pk, duty="run")
    form = AssignForm(request.POST, people=owners.people(subject=subject_of(row)))
    if form.is_valid():
        person = form.cleaned_data["person"]
        try:
            actions.assign(action=row, person=person, by=request.user, at=clock.now())
        except ActionRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Given to {person or 'nobody'}: {row.title}")
            return redirect("reports:action", pk=pk)
    return _page(request, row, form=form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def owner_words(request: HttpRequest) -> HttpResponseBase:
    """Show who is meant by each word for an owner, and let the owner of the portfolio say it."""
    access.require(request.user, "own")
    people, word, refused = owners.people(), "", ""
    if request.method == "POST":
        form = OwnerForm(request.POST, people=people)
        word = request.POST.get("word", "")
        if not form.is_valid():
            refused = " ".join(str(error) for errors in form.errors.values() for error in errors)
        else:
            try:
                moved = owners.appoint(**form.cleaned_data, by=request.user, at=clock.now())
            except owners.OwnerRefusedError as error:
                refused = str(error)
            else:
                person = form.cleaned_data["person"]
                changed = f" {count(moved, 'open action')} changed hands." if moved else ""
                messages.success(request, f"{word} means {person or 'nobody'} from now on.{changed}")
                return redirect("reports:owners")
    if refused:
        messages.error(request, refused)
    return render(
        request,
        "reports/owners.html",
        {
            "words": [
                {
                    "row": row,
                    "chosen": request.POST.get("person", "") if refused and row.name == word else _pk(row),
                }
                for row in owners.words()
            ],
            "people": [{"value": str(person.pk), "label": named(person)} for person in people],
            "crumbs": _crumbs(),
        },
        status=422 if refused else 200,
    )


def _pk(word: owners.Word) -> str:
    return "" if word.person is None else str(word.person.pk)


def _page(
    request: HttpRequest, row: Action, *, form: AssignForm | None = None, status: int = 200
) -> HttpResponse:
    names, today = queries.entity_names(), queries.standing_on(at=clock.now())
    may_run = action_rows.may_run(request)
    is_open, runs = row.state == ActionState.OPEN, may_run(subject_of(row))
    if form is None and is_open and runs:
        form = AssignForm(people=owners.people(subject=subject_of(row)), initial={"person": row.assignee})
    return render(
        request,
        "reports/action.html",
        {
            "row": action_rows.said(row, names, today, action_rows.book([row])),
            "action": row,
            "buttons": action_rows.buttons(row) if _may_act(request, row, may_run) else [],
            "assign_form": form,
            "trail": trail.of_records(
                records=[(Action._meta.label_lower, row.pk)], limit=TRAIL_SHOWN, zone=clock.zone()
            ),
            "zone": str(clock.zone()),
            "crumbs": _crumbs(),
        },
        status=status,
    )


def _change(request: HttpRequest, pk: int, change: Callable[..., None], words: str) -> HttpResponseBase:
    row = reach.action(request, pk, duty="run", or_assigned=True)
    try:
        change(row, by=request.user, at=clock.now())
    except ActionRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{words}: {row.title}")
    return redirect(_back(request, pk))


def _back(request: HttpRequest, pk: int) -> str:
    """Return where the button stood: the action's own page, or the list, at the same place."""
    if request.POST.get("from") == "action":
        return reverse("reports:action", args=[pk])
    return reverse("reports:actions") + _place(request.GET.get("whose", ""), request.GET.get("page", ""))


def _place(whose: str, page: str) -> str:
    """Return the query of a page of the list, empty for the first one of all; a button's address has it too."""
    asked = {
        "whose": whose if whose in _EMPTY else "",
        "page": page if page.isdecimal() and page.isascii() and page != "1" else "",
    }
    said = urlencode({name: value for name, value in asked.items() if value})
    return f"?{said}" if said else ""


def _may_act(request: HttpRequest, row: Action, may_run: Callable[[str], bool]) -> bool:
    return row.assignee_id == request.user.pk or may_run(subject_of(row))


def _crumbs() -> list[dict[str, str]]:
    return [
        HOME,
        {"label": "Reports", "url": reverse("reports:reports")},
        {"label": "Actions", "url": reverse("reports:actions")},
    ]


urlpatterns = [
    path("actions/", action_list, name="actions"),
    path("actions/new/", add, name="add_action"),
    path("actions/owners/", owner_words, name="owners"),
    path("actions/<int:pk>/", action, name="action"),
    path("actions/<int:pk>/settle/", settle, name="settle_action"),
    path("actions/<int:pk>/reopen/", reopen, name="reopen_action"),
    path("actions/<int:pk>/move/", move, name="move_action"),
    path("actions/<int:pk>/assign/", assign, name="assign_action"),
]
