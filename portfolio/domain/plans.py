"""Writing and adopting a profitability model. What the model holds is in `portfolio.models.plan`."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.domain.plan import changes
from portfolio.models import ModelState, ProfitabilityModel


class ModelAdoptedAlreadyError(Exception):
    """Somebody adopted this model before."""


def save_model(
    *, model: ProfitabilityModel, values: Mapping[str, Any], by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Write a draft down, or change one; what is adopted stays as it was adopted.

    Raises:
        ModelAdoptedAlreadyError: it is adopted, and a new draft is written beside it.
        portfolio.domain.plan.changes.PlanRefusedError: another model of the entity is called so.
    """
    with transaction.atomic():
        if model.pk is not None:
            now = ProfitabilityModel.objects.select_for_update(no_key=True).get(pk=model.pk)
            if now.state != ModelState.DRAFT:
                raise ModelAdoptedAlreadyError(
                    f"The model “{now}” is adopted and stays as it is; write a new draft from it, and adopt that."
                )
        changes.save(row=model, values=values, entity=model.entity.slug, by=by, at=at)


def adopt_model(*, model: ProfitabilityModel, today: dt.date, at: dt.datetime, by: AbstractBaseUser) -> None:
    """Turn a draft into the model the owner steers by, as of the local date ``today``.

    Raises:
        ModelAdoptedAlreadyError: it is adopted already.
    """
    with transaction.atomic():
        changed = ProfitabilityModel.objects.filter(pk=model.pk, state=ModelState.DRAFT).update(
            state=ModelState.ADOPTED, adopted_on=today, adopted_by_id=by.pk
        )
        if not changed:
            raise ModelAdoptedAlreadyError(f"The model “{model}” is adopted already; nothing was changed.")
        audit.record(
            action="portfolio:profitability_model:adopt",
            subject=model,
            at=at,
            by=by,
            entity=model.entity.slug,
            data={"state": [str(ModelState.DRAFT), str(ModelState.ADOPTED)], "adopted_on": today.isoformat()},
        )
    model.state, model.adopted_on, model.adopted_by_id = ModelState.ADOPTED, today, by.pk
