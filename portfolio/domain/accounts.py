"""Finding an entity's accounts by what they are for; a code is named only where several share a role.

The template every entity starts from stands next door in `portfolio.domain.chart`.
"""

from portfolio.domain import ledger
from portfolio.models import Account, AccountKind, AccountRole, Client, Entity, Vendor

# These share their role with other direct costs, so they alone are known by their code in the chart.
CARD_FEES = "5600"
CARD_DISPUTES = "5650"
COMMISSIONS = "5500"
CONTRACTORS = "6500"


class MissingAccountError(ledger.LedgerError):
    """An entity lacks an account that a posting needs."""


class Accounts:
    """The accounts of one entity, read in one query. Only active ones are offered by role or code."""

    def __init__(self, entity: Entity) -> None:
        """Read the accounts, lowest code first."""
        self.entity = entity
        self.by_id = {
            account.pk: account for account in Account.objects.filter(entity=entity).order_by("code")
        }
        self._accounts = [account for account in self.by_id.values() if account.active]

    def of(self, role: AccountRole, kind: AccountKind | None = None) -> Account:
        """Return the first account of a role, and of a kind where one is given.

        Raises:
            MissingAccountError: the entity keeps none.
        """
        for account in self._accounts:
            if account.role == role and kind in (None, account.kind):
                return account
        raise MissingAccountError(
            f"{self.entity.name} has no active account for “{role.label}”; add one to its chart of accounts."
        )

    def coded(self, code: str) -> Account:
        """Return the account with a code.

        Raises:
            MissingAccountError: the entity keeps none.
        """
        for account in self._accounts:
            if account.code == code:
                return account
        raise MissingAccountError(
            f"{self.entity.name} has no active account {code}; add it to its chart of accounts."
        )

    def owed_by(self, client: Client) -> Account:
        """Return where what a client owes stands: with sister entities apart, so that it can be taken off both sides.

        Raises:
            MissingAccountError: the entity keeps none.
        """
        if client.sister_id is not None:
            return self.of(AccountRole.INTERCOMPANY, AccountKind.ASSET)
        return self.of(AccountRole.RECEIVABLE)

    def earned_of(self, client: Client) -> Account:
        """Return where what a client buys is earned unless somebody says otherwise.

        Raises:
            MissingAccountError: the entity keeps none.
        """
        if client.sister_id is not None:
            return self.of(AccountRole.INTERCOMPANY, AccountKind.INCOME)
        return self.of(AccountRole.REVENUE)

    def owed_to(self, vendor: Vendor) -> Account:
        """Return where what is owed to a vendor stands.

        Raises:
            MissingAccountError: the entity keeps none.
        """
        if vendor.sister_id is not None:
            return self.of(AccountRole.INTERCOMPANY, AccountKind.LIABILITY)
        return self.of(AccountRole.PAYABLE)

    def uncategorised(self, amount_minor: int) -> Account:
        """Return the account where money waits for a category: receipts for money in, payments for money out."""
        kind = AccountKind.INCOME if amount_minor > 0 else AccountKind.EXPENSE
        return self.of(AccountRole.UNCATEGORISED, kind)
