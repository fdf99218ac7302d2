"""Addresses that only take a form: what a browser reads that comes without one."""

import pytest
from django.test import Client

from tests.factories.crew import EventFactory
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_browser_without_the_form_reads_where_to_go(client: Client, signed_in: bool) -> None:
    event = EventFactory()
    if signed_in:
        client.force_login(PersonFactory())

    answer = client.get(f"/events/{event.key}/positions/1/claim/", headers={"accept": BROWSER})

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    page = answer.content.decode()
    assert "This address only takes a form that was sent" in page
    assert f'href="/events/{event.key}/"' in page
    assert event.title not in page


def test_elsewhere_it_leads_to_the_first_page(client: Client) -> None:
    answer = client.get("/q/open/", headers={"accept": BROWSER})

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert '<a class="button" href="/">Go to the first page</a>' in answer.content.decode()


@pytest.mark.parametrize("key", ["nothing-like-it", "%00", "a%20b", "%22%3E%3Cscript%3E"])
def test_a_key_that_is_no_event_is_no_mistake_of_ours(client: Client, key: str) -> None:
    answer = client.get(f"/events/{key}/positions/1/claim/", headers={"accept": BROWSER})

    assert answer.status_code in (404, 405)
    assert b"<script>" not in answer.content


@pytest.mark.parametrize("accept", ["", "*/*", "application/json"])
def test_programs_get_the_bare_refusal(client: Client, accept: str) -> None:
    answer = client.get("/q/open/", headers={"accept": accept})

    assert (answer.status_code, answer["Allow"], answer.content) == (405, "POST", b"")


def test_a_form_that_reaches_a_page_gets_the_bare_refusal(client: Client) -> None:
    answer = client.post("/healthz", headers={"accept": BROWSER})

    assert (answer.status_code, answer.content) == (405, b"")
