"""Editions: a report as issued, frozen. Figures, findings and rendered bytes never change afterwards.

Triggers on both engines refuse UPDATE and DELETE on all three tables.
"""

from django.db import models

from portfolio.models import Entity
from reports.models.canonical import Encoder
from reports.models.report import Report


class Edition(models.Model):
    """One issue of a report: its document as JSON, which also says how far the books had come."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveIntegerField()
    entity = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Empty: all."
    )
    as_of = models.DateField()
    issued_at = models.DateTimeField()
    document = models.JSONField(encoder=Encoder)
    sha256 = models.CharField(max_length=64, help_text="Of the document's canonical JSON.")

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="edition_number_once_per_report")
        ]
        indexes = [models.Index(fields=["report", "entity", "-number"], name="edition_newest_of_report")]

    def __str__(self) -> str:
        return f"{self.report.title}, edition {self.number}"


class FileKind(models.TextChoices):
    """The forms an edition is kept in."""

    MAIL_HTML = "mail_html", "HTML mail"
    TEXT = "text", "Plain text"
    PDF = "pdf", "PDF"
    XLSX = "xlsx", "Workbook"
    CHART_SVG = "chart_svg", "Chart (SVG)"
    CHART_PNG = "chart_png", "Chart (PNG)"
    CUT_HTML = "cut_html", "HTML mail of a variant"
    CUT_TEXT = "cut_text", "Plain text of a variant"


class EditionFile(models.Model):
    """One rendered form of an edition, byte for byte. Those not needed at issue are made and kept at first use."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=10, choices=FileKind.choices)
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=80)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["edition_id", "kind", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "kind", "name"], name="edition_file_once_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class EditionPrint(models.Model):
    """What later editions and other reports ask of an edition, so that they need not read its whole document.

    An edition older than this table has none; its document answers.
    """

    edition = models.OneToOneField(Edition, on_delete=models.PROTECT, related_name="print")
    figures = models.JSONField(help_text="Key to what `reports.domain.prints` keeps of a figure.")
    kpis = models.JSONField(help_text="Keys of the headline figures, in order.")
    findings = models.JSONField()
    actions = models.JSONField()

    class Meta:
        ordering = ["-edition_id"]

    def __str__(self) -> str:
        return f"Print of edition {self.edition_id}"
