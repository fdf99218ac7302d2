"""Mailing lists: who agreed to hear from us, where they agreed, and into which segments they fall.

Whether a subscriber may be mailed is not said here: opt-outs, bounces and complaints are `Suppression` rows, the one truth.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class MailingList(models.Model):
    """A list of subscribers. ``entity_slug`` is the business it belongs to, a key and no foreign key."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    purpose = models.CharField(
        max_length=200,
        help_text="What subscribers get, in one sentence; they read it where they unsubscribe.",
    )
    entity_slug = models.SlugField(max_length=60, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="list_has_name"),
            models.CheckConstraint(condition=~Q(purpose=""), name="list_has_purpose"),
        ]

    def __str__(self) -> str:
        return self.name


class Segment(models.Model):
    """A named part of a list; a subscriber may be in several."""

    mailing_list = models.ForeignKey(MailingList, on_delete=models.CASCADE, related_name="segments")
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint("mailing_list", Lower("name"), name="segment_once_per_list"),
            models.CheckConstraint(condition=~Q(name=""), name="segment_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Subscriber(models.Model):
    """One address on one list, with the consent it stands on."""

    mailing_list = models.ForeignKey(MailingList, on_delete=models.PROTECT, related_name="subscribers")
    address = models.EmailField()
    address_key = models.GeneratedField(
        expression=Lower("address"), output_field=models.CharField(max_length=254), db_persist=True
    )
    name = models.CharField(max_length=120, blank=True)
    consent_source = models.CharField(max_length=200, help_text="Where they agreed: a form, a box, a sheet.")
    consented_on = models.DateField(null=True, blank=True, help_text="Empty where nobody wrote it down.")
    segments = models.ManyToManyField(Segment, blank=True, related_name="subscribers")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            # Also how the lists of one address are found.
            models.UniqueConstraint(fields=["address_key", "mailing_list"], name="subscriber_once_per_list"),
            models.CheckConstraint(condition=~Q(address=""), name="subscriber_has_address"),
            models.CheckConstraint(condition=~Q(consent_source=""), name="subscriber_has_consent_source"),
        ]
        indexes = [
            # campaign_queue: a list in the order of ids, a thousand at a time.
            models.Index(fields=["mailing_list", "id"], name="subscriber_by_list"),
        ]

    def __str__(self) -> str:
        return self.address
