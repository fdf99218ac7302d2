"""Taking up a link: GET shows whom it is for and spends nothing, a pressed button opens a session.

The token leaves the address bar at once: the session keeps the ids of the link and of its secret, and every further
page stands at an address without it. These pages are open to everybody; the secret decides.
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from crew import sessions
from crew.domain import invitations, link_secrets, link_words, links, stepup
from crew.domain.invitations import Invitation, Standing
from crew.web import client
from crew.web.link_forms import LinkCodeForm, StepCodeForm

# Session keys: (link id, secret id) of the link that was opened last, the id of the code mailed for it, and whose
# session may end for it.
PENDING, STEP, INSTEAD_OF = "link_pending", "link_step", "link_instead_of"
DEVICE_COOKIE = "device"
# Which answer goes with how a link stands.
STATUS = {
    Standing.OPEN: 200,
    Standing.SPENT: 410,
    Standing.EXPIRED: 410,
    Standing.REPLACED: 410,
    Standing.REVOKED: 410,
}


@require_http_methods(["GET", "HEAD"])
@never_cache
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Remember which link was opened and go on at an address without it; say so where no link has this token."""
    found = invitations.by_token(text=token, at=clock.now(), visitor=client.visitor(request))
    if found is None:
        return render(request, "crew/links/unknown.html", {"nav": None}, status=404)
    _remember(request, found)
    return redirect("crew:link_taken")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def link_taken(request: HttpRequest) -> HttpResponse:
    """Show whom the opened link is for; when the button is pressed, spend a use and open the session."""
    invitation = _pending(request)
    if invitation is None:
        return render(request, "crew/links/nothing.html", {"nav": None}, status=200)
    grant = invitation.link.grant
    if _stands_already(request, invitation):
        if request.method == "POST":
            sessions.switch(request, grant.pk)
            return _on(request, invitation)
        return _page(request, invitation, already=True)
    if request.method != "POST" or invitation.standing is not Standing.OPEN:
        if request.method == "POST":
            invitations.refuse(
                link=invitation.link,
                at=clock.now(),
                visitor=client.visitor(request),
                reason=f"It was {invitation.standing.value}",
            )
        return _page(request, invitation)
    if not _agreed(request, grant):
        return _page(request, invitation, status=409)
    if stepup.needed(link=invitation.link, device=_device(request, grant.person_id)):
        return _step_up(request, invitation)
    return _enter(request, invitation)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def link_step(request: HttpRequest) -> HttpResponse:
    """Take the code that was mailed for a device not known yet, then open the session."""
    invitation = _pending(request)
    step_id = request.session.get(STEP)
    if invitation is None or step_id is None or invitation.standing is not Standing.OPEN:
        return redirect("crew:link_taken")
    if not _agreed(request, invitation.link.grant):
        return redirect("crew:link_taken")
    form = StepCodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and request.POST.get("action") == "again":
        return _step_up(request, invitation, again=True)
    if request.method == "POST" and form.is_valid():
        try:
            stepup.confirm(
                step_id=step_id, link=invitation.link, text=form.cleaned_data["code"], at=clock.now()
            )
        except (stepup.StepRefusedError, link_secrets.NotACodeError) as error:
            form.add_error("code", str(error))
        else:
            response = _enter(request, invitation)
            _know_device(response, invitation)
            return response
    return render(
        request,
        "crew/links/step.html",
        {**_facts(request, invitation), "form": form},
        status=422 if form.errors else 200,
    )


@require_POST
@never_cache
def link_fresh(request: HttpRequest) -> HttpResponse:
    """Mail a link that works to the person whose link was opened here."""
    invitation = _pending(request)
    if invitation is not None and invitation.grant_live:
        try:
            invitations.mail_fresh(
                invitation=invitation, at=clock.now(), address_key=client.address_key(request)
            )
        except (links.LinkRefusedError, invitations.TooManyTriesError) as error:
            messages.error(request, str(error))
        else:
            to = masked(invitation.link.grant.person.email)
            messages.success(request, f"A fresh link is on its way to {to}.")
    return redirect("crew:link_taken")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def link_code(request: HttpRequest) -> HttpResponse:
    """Take a short code that somebody types, and go on as if its link had been opened."""
    form = LinkCodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                found = invitations.by_code(
                    code=form.cleaned_data["code"],
                    email=form.cleaned_data["email"],
                    at=clock.now(),
                    visitor=client.visitor(request),
                    address_key=client.address_key(request),
                )
            except (link_secrets.NotACodeError, invitations.UnknownCodeError) as error:
                form.add_error("code", str(error))
            except (invitations.NeedsEmailError, invitations.TooManyTriesError) as error:
                form.ask_for_email()
                form.add_error("email", str(error))
                status = 429
            else:
                _remember(request, found)
                return redirect("crew:link_taken")
    return render(request, "crew/links/code.html", {"form": form, "nav": None}, status=status)


def masked(address: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it: ``m•••@example.com``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _remember(request: HttpRequest, invitation: Invitation) -> None:
    sessions.keep_briefly(request)
    request.session[PENDING] = [invitation.link.pk, invitation.secret_id]
    request.session.pop(STEP, None)


def _pending(request: HttpRequest) -> Invitation | None:
    kept = request.session.get(PENDING)
    if not kept:
        return None
    return invitations.by_ids(link_id=kept[0], secret_id=kept[1], at=clock.now())


def _stands_already(request: HttpRequest, invitation: Invitation) -> bool:
    """Tell whether this browser has what the link gives: it was opened here, or the person signed in by code."""
    grant = invitation.link.grant
    if not invitation.grant_live or not sessions.is_theirs(request, grant):
        return False
    if not sessions.is_by_link(request):
        return True
    opened = grant.pk in sessions.opened_grants(request)
    # Opened from a screen before and from a mail now, it is worth opening once more.
    return opened and (sessions.is_proved(request, grant.pk) or not _proves(invitation))


def _proves(invitation: Invitation) -> bool:
    """Tell whether whoever opened a link reads its person's mail: its secret or its code was sent there."""
    return invitation.mailed or invitation.link.grant.role in stepup.ROLES


def _agreed(request: HttpRequest, grant: Any) -> bool:
    """Tell whether nobody else is signed in here, or they said that their session may end."""
    if not request.user.is_authenticated or sessions.is_theirs(request, grant):
        return True
    said = request.POST.get("instead_of") or request.session.get(INSTEAD_OF)
    if str(said) != str(request.user.pk):
        return False
    request.session[INSTEAD_OF] = str(said)
    return True


def _step_up(request: HttpRequest, invitation: Invitation, *, again: bool = False) -> HttpResponse:
    if again or STEP not in request.session:
        try:
            request.session[STEP] = stepup.ask(link=invitation.link, at=clock.now()).pk
        except stepup.StepRefusedError as error:
            messages.error(request, str(error))
            return redirect("crew:link_step" if STEP in request.session else "crew:link_taken")
        if again:
            messages.success(
                request, "A new code is on its way; the one before still works until it runs out."
            )
    return redirect("crew:link_step")


def _enter(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Spend a use and open the session, or show why not."""
    now, visitor = clock.now(), client.visitor(request)
    if not invitations.take_up(invitation=invitation, at=now, visitor=visitor):
        fresh = _pending(request)
        return _page(request, fresh or invitation, status=410)
    sessions.open_grant(request, invitation.link.grant, proved=_proves(invitation))
    for key in (PENDING, STEP, INSTEAD_OF):
        request.session.pop(key, None)
    return _on(request, invitation)


def _on(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    return redirect("crew:event", key=invitation.link.grant.event.key)


def _page(
    request: HttpRequest, invitation: Invitation, *, already: bool = False, status: int | None = None
) -> HttpResponse:
    standing = Standing.OPEN if already else invitation.standing
    return render(
        request,
        "crew/links/taken.html",
        {**_facts(request, invitation), "already": already, "standing": standing.value},
        status=status or STATUS[standing],
    )


def _facts(request: HttpRequest, invitation: Invitation) -> dict[str, Any]:
    """Return what the pages of a link show: who, which role, which event, and whether somebody else is here."""
    grant = invitation.link.grant
    other = request.user.is_authenticated and not sessions.is_theirs(request, grant)
    return {
        "grant": grant,
        "who": grant.person.name or masked(grant.person.email),
        "event": grant.event,
        "role": grant.get_role_display().lower(),
        "departs": link_words.departure(grant.event),
        "until": link_words.stamp(grant.event, invitation.link.expires_at),
        "left": invitation.link.uses_allowed - invitation.link.uses,
        "to": masked(grant.person.email),
        "other": request.user if other else None,
        "steps_up": stepup.needed(link=invitation.link, device=_device(request, grant.person_id)),
        "grant_live": invitation.grant_live,
        "nav": None,
    }


def _device(request: HttpRequest, person_id: int) -> str:
    return request.COOKIES.get(f"{DEVICE_COOKIE}_{person_id}", "")


def _know_device(response: HttpResponse, invitation: Invitation) -> None:
    person = invitation.link.grant.person
    if response.status_code != 302:
        return
    response.set_cookie(
        f"{DEVICE_COOKIE}_{person.pk}",
        stepup.device_token(person),
        max_age=stepup.DEVICE_KNOWN_FOR,
        path=reverse("crew:link_taken"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


urlpatterns = [
    path("l/", link_taken, name="link_taken"),
    path("l/code/", link_code, name="link_code"),
    path("l/step/", link_step, name="link_step"),
    path("l/fresh/", link_fresh, name="link_fresh"),
    path("l/<str:token>/", link, name="link"),
]
