"""Payouts: which movements each carried to the bank, and whether they add up to it.

A payout's movements, its own among them, pass the clearing account and leave nothing there: their sum is its residual, 0.
Which payout carried a movement is told by Stripe's list of the payout or by a column of its files, never guessed.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Lower

from portfolio.formats.stripe import BalanceTransaction, StripeType
from portfolio.models import Entity, ImportedLine, ImportKind, StripeMovement, StripePayout

PAID, FAILED, CANCELED = "paid", "failed", "canceled"
CAME_BACK = (FAILED, CANCELED)
_LOOKUP = 900


@dataclass(frozen=True, slots=True)
class Residual:
    """A payout whose movements do not add up to it, or are not all known yet (``residual_minor`` None)."""

    payout_id: str
    arrives_on: dt.date
    state: str
    amount_minor: int
    residual_minor: int | None


def own_id(row: BalanceTransaction) -> str:
    """Return the id of the payout that a movement to the bank, or back from it, is."""
    return row.source if row.source.startswith(("po_", "tr_")) else row.payout_id


def carried_by(row: BalanceTransaction) -> str:
    """Return the payout that took a movement along; money that came back waits for another one."""
    return "" if row.returned and row.payout_id == own_id(row) else row.payout_id


def each_once(rows: Iterable[BalanceTransaction]) -> list[BalanceTransaction]:
    """Return each movement once, as it was told by whoever knew which payout carried it, in order of time."""
    best: dict[str, BalanceTransaction] = {}
    for row in rows:
        if row.id not in best or carried_by(row):
            best[row.id] = row
    return sorted(best.values(), key=lambda row: (row.created_at, row.id))


def residuals(*, entity: Entity, as_of: dt.date) -> tuple[Residual, ...]:
    """Return the payouts that arrived by a day and whose movements leave something in the clearing account.

    A payout whose list Stripe does not give (a manual one) or has not given yet has no residual to show and is left out.
    """
    return tuple(
        Residual(
            payout.payout_id, payout.arrives_on, payout.state, payout.amount_minor, payout.residual_minor
        )
        for payout in _open(StripePayout.objects.filter(entity=entity, arrives_on__lte=as_of)).order_by(
            "arrives_on", "pk"
        )
    )


def _open(rows: QuerySet[StripePayout]) -> QuerySet[StripePayout]:
    return rows.filter(residual_minor__isnull=False).exclude(residual_minor=0)


def add_up(*, entity: Entity, rows: Sequence[BalanceTransaction]) -> None:
    """Note which charge and payout movements belong to, and bring the payouts they touch up to date.

    Called in the transaction in which the movements landed, under the entity's lock.
    """
    touched: set[str] = set()
    for start in range(0, len(rows), _LOOKUP):
        touched |= _note(entity, rows[start : start + _LOOKUP])
    settle(entity=entity, payout_ids=touched - {""})


def _note(entity: Entity, rows: Sequence[BalanceTransaction]) -> set[str]:
    """Note which charge and payout some movements belong to; return the payouts they touch."""
    known = {
        found.external_id: found
        for found in StripeMovement.objects.filter(entity=entity, external_id__in=[row.id for row in rows])
    }
    new, changed, touched = [], [], set()
    for row in rows:
        payout_id = carried_by(row)
        touched |= {own_id(row)} if row.type == StripeType.PAYOUT else set()
        found = known.get(row.id)
        if found is None:
            new.append(
                StripeMovement(
                    entity=entity, external_id=row.id, charge_id=row.charge_id[:80], payout_id=payout_id[:80],
                    net_minor=row.net_minor,
                )
            )  # fmt: skip
            touched.add(payout_id)
        elif (payout_id and found.payout_id != payout_id) or (row.charge_id and not found.charge_id):
            touched |= {payout_id, found.payout_id}
            found.payout_id, found.charge_id = (
                payout_id or found.payout_id,
                found.charge_id or row.charge_id[:80],
            )
            changed.append(found)
    StripeMovement.objects.bulk_create(new)
    StripeMovement.objects.bulk_update(changed, ["payout_id", "charge_id"], batch_size=200)
    return touched


def told(*, entity: Entity, payout: Mapping[str, Any], at: dt.datetime) -> None:
    """Write down how Stripe says a payout stands now; called under the entity's lock."""
    arrives_on = dt.datetime.fromtimestamp(payout["arrival_date"], dt.UTC).date()
    StripePayout.objects.update_or_create(
        entity=entity,
        payout_id=payout["id"],
        defaults={
            "amount_minor": payout["amount"], "arrives_on": arrives_on, "state": payout["status"][:12],
            "checked_at": at, "manual": payout.get("automatic") is False,
        },
    )  # fmt: skip
    settle(entity=entity, payout_ids=[payout["id"]])


def settle(*, entity: Entity, payout_ids: Collection[str]) -> None:
    """Work out amount, state, lines and residual of payouts from the movements that have landed."""
    listed = sorted(payout_ids)
    for start in range(0, len(listed), _LOOKUP // 2):
        chunk = listed[start : start + _LOOKUP // 2]
        rows = {row.payout_id: row for row in StripePayout.objects.filter(entity=entity, payout_id__in=chunk)}
        own = _own_lines(entity, chunk)
        sums = {
            payout_id: (net, lines)
            for payout_id, net, lines in StripeMovement.objects.filter(entity=entity, payout_id__in=chunk)
            .order_by()
            .values_list("payout_id")
            .annotate(Sum("net_minor"), Count("pk"))
        }
        for payout_id in chunk:
            _settle_one(
                entity,
                payout_id,
                rows.get(payout_id),
                own.get(payout_id, _Own()),
                sums.get(payout_id),
            )


def _settle_one(
    entity: Entity, payout_id: str, row: StripePayout | None, own: "_Own", summed: tuple[int, int] | None
) -> None:
    if row is None:
        if own.out is None and own.back is None:
            return  # Movements name it, but nothing says yet how much it was.
        row = StripePayout(entity=entity, payout_id=payout_id, state=PAID)
    if row.checked_at is None and own.out is not None:
        row.amount_minor, row.arrives_on = -own.out.amount_minor, own.out.on
    elif row.checked_at is None and own.back is not None:
        row.amount_minor, row.arrives_on = own.back.amount_minor, own.back.on
    if own.back is not None and row.state not in CAME_BACK:
        row.state = FAILED
    net, count = summed or (0, 0)
    # Its own movement counts among its movements; alone it says nothing about the others.
    row.lines = max(0, count - (own.out is not None))
    row.residual_minor = net if own.out is not None and row.lines else None
    row.save()


class _Own(NamedTuple):
    """The lines that are a payout itself: by which it went out, and by which it came back."""

    out: ImportedLine | None = None
    back: ImportedLine | None = None


def _own_lines(entity: Entity, payout_ids: Iterable[str]) -> dict[str, _Own]:
    names = {payout_id.casefold(): payout_id for payout_id in payout_ids}
    lines = list(
        ImportedLine.objects.filter(
            entity=entity, kind=ImportKind.STRIPE, payout_id__in=sorted(names)
        ).order_by("on", "pk")
    )
    carried = dict(
        StripeMovement.objects.filter(
            entity=entity, external_id__in=[line.external_id for line in lines]
        ).values_list("external_id", "payout_id")
    )
    found: dict[str, _Own] = {}
    for line in lines:
        payout_id = names[line.payout_id]
        so_far = found.get(payout_id, _Own())
        # A payout carries its own movement; what came back is carried by a later one, or waits for it.
        goes_out = carried.get(line.external_id) == payout_id
        found[payout_id] = so_far._replace(**{"out" if goes_out else "back": line})
    return found


def listed(*, entity: Entity) -> QuerySet[StripePayout]:
    """Return an entity's payouts, newest first."""
    return StripePayout.objects.filter(entity=entity).order_by("-arrives_on", "-pk")


@dataclass(frozen=True, slots=True)
class Explained:
    """What Stripe's movements leave in the clearing account at the end of a day, by why; minor units.

    ``under_way_minor``: their payout arrives later. ``at_stripe_minor``: no payout's list names them, less what payouts by
    hand, which have no list, took of them. ``residual_minor``: their payout has arrived and does not add up.
    """

    under_way_minor: int
    at_stripe_minor: int
    residual_minor: int
    by_hand: bool

    @property
    def rightly_minor(self) -> int:
        """Return what clearing rightly holds: money on its way, and what waits at Stripe for somebody to pay it out.

        Where Stripe pays out by itself, movements that no list names yet are not taken for granted.
        """
        return self.under_way_minor + (max(self.at_stripe_minor, 0) if self.by_hand else 0)


def in_transit(*, entity: Entity, as_of: dt.date) -> int:
    """Return what the clearing account rightly held at the end of a day."""
    return explained(entity=entity, as_of=as_of).rightly_minor


def explained(*, entity: Entity, as_of: dt.date) -> Explained:
    """Return what Stripe's movements leave in an entity's clearing account at the end of a day; one query."""
    found = explained_of(entity_ids=[entity.pk], as_of=as_of)
    return found.get(entity.pk, Explained(0, 0, 0, by_hand=False))


def explained_of(*, entity_ids: Collection[int], as_of: dt.date) -> dict[int, Explained]:
    """Return the same for each entity that has movements; one query.

    By the dates of the books: a payout that the bank's statement brought first arrived on the bank's date. What has no
    entry is of before the opening, which brought its money.
    """
    in_books = Q(entry__on__lte=as_of) | Q(entry=None, waits=False, on__lte=as_of)
    lines = ImportedLine.objects.filter(in_books, entity=OuterRef("entity"), kind=ImportKind.STRIPE)
    own = Exists(lines.filter(external_id=OuterRef("external_id")))
    by_hand = StripePayout.objects.filter(entity__in=entity_ids, manual=True)
    # A payout's id is Stripe's own, the same for no two entities.
    moved = StripeMovement.objects.filter(entity__in=entity_ids).order_by()
    carried = moved.exclude(payout_id="")
    arrived = carried.filter(Exists(lines.filter(payout_id=Lower(OuterRef("payout_id"))))).values("payout_id")
    unlisted = Q(payout_id="") | Q(payout_id__in=by_hand.values("payout_id"))
    hand = Exists(by_hand.filter(entity=OuterRef("entity")))
    sums = (
        moved.filter(own)
        .values_list("entity_id", hand)
        .annotate(
            whole=Sum("net_minor"),
            at_stripe=Sum("net_minor", filter=unlisted),
            under_way=Sum("net_minor", filter=~unlisted & ~Q(payout_id__in=arrived)),
        )
    )
    found = {}
    for entity_id, pays_by_hand, *totals in sums:
        whole, at_stripe, under_way = (int(total or 0) for total in totals)
        found[entity_id] = Explained(
            under_way, at_stripe, whole - at_stripe - under_way, by_hand=bool(pays_by_hand)
        )
    return found
