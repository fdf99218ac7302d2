"""Fetching and authorising in one step: what a person may not see does not exist (404), what they may see but not
do is refused (403). Who may what is answered by `core.access`; what belongs to no entity needs the whole portfolio.
"""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from core import access
from reports.domain import queries
from reports.domain.actions import PORTFOLIO, about, subject_of
from reports.models import Action, Edition, EventTrigger, Finding, Report, Run, Schedule

Row = TypeVar("Row", bound=Model)


def report(slug: str) -> Report:
    """Return an active report; that it exists is no secret to staff.

    Raises:
        Http404: there is none of that slug.
    """
    found = queries.reports().filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


def edition(request: HttpRequest, slug: str, number: int, *, duty: str = "read") -> Edition:
    """Return an edition with its document, for a person who holds a duty on what it is about.

    Raises:
        Http404: there is none, or it is invisible to this person.
        PermissionDenied: it is visible, but the duty is not theirs.
    """
    rows = Edition.objects.select_related("report", "entity")
    found = rows.filter(report__slug=slug, number=number).first()
    if found is None:
        raise Http404
    access.require(request.user, duty, found.entity_id)
    return found


def run(request: HttpRequest, pk: int) -> Run:
    """Return a run of something a person may read.

    Raises:
        Http404: there is none, or it is invisible to this person.
    """
    found = queries.runs_for(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def schedule(request: HttpRequest, pk: int) -> Schedule:
    """Return a schedule for the owner to change.

    Raises:
        Http404: there is none, or the person does not read the whole portfolio.
        PermissionDenied: they do not own it.
    """
    return _owners(request, Schedule.objects.select_related("report", "entity", "variant"), pk)


def trigger(request: HttpRequest, pk: int) -> EventTrigger:
    """Return a trigger for the owner to change.

    Raises:
        Http404: there is none, or the person does not read the whole portfolio.
        PermissionDenied: they do not own it.
    """
    return _owners(request, EventTrigger.objects.select_related("report", "entity", "about"), pk)


def _owners(request: HttpRequest, rows: QuerySet[Row], pk: int) -> Row:
    access.require(request.user, "own")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def finding(request: HttpRequest, pk: int, *, duty: str = "read") -> Finding:
    """Return a finding about something a person may read, for a person who holds a duty on that.

    Raises:
        Http404: there is none, or it is invisible to this person.
        PermissionDenied: it is visible, but the duty is not theirs.
    """
    found = queries.findings_for(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    if duty != "read":
        subject = about(found.subject)
        access.require(request.user, duty, None if subject == PORTFOLIO else queries.entity_id_of(subject))
    return found


def action(request: HttpRequest, pk: int, *, duty: str = "read", or_assigned: bool = False) -> Action:
    """Return an action, for a person who holds a duty on what it concerns, or to whom it was given.

    Raises:
        Http404: there is none, or it is invisible to this person.
        PermissionDenied: it is visible, but the duty is not theirs.
    """
    found = queries.actions_for(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    if duty != "read" and not (or_assigned and found.assignee_id == request.user.pk):
        subject = subject_of(found)
        access.require(request.user, duty, None if subject == PORTFOLIO else queries.entity_id_of(subject))
    return found


def may_run_anything(request: HttpRequest) -> bool:
    """Tell whether the person may run reports, about whatever entity."""
    ids = access.entity_ids(request.user, "run")
    return ids is None or bool(ids)
