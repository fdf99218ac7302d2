"""Where the money of bookings stands in the books: held, owed back, owed to us, earned, set aside for tax, kept.

Every one of these is a sum of sealed postings that name the booking. What moves money between them stands next door, in
`portfolio.domain.recognition`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Sum

from portfolio.domain import ledger
from portfolio.domain.accounts import Accounts
from portfolio.models import Account, AccountRole, Booking, EntryState, Posting

HELD_ROLES = (AccountRole.DEFERRED, AccountRole.DEPOSITS_HELD)
# Over these the postings of a booking add up to what its client has paid: earning it moves nothing in or out.
PAID_ROLES = (
    *HELD_ROLES,
    AccountRole.REFUNDS_DUE,
    AccountRole.RECEIVABLE,
    AccountRole.REVENUE,
    AccountRole.TAX,
)
# The code of the account for what cancelled bookings leave behind; its role is that of sales.
KEPT = "4100"
# Stays below the number of parameters that any SQLite in use accepts.
_LOOKUP = 900


class Money:
    """Where one booking's money stands; credits are positive but for what the client owes."""

    def __init__(self, booking: Booking, accounts: Accounts, balances: dict[int, int]) -> None:
        """Take the sums of its postings by account, debit positive."""
        self.booking, self.accounts, self.balances = booking, accounts, balances

    @property
    def deferred(self) -> int:
        """Paid, and not earned yet."""
        return self._credit(AccountRole.DEFERRED)

    @property
    def deposits(self) -> int:
        """Paid as a deposit, and still held."""
        return self._credit(AccountRole.DEPOSITS_HELD)

    @property
    def held(self) -> int:
        """Both of these."""
        return self.deferred + self.deposits

    @property
    def refunds_due(self) -> int:
        """Owed back to the client."""
        return self._credit(AccountRole.REFUNDS_DUE)

    @property
    def receivable(self) -> int:
        """Owed by the client."""
        return -self._credit(AccountRole.RECEIVABLE)

    @property
    def tax(self) -> int:
        """Set aside for tax."""
        return self._credit(AccountRole.TAX)

    @property
    def kept(self) -> int:
        """Kept although the service was called off."""
        return -sum(amount for pk, amount in self.balances.items() if self.accounts.by_id[pk].code == KEPT)

    @property
    def earned(self) -> int:
        """Earned by the service, with the tax in it."""
        return self._credit(AccountRole.REVENUE) - self.kept + self.tax

    @property
    def paid(self) -> int:
        """What the client has paid and not got back."""
        return -sum(self.balances.values())

    def out_of(self, role: AccountRole, amount_minor: int) -> list[ledger.Line]:
        """Return postings that take an amount out of what is held in accounts of a role, the lowest code first.

        What lies beyond what they hold, and an amount below zero, goes through the first of them.
        """
        lines = []
        for pk, account in self.accounts.by_id.items():
            here = -self.balances.get(pk, 0)
            if account.role == role and here > 0 and amount_minor > 0:
                taken = min(here, amount_minor)
                lines.append(ledger.Line(account, taken, self.booking))
                amount_minor -= taken
        if amount_minor:
            lines.append(ledger.Line(self.accounts.of(role), amount_minor, self.booking))
        return lines

    def kept_account(self) -> Account:
        """Return the account for what is kept, or the first of sales where the chart has none."""
        for account in self.accounts.by_id.values():
            if account.code == KEPT and account.role == AccountRole.REVENUE and account.active:
                return account
        return self.accounts.of(AccountRole.REVENUE)

    def _credit(self, role: AccountRole) -> int:
        return -sum(amount for pk, amount in self.balances.items() if self.accounts.by_id[pk].role == role)


def of(booking: Booking, accounts: Accounts | None = None) -> Money:
    """Return where a booking's money stands; two queries."""
    accounts = accounts or Accounts(booking.entity)
    return Money(booking, accounts, by_booking([booking.pk]).get(booking.pk, {}))


def by_booking(
    booking_ids: Iterable[int], roles: Iterable[AccountRole] = PAID_ROLES
) -> dict[int, dict[int, int]]:
    """Return booking to account to the sum of its sealed postings there, debit positive; nothing where it is zero."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for ids in chunks(booking_ids):
        rows = (
            Posting.objects.filter(
                booking__in=ids, entry__state=EntryState.POSTED, account__role__in=list(roles)
            )
            .order_by()
            .values_list("booking_id", "account_id")
            .annotate(total=Sum("amount_minor"))
        )
        for booking_id, account_id, total in rows:
            if total:
                found[booking_id][account_id] = total
    return dict(found)


def chunks(booking_ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield ids in lists that any SQLite in use accepts as parameters."""
    ids = sorted(set(booking_ids))
    for start in range(0, len(ids), _LOOKUP):
        yield ids[start : start + _LOOKUP]


def lock(booking_ids: Iterable[int]) -> None:
    """Let nobody else decide on the money of these bookings until the transaction ends.

    Always before posting and in the order of their ids, so that nobody waits for somebody who waits for them.
    """
    with transaction.atomic():
        for ids in chunks(booking_ids):
            list(
                Booking.objects.select_for_update(no_key=True)
                .filter(pk__in=ids)
                .order_by("pk")
                .values_list("pk")
            )
