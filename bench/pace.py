"""How much of the pace that SES allows is used, from one process and with 50 ms to SES and back.

Ours is the real loop with a real campaign: it takes places in the line, claims, composes, sends and settles. The
peer is django-ses's backend at its defaults, given finished mails over one connection. What counts is the steady pace, as
the endpoint's journal has it: from a second after the first mail to the last one, for at first a second's worth may go at
once. The run fails if a call of ours was throttled, if we were under 97 % of the allowed pace, or above 100.5 % of it. In
a standard run a pace 6 % too fast would use up that second's worth and be throttled, too.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import lib
from bench.endpoint import Endpoint
from bench.mailing import letter

RATES = (14, 50, 200)
LATENCY_MS = 50
LEAST, MOST = 0.97, 1.005
# The journal is read from so many seconds after its first mail.
STARTING = 1.0
# From here on the peer, one call at a time, takes too long for a quick run.
SLOW_FOR_PEER = 50
# Its pace shows long before it has sent as many as we do.
ENOUGH_OF_PEER = 600


class WrongOutcomeError(Exception):
    """We were throttled, too slow or too fast, or did not send everything."""


def cases(size: lib.Size) -> Iterator[lib.Case]:
    """Yield one case for each pace."""
    seconds = size.choose(quick=6, standard=20, full=60)
    with tempfile.TemporaryDirectory() as folder, Endpoint(latency_ms=LATENCY_MS) as endpoint:
        os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        lib.django_with(Path(folder), sample=False)
        from django.conf import settings  # noqa: PLC0415  (models and settings exist only now)

        settings.MAIL_TRANSPORT, settings.EMAIL_BACKEND = "ses", "mail.ses.SesBackend"
        settings.AWS_SES_REGION_ENDPOINT_URL = endpoint.address
        settings.POSTAL_ADDRESS = letter.POSTAL_ADDRESS
        for rate in RATES:
            endpoint.set(rate=float(rate))
            many = rate * seconds
            peer = None if size is lib.Size.QUICK and rate >= SLOW_FOR_PEER else _peer(endpoint, many)
            if peer is None:
                lib.note(f"a quick run does not wait for the peer at {rate}/s")
            yield lib.Case(
                name=f"{rate}/s",
                unit="/s",
                n=many,
                ours=_ours(endpoint, rate, many),
                peer=peer,
                amount=many,
                rounds=1,
                warm=0,
            )


def _ours(endpoint: Endpoint, rate: int, many: int) -> lib.Side:
    from core import clock  # noqa: PLC0415
    from mail import transport  # noqa: PLC0415
    from mail.domain import campaign_queue, delivery, pacing  # noqa: PLC0415
    from mail.models import Campaign, CampaignState, MailingList, Pace, Subscriber  # noqa: PLC0415

    now = clock.now()
    readers = MailingList.objects.create(slug=f"at-{rate}", name="Harbor", purpose="News.", created_at=now)
    Subscriber.objects.bulk_create(
        Subscriber(
            mailing_list=readers,
            address=letter.address(number),
            name=letter.name(number),
            consent_source="Sheet at the dock",
            added_at=now,
        )
        for number in range(many)
    )
    campaign = Campaign.objects.create(
        mailing_list=readers,
        name=f"At {rate} a second",
        subject=letter.SUBJECT,
        from_name=letter.FROM_NAME,
        body=letter.BODY,
        first_cohort=many,
        state=CampaignState.SENDING,
        created_at=now,
        started_at=now,
        released_at=now,
        last_subscriber_id=Subscriber.objects.latest("pk").pk,
    )
    while campaign_queue.fill(campaign_id=campaign.pk, at=now):
        pass
    # A worker knows the pace before it has mail to send: it asks every few minutes.
    Pace.objects.all().delete()
    pacing.learn(way=transport.connect(), at=now)

    def side() -> lib.Taken:
        endpoint.reset()
        accepted = delivery.run(clock=clock.now)
        throttled = len(endpoint.stats()["throttled"])
        if accepted != many or throttled:
            raise WrongOutcomeError(
                f"{rate}/s: {accepted} of {many} were accepted and {throttled} calls throttled."
            )
        pace = _steady(endpoint, many)
        share = pace / rate
        lib.note(f"{rate}/s: {share:.1%} of the pace allowed, no call throttled")
        if not LEAST <= share <= MOST:
            raise WrongOutcomeError(
                f"{rate}/s: {share:.1%} of the pace allowed; {LEAST:.0%} to {MOST:.1%} is asked for."
            )
        return lib.Taken(many / pace)

    return side


def _steady(endpoint: Endpoint, many: int) -> float:
    """Return the mails a second that were accepted once the start was over, each to another address."""
    journal = endpoint.journal()
    reached = {address for entry in journal for address in entry.reached()}
    if len(journal) != many or reached != {letter.address(number) for number in range(many)}:
        raise WrongOutcomeError(f"{len(journal)} mails went to {len(reached)} people, and {many} were to.")
    instants = [entry.accepted for entry in journal]
    counted = [instant for instant in instants if instant >= instants[0] + STARTING]
    return (len(counted) - 1) / (counted[-1] - counted[0])


def _peer(endpoint: Endpoint, many: int) -> lib.Side:
    import django_ses  # noqa: PLC0415
    from django.core.mail import EmailMultiAlternatives  # noqa: PLC0415
    from django.test.utils import override_settings  # noqa: PLC0415
    from markdown_it import MarkdownIt  # noqa: PLC0415

    html = MarkdownIt().render(letter.BODY)
    mails = []
    few = min(many, ENOUGH_OF_PEER)
    for number in range(few):
        mail = EmailMultiAlternatives(
            letter.SUBJECT,
            letter.BODY,
            f"{letter.FROM_NAME} <{letter.SENDER}>",
            [letter.address(number)],
        )
        mail.attach_alternative(html, "text/html")
        mails.append(mail)

    def side() -> lib.Taken:
        endpoint.reset()
        django_ses.cached_rate_limits.clear()
        django_ses.recent_send_times.clear()
        # Its defaults: API v1, and half the allowed pace, so that several processes may be at it.
        with override_settings(USE_SES_V2=False, AWS_SES_AUTO_THROTTLE=0.5):
            taken = django_ses.SESBackend().send_messages(mails)
        if taken != few:
            raise WrongOutcomeError(f"The peer sent {taken} of {few}.")
        return lib.Taken(many / _steady(endpoint, few))

    return side
