"""Adding people, and noting that they signed in or out. What they may do is in `crew.domain.grants`."""

import datetime as dt

from django.db import IntegrityError, transaction

from core import audit
from crew.models import Person
from mail.domain import fields


class PersonRefusedError(Exception):
    """The person cannot be added as described."""


def add_person(
    *,
    email: str,
    name: str,
    at: dt.datetime,
    by: Person | None,
    admin: bool = False,
    superuser: bool = False,
    sample: bool = False,
) -> Person:
    """Add somebody who signs in by emailed code; ``admin`` opens the Django admin to them.

    Raises:
        PersonRefusedError: no mail can bear the address or the name, or somebody has it already in any case of letters.
    """
    try:
        email = fields.address(email, what="address")
        name = fields.one_line(name, what="name", longest=120)
    except fields.UnsendableError as error:
        raise PersonRefusedError(str(error)) from error
    try:
        with transaction.atomic():
            person = Person.objects.create_user(
                email, name=name, is_staff=admin or superuser, is_superuser=superuser, sample=sample
            )
            audit.record(
                action="crew:person:add", subject=person, at=at, by=by, data={"admin": admin or superuser}
            )
    except IntegrityError as error:
        raise PersonRefusedError(
            f"Somebody with the address {email.strip().lower()} exists already."
        ) from error
    return person


def find_or_add(*, email: str, name: str, by: Person | None, at: dt.datetime) -> Person:
    """Return whoever has this address, in any case of letters, or add them; a name we know already stays.

    Raises:
        PersonRefusedError: no mail can bear the address or the name, or the account at that address is closed.
    """
    try:
        email = fields.address(email, what="address").lower()
    except fields.UnsendableError as error:
        raise PersonRefusedError(str(error)) from error
    found = Person.objects.filter(email__iexact=email).first()
    if found is None:
        try:
            return add_person(email=email, name=name, at=at, by=by)
        except PersonRefusedError:
            # The name was bad, or somebody added them in this very moment.
            found = Person.objects.filter(email__iexact=email).first()
            if found is None:
                raise
    if not found.is_active:
        raise PersonRefusedError(f"The account of {found.email} is closed; the owner can open it again.")
    return found


def open_admin(*, person: Person, at: dt.datetime, by: Person | None) -> None:
    """Let somebody into the Django admin, as superuser; nothing happens where they may already."""
    with transaction.atomic():
        if Person.objects.filter(pk=person.pk, is_superuser=False).update(is_staff=True, is_superuser=True):
            audit.record(
                action="crew:person:change", subject=person, at=at, by=by, data={"superuser": [False, True]}
            )
    person.is_staff = person.is_superuser = True


def sign_out_everywhere(*, person: Person, at: dt.datetime, by: Person | None) -> None:
    """End every session of a person and forget every device that knew them: for a phone lost or a mailbox read."""
    # Nobody has a password; what stands in its place is random, and both sessions and known devices hang on it.
    person.set_unusable_password()
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(password=person.password)
        audit.record(action="crew:person:sign_out_everywhere", subject=person, at=at, by=by)


def note_sign_in(*, person: Person, at: dt.datetime, way: str) -> None:
    """Record that a person signed in, and by which way: ``code``, ``link``, ``dock code`` or ``sample link``."""
    audit.record(action="crew:person:sign_in", subject=person, at=at, by=person, data={"way": way})


def note_sign_out(*, person: Person, at: dt.datetime) -> None:
    """Record that a person signed out."""
    audit.record(action="crew:person:sign_out", subject=person, at=at, by=person)
