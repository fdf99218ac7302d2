"""The bookings and enquiries of the sample: one row each, sold, open, lost or called off.

References count up in the order people asked, so they are stable as long as the story is.
"""

import datetime as dt
from dataclasses import dataclass, replace

from demo import draw, story
from demo.story import day

TERMS = "Paid back in full until 14 days before, half until 7 days before, none after"
CONCERT_TERMS = "Tickets refunded until 7 days before"
HAUL_TERMS = "Free until the truck leaves"

_FIRST = (
    "Ada", "Bruno", "Carla", "Dev", "Elena", "Felix", "Grace", "Hugo", "Iris", "Jonas", "Kira", "Leon", "Mara", "Nils",
    "Olive", "Pablo", "Quinn", "Rosa", "Sami", "Tara", "Umar", "Vera", "Wim", "Xenia", "Yusuf", "Zoe",
)  # fmt: skip
_LAST = (
    "Abbott", "Barros", "Castell", "Dunmore", "Eklund", "Farrow", "Gallego", "Hartwell", "Ibsen", "Jardine", "Kowal",
    "Lindqvist", "Marlowe", "Novak", "Okafor", "Pryce", "Quist", "Renner", "Santoro", "Thorne", "Ueda", "Vance",
    "Whitlock", "Yardley", "Zamora",
)  # fmt: skip
# Title, hour of departure, hours on the water.
_SAILS = (
    ("Afternoon sail on the bay", 13, 3), ("Half-day bay charter", 10, 4), ("Birthday sail", 14, 3),
    ("Sunset sail", 15, 3), ("Anniversary sail", 14, 3), ("Coastal day sail to Point Loma", 10, 5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BookingRow:
    """One line of bookings.csv; amounts in cents, times local, empty dates None."""

    reference: str
    entity: str
    kind: str
    title: str
    client: str
    email: str
    channel: str
    party: int
    stage: str
    enquired_on: dt.date
    quoted_on: dt.date | None = None
    booked_on: dt.date | None = None
    completed_on: dt.date | None = None
    ended_on: dt.date | None = None
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    price_minor: int = 0
    deposit_minor: int = 0
    paid_minor: int = 0
    terms: str = ""
    stripe_id: str = ""
    crew_minor: int | None = None
    fuel_minor: int | None = None
    dock_minor: int | None = None
    food_minor: int | None = None
    commission_minor: int | None = None


def all_bookings() -> list[BookingRow]:
    """Return every booking of the sample by entity, in the order people asked."""
    rows: list[BookingRow] = []
    for prefix, drafts in (("QOS", _charters()), ("JADA", _concerts()), ("QDN", _hauls())):
        # Ties keep the order of the story, which sorted() promises.
        for count, draft in enumerate(sorted(drafts, key=lambda row: row.enquired_on), start=1):
            rows.append(_named(draft, f"{prefix}-{count:04d}"))
    return rows


def _named(row: BookingRow, reference: str) -> BookingRow:
    first = draw.choice("first", reference, of=_FIRST)
    last = draw.choice("last", reference, of=_LAST)
    paid = row.paid_minor or row.stage == "cancelled"
    return replace(
        row,
        reference=reference,
        client=row.client or f"{first} {last}",
        email=row.email or f"{first}.{last}@example.com".lower(),
        stripe_id=draw.identifier("cus", reference) if paid and row.kind == "charter" else "",
    )


def _charters() -> list[BookingRow]:
    rows = [_sold(charter) for charter in story.CHARTERS]
    rows += [_called_off(cancelled) for cancelled in story.CANCELLED]
    rows += [_open(wish) for wish in story.OPEN]
    for month, total in story.CHARTER_ENQUIRIES.items():
        have = sum(f"{row.enquired_on:%Y-%m}" == month for row in rows)
        if have > total:
            raise ValueError(f"{month} has {have} charters sold or open and only {total} enquiries")
        rows += [_lost(month, count) for count in range(total - have)]
    return rows


def _charter(key: str, sails: dt.date | None, asked: dt.date) -> BookingRow:
    title, hour, hours = draw.choice("sail", key, of=_SAILS)
    starts = dt.datetime.combine(sails, dt.time(hour)) if sails else None
    return BookingRow(
        reference="", entity="qos", kind="charter", title=title, client="", email="", channel="direct",
        party=2 + draw.number("party", key, below=5), stage="enquiry", enquired_on=asked,
        starts_at=starts, ends_at=starts + dt.timedelta(hours=hours) if starts else None,
    )  # fmt: skip


def _costed(row: BookingRow) -> BookingRow:
    return replace(
        row, crew_minor=(story.CAPTAIN + story.MATE) * 100, fuel_minor=story.FUEL * 100, dock_minor=0,
        food_minor=story.PROVISIONS * 100, commission_minor=0, terms=TERMS,
    )  # fmt: skip


def deposit_of(price_minor: int, booked: dt.date) -> int:
    """Return what booking a charter takes: half its price, and from October 2026 on a refundable deposit."""
    if booked < story.REFUNDABLE_FROM:
        return price_minor // 2
    return min(price_minor, story.REFUNDABLE_DEPOSIT * 100)


def _sold(charter: story.Charter) -> BookingRow:
    sails = day(charter.sails)
    asked = sails - dt.timedelta(days=charter.asked_before)
    row = _costed(_charter(charter.sails, sails, asked))
    price = charter.price * 100
    booked = sails - dt.timedelta(days=charter.booked_before)
    deposit = deposit_of(price, booked)
    row = replace(
        row, quoted_on=asked + dt.timedelta(days=1), booked_on=booked,
        price_minor=price, deposit_minor=deposit,
    )  # fmt: skip
    if sails <= story.AS_OF:
        return replace(row, stage="completed", completed_on=sails, paid_minor=price)
    return replace(row, stage="booked", paid_minor=deposit)


def _called_off(cancelled: story.Cancelled) -> BookingRow:
    asked = day(cancelled.asked)
    row = _costed(_charter(cancelled.sails, day(cancelled.sails), asked))
    deposit = deposit_of(cancelled.price * 100, day(cancelled.booked))
    return replace(
        row, stage="cancelled", quoted_on=asked + dt.timedelta(days=1), booked_on=day(cancelled.booked),
        ended_on=day(cancelled.cancelled), price_minor=cancelled.price * 100, deposit_minor=deposit,
        paid_minor=deposit - cancelled.refunded * 100,
    )  # fmt: skip


def _open(wish: story.Open) -> BookingRow:
    asked = day(wish.asked)
    row = _charter(wish.sails, day(wish.sails), asked)
    if wish.stage == "enquiry":
        return row
    row = _costed(row)
    return replace(row, stage=wish.stage, quoted_on=asked + dt.timedelta(days=1), price_minor=wish.price * 100,
                   deposit_minor=deposit_of(wish.price * 100, asked))  # fmt: skip


def _lost(month: str, count: int) -> BookingRow:
    """Return an enquiry that came to nothing; every other one had been quoted."""
    asked = day(f"{month}-{1 + draw.number('asked', month, count, below=20):02d}")
    wished = asked + dt.timedelta(days=20 + draw.number("wished", month, count, below=25))
    row = _charter(f"{month} {count}", wished, asked)
    row = replace(
        row, stage="lost", ended_on=asked + dt.timedelta(days=8 + draw.number("ended", month, count, below=3))
    )
    if draw.number("quoted", month, count, below=2):
        price = 1_800 + 50 * draw.number("price", month, count, below=11)
        row = replace(_costed(row), quoted_on=asked + dt.timedelta(days=1), price_minor=price * 100,
                      deposit_minor=deposit_of(price * 100, asked))  # fmt: skip
    return row


def _concerts() -> list[BookingRow]:
    rows = []
    for concert in story.CONCERTS:
        plays = day(concert.plays)
        starts = dt.datetime.combine(plays, dt.time(19, 30))
        price = concert.tickets * story.TICKET * 100
        done = plays <= story.AS_OF
        rows.append(
            BookingRow(
                reference="", entity="jada", kind="concert", title="Jazz night", client="Harborview Room",
                email="bookings@example.com", channel="", party=concert.tickets,
                stage="completed" if done else "booked", enquired_on=day(concert.asked),
                quoted_on=day(concert.asked) + dt.timedelta(days=2), booked_on=day(concert.booked),
                completed_on=plays if done else None, starts_at=starts, ends_at=starts + dt.timedelta(hours=3),
                price_minor=price, paid_minor=price if done else 0, terms=CONCERT_TERMS,
                crew_minor=story.MUSICIANS * 100, dock_minor=price * story.VENUE_PERCENT // 100,
            )
        )  # fmt: skip
    for title, wished, price, asked, stage in story.PRIVATE_JAZZ:
        starts = dt.datetime.combine(day(wished), dt.time(17))
        rows.append(
            BookingRow(
                reference="", entity="jada", kind="concert", title=title, client="", email="", channel="",
                party=60, stage=stage, enquired_on=day(asked), quoted_on=day(asked) + dt.timedelta(days=3),
                ended_on=day(asked) + dt.timedelta(days=21) if stage == "lost" else None, starts_at=starts,
                ends_at=starts + dt.timedelta(hours=4), price_minor=price * 100, terms=CONCERT_TERMS,
                crew_minor=story.MUSICIANS * 100,
            )
        )  # fmt: skip
    return rows


def _hauls() -> list[BookingRow]:
    """Return what asked QuickDumpNow for a haul; the quote mail is never delivered, so nobody booked."""
    rows = []
    for month, (total, quoted) in story.HAUL_ENQUIRIES.items():
        days = story.AS_OF.day if month == f"{story.AS_OF:%Y-%m}" else 28
        for count in range(total):
            asked = day(f"{month}-{1 + draw.number('haul', month, count, below=days):02d}")
            open_still = asked > story.AS_OF - dt.timedelta(days=10)
            rows.append(
                BookingRow(
                    reference="", entity="qdn", kind="haul", title="Haul", client="", email="", channel="", party=0,
                    stage="enquiry" if open_still else "lost", enquired_on=asked,
                    quoted_on=asked + dt.timedelta(days=1) if count < quoted else None,
                    ended_on=None if open_still else asked + dt.timedelta(days=10),
                    price_minor=story.HAUL_PRICE * 100 if count < quoted else 0, terms=HAUL_TERMS,
                )
            )  # fmt: skip
    return rows
