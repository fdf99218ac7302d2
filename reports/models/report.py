"""Reports, who receives them, and when they are due. All of it data that staff edit."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from mail.domain import fields


def _fit(name: str, check: Callable[..., str], text: str, **bounds: Any) -> str:
    try:
        return check(text, **bounds)
    except fields.UnsendableError as error:
        raise ValidationError({name: str(error)}) from error


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

    class Meta:
        ordering = ["position", "slug"]

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

    class Meta:
        ordering = ["report_id", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["report", "name"], name="schedule_once_per_name")]

    def __str__(self) -> str:
        return f"{self.name}: {self.cron} {self.zone}"
