"""Vendors and contractors: whom an entity pays."""

import datetime as dt
from dataclasses import asdict, dataclass, replace

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit
from portfolio.models import Account, AccountKind, AccountRole, Entity, Vendor

# Bills go where costs, things owned or debts stand; never to income.
BILLED_KINDS = (AccountKind.EXPENSE, AccountKind.ASSET, AccountKind.LIABILITY, AccountKind.EQUITY)


class VendorRefusedError(Exception):
    """A vendor that cannot be kept as asked; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class VendorTerms:
    """What is known of a vendor. ``tax_form_on`` is the day a contractor's tax form came in."""

    name: str
    email: str = ""
    contractor: bool = False
    tax_form_on: dt.date | None = None
    account_id: int | None = None
    terms_days: int = 30
    active: bool = True
    sister_id: int | None = None


def add(*, entity: Entity, terms: VendorTerms, by: AbstractBaseUser | None, at: dt.datetime) -> Vendor:
    """Keep a new vendor.

    Raises:
        VendorRefusedError: the name is taken, the account is another entity's, or the vendor is the entity itself.
    """
    terms = _checked(entity, terms)
    try:
        with transaction.atomic():
            vendor = Vendor.objects.create(entity=entity, **asdict(terms))
            audit.record(
                action="portfolio:vendor:add", subject=vendor, by=by, at=at, entity=entity.slug,
                data={"name": terms.name, "contractor": terms.contractor},
            )  # fmt: skip
    except IntegrityError as error:
        raise _taken(entity, terms) from error
    return vendor


def change(*, vendor: Vendor, terms: VendorTerms, by: AbstractBaseUser | None, at: dt.datetime) -> Vendor:
    """Set what is known of a vendor and return it as it then is; nothing new changes nothing.

    Raises:
        VendorRefusedError: the name is taken, the account is another entity's, or it has bills and would become a sister.
    """
    terms = _checked(vendor.entity, terms)
    asked = asdict(terms)
    try:
        with transaction.atomic():
            now = Vendor.objects.select_for_update().select_related("entity").get(pk=vendor.pk)
            changes = {
                name: [getattr(now, name), value]
                for name, value in asked.items()
                if getattr(now, name) != value
            }
            if not changes:
                return now
            if "sister_id" in changes and now.bills.exists():
                raise VendorRefusedError(
                    f"{now.name} has bills, which stand where they were booked; add a new vendor."
                )
            Vendor.objects.filter(pk=now.pk).update(**{name: value for name, (_, value) in changes.items()})
            audit.record(
                action="portfolio:vendor:change", subject=now, by=by, at=at, entity=now.entity.slug,
                data={name: [_plain(old), _plain(new)] for name, (old, new) in changes.items()},
            )  # fmt: skip
    except IntegrityError as error:
        raise _taken(vendor.entity, terms) from error
    now.refresh_from_db()
    return now


def _checked(entity: Entity, terms: VendorTerms) -> VendorTerms:
    """Return terms that can stand; bills of a sister go where they can be taken off again unless somebody says otherwise."""
    if not terms.name.strip():
        raise VendorRefusedError("A vendor needs a name; write whom you pay.")
    if terms.sister_id == entity.pk:
        raise VendorRefusedError(f"{entity.name} sells itself nothing; choose a sister entity, or none.")
    if terms.account_id is None:
        bought = Account.objects.filter(
            entity=entity, active=True, kind=AccountKind.EXPENSE, role=AccountRole.INTERCOMPANY
        )
        return (
            replace(terms, account_id=bought.values_list("pk", flat=True).first())
            if terms.sister_id
            else terms
        )
    account = Account.objects.filter(pk=terms.account_id, entity=entity).first()
    if account is None or account.kind not in BILLED_KINDS:
        raise VendorRefusedError(
            f"Bills of {terms.name} need an account of {entity.name} that is no income account."
        )
    return terms


def _taken(entity: Entity, terms: VendorTerms) -> VendorRefusedError:
    return VendorRefusedError(f"{entity.name} has a vendor called {terms.name} already; open that one.")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
