"""How the mail stands, for the portal's home. The mail itself is `mail`'s."""

from dataclasses import dataclass

from django.db.models import Count

from mail.models import Message, State


@dataclass(frozen=True, slots=True)
class MailCount:
    """How many messages are in one state."""

    label: str
    count: int


def mail_counts() -> list[MailCount]:
    """Return every state a message can be in, with how many are; one query."""
    found = dict(
        Message.objects.order_by().values("state").annotate(count=Count("pk")).values_list("state", "count")
    )
    return [MailCount(state.label, found.get(state.value, 0)) for state in State]
