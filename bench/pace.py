"""How much of the pace that SES allows is used, from one process and with 50 ms to SES and back.

Ours is the real loop with real rows: it asks for the pace, takes places in the line, claims, composes, sends and settles. The
peer is django-ses's backend at its defaults, given as many finished mails over one connection. The endpoint throttles whoever
is faster than it allows. The run fails if a call of ours was throttled, or if we were under 97 % of the allowed pace.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bench import lib
from bench.endpoint import Endpoint

RATES = (14, 50, 200)
LATENCY_MS = 50
WANTED = 0.97
# From here on the peer, one call at a time, takes too long for a quick run.
SLOW_FOR_PEER = 50


class WrongOutcomeError(Exception):
    """We were throttled, too slow, or did not send everything."""


def cases(size: lib.Size) -> Iterator[lib.Case]:
    """Yield one case for each pace."""
    seconds = size.choose(quick=2, standard=10, full=20)
    with tempfile.TemporaryDirectory() as folder, Endpoint(latency_ms=LATENCY_MS) as endpoint:
        os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        lib.django_with(Path(folder), sample=False)
        from django.conf import settings  # noqa: PLC0415  (models and settings exist only now)

        settings.MAIL_TRANSPORT, settings.EMAIL_BACKEND = "ses", "mail.ses.SesBackend"
        settings.AWS_SES_REGION_ENDPOINT_URL = endpoint.address
        from mail.domain import compose  # noqa: PLC0415

        compose.register("bench.pace", lambda message, _: compose.Composed(message.subject, _TEXT, _HTML))
        numbers = count()
        for rate in RATES:
            endpoint.set(rate=float(rate))
            many = rate * seconds
            peer = None if size is lib.Size.QUICK and rate >= SLOW_FOR_PEER else _peer(many)
            if peer is None:
                lib.note(f"a quick run does not wait for the peer at {rate}/s")
            yield lib.Case(
                name=f"{rate}/s",
                unit="/s",
                n=many,
                ours=_ours(endpoint, rate, many, numbers),
                peer=peer,
                amount=many,
                rounds=1,
                warm=0,
            )


def _ours(endpoint: Endpoint, rate: int, many: int, numbers: Iterator[int]) -> lib.Side:
    from core import clock  # noqa: PLC0415
    from mail import transport  # noqa: PLC0415
    from mail.domain import delivery, pacing  # noqa: PLC0415
    from mail.models import Kind, Message, Pace  # noqa: PLC0415

    now = clock.now()
    Message.objects.bulk_create(
        [
            Message(
                dedupe_key=f"pace:{number}",
                composer="bench.pace",
                kind=Kind.SERVICE,
                to_address=f"reader{number}@example.com",
                to_name=f"Reader {number}",
                from_name="Quarterdeck",
                subject="The week at the dock",
                created_at=now,
                due_at=now,
            )
            for number, _ in zip(numbers, range(many), strict=False)
        ],
        batch_size=500,
    )
    # A worker knows the pace before it has mail to send: it asks every few minutes.
    Pace.objects.all().delete()
    pacing.learn(way=transport.connect(), at=now)

    def side() -> None:
        endpoint.reset()
        began = time.perf_counter()
        accepted = delivery.run(clock=clock.now)
        taken = time.perf_counter() - began
        throttled = len(endpoint.stats()["throttled"])
        if accepted != many or throttled:
            raise WrongOutcomeError(
                f"{rate}/s: {accepted} of {many} were accepted and {throttled} calls throttled."
            )
        share = many / taken / rate
        lib.note(f"{rate}/s: {share:.1%} of the pace allowed, no call throttled")
        if share < WANTED:
            raise WrongOutcomeError(
                f"{rate}/s: {share:.1%} of the pace allowed; at least {WANTED:.0%} is asked for."
            )

    return side


def _peer(many: int) -> lib.Side:
    import django_ses  # noqa: PLC0415
    from django.core.mail import EmailMultiAlternatives  # noqa: PLC0415
    from django.test.utils import override_settings  # noqa: PLC0415

    mails = []
    for number in range(many):
        mail = EmailMultiAlternatives(
            "The week at the dock",
            _TEXT,
            "Quarterdeck <quarterdeck@example.com>",
            [f"reader{number}@example.com"],
        )
        mail.attach_alternative(_HTML, "text/html")
        mails.append(mail)

    def side() -> None:
        django_ses.cached_rate_limits.clear()
        django_ses.recent_send_times.clear()
        # Its defaults: API v1, and half the allowed pace, so that several processes may be at it.
        with override_settings(USE_SES_V2=False, AWS_SES_AUTO_THROTTLE=0.5):
            taken = django_ses.SESBackend().send_messages(mails)
        if taken != many:
            raise WrongOutcomeError(f"The peer sent {taken} of {many}.")

    return side


_TEXT = "Dear reader,\n\n" + "The dock was busy this week, and the weather held.\n" * 12
_HTML = (
    "<!doctype html><html><body>"
    + "<p>The dock was busy this week, and the weather held.</p>" * 12
    + "</body></html>"
)
