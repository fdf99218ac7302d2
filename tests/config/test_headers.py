"""The headers of every answer, `/healthz`, and what a browser's form may do under them."""

from http.cookies import SimpleCookie

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory, override_settings

from config.middleware import PERMISSIONS_POLICY, HouseHeaders

pytestmark = pytest.mark.django_db


def policy(header: str) -> dict[str, set[str]]:
    """Return a Content-Security-Policy as directives and their sources."""
    return {name: set(sources) for name, *sources in (part.split() for part in header.split(";"))}


def test_healthz_says_ok_when_the_database_answers(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_healthz_takes_no_post(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


@pytest.mark.parametrize("path", ["/healthz", "/account/login/", "/no/such/page"])
def test_every_answer_bears_the_headers_of_the_house(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Permissions-Policy"] == PERMISSIONS_POLICY
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/healthz", "/account/login/", "/no/such/page"])
def test_the_content_security_policy_allows_nothing_unsafe(client: Client, path: str) -> None:
    told = policy(client.get(path).headers["Content-Security-Policy"])

    nonces = {source for sources in told.values() for source in sources if source.startswith("'nonce-")}
    assert {name: sources - nonces for name, sources in told.items()} == {
        "default-src": {"'self'"},
        "script-src": {"'self'"},
        "style-src": {"'self'"},
        "img-src": {"'self'", "data:"},
        "object-src": {"'none'"},
        "base-uri": {"'none'"},
        "form-action": {"'self'"},
        "frame-ancestors": {"'none'"},
    }


def test_a_page_of_a_session_is_kept_by_no_cache(client: Client) -> None:
    client.force_login(get_user_model().objects.create_user(email="owner@example.com"))

    assert client.get("/healthz").headers["Cache-Control"] == "private, no-store"
    assert client.get("/no/such/page").headers["Cache-Control"] == "private, no-store"


def test_an_answer_that_begins_a_session_is_kept_by_no_cache(rf: RequestFactory) -> None:
    def begin(request: HttpRequest) -> HttpResponse:
        answer = HttpResponse()
        answer.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: "new"})
        return answer

    assert HouseHeaders(begin)(rf.get("/")).headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://testserver"}, 302),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "https://evil.example.com", "Sec-Fetch-Site": "same-origin"}, 403),
        # What Chromium, Firefox and Safari send for a form on a page that sends no referrer.
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 302),
        ({"Origin": "null", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_form_is_taken_from_our_own_pages_only(
    rf: RequestFactory, headers: dict[str, str], status: int
) -> None:
    strict = Client(enforce_csrf_checks=True)
    request = rf.get("/")
    token = get_token(request)
    strict.cookies[settings.CSRF_COOKIE_NAME] = request.META["CSRF_COOKIE"]
    form = {"login": "nobody@example.com", "csrfmiddlewaretoken": token}

    assert strict.post("/account/login/", form, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("charset", "status"),
    [("utf-8", 302), ("UTF8", 302), ("utf-7", 415), ("latin-1", 415), ("utf-16", 415)],
)
def test_a_form_in_another_encoding_is_refused_and_is_no_error_of_ours(charset: str, status: int) -> None:
    form = f"application/x-www-form-urlencoded; charset={charset}"

    # An address of its own: codes for one address are limited to three a minute.
    answer = Client().post("/account/login/", f"login={charset}%40example.com".encode(), content_type=form)

    assert answer.status_code == status
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_form_of_our_own_without_its_token_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post(
        "/account/login/",
        {"login": "nobody@example.com"},
        headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    )

    assert answer.status_code == 403


@override_settings(SECURE_SSL_REDIRECT=True)
def test_only_the_health_check_is_answered_without_tls_where_tls_is_asked_for(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/account/login/").headers["Location"] == "https://testserver/account/login/"
