"""Our side of `bench.blast`: a real campaign for each line on standard input, queued and sent as a worker does it.

The list is brought in and the campaigns are drafted and started before the first line, for the peer has neither lists nor
checks.
"""

import os
import sys
from pathlib import Path

from bench import lib
from bench.mailing import letter

ROUNDS = 12


def prepare(many: int) -> list[int]:
    """Return the ids of campaigns under way of which nothing is written into the outbox yet."""
    from core import clock  # noqa: PLC0415 - models exist only now
    from mail.models import Campaign, CampaignState, MailingList, Subscriber  # noqa: PLC0415

    at = clock.now()
    mailing_list = MailingList.objects.create(
        slug="harbor-cruises", name="Harbor cruises", purpose="News of our cruises.", created_at=at
    )
    Subscriber.objects.bulk_create(
        Subscriber(
            mailing_list=mailing_list,
            address=letter.address(number),
            name=letter.name(number),
            consent_source="Sheet at the dock",
            added_at=at,
        )
        for number in range(many)
    )
    last = Subscriber.objects.latest("pk").pk
    return [
        Campaign.objects.create(
            mailing_list=mailing_list,
            name=f"Spring {turn}",
            subject=letter.SUBJECT,
            from_name=letter.FROM_NAME,
            body=letter.BODY,
            first_cohort=many,
            state=CampaignState.SENDING,
            created_at=at,
            started_at=at,
            released_at=at,
            last_subscriber_id=last,
        ).pk
        for turn in range(ROUNDS)
    ]


def blast(campaign_id: int) -> None:
    """Queue a campaign and send it."""
    from core import clock  # noqa: PLC0415
    from mail.domain import campaign_queue, delivery  # noqa: PLC0415

    while campaign_queue.fill(campaign_id=campaign_id, at=clock.now()):
        pass
    delivery.run(clock=clock.now)


def main() -> None:
    """Prepare, then do a round for each line."""
    many = int(sys.argv[1])
    lib.django_for(Path(os.environ["DATA_DIR"]), migrate=True)
    from django.conf import settings  # noqa: PLC0415

    settings.MAIL_TRANSPORT, settings.EMAIL_BACKEND = "ses", "mail.ses.SesBackend"
    settings.AWS_SES_REGION_ENDPOINT_URL = os.environ["AWS_SES_ENDPOINT_URL"]
    settings.POSTAL_ADDRESS = letter.POSTAL_ADDRESS
    waiting = prepare(many)
    print("ready", flush=True)
    for _ in sys.stdin:
        campaign_id = waiting.pop(0)
        blast(campaign_id)
        print(left(campaign_id) or "done", flush=True)


def left(campaign_id: int) -> str:
    """Say how many mails of a campaign were not sent, nothing where all were."""
    from mail.models import Message, State  # noqa: PLC0415

    unsent = Message.objects.filter(campaign=campaign_id).exclude(state=State.SENT).count()
    return f"{unsent} of our mails were not sent" if unsent else ""


if __name__ == "__main__":
    main()
