"""The small forms that set one record right: done once, audited, and refused with a sentence."""

import datetime as dt

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from portfolio.domain.receivables import contracts
from portfolio.models import (
    Account,
    Agreement,
    BillingModel,
    ChannelStatus,
    ClientContract,
    Handover,
    JournalEntry,
    ModelState,
    Period,
    PeriodState,
    Stake,
    StatementBalance,
)
from tests.factories.portfolio import ChannelFactory, StakeFactory
from tests.portfolio.web.conftest import AT, World, account_of, post

pytestmark = pytest.mark.django_db

TODAY = dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _today(world: World):  # type: ignore[no-untyped-def]
    with time_machine.travel(TODAY, tick=False):
        yield


def last_event() -> tuple[str, str, dict[str, object]]:
    event = AuditEvent.objects.order_by("-id").first()
    assert event is not None
    assert event.actor is not None
    return event.action, event.entity_slug, event.data


def test_a_partners_signature_is_recorded(world: World) -> None:
    path = f"/portfolio/stakes/{world.mine.stake.pk}/sign/"
    client = world.client("owner")

    assert 'value="2026-11-10"' in client.get(path).content.decode()
    answer = client.post(path, {"signed_on": "2026-11-10"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/portfolio/entities/qos/#stakes")
    stake = Stake.objects.get(pk=world.mine.stake.pk)
    assert (stake.agreement, stake.signed_on) == (Agreement.SIGNED, dt.date(2026, 11, 10))
    assert last_event() == (
        "portfolio:stake:sign",
        "qos",
        {"agreement": ["unsigned", "signed"], "signed_on": "2026-11-10"},
    )
    assert "recorded as signed" in client.get("/portfolio/entities/qos/").content.decode()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2026-11-22", "22 November 2026 has not come yet"),
        ("", "This field is required."),
        ("yesterday", "This is not a date; write it as 2026-11-10."),
        ("2026-02-30", "This is not a date"),
        ("0001-01-01", "check the year"),
        ("9999-12-31", "check the year"),
        ("\x00", "This is not a date"),
    ],
)
def test_a_signature_on_an_odd_day_is_refused(world: World, typed: str, sentence: str) -> None:
    answer = world.client("owner").post(
        f"/portfolio/stakes/{world.mine.stake.pk}/sign/", {"signed_on": typed}
    )

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Stake.objects.filter(agreement=Agreement.SIGNED).exists()
    assert not AuditEvent.objects.filter(action="portfolio:stake:sign").exists()


def test_what_is_signed_is_not_signed_again(world: World) -> None:
    path = f"/portfolio/stakes/{world.mine.stake.pk}/sign/"
    client = world.client("owner")
    client.post(path, {"signed_on": "2026-11-10"})

    answer = client.post(path, {"signed_on": "2026-11-11"})

    assert answer.status_code == 422
    assert "is signed already" in answer.content.decode()
    assert Stake.objects.get(pk=world.mine.stake.pk).signed_on == dt.date(2026, 11, 10)
    assert AuditEvent.objects.filter(action="portfolio:stake:sign").count() == 1


def test_a_founder_signs_nothing(world: World) -> None:
    founder = StakeFactory(entity=world.mine.entity, founder=True, agreement=Agreement.NONE)

    answer = world.client("owner").post(f"/portfolio/stakes/{founder.pk}/sign/", {"signed_on": "2026-11-10"})

    assert answer.status_code == 422
    assert "needs no agreement" in answer.content.decode()


def test_a_channel_is_listed_and_its_gates_are_passed(world: World) -> None:
    channel, client = world.mine.channel, world.client("bookings")

    answer = client.post(f"/portfolio/channels/{channel.pk}/move/", {"to": "live", "on": "2026-11-10"})

    assert answer.status_code == 302
    assert f"{channel} is recorded as live." in client.get(answer.headers["Location"]).content.decode()
    channel.refresh_from_db()
    assert (channel.status, channel.listed_on, channel.gates) == (
        ChannelStatus.LIVE,
        dt.date(2026, 11, 10),
        [],
    )
    assert last_event() == (
        "portfolio:channel:move",
        "qos",
        {"status": ["not_listed", "live"], "on": "2026-11-10", "gates_passed": ["photos"]},
    )


@pytest.mark.parametrize(
    ("status", "offered"),
    [("blocked", ["not_listed"]), ("not_listed", ["live", "blocked"]), ("live", ["not_listed", "blocked"])],
)
def test_only_legal_moves_are_offered_and_taken(world: World, status: str, offered: list[str]) -> None:
    channel = ChannelFactory(entity=world.mine.entity, status=status)
    client, path = world.client("owner"), f"/portfolio/channels/{channel.pk}/move/"

    form = client.get(path).context["form"]
    assert [value for value, _ in form.fields["to"].choices] == offered
    for illegal in {"live", "not_listed", "blocked", "nonsense", ""} - {*offered}:
        assert client.post(path, {"to": illegal, "on": "2026-11-10"}).status_code == 422
    channel.refresh_from_db()
    assert channel.status == status


def test_a_channel_that_leaves_live_has_no_listing_date(world: World) -> None:
    channel = ChannelFactory(
        entity=world.mine.entity, status=ChannelStatus.LIVE, listed_on=dt.date(2026, 11, 1)
    )

    world.client("owner").post(
        f"/portfolio/channels/{channel.pk}/move/", {"to": "not_listed", "on": "2026-11-10"}
    )

    channel.refresh_from_db()
    assert (channel.status, channel.listed_on) == (ChannelStatus.NOT_LISTED, None)


def test_a_channel_is_not_listed_ahead_of_time(world: World) -> None:
    answer = world.client("owner").post(
        f"/portfolio/channels/{world.mine.channel.pk}/move/", {"to": "live", "on": "2026-12-01"}
    )

    assert answer.status_code == 422
    assert "has not come yet" in answer.content.decode()


def test_a_model_is_adopted_by_the_owner_on_the_samples_day(world: World) -> None:
    model = world.mine.model

    answer = world.client("owner").post(f"/portfolio/models/{model.pk}/adopt/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/portfolio/entities/qos/#models")
    model.refresh_from_db()
    assert (model.state, model.adopted_on, model.adopted_by) == (
        ModelState.ADOPTED,
        dt.date(2026, 11, 10),
        world.owner,
    )
    assert last_event()[0] == "portfolio:profitability_model:adopt"
    again = world.client("owner").post(f"/portfolio/models/{model.pk}/adopt/")
    assert again.status_code == 422
    assert "is adopted already" in again.content.decode()


def test_a_handover_is_completed(world: World) -> None:
    found = world.mine.responsibility

    answer = world.client("owner").post(
        f"/portfolio/responsibilities/{found.pk}/hand-over/", {"to": Handover.COMPLETE}
    )

    assert answer.status_code == 302
    found.refresh_from_db()
    assert found.handover == Handover.COMPLETE
    assert last_event() == (
        "portfolio:responsibility:hand_over",
        "qos",
        {"handover": ["not_started", "complete"]},
    )
    assert (
        world.client("owner")
        .post(f"/portfolio/responsibilities/{found.pk}/hand-over/", {"to": "not_started"})
        .status_code
        == 422
    )


@pytest.mark.parametrize(
    ("model", "typed", "kept"),
    [
        ("retainer", "1,100", 110_000),
        ("hourly", "$95.50", 9_550),
        ("milestone", "", None),
        ("milestone", "5", 500),
    ],
)
def test_a_clients_billing_is_set(world: World, model: str, typed: str, kept: int | None) -> None:
    contract = world.mine.contract

    answer = world.client("owner").post(
        f"/portfolio/contracts/{contract.pk}/billing/", {"billing_model": model, "rate": typed}
    )

    assert answer.status_code == 302
    contract.refresh_from_db()
    assert (contract.billing_model, contract.rate_minor) == (model, kept)
    assert last_event()[2] == {"billing_model": ["", model], "currency": "USD", "rate_minor": [None, kept]}


@pytest.mark.parametrize(
    ("model", "typed", "sentence"),
    [
        ("retainer", "", "Give what Queen client pays a month"),
        ("hourly", "", "Give what Queen client pays an hour"),
        ("hourly", "0", "The rate must be above zero"),
        ("hourly", "-5", "This amount is below zero"),
        ("hourly", "1e400", "is not an amount"),
        ("hourly", "NaN", "is not an amount"),
        ("hourly", "1_000", "is not an amount"),
        ("hourly", "٩٥", "is not an amount"),
        ("hourly", "1.005", "has more than 2 decimals"),
        ("hourly", "9" * 30, "is larger than any amount"),
        ("", "95", "This field is required."),
        ("barter", "95", "Select a valid choice."),
    ],
)
def test_odd_billing_is_refused_and_nothing_typed_is_lost(
    world: World, model: str, typed: str, sentence: str
) -> None:
    answer = world.client("owner").post(
        f"/portfolio/contracts/{world.mine.contract.pk}/billing/", {"billing_model": model, "rate": typed}
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert answer.context["form"]["rate"].value() == typed
    world.mine.contract.refresh_from_db()
    assert world.mine.contract.billing_model == BillingModel.UNDEFINED


def test_two_people_who_set_it_at_once_get_one_winner(world: World) -> None:
    first, second = world.mine.contract, ClientContract.objects.get(pk=world.mine.contract.pk)
    client = world.client("owner")
    client.post(f"/portfolio/contracts/{first.pk}/billing/", {"billing_model": "hourly", "rate": "95"})

    with pytest.raises(contracts.BillingRefusedError, match="Somebody changed the contract"):
        contracts.set_billing_model(
            contract=second, billing_model=BillingModel.RETAINER, rate_minor=100, at=TODAY, by=world.owner
        )


@pytest.mark.parametrize(
    "given",
    [
        {"on": "2026-11-10", "reason": ""},
        {"on": "", "reason": "x"},
        {"on": "2026-11-10", "reason": "x" * 251},
        {},
    ],
)
def test_a_reversal_needs_a_day_and_a_reason(world: World, given: dict[str, str]) -> None:
    answer = world.client("bookkeeper").post(f"/portfolio/entries/{world.mine.entry.pk}/reverse/", given)

    assert answer.status_code == 422
    assert answer.context["form"].errors


MONTHS = "/portfolio/entities/qos/months/"


def _dockage(world: World) -> int:
    """Return the entry that the waiting line is."""
    return JournalEntry.objects.get(entity=world.mine.entity, memo="Queen dockage").pk


def test_a_month_that_agrees_with_the_bank_is_reconciled_and_closed(world: World) -> None:
    keeper, owner = world.client("bookkeeper"), world.client("owner")
    assert [row.state for row in keeper.get(MONTHS).context["rows"]] == ["open", "open"]

    answer = keeper.post(f"{MONTHS}2026-10/reconcile/", {"statement": "$3,820.00"})
    assert (answer.status_code, answer.headers["Location"]) == (302, MONTHS)
    (november, october) = owner.get(MONTHS).context["rows"]
    assert (october.state, october.cash_minor, october.statement_minor, october.by) == (
        PeriodState.RECONCILED,
        382_000,
        382_000,
        "Bo Bookkeeper",
    )
    assert (november.state, november.cash_minor) == (PeriodState.OPEN, 592_000)
    assert "Oct 2026 reconciled" in owner.get("/portfolio/").content.decode()

    # A line waits and a bill is owed that no bill tells of: both stop the close.
    assert owner.post(f"{MONTHS}2026-10/close/").status_code == 422
    keeper.post(f"/portfolio/bank-lines/{world.mine.bank_line.pk}/", {"match": _dockage(world)})
    keeper.post(f"{MONTHS}2026-10/tick/", {"tick": "payables", "note-payables": "From before"})
    keeper.post(f"{MONTHS}2026-10/tick/", {"tick": "stripe-events", "note-stripe-events": "Asked Stripe"})
    assert owner.post(f"{MONTHS}2026-10/close/").status_code == 302
    assert owner.get(MONTHS).context["rows"][1].state == PeriodState.CLOSED
    assert last_event()[0] == "portfolio:period:close"
    assert f"Month closed: {world.mine.entity}, Oct 2026" in owner.get("/").content.decode()


def test_two_bank_accounts_are_asked_for_one_by_one(world: World) -> None:
    client, path = world.client("bookkeeper"), f"{MONTHS}2026-10/reconcile/"
    second = Account.objects.create(
        entity=world.mine.entity, code="1020", name="Savings", kind="asset", role="cash"
    )
    StatementBalance.objects.create(account=second, on=dt.date(2026, 10, 31), balance_minor=0, noted_at=AT)
    checking = account_of(world.mine, "1010")
    page = client.get(path).content.decode()
    assert "Balance on the statement of 1010 Operating checking" in page
    assert f'name="statement_{second.pk}" value="$0.00"' in page
    wrong = client.post(path, {f"statement_{checking.pk}": "3,819.00", f"statement_{second.pk}": "1.00"})
    assert (wrong.status_code, "a difference of −$1.00; 1020 Savings" in wrong.content.decode()) == (
        422,
        True,
    )
    assert client.post(path, {"told": "yes"}).status_code == 422
    StatementBalance.objects.create(
        account=checking, on=dt.date(2026, 10, 31), balance_minor=382_000, noted_at=AT
    )
    assert client.post(path, {"told": "yes"}).status_code == 302
    assert client.get(MONTHS).context["rows"][1].state == PeriodState.RECONCILED


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("3820.01", "a difference of $0.01"),
        ("-3820.00", "does not reconcile"),
        ("", "This field is required."),
        ("much", "is not an amount"),
        ("1e400", "is not an amount"),
    ],
)
def test_a_statement_that_differs_or_is_odd_is_refused(world: World, typed: str, sentence: str) -> None:
    answer = world.client("bookkeeper").post(f"{MONTHS}2026-10/reconcile/", {"statement": typed})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Period.objects.exclude(state=PeriodState.OPEN).exists()


def test_a_month_that_is_not_over_or_not_reconciled_is_refused(world: World) -> None:
    owner = world.client("owner")

    early = owner.post(f"{MONTHS}2026-11/reconcile/", {"statement": "5,920"})
    assert early.status_code == 422
    assert "reconcile it once the statement is there" in early.content.decode()
    unready = owner.post(f"{MONTHS}2026-10/close/")
    assert unready.status_code == 422
    assert "reconcile it first" in unready.content.decode()


def test_the_list_of_months_takes_the_same_queries_however_many(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = world.client("owner")
    with django_assert_num_queries(10):
        client.get(MONTHS)
    for number in range(1, 9):
        post(world.mine, "6200", "1010", 100, dt.date(2026, number, 3), "Premium")
    with django_assert_num_queries(10):
        assert len(client.get(MONTHS).context["rows"]) == 11
