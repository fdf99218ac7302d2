"""People: one row per human being, known by an email address."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from core import clock
from mail.domain import fields


class PersonManager(BaseUserManager["Person"]):
    """Creates people and finds them by address without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Create a person; without a password they can sign in by emailed code only.

        Raises:
            ValueError: the address is empty.
        """
        if not email:
            raise ValueError("A person needs an email address.")
        person = self.model(email=email.strip().lower(), **fields)
        if password:
            person.set_password(password)
        else:
            person.set_unusable_password()
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Create a person who may do everything in the Django admin."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Find a person by address, in any case."""
        return self.get(email__iexact=username)


class Person(AbstractBaseUser, PermissionsMixin):
    """Someone who owns, works, or is carried. Staff are people with a staff grant.

    There is no username, and nobody has a password: people sign in with a code sent to their address.
    """

    # Unique as it stands because Django's checks ask for it; the constraint below is the one that matters.
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    zone = models.CharField(max_length=60, default="America/Los_Angeles")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the Django admin.")
    sample = models.BooleanField(default=False, help_text="Invented, part of the sample portfolio.")
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()

    # True for the length of a request whose session was opened by a magic link (`crew.sessions.LinkBackend`).
    by_link = False

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email", "id"]
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="person_email_once_in_any_case",
                violation_error_message="Somebody with this address exists already.",
            ),
            models.CheckConstraint(condition=~Q(email=""), name="person_has_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        """Store addresses in lower case, whoever types them, names and addresses that mail can bear, zones that exist.

        Raises:
            ValidationError: the zone is not in the zone database, or no code could be mailed to this person.
        """
        super().clean()
        for name, check in (
            ("email", lambda: fields.address(self.email, what="address").lower() if self.email else ""),
            ("name", lambda: fields.one_line(self.name, what="name", longest=120)),
        ):
            try:
                setattr(self, name, check())
            except fields.UnsendableError as error:
                raise ValidationError({name: str(error)}) from error
        try:
            clock.zone(self.zone)
        except clock.UnknownZoneError as error:
            raise ValidationError({"zone": str(error)}) from error
