"""Asking one page as somebody, without a trace, and saying what is wrong with the answer."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from mail.domain import compose
from mail.models import Message
from tests.crew.permissions import canaries
from tests.crew.permissions.world import Somebody, World

METHODS = ("GET", "HEAD", "POST", "PUT")
SAFE = ("GET", "HEAD")
OK, SIGN_IN, ANYTHING = "ok", "sign in", "anything"
# Rows that an answer may write whoever asks: the session, and counters of tries.
_FREE = frozenset({"django_session", "core_ratecount"})
_WRITE = re.compile(r'\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


@dataclass(frozen=True)
class Page:
    """One address and who may ask it what. ``get`` and ``post`` hold letters; None: the method is not offered.

    ``scope`` says how who may not is told: ``event`` (strangers 404, others on it 403), ``booked`` (likewise; an event's
    own admin is no staff of its entity), ``portal`` (403), ``entity``
    (a record of event A's entity: staff of another 404, who is no staff 403), ``whole`` (of the whole portfolio,
    likewise), ``own`` (a record of one's own; another's 404), ``worker`` (to who works 200, to others 404), ``papers``
    (another's papers; 404), ``template`` (of entity A: 403 to who makes no events, 404 to who makes those of others), ``public`` (open to everybody), ``nowhere`` (404 to
    everybody). ``*`` stands for everybody who has signed in. ``pk`` names a record of `World`; ``notes`` are tables that a GET
    may write. ``empty``: there is nothing to show, so who may gets 404.
    """

    name: str
    get: str | None = None
    post: str | None = None
    scope: str = "event"
    pk: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    kwargs: dict[str, Any] = field(default_factory=dict)
    notes: frozenset[str] = frozenset()
    query: str | Callable[[Any], str] = ""
    htmx: bool = False
    empty: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.pk}".strip()

    def letters(self, method: str) -> str | None:
        """Return who may ask it so."""
        return self.get if method in SAFE else self.post if method == "POST" else None


@dataclass(frozen=True)
class Answer:
    """What came back, what was written, and what would be mailed to whom."""

    status: int
    location: str
    text: str
    writes: tuple[str, ...]
    mails: tuple[tuple[str, str], ...]
    error: str = ""


def names() -> set[str]:
    """Return the name of every address of the portal, the Django admin and static files apart."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: list[URLPattern | URLResolver], space: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"
        elif pattern.namespace != "admin":
            yield from _names(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)


def address(world: World, page: Page, who: Somebody, *, key: str | None = None, place: str = "a") -> str:
    """Return the address of a page of event A for somebody; ``place`` says whose record it names."""
    kwargs = {name: value(world) if callable(value) else value for name, value in page.kwargs.items()}
    if page.scope in ("event", "booked") and "key" not in kwargs:
        kwargs["key"] = key or world.places["a"].event.key
    if page.pk:
        # One's own record may hang on either event.
        kwargs["pk"] = world.pk(
            page.pk, who, who.place if page.scope == "own" and who.place in world.places else place
        )
    query = page.query(world) if callable(page.query) else page.query
    return reverse(page.name, kwargs=kwargs) + (f"?{query}" if query else "")


def ask(world: World, page: Page, who: Somebody, method: str, path: str = "") -> Answer:
    """Ask, and put everything back as it was."""
    path = path or address(world, page, who)
    data = {name: value(world) if callable(value) else value for name, value in page.data.items()}
    headers = {"HX-Request": "true"} if page.htmx else {}
    who.client.raise_request_exception = False
    cookies = {name: morsel.value for name, morsel in who.client.cookies.items()}
    with transaction.atomic(), written() as writes:
        if method == "POST":
            response = who.client.post(path, data, headers=headers)
        else:
            response = who.client.generic(method, path, headers=headers)
        mails = tuple(_mails()) if "mail_message" in writes else ()
        text = _text(response)
        transaction.set_rollback(True)
    who.client.cookies = SimpleCookie(cookies)
    error = ""
    if response.status_code >= 500 and getattr(response, "exc_info", None):
        error = repr(response.exc_info[1])
    return Answer(response.status_code, response.get("Location", ""), text, tuple(writes), mails, error)


@contextmanager
def written() -> Iterator[list[str]]:
    """Collect the tables that are written to, those anybody may cause to be written left out."""
    tables: list[str] = []

    def note(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        found = _WRITE.match(str(sql))
        if found and found[1] not in _FREE:
            tables.append(found[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield tables


def _text(response: HttpResponseBase) -> str:
    content: Any = (
        b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined,arg-type]
    )
    heads = "\n".join(f"{name}: {value}" for name, value in response.items())
    return f"{heads}\n{response.cookies}\n{content.decode('utf-8', 'replace')}"


def _mails() -> Iterator[tuple[str, str]]:
    """Yield (address, everything in it) of each mail that waits."""
    for message in Message.objects.filter(state="queued"):
        composed = compose.compose(message)
        text = f"{message.subject}\n{composed.subject}\n{composed.text}\n{composed.html}"
        # Somebody's own name and address are no secret to them.
        for own in filter(None, (message.to_name, message.to_address)):
            text = text.replace(own, "")
        yield message.to_address, text


def expected(page: Page, who: Somebody, method: str) -> str | int:
    """Return what a page owes somebody: `OK`, `SIGN_IN` or a status."""
    owed = _expected(page, who, method)
    return 404 if owed == OK and page.empty else owed


def _expected(page: Page, who: Somebody, method: str) -> str | int:
    letters = page.letters(method)
    if page.scope == "public":
        return ANYTHING
    if letters is None:
        return 405
    if page.scope == "nowhere":
        return 404
    if not who.signed_in:
        return SIGN_IN
    if page.scope in ("event", "booked"):
        on = who.on("a")
        held = on if page.scope == "event" else who.letter
        return 404 if not on else OK if held in letters else 403
    if page.scope in ("entity", "whole"):
        if who.letter not in "OKBR":
            return 403
        seen = who.on("a") if page.scope == "entity" else who.place == "everywhere"
        return 404 if not seen else OK if who.letter in letters else 403
    if page.scope == "own":
        return OK if who.place in ("a", "b") and who.letter in letters else 404
    if page.scope == "template":
        return 403 if who.letter not in letters else OK if who.on("a") else 404
    if page.scope == "worker":
        return OK if who.works else 404
    if page.scope == "papers":
        return OK if who.letter in letters and who.on("a") == "A" else 404
    return OK if "*" in letters or who.letter in letters or ("L" in letters and who.by_link) else 403


def may_read(who: Somebody, what: str, event: str) -> bool:
    """Tell whether somebody may read what stands in a field of an event."""
    if what in ("credential", "dayoff"):
        return who.letter in "OB" and who.on(event) == "A"
    if what == "books":
        return who.letter in "OKBR" and bool(who.on(event))
    if what == "crewcall" and who.on("a" if event == "b" else "b") in ("C", "A"):
        return True  # Who gives positions learns when somebody is taken elsewhere, and not by what.
    on = who.on(event)
    if on and on in canaries.AUDIENCE[what]:
        return True
    return on == "G" and who.cleared and what in canaries.ONCE_CLEARED


def wrong(world: World, page: Page, who: Somebody, method: str, answer: Answer) -> list[str]:
    """Return what is wrong with an answer, in words; nothing where all is well."""
    owed = expected(page, who, method)
    said = f"{method} {page} by {who}: "
    found = []
    if answer.status >= 500:
        found.append(f"answered {answer.status} {answer.error}")
    elif owed == OK:
        if not (answer.status < 400 or answer.status in (400, 422)) or answer.location.startswith(
            "/account/login"
        ):
            found.append(f"answered {answer.status} {answer.location}, is allowed")
    elif owed == SIGN_IN:
        if answer.status != 302 or not answer.location.startswith("/account/login/?next="):
            found.append(f"answered {answer.status} {answer.location}, owed the sign-in page")
    elif owed not in (ANYTHING, answer.status):
        found.append(f"answered {answer.status} {answer.location}, owed {owed}")
    if method in SAFE or owed not in (OK, ANYTHING):
        written = set(answer.writes) - page.notes
        if written:
            found.append(f"wrote {sorted(written)}")
    leaks = {(what, event) for what, event in canaries.found(answer.text) if not may_read(who, what, event)}
    if leaks:
        found.append(f"shows {sorted(leaks)}")
    for to, text in answer.mails:
        found += [f"mails {one} to {to}" for one in sorted(_leaks_to(world, to, text))]
    return [said + one for one in found]


def strays(world: World, page: Page, who: Somebody, method: str) -> list[str]:
    """Return what is wrong where event A's address names a record of event B: to everybody that is not there."""
    if page.scope != "event" or not page.pk or page.letters(method) is None or not who.on("a"):
        return []
    answer = ask(world, page, who, method, address(world, page, who, place="b"))
    if answer.status == 404 and not answer.writes:
        return []
    return [
        f"{method} {page} of event B under event A by {who}: answered {answer.status}, wrote {answer.writes}"
    ]


def _leaks_to(world: World, to: str, text: str) -> set[tuple[str, str]]:
    """Return what a mail tells somebody who may not read it: by all they hold, whoever caused the mail.

    An address that nobody had before is a guest's of event A.
    """
    roles = world.readers.get(to, {"a": "G"})
    return {
        (what, event)
        for what, event in canaries.found(text)
        if canaries.word(what, event) not in to
        and not set(roles.get(event, "")) & set(canaries.AUDIENCE[what])
    }
