"""The sample's sign-in links: GET shows who it is, a pressed button signs in. They answer on this machine only."""

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core import clock
from crew.domain import demo_links, people

LOOPBACK_ADDRESSES = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def demo(request: HttpRequest, token: str) -> HttpResponse:
    """Show whom a link is for; sign in as them when the button is pressed.

    Raises:
        Http404: DEMO is off, the sample is not loaded, the token is forged or old, or the request did not come
            straight from this machine.
    """
    person = demo_links.person_of(token=token) if settings.DEMO and is_local(request) else None
    if person is None:
        raise Http404
    if request.method == "POST":
        login(request, person, backend="allauth.account.auth_backends.AuthenticationBackend")
        request.session.set_expiry(None)
        people.note_sign_in(person=person, at=clock.now(), way="sample link")
        return redirect("crew:home")
    return render(
        request, "crew/demo.html", {"who": person, "duties": demo_links.duties_of(person=person), "nav": None}
    )


def is_local(request: HttpRequest) -> bool:
    """Tell whether the browser sits on this machine: no proxy in between, and it asked for a loopback host.

    The host matters too: a page elsewhere may point its own name at 127.0.0.1.
    """
    passed_on = any(
        name.startswith(("HTTP_X_FORWARDED", "HTTP_FORWARDED")) or name in ("HTTP_VIA", "HTTP_X_REAL_IP")
        for name in request.META
    )
    host, _ = split_domain_port(request.get_host())
    return (
        not passed_on
        and request.META.get("REMOTE_ADDR") in LOOPBACK_ADDRESSES
        and host.strip("[]") in demo_links.LOOPBACK_HOSTS
    )
