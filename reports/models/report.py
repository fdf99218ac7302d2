"""Reports, who receives them, and when they are due. All of it data that staff edit."""

from django.db import models
from django.db.models.functions import Lower


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
