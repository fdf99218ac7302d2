"""The accountant's findings: revenue in its time, a clean close, proofs, receipts, doubles, milestones."""

import datetime as dt

from core import months
from portfolio.domain import documents, expenses, ledger, milestones
from portfolio.models import (
    AccountRole,
    Booking,
    BookingStage,
    Entity,
    ExpenseFlag,
    FlagKind,
    JournalEntry,
    MonthlyBalance,
    Period,
    PeriodState,
    PlanMilestone,
    Posting,
)
from tests.portfolio.conftest import Books
from tests.portfolio.test_intake import a_booking
from tests.portfolio.test_verification import without_guards
from tests.reports.rules.cases import Case, World, appears_and_clears
from tests.reports.sample_case import AS_OF, AT, OCTOBER

DONE = dt.date(2026, 10, 20)


def _booking(books: Books, stage: BookingStage, **facts: object) -> Booking:
    return a_booking(books, **{"reference": "QOS-9101", "stage": stage, "service_on": DONE, **facts})


def _undo(world: World, entry: JournalEntry) -> None:
    ledger.reverse(entry=entry, on=entry.on, reason="Slip", by=world.by, at=AT)


@appears_and_clears("recognised-early")
def revenue_waits_for_its_service(world: World) -> Case:
    books = world.books("qos")
    ahead = _booking(books, BookingStage.PAID, service_on=dt.date(2026, 12, 5))
    early = books.post("2100", "4000", 100_00, booking=ahead)
    yield f"qos:{ahead.pk}"
    Booking.objects.filter(pk=ahead.pk).update(stage=BookingStage.COMPLETED, completed_on=AS_OF)
    yield f"qos:{ahead.pk}"
    _undo(world, early)


@appears_and_clears("event-without-invoice")
def a_completed_event_is_billed(world: World) -> Case:
    books = world.books("qos")
    done = _booking(books, BookingStage.COMPLETED, completed_on=DONE, price_minor=900_00)
    yield f"qos:{done.pk}"
    books.post("1200", "4000", 900_00, booking=done, on=DONE)


@appears_and_clears("entry-in-closed-period")
def an_entry_behind_a_close_is_seen_until_the_month_is_opened(world: World) -> Case:
    entry = JournalEntry.objects.filter(entity__slug="qdn", month=OCTOBER).latest("pk")
    before = (entry.posted_at or AT) - dt.timedelta(days=1)
    period = Period.objects.create(
        entity=entry.entity, month=OCTOBER, state=PeriodState.CLOSED, closed_at=before
    )
    yield f"qdn:{entry.pk}"
    Period.objects.filter(pk=period.pk).update(state=PeriodState.OPEN)


@appears_and_clears("roll-forward-off")
def the_ledger_s_balance_is_what_moved(world: World) -> Case:
    held = MonthlyBalance.objects.get(
        account__entity__slug="qos", account__role=AccountRole.DEPOSITS_HELD, month=OCTOBER
    )
    # No posting can do this; the balance itself is bent, as a broken database would bend it.
    with without_guards():
        MonthlyBalance.objects.filter(pk=held.pk).update(credit_minor=held.credit_minor + 100)
    yield "qos"
    with without_guards():
        MonthlyBalance.objects.filter(pk=held.pk).update(credit_minor=held.credit_minor)


@appears_and_clears("clearing-open")
def what_no_payout_explains_is_taken_off(world: World) -> Case:
    stray = world.books("qos").post("1050", "4000", 12_34)
    yield "qos"
    _undo(world, stray)


@appears_and_clears("receivables-off")
def receivables_are_the_open_invoices(world: World) -> Case:
    stray = world.books("dc").post("1200", "4000", 55_00)
    yield "dc"
    _undo(world, stray)


@appears_and_clears("duplicate-payment")
def somebody_says_that_they_are_two(world: World) -> Case:
    second = JournalEntry.objects.filter(memo="WEST MARINE SAN DIEGO").order_by("pk")[1]
    yield f"qos:{second.pk}"
    expenses.flag(entry=second, kind=FlagKind.DUPLICATE_OK, note="Two orders", by=world.by, at=AT)


@appears_and_clears("receipt-missing")
def every_larger_payment_gets_its_document(world: World) -> Case:
    yield "portfolio"
    lines = expenses.lines(
        entity_ids=Entity.objects.values_list("pk", flat=True), first=months.first_day(OCTOBER),
        last=months.last_day(OCTOBER),
    )  # fmt: skip
    for place, line in enumerate(expenses.without_receipt(lines)):
        entry = JournalEntry.objects.select_related("entity").get(pk=line.entry_id)
        if place:
            expenses.flag(
                entry=entry, kind=FlagKind.RECEIPT_NOT_NEEDED, note="Yearly bill", by=world.by, at=AT
            )
        else:
            documents.attach(entry=entry, content=b"Paid in full", name="bill.txt", by=world.by, at=AT)


@appears_and_clears("personal-use")
def what_was_private_is_taken_back(world: World) -> Case:
    flag = ExpenseFlag.objects.get(kind=FlagKind.PERSONAL)
    yield f"dc:{flag.entry_id}"
    expenses.unflag(flag=flag, by=world.by, at=AT)


@appears_and_clears("misused-account")
def an_account_stands_on_its_own_side_again(world: World) -> Case:
    books = world.books("qdn")
    wrong = books.post("2000", "1010", 70_00)
    yield "qdn"
    _undo(world, wrong)
    served = _booking(books, BookingStage.COMPLETED, completed_on=DONE)
    books.post("1010", "4000", 10_00, on=DONE)
    yield "qdn"
    books.post("4000", "1010", 10_00, on=DONE)
    books.post("1010", "4000", 10_00, on=DONE, booking=served)


def _agree_all(world: World, month: int) -> None:
    for slug in ("dc", "eyd", "jada", "qdn", "qos", "rental-3028"):
        Period.objects.update_or_create(
            entity=world.entity(slug), month=month,
            defaults={"state": PeriodState.RECONCILED, "statement_minor": world.cash(slug, month), "reconciled_at": AT},
        )  # fmt: skip


@appears_and_clears("not-reconciled")
def every_book_is_agreed_with_its_statement(world: World) -> Case:
    yield "portfolio"
    _agree_all(world, OCTOBER)


@appears_and_clears("close-late")
def every_old_month_is_closed(world: World) -> Case:
    yield "portfolio"
    for entity in Entity.objects.all():
        found = Posting.objects.filter(account__entity=entity).order_by().values_list("month", flat=True)
        for month in set(found):
            Period.objects.update_or_create(
                entity=entity, month=month, defaults={"state": PeriodState.CLOSED, "closed_at": AT}
            )


@appears_and_clears("milestone-slipping")
def a_milestone_that_slips_is_met(world: World) -> Case:
    first = PlanMilestone.objects.get(check_name="months_reconciled")
    yield f"portfolio:milestone:{first.pk}"
    milestones.move(milestone=first, due_on=dt.date(2026, 11, 1), by=world.by, at=AT)
    yield f"portfolio:milestone:{first.pk}"
    _agree_all(world, OCTOBER)
