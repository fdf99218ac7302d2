"""Bookings in the portal: found, written down, changed, moved on, and earned."""

import datetime as dt
import threading

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models import AuditEvent
from mail.models import Campaign, CampaignState, MailingList
from portfolio.domain import bookings, enquiries
from portfolio.domain.enquiries import Terms, TermsRefusedError
from portfolio.models import Booking, BookingStage, JournalEntry
from tests.factories import people
from tests.factories.portfolio import BookingFactory, ChannelFactory, EntityFactory
from tests.portfolio.web.conftest import AS_OF, AT, World

NEW = {
    "entity": "qos",
    "title": "Whale watching",
    "kind": "charter",
    "client_name": "Ada Client",
    "client_email": "ada@example.com",
    "party_size": "4",
    "service_on": "2026-12-12",
    "price": "2,100.00",
    "deposit": "$1,050",
    "enquired_on": "2026-11-09",
    "stage": "booked",
    "on": "2026-11-10",
}


def terms(**changed: object) -> Terms:
    values: dict[str, object] = {
        "title": "Whale watching",
        "kind": "charter",
        "channel": None,
        "client_name": "",
        "client_email": "",
        "party_size": 4,
        "service_on": dt.date(2026, 12, 12),
        "price_minor": 210_000,
        "deposit_minor": 0,
    }
    return Terms(**{**values, **changed})  # type: ignore[arg-type]


def test_a_confirmed_charter_is_written_down_in_one_go(world: World) -> None:
    answer = world.client("bookings").post(
        "/portfolio/bookings/add/", {**NEW, "channel": str(world.mine.channel.pk)}
    )

    booking = Booking.objects.get(title="Whale watching")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/portfolio/bookings/{booking.pk}/")
    assert (booking.reference, booking.stage, booking.channel) == (
        "QOS-0001",
        BookingStage.BOOKED,
        world.mine.channel,
    )
    assert (booking.price_minor, booking.deposit_minor, booking.paid_minor) == (210_000, 105_000, 0)
    assert (booking.enquired_on, booking.quoted_on, booking.booked_on) == (
        dt.date(2026, 11, 9),
        dt.date(2026, 11, 10),
        dt.date(2026, 11, 10),
    )
    events = AuditEvent.objects.filter(subject_type="portfolio.booking", subject_id=str(booking.pk)).order_by(
        "id"
    )
    assert [event.action for event in events] == [
        "portfolio:booking:add",
        "portfolio:booking:quoted",
        "portfolio:booking:booked",
    ]
    assert {event.actor for event in events} == {world.bookings}


def test_references_count_on_from_the_highest(world: World) -> None:
    for reference in ("QOS-0041", "QOS-9", "QOS-X1", "JADA-0099"):
        BookingFactory(entity=world.mine.entity, reference=reference)

    world.client("owner").post("/portfolio/bookings/add/", NEW)

    assert Booking.objects.get(title="Whale watching").reference == "QOS-0042"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"service_on": ""}, "has no service date"),
        ({"deposit": "2,100.01"}, "The deposit is part of the price"),
        ({"price": "-1"}, "below zero"),
        ({"price": "1e9"}, "is not an amount"),
        ({"price": ""}, "This field is required."),
        ({"party_size": "-1"}, "greater than or equal to 0"),
        ({"party_size": "9" * 40}, "less than or equal to 10000"),
        ({"stage": "completed"}, "Select a valid choice."),
        ({"stage": "nonsense"}, "Select a valid choice."),
        ({"entity": "jada"}, "Select a valid choice."),
        ({"entity": "atlantis"}, "Select a valid choice."),
        ({"channel": "999999"}, "Select a valid choice."),
        ({"client_email": "a@b, evil@x"}, "Enter a valid email address."),
        ({"title": "x" * 161}, "at most 160 characters"),
        ({"title": "a\x00b"}, "Null characters are not allowed."),
        ({"on": "2026-11-08"}, "before it was asked for"),
        ({"enquired_on": "2026-13-01"}, "This is not a date"),
    ],
    ids=str,
)
def test_an_odd_booking_is_refused_whole(world: World, changed: dict[str, str], sentence: str) -> None:
    person = people.StaffGrantFactory(duty="bookings", entity=world.mine.entity).person
    client = world.client("anonymous")
    client.force_login(person)
    before = (Booking.objects.count(), AuditEvent.objects.count())

    answer = client.post("/portfolio/bookings/add/", {**NEW, **changed})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert (Booking.objects.count(), AuditEvent.objects.count()) == before
    for name, value in {**NEW, **changed}.items():
        assert answer.context["form"][name].value() == value


def test_an_empty_post_is_refused(world: World) -> None:
    assert world.client("owner").post("/portfolio/bookings/add/", {}).status_code == 422


def test_a_channel_of_another_entity_is_refused(world: World) -> None:
    answer = world.client("owner").post(
        "/portfolio/bookings/add/", {**NEW, "channel": str(world.other.channel.pk)}
    )

    assert answer.status_code == 422
    assert "is no channel of Queen" in answer.content.decode()


def test_fields_that_are_not_offered_are_ignored(world: World) -> None:
    world.client("owner").post(
        "/portfolio/bookings/add/",
        {**NEW, "paid_minor": "1", "paid": "5", "reference": "X", "stripe_id": "cus_x"},
    )

    booking = Booking.objects.get(title="Whale watching")
    assert (booking.paid_minor, booking.reference, booking.stripe_id) == (0, "QOS-0001", "")


def test_a_booking_is_moved_on_and_earned(world: World) -> None:
    booking, client = world.mine.booking, world.client("bookings")
    path = f"/portfolio/bookings/{booking.pk}/"

    assert client.post(f"{path}advance/", {"to": "paid", "on": "2026-11-09"}).status_code == 302
    answer = client.post(f"{path}advance/", {"to": "completed", "on": "2026-11-10"})

    assert (answer.status_code, answer.headers["Location"]) == (302, path)
    booking.refresh_from_db()
    assert (booking.stage, booking.completed_on) == (BookingStage.COMPLETED, dt.date(2026, 11, 10))
    page = client.get(path).content.decode()
    assert "Move it" not in page
    assert "Change</a>" not in page


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"to": "enquiry", "on": "2026-11-10"}, "Select a valid choice."),
        ({"to": "completed", "on": "2026-11-01"}, "cannot be completed on 1 November 2026"),
        ({"to": "paid", "on": ""}, "This field is required."),
        ({"to": "", "on": "2026-11-10"}, "This field is required."),
        ({}, "This field is required."),
    ],
    ids=str,
)
def test_a_move_that_cannot_be_is_refused_on_the_bookings_page(
    world: World, given: dict[str, str], sentence: str
) -> None:
    answer = world.client("bookings").post(f"/portfolio/bookings/{world.mine.booking.pk}/advance/", given)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    world.mine.booking.refresh_from_db()
    assert world.mine.booking.stage == BookingStage.BOOKED


def test_only_an_owner_calls_a_booking_off_on_an_earlier_day(world: World) -> None:
    path = f"/portfolio/bookings/{world.mine.booking.pk}/advance/"
    back_dated = {"to": "cancelled", "on": "2026-11-09"}
    answer = world.client("bookings").post(path, back_dated)
    assert (answer.status_code, "only an owner dates it back" in answer.content.decode()) == (422, True)
    assert world.client("owner").post(path, back_dated).status_code == 302


def test_who_does_not_book_sees_no_form(world: World) -> None:
    for who in ("bookkeeper", "reader"):
        client = world.client(who)
        assert "Move it" not in client.get(f"/portfolio/bookings/{world.mine.booking.pk}/").content.decode()
        answer = client.post(
            f"/portfolio/bookings/{world.mine.booking.pk}/advance/", {"to": "paid", "on": "2026-11-10"}
        )
        assert answer.status_code == 403


def test_terms_are_changed_and_the_change_is_audited(world: World) -> None:
    booking = world.mine.booking
    changed = {**NEW, "title": booking.title, "service_on": "2026-11-08", "price": "2,300", "deposit": ""}

    answer = world.client("bookings").post(f"/portfolio/bookings/{booking.pk}/change/", changed)

    assert answer.status_code == 302
    booking.refresh_from_db()
    assert (booking.price_minor, booking.stage, booking.enquired_on) == (
        230_000,
        BookingStage.BOOKED,
        dt.date(2026, 11, 1),
    )
    event = AuditEvent.objects.get(action="portfolio:booking:change")
    assert event.data["price_minor"] == [210_000, 230_000]


def test_moving_a_booking_across_the_end_of_summer_time_keeps_its_hours(db: None) -> None:
    booking = BookingFactory(
        service_on=dt.date(2026, 10, 31),
        starts_at=dt.datetime(2026, 10, 31, 17, 0, tzinfo=dt.UTC),
        ends_at=dt.datetime(2026, 10, 31, 20, 30, tzinfo=dt.UTC),
    )

    moved = enquiries.change_terms(
        booking=booking, terms=terms(service_on=dt.date(2026, 11, 1)), by=people.owner(), at=AT
    )

    assert moved.starts_at == dt.datetime(2026, 11, 1, 18, 0, tzinfo=dt.UTC)
    assert moved.ends_at == dt.datetime(2026, 11, 1, 21, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("fields", "changed", "sentence"),
    [
        ({"stage": "lost", "ended_on": AS_OF}, {}, "its terms stay as they were"),
        ({"stage": "booked", "service_on": AS_OF}, {"service_on": None}, "needs a date of service"),
        ({"paid_minor": 210_001}, {}, "paid more than this price already"),
        ({}, {"price_minor": -1}, "never below zero"),
    ],
)
def test_terms_that_cannot_be_are_refused(
    db: None, fields: dict[str, object], changed: dict[str, object], sentence: str
) -> None:
    booking = BookingFactory(**fields)

    with pytest.raises(TermsRefusedError, match=sentence):
        enquiries.change_terms(booking=booking, terms=terms(**changed), by=people.owner(), at=AT)

    assert not AuditEvent.objects.exists()


def test_the_list_shows_what_is_under_way_the_next_first(world: World) -> None:
    for reference, day in (("A", None), ("B", dt.date(2026, 12, 1)), ("C", dt.date(2026, 11, 20))):
        BookingFactory(entity=world.mine.entity, reference=reference, service_on=day)
    BookingFactory(entity=world.mine.entity, reference="GONE", stage=BookingStage.LOST, ended_on=AS_OF)

    rows = world.client("reader").get("/portfolio/bookings/").context["page_obj"].object_list

    assert [row.reference for row in rows] == [world.mine.booking.reference, "C", "B", "A"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?stage=lost", ["GONE"]),
        ("?stage=all&q=gone", ["GONE"]),
        ("?q=SUNSET&entity=qos", ["MINE"]),
        ("?q=nobody", []),
        ("?entity=qos", ["MINE"]),
        ("?entity=jada", ["MINE"]),
        ("?entity=atlantis", ["MINE"]),
        ("?stage=nonsense", ["MINE"]),
        ("?q=%00", ["MINE"]),
        ("?q=%25", []),
        ("?q=" + "x" * 500, ["MINE"]),
    ],
)
def test_the_list_is_narrowed_by_stage_entity_and_words(world: World, query: str, found: list[str]) -> None:
    Booking.objects.filter(pk=world.mine.booking.pk).update(reference="MINE")
    BookingFactory(
        entity=world.mine.entity, reference="GONE", title="Other", stage=BookingStage.LOST, ended_on=AS_OF
    )

    answer = world.client("reader").get(f"/portfolio/bookings/{query}")

    assert answer.status_code == 200
    assert [row.reference for row in answer.context["page_obj"].object_list] == found


def test_the_tabs_count_every_stage(world: World) -> None:
    BookingFactory(entity=world.mine.entity, stage=BookingStage.LOST, ended_on=AS_OF, price_minor=500)
    BookingFactory(entity=world.mine.entity, price_minor=300)

    context = world.client("owner").get("/portfolio/bookings/").context

    assert [(tab["label"], tab["count"]) for tab in context["stages"] if tab["count"]] == [
        ("Under way", 3),
        ("Enquiry", 1),
        ("Booked", 2),
        ("Lost", 1),
        ("All", 4),
    ]
    assert {count.stage: count.price_minor for count in context["counts"] if count.count} == {
        "enquiry": 300,
        "booked": 420_000,
        "lost": 500,
    }


def test_the_list_takes_the_same_queries_however_long(world: World, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    client = world.client("owner")
    with django_assert_num_queries(9):
        client.get("/portfolio/bookings/")
    for _ in range(60):
        BookingFactory(entity=world.mine.entity, channel=world.mine.channel)
    with django_assert_num_queries(9):
        answer = client.get("/portfolio/bookings/")
    assert "1–50 of 62 bookings" in answer.content.decode()


def test_a_bookings_page_shows_its_money_and_its_way(world: World) -> None:
    page = world.client("reader").get(f"/portfolio/bookings/{world.mine.booking.pk}/").content.decode()

    for words in (
        "Ada Client",
        "$2,100.00",
        "Queen Sailo",
        "for Sunday 8 November 2026",
        "Queen charter paid",
        "4000 Sales",
    ):
        assert words in page, words


def test_nobody_owes_the_price_of_a_lost_booking(world: World) -> None:
    lost = BookingFactory(entity=world.mine.entity, stage=BookingStage.LOST, ended_on=AS_OF)
    client = world.client("reader")

    assert client.get(f"/portfolio/bookings/{lost.pk}/").context["balance_minor"] is None
    assert client.get(f"/portfolio/bookings/{world.mine.booking.pk}/").context["balance_minor"] == 210_000


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    price=st.integers(min_value=0, max_value=10**10),
    deposit=st.integers(min_value=0, max_value=10**10),
    stage=st.sampled_from(list(BookingStage)),
)
def test_any_price_is_kept_to_the_cent_or_refused_whole(
    db: None, price: int, deposit: int, stage: BookingStage
) -> None:
    entity, by = EntityFactory(), people.owner()
    before = AuditEvent.objects.count()
    try:
        booking = enquiries.add_booking(
            entity=entity,
            terms=terms(price_minor=price, deposit_minor=deposit),
            enquired_on=AS_OF,
            stage=stage,
            on=AS_OF,
            by=by,
            at=AT,
        )
    except TermsRefusedError:
        assert deposit > price or stage not in enquiries.FIRST_STAGES
        assert not entity.bookings.exists()
        assert AuditEvent.objects.count() == before
    else:
        assert (booking.price_minor, booking.deposit_minor, booking.stage) == (price, deposit, stage)


def test_nothing_is_posted_by_writing_down(world: World) -> None:
    before = JournalEntry.objects.count()

    world.client("owner").post("/portfolio/bookings/add/", NEW)

    assert JournalEntry.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_two_people_who_write_down_at_once_get_two_references() -> None:
    entity, by = EntityFactory(slug="qos"), people.owner()
    start, failed = threading.Barrier(4), []

    def write_down() -> None:
        start.wait()
        try:
            enquiries.add_booking(
                entity=entity,
                terms=terms(),
                enquired_on=AS_OF,
                stage=BookingStage.BOOKED,
                on=AS_OF,
                by=by,
                at=AT,
            )
        except (TermsRefusedError, bookings.BookingError) as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write_down) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    references = sorted(Booking.objects.values_list("reference", flat=True))
    assert references == ["QOS-0001", "QOS-0002", "QOS-0003", "QOS-0004"]


def test_channels_of_the_form_are_those_of_the_entities_booked_for(world: World) -> None:
    ChannelFactory(entity=world.other.entity, name="Hidden")
    person = people.StaffGrantFactory(duty="bookings", entity=world.mine.entity).person
    client = world.client("anonymous")
    client.force_login(person)

    page = client.get("/portfolio/bookings/add/").content.decode()

    assert "Queen Sailo" in page
    assert "Hidden" not in page
    assert "Jazz" not in page


def test_a_booking_names_the_campaign_it_came_from_and_no_draft_is_offered(world: World) -> None:
    opened = MailingList.objects.create(slug="guests", name="Guests", purpose="News.", created_at=AT)
    values = {
        "mailing_list": opened,
        "subject": "Jazz",
        "from_name": "JADA",
        "body": "Jazz.",
        "created_at": AT,
    }
    sent = Campaign.objects.create(
        name="Winter letter", state=CampaignState.SENDING, started_at=AT, last_subscriber_id=0, **values
    )
    draft = Campaign.objects.create(name="Not yet", **values)
    client = world.client("bookings")
    shown = client.get("/portfolio/bookings/add/").content.decode()
    assert "Winter letter (" in shown
    assert "Not yet" not in shown

    assert client.post("/portfolio/bookings/add/", {**NEW, "campaign": str(draft.pk)}).status_code == 422
    client.post("/portfolio/bookings/add/", {**NEW, "campaign": str(sent.pk)})
    booking = Booking.objects.get(title="Whale watching")
    assert booking.campaign == sent
    assert "Winter letter" in client.get(f"/portfolio/bookings/{booking.pk}/").content.decode()

    changed = {
        name: value for name, value in NEW.items() if name not in ("entity", "enquired_on", "stage", "on")
    }
    client.post(f"/portfolio/bookings/{booking.pk}/change/", {**changed, "campaign": ""})
    booking.refresh_from_db()
    assert booking.campaign is None
    told = AuditEvent.objects.get(action="portfolio:booking:change").data
    assert told["campaign"] == ["Winter letter", None]


def test_no_booking_came_from_a_campaign_that_was_never_sent(world: World) -> None:
    opened = MailingList.objects.create(slug="guests", name="Guests", purpose="News.", created_at=AT)
    draft = Campaign.objects.create(
        mailing_list=opened, name="Not yet", subject="Jazz", from_name="JADA", body="Jazz.", created_at=AT
    )
    with pytest.raises(TermsRefusedError, match="never sent"):
        enquiries.add_booking(
            entity=world.mine.entity, terms=terms(campaign=draft), enquired_on=AS_OF, stage=BookingStage.ENQUIRY, on=AS_OF,
            by=people.owner(), at=AT,
        )  # fmt: skip
