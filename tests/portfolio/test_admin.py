"""The admin shows every record, edits what staff may fix, and leaves the books alone."""

import datetime as dt

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from crew.models import Person
from portfolio.models import Booking, SampleMark, Stake
from tests.portfolio.conftest import Books
from tests.portfolio.test_intake import a_booking, bank

BOOKS = ["journalentry", "posting", "monthlybalance", "importedline", "importfile", "period", "handofffile"]


@pytest.fixture
def admin_client(db: None) -> Client:
    """Return a browser with a superuser signed in."""
    person = Person.objects.create_superuser("root@example.com")
    client = Client()
    client.force_login(person)
    return client


def test_every_model_is_listed_searched_and_filtered() -> None:
    for model in apps.get_app_config("portfolio").get_models():
        if model is SampleMark or model.__name__ in {"BookingCost", "Commission"}:
            continue
        shown = admin.site._registry[model]
        assert shown.search_fields, model
        assert len(shown.list_display) > 1, model


def test_every_list_opens_and_searches(books: Books, admin_client: Client) -> None:
    bank(books)
    for model in apps.get_app_config("portfolio").get_models():
        if admin.site.is_registered(model):
            page = reverse(f"admin:portfolio_{model._meta.model_name}_changelist")
            assert admin_client.get(page, {"q": "a"}).status_code == 200, page


@pytest.mark.parametrize("model", BOOKS)
def test_the_books_are_read_only(books: Books, admin_client: Client, model: str) -> None:
    bank(books)
    assert admin_client.get(reverse(f"admin:portfolio_{model}_add")).status_code == 403
    entry = books.post("6100", "1010", 500)
    page = reverse("admin:portfolio_journalentry_change", args=[entry.pk])
    assert admin_client.get(page).status_code == 200
    assert admin_client.post(page, {"memo": "Changed"}).status_code == 403
    assert (
        admin_client.post(reverse("admin:portfolio_journalentry_delete", args=[entry.pk])).status_code == 403
    )
    entry.refresh_from_db()
    assert entry.memo == "Dock fee"


def test_a_fix_is_audited_with_old_and_new_value(books: Books, admin_client: Client) -> None:
    stake = Stake.objects.create(entity=books.entity, holder="Partner", share_bp=2000)
    answer = admin_client.post(
        reverse("admin:portfolio_stake_change", args=[stake.pk]),
        {"entity": books.entity.pk, "holder": "Partner", "share_bp": 2500, "vesting_months": 0, "agreement": "none",
         "signed_on": "", "source": ""},
    )  # fmt: skip
    assert answer.status_code == 302
    event = AuditEvent.objects.get(action="admin:stake:change")
    assert event.data == {"share_bp": ["2000", "2500"]}
    assert (event.entity_slug, event.actor.email) == ("qos", "root@example.com")
    assert LogEntry.objects.count() == 1


def test_a_broken_fix_is_told_on_the_form(books: Books, admin_client: Client) -> None:
    stake = Stake.objects.create(entity=books.entity, holder="Partner", share_bp=2000)
    answer = admin_client.post(
        reverse("admin:portfolio_stake_change", args=[stake.pk]),
        {"entity": books.entity.pk, "holder": "Partner", "share_bp": 99999, "vesting_months": 0, "agreement": "none",
         "signed_on": "", "source": ""},
    )  # fmt: skip
    assert answer.status_code == 200
    assert b"stake_share_within_whole" in answer.content
    assert not AuditEvent.objects.exists()


def test_an_account_with_entries_keeps_its_place(books: Books, admin_client: Client) -> None:
    books.post("6100", "1010", 500)
    account = books.accounts["6100"]
    page = reverse("admin:portfolio_account_change", args=[account.pk])
    answer = admin_client.post(
        page, {"name": "Slip fees", "active": "on", "role": "loan", "currency": "EUR", "kind": "equity"}
    )
    assert answer.status_code == 302
    account.refresh_from_db()
    assert (account.name, account.role, account.currency) == ("Slip fees", "fixed_cost", "USD")
    new = {
        "entity": books.entity.pk,
        "code": "1011",
        "name": "Pesos",
        "kind": "asset",
        "role": "cash",
        "currency": "MXN",
    }
    assert admin_client.post(reverse("admin:portfolio_account_add"), new).status_code == 302
    assert books.entity.accounts.get(code="1011").currency == "USD"


def test_a_bookings_stage_is_not_moved_here(books: Books, admin_client: Client) -> None:
    booking = a_booking(books)
    answer = admin_client.post(
        reverse("admin:portfolio_booking_change", args=[booking.pk]),
        {"title": "Longer sail", "kind": "charter", "party_size": 4, "service_on": "2026-10-20", "price_minor": 200000,
         "deposit_minor": 0, "stage": "completed", "costs-TOTAL_FORMS": 0, "costs-INITIAL_FORMS": 0},
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["errors"]
    booking = Booking.objects.get()
    assert (booking.title, booking.stage) == ("Longer sail", "booked")
    assert booking.service_on == dt.date(2026, 10, 20)


def test_the_list_of_entries_takes_as_many_queries_for_many_rows(
    books: Books, admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 20):
        for number in range(count):
            books.post("6100", "1010", 100 + number)
        # Two of them the frame's, which asks what somebody without a duty works.
        with django_assert_num_queries(11):
            admin_client.get(reverse("admin:portfolio_journalentry_changelist"))
