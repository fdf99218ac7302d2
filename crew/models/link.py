"""Magic links: invitations to take up one grant. Only hashes of their secrets are kept."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from crew.models.event import Event
from crew.models.grant import EventGrant
from crew.models.guest import Guest


class Link(models.Model):
    """An invitation to one grant: until when, how often. Its secrets are `LinkSecret` rows."""

    grant = models.ForeignKey(EventGrant, on_delete=models.PROTECT, related_name="links")
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField()
    uses_allowed = models.PositiveIntegerField()
    uses = models.PositiveIntegerField(default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(uses__lte=F("uses_allowed")), name="link_uses_within_allowed"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="link_expires_after_issue"
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"


class LinkSecret(models.Model):
    """One secret of a link: the hash of its 256 random bits, and the keyed hash of its short code.

    A link has several where it was mailed again or shown on a screen; rotating revokes those before.
    """

    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="secrets")
    token_hash = models.CharField(max_length=64, unique=True)
    code_hash = models.CharField(max_length=64, unique=True)
    minted_at = models.DateTimeField()
    shown = models.CharField(max_length=8, choices=[("mail", "Mail"), ("screen", "Screen")])
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-minted_at", "-id"]

    def __str__(self) -> str:
        return f"secret {self.pk} of link {self.link_id}"


class LinkEventKind(models.TextChoices):
    """What happened to a link."""

    ISSUED = "issued", "Issued"
    MINTED = "minted", "Written into a mail or shown"
    VIEWED = "viewed", "Opened"
    USED = "used", "Used"
    REFUSED = "refused", "Refused"
    ROTATED = "rotated", "Rotated"
    REVOKED = "revoked", "Revoked"


class LinkEvent(models.Model):
    """One line of a link's trail; append-only, by triggers on both engines. Never a secret."""

    link = models.ForeignKey(
        Link,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="trail",
        help_text="Empty: unknown.",
    )
    kind = models.CharField(max_length=8, choices=LinkEventKind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["link", "-at"], name="link_event_by_link")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class StepUp(models.Model):
    """A ten-minute emailed code that a captain's or admin's link asks for on a device it does not know."""

    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="+")
    code_hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-id"]

    def __str__(self) -> str:
        return f"step-up {self.pk}"


class BoardingRequest(models.Model):
    """Somebody on the dock scanned the captain's QR and gave a name; the captain waves them in or not.

    ``guest`` is filled where the address is one of the party's. ``ticket_hash`` knows the browser that asked.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="boarding_requests")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    ticket_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField()
    guest = models.ForeignKey(Guest, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    accepted = models.BooleanField(null=True, blank=True)
    grant = models.ForeignKey(EventGrant, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "email"],
                condition=Q(decided_at__isnull=True),
                name="boarding_asked_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, accepted__isnull=True)
                | Q(decided_at__isnull=False, accepted__isnull=False),
                name="boarding_decision_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.name
