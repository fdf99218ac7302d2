"""The times of an event's form: what cannot be meant is refused at its field, and what was worked out is said."""

from typing import Any

import pytest

from crew.models import Event
from tests.crew.events.conftest import Harbor
from tests.crew.events.test_event_form import _monday, add_url, typed

__all__ = ["_monday"]

BY_CLOCK = {"departure_from": "clock", "departure_time": "14:57", "departure_minutes": ""}


def sent(harbor: Harbor, **changed: str) -> Any:
    """Send the form of a new event and return the answer's form, if it was refused."""
    answer = harbor.client().post(add_url(harbor), typed(harbor, **changed))
    assert answer.status_code == 422
    return answer.context["form"]


@pytest.mark.parametrize("days", ["", "0"])
def test_a_return_before_the_departure_is_not_taken_for_the_next_day(harbor: Harbor, days: str) -> None:
    form = sent(harbor, **BY_CLOCK, return_time="09:00", return_days=days)

    assert form.errors["return_time"] == [
        "09:00 is before the departure at 14:57. For the next morning, put 1 into days."
    ]
    assert not Event.objects.exists()


def test_a_return_before_a_departure_by_the_sun_is_refused_too(harbor: Harbor) -> None:
    form = sent(harbor, return_time="14:00")

    assert "14:00 is before the departure at 14:4" in form.errors["return_time"][0]


def test_the_next_morning_is_taken_where_it_is_said_and_shown_as_said(harbor: Harbor) -> None:
    client = harbor.client()

    page = client.post(
        add_url(harbor), typed(harbor, **BY_CLOCK, return_time="09:00", return_days="1"), follow=True
    )

    assert "Leaves Saturday 28 Nov 14:57 PST, back Sunday 29 Nov 09:00 PST." in page.content.decode()
    event = Event.objects.get()
    assert client.get(f"/events/{event.key}/change/").context["form"].initial["return_days"] == 1


def test_an_event_kept_as_returning_in_the_night_after_is_shown_with_its_day(harbor: Harbor) -> None:
    client = harbor.client()
    client.post(add_url(harbor), typed(harbor, **BY_CLOCK, return_time="16:57"))
    event = Event.objects.get()
    Event.objects.update(return_minutes=9 * 60)

    assert client.get(f"/events/{event.key}/change/").context["form"].initial["return_days"] == 1


def test_what_was_worked_out_is_said_after_saving(harbor: Harbor) -> None:
    page = harbor.client().post(add_url(harbor), typed(harbor, **BY_CLOCK, return_time="16:57"), follow=True)

    assert "Leaves Saturday 28 Nov 14:57 PST, back 16:57 PST." in page.content.decode()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"on": "2026-03-08", "departure_from": "clock", "departure_time": "02:30"}, "departure_time"),
        (
            {
                "on": "2026-03-07",
                "departure_from": "clock",
                "departure_time": "20:00",
                "return_time": "02:30",
                "return_days": "1",
            },
            "return_time",
        ),
        ({"return_from": "before_sunset", "return_minutes": "180"}, "return_minutes"),
    ],
)
def test_a_time_that_means_no_instant_is_refused_at_its_field(
    harbor: Harbor, changed: dict[str, str], field: str
) -> None:
    assert list(sent(harbor, **changed).errors) == [field]
