"""Sign-in links for the sample's people. They exist only with DEMO on and the sample loaded.

A token names a person and is signed; it is not secret from whoever sits at this machine, so the page that takes it
(`crew.web.demo`) also insists that the request comes from this machine.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.urls import reverse

from crew.models import EventState, Person

SALT = "crew.demo_links"
MAX_AGE_SECONDS = 7 * 24 * 3600
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_AHEAD = (EventState.OPEN, EventState.CONFIRMED, EventState.UNDERWAY)


class NoDemoLinksError(Exception):
    """Links are not to be had here, or not for that address."""


def demo_sign_in_links(*, base_url: str) -> list[tuple[str, str]]:
    """Return (who, address) of a sign-in link for each of the sample's people, the owner first.

    Raises:
        NoDemoLinksError: DEMO is off, the sample is not loaded, or ``base_url`` is not on this machine.
    """
    try:
        host = urlsplit(base_url).hostname
    except ValueError:
        host = None
    if host not in LOOPBACK_HOSTS:
        raise NoDemoLinksError(
            f"{base_url!r} is not an address of this machine; sign-in links are only made for http://localhost:PORT."
        )
    if not settings.DEMO:
        raise NoDemoLinksError(
            "DEMO is off, so there are no sign-in links; people sign in with an emailed code."
        )
    people = (
        Person.objects.filter(sample=True, is_active=True)
        .prefetch_related("staff_grants__entity", "event_grants__event")
        .order_by("pk")
    )
    if not people:
        raise NoDemoLinksError("The sample is not loaded; run `manage.py load_demo` first.")
    return [
        (
            f"{person}: {duties_of(person=person)}",
            base_url.rstrip("/") + reverse("crew:demo", args=[_token(person)]),
        )
        for person in people
    ]


def person_of(*, token: str) -> Person | None:
    """Return the sample person a token names; None where the token is forged, old, or names nobody active."""
    if not settings.DEMO:
        return None
    try:
        pk = signing.loads(token, salt=SALT, max_age=MAX_AGE_SECONDS)
    except signing.BadSignature:
        return None
    if not isinstance(pk, int):
        return None
    return Person.objects.filter(pk=pk, sample=True, is_active=True).first()


def _token(person: Person) -> str:
    return signing.dumps(person.pk, salt=SALT)


def duties_of(*, person: Person) -> str:
    """Return what somebody is, in words: ``owner of the whole portfolio``, ``captain of Saturday's sunset sail (28 Nov)``.

    Staff have their duties, everybody else their role on the next event that is not over.
    """
    duties = [
        f"{grant.get_duty_display().lower()} of {grant.entity.name if grant.entity else 'the whole portfolio'}"
        for grant in person.staff_grants.all()
        if grant.revoked_at is None
    ]
    if duties:
        return ", ".join(duties)
    roles = sorted(
        (
            grant
            for grant in person.event_grants.all()
            if grant.revoked_at is None and grant.event.state in _AHEAD
        ),
        key=lambda grant: (grant.event.departs_at, grant.pk),
    )
    if not roles:
        return "no duty"
    event = roles[0].event
    what = event.get_kind_display().lower()
    return (
        f"{roles[0].get_role_display().lower()} of {event.departs_on:%A}'s {what} ({event.departs_on:%-d %b})"
    )
