"""The pages where people write: commentary with its preview, and muting a finding."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from crew.models import Person
from portfolio.models import Entity
from reports.models import Commentary, Finding, Report
from tests.factories.reports import an_edition
from tests.reports.conftest import as_, body
from tests.reports.web.test_access import a_finding

pytestmark = pytest.mark.django_db

WRITE, LIST = "/reports/ceo/commentary/new/", "/reports/ceo/commentary/"


@pytest.fixture
def words(ceo: Report) -> dict[str, str]:
    an_edition(ceo)
    return {
        "entity": "portfolio",
        "anchor": "edition-headline",
        "body": "**Strong** <b>words</b>",
        "span": "once",
        "until_on": "",
    }


def test_a_piece_is_previewed_written_listed_and_withdrawn(words: dict[str, str], owner: Person) -> None:
    client = as_(owner)
    seen = client.post(WRITE, {**words, "do": "preview"})
    assert (seen.status_code, Commentary.objects.count()) == (200, 0)
    assert "<strong>Strong</strong> &lt;b&gt;words&lt;/b&gt;" in seen.content.decode()

    assert client.post(WRITE, words)["Location"] == LIST
    row = Commentary.objects.get()
    page = body(client, LIST)
    assert "In the next edition" in page
    assert "<strong>Strong</strong> &lt;b&gt;words&lt;/b&gt;" in page

    withdraw = reverse("reports:withdraw_commentary", args=["ceo", row.pk])
    for _ in range(2):
        assert client.post(withdraw)["Location"] == LIST
    assert Commentary.objects.count() == 2
    page = body(client, LIST)
    assert "Withdrawn by Owner" in page
    assert withdraw not in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"body": ""}, "This field is required"),
        ({"body": "x" * 4_001}, "at most 4,000 fit"),
        ({"body": "a\u202eb"}, "U+202E"),
        ({"body": "a\x00b"}, "Null characters are not allowed"),
        ({"anchor": "nowhere"}, "Select a valid choice"),
        ({"entity": "nobody"}, "Select a valid choice"),
        ({"span": "until"}, "Say up to which date"),
        ({"span": "until", "until_on": "soon"}, "Enter a valid date"),
        ({"span": "for ever"}, "Select a valid choice"),
    ],
)
def test_a_piece_that_cannot_be_printed_is_refused_and_nothing_is_lost(
    words: dict[str, str], owner: Person, typed: dict[str, str], sentence: str
) -> None:
    answer = as_(owner).post(WRITE, {**words, **typed})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Commentary.objects.count() == 0


def test_who_runs_one_entity_s_reports_writes_about_that_entity_alone(
    words: dict[str, str], qos_bookkeeper: Person, qos: Entity
) -> None:
    client = as_(qos_bookkeeper)

    assert client.post(WRITE, words).status_code == 422
    assert client.post(WRITE, {**words, "entity": "qos"}).status_code == 302
    assert Commentary.objects.get().entity == qos


def test_a_finding_is_muted_and_counts_again(ceo: Report, owner: Person) -> None:
    client, row = as_(owner), a_finding("portfolio", "No cash plan")
    mute, page = reverse("reports:mute_finding", args=[row.pk]), reverse("reports:finding", args=[row.pk])
    for typed in (
        {"until_on": "2020-01-01", "reason": "It can wait."},
        {"until_on": "9999-12-31", "reason": "It can wait."},
        {"until_on": "soon", "reason": "It can wait."},
        {"until_on": "2027-01-01", "reason": ""},
        {"until_on": "2027-01-01", "reason": "a\x00b"},
    ):
        refused = client.post(mute, typed)
        assert refused.status_code == 422, typed
        assert 'value="It can wait."' in refused.content.decode() or typed["reason"] != "It can wait."
    assert client.post(mute, {"until_on": "2027-01-01", "reason": "The bank says so."})["Location"] == page
    shown = body(client, page)
    assert "until 1 Jan 2027, by Owner: The bank says so." in shown
    for state, listed in (("muted", True), ("open", False), ("cleared", False), ("", True)):
        assert (row.title in body(client, f"/reports/findings/?state={state}")) is listed, state

    assert client.post(reverse("reports:unmute_finding", args=[row.pk]))["Location"] == page
    assert Finding.objects.get().muted_until is None


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_many_questions_for_one_piece_as_for_many(
    count: int, words: dict[str, str], owner: Person, django_assert_num_queries: Callable[[int], Any]
) -> None:
    client = as_(owner)
    for _ in range(count):
        client.post(WRITE, words)
    client.get(LIST)
    with django_assert_num_queries(8):
        client.get(LIST)
