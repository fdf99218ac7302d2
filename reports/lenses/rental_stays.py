"""The rental report's sections on its stays: who stays when at what price, by channel, and what was called off."""

from collections.abc import Iterable

from core import months
from portfolio.domain.queries.rental import StayFact
from reports.document import Cell, Column, Figure, Row, Section, Table, Tone, Unit
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk
from reports.metrics import rental_calendar as nights
from reports.metrics.rental_stays import begun, called_off
from reports.metrics.rental_stays import row as of_stay

PER_BOOKING = (
    ("stays_begun", False),
    ("booking_revenue_gross", True),
    ("booking_revenue_net", True),
    ("length_of_stay", False),
    ("booking_window", False),
    ("cancellations", False),
    ("cancellation_rate", False),
)


def stays(desk: Desk) -> Section:
    """Return what a booking brings, the stays of the last two months and ahead, and the channels of twelve months."""
    first = months.first_day(desk.month - 1)
    shown = [
        stay
        for stay in nights.of(desk.facts).standing
        if stay.entity_id in desk.all.ids and stay.check_out > first
    ]
    return Section(
        "stays",
        "Stays and bookings",
        (
            _per_booking(desk),
            Table(
                f"Stays since {months.label(desk.month - 1)}, and ahead",
                (
                    Column("Stay"), Column("Arrival to departure"), Column("Channel"), column("Nights"), column("Guests"),
                    column("Booked ahead"), column("Gross"), column("Channel’s fee"), column("Net"), Column("Paid"),
                ),
                tuple(_stay(desk, stay) for stay in shown),
                note="Net is gross less the channel’s fee; cleaning is not taken off.",
                empty="No stay is recorded for these months, and none ahead.",
            ),
            _channels(desk),
        ),
    )  # fmt: skip


def _per_booking(desk: Desk) -> Table:
    spans = (desk.month, desk.month - 1)
    return Table(
        "What a booking brings, and how early it comes",
        (Column("Measure"), *(column(f"Year to {months.label(each)}") for each in spans)),
        tuple(
            row(
                desk.get(key).label.removesuffix(", twelve months"),
                *(cell(desk.get(key, None, each), cents=cents) for each in spans),
            )
            for key, cents in PER_BOOKING
        ),
        note="Over the stays that begin in the twelve months that end with the month.",
    )


def _stay(desk: Desk, stay: StayFact) -> Row:
    key, name = f"stay.{stay.id}", stay.reference
    gross = _sum(desk, f"{key}.gross", f"Gross of {name}", Unit.MONEY, [(stay, stay.gross_minor)])
    fee = _sum(desk, f"{key}.fee", f"Fee for {name}", Unit.MONEY, [(stay, stay.fee_minor)])
    net = desk.own(f"{key}.net", f"Net of {name}", Unit.MONEY, desk.formula("difference", gross, fee))
    count = _sum(desk, f"{key}.nights", f"Nights of {name}", Unit.COUNT, [(stay, stay.nights)])
    guests = desk.own(f"{key}.guests", f"Guests of {name}", Unit.COUNT,
                      desk.rows([of_stay(stay, stay.guests)]) if stay.guests else desk.absent("not counted"))  # fmt: skip
    early = desk.own(f"{key}.early", f"Days from booking to arrival of {name}", Unit.DAYS,
                     desk.rows([of_stay(stay, (stay.check_in - stay.booked_on).days * 10)]) if stay.booked_on
                     else desk.absent("not known"))  # fmt: skip
    return row(
        Cell(name, ref=f"stay:{stay.id}"),
        nights.span(stay.check_in, stay.check_out),
        stay.channel or "not stated",
        count,
        guests,
        early,
        gross,
        fee,
        net,
        _paid(desk, stay),
    )


def _paid(desk: Desk, stay: StayFact) -> Cell:
    if stay.paid_minor >= stay.gross_minor:
        return Cell("paid", tone=Tone.GOOD)
    if stay.check_in > desk.as_of:
        return Cell("ahead", tone=Tone.MUTED)
    return Cell("partly" if stay.paid_minor else "open", tone=Tone.WARN)


def _channels(desk: Desk) -> Table:
    kept: dict[str, list[StayFact]] = {}
    for stay in begun(desk, desk.all, desk.month - 11, desk.month):
        kept.setdefault(stay.channel or "Not stated", []).append(stay)
    rows = []
    for place, (name, stays) in enumerate(sorted(kept.items()), start=1):
        count = _sum(
            desk, f"channel.{place}.stays", "Stays of a channel", Unit.COUNT, ((stay, 1) for stay in stays)
        )
        sold = _sum(desk, f"channel.{place}.nights", "Nights of a channel", Unit.COUNT,
                    ((stay, stay.nights) for stay in stays))  # fmt: skip
        gross = _sum(desk, f"channel.{place}.gross", "Gross of a channel", Unit.MONEY,
                     ((stay, stay.gross_minor) for stay in stays))  # fmt: skip
        fee = _sum(desk, f"channel.{place}.fee", "Fees of a channel", Unit.MONEY,
                   ((stay, stay.fee_minor) for stay in stays))  # fmt: skip
        share = desk.own(f"channel.{place}.share", "Fee of a channel as a share of gross", Unit.PERCENT,
                         desk.formula("share", fee, gross))  # fmt: skip
        rate = desk.own(
            f"channel.{place}.adr", "ADR of a channel", Unit.MONEY, desk.formula("per_unit", gross, sold)
        )
        rows.append(row(name, count, sold, gross, fee, share, cell(rate, cents=True)))
    return Table(
        f"By channel, stays that began in the twelve months to {months.label(desk.month)}",
        (Column("Channel"), column("Stays"), column("Nights"), column("Gross"), column("Fees"), column("Fee share"),
         column("ADR")),
        tuple(rows),
        empty="No stay began in these twelve months.",
    )  # fmt: skip


def _sum(desk: Desk, key: str, label: str, unit: Unit, parts: Iterable[tuple[StayFact, int]]) -> Figure:
    return desk.own(key, label, unit, desk.rows(of_stay(stay, amount) for stay, amount in parts))


def cancellations(desk: Desk) -> Section:
    """Return the stays that were called off in twelve months, with what they would have brought."""
    rows = []
    gone = called_off(desk, desk.all, desk.month - 11, months.month_of(desk.as_of))
    for stay in gone:
        price = _sum(
            desk,
            f"stay.{stay.id}.gross",
            f"Gross of {stay.reference}",
            Unit.MONEY,
            [(stay, stay.gross_minor)],
        )
        notice = desk.own(f"stay.{stay.id}.notice", f"Notice given for {stay.reference}", Unit.DAYS,
                          desk.rows([of_stay(stay, (stay.check_in - stay.called_off_on).days * 10)])
                          if stay.called_off_on else desk.absent("not known"))  # fmt: skip
        rows.append(
            row(
                Cell(stay.reference, ref=f"stay:{stay.id}"),
                nights.span(stay.check_in, stay.check_out),
                stay.channel or "not stated",
                f"{stay.called_off_on:%-d %b %Y}",
                notice,
                price,
            )
        )
    if rows:
        lost = desk.total("cancelled.gross", "Gross of stays called off",
                          [desk.figures[f"stay.{stay.id}.gross"] for stay in gone])  # fmt: skip
        rows.append(row("All", "", "", "", "", lost, total=True))
    return Section(
        "cancellations",
        "Cancellations",
        (
            Table(
                f"Called off since {months.label(desk.month - 11)}",
                (Column("Stay"), Column("Arrival to departure"), Column("Channel"), Column("Called off on"), column("Notice"),
                 column("Gross")),
                tuple(rows),
                note="Notice is the time from calling off to the day of arrival.",
                empty=f"No stay was called off since {months.label(desk.month - 11)}.",
            ),
        ),
    )  # fmt: skip
