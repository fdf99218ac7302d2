"""The checks that stand behind `crew.rules`, each with what it is like without it, and who would then get where."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet

from core import access
from crew import rules, sessions
from crew.domain import papers
from crew.models import Person
from crew.models.grant import EventGrantQuerySet
from crew.web import own
from tests.crew.permissions import answers
from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import World

Remove = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Removal:
    """One check, how to take it away, and whom to watch where."""

    name: str
    remove: Remove
    who: tuple[str, ...]
    pages: tuple[str, ...]


class _Deaf(EventGrantQuerySet):
    """Grants that do not hear one of the words they are chosen by."""

    deaf_to = ""

    def filter(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop(self.deaf_to, None)
        return super().filter(*args, **kwargs)

    def _clone(self) -> Any:
        clone = super()._clone()
        clone.deaf_to = self.deaf_to
        return clone


def _not_chosen_by(word: str) -> Remove:
    live = EventGrantQuerySet.live

    def remove(patch: pytest.MonkeyPatch) -> None:
        def deaf(self: EventGrantQuerySet, **kwargs: Any) -> Any:
            found = _Deaf(self.model, using=self._db).filter(pk__in=live(self, **kwargs).values("pk"))
            found.deaf_to = word
            return found

        patch.setattr(EventGrantQuerySet, "live", deaf)

    return remove


def _grants_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EventGrantQuerySet, "live", lambda self, **_: self.all())


def _records_of_any_event(patch: pytest.MonkeyPatch) -> None:
    choose = QuerySet.filter

    def unbound(self: Any, *args: Any, **kwargs: Any) -> Any:
        if {"pk", "event"} <= set(kwargs):
            del kwargs["event"]
        return choose(self, *args, **kwargs)

    patch.setattr(QuerySet, "filter", unbound)


def _duties_by_link(patch: pytest.MonkeyPatch) -> None:
    grants = rules.StaffPolicy._grants

    def unasked(self: rules.StaffPolicy, person: Any) -> Any:
        by_link, person.by_link = person.by_link if person.is_authenticated else False, False
        try:
            return grants(self, person)
        finally:
            person.by_link = by_link

    patch.setattr(rules.StaffPolicy, "_grants", unasked)


def _inactive_by_link(patch: pytest.MonkeyPatch) -> None:
    def get_user(self: sessions.LinkBackend, user_id: int) -> Person | None:
        person = Person.objects.filter(pk=user_id).first()
        if person is not None:
            person.by_link = True
        return person

    patch.setattr(sessions.LinkBackend, "get_user", get_user)


REMOVALS = [
    Removal(
        "one's own pages are for those who work",
        lambda patch: patch.setattr(own, "works", lambda *_: True),
        ("guest of A", "an outsider"),
        ("crew:my_credentials", "crew:my_days"),
    ),
    Removal(
        "a link on a screen opens the event alone",
        lambda patch: patch.setattr(sessions, "is_proved", lambda *_: True),
        ("crew of A by a link on a screen",),
        ("crew:my_credentials", "crew:my_pay"),
    ),
    Removal(
        "papers are kept for one's own entity's people",
        lambda patch: patch.setattr(papers, "people_of", lambda *_: Person.objects.all()),
        ("owner of entity B",),
        ("crew:credential_change", "crew:credential_file"),
    ),
    Removal("a grant is of this event", _not_chosen_by("event_id"), ("captain of B",), ("crew:event",)),
    Removal("a grant is of this person", _not_chosen_by("person_id"), ("an outsider",), ("crew:event",)),
    Removal(
        "a link session stands on one grant",
        _not_chosen_by("pk"),
        ("guest of B by link", "captain of B by link"),
        ("crew:event", "crew:guests"),
    ),
    Removal(
        "a revoked grant is none", _grants_for_ever, ("revoked captain of A",), ("crew:event", "crew:guests")
    ),
    Removal(
        "an expired grant is none, by link too",
        _grants_for_ever,
        ("expired captain of A by link",),
        ("crew:event",),
    ),
    Removal(
        "pages of the office are for staff",
        lambda patch: patch.setattr(access, "entity_ids", lambda *_: None),
        ("an outsider", "captain of A"),
        ("crew:events", "portfolio:entities"),
    ),
    Removal(
        "a duty is asked for on its entity",
        lambda patch: patch.setattr(rules.StaffPolicy, "may", lambda *_: True),
        ("reader of entity B", "guest of A"),
        ("crew:event", "portfolio:entity"),
    ),
    Removal(
        "what a duty does not reach is refused",
        lambda patch: patch.setattr(access, "require", lambda *_: None),
        ("reader of entity B", "reader of entity A"),
        ("portfolio:entity", "portfolio:sign_stake"),
    ),
    Removal(
        "a link gives no duties", _duties_by_link, ("guest of A by link",), ("crew:event", "crew:events")
    ),
    Removal(
        "who is inactive is nobody, by link",
        _inactive_by_link,
        ("deactivated captain of A by link",),
        ("crew:event",),
    ),
    Removal(
        "who is inactive is nobody, by code",
        lambda patch: patch.setattr(ModelBackend, "user_can_authenticate", lambda *_: True),
        ("deactivated captain of A",),
        ("crew:event",),
    ),
    Removal(
        "a record is of this event",
        _records_of_any_event,
        ("admin of A",),
        ("crew:position", "crew:item", "crew:guest_remove", "crew:dock_accept", "crew:grant_show"),
    ),
]


def noticed(world: World, pages: list[Page], removal: Removal) -> Iterator[str]:
    """Yield what the matrix finds wrong while a check is away."""
    for page in pages:
        if page.name not in removal.pages:
            continue
        for name in removal.who:
            who = world.somebody(name)
            for method in ("GET", "POST"):
                if page.letters(method) is None:
                    continue
                yield from answers.wrong(world, page, who, method, answers.ask(world, page, who, method))
                yield from answers.strays(world, page, who, method)
