"""Systems, and what was released of them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from core import audit
from portfolio.domain.technology.masking import mask
from portfolio.domain.technology.refused import TechnologyRefusedError
from portfolio.models import (
    Deployment,
    DeploymentOutcome,
    Entity,
    Exposure,
    SystemKind,
    TechSystem,
)


@dataclass(frozen=True, slots=True)
class SystemSaid:
    """A system as a person or a collector describes it."""

    name: str
    kind: SystemKind = SystemKind.OTHER
    exposure: Exposure = Exposure.INTERNAL
    supported_until: dt.date | None = None
    source: str = ""


def add(*, entity: Entity, said: SystemSaid, by: AbstractBaseUser | None, at: dt.datetime) -> TechSystem:
    """Write a system down; it is addressed by its name in small letters.

    Raises:
        TechnologyRefusedError: it has no name, or the entity has one of that name.
    """
    values = _values(said)
    slug = slugify(values["name"])[:60]
    if not slug:
        raise TechnologyRefusedError("Give the system a name with letters or digits in it.")
    try:
        with transaction.atomic():
            system = TechSystem.objects.create(entity=entity, slug=slug, **values)
            _record(system, entity, "add", {"name": system.name, "kind": str(said.kind)}, by=by, at=at)
    except IntegrityError:
        raise TechnologyRefusedError(f"{entity.name} has a system called {values['name']} already.") from None
    return system


def change(*, system: TechSystem, said: SystemSaid, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Describe a system anew; its address stays.

    Raises:
        TechnologyRefusedError: it has no name.
    """
    values = _values(said)
    if not values["name"]:
        raise TechnologyRefusedError("Give the system a name.")
    with transaction.atomic():
        TechSystem.objects.filter(pk=system.pk).update(**values)
        _record(system, system.entity, "change", {"name": [system.name, values["name"]]}, by=by, at=at)
    for name, value in values.items():
        setattr(system, name, value)


def _values(said: SystemSaid) -> dict[str, Any]:
    return {
        "name": mask(said.name).strip()[:120],
        "kind": said.kind,
        "exposure": said.exposure,
        "supported_until": said.supported_until,
        "source": mask(said.source)[:120],
    }


@dataclass(frozen=True, slots=True)
class Release:
    """A release: what went out when, what it changed, and how it went; instants are UTC."""

    released_at: dt.datetime
    what: str
    outcome: DeploymentOutcome
    change: str = ""
    restored_at: dt.datetime | None = None
    source: str = ""


def release(*, entity: Entity, said: Release, by: AbstractBaseUser | None, at: dt.datetime) -> Deployment:
    """Write a release down.

    Raises:
        TechnologyRefusedError: nothing is named, it lies ahead, it is written down already, or it is said to be
            restored without having failed, or before it went out.
    """
    what = mask(said.what).strip()[:120]
    if not what:
        raise TechnologyRefusedError("Say what was released.")
    if said.released_at > at or (said.restored_at is not None and said.restored_at > at):
        raise TechnologyRefusedError("That moment has not come yet; give one up to now.")
    if said.restored_at is not None and (
        said.outcome == DeploymentOutcome.OK or said.restored_at < said.released_at
    ):
        raise TechnologyRefusedError("Only a release that failed is made good, and not before it went out.")
    try:
        with transaction.atomic():
            made = Deployment.objects.create(
                entity=entity, at=said.released_at, what=what, change=mask(said.change)[:160],
                outcome=said.outcome, restored_at=said.restored_at, source=mask(said.source)[:120],
            )  # fmt: skip
            _record(made, entity, "add", {"what": what, "outcome": str(said.outcome)}, by=by, at=at)
    except IntegrityError:
        raise TechnologyRefusedError(
            f"The release of {what} at that moment is written down already."
        ) from None
    return made


def restore(
    *, deployment: Deployment, restored_at: dt.datetime, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Say when a release that failed was made good.

    Raises:
        TechnologyRefusedError: the moment lies ahead or before the release, it did not fail, or it was said before.
    """
    if not deployment.at <= restored_at <= at:
        raise TechnologyRefusedError("It was made good between its release and now; give such a moment.")
    waiting = Deployment.objects.filter(
        pk=deployment.pk, restored_at__isnull=True, at__lte=restored_at
    ).exclude(outcome=DeploymentOutcome.OK)
    with transaction.atomic():
        if not waiting.update(restored_at=restored_at):
            raise TechnologyRefusedError(
                f"“{deployment}” did not fail, or was made good before; look at it again."
            )
        _record(
            deployment, deployment.entity, "restore", {"restored_at": restored_at.isoformat()}, by=by, at=at
        )
    deployment.restored_at = restored_at


def _record(
    subject: TechSystem | Deployment,
    entity: Entity,
    verb: str,
    data: dict[str, Any],
    *,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    kind = "tech_system" if isinstance(subject, TechSystem) else "deployment"
    audit.record(
        action=f"portfolio:{kind}:{verb}", subject=subject, at=at, by=by, entity=entity.slug, data=data
    )
