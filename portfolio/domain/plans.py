"""Adopting a profitability model. What the model holds is in `portfolio.models.plan`."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.models import ModelState, ProfitabilityModel


class ModelAdoptedAlreadyError(Exception):
    """Somebody adopted this model before."""


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
