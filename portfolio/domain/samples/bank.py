"""Sample banks: what was said about their accounts, a saved column map and a narrow rule.

Their lines and balances come from the statements that the sample lands; no figure moves here.
"""

import datetime as dt

from portfolio.domain import bank_accounts, column_maps, rules
from portfolio.domain.rules import RuleTerms
from portfolio.formats.bank_csv import BankColumns
from portfolio.models import Account, Direction, Entity

# entity, bank, its own ids as an OFX file would give them.
BANKS = (
    ("qos", "Point Loma Savings", "122000000", "000440011234"),
    ("dc", "Point Loma Savings", "122000000", "000440015678"),
)


def load(*, at: dt.datetime) -> None:
    """Load what people said about banks; inside the caller's transaction."""
    for slug, institution, bank, number in BANKS:
        account = Account.objects.select_related("entity").get(entity__slug=slug, code="1010")
        bank_accounts.remember(
            account=account, institution=institution, bank=bank, number=number, by=None, at=at
        )
    qos = Entity.objects.get(slug="qos")
    checking = Account.objects.get(entity=qos, code="1010")
    column_maps.save(
        entity=qos, account=checking, name="Point Loma Savings, old export",
        headings=("Posted", "Details", "Withdrawals", "Deposits", "Running balance"),
        columns=BankColumns(
            date="Posted", description="Details", debit="Withdrawals", credit="Deposits", balance="Running balance",
            date_format="%m/%d/%Y",
        ),
        by=None, at=at,
    )  # fmt: skip
    rules.save(
        entity=qos,
        terms=RuleTerms(
            "CHANDLERY", Account.objects.get(entity=qos, code="6300"), Direction.OUT, at_most_minor=500_00
        ),
        by=None, at=at,
    )  # fmt: skip
