"""Lower floors ask who may see what; whoever registered last answers."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from core import access

PERSON = SimpleNamespace(is_authenticated=True)


class Fixed:
    """Answers from a table of duty to entities; None is the whole portfolio."""

    def __init__(self, **duties: frozenset[int] | None) -> None:
        self.duties = duties

    def entity_ids(self, person: Any, duty: str) -> frozenset[int] | None:
        return self.duties.get(duty, frozenset())

    def may(self, person: Any, duty: str, entity_id: int | None) -> bool:
        ids = self.entity_ids(person, duty)
        return ids is None or entity_id in ids


@pytest.fixture(autouse=True)
def _keep_the_policy() -> Iterator[None]:
    before = list(access._policy)
    yield
    access._policy[:] = before


def test_the_last_policy_registered_answers() -> None:
    access.register(Fixed(read=frozenset({1})))
    access.register(Fixed(read=None))
    assert access.entity_ids(PERSON) is None
    assert access.may(PERSON, "read", 7)


def test_the_invisible_is_404_and_the_forbidden_403() -> None:
    access.register(Fixed(read=frozenset({1, 2}), keep=frozenset({1})))
    access.require(PERSON, "keep", 1)
    access.require(PERSON, "read", 2)
    with pytest.raises(PermissionDenied, match="Ask the owner"):
        access.require(PERSON, "keep", 2)
    for duty in ("read", "keep"):
        with pytest.raises(Http404):
            access.require(PERSON, duty, 3)


def _page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("inside")


def _get(user: Any) -> HttpRequest:
    request = RequestFactory().get("/portfolio/?page=2")
    request.user = user
    return request


def test_staff_pages_send_strangers_to_sign_in_and_refuse_the_others() -> None:
    page = access.staff(_page)
    assert page.audience == "staff"
    answer = page(_get(AnonymousUser()))
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=/portfolio/%3Fpage%3D2")
    access.register(Fixed())
    with pytest.raises(PermissionDenied, match="is for staff"):
        page(_get(PERSON))
    for ids in (frozenset({1}), None):
        access.register(Fixed(read=ids))
        assert page(_get(PERSON)).content == b"inside"


def test_a_part_asked_for_after_the_session_ended_loads_the_page_anew_and_holds_no_sign_in_page() -> None:
    request = RequestFactory().get("/portfolio/", headers={"HX-Request": "true"})
    request.user = AnonymousUser()
    answer = access.staff(_page)(request)

    assert (answer.status_code, answer["HX-Refresh"], answer.content) == (403, "true", b"")
    assert "Location" not in answer
