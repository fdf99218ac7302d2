"""``manage.py reconcile_month``: assert a statement's closing balance against the books, and close the month."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core import clock, months
from core.money import MoneyError, format_minor, parse_minor
from portfolio.domain import reconciliation
from portfolio.models import Entity


class Command(BaseCommand):
    """Marks one month of one entity reconciled, or says what differs."""

    help = "Reconcile a month of an entity with its bank statement; --close closes it for good."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the entity, the month and the statement's closing balance."""
        parser.add_argument("entity", help="slug of the entity, such as qos")
        parser.add_argument("month", help="such as 2026-10")
        parser.add_argument(
            "balance",
            nargs="+",
            help="closing balance on the statement, such as 4526.45; of several accounts one each, such as 1010=4526.45",
        )
        parser.add_argument("--close", action="store_true", help="close the month too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reconcile; exit status 2 with one sentence where it does not."""
        entity = Entity.objects.filter(slug=options["entity"]).first()
        if entity is None:
            known = ", ".join(Entity.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no entity {options['entity']!r}; there are: {known}.", returncode=2)
        at = clock.now()
        try:
            month = months.parse(options["month"])
            with transaction.atomic():
                done = self._reconcile(entity, month, options["balance"], at)
                if options["close"]:
                    reconciliation.close_month(entity=entity, month=month, by=None, at=at)
        except (months.MonthError, MoneyError, reconciliation.ReconciliationError) as error:
            raise CommandError(str(error), returncode=2) from error
        self._tell(entity, month, done, closed=options["close"])

    def _reconcile(
        self, entity: Entity, month: int, given: list[str], at: dt.datetime
    ) -> reconciliation.Reconciled:
        """Assert one balance for all, or each account's own where they are written as code=balance."""
        if len(given) == 1 and "=" not in given[0]:
            return reconciliation.reconcile_month(
                entity=entity,
                month=month,
                statement_minor=parse_minor(given[0], entity.currency),
                by=None,
                at=at,
            )
        accounts = {account.code: account for account in entity.accounts.all()}
        balances = {}
        for code, _, amount in (words.partition("=") for words in given):
            if code not in accounts or accounts[code] in balances:
                raise reconciliation.ReconciliationError(
                    f"Write each bank account once as code=balance; {code!r} is no account of {entity.name}, or stands twice."
                )
            balances[accounts[code]] = parse_minor(amount, entity.currency)
        return reconciliation.reconcile_accounts(
            entity=entity, month=month, balances=balances, by=None, at=at
        )

    def _tell(self, entity: Entity, month: int, done: reconciliation.Reconciled, *, closed: bool) -> None:
        state = "reconciled and closed" if closed else "reconciled"
        waiting = format_minor(done.uncategorised_minor, entity.currency)
        self.stdout.write(
            f"{entity.slug} {months.label(month)} is {state} at {format_minor(done.cash_minor, entity.currency)}; "
            f"{waiting} of it is not categorised."
        )
