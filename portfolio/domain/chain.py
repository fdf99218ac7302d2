"""The head of each entity's chain of entries: where it stands, and writing it down where nobody changes it.

Entries move the head (`portfolio.domain.sealing`). Here it is read, and copied into anchors that are append-only: daily,
when a month is closed and when a report is issued, whose mail and PDF carry it out of this database. Beside it stands what
the accounts are that the entries use.
`portfolio.domain.verification` holds the entries against all of them.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from core import clock
from portfolio.models import Account, AnchorReason, ChainAnchor, Entity, EntryChain, EntryState, Posting


class Head(NamedTuple):
    """The last number of an entity's entries and the chain's hash there; (0, "") in empty books."""

    number: int
    hash: str


class AccountMark(NamedTuple):
    """What an account is, and stays from its first posting on."""

    id: int
    code: str
    kind: str
    role: str
    currency: str


EMPTY = Head(0, "")


def heads(*, entities: Collection[Entity] | None = None) -> dict[int, Head]:
    """Return the head by entity id, for these entities or all; entities without entries are left out."""
    rows = EntryChain.objects.filter(number__gt=0)
    if entities is not None:
        rows = rows.filter(entity__in=entities)
    return {pk: Head(number, head) for pk, number, head in rows.values_list("entity_id", "number", "head")}


def record(*, entity: Entity, reason: AnchorReason, at: dt.datetime) -> ChainAnchor | None:
    """Write the head of one entity's chain down for good; None where its books are empty.

    Takes no lock, so that it may be called while the entity is locked: an anchor says what was committed when it was
    written, and entries under way stand behind it.
    """
    head = heads(entities=[entity]).get(entity.pk)
    if head is None:
        return None
    return ChainAnchor.objects.create(
        entity=entity, number=head.number, head=head.hash, accounts=accounts_at(entity.pk, head.number), reason=reason,
        recorded_at=at,
    )  # fmt: skip


def record_read(*, heads: Mapping[int, Head], reason: AnchorReason, at: dt.datetime) -> int:
    """Write down heads that were read before, by entity id, unless they are written down; return how many."""
    known = set(
        ChainAnchor.objects.filter(
            entity_id__in=heads, number__in=[head.number for head in heads.values()]
        ).values_list("entity_id", "number", "head")
    )
    made = ChainAnchor.objects.bulk_create(
        ChainAnchor(
            entity_id=pk, number=head.number, head=head.hash, accounts=accounts_at(pk, head.number), reason=reason,
            recorded_at=at,
        )
        for pk, head in sorted(heads.items())
        if (pk, *head) not in known
    )  # fmt: skip
    return len(made)


def record_daily(*, at: dt.datetime) -> int:
    """Write down each head that moved since it was last written down, once a day; return how many."""
    midnight = clock.end_of(clock.today(at=at) - dt.timedelta(days=1))
    anchors = ChainAnchor.objects.filter(entity=OuterRef("entity"))
    moved = EntryChain.objects.filter(
        ~Exists(anchors.filter(number=OuterRef("number"), head=OuterRef("head"))),
        ~Exists(anchors.filter(reason=AnchorReason.DAILY, recorded_at__gte=midnight)),
        number__gt=0,
    )
    made = ChainAnchor.objects.bulk_create(
        ChainAnchor(
            recorded_at=at,
            reason=AnchorReason.DAILY,
            accounts=accounts_at(row["entity_id"], row["number"]),
            **row,
        )
        for row in moved.order_by("entity_id").values("entity_id", "number", "head")
    )
    return len(made)


def digest(accounts: Iterable[AccountMark]) -> str:
    """Return the SHA-256 over what some accounts are, in the order of their ids."""
    said = repr([tuple(account) for account in sorted(accounts)])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def accounts_at(entity_id: int, number: int) -> str:
    """Return the digest over the accounts that an entity's entries up to a number use."""
    used = Posting.objects.filter(
        account=OuterRef("pk"), entry__state=EntryState.POSTED, entry__number__lte=number
    )
    rows = Account.objects.filter(Exists(used), entity=entity_id).values_list(*AccountMark._fields)
    return digest(AccountMark(*row) for row in rows)
