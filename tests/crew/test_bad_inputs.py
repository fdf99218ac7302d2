"""What no form expects, in every field of every form, in every query and address: a plain answer, and nothing lost."""

import functools
import html
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from django.db import transaction
from django.test import Client

from tests.crew.permissions import answers
from tests.crew.permissions.answers import Page
from tests.crew.permissions.standing_world import filled, opened, standing, who_may  # noqa: F401 - a fixture
from tests.crew.permissions.table import PAGES
from tests.crew.permissions.table_office import PAGES as OFFICE
from tests.crew.permissions.world import Somebody, World

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
BAD: dict[str, bytes] = {
    "empty": b"",
    "a NUL": b"\x00",
    "a NUL within": b"Una\x00Newcomer",
    "a lone surrogate": "\ud800".encode("utf-8", "surrogatepass"),
    "no UTF-8": b"\xff\xfe\xfa",
    "a line break": b"a@example.com\r\nBcc: evil@example.com",
    "two addresses": b'"a@b, evil@x"@example.com',
    "markup": b"<script>alert(1)</script>",
    "template braces": b"{{ event.gate_code }}{% debug %}",
    "a formula": b"=cmd|' /C calc'!A0",
    "right to left": "\u202e\u05d0\u05d1".encode(),
    "an emoji": "\U0001f6a4".encode(),
    "Arabic digits": "\u0661\u0662\u0663".encode(),
    "full-width digits": "\uff11\uff12".encode(),
    "below zero": b"-1",
    "minus zero": b"-0",
    "more than 64 bits": b"9223372036854775808",
    "very many digits": b"9" * 5000,
    "an exponent": b"1e400",
    "not a number": b"NaN",
    "underscores": b"1_000",
    "30 February": b"2027-02-30",
    "the year 10000": b"10000-01-01",
    "the year 1": b"0001-01-01",
    "a path": b"../../etc/passwd",
    "a zone": b"Australia/Lord_Howe",
    "an open list": b"[" * 5000,
}
# What the engines themselves take differently is tried on both, the rest beside PostgreSQL.
DIFFERING = frozenset({
    *("a NUL", "a NUL within", "a lone surrogate", "no UTF-8", "below zero", "more than 64 bits"),
    *("very many digits", "an exponent", "not a number", "the year 10000", "the year 1"),
})  # fmt: skip
VALUES = pytest.mark.parametrize(
    "values",
    [
        pytest.param(DIFFERING, id="engines differ"),
        pytest.param(frozenset(BAD) - DIFFERING, id="alike", marks=pytest.mark.once_postgresql),
    ],
)
HUGE = b"x" * 1_000_000
# One page of each name will do here: which record it is about makes no difference to what is typed.
CREW = list(
    {
        page.name: page for page in PAGES if page not in OFFICE and page.scope not in ("nowhere", "papers")
    }.values()
)
POSTS = [
    page
    for page in CREW
    if page.scope == "public" or page.post or (page.scope == "worker" and page.post is not None)
]
# Fields that are asked for by hand, and those of forms that stand on a page of another address.
FIELDS: dict[str, tuple[str, ...]] = {
    "crew:guest_add": ("name", "email"),
    "crew:guest_clear": ("how",),
    "crew:position_designate": ("person",),
    "crew:position_override": ("person", "reason", "silent"),
    "crew:item_complete": ("number", "text", "photo", "from", "show"),
    "crew:item_hold": ("reason", "owner", "review", "from"),
    "crew:link_taken": ("instead_of",),
    "crew:link_code": ("code", "email"),
    "crew:link_step": ("code", "action"),
    "crew:dock_ask": ("name", "email"),
    "crew:dock_open": ("instead_of",),
    "crew:pay": ("positions", "on"),
    "crew:undo_pay": ("what", "on", "reason"),
}
QUERIES = (
    *(
        "page",
        "q",
        "tab",
        "state",
        "entity",
        "vessel",
        "kind",
        "first",
        "last",
        "within",
        "show",
        "since",
        "month",
    ),
    *("template", "on", "checklist", "next", "seen", "stage"),
)


Forms = Callable[[Page], tuple[dict[str, bytes], list[str]]]


def send(world: World, page: Page, who: Somebody, fields: dict[str, bytes]) -> int:
    """Post what is given, byte for byte, and put everything back."""
    body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields.items())
    return _ask(who.client, "post", answers.address(world, page, who), data=body, content_type=FORM)


def _ask(client: Client, method: str, path: str, **more: Any) -> int:
    client.raise_request_exception = False
    with transaction.atomic():
        status = getattr(client, method)(path, **more).status_code
        transaction.set_rollback(True)
    return int(status)


def plain(data: dict[str, Any]) -> dict[str, bytes]:
    return {name: str(value).encode() for name, value in data.items()}


@pytest.fixture(scope="module")
def forms(standing: World) -> Forms:  # noqa: F811
    """Return a function that says what is sent honestly with a page's form, and every field that there is."""

    @functools.cache
    def fields_of(name: str) -> tuple[dict[str, bytes], list[str]]:
        page = next(page for page in POSTS if page.name == name)
        form = opened(standing, page)
        honest = plain(filled(standing, page, form))
        return honest, sorted({*honest, *(form.fields if form is not None else ()), *FIELDS.get(name, ())})

    return lambda page: fields_of(page.name)


def by_turns(values: frozenset[str], turn: int, *, full: bool, differing: int = 1) -> list[str]:
    """Return the values that a page is tried with: all, or of those that engines take alike every third, by turns.

    ``differing`` says the same of those that they take differently: every one, or every second.
    """
    found = [bad for bad in BAD if bad in values]
    step = 1 if full else differing if values == DIFFERING else 3
    return found[turn % step :: step]


def tries(names: list[str], values: frozenset[str], turn: int, *, full: bool) -> Iterator[dict[str, str]]:
    """Yield what is tried in which fields: values in all fields at once, and some alone, by turns.

    At once each field holds a value of its own, and each value stands in two fields; where everything is asked for, all
    fields hold one, of each value. Every fourth value is tried alone, of each form others, unless everything is asked for.
    """
    found = by_turns(values, turn, full=full)
    wide, many = len(names), len(found)
    if full:
        yield from (dict.fromkeys(names, bad) for bad in found if names)
    elif names:
        for begin in range(0, many * min(wide, 2), wide):
            places = range(begin, begin + wide)
            # The second time round one further, so that a value comes to another field.
            yield {name: found[(n + n // many) % many] for name, n in zip(names, places, strict=True)}
    for number, bad in enumerate(found):
        if wide > 3 and (full or (number + wide) % 4 == 0):
            yield {names[number % wide]: bad}


@VALUES
@pytest.mark.parametrize("page", POSTS, ids=str)
def test_no_form_breaks_on_bad_input(
    standing: World,  # noqa: F811
    forms: Forms,
    page: Page,
    values: frozenset[str],
    pytestconfig: pytest.Config,
) -> None:
    who = who_may(standing, page, "POST")
    honest, names = forms(page)
    broken = [
        tried
        for tried in tries(names, values, POSTS.index(page), full=pytestconfig.getoption("--full"))
        if send(standing, page, who, {**honest, **{name: BAD[bad] for name, bad in tried.items()}}) >= 500
    ]

    assert broken == []


@pytest.mark.parametrize("page", [page for page in POSTS if page.data], ids=str)
def test_a_megabyte_in_a_field_is_refused_plainly(
    standing: World,  # noqa: F811
    forms: Forms,
    page: Page,
) -> None:
    who = who_may(standing, page, "POST")
    honest, names = forms(page)

    for name in names[:2]:
        assert send(standing, page, who, {**honest, name: HUGE}) < 500, name


LISTS = [
    page
    for page in CREW
    if page.get is not None and not page.pk and page.scope in ("event", "portal", "worker", "template")
]


@VALUES
@pytest.mark.parametrize("page", LISTS, ids=str)
def test_no_page_breaks_on_an_odd_query(
    standing: World,  # noqa: F811
    page: Page,
    values: frozenset[str],
    pytestconfig: pytest.Config,
) -> None:
    who = who_may(standing, page, "GET")
    path = answers.address(standing, page, who).partition("?")[0]

    for bad in by_turns(values, LISTS.index(page), full=pytestconfig.getoption("--full"), differing=2):
        value = BAD[bad]
        query = "&".join(f"{name}={quote_from_bytes(value)}" for name in QUERIES)
        assert _ask(who.client, "get", f"{path}?{query}") < 500, bad


ADDRESSES = [page for page in CREW if page.scope == "event" or page.pk or page.kwargs]
ODD = (
    "%00",
    "%FF",
    "%ED%A0%80",
    "..%2F..%2Fetc",
    "9223372036854775808",
    "9" * 400,
    "-1",
    "%20",
    "a" * 10_000,
    "%E2%80%AE",
)


@pytest.mark.parametrize("page", ADDRESSES, ids=str)
def test_an_odd_address_is_not_there(
    standing: World,  # noqa: F811
    page: Page,
    pytestconfig: pytest.Config,
) -> None:
    # Every third odd part, of each address others, unless everything is asked for.
    step = 1 if pytestconfig.getoption("--full") else 3
    odd_parts = ODD[ADDRESSES.index(page) % step :: step]
    method = "GET" if page.get is not None or page.scope == "public" else "POST"
    who = who_may(standing, page, method)
    parts = answers.address(standing, page, who).partition("?")[0].strip("/").split("/")
    known = {str(value) for value in page.kwargs.values()} | {standing.places["a"].event.key}

    for place, part in enumerate(parts):
        if part not in known and not part.isdigit():
            continue
        for odd in odd_parts:
            path = "/" + "/".join([*parts[:place], odd, *parts[place + 1 :]]) + "/"
            status = _ask(who.client, method.lower(), path)
            assert status < 500, (path[:80], status)


# A form that is refused comes back as it was filled in.

TYPED = 'Una "Newcomer" <of> the fleet & more'


@pytest.mark.parametrize(
    ("name", "wrong", "kept"),
    [
        ("crew:event_change", {"on": "2027-02-30"}, "title"),
        ("crew:event_change", {"capacity": "-1"}, "notes_crew"),
        ("crew:event_change", {"price": "NaN"}, "client_name"),
        ("crew:event_add", {"on": "someday"}, "title"),
        ("crew:guest_add", {"email": "nowhere"}, "name"),
        ("crew:people", {"email": "nowhere"}, "name"),
        ("crew:position_override", {"person": "nobody"}, "reason"),
        ("crew:item_hold", {"owner": "nobody"}, "reason"),
        ("crew:credential_add", {"expires_on": "2027-02-30"}, "number"),
        ("crew:my_days", {"last_on": "someday"}, "note"),
        ("crew:link_code", {}, "code"),
    ],
)
def test_a_refused_form_comes_back_filled(
    standing: World,  # noqa: F811
    name: str,
    wrong: dict[str, str],
    kept: str,
) -> None:
    page = [page for page in PAGES if page.name == name][-1]
    who = who_may(standing, page, "POST")
    answer = who.client.post(
        answers.address(standing, page, who), {**filled(standing, page), **wrong, kept: TYPED}
    )

    assert answer.status_code == 422
    body = html.unescape(answer.content.decode())
    assert TYPED in body
    assert "<of>" not in answer.content.decode()
    assert urlencode({"x": TYPED}) not in body
