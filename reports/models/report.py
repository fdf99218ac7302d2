"""Reports, who receives them, and when they are due. All of it data that staff edit."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from mail.domain import fields
from portfolio.models import Entity
from reports.models.variant import Variant


def _fit(name: str, check: Callable[..., str], text: str, **bounds: Any) -> str:
    try:
        return check(text, **bounds)
    except fields.UnsendableError as error:
        raise ValidationError({name: str(error)}) from error


class Hold(models.TextChoices):
    """When an edition waits for a person instead of going out. A failed check always holds it."""

    FAILED = "failed", "When a check fails"
    STALE = "stale", "When a check fails or a source is stale"
    ALWAYS = "always", "Every time"


class Report(models.Model):
    """One of the reports: a lens with a name, a sender's display name and a reply address."""

    slug = models.SlugField(max_length=40, unique=True)
    lens = models.CharField(max_length=40, help_text="Name of a module in reports/lenses.")
    title = models.CharField(max_length=120)
    reader = models.CharField(max_length=120, help_text="Who it is written for.")
    family = models.CharField(max_length=10, help_text="core or domain, for send_report.")
    from_name = models.CharField(max_length=80)
    reply_to = models.EmailField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    hold = models.CharField(max_length=6, choices=Hold.choices, default=Hold.FAILED)
    release_after_hours = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="An edition held for so long goes out without approval. Empty: it waits for a person.",
    )

    class Meta:
        ordering = ["position", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(release_after_hours__isnull=True) | Q(release_after_hours__gte=1),
                name="report_releases_after_an_hour",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Refuse a sender that no mail can bear: every run of the report would fail with it.

        Raises:
            ValidationError: the sender's name or the reply address is not fit for a header.
        """
        super().clean()
        self.from_name = _fit("from_name", fields.one_line, self.from_name, what="sender's name", longest=80)
        if self.reply_to:
            self.reply_to = _fit("reply_to", fields.address, self.reply_to, what="reply address")


class Recipient(models.Model):
    """An address that receives a report's editions."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="recipients")
    address = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    active = models.BooleanField(default=True)
    variant = models.ForeignKey(
        Variant,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: the whole edition.",
    )

    class Meta:
        ordering = ["report_id", "address", "id"]
        constraints = [
            models.UniqueConstraint("report", Lower("address"), name="recipient_once_per_report"),
        ]

    def __str__(self) -> str:
        return self.address

    def clean(self) -> None:
        """Refuse what no mail can bear: the report would reach none of its readers with it.

        Raises:
            ValidationError: the address or the name is not fit for a header.
        """
        super().clean()
        if self.address:
            self.address = _fit("address", fields.address, self.address, what="recipient")
        self.name = _fit("name", fields.one_line, self.name, what="recipient's name", longest=120)


class Schedule(models.Model):
    """A cron line in a zone. The sweep runs the newest occurrence that is due, once."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=60)
    cron = models.CharField(max_length=60, help_text="Minute, hour, day, month, weekday: 30 7 * * MON")
    zone = models.CharField(max_length=60, default="America/Los_Angeles")
    active = models.BooleanField(default=True)
    starts_at = models.DateTimeField(help_text="Occurrences before this instant are not run.")
    entity = models.ForeignKey(
        Entity,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: the whole portfolio.",
    )
    variant = models.ForeignKey(
        Variant,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="For every reader of its editions. Empty: each reader's own.",
    )

    class Meta:
        ordering = ["report_id", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["report", "name"], name="schedule_once_per_name")]

    def __str__(self) -> str:
        return f"{self.name}: {self.cron} {self.zone}"


class SubjectLine(models.Model):
    """One of the subjects a report's mail is tried with; each reader always gets the same one of those active."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="subject_lines")
    label = models.CharField(max_length=20, help_text="What its openings are counted under, for example A.")
    template = models.CharField(
        max_length=120,
        help_text="What follows [EXEC REPORT]: words and {title}, {period}, {edition}, {headline}.",
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["report_id", "label", "id"]
        constraints = [
            models.UniqueConstraint("report", Lower("label"), name="subject_line_once_per_label"),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.template}"
