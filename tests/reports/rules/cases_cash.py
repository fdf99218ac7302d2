"""The CFO's live checks."""

import datetime as dt

from portfolio.domain import plans
from portfolio.domain.plan import changes
from portfolio.models import (
    AccountRole,
    Booking,
    BookingStage,
    CapitalOption,
    CapitalTier,
    EntryState,
    Posting,
    ProfitabilityModel,
)
from tests.reports.rules.cases import Case, World, appears_and_clears
from tests.reports.sample_case import AS_OF, AT, OCTOBER

LAST_OF_OCTOBER = dt.date(2026, 10, 31)


@appears_and_clears("runway-short")
def the_owner_brings_money_in(world: World) -> Case:
    yield "portfolio"
    world.books("qos").post("1010", "3000", 50_000_00, on=LAST_OF_OCTOBER, memo="Capital")


@appears_and_clears("rule-broken")
def an_outlay_is_made_and_then_tracked(world: World) -> Case:
    option = CapitalOption.objects.filter(monthly_return_minor__isnull=True, spent_on__isnull=True).first()
    assert option is not None
    entity = option.entity.slug
    changes.save(row=option, values={"spent_on": AS_OF}, entity=entity, by=world.by, at=AT)
    yield "portfolio:returns_tracked"
    changes.save(row=option, values={"monthly_return_minor": 100_00}, entity=entity, by=world.by, at=AT)


@appears_and_clears("below-break-even")
def enough_charters_sail(world: World) -> Case:
    qos = world.entity("qos")
    for number in range(4):
        Booking.objects.create(
            entity=qos, reference=f"QOS-90{number}", title="Charter", kind="charter", stage=BookingStage.COMPLETED,
            enquired_on=dt.date(2026, 10, 1), service_on=dt.date(2026, 10, 20), completed_on=dt.date(2026, 10, 20),
            price_minor=210_000,
        )  # fmt: skip
    yield "portfolio"
    Booking.objects.create(
        entity=qos, reference="QOS-99", title="Charter", kind="charter", stage=BookingStage.COMPLETED,
        enquired_on=dt.date(2026, 10, 1), service_on=dt.date(2026, 10, 21), completed_on=dt.date(2026, 10, 21),
        price_minor=210_000,
    )  # fmt: skip


@appears_and_clears("break-even-gap")
def the_model_follows_the_books(world: World) -> Case:
    yield "portfolio:books"
    model = ProfitabilityModel.objects.get(entity__slug="qos")
    plans.save_model(model=model, values={"break_even_entered": 9}, by=world.by, at=AT)
    yield "portfolio:stated"
    values = {"dock_minor": model.dock_minor + 150_00, "break_even_entered": 7}
    plans.save_model(model=model, values=values, by=world.by, at=AT)


@appears_and_clears("behind-target")
def the_target_is_moved(world: World) -> Case:
    yield "portfolio"
    for slug in ("qos", "rental-3028", "jada", "qdn", "eyd", "dc"):
        changes.set_targets(
            entity=world.entity(slug), targets={OCTOBER: 1_000_00}, source="Owner", by=world.by, at=AT
        )


@appears_and_clears("uncategorised")
def every_line_gets_an_account(world: World) -> Case:
    yield "portfolio"
    lines = Posting.objects.filter(
        account__role=AccountRole.UNCATEGORISED, month=OCTOBER, entry__state=EntryState.POSTED
    ).select_related("account__entity", "entry")
    for line in lines:
        books, code = world.books(line.account.entity.slug), line.account.code
        if line.amount_minor > 0:
            books.post("6300", code, line.amount_minor, on=line.entry.on, memo="Repairs after all")
        else:
            books.post(code, "4000", -line.amount_minor, on=line.entry.on, memo="A sale after all")
    # What the month before left open and somebody explains in this one moves the account, and nothing waits.
    code = lines[0].account.code
    world.books(lines[0].account.entity.slug).post("6300", code, 77_77, memo="What September left open")


@appears_and_clears("zero-cost-open")
def what_costs_nothing_is_done(world: World) -> Case:
    yield "portfolio"
    for option in CapitalOption.objects.filter(tier=CapitalTier.ZERO_COST).select_related("entity"):
        changes.save(row=option, values={"spent_on": AS_OF}, entity=option.entity.slug, by=world.by, at=AT)
