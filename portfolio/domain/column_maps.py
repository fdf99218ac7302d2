"""How a bank's CSV is read: saved under a name, and known again by the headings of the bank's next file."""

import datetime as dt
from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.domain.bank_accounts import with_statements
from portfolio.formats import bank_csv
from portfolio.formats.bank_csv import BankColumns
from portfolio.formats.csv_rows import MAX_BYTES, read
from portfolio.models import Account, ColumnMap, Entity

ROLES = ("date", "description", "amount", "debit", "credit", "balance", "reference")
ROWS_SHOWN = 8


class ColumnMapError(Exception):
    """A map that cannot be saved; the message is a sentence for whoever asked."""


def columns_of(column_map: ColumnMap) -> BankColumns:
    """Return a saved map as the reader of statements takes it."""
    columns = {role: str(column_map.columns.get(role, "")) for role in ROLES}
    return BankColumns(
        **columns,
        date_format=column_map.date_format,
        decimal_comma=column_map.decimal_comma,
        money_out_is_positive=column_map.money_out_is_positive,
    )


def head(*, data: bytes, name: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the headings of a file and its first rows, whatever separates them.

    Raises:
        portfolio.formats.errors.FormatError: the file is no CSV.
    """
    sheet = read(data, name=name, max_bytes=MAX_BYTES, any_separator=True)
    rows: list[tuple[str, ...]] = []
    for row in sheet.rows():
        rows.append(tuple(row.cells.values()))
        if len(rows) == ROWS_SHOWN:
            break
    return sheet.headers, rows


def recognised(
    *, entity: Entity, headings: Sequence[str], account: Account | None = None
) -> ColumnMap | None:
    """Return the saved map of files with exactly these headings, of one account where it is known."""
    maps = ColumnMap.objects.filter(entity=entity, headings=list(headings)).select_related("account")
    if account is not None:
        maps = maps.filter(account=account)
    return maps.order_by("pk").last()


def known_again(
    *, entity: Entity, data: bytes, name: str, account: Account | None = None
) -> ColumnMap | None:
    """Return the saved map that a file is recognised by, if any of this entity's is.

    Raises:
        portfolio.formats.errors.FormatError: the file is no CSV.
    """
    if not ColumnMap.objects.filter(entity=entity).exists():
        return None
    sheet = read(data, name=name, max_bytes=len(data), any_separator=True)
    return recognised(entity=entity, headings=sheet.headers, account=account)


def guessed(*, headings: Sequence[str]) -> BankColumns | None:
    """Return the columns that a bank's own headings suggest, or None where they say too little."""
    try:
        return bank_csv.detect_columns(headings, name="")
    except bank_csv.FormatError:
        return None


def save(
    *,
    entity: Entity,
    account: Account,
    name: str,
    headings: Sequence[str],
    columns: BankColumns,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> ColumnMap:
    """Save a map under a name, or change the one that has it.

    Raises:
        ColumnMapError: the name is empty or too long, the account gets no statements, or the columns do not say
            where the date, the description and the amount stand.
    """
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise ColumnMapError("Give the map a name of at most 80 characters, such as the bank's.")
    if not with_statements(entity=entity).filter(pk=account.pk).exists():
        raise ColumnMapError(f"{account.code} is no bank account of {entity.name}; choose one.")
    chosen = {role: getattr(columns, role) for role in ROLES if getattr(columns, role)}
    if not columns.date or not columns.description:
        raise ColumnMapError("Say which column holds the date and which the description.")
    if bool(columns.amount) == bool(columns.debit or columns.credit) or bool(columns.debit) != bool(
        columns.credit
    ):
        raise ColumnMapError(
            "Say where the amount stands: either in one column, or in a debit and a credit column."
        )
    if len(set(chosen.values())) != len(chosen):
        raise ColumnMapError("One column is chosen twice; each holds one thing.")
    with transaction.atomic():
        saved, made = ColumnMap.objects.update_or_create(
            entity=entity, name=name,
            defaults={
                "account": account, "headings": list(headings), "columns": chosen, "date_format": columns.date_format,
                "decimal_comma": columns.decimal_comma, "money_out_is_positive": columns.money_out_is_positive,
            },
        )  # fmt: skip
        audit.record(
            action="portfolio:columnmap:save", subject=saved, by=by, at=at, entity=entity.slug,
            data={"name": name, "account": account.code, "columns": chosen, "new": made},
        )  # fmt: skip
    return saved


def delete(*, column_map: ColumnMap, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Forget a map; the bank's next file is read by its headings alone, or asked about again."""
    with transaction.atomic():
        audit.record(
            action="portfolio:columnmap:delete", subject=column_map, by=by, at=at, entity=column_map.entity.slug,
            data={"name": column_map.name},
        )  # fmt: skip
        ColumnMap.objects.filter(pk=column_map.pk).delete()
