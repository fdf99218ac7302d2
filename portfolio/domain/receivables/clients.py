"""Clients: whom an entity invoices, on which terms, and how the entity's own paper looks."""

import datetime as dt
from dataclasses import asdict, dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import BillingProfile, Client, Entity


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is known of a client."""

    name: str
    email: str = ""
    address: str = ""
    terms_days: int = 30
    active: bool = True
    sister_id: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on an entity's invoices, and after how many days overdue each reminder is due."""

    name: str
    address: str = ""
    email: str = ""
    how_to_pay: str = ""
    first_days: int = 7
    second_days: int = 21
    third_days: int = 45


def same_client(name: str) -> str:
    """Return what the names of one client have in common over entities: one may do the work and another invoice it."""
    return " ".join(name.split()).casefold()


def add(*, entity: Entity, particulars: Particulars, by: AbstractBaseUser | None, at: dt.datetime) -> Client:
    """Write a client down.

    Raises:
        RefusedError: the entity has a client of that name, or the client is the entity itself.
    """
    _check_sister(entity, particulars)
    try:
        with transaction.atomic():
            client = Client.objects.create(entity=entity, **asdict(particulars))
            audit.record(
                action="portfolio:client:add", subject=client, at=at, by=by, entity=entity.slug,
                data=asdict(particulars),
            )  # fmt: skip
    except IntegrityError as error:
        raise _taken(entity, particulars) from error
    return client


def change(*, client: Client, particulars: Particulars, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Change what is known of a client; invoices issued before keep what they say.

    Raises:
        RefusedError: the entity has another client of that name, or the client is invoiced and would become another
            kind of debtor.
    """
    before = {name: getattr(client, name) for name in asdict(particulars)}
    changed = {
        name: [before[name], value] for name, value in asdict(particulars).items() if before[name] != value
    }
    if not changed:
        return
    _check_sister(client.entity, particulars)
    try:
        with transaction.atomic():
            if not Client.objects.filter(pk=client.pk, **before).update(**asdict(particulars)):
                raise RefusedError(f"Somebody changed {client} meanwhile; look at it again.")
            if "sister_id" in changed and (client.invoices.exists() or client.payments.exists()):
                raise RefusedError(
                    f"{client} has invoices or payments, which stand where they were booked; write a new client down."
                )
            audit.record(
                action="portfolio:client:change",
                subject=client,
                at=at,
                by=by,
                entity=client.entity.slug,
                data=changed,
            )
    except IntegrityError as error:
        raise _taken(client.entity, particulars) from error


def paper(entity: Entity) -> Paper:
    """Return what stands on an entity's invoices; until somebody says, its name alone."""
    profile = BillingProfile.objects.filter(entity=entity).first()
    if profile is None:
        return Paper(name=entity.name)
    return Paper(**{name: getattr(profile, name) for name in Paper.__dataclass_fields__})


def set_paper(*, entity: Entity, said: Paper, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Say what stands on an entity's invoices and when it reminds.

    Raises:
        RefusedError: the days of the reminders do not follow each other.
    """
    if not 0 < said.first_days < said.second_days < said.third_days <= 365:
        raise RefusedError("Each reminder comes later than the one before it, and the last within a year.")
    before = asdict(paper(entity))
    with transaction.atomic():
        profile, _ = BillingProfile.objects.update_or_create(entity=entity, defaults=asdict(said))
        audit.record(
            action="portfolio:billing_profile:set",
            subject=profile,
            at=at,
            by=by,
            entity=entity.slug,
            data={
                name: [before[name], value] for name, value in asdict(said).items() if before[name] != value
            },
        )


def _check_sister(entity: Entity, particulars: Particulars) -> None:
    if particulars.sister_id == entity.pk:
        raise RefusedError(f"{entity.name} is no client of its own; choose a sister entity, or none.")


def _taken(entity: Entity, particulars: Particulars) -> RefusedError:
    return RefusedError(f"{entity.name} has a client called {particulars.name} already; open that one.")
