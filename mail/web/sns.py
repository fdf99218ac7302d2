"""Where Amazon SNS posts what SES tells. Public: what is posted is believed by its signature alone.

No session, no cookie, no token against forgery. An answer is one word and repeats nothing of what was posted. SNS tries again
after a 5xx and gives up after a 4xx, so what may pass is a 503 and nothing else is.
"""

import logging

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import clock
from mail import certificates
from mail.domain import feedback, sns

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take one message of SNS."""
    try:
        raw = request.read(sns.LARGEST + 1)
    except UnreadablePostError:
        return _answer(400, "unreadable")
    if len(raw) > sns.LARGEST:
        return _answer(413, "too large")
    try:
        return _answer(200, _taken(raw))
    except sns.MalformedMessageError as error:
        logger.warning("A post of SNS was malformed: %s", error)
        return _answer(400, "malformed")
    except sns.RefusedMessageError as error:
        logger.warning("A post of SNS was refused: %s", error)
        return _answer(403, "refused")
    except certificates.UnavailableError:
        return _answer(503, "come again")
    except (DatabaseError, InterfaceError):
        logger.exception("A message of SNS could not be written down; SNS will post it again.")
        return _answer(503, "come again")


def _taken(raw: bytes) -> str:
    at = clock.now()
    envelope = sns.read(raw)
    home = sns.admit(envelope, at=at)
    sns.verify(envelope, certificates.fetch(envelope.certificate_url), at=at)
    if envelope.kind == sns.NOTIFICATION:
        return feedback.receive(envelope=envelope, at=at).value
    if envelope.kind == sns.SUBSCRIBED:
        # By its token and not by the address it names: nothing is fetched that somebody else wrote.
        certificates.confirm(home=home, topic_arn=envelope.topic_arn, token=envelope.token)
        logger.warning("SNS now posts what the topic %s sends.", envelope.topic_arn)
        return "confirmed"
    logger.warning(
        "SNS no longer posts what the topic %s sends: somebody unsubscribed it.", envelope.topic_arn
    )
    return "noted"


def _answer(status: int, word: str) -> HttpResponse:
    return HttpResponse(f"{word}\n", content_type="text/plain", status=status)


urlpatterns = [path("sns", take, name="sns")]
