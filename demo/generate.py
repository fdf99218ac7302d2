"""Write the sample's statements and exports, or prove that the ones kept here are what this writes.

python -m demo.generate            write demo/statements and demo/exports
python -m demo.generate --check    write nothing; exit 1 and name each file that differs
"""

import argparse
import csv
import datetime as dt
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from demo import bookings, cards, plans, statements, story
from demo.story import day

HERE = Path(__file__).parent
UTF8_MARK = b"\xef\xbb\xbf"

Cells = Sequence[object]


def files() -> dict[str, bytes]:
    """Return every generated file by its path below this folder."""
    rows = bookings.all_bookings()
    card_rows = {entity: cards.movements(rows, entity=entity) for entity in ("jada", "qos")}
    made = {
        "exports/bookings.csv": _bookings(rows),
        "exports/invoices.csv": _invoices(),
        "exports/stays.csv": _stays(),
        "exports/opening.csv": _opening(),
        "exports/targets.csv": _targets(),
        "exports/rules.csv": _rules(),
        "exports/capital.csv": _capital(),
        "exports/stripe-qos.csv": _dashboard_export(card_rows["qos"]),
        "exports/stripe-jada.csv": _itemised_export(card_rows["jada"]),
    }
    for entity in story.ENTITIES:
        lines = statements.statement(entity, bookings=rows, card_rows=card_rows.get(entity, []))
        made[f"statements/{entity}-checking.csv"] = _BANKS[entity](lines)
    return made


def differences(folder: Path) -> list[str]:
    """Return the paths whose bytes differ, are missing, or that nothing here writes any more."""
    made = files()
    kept = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for name in ("statements", "exports") for path in sorted((folder / name).glob("*.csv"))
    }  # fmt: skip
    return sorted(path for path in made.keys() | kept.keys() if made.get(path) != kept.get(path))


def write(folder: Path) -> None:
    """Write every file."""
    for path, content in files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare and write nothing")
    if not parser.parse_args(arguments).check:
        write(HERE)
        return 0
    differing = differences(HERE)
    for path in differing:
        sys.stderr.write(f"demo/{path} is not what demo/generate.py writes; run python -m demo.generate.\n")
    return 1 if differing else 0


def dollars(minor: int | None, *, thousands: bool = False) -> str:
    """Write cents as a bank does: ``-1234.50``, or with thousands ``-1,234.50``; nothing for None."""
    if minor is None:
        return ""
    whole, cents = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{whole:{',' if thousands else ''}}.{cents:02d}"


def _csv(header: Sequence[str], rows: Iterable[Cells], *, end: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(header)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return text.getvalue().encode()


def _bookings(rows: Iterable[bookings.BookingRow]) -> bytes:
    header = (
        "reference", "entity", "kind", "title", "client_name", "client_email", "channel", "party_size", "stage",
        "enquired_on", "quoted_on", "booked_on", "completed_on", "ended_on", "starts_at", "ends_at", "price", "deposit",
        "paid", "cancellation_terms", "stripe_id", "crew", "fuel", "dock", "food", "commission",
    )  # fmt: skip
    return _csv(header, (
        (row.reference, row.entity, row.kind, row.title, row.client, row.email, row.channel, row.party, row.stage,
         row.enquired_on, row.quoted_on, row.booked_on, row.completed_on, row.ended_on,
         f"{row.starts_at:%Y-%m-%d %H:%M}" if row.starts_at else "", f"{row.ends_at:%Y-%m-%d %H:%M}" if row.ends_at else "",
         *map(dollars, (row.price_minor, row.deposit_minor, row.paid_minor)), row.terms, row.stripe_id,
         *map(dollars, (row.crew_minor, row.fuel_minor, row.dock_minor, row.food_minor, row.commission_minor)))
        for row in rows
    ))  # fmt: skip


def _invoices() -> bytes:
    return _csv(("entity", "number", "client", "issued_on", "terms_days", "amount", "paid_on"), (
        ("dc", invoice.number, invoice.client, invoice.issued, invoice.terms, dollars(invoice.amount * 100), invoice.paid)
        for invoice in story.INVOICES
    ))  # fmt: skip


def _stays() -> bytes:
    header = (
        "entity", "reference", "check_in", "check_out", "channel", "gross", "fee", "cleaning", "payout", "paid", "booked",
        "cancelled", "guests",
    )  # fmt: skip
    sold = [
        (stay.check_in, stay.check_out, stay.channel, stay.gross_minor, stay.fee_minor,
         "yes" if day(stay.check_in) <= story.AS_OF else "no", day(stay.check_in) - dt.timedelta(days=before), "", guests)
        for stay, before, guests in zip(story.STAYS, story.STAYS_BOOKED_BEFORE, story.STAY_GUESTS, strict=True)
    ]  # fmt: skip
    called_off = [
        (stay.check_in, stay.check_out, stay.channel, stay.gross * 100, stay.gross * story.STAY_FEE_BP[stay.channel] // 100,
         "no", stay.booked, stay.cancelled, stay.guests)
        for stay in story.CANCELLED_STAYS
    ]  # fmt: skip
    return _csv(header, (
        ("rental-3028", f"RS-{count:03d}", check_in, check_out, channel, dollars(gross), dollars(fee),
         dollars(story.CLEANING * 100), dollars(gross - fee), *rest)
        for count, (check_in, check_out, channel, gross, fee, *rest) in enumerate((*sold, *called_off), start=1)
    ))  # fmt: skip


def _opening() -> bytes:
    return _csv(("entity", "account", "on", "amount"), (
        (entity, account, story.OPENING_DAY, dollars(amount)) for entity, account, amount in plans.opening()
    ))  # fmt: skip


def _targets() -> bytes:
    months = [f"{2026 + at // 12}-{at % 12 + 1:02d}" for at in range(15)]
    return _csv(("entity", "month", "revenue", "source"), (
        (entity, month, dollars(amount * 100), plans.TARGET_SOURCE)
        for entity, amounts in plans.TARGETS.items() for month, amount in zip(months, amounts, strict=True)
    ))  # fmt: skip


def _rules() -> bytes:
    return _csv(("entity", "position", "contains", "account"), (
        (entity, position, contains, account)
        for entity, rules in plans.RULES.items() for position, (contains, account) in enumerate(rules, start=1)
    ))  # fmt: skip


def _capital() -> bytes:
    return _csv(("entity", "tier", "name", "outlay", "monthly_return", "source"), (
        (entity, tier, name, dollars(outlay * 100), None if monthly is None else dollars(monthly * 100), source)
        for entity, tier, name, outlay, monthly, source in plans.CAPITAL
    ))  # fmt: skip


def _dashboard_export(rows: Iterable[cards.CardRow]) -> bytes:
    """Write the spelling of Stripe's dashboard, with its byte order mark and Windows line ends."""
    header = (
        "id", "Type", "Source", "Amount", "Fee", "Net", "Currency", "Created (UTC)", "Available On (UTC)", "Description",
        "Transfer", "booking (metadata)",
    )  # fmt: skip
    return UTF8_MARK + _csv(header, (
        (row.id, row.type, row.source, dollars(row.amount_minor), dollars(row.fee_minor), dollars(row.net_minor), "usd",
         f"{row.created_at:%Y-%m-%d %H:%M}", f"{row.available_on:%Y-%m-%d} 00:00", row.description, row.payout_id,
         row.booking)
        for row in rows
    ), end="\r\n")  # fmt: skip


def _itemised_export(rows: Iterable[cards.CardRow]) -> bytes:
    """Write the spelling of Stripe's itemised report."""
    header = (
        "balance_transaction_id", "created_utc", "available_on_utc", "currency", "gross", "fee", "net",
        "reporting_category", "source_id", "description", "automatic_payout_id", "payment_metadata[booking]",
    )  # fmt: skip
    return _csv(header, (
        (row.id, f"{row.created_at:%Y-%m-%d %H:%M:%S}", f"{row.available_on:%Y-%m-%d} 00:00:00", "usd",
         dollars(row.amount_minor), dollars(row.fee_minor), dollars(row.net_minor), row.type, row.source, row.description,
         row.payout_id, row.booking)
        for row in rows
    ))  # fmt: skip


def _plain_bank(lines: Iterable[statements.BankRow]) -> bytes:
    return _csv(("Date", "Description", "Amount", "Balance"), (
        (line.on, line.text, dollars(line.amount_minor), dollars(line.balance_minor)) for line in lines
    ))  # fmt: skip


def _american_bank(lines: Iterable[statements.BankRow]) -> bytes:
    return _csv(("Date", "Description", "Amount", "Running Bal."), (
        (f"{line.on:%m/%d/%Y}", line.text, dollars(line.amount_minor, thousands=True),
         dollars(line.balance_minor, thousands=True)) for line in lines
    ), end="\r\n")  # fmt: skip


def _newest_first_bank(lines: Iterable[statements.BankRow]) -> bytes:
    """Write the form of a bank that sorts newest first and ends each row, but not its header, with a comma."""
    return _csv(("Details", "Posting Date", "Description", "Amount", "Type", "Balance", "Check or Slip #"), (
        ("CREDIT" if line.amount_minor > 0 else "DEBIT", f"{line.on:%m/%d/%Y}", line.text, dollars(line.amount_minor),
         "ACH_CREDIT" if line.amount_minor > 0 else "ACH_DEBIT", dollars(line.balance_minor), "", "")
        for line in reversed(list(lines))
    ))  # fmt: skip


def _two_column_bank(lines: Iterable[statements.BankRow]) -> bytes:
    return _csv(("Date", "Description", "Debit", "Credit", "Balance"), (
        (line.on, line.text, dollars(-line.amount_minor) if line.amount_minor < 0 else "",
         dollars(line.amount_minor) if line.amount_minor > 0 else "", dollars(line.balance_minor)) for line in lines
    ))  # fmt: skip


def _marked_bank(lines: Iterable[statements.BankRow]) -> bytes:
    header = (
        "Transaction Date",
        "Description",
        "Withdrawals",
        "Deposits",
        "Running Balance",
        "Reference Number",
    )
    return UTF8_MARK + _csv(header, (
        (f"{line.on:%m/%d/%Y}", line.text, dollars(-line.amount_minor, thousands=True) if line.amount_minor < 0 else "",
         dollars(line.amount_minor, thousands=True) if line.amount_minor > 0 else "",
         dollars(line.balance_minor, thousands=True), f"{count:06d}")
        for count, line in enumerate(lines, start=1)
    ), end="\r\n")  # fmt: skip


# Every entity banks elsewhere, so the sample meets each form the reader knows.
_BANKS: dict[str, Callable[[Iterable[statements.BankRow]], bytes]] = {
    "jada": _plain_bank, "qos": _american_bank, "qdn": _plain_bank, "dc": _newest_first_bank,
    "rental-3028": _two_column_bank, "eyd": _marked_bank,
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
