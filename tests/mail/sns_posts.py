"""A hard bounce that SNS signed and that is believed as it stands, how to post it, and all that a post could change."""

from typing import Any

from django.apps import apps
from django.test import Client

from core.models import AuditEvent
from mail.models import Message
from tests.mail import letters, ses_told, signing
from tests.mail.signing import SnsServer

AT = letters.AT


def bounce(message: Message, **changes: Any) -> dict[str, Any]:
    return ses_told.body(message, "Bounce", at=AT, **changes)


def post(client: Client, raw: bytes, content_type: str = "text/plain; charset=UTF-8") -> tuple[int, str]:
    """Post as SNS does; return status and answer."""
    response = client.generic("POST", "/mail/sns", raw, content_type=content_type)
    return response.status_code, response.content.decode().strip()


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table of mail, and of the audit trail."""
    models = [*apps.get_app_config("mail").get_models(), AuditEvent]
    return {model._meta.label: list(model.objects.order_by("pk").values()) for model in models}


def notification(message: Message, server: SnsServer, **changes: Any) -> dict[str, Any]:
    """Return a hard bounce of the message, signed, which would be believed as it is."""
    return signing.notification(
        changes.pop("body", None) or bounce(message), at=AT, **{"pem_url": server.pem_url, **changes}
    )
