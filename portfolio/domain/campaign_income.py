"""What campaigns brought in: the bookings that staff say came from one, once they are firm."""

from django.db.models import Count, QuerySet, Sum

from mail.models import Campaign
from portfolio.models import Booking, BookingStage

FIRM = (BookingStage.BOOKED, BookingStage.PAID, BookingStage.COMPLETED)


def measured(campaign_id: int) -> tuple[int, int]:
    """Return how many firm bookings came from a campaign and their prices in cents; one query.

    The model of a campaign is in US dollars, so bookings in another currency are left out.
    """
    counted = Booking.objects.filter(
        campaign_id=campaign_id, stage__in=FIRM, entity__currency="USD"
    ).aggregate(bookings=Count("pk"), minor=Sum("price_minor"))
    return counted["bookings"], counted["minor"] or 0


def sources() -> QuerySet[Campaign]:
    """Return the campaigns a booking may have come from: those that were started, the newest first."""
    return (
        Campaign.objects.filter(started_at__isnull=False)
        .only("pk", "name", "started_at")
        .order_by("-started_at")
    )
