"""Every page, with everybody, by every method: who is let in, what is written, and what each may read.

The pages come from the URL resolver and who may what from `table`, written by hand; a page that is in one and not
in the other fails. Then each check is taken away, one by one, and the matrix must notice.
"""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from config.admin import Records
from core import clock
from crew import rules
from crew.models import EventGrant
from tests.crew.permissions import answers, canaries, removals, run, world
from tests.crew.permissions.answers import Page
from tests.crew.permissions.removals import Removal
from tests.crew.permissions.run import Matrix
from tests.crew.permissions.standing_world import filled
from tests.crew.permissions.table import PAGES
from tests.crew.permissions.world import World
from tests.factories.crew import NOW
from tests.factories.people import PersonFactory

# The mark makes the database; each test then stands inside the matrix's own transaction.
# Who may what is decided in Python, from plain look-ups: one engine answers for both.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

NAMES = sorted({page.name for page in PAGES})


@pytest.fixture(scope="module")
def matrix(
    pytestconfig: pytest.Config, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Matrix]:
    """Ask everything once, in one transaction that never commits."""
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        transaction.atomic(),
    ):
        patch.setattr(clock, "now", lambda: NOW)
        yield run.run(world.build(), PAGES, full=pytestconfig.getoption("--full"))
        transaction.set_rollback(True)


def test_the_table_knows_every_address_and_no_other() -> None:
    assert {page.name for page in PAGES} == answers.names()


@pytest.mark.parametrize("name", NAMES)
def test_everybody_gets_what_is_theirs_and_nothing_else(matrix: Matrix, name: str) -> None:
    assert matrix.wrong[name] == [], "\n".join(matrix.wrong[name])


@pytest.mark.parametrize("page", [page for page in PAGES if page.scope == "event" and page.pk], ids=str)
def test_a_record_of_another_event_is_not_there(matrix: Matrix, page: Page) -> None:
    found = [
        line
        for name in ("admin of A", "captain of A by link", "owner of everything")
        for method in ("GET", "POST")
        for line in answers.strays(matrix.world, page, matrix.world.somebody(name), method)
    ]

    assert found == []


def test_an_event_that_never_was_is_not_there_and_tells_a_visitor_nothing(matrix: Matrix) -> None:
    page = Page("crew:event", get="CWGAS")
    path = answers.address(matrix.world, page, matrix.world.everybody[0], key="nosuch")

    statuses = {
        who.name: answers.ask(matrix.world, page, who, "GET", path).status for who in matrix.world.everybody
    }

    assert statuses == {who.name: 404 if who.signed_in else 302 for who in matrix.world.everybody}


def test_a_link_session_switches_to_no_grant_whose_link_was_not_opened_in_it(matrix: Matrix) -> None:
    who = matrix.world.somebody("guest of A by link")
    other = EventGrant.objects.get(person=who.person, event=matrix.world.places["b"].event)

    assert who.client.post(f"/grants/{other.pk}/").status_code == 404


def _crew(world: World) -> str:
    return str(world.somebody("crew of B").person.pk)


def _anybody(world: World) -> str:
    return str(world.somebody("an outsider").person.pk)


DEEDS = [
    ("crew:event_change", "", {"on": "2026-12-05"}),
    ("crew:event_change", "", {"departure_from": "local", "meeting_point": "Gate C"}),
    ("crew:event_advance", "", {"to": "confirmed"}),
    ("crew:people", "", {"email": "una@example.com", "name": "Una", "role": "captain"}),
    ("crew:position_override", "position.open", {"person": _anybody, "reason": "Nobody else is here"}),
    ("crew:position_override", "position.held", {"person": "nobody", "reason": "Sent home"}),
    ("crew:position_designate", "position.open", {"person": _crew}),
]


@pytest.mark.parametrize(("name", "pk", "said"), DEEDS)
def test_what_is_done_in_earnest_mails_nobody_what_they_may_not_read(
    matrix: Matrix, name: str, pk: str, said: dict[str, Any]
) -> None:
    found = next(page for page in PAGES if page.name == name)
    page = dataclasses.replace(found, pk=pk, data={})
    page = dataclasses.replace(page, data={**filled(matrix.world, page), **said})
    for who in map(matrix.world.somebody, ("admin of A", "owner of entity A")):
        answer = answers.ask(matrix.world, page, who, "POST")

        assert answers.wrong(matrix.world, page, who, "POST", answer) == []
        assert answer.mails or answer.status == 422 or name == "crew:event_advance", answer.status


# Each check taken away


@pytest.mark.parametrize("rule", run.rule_names())
def test_a_rule_that_always_says_yes_is_noticed(
    matrix: Matrix, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, rule, functools.wraps(getattr(rules, rule))(lambda *_, **__: True))

    wrong = (
        line
        for page, who, method in matrix.refused_by(rule)
        for line in answers.wrong(
            matrix.world, page, who, method, answers.ask(matrix.world, page, who, method)
        )
    )
    assert next(wrong, None), f"Nobody notices that {rule} is gone."


@pytest.mark.parametrize("removal", removals.REMOVALS, ids=lambda removal: removal.name)
def test_a_check_that_is_gone_is_noticed(
    matrix: Matrix, removal: Removal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not list(removals.noticed(matrix.world, PAGES, removal))
    removal.remove(monkeypatch)

    assert next(removals.noticed(matrix.world, PAGES, removal), None)


# The Django admin


def administrators(backend: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(PersonFactory(is_staff=True, is_superuser=True), backend=backend)
    return client


RECORDS = [
    reverse("admin:index"),
    *(
        f"/admin/crew/{model._meta.model_name}/"
        for model in admin.site._registry
        if model._meta.app_label == "crew"
    ),
]


def test_nobody_reaches_the_admin_by_a_role_a_duty_or_a_link(
    matrix: Matrix, pytestconfig: pytest.Config
) -> None:
    clients = [administrators("crew.sessions.LinkBackend"), *(who.client for who in matrix.world.everybody)]
    every = len(clients) if pytestconfig.getoption("--full") else 1
    for number, path in enumerate(RECORDS):
        # Everybody at the first page; at those of records, which one check keeps, by turns.
        asked = (
            clients if path == RECORDS[0] else [clients[(number + n) % len(clients)] for n in range(every)]
        )
        for client in asked:
            answer = client.get(path)
            assert answer.status_code in (302, 403), path
            assert not canaries.found(answer.content.decode())


def test_an_administrator_reaches_it_and_without_its_check_a_link_would(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        administrators("allauth.account.auth_backends.AuthenticationBackend").get("/admin/").status_code
        == 200
    )
    monkeypatch.setattr(Records, "has_permission", AdminSite.has_permission)

    assert administrators("crew.sessions.LinkBackend").get("/admin/").status_code == 200
