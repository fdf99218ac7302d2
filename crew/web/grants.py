"""The people of an event: who has which role, their links; and, for oneself, switching between roles."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from crew import rules, sessions
from crew.domain import grant_rows, grants, guests, invitations, link_mail, link_words, links, people, qr
from crew.domain.history import Actor
from crew.models import Event, EventGrant, Role
from crew.web.access import REFUSAL, actor, event_page, signed_in
from crew.web.link_forms import InviteForm

TRAIL_SHOWN = 40


@require_http_methods(["GET", "HEAD", "POST"])
@event_page(rules.can_see_grants)
def people_page(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Show who has which role and how their links fare; give somebody a role that is this person's to give."""
    form = InviteForm(request.POST if request.method == "POST" else None, roles=_roles(standing))
    if request.method != "POST":
        return _people(request, event, standing, form)
    if form.is_valid():
        role = form.cleaned_data["role"]
        try:
            link = invitations.invite(
                event=event,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role=role,
                by=actor(request, standing),
                at=clock.now(),
            )
        except people.PersonRefusedError as error:
            form.add_error("email", str(error))
        except (guests.GuestRefusedError, grants.RoleRefusedError, links.LinkRefusedError) as error:
            form.add_error(None, str(error))
        else:
            to = link.grant.person
            messages.success(
                request,
                f"{to} is {Role(role).label.lower()} of this event. A link is on its way to {to.email}.",
            )
            return redirect("crew:people", key=event.key)
    return _people(request, event, standing, form)


def _mail(grant: EventGrant, by: Actor) -> str:
    links.mail_again(grant=grant, by=by, at=clock.now())
    return f"A link is on its way to {grant.person.email}."


def _rotate(grant: EventGrant, by: Actor) -> str:
    links.rotate(grant=grant, by=by, at=clock.now())
    return f"Links sent so far no longer work. A new one is on its way to {grant.person.email}."


def _revoke_links(grant: EventGrant, by: Actor) -> str:
    revoked = links.revoke(grant=grant, by=by, at=clock.now())
    return (
        f"No link of {grant.person} works any more." if revoked else f"{grant.person} had no link to revoke."
    )


def _take_back(grant: EventGrant, by: Actor) -> str:
    grants.revoke(grant=grant, by=by, at=clock.now())
    return f"{grant.person} is no longer {grant.get_role_display().lower()} of this event."


ACTS: Mapping[str, Callable[[EventGrant, Actor], str]] = MappingProxyType(
    {
        "mail": _mail,
        "rotate": _rotate,
        "revoke-links": _revoke_links,
        "take-back": _take_back,
    }
)


@require_POST
@event_page(rules.can_see_grants, of=EventGrant, select=("person",))
def grant_act(
    request: HttpRequest, event: Event, standing: rules.Standing, grant: EventGrant, act: str
) -> HttpResponse:
    """Mail, renew or revoke the links of a role, or take the role back.

    Raises:
        Http404: there is no such act.
    """
    _may(standing, grant)
    if act not in ACTS:
        raise Http404
    try:
        messages.success(request, ACTS[act](grant, actor(request, standing)))
    except (links.LinkRefusedError, grants.GrantRevokedAlreadyError) as error:
        return _people(request, event, standing, None, refusal=str(error))
    return redirect("crew:people", key=event.key)


@require_POST
@event_page(rules.can_see_grants, of=EventGrant, select=("person",))
def grant_show(
    request: HttpRequest, event: Event, standing: rules.Standing, grant: EventGrant
) -> HttpResponse:
    """Show a link on this screen, as QR code and short code, this once; loading the page again shows another."""
    _may(standing, grant)
    try:
        link, secret = links.show(grant=grant, by=actor(request, standing), at=clock.now())
    except links.LinkRefusedError as error:
        return _people(request, event, standing, None, refusal=str(error))
    return render(
        request,
        "crew/links/screen.html",
        {
            "event": event,
            "grant": grant,
            "svg": qr.svg(link_mail.link_url(secret.token)),
            "code": secret.shown_code,
            "code_page": link_mail.absolute("crew:link_code"),
            "until": link_words.stamp(event, link.expires_at),
        },
    )


def _roles(standing: rules.Standing) -> list[Role]:
    """Return the roles somebody may give on an event, the most given first."""
    order = (Role.GUEST, Role.CREW, Role.CAPTAIN, Role.ADMIN)
    return [role for role in order if rules.can_grant(standing, role)]


def _may(standing: rules.Standing, grant: EventGrant) -> None:
    if not rules.can_grant(standing, grant.role):
        raise PermissionDenied(REFUSAL)


def _people(
    request: HttpRequest,
    event: Event,
    standing: rules.Standing,
    form: InviteForm | None,
    *,
    refusal: str = "",
) -> HttpResponse:
    now = clock.now()
    roles = _roles(standing)
    given = {role.value for role in roles}
    found = grant_rows.rows(event=event, at=now)
    return render(
        request,
        "crew/people.html",
        {
            "event": event,
            "rows": [{"row": row, "may": row.role in given} for row in found],
            "trail": grant_rows.trail(event=event, limit=TRAIL_SHOWN),
            "form": form or InviteForm(roles=roles),
            "refusal": refusal,
        },
        status=422 if refusal or (form is not None and form.errors) else 200,
    )


# One's own roles


@require_safe
@signed_in
def own_grants(request: HttpRequest) -> HttpResponse:
    """Show the roles this session may use, and how to reach the others."""
    by_link = sessions.is_by_link(request)
    return render(
        request,
        "crew/grants.html",
        {
            "roles": grant_rows.own(
                person=request.user, only=sessions.opened_grants(request) if by_link else None, at=clock.now()
            ),
            "active": sessions.active_grant(request),
            "by_link": by_link,
        },
    )


@require_POST
@signed_in
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with another of one's roles; in a link session it is the one that counts from now on.

    Raises:
        Http404: it is not one of those this session may use.
    """
    grant = (
        EventGrant.objects.live(at=clock.now())
        .filter(pk=pk, person_id=request.user.pk or 0)
        .select_related("event")
        .first()
    )
    if grant is None or (sessions.is_by_link(request) and not sessions.switch(request, pk)):
        raise Http404
    return redirect("crew:event", key=grant.event.key)


urlpatterns = [
    path("grants/", own_grants, name="grants"),
    path("grants/<int:pk>/", switch, name="grant_switch"),
    path("events/<str:key>/people/", people_page, name="people"),
    path("events/<str:key>/people/<int:pk>/show/", grant_show, name="grant_show"),
    path("events/<str:key>/people/<int:pk>/<slug:act>/", grant_act, name="grant_act"),
]
