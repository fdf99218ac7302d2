"""What keeps guests from finding and booking us."""

import datetime as dt

from mail.models import Campaign, CampaignState, Kind, Message, State
from portfolio.domain import channel_rows, channels
from portfolio.models import Booking, BookingStage, Channel, ChannelStatus, Entity, PlanMilestone, PlanName
from tests.reports.rules.cases import CASES, Case, World, appears_and_clears, seen
from tests.reports.sample_case import AS_OF, AT

A_MONTH_AGO = dt.datetime(2026, 10, 5, 18, 0, tzinfo=dt.UTC)


def _channel(entity: str, slug: str) -> Channel:
    return Channel.objects.select_related("entity").get(entity__slug=entity, slug=slug)


def _look(world: World, seen: channel_rows.Seen) -> None:
    channel_rows.see(
        channel=_channel("rental-3028", "vrbo"), on=AS_OF, seen=seen, source="Looked up", today=AS_OF, by=world.by,
        at=AT,
    )  # fmt: skip


@appears_and_clears("calendar-apart")
def the_calendar_is_connected(world: World) -> Case:
    yield "rental-3028:vrbo"
    _look(world, channel_rows.Seen(calendar_synced=True))


@appears_and_clears("parity-breached")
def the_price_is_set_right(world: World) -> Case:
    yield "rental-3028:vrbo"
    _look(world, channel_rows.Seen(listed_minor=21_100, direct_minor=21_000))


@appears_and_clears("spend-without-booking")
def somebody_books_a_haul(world: World) -> Case:
    yield "qdn:direct"
    _book("qdn", "haul", channel=_channel("qdn", "direct"))


def _book(slug: str, kind: str, **more: object) -> Booking:
    booking: Booking = Booking.objects.create(
        entity=Entity.objects.get(slug=slug), reference=f"{slug}-9001", title="One more", kind=kind,
        stage=BookingStage.BOOKED, enquired_on=dt.date(2026, 10, 1), booked_on=dt.date(2026, 10, 20),
        service_on=dt.date(2027, 3, 1), price_minor=190_000, **more,
    )  # fmt: skip
    return booking


@appears_and_clears("commission-unknown")
def the_commission_is_looked_up(world: World) -> Case:
    yield "qos:sailo"
    channel_rows.agree_commission(
        channel=_channel("qos", "sailo"), effective_on=AS_OF, rate_bp=1_500, source="Its terms", by=world.by, at=AT
    )  # fmt: skip


@appears_and_clears("channel-unowned")
def somebody_takes_it_on(world: World) -> Case:
    channel, plan = _channel("qos", "getmyboat"), channel_rows.Plan("Finish the profile", "")
    channel_rows.plan(channel=channel, plan=plan, by=world.by, at=AT)
    yield "qos:getmyboat"
    channels.move_channel(channel=channel, to=ChannelStatus.LIVE, on=AS_OF, today=AS_OF, at=AT, by=world.by)


@appears_and_clears("channel-unknown")
def where_they_came_from_is_written_down(world: World) -> Case:
    yield "jada"
    channel = channel_rows.open_channel(
        entity=world.entity("jada"), name="Own site", marketplace=False, source="Owner", by=world.by, at=AT
    )
    Booking.objects.filter(entity__slug="jada").update(channel=channel)


def _campaign() -> Campaign:
    return Campaign.objects.get(mailing_list__entity_slug="jada")


def _start(state: CampaignState) -> Campaign:
    campaign = _campaign()
    ended = A_MONTH_AGO if state == CampaignState.FINISHED else None
    Campaign.objects.filter(pk=campaign.pk).update(
        state=state, started_at=A_MONTH_AGO, ended_at=ended, last_subscriber_id=1, queued_through_id=1
    )
    return campaign


@appears_and_clears("blast-unsent")
def the_letter_goes_out(world: World) -> Case:
    yield f"jada:campaign:{_campaign().pk}"
    _start(CampaignState.SENDING)


@appears_and_clears("headroom-low")
def few_enough_complain(world: World) -> Case:
    campaign = _start(CampaignState.SENDING)
    written = [
        Message(
            to_address=f"reader.{number}@example.com", address_key=f"reader.{number}@example.com", state=State.SENT,
            kind=Kind.COMMERCIAL, bcc_audit=False, campaign=campaign, transport="ses", dedupe_key=f"campaign:{number}", created_at=AT,
            due_at=AT, settled_at=AT, delivered_at=AT, complained_at=AT if number < 2 else None,
        )
        for number in range(1_000)
    ]  # fmt: skip
    Message.objects.bulk_create(written)
    yield f"jada:campaign:{campaign.pk}:complaints"
    own = Campaign.objects.filter(pk=campaign.pk)
    own.update(state=CampaignState.FINISHED, ended_at=AT - dt.timedelta(days=45))
    yield f"jada:campaign:{campaign.pk}:complaints"
    own.update(ended_at=AT - dt.timedelta(days=47))


@appears_and_clears("model-missed")
def the_letter_brings_what_was_said(world: World) -> Case:
    campaign = _start(CampaignState.FINISHED)
    yield f"jada:campaign:{campaign.pk}"
    own, long_ago = Campaign.objects.filter(pk=campaign.pk), A_MONTH_AGO - dt.timedelta(days=60)
    own.update(ended_at=long_ago)
    assert f"jada:campaign:{campaign.pk}" not in seen(CASES["model-missed"])
    own.update(ended_at=A_MONTH_AGO)
    booking = _book("jada", "concert", campaign=campaign)
    yield f"jada:campaign:{campaign.pk}"
    Booking.objects.filter(pk=booking.pk).update(price_minor=1_000_000)


@appears_and_clears("market-slipping")
def a_milestone_is_met(world: World) -> Case:
    late = PlanMilestone.objects.get(title="Sailo live")
    yield f"qos:milestone:{late.pk}"
    PlanMilestone.objects.filter(plan=PlanName.GO_TO_MARKET).update(done_on=AS_OF)


@appears_and_clears("search-late", as_of=dt.date(2026, 12, 6))
def the_profile_is_claimed(world: World) -> Case:
    late = PlanMilestone.objects.get(title="Claim and complete the business profile")
    yield f"qdn:milestone:{late.pk}"
    PlanMilestone.objects.filter(pk=late.pk).update(due_on=dt.date(2026, 12, 12))
    yield f"qdn:milestone:{late.pk}"
    PlanMilestone.objects.filter(pk=late.pk).update(done_on=dt.date(2026, 12, 6))
