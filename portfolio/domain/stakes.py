"""Signing the paper behind a stake. Who holds what is in `portfolio.models.entity`."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.models import Agreement, Stake


class AgreementRefusedError(Exception):
    """The agreement cannot be recorded as signed."""


def sign_agreement(
    *, stake: Stake, signed_on: dt.date, today: dt.date, at: dt.datetime, by: AbstractBaseUser
) -> None:
    """Record that a holder's agreement was signed on a local date, no later than ``today``.

    Raises:
        AgreementRefusedError: it is signed already, the stake is the founder's own, or the date lies ahead.
    """
    if stake.founder:
        raise AgreementRefusedError(
            f"{stake.holder} founded {stake.entity}; a founder's stake needs no agreement."
        )
    if signed_on > today:
        raise AgreementRefusedError(
            f"{signed_on:%-d %B %Y} has not come yet; give the date the agreement was signed, today at the latest."
        )
    with transaction.atomic():
        changed = (
            Stake.objects.filter(pk=stake.pk)
            .exclude(agreement=Agreement.SIGNED)
            .update(agreement=Agreement.SIGNED, signed_on=signed_on)
        )
        if not changed:
            raise AgreementRefusedError(
                f"The agreement with {stake.holder} is signed already; nothing was changed."
            )
        audit.record(
            action="portfolio:stake:sign",
            subject=stake,
            at=at,
            by=by,
            entity=stake.entity.slug,
            data={"agreement": [stake.agreement, str(Agreement.SIGNED)], "signed_on": signed_on.isoformat()},
        )
    stake.agreement, stake.signed_on = Agreement.SIGNED, signed_on
