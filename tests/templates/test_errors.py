"""The pages for what went wrong: drawn with no context at all, because that is all a failing server has."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.views import defaults

PAGES = ("400.html", "403.html", "403_csrf.html", "404.html", "405.html", "429.html", "500.html")


@pytest.mark.parametrize("page", PAGES)
def test_an_error_page_needs_nothing_and_says_what_to_do(page: str) -> None:
    markup = render_to_string(page)

    assert len(re.findall("<h1>[^<]+</h1>", markup)) == 1
    assert '<a class="button" href="/">' in markup
    assert "<nav" not in markup


@pytest.fixture
def request_of_a_stranger(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/reports/")
    request.user = AnonymousUser()
    return request


def test_a_refusal_gives_its_own_reason(request_of_a_stranger: HttpRequest) -> None:
    refused = PermissionDenied("Only the owner reverses an entry.")

    answer = defaults.permission_denied(request_of_a_stranger, refused)

    assert answer.status_code == 403
    assert "<p>Only the owner reverses an entry.</p>" in answer.content.decode()


def test_a_refusal_without_a_reason_names_the_role(request_of_a_stranger: HttpRequest) -> None:
    answer = defaults.permission_denied(request_of_a_stranger, PermissionDenied())

    assert "your role does not reach this page" in answer.content.decode()


def test_a_failure_shows_no_trace_of_itself(request_of_a_stranger: HttpRequest) -> None:
    answer = defaults.server_error(request_of_a_stranger)

    assert answer.status_code == 500
    assert "Traceback" not in answer.content.decode()
