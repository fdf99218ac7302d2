"""The key of an event that is being written down: chosen when its form is shown, so that two presses make one event.

The form carries the key signed, for one person and one template. What is no such token counts as a fresh form.
"""

from django.core import signing

from crew.domain import events
from crew.models import EventTemplate, Person

_SALT = "crew.event.draft"
LONGEST = 200


def token(*, key: str, person: Person, template: EventTemplate) -> str:
    """Return what the form carries."""
    return signing.Signer(salt=_SALT).sign(f"{key}:{person.pk}:{template.pk}")


def key_of(*, carried: str, person: Person, template: EventTemplate) -> str:
    """Return the key that a form carried, or a fresh one where it carried none of ours."""
    if len(carried) <= LONGEST:
        try:
            key, *whose = signing.Signer(salt=_SALT).unsign(carried).split(":")
        except signing.BadSignature:
            return events.fresh_key()
        if whose == [str(person.pk), str(template.pk)]:
            return key
    return events.fresh_key()
