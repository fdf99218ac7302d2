"""Sample channels: how marketplaces show us, what they counted, what they cost, and what was promised of going to market.

The charter business's own channels stand in its note; nothing here lists one of them. The rental's are those its stays
came through.
"""

import datetime as dt
from collections.abc import Iterator

from core import months
from portfolio.models import (
    Booking,
    Channel,
    ChannelCount,
    ChannelPresence,
    ChannelSpend,
    ChannelStatus,
    Commission,
    Entity,
    FunnelStep,
    PlanMilestone,
    PlanName,
)

_OWNER = "Owner, planning session of 2026-10-30"
_FIRST = months.parse("2025-11")
# entity, channel, name, whether a marketplace, listed on, commission in basis points, and where that is from
OPENED = (
    ("rental-3028", "airbnb", "Airbnb", True, dt.date(2024, 5, 1), 300, "Airbnb, host fee on payouts"),
    ("rental-3028", "vrbo", "VRBO", True, dt.date(2024, 9, 12), 500, "VRBO, commission on payouts"),
    ("rental-3028", "direct", "Direct", False, None, 0, "No channel between guest and house"),
    ("qdn", "direct", "Direct", False, None, 0, "qdn.md, its own form"),
)
# entity, channel, cents expected a month, the next step and who takes it
PLANS = (
    ("qos", "sailo", 420_000, "Take twelve photos aboard, then connect the calendar", "Operations lead"),
    ("qos", "getmyboat", 210_000, "Finish the captain's profile", "Captain (primary)"),
    ("qos", "viator", 210_000, "Ask the broker for the certificate of insurance", "Owner"),
    ("qos", "getyourguide", 210_000, "Hand in the certificate once it is here", "Owner"),
    ("qos", "direct", None, "Show free days on the booking page", "Owner"),
    ("qdn", "direct", None, "Mend the mail with the quote", "Owner"),
    ("rental-3028", "vrbo", None, "Set the price of a night right and connect the calendar", "Owner"),
)
# entity, channel, day, photos, cents there, cents on the own site, reviews, stars × 100, calendar connected
SEEN = (
    ("rental-3028", "airbnb", dt.date(2026, 10, 2), 24, 21_000, 21_000, 84, 487, True),
    ("rental-3028", "airbnb", dt.date(2026, 11, 2), 26, 21_000, 21_000, 87, 487, True),
    ("rental-3028", "vrbo", dt.date(2026, 10, 2), 18, 21_000, 21_000, 18, 461, False),
    ("rental-3028", "vrbo", dt.date(2026, 11, 2), 18, 22_500, 21_000, 19, 463, False),
)
# entity, channel, then impressions, clicks and enquiries from November 2025 to October 2026
COUNTED = (
    ("rental-3028", "airbnb",
     (2_210, 2_480, 2_350, 2_620, 2_940, 3_120, 3_480, 3_910, 4_260, 3_370, 2_890, 2_540),
     (118, 131, 122, 143, 165, 174, 201, 228, 247, 186, 152, 137),
     (7, 6, 5, 9, 8, 10, 11, 13, 14, 8, 9, 7)),
    ("rental-3028", "vrbo",
     (640, 710, 590, 680, 890, 930, 980, 1_120, 1_240, 900, 760, 720),
     (31, 34, 27, 33, 46, 48, 51, 60, 66, 43, 37, 35),
     (2, 3, 1, 2, 4, 4, 3, 3, 5, 2, 2, 3)),
)  # fmt: skip
# entity, channel, cents a month, minutes a month at so many cents an hour, and where that is from
SPENT = (
    ("qos", "direct", 0, 300, 3_500, _OWNER),
    ("qdn", "direct", 25_000, 60, 3_500, "Bank lines ADVERTISING; minutes by the owner"),
    ("rental-3028", "airbnb", 0, 90, 3_000, _OWNER),
    ("rental-3028", "vrbo", 0, 60, 3_000, _OWNER),
    ("rental-3028", "direct", 0, 30, 3_000, _OWNER),
)
# entity, days from the session, title, first promised for, due now, who, met on
MILESTONES = (
    ("qos", 30, "Prices of all channels agreed", "2026-11-08", "2026-11-08", "Owner", "2026-11-06"),
    ("qos", 30, "Sailo live", "2026-11-29", "2026-12-06", "Operations lead", ""),
    ("jada", 30, "First letter to the mailing list sent", "2026-11-29", "2026-11-29", "Owner", ""),
    ("qos", 60, "GetMyBoat live", "2026-12-19", "2026-12-19", "Captain (primary)", ""),
    ("qos", 60, "Certificate of insurance in hand", "2026-12-29", "2027-01-08", "Owner", ""),
    ("jada", 60, "Result of the letter scored against its model", "2026-12-29", "2026-12-29", "Owner", ""),
    ("qos", 90, "Viator and GetYourGuide live", "2027-01-28", "2027-02-07", "Operations lead", ""),
    ("qos", 90, "Four charters a month booked, two of them by marketplaces", "2027-01-28", "2027-01-28", "Owner", ""),
)  # fmt: skip


def load(*, at: dt.datetime) -> None:
    """Load what is known of channels and what was promised of them; inside the caller's transaction."""
    entities = {entity.slug: entity for entity in Entity.objects.all()}
    _open(entities)
    channels = {(row.entity.slug, row.slug): row for row in Channel.objects.select_related("entity")}
    for slug, channel, expected, step, owner in PLANS:
        Channel.objects.filter(pk=channels[slug, channel].pk).update(
            expected_minor=expected,
            expected_source=_OWNER if expected else "",
            next_step=step,
            next_owner=owner,
        )
    # The form on QuickDumpNow's own site is the only way to ask it for anything.
    Booking.objects.filter(entity=entities["qdn"], channel__isnull=True).update(
        channel=channels["qdn", "direct"]
    )
    ChannelPresence.objects.bulk_create(
        ChannelPresence(
            channel=channels[slug, channel], on=on, photos=photos, listed_minor=listed, direct_minor=direct,
            reviews=reviews, rating_x100=stars, calendar_synced=synced, source="Listing, looked up by hand",
        )
        for slug, channel, on, photos, listed, direct, reviews, stars, synced in SEEN
    )  # fmt: skip
    ChannelCount.objects.bulk_create(_counts(channels))
    ChannelSpend.objects.bulk_create(
        ChannelSpend(
            channel=channels[slug, channel], month=month, spend_minor=spend, labour_minutes=minutes,
            labour_rate_minor=rate, source=source,
        )
        for slug, channel, spend, minutes, rate, source in SPENT
        for month in range(_FIRST, _FIRST + 12)
    )  # fmt: skip
    PlanMilestone.objects.bulk_create(
        PlanMilestone(
            entity=entities[slug], plan=PlanName.GO_TO_MARKET, position=position, title=title, horizon_days=days,
            promised_on=promised, due_on=due, owner=owner, done_on=met or None, source=_OWNER,
        )
        for position, (slug, days, title, promised, due, owner, met) in enumerate(MILESTONES, start=1)
    )  # fmt: skip


def _open(entities: dict[str, Entity]) -> None:
    for slug, channel, name, marketplace, listed, rate, source in OPENED:
        row, _ = Channel.objects.get_or_create(
            entity=entities[slug], slug=channel,
            defaults={
                "name": name, "marketplace": marketplace, "status": ChannelStatus.LIVE, "listed_on": listed,
                "source": source,
            },
        )  # fmt: skip
        Commission.objects.create(channel=row, effective_on=dt.date(2025, 11, 1), rate_bp=rate, source=source)


def _counts(channels: dict[tuple[str, str], Channel]) -> Iterator[ChannelCount]:
    steps = (FunnelStep.IMPRESSIONS, FunnelStep.CLICKS, FunnelStep.ENQUIRIES)
    for slug, channel, *by_step in COUNTED:
        row = channels[slug, channel]
        for step, counts in zip(steps, by_step, strict=True):
            for month, count in enumerate(counts, start=_FIRST):
                yield ChannelCount(
                    channel=row, month=month, step=step, count=count, source=f"{row.name}, host's statistics"
                )
