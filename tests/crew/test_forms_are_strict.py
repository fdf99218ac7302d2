"""Fields that a form does not have change nothing, however they are called: with them the outcome is that without them."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db import models, transaction

import crew.web
from tests.crew.permissions import answers
from tests.crew.permissions.answers import Page
from tests.crew.permissions.standing_world import filled, standing, who_may  # noqa: F401 - a fixture
from tests.crew.permissions.table import PAGES
from tests.crew.permissions.table_office import PAGES as OFFICE
from tests.crew.permissions.table_receivables import PAGES as RECEIVABLES
from tests.crew.permissions.world import Somebody, World

# Forms read what they have fields for, whatever the engine.
pytestmark = [pytest.mark.django_db, pytest.mark.once_postgresql]

# What somebody would add who wants more than a form offers.
GREEDY = frozenset({
    *("role", "event", "event_id", "key", "owner", "owner_id", "entity", "entity_id", "is_staff", "is_superuser"),
    *("amount", "amount_minor", "price_minor", "rate_minor", "person", "person_id", "grant", "grant_id", "state"),
    *("id", "pk", "by", "by_link", "holder", "claimer", "completed_by", "expires_at", "revoked_at", "uses_allowed"),
    *("legal_limit", "legal_source", "cancel_reason", "sample", "created_by", "added_by", "version", "accepted"),
    *("override_reason", "paid_on", "walk_up", "cleared_how", "guest", "link", "at", "now"),
})  # fmt: skip
# The forms that do have such a field, because it is what they are for.
MEANT: dict[str, set[str]] = {
    "ComparisonFilter": {"entity"},
    "EventFilter": {"entity", "state"},
    "HoldForm": {"owner"},
    "InviteForm": {"role"},
    "ItemForm": {"role"},
    "DesignateForm": {"person"},
    "OverrideForm": {"person"},
    "PersonCredentialForm": {"person"},
}
AT: dict[str, set[str]] = {
    "crew:item_add": {"role"},
    "crew:item_hold": {"owner"},
    "crew:people": {"role"},
    "crew:position_designate": {"person"},
    "crew:position_override": {"person"},
    "crew:credential_add_for": {"person"},
}
POSTS = [
    page
    for page in PAGES
    if page not in OFFICE
    and page not in RECEIVABLES
    and (page.scope == "public" or page.post or (page.scope == "worker" and page.post is not None))
]
# What is drawn by lot, and so differs between two equal deeds.
DRAWN = frozenset(
    {
        "token_hash",
        "code_hash",
        "ticket_hash",
        "key",
        "public_id",
        "dedupe_key",
        "scope",
        "photo",
        "file",
        "password",
        "joined_at",
    }
)


def form_classes() -> list[type[forms.BaseForm]]:
    modules = [
        importlib.import_module(f"crew.web.{found.name}") for found in pkgutil.iter_modules(crew.web.__path__)
    ]
    return sorted(
        {
            found
            for module in modules
            for _, found in inspect.getmembers(module, inspect.isclass)
            if issubclass(found, forms.BaseForm) and found.__module__.startswith("crew.")
        },
        key=lambda found: found.__name__,
    )


def test_the_forms_are_found() -> None:
    assert {"EventForm", "GuestForm", "InviteForm", "EvidenceForm", "PaidForm"} <= {
        f.__name__ for f in form_classes()
    }


@pytest.mark.parametrize("form", form_classes(), ids=lambda form: form.__name__)
def test_a_form_names_its_fields_and_has_no_greedy_one_but_those_meant(form: type[forms.BaseForm]) -> None:
    assert not issubclass(form, forms.BaseModelForm)
    assert set(form.base_fields) & GREEDY == MEANT.get(form.__name__, set())  # type: ignore[attr-defined]


# In the data of audit lines and mails, what is the number of a row.
NUMBERED = ("link", "given", "item", "step", "guest", "request", "event", "position")
Kept = dict[str, dict[Any, dict[str, Any]]]


def models_kept() -> list[type[models.Model]]:
    """Return the models of all that the portal keeps."""
    return [
        *apps.get_app_config("crew").get_models(),
        apps.get_model("core", "AuditEvent"),
        apps.get_model("mail", "Message"),
    ]


@pytest.fixture(scope="module")
def before(standing: World) -> Kept:  # noqa: F811
    """Return every row of theirs as it is before anything is done, what is drawn by lot left out."""
    return {model._meta.label: _rows(model) for model in models_kept()}


def _rows(model: type[models.Model]) -> dict[Any, dict[str, Any]]:
    names = [
        field.attname
        for field in model._meta.concrete_fields
        if field.name not in DRAWN and not isinstance(field, models.BinaryField)
    ]
    return {row["id"]: row for row in model._default_manager.values("id", *names)}


def outcome(
    world: World, page: Page, who: Somebody, data: dict[str, Any], before: Kept
) -> tuple[int, list[str]]:
    """Do it, see what is otherwise then in the tables that were written, and put it all back."""
    who.client.raise_request_exception = False
    with transaction.atomic():
        with answers.written() as tables:
            status = who.client.post(answers.address(world, page, who), data).status_code
        after = {model._meta.label: _rows(model) for model in models_kept() if model._meta.db_table in tables}
        transaction.set_rollback(True)
    return status, sorted(_differences(before, after))


def _differences(before: Kept, after: Kept) -> Iterator[str]:
    for label, now in after.items():
        then = before[label]
        yield from (f"{label} {pk} is gone" for pk in set(then) - set(now))
        for pk, row in now.items():
            if pk not in then:
                yield f"{label} new {_unnumbered(row, label, before)}"
            elif row != then[pk]:
                changed = {name: row[name] for name in row if row[name] != then[pk][name]}
                yield f"{label} {pk} {_unnumbered(changed, label, before)}"


def _unnumbered(row: dict[str, Any], label: str, before: Kept) -> dict[str, Any]:
    """Leave out a new row's own number, and those of rows that are as new as it: they are drawn on."""
    about = {
        field.attname: field.related_model._meta.label
        for field in apps.get_model(label)._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
    }
    said = {name: value for name, value in row.items() if name not in ("id", "subject_id")}
    for name, other in about.items():
        if said.get(name) is not None and said[name] not in before.get(other, {said[name]: {}}):
            said[name] = "new"
    for name in ("data", "payload"):
        if name in said:
            said[name] = {key: "number" if key in NUMBERED else value for key, value in said[name].items()}
    return said


@pytest.mark.parametrize("page", POSTS, ids=str)
def test_greedy_fields_change_nothing(
    standing: World,  # noqa: F811
    before: Kept,
    page: Page,
) -> None:
    who = who_may(standing, page, "POST")
    honest = filled(standing, page)
    theirs = standing.places["b"]
    greedy = {
        **dict.fromkeys(GREEDY, "1"),
        "role": "admin",
        "event": str(theirs.event.pk),
        "event_id": str(theirs.event.pk),
        "key": theirs.event.key,
        "entity": str(theirs.event.entity_id),
        "entity_id": str(theirs.event.entity_id),
        **dict.fromkeys(
            ("owner", "owner_id", "person", "person_id", "holder", "claimer", "by"), str(theirs.holder.pk)
        ),
        **dict.fromkeys(("is_staff", "is_superuser", "accepted", "sample"), "on"),
        "state": "completed",
        "expires_at": "2099-01-01 00:00",
        "legal_limit": "99",
        "price_minor": "1",
    }
    added = {
        name: value
        for name, value in greedy.items()
        if name not in honest and name not in AT.get(page.name, ())
    }
    assert len(added) > 20

    as_ever, expected = outcome(standing, page, who, honest, before)
    status, done = outcome(standing, page, who, {**added, **honest}, before)
    assert (status, set(done) ^ set(expected)) == (as_ever, set())
