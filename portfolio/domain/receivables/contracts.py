"""Contracts with clients: how firm the paper is, how work is billed, and what falls due.

`MOVES` holds the legal moves of the paper. The nouns are in `portfolio.models.contract`.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import BillingModel, Client, ClientContract, ContractState, Entity

# From how firm the paper is to what it may become. What was signed runs out; what ran out is agreed anew.
MOVES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        ContractState.NONE: frozenset({ContractState.VERBAL, ContractState.SENT, ContractState.SIGNED}),
        ContractState.VERBAL: frozenset({ContractState.SENT, ContractState.SIGNED, ContractState.EXPIRED}),
        ContractState.SENT: frozenset({ContractState.NONE, ContractState.VERBAL, ContractState.SIGNED}),
        ContractState.SIGNED: frozenset({ContractState.EXPIRED}),
        ContractState.EXPIRED: frozenset({ContractState.VERBAL, ContractState.SENT, ContractState.SIGNED}),
    }
)
SOON_DAYS = 60


class BillingRefusedError(RefusedError):
    """The billing model cannot be set as described."""


@dataclass(frozen=True, slots=True)
class Term:
    """For how long a contract runs, and on what terms its invoices are payable."""

    title: str = ""
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    renews: bool = False
    notice_days: int | None = None
    terms_days: int | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """Something about a contract that falls due on a day."""

    contract: ClientContract
    on: dt.date
    what: str


def add(*, client: Client, term: Term, by: AbstractBaseUser | None, at: dt.datetime) -> ClientContract:
    """Write down a contract with a client; nothing is on paper yet, and how it is billed is undefined.

    Raises:
        RefusedError: the term contradicts itself, or the client has a contract of that title.
    """
    _check(term)
    try:
        with transaction.atomic():
            contract = ClientContract.objects.create(
                entity_id=client.entity_id, client=client, state=ContractState.NONE, **asdict(term)
            )
            audit.record(
                action="portfolio:contract:add", subject=contract, at=at, by=by, entity=client.entity.slug,
                data=_plain(asdict(term)),
            )  # fmt: skip
    except IntegrityError as error:
        raise _taken(client, term) from error
    return contract


def change(*, contract: ClientContract, term: Term, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Change a contract's term.

    Raises:
        RefusedError: the term contradicts itself, or the client has another contract of that title.
    """
    _check(term)
    before = {name: getattr(contract, name) for name in asdict(term)}
    changed = {name: value for name, value in asdict(term).items() if before[name] != value}
    if not changed:
        return
    try:
        with transaction.atomic():
            if not ClientContract.objects.filter(pk=contract.pk, **before).update(**changed):
                raise RefusedError(
                    f"Somebody changed the contract of {contract} meanwhile; look at it again."
                )
            audit.record(
                action="portfolio:contract:change", subject=contract, at=at, by=by, entity=contract.entity.slug,
                data={name: [_text(before[name]), _text(value)] for name, value in changed.items()},
            )  # fmt: skip
    except IntegrityError as error:
        raise _taken(contract.client, term) from error


def move(
    *,
    contract: ClientContract,
    to: ContractState,
    on: dt.date,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Say how firm the paper has become; signing and expiring are dated.

    Raises:
        RefusedError: the move is not a legal one, the day is ahead, or somebody was quicker.
    """
    was = ContractState(contract.state)
    if to not in MOVES[was]:
        raise RefusedError(
            f"The contract of {contract} is “{was.label.lower()}”; it does not become “{to.label.lower()}” from there."
        )
    if on > today:
        raise RefusedError(f"{on:%-d %B %Y} is ahead; say on which day it was.")
    dates: dict[str, dt.date | None] = {}
    if to == ContractState.SIGNED:
        dates = {"signed_on": on, "expired_on": None}
    elif to == ContractState.EXPIRED:
        dates = {"expired_on": on}
    with transaction.atomic():
        if not ClientContract.objects.filter(pk=contract.pk, state=was).update(state=to, **dates):
            raise RefusedError(f"Somebody moved the contract of {contract} meanwhile; look at it again.")
        audit.record(
            action="portfolio:contract:move", subject=contract, at=at, by=by, entity=contract.entity.slug,
            data={"state": [was.value, to.value], "on": on.isoformat()},
        )  # fmt: skip


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


def due_soon(*, entity: Entity, as_of: dt.date, days: int = SOON_DAYS) -> list[Due]:
    """Return what falls due within some days, or is past already: notice, renewal, the end of a term; one query."""
    found: list[Due] = []
    for contract in (
        ClientContract.objects.filter(entity=entity, active=True, ends_on__isnull=False)
        .exclude(state=ContractState.EXPIRED)
        .select_related("client")
    ):
        ends = contract.ends_on
        if ends is None:
            continue
        if contract.notice_days is not None:
            notice = ends - dt.timedelta(days=contract.notice_days)
            if as_of <= notice <= as_of + dt.timedelta(days=days):
                found.append(Due(contract, notice, "Last day to give notice"))
        if ends <= as_of + dt.timedelta(days=days):
            over = ends < as_of
            words = {
                (True, True): "The term has ended; write its renewal down",
                (True, False): "The term has ended; agree it anew or let it expire",
                (False, True): "It renews",
                (False, False): "It ends",
            }
            found.append(Due(contract, ends, words[over, contract.renews]))
    return sorted(found, key=lambda due: (due.on, due.contract.pk))


def _check(term: Term) -> None:
    if term.starts_on and term.ends_on and term.ends_on < term.starts_on:
        raise RefusedError("The contract ends before it starts; correct one of the two days.")
    if term.ends_on is None and (term.renews or term.notice_days is not None):
        raise RefusedError(
            "A contract that renews, or that notice is given for, has a day on which its term ends."
        )


def _taken(client: Client, term: Term) -> RefusedError:
    named = f"called {term.title}" if term.title else "without a title"
    return RefusedError(f"{client} has a contract {named} already; give this one another title.")


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
