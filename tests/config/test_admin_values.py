"""Forged values in the Django admin: an answer, never an error of ours."""

import pytest
from django.test import Client

from crew.models import StaffGrant
from tests.factories.people import StaffGrantFactory, owner
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(owner(email="boss@example.com", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("odd", ["x", "\x00", "NaN", "1e400"])
def test_an_action_on_a_word_is_a_bad_request(boss: Client, odd: str) -> None:
    StaffGrantFactory()
    held = StaffGrant.objects.live().count()

    answer = boss.post("/admin/crew/staffgrant/", {"action": "revoke", "_selected_action": [odd]})

    assert answer.status_code == 400
    assert StaffGrant.objects.live().count() == held


@pytest.mark.parametrize("odd", ["9" * 30, "-" + "9" * 30])
def test_a_number_too_long_for_any_id_is_no_error(boss: Client, odd: str) -> None:
    person = StaffGrantFactory().person

    answer = boss.post("/admin/crew/eventgrant/add/", {"event": odd, "person": person.pk, "role": "crew"})

    assert answer.status_code in {200, 400}


@pytest.mark.parametrize("odd", ["x", "\x00", "NaN"])
def test_a_word_in_a_picker_is_a_bad_request(boss: Client, odd: str) -> None:
    assert boss.post("/admin/portfolio/stake/add/", {"entity": odd}).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/admin/autocomplete/?app_label=portfolio&model_name=account&field_name=entity&term=%00",
        "/admin/portfolio/journalentry/?state=%00",
    ],
)
def test_a_nul_in_a_question_is_no_error_on_either_engine(boss: Client, path: str) -> None:
    EntityFactory()

    assert boss.get(path).status_code in {200, 400}


def test_mistakes_of_our_own_stay_errors(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr("django.contrib.admin.options.ModelAdmin.get_queryset", broken)
    boss.raise_request_exception = False

    assert boss.get("/admin/portfolio/stake/").status_code == 500
