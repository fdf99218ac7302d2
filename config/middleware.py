"""What the house adds to Django's own middleware: headers of every answer, and which forms and values are taken."""

import codecs
from collections.abc import Callable

from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.defaults import bad_request

GetResponse = Callable[[HttpRequest], HttpResponseBase]

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


class HouseHeaders:
    """Sets Permissions-Policy on every answer, and keeps pages that belong to a session out of every cache.

    A page counts as belonging to a session when the request bore the session cookie or the answer sets one. Static
    files never come here: WhiteNoise answers them further out.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request and add the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        cookie = settings.SESSION_COOKIE_NAME
        if cookie in request.COOKIES or cookie in response.cookies:
            response.headers["Cache-Control"] = "private, no-store"
        return response


class FormsInUtf8:
    """Answers 415 to a form that says it is in another encoding than UTF-8.

    Django refuses to read such a form (WHATWG URL standard: a form is UTF-8), but its page for a bad request reads the
    form once more, for the token against forgery, and so ends in an error of ours instead of theirs.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the chain; it stands before anything that reads a form."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, or refuse to read it; other names of UTF-8 (``utf8``) are taken."""
        said = request.encoding
        if said is not None and request.content_type == "application/x-www-form-urlencoded":
            if codecs.lookup(said).name != "utf-8":
                return HttpResponse("Send forms in UTF-8.\n", content_type="text/plain", status=415)
            request.encoding = "utf-8"
        return self.get_response(request)


class FormAddresses:
    """Says in words what an address is that only takes a form, to a browser that was sent there without one.

    Enter in the address bar, or going back after a form was refused, asks for it with GET; Django answers 405 and
    nothing to read. Status and Allow stay as they are.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the chain; it stands where a page can read who has signed in."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, and write the page where there would be none."""
        response = self.get_response(request)
        asks_for_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        is_bare = isinstance(response, HttpResponse) and not response.content
        if response.status_code != 405 or not asks_for_page or not is_bare:
            return response
        page = render(request, "405.html", {"event_key": self._event_key(request)}, status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    def _event_key(self, request: HttpRequest) -> str:
        """Return the key of the event that the address is about, or nothing; who may see it its page decides."""
        found = request.resolver_match
        if found is None or not request.path_info.startswith("/events/"):
            return ""
        return str(found.kwargs.get("key", ""))


class OddValuesInAdmin:
    """Answers 400 where the Django admin trips over a forged value instead of refusing it.

    It looks up what its pickers, filters and actions are given before any form has cleaned it: a word where an id
    belongs, a NUL, which PostgreSQL takes in no text, or a number too long for SQLite. Our own pages clean first, so
    this is for the admin alone.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer 400 to a value that cannot be looked up; leave everything else, our own mistakes too, as it is."""
        found = request.resolver_match
        if found is None or found.app_name != "admin":
            return None
        no_number = type(exception) is ValueError and "expected a number but got" in str(exception)
        nul = isinstance(exception, DataError | ValueError) and "NUL (0x00)" in str(exception)
        too_long = isinstance(exception, OverflowError) and "SQLite INTEGER" in str(exception)
        return bad_request(request, exception) if no_number or nul or too_long else None


class OriginOfOwnForms:
    """Tells Django's guard against forged requests where a form of a page without referrer comes from.

    Under ``Referrer-Policy: no-referrer`` a browser posts a form with ``Origin: null`` even to its own site (Fetch
    standard, "append a request Origin header"), which Django refuses. The same browser says where the request comes
    from in Sec-Fetch-Site, which no page can set or forge. Such a request gets the origin it has; the guard then
    compares origin and token as always. Without Sec-Fetch-Site it is refused, as before.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the chain; it stands right before CsrfViewMiddleware."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, its origin mended where the browser vouches for it."""
        said = request.META
        if said.get("HTTP_ORIGIN") == "null" and said.get("HTTP_SEC_FETCH_SITE") == "same-origin":
            said["HTTP_ORIGIN"] = f"{request.scheme}://{request.get_host()}"
        return self.get_response(request)
