"""What clients are served on, what was done for them, what they were asked for, and what they paid.

One entity may do the work and a sister invoice it, so a client is whoever bears one name over all entities of these kinds;
sister entities themselves are no clients here. Everything is as it stood on the date asked for, except the paper of
contracts, which is as it stands.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Max, Q, Sum

from core import months
from core.money import divide
from mail.models import Message
from mail.models import State as MailState
from portfolio.domain.queries.notes import HELD, Held, note_rows
from portfolio.domain.receivables import letters
from portfolio.domain.receivables.clients import same_client
from portfolio.domain.receivables.measures import price_of, retained, retainers_billed
from portfolio.models import (
    Allocation,
    ClientContract,
    DunningLetter,
    EntityKind,
    HandoffRow,
    Invoice,
    InvoiceState,
    Milestone,
    Payment,
    Rebillable,
    WorkEntry,
)

KINDS = (EntityKind.AGENCY, EntityKind.RECEIVABLES)
# A year to look back on, from the month before the last one, and what a prior of three months needs.
BACK_MONTHS = 16


@dataclass(frozen=True, slots=True)
class ClientFact:
    """A client over all entities; ``id`` is their record where a contract is, ``entity_id`` the entity of that one."""

    id: int
    entity_id: int
    name: str


@dataclass(frozen=True, slots=True)
class ContractFact:
    """The terms a client is served on; ``terms_days`` are the contract's or else the client's.

    One that is not ``active`` serves nobody any more, and what was done under it stays what it was.
    """

    id: int
    entity_id: int
    client_id: int
    title: str
    state: str
    billing_model: str
    rate_minor: int | None
    starts_on: dt.date | None
    ends_on: dt.date | None
    renews: bool
    notice_days: int | None
    expired_on: dt.date | None
    terms_days: int
    active: bool


@dataclass(frozen=True, slots=True)
class WorkFact:
    """Something done, laid out or due under a contract: ``what`` says which.

    ``billed_on`` is when it was invoiced, None while it was not; ``value_minor`` None where a retainer or a milestone
    covers the time.
    """

    ref: str
    contract_id: int
    on: dt.date
    what: str
    value_minor: int | None
    billed_on: dt.date | None
    minutes: int = 0
    billable: bool = True


@dataclass(frozen=True, slots=True)
class InvoiceFact:
    """An issued invoice. ``net_minor`` is before tax, 0 where it bills a booking or was open when the books began.

    ``settled_on`` is None while something was open; ``given_up`` where it was credited or written off. ``here`` were
    issued here and not by another program. ``debtor_id`` is the client's own record in that entity.
    """

    id: int
    entity_id: int
    client_id: int
    debtor_id: int
    reference: str
    issued_on: dt.date
    due_on: dt.date
    net_minor: int
    total_minor: int
    settled_on: dt.date | None
    given_up: bool
    here: bool
    settled: tuple[tuple[dt.date, int], ...]

    def open_on(self, day: dt.date) -> int:
        """Return what was open of it at the end of a day, in minor units."""
        if self.issued_on > day:
            return 0
        return self.total_minor - sum(amount for on, amount in self.settled if on <= day)


@dataclass(frozen=True, slots=True)
class Taken:
    """Money of a client on a day: a payment, or what a credit note took back; ``net_minor`` is without tax."""

    ref: str
    entity_id: int
    client_id: int
    on: dt.date
    amount_minor: int
    net_minor: int
    label: str


@dataclass(frozen=True, slots=True)
class DraftFact:
    """A drafted invoice with the day of the newest work it bills, None where it names none."""

    id: int
    entity_id: int
    client_id: int
    total_minor: int
    worked_on: dt.date | None


@dataclass(frozen=True, slots=True)
class LetterFact:
    """A reminder that was drafted, and whether it went."""

    id: int
    entity_id: int
    client_id: int
    level: int
    drafted_on: dt.date
    state: str
    about_minor: int


@dataclass(frozen=True, slots=True)
class ClientRecords:
    """Everything known of clients; ``mailed`` are invoices whose letter went."""

    clients: tuple[ClientFact, ...] = ()
    contracts: tuple[ContractFact, ...] = ()
    time: tuple[WorkFact, ...] = ()
    milestones: tuple[WorkFact, ...] = ()
    retainers: tuple[WorkFact, ...] = ()
    rebillables: tuple[WorkFact, ...] = ()
    invoices: tuple[InvoiceFact, ...] = ()
    credits: tuple[Taken, ...] = ()
    payments: tuple[Taken, ...] = ()
    drafts: tuple[DraftFact, ...] = ()
    letters: tuple[LetterFact, ...] = ()
    mailed: frozenset[int] = frozenset()


def contracts(*, entity_ids: Collection[int]) -> tuple[ClientContract, ...]:
    """Return active client contracts."""
    return tuple(
        ClientContract.objects.filter(entity_id__in=entity_ids, active=True).select_related("client")
    )


def client_notes(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[HandoffRow, ...]:
    """Return what current handoff notes say of clients; a note stands as it stands, whatever the date."""
    return note_rows(entity_ids=entity_ids, kinds=("client",))


# How firm a client's paper is, as a note says it and as its contract does.
HELD["client"] = Held(
    "Contract", "contract", lambda row: (row.entity_id, row.client.name), lambda row: str(row.state)
)


def client_records(*, entity_ids: Collection[int], as_of: dt.date) -> ClientRecords:
    """Return what is known of the clients of agencies up to a date, the last sixteen months of it; eleven queries."""
    reader = _Reader(entity_ids, as_of)
    served = reader.contracts()
    for row in served.values():
        reader.client(row.entity_id, row.client_id, row.client.name)
    invoices, taken_back = reader.invoices()
    return ClientRecords(
        contracts=tuple(
            ContractFact(
                row.pk, row.entity_id, reader.client(row.entity_id, row.client_id, row.client.name), row.title, row.state,
                row.billing_model, row.rate_minor, row.starts_on, row.ends_on, row.renews, row.notice_days, row.expired_on,
                row.client.terms_days if row.terms_days is None else row.terms_days, row.active,
            )
            for row in served.values()
        ),
        time=reader.time(served),
        milestones=reader.milestones(),
        retainers=reader.retainers(served),
        rebillables=reader.rebillables(),
        invoices=invoices,
        credits=taken_back,
        payments=reader.payments(),
        drafts=reader.drafts(),
        letters=reader.letters(),
        mailed=reader.mailed(invoices),
        clients=tuple(sorted(reader.clients.values(), key=lambda row: row.name.casefold())),
    )  # fmt: skip


@dataclass
class _Reader:
    """Reads the families one after the other, and gives each client one id over the entities."""

    entity_ids: Collection[int]
    as_of: dt.date
    clients: dict[str, ClientFact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.since = months.first_day(months.month_of(self.as_of) - BACK_MONTHS)

    def _of(self, path: str = "") -> Q:
        return Q(**{f"{path}entity__in": self.entity_ids, f"{path}entity__kind__in": KINDS})

    def client(self, entity_id: int, pk: int, name: str) -> int:
        """Return the id of a client over all entities."""
        key = same_client(name)
        known = self.clients.get(key)
        if known is None:
            known = self.clients[key] = ClientFact(pk, entity_id, name)
        return known.id

    def contracts(self) -> dict[int, ClientContract]:
        rows = ClientContract.objects.filter(self._of(), client__sister__isnull=True).select_related("client")
        return {row.pk: row for row in rows.order_by("client_id", "pk")}

    def time(self, served: dict[int, ClientContract]) -> tuple[WorkFact, ...]:
        rows = (
            WorkEntry.objects.filter(self._of("contract__"), contract__in=served, on__lte=self.as_of)
            .filter(Q(on__gte=self.since) | Q(invoice_line__isnull=True))
            .order_by("on", "pk")
            .values_list(
                "pk", "contract_id", "on", "description", "minutes", "billable", "rate_minor", *_BILLED
            )
        )
        return tuple(
            WorkFact(
                f"work:{pk}", contract, on, what, price_of(served[contract], minutes, rate) if billable else None,
                self._billed(state, issued), minutes, billable,
            )
            for pk, contract, on, what, minutes, billable, rate, state, issued in rows
        )  # fmt: skip

    def milestones(self) -> tuple[WorkFact, ...]:
        rows = (
            Milestone.objects.filter(self._of("contract__"), reached_on__lte=self.as_of)
            .filter(Q(reached_on__gte=self.since) | Q(invoice_line__isnull=True))
            .filter(contract__client__sister__isnull=True)
            .order_by("reached_on", "pk")
            .values_list("pk", "contract_id", "reached_on", "name", "amount_minor", *_BILLED)
        )
        return tuple(
            WorkFact(f"milestone:{pk}", contract, on, name, amount, self._billed(state, issued))
            for pk, contract, on, name, amount, state, issued in rows
            if on is not None
        )

    def rebillables(self) -> tuple[WorkFact, ...]:
        rows = (
            Rebillable.objects.filter(self._of("contract__"), on__lte=self.as_of)
            .filter(Q(on__gte=self.since) | Q(invoice_line__isnull=True))
            .filter(contract__client__sister__isnull=True)
            .order_by("on", "pk")
            .values_list("pk", "contract_id", "on", "what", "amount_minor", *_BILLED)
        )
        return tuple(
            WorkFact(f"rebillable:{pk}", contract, on, what, amount, self._billed(state, issued))
            for pk, contract, on, what, amount, state, issued in rows
        )

    def retainers(self, served: dict[int, ClientContract]) -> tuple[WorkFact, ...]:
        """Return the months of retainers that were over, each on its last day; one query, if any."""
        held = {pk: found for pk, row in served.items() if (found := retained(row, self.as_of))}
        billed = retainers_billed(contracts=[served[pk] for pk in held], as_of=self.as_of)
        first = months.month_of(self.since)
        return tuple(
            WorkFact(
                f"contract:{pk}", pk, months.last_day(month), f"Retainer, {months.label(month)}", served[pk].rate_minor or 0,
                billed.get((pk, month)),
            )
            for pk, found in held.items()
            for month in found
            if (month >= first if (pk, month) in billed else _asks(served[pk], month))
        )  # fmt: skip

    def invoices(self) -> tuple[tuple[InvoiceFact, ...], tuple[Taken, ...]]:
        """Return what was issued lately or is open, each with what settled it by when, and what credit notes took back."""
        rows = list(
            Invoice.objects.filter(
                self._of(),
                state=InvoiceState.ISSUED,
                issued_on__lte=self.as_of,
                client__sister__isnull=True,
            )
            .filter(Q(issued_on__gte=self.since) | Q(settled_on__isnull=True) | Q(settled_on__gte=self.since))
            .select_related("client")
            .annotate(net=Sum("lines__amount_minor"))
            .order_by("issued_on", "pk")
        )
        settled: dict[int, list[tuple[dt.date, int]]] = defaultdict(list)
        given_up: set[int] = set()
        taken_back = []
        by_pk = {row.pk: row for row in rows}
        for invoice, note, write_off, on, amount in (
            Allocation.objects.filter(self._of("invoice__"), on__lte=self.as_of)
            .filter(Q(invoice__settled_on__isnull=True) | Q(invoice__settled_on__gte=self.since))
            .order_by("on", "pk")
            .values_list("invoice_id", "credit_note_id", "write_off_id", "on", "amount_minor")
        ):
            row = by_pk.get(invoice)
            if row is None:
                continue
            settled[invoice].append((on, amount))
            if note or write_off:
                given_up.add(invoice)
            if note:
                net = divide(amount * self._net(row), row.total_minor)
                taken_back.append(
                    Taken(
                        f"invoice:{row.pk}", row.entity_id, self.client(row.entity_id, row.client_id, row.client.name), on,
                        amount, net, f"Credit of {row.reference}",
                    )
                )  # fmt: skip
        found = []
        for row in rows:
            if row.issued_on is None or row.due_on is None:
                continue
            done = row.settled_on if row.settled_on is not None and row.settled_on <= self.as_of else None
            found.append(
                InvoiceFact(
                    row.pk, row.entity_id, self.client(row.entity_id, row.client_id, row.client.name), row.client_id,
                    row.reference, row.issued_on, row.due_on, self._net(row), row.total_minor, done, row.pk in given_up, not row.source,
                    tuple(settled[row.pk]),
                )
            )  # fmt: skip
        return tuple(found), tuple(taken_back)

    def payments(self) -> tuple[Taken, ...]:
        rows = (
            Payment.objects.filter(
                self._of(), on__gte=self.since, on__lte=self.as_of, client__sister__isnull=True
            )
            .filter(Q(void_on__isnull=True) | Q(void_on__gt=self.as_of))
            .order_by("on", "pk")
            .values_list("pk", "entity_id", "client_id", "client__name", "on", "amount_minor", "reference")
        )
        return tuple(
            Taken(
                f"payment:{pk}",
                entity,
                self.client(entity, client, name),
                on,
                amount,
                amount,
                f"{name} {reference}",
            )
            for pk, entity, client, name, on, amount, reference in rows
        )

    def drafts(self) -> tuple[DraftFact, ...]:
        rows = (
            Invoice.objects.filter(self._of(), state=InvoiceState.DRAFT, client__sister__isnull=True)
            .annotate(
                worked=Max("lines__work__on"),
                reached=Max("lines__milestones__reached_on"),
                paid=Max("lines__rebillables__on"),
            )
            .order_by("pk")
            .values_list(
                "pk", "entity_id", "client_id", "client__name", "total_minor", "retainer_month", "worked", "reached", "paid"
            )
        )  # fmt: skip
        found = []
        for pk, entity, client, name, total, month, *days in rows:
            ends = [months.last_day(month)] if month is not None else []
            newest = max([day for day in days if day is not None] + ends, default=None)
            found.append(DraftFact(pk, entity, self.client(entity, client, name), total, newest))
        return tuple(found)

    def letters(self) -> tuple[LetterFact, ...]:
        rows = (
            DunningLetter.objects.filter(self._of(), drafted_on__gte=self.since, drafted_on__lte=self.as_of)
            .exclude(message__state=MailState.DISCARDED)
            .annotate(about=Sum("invoices__total_minor") - Sum("invoices__settled_minor"))
            .order_by("drafted_on", "pk")
            .values_list(
                "pk",
                "entity_id",
                "client_id",
                "client__name",
                "level",
                "drafted_on",
                "message__state",
                "about",
            )
        )
        return tuple(
            LetterFact(pk, entity, self.client(entity, client, name), level, on, state, about or 0)
            for pk, entity, client, name, level, on, state, about in rows
        )

    def mailed(self, invoices: Iterable[InvoiceFact]) -> frozenset[int]:
        """Return the open invoices issued here whose letter went, or is on its way."""
        asked = {row.id for row in invoices if row.here and row.settled_on is None}
        if not asked:
            return frozenset()
        gone = Message.objects.filter(composer=letters.INVOICE).exclude(
            state__in=(MailState.DRAFT, MailState.DISCARDED, MailState.FAILED, MailState.SUPPRESSED)
        )
        return frozenset(
            asked.intersection(payload.get("invoice") for payload in gone.values_list("payload", flat=True))
        )

    def _billed(self, state: str | None, issued_on: dt.date | None) -> dt.date | None:
        if state != InvoiceState.ISSUED or issued_on is None or issued_on > self.as_of:
            return None
        return issued_on

    @staticmethod
    def _net(row: Invoice) -> int:
        return 0 if row.booking_id is not None or row.brought_forward else row.net or 0  # type: ignore[attr-defined]


_BILLED = ("invoice_line__invoice__state", "invoice_line__invoice__issued_on")


def _asks(contract: ClientContract, month: int) -> bool:
    """Tell whether a retainer asks for a month nobody billed: one that is active no more, only up to its end."""
    ends_on = contract.ends_on
    return contract.active or (ends_on is not None and month <= months.month_of(ends_on))
