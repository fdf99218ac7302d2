"""The sample portfolio: `demo/` read through the same functions as real files, in one transaction.

Its people stand in `crew.domain.sample`, its recipients and schedules in `reports.domain.sample`; the command
``load_demo`` loads all three or none. What the sample says beyond the files of `demo/` (assumptions, scenarios, rules)
stands here, each with its source.
"""

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from django.db import transaction

from portfolio.domain import exports, handoffs, intake, recognition
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.samples import (
    bank,
    channels,
    clients,
    delivery,
    expenses,
    journal,
    milestones,
    payables,
    plans,
    receivables,
    rental,
    stripe,
    technology,
)
from portfolio.domain.samples import months as closed_months
from portfolio.domain.samples import recognition as agreed_terms
from portfolio.domain.stripe.landing import land_file
from portfolio.formats import tables
from portfolio.models import (
    Assumption,
    Booking,
    BookingStage,
    Entity,
    FinancialRule,
    SampleMark,
    Scenario,
)

AS_OF = dt.date(2026, 11, 10)
_HISTORY_BEGINS = dt.date(2025, 11, 1)
_OWNER = "Owner, planning session of 2026-10-30"


class AlreadyLoadedError(Exception):
    """The sample is in this database already."""


class MissingFileError(Exception):
    """A file of the sample is not where it should be."""


class Loaded(NamedTuple):
    """What loading the sample brought, for people: a name and a count each."""

    counts: tuple[tuple[str, int], ...]


class _Assumed(NamedTuple):
    key: str
    value: int
    unit: str
    note: str
    source: str = _OWNER


ASSUMPTIONS = (
    _Assumed("stage-enquiry", 1000, "bp", "Chance that an enquiry is served in the end: 10 %."),
    _Assumed("stage-quoted", 3000, "bp", "Chance that a quoted booking is served: 30 %."),
    _Assumed("stage-held", 6000, "bp", "Chance that a held date is served: 60 %."),
    _Assumed("stage-booked", 9000, "bp", "Chance that a booked service is served: 90 %."),
    _Assumed("stage-paid", 10000, "bp", "A paid booking counts in full: 100 %."),
    _Assumed("measured-window-days", 45, "days", "A key figure counts as measured for so long after it was."),
    _Assumed("pipeline-from-days", 21, "days", "The pipeline is asked about from so many days ahead."),
    _Assumed("pipeline-to-days", 60, "days", "The pipeline is asked about up to so many days ahead."),
    _Assumed(
        "card-fee-bp", 290, "bp", "Card fee, share of the charge: 2.9 %.", "stripe.com/pricing, US cards"
    ),
    _Assumed("card-fee-fixed", 30, "cents", "Card fee, fixed part: $0.30.", "stripe.com/pricing, US cards"),
    _Assumed("runway-alert-critical", 300, "months x 100", "Runway under three months is critical."),
    _Assumed("runway-alert-high", 600, "months x 100", "Runway under six months is a warning."),
    _Assumed("escalate-overdue-days", 14, "days", "An action two weeks overdue is escalated."),
    _Assumed(
        "escalate-carried-editions", 3, "editions", "An action carried over three editions is escalated."
    ),
)
SCENARIOS = (
    Scenario(
        name="Low", position=1, units_a_month=2, price_minor=200_000, fixed_change_bp=0, source=_OWNER,
        note="A winter like the last one: two charters a month at $2,000.",
    ),
    Scenario(
        name="Base", position=2, units_a_month=4, price_minor=210_000, fixed_change_bp=0, source=_OWNER,
        note="Two marketplaces live by the spring: four charters a month at $2,100.",
    ),
    Scenario(
        name="High", position=3, units_a_month=7, price_minor=230_000, fixed_change_bp=500, source=_OWNER,
        note="All four marketplaces live: seven charters a month at $2,300, fixed cost up 5 %.",
    ),
)  # fmt: skip
# What no file of `demo/` brings, in the order in which it is loaded.
PARTS = (
    bank,
    agreed_terms,
    payables,
    receivables,
    clients,
    closed_months,
    stripe,
    plans,
    journal,
    delivery,
    rental,
    technology,
    expenses,
    milestones,
    channels,
)
RULES = (
    (FinancialRule.Check.RUNWAY_FLOOR, "Runway never falls below three months.", 300),
    (FinancialRule.Check.DEPOSITS_UNTOUCHED, "Refundable deposits never fund operations.", 0),
    (FinancialRule.Check.RETURNS_TRACKED, "No outlay without a return that is tracked.", 0),
)


def load(*, folder: Path, at: dt.datetime) -> Loaded:
    """Load the sample's records from a folder laid out like `demo/`; all of it or nothing.

    Raises:
        AlreadyLoadedError: it is here already; nothing changes.
        MissingFileError: a file is missing.
        portfolio.formats.FormatError: a file is broken.
    """
    with transaction.atomic():
        mark, made = SampleMark.objects.get_or_create(id=1, defaults={"as_of": AS_OF, "loaded_at": at})
        if not made:
            raise AlreadyLoadedError(
                f"The sample portfolio as of {mark.as_of} is loaded already; nothing was changed."
            )
        notes = [(path.name, path.read_bytes()) for path in sorted((folder / "handoffs").glob("*.md"))]
        if not notes:
            raise MissingFileError(
                f"{folder / 'handoffs'} holds no handoff notes; restore demo/ from the repository."
            )
        landed = handoffs.land(files=notes, at=at)
        exported = folder / "exports"
        intake.land_opening(data=_read(exported / "opening.csv"), name="opening.csv", by=None, at=at)
        exports.land_rules(data=_read(exported / "rules.csv"), name="rules.csv", by=None, at=at)
        bookings = _read(exported / "bookings.csv")
        exports.land_bookings(data=bookings, name="bookings.csv", by=None, at=at)
        exports.land_stays(data=_read(exported / "stays.csv"), name="stays.csv", by=None, at=at)
        land_invoices(data=_read(exported / "invoices.csv"), name="invoices.csv", by=None, at=at)
        payables.record_paid(at=at)
        lines = _land_money(folder, at)
        _settle_cancelled(bookings, at)
        exports.land_targets(data=_read(exported / "targets.csv"), name="targets.csv", by=None, at=at)
        exports.land_capital(data=_read(exported / "capital.csv"), name="capital.csv", by=None, at=at)
        _plan()
        for part in PARTS:
            part.load(at=at)
    return Loaded(
        (
            ("handoff notes", landed.files),
            ("entities", Entity.objects.count()),
            ("bookings", Booking.objects.count()),
            ("bank and card lines", lines),
        )
    )


def _land_money(folder: Path, at: dt.datetime) -> int:
    """Land statements before card files, so that a payout carries the bank's date; then earn what was served."""
    entities = {entity.slug: entity for entity in Entity.objects.all()}
    lines = 0
    for path in sorted((folder / "statements").glob("*-checking.csv")):
        entity = entities[path.name.removesuffix("-checking.csv")]
        lines += intake.land_bank(entity=entity, data=_read(path), name=path.name, by=None, at=at).new
    for path in sorted((folder / "exports").glob("stripe-*.csv")):
        entity = entities[path.stem.removeprefix("stripe-")]
        lines += land_file(entity=entity, data=_read(path), name=path.name, by=None, at=at).new
    for entity in entities.values():
        recognition.recognise_due(entity=entity, by=None, at=at)
    return lines


def _settle_cancelled(bookings: bytes, at: dt.datetime) -> None:
    """Keep what the export says a called-off booking keeps."""
    for row in tables.parse_bookings(bookings, name="bookings.csv"):
        if row.stage == BookingStage.CANCELLED and row.paid_minor and row.ended_on:
            booking = Booking.objects.select_related("entity").get(
                entity__slug=row.entity, reference=row.reference
            )
            recognition.forfeit(
                booking=booking, on=row.ended_on, reason=booking.cancellation_terms, by=None, at=at
            )


def _plan() -> None:
    Assumption.objects.bulk_create(
        Assumption(
            key=row.key,
            effective_on=_HISTORY_BEGINS,
            value=row.value,
            unit=row.unit,
            note=row.note,
            source=row.source,
        )
        for row in ASSUMPTIONS
    )
    Scenario.objects.bulk_create(
        Scenario(
            name=row.name, position=row.position, units_a_month=row.units_a_month, price_minor=row.price_minor,
            fixed_change_bp=row.fixed_change_bp, note=row.note, source=row.source,
        )
        for row in SCENARIOS
    )  # fmt: skip
    FinancialRule.objects.bulk_create(
        FinancialRule(check_name=check, position=position, statement=statement, threshold=threshold)
        for position, (check, statement, threshold) in enumerate(RULES, start=1)
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingFileError(
            f"{path} cannot be read ({error.strerror}); restore demo/ from the repository."
        ) from error
