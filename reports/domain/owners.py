"""Owners: which person is meant by the words that rules and notes use for an owner, such as Bookkeeper.

The owner of the portfolio maps the words to people, once. From then on an action that opens for a word is given to its
person, where that person may read what the action is about; where not, it has nobody, and lists say who is named.
"""

import datetime as dt
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from core import access, audit
from crew.models import Person, StaffGrant
from portfolio.domain import queries as portfolio
from reports.models import Action, ActionState, OwnerName
from reports.rules import RULES

PORTFOLIO = "portfolio"
"""What a finding's subject is called that is about no single entity."""


class OwnerRefusedError(ValueError):
    """A change that is refused; the message says why."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word for an owner: who is meant, if anybody, and how many open actions bear it, with and without a person."""

    name: str
    person: Person | None
    actions: int
    without: int


@dataclass(slots=True)
class Book:
    """Who is meant by each word, read once for several actions."""

    meant: dict[str, Person]
    _slugs: dict[int, frozenset[str] | None] = field(default_factory=dict)

    def person_for(self, name: str, *, subject: str) -> Person | None:
        """Return the person meant by a word, where there is one who may read what the subject is about."""
        person = self.meant.get(name.strip().lower())
        return person if person is not None and self.may_read(person, subject) else None

    def without(self, name: str, *, subject: str) -> str:
        """Return whose an action is that was given to nobody: its word, and why the word gave it to none."""
        person = self.meant.get(name.strip().lower())
        if person is None:
            return f"{name}: nobody is named" if name else "Nobody is named"
        if self.may_read(person, subject):
            return f"{name}: given to nobody"
        return f"{name}: {person} is named, and may not read what it is about"

    def may_read(self, person: Person, subject: str) -> bool:
        """Tell whether somebody works here still and may read what a finding's subject is about."""
        if not person.is_active:
            return False
        if person.pk not in self._slugs:
            self._slugs[person.pk] = _readable(person)
        slugs = self._slugs[person.pk]
        return slugs is None or subject.partition(":")[0] in slugs


def book() -> Book:
    """Return who is meant by which word at present."""
    rows = OwnerName.objects.select_related("person").filter(person__is_active=True)
    return Book({row.name.lower(): row.person for row in rows})


def person_for(name: str, *, subject: str = PORTFOLIO) -> Person | None:
    """Return the person meant by a word for what a subject is about, or None."""
    return book().person_for(name, subject=subject)


def may_read(person: Person, *, subject: str) -> bool:
    """Tell whether somebody works here still and may read what a finding's subject is about."""
    return Book({}).may_read(person, subject)


def people(*, subject: str | None = None) -> QuerySet[Person]:
    """Return those who can be given an action, by name: staff, and for a subject those who may read what it is about."""
    grants = StaffGrant.objects.live()
    if subject is not None:
        grants = grants.filter(Q(entity__isnull=True) | Q(entity__slug=subject.partition(":")[0]))
    return Person.objects.filter(pk__in=grants.values("person"), is_active=True).order_by("name", "email")


def words() -> list[Word]:
    """Return the words of all rules, of open actions and of those mapped already, each once in whatever case. Two queries."""
    spelled: dict[str, str] = {}
    counts: dict[str, list[int]] = {}
    meant = list(OwnerName.objects.select_related("person"))
    bearing = list(
        Action.objects.filter(state=ActionState.OPEN).order_by("id").values_list("owner", "assignee_id")
    )
    for name in (
        *(rule.owner for rule in RULES.values()),
        *(row.name for row in meant),
        *(name for name, _ in bearing),
    ):
        if name.strip():
            spelled.setdefault(name.strip().lower(), name.strip())
    for name, assignee in bearing:
        tally = counts.setdefault(name.strip().lower(), [0, 0])
        tally[0] += 1
        tally[1] += assignee is None
    people_of = {row.name.lower(): row.person for row in meant}
    return [
        Word(spelled[key], people_of.get(key), *counts.get(key, (0, 0)))
        for key in sorted(spelled, key=lambda key: spelled[key])
    ]


def appoint(*, word: str, person: Person | None, by: Person | None, at: dt.datetime) -> int:
    """Say who is meant by a word, or that nobody is; return how many open actions that gave to, or took from, somebody.

    Open actions of the word that have nobody, or whom it meant before, go to the new person as far as that person may
    read what they are about. What was given to somebody by hand stays there.

    Raises:
        OwnerRefusedError: no rule and no action uses the word, the person cannot be given actions, or somebody else
            said who is meant at the same moment.
    """
    found = next((row for row in words() if row.name.lower() == word.strip().lower()), None)
    if found is None:
        raise OwnerRefusedError(
            f"No rule and no open action calls its owner “{word.strip()[:60]}”; choose a word of the list."
        )
    if person is not None and not people().filter(pk=person.pk).exists():
        raise OwnerRefusedError(f"{person} is not on the staff; grant a duty first.")
    if found.person == person:
        return 0
    try:
        with transaction.atomic():
            row = _mapped(found.name, person, before=found.person)
            moved = _hand_over(found.name, person, before=found.person, by=by, at=at)
            audit.record(
                action="reports:owner:appoint",
                subject=row,
                at=at,
                by=by,
                data={"person": [_called(found.person), _called(person)], "actions": moved},
            )
    except IntegrityError as error:
        raise OwnerRefusedError(
            f"Somebody else said who is meant by {found.name} at the same moment; look again."
        ) from error
    return moved


def _mapped(name: str, person: Person | None, *, before: Person | None) -> OwnerName:
    """Write who is meant, where nobody else did meanwhile; return the row as it is, or was."""
    if before is None and person is not None:
        return OwnerName.objects.create(name=name, person=person)
    ours = OwnerName.objects.filter(name__iexact=name, person=before)
    row = ours.first()
    if row is None or not (ours.delete()[0] if person is None else ours.update(person=person)):
        raise OwnerRefusedError(f"Somebody else said who is meant by {name} meanwhile; look again.")
    return row


def _hand_over(
    name: str, person: Person | None, *, before: Person | None, by: Person | None, at: dt.datetime
) -> int:
    free = Q(assignee__isnull=True) if before is None else Q(assignee__isnull=True) | Q(assignee=before)
    open_still = Action.objects.filter(free, owner__iexact=name, state=ActionState.OPEN)
    book, moved = Book({}), 0
    for row in open_still.select_related("finding", "assignee"):
        subject = row.finding.subject if row.finding is not None else PORTFOLIO
        goes_to = person if person is not None and book.may_read(person, subject) else None
        if row.assignee == goes_to or not open_still.filter(pk=row.pk).update(assignee=goes_to):
            continue
        moved += 1
        # In the trail of each: the calendar's files count an action's changes by it.
        slug = subject.partition(":")[0]
        audit.record(
            action="reports:action:assign",
            subject=row,
            at=at,
            by=by,
            entity="" if slug == PORTFOLIO else slug,
            data={"assignee": [_called(row.assignee), _called(goes_to)], "word": name},
        )
    return moved


def _readable(person: Person) -> frozenset[str] | None:
    ids = access.entity_ids(person, "read")
    return None if ids is None else frozenset(entity.slug for entity in portfolio.entities(only=ids))


def _called(person: Person | None) -> str:
    return "" if person is None else str(person)
