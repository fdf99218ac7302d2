"""Actions: what somebody is to do by when. They are carried from edition to edition until done."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from mail.models import Message
from reports.models.edition import Edition
from reports.models.finding import Finding
from reports.models.report import Report


class ActionState(models.TextChoices):
    """Overdue is not a state: it is an open action whose due date has passed."""

    OPEN = "open", "Open"
    DONE = "done", "Done"
    DROPPED = "dropped", "No longer needed"


class Action(models.Model):
    """One thing to do, from a finding or from a person. A finding has one open at most, whichever report opened it."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="actions")
    finding = models.ForeignKey(
        Finding, null=True, blank=True, on_delete=models.PROTECT, related_name="actions"
    )
    title = models.CharField(max_length=200)
    owner = models.CharField(max_length=120, help_text="Who is to do it, as the rule or the note calls them.")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The person that is, where one is known.",
    )
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=ActionState.choices, default=ActionState.OPEN)
    opened_on = models.DateField()
    settled_on = models.DateField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    carried = models.PositiveSmallIntegerField(
        default=0, help_text="How many editions after the one that opened it have printed it open."
    )
    carried_on = models.DateField(
        null=True, blank=True, help_text="As-of date of the last edition that was counted so."
    )
    escalated_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["finding"], condition=Q(state="open"), name="one_open_action_per_finding"
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_on__isnull=True)
                | (~Q(state="open") & Q(settled_on__isnull=False)),
                name="settled_action_has_date",
            ),
        ]
        indexes = [
            models.Index(fields=["report", "due_on"], condition=Q(state="open"), name="open_actions_by_due")
        ]

    def __str__(self) -> str:
        return self.title


class OwnerName(models.Model):
    """Who is meant by a word that rules and notes use for an owner, for example Captain."""

    name = models.CharField(max_length=120)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="owner_name_once")]

    def __str__(self) -> str:
        return self.name


class LinkVerb(models.TextChoices):
    """What a link in a mail does to an action."""

    DONE = "done", "Done"
    LATER = "later", "Later"


class ActionLink(models.Model):
    """A link that one person got in a mail and that does one thing to one action, once.

    Only a hash of its secret is kept, so that nobody who reads the database can use it. Using it up, and forgetting
    those that ran out long ago, is `reports.domain.taps`.
    """

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="links")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, related_name="+", help_text="The mail that bears it."
    )
    verb = models.CharField(max_length=5, choices=LinkVerb.choices)
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret, in hex.")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Earlier where its mail was made anew, with fresh links.")
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gte=F("issued_at")), name="action_link_ends_after_its_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()}: {self.action}"


class AgendaLine(models.Model):
    """An action that somebody is to be told of by mail, and the edition that asked for it.

    It is written with the edition and gone once the mail is in the outbox: `reports.domain.agenda`.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="+")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [models.UniqueConstraint(fields=["person", "action"], name="agenda_line_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.action}"
