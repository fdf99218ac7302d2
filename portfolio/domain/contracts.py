"""Agreeing how a client is billed. The contract's paper and terms are in `portfolio.models.contract`."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.models import BillingModel, ClientContract


class BillingRefusedError(Exception):
    """The billing model cannot be set as described."""


def set_billing_model(
    *,
    contract: ClientContract,
    billing_model: BillingModel,
    rate_minor: int | None,
    at: dt.datetime,
    by: AbstractBaseUser,
) -> None:
    """Set how a client's work turns into an invoice; the rate is cents an hour or a month.

    A milestone contract names its amounts one by one, so it may have no rate.

    Raises:
        BillingRefusedError: no model is named, a retainer or an hourly contract has no rate, the rate is not
            above zero, or somebody changed the contract meanwhile.
    """
    if billing_model == BillingModel.UNDEFINED:
        raise BillingRefusedError(f"Choose how {contract} is billed: retainer, hourly or milestone.")
    if rate_minor is None and billing_model != BillingModel.MILESTONE:
        each = "a month" if billing_model == BillingModel.RETAINER else "an hour"
        raise BillingRefusedError(f"Give what {contract} pays {each}; without it nothing can be invoiced.")
    if rate_minor is not None and rate_minor <= 0:
        raise BillingRefusedError(
            "The rate must be above zero; leave it empty where a milestone names its amount."
        )
    before = contract.billing_model
    with transaction.atomic():
        changed = ClientContract.objects.filter(pk=contract.pk, billing_model=before).update(
            billing_model=billing_model, rate_minor=rate_minor
        )
        if not changed:
            raise BillingRefusedError(
                f"Somebody changed the contract of {contract} meanwhile; look at it again."
            )
        audit.record(
            action="portfolio:contract:bill",
            subject=contract,
            at=at,
            by=by,
            entity=contract.entity.slug,
            data={
                "billing_model": [before, str(billing_model)],
                "currency": contract.entity.currency,
                "rate_minor": [contract.rate_minor, rate_minor],
            },
        )
    contract.billing_model, contract.rate_minor = billing_model, rate_minor
