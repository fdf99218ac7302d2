"""The database itself keeps what was issued: an invoice in the books, its lines, what settles it, and payments.

Both engines refuse the same acts with the same sentences. What is settled of an invoice and what is allocated of a
payment are always the sums of their allocations, and what went back the sum of its refunds, whoever writes them. SQLite's REPLACE deletes a row without firing a
DELETE trigger, so INSERT triggers there look for the row that would vanish.
"""

# ruff: noqa: S608 - the only words put into these statements are the names and sentences above them.

from collections.abc import Sequence

from django.db import migrations

from core.guards import Guard, append_only

INVOICE, LINE, PAYMENT = "portfolio_invoice", "portfolio_invoiceline", "portfolio_payment"
ALLOCATION, REFUND = "portfolio_allocation", "portfolio_paymentrefund"

BORN = "An invoice is written as a draft and issued when it is complete."
FINAL = "An issued invoice is never changed or deleted; correct it with a credit note."
SETTLED = "What is settled of an invoice is the sum of its allocations."
TOTAL = "The total of an invoice is the sum of its lines and their tax."
FINAL_LINE = (
    "The lines of an issued invoice are never added to, changed or deleted; correct it with a credit note."
)
FINAL_PAYMENT = "A payment is never changed or deleted; reverse it with a reason."
ALLOCATED = "What is allocated of a payment is the sum of its allocations."
REFUNDED = "What went back of a payment is the sum of its refunds."

_INVOICE_FIXED = (
    "id", "entity_id", "client_id", "contract_id", "booking_id", "state", "number", "reference", "issued_on", "due_on",
    "currency", "note", "retainer_month", "seller", "billed_to", "how_to_pay", "total_minor", "entry_id", "brought_forward",
    "source",
)  # fmt: skip
_PAYMENT_FIXED = (
    "id", "entity_id", "client_id", '"on"', "amount_minor", "reference", "entry_id", "imported_line_id",
)  # fmt: skip
_LINES_SUM = f"(SELECT COALESCE(SUM(amount_minor + tax_minor), 0) FROM {LINE} WHERE invoice_id = NEW.id)"
_SETTLED_SUM = f"(SELECT COALESCE(SUM(amount_minor), 0) FROM {ALLOCATION} WHERE invoice_id = NEW.id)"
_ALLOCATED_SUM = f"(SELECT COALESCE(SUM(amount_minor), 0) FROM {ALLOCATION} WHERE payment_id = NEW.id)"
_REFUNDED_SUM = f"(SELECT COALESCE(SUM(amount_minor), 0) FROM {REFUND} WHERE payment_id = NEW.id)"
_ISSUED = f"(SELECT state FROM {INVOICE} WHERE id = {{}}.invoice_id) = 'issued'"


def _changed(columns: Sequence[str], differs: str) -> str:
    return "(" + " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns) + ")"


def _sqlite(name: str, event: str, table: str, when: str, sentence: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )


_SQLITE = {
    "invoice_born": ("INSERT", INVOICE, "NEW.state IS NOT 'draft' OR NEW.settled_minor <> 0", BORN),
    "invoice_taken": (
        "INSERT",
        INVOICE,
        f"EXISTS (SELECT 1 FROM {INVOICE} WHERE state = 'issued' AND (id = NEW.id OR (entity_id = NEW.entity_id "
        "AND (number = NEW.number OR (reference = NEW.reference AND NEW.reference <> '')))))",
        FINAL,
    ),
    "invoice_final": ("UPDATE", INVOICE, f"OLD.state = 'issued' AND {_changed(_INVOICE_FIXED, 'IS NOT')}", FINAL),
    "invoice_settled": (
        "UPDATE", INVOICE, f"NEW.settled_minor <> OLD.settled_minor AND NEW.settled_minor <> {_SETTLED_SUM}", SETTLED,
    ),
    "invoice_total": (
        "UPDATE",
        INVOICE,
        f"OLD.state = 'draft' AND NEW.state = 'issued' AND NEW.total_minor <> {_LINES_SUM}",
        TOTAL,
    ),
    "invoice_kept": ("DELETE", INVOICE, "OLD.state = 'issued'", FINAL),
    "invoiceline_insert": (
        "INSERT",
        LINE,
        f"{_ISSUED.format('NEW')} OR EXISTS (SELECT 1 FROM {LINE} l JOIN {INVOICE} i ON i.id = l.invoice_id "
        "WHERE l.id = NEW.id AND i.state = 'issued')",
        FINAL_LINE,
    ),
    "invoiceline_update": ("UPDATE", LINE, f"{_ISSUED.format('NEW')} OR {_ISSUED.format('OLD')}", FINAL_LINE),
    "invoiceline_delete": ("DELETE", LINE, _ISSUED.format("OLD"), FINAL_LINE),
    "payment_taken": (
        "INSERT",
        PAYMENT,
        "NEW.allocated_minor <> 0 OR NEW.refunded_minor <> 0 "
        f"OR EXISTS (SELECT 1 FROM {PAYMENT} WHERE id = NEW.id OR entry_id = NEW.entry_id "
        "OR (imported_line_id = NEW.imported_line_id AND void_on IS NULL))",
        FINAL_PAYMENT,
    ),
    "payment_final": (
        "UPDATE",
        PAYMENT,
        f"{_changed(_PAYMENT_FIXED, 'IS NOT')} OR (OLD.void_on IS NOT NULL AND NEW.void_on IS NOT OLD.void_on)",
        FINAL_PAYMENT,
    ),
    "payment_allocated": (
        "UPDATE",
        PAYMENT,
        f"NEW.allocated_minor <> OLD.allocated_minor AND NEW.allocated_minor <> {_ALLOCATED_SUM}",
        ALLOCATED,
    ),
    "payment_refunded": (
        "UPDATE",
        PAYMENT,
        f"NEW.refunded_minor <> OLD.refunded_minor AND NEW.refunded_minor <> {_REFUNDED_SUM}",
        REFUNDED,
    ),
    "payment_kept": ("DELETE", PAYMENT, "TRUE", FINAL_PAYMENT),
}  # fmt: skip


def _check(when: str, sentence: str) -> str:
    return f"IF {when} THEN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


_DISTINCT = "IS DISTINCT FROM"
_POSTGRESQL = [
    _function(
        "invoice_guard",
        f"IF TG_OP = 'INSERT' THEN {_check('NEW.state <> $q$draft$q$ OR NEW.settled_minor <> 0', BORN)} "
        f"RETURN NEW; END IF; IF TG_OP = 'DELETE' THEN {_check('OLD.state = $q$issued$q$', FINAL)} RETURN OLD; END IF; "
        + _check(f"OLD.state = $q$issued$q$ AND {_changed(_INVOICE_FIXED, _DISTINCT)}", FINAL)
        + _check(f"NEW.settled_minor <> OLD.settled_minor AND NEW.settled_minor <> {_SETTLED_SUM}", SETTLED)
        + _check(
            f"OLD.state = $q$draft$q$ AND NEW.state = $q$issued$q$ AND NEW.total_minor <> {_LINES_SUM}", TOTAL
        )
        + " RETURN NEW;",
    ),
    f"CREATE TRIGGER invoice_guard BEFORE INSERT OR UPDATE OR DELETE ON {INVOICE} "
    "FOR EACH ROW EXECUTE FUNCTION invoice_guard()",
    # The invoice is share-locked, so that no line slips into one that is being issued.
    _function(
        "invoiceline_guard",
        f"PERFORM 1 FROM {INVOICE} WHERE id IN (CASE WHEN TG_OP <> 'DELETE' THEN NEW.invoice_id END, "
        "CASE WHEN TG_OP <> 'INSERT' THEN OLD.invoice_id END) FOR SHARE; "
        f"IF TG_OP <> 'INSERT' THEN {_check(_ISSUED.format('OLD'), FINAL_LINE)} END IF; "
        f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; {_check(_ISSUED.format('NEW'), FINAL_LINE)} RETURN NEW;",
    ),
    f"CREATE TRIGGER invoiceline_guard BEFORE INSERT OR UPDATE OR DELETE ON {LINE} "
    "FOR EACH ROW EXECUTE FUNCTION invoiceline_guard()",
    _function(
        "payment_guard",
        f"IF TG_OP = 'INSERT' THEN {_check('NEW.allocated_minor <> 0 OR NEW.refunded_minor <> 0', ALLOCATED)} RETURN NEW; END IF; "
        f"IF TG_OP = 'DELETE' THEN {_check('TRUE', FINAL_PAYMENT)} END IF; "
        + _check(
            f"{_changed(_PAYMENT_FIXED, _DISTINCT)} OR (OLD.void_on IS NOT NULL AND NEW.void_on {_DISTINCT} OLD.void_on)",
            FINAL_PAYMENT,
        )
        + _check(
            f"NEW.allocated_minor <> OLD.allocated_minor AND NEW.allocated_minor <> {_ALLOCATED_SUM}",
            ALLOCATED,
        )
        + _check(
            f"NEW.refunded_minor <> OLD.refunded_minor AND NEW.refunded_minor <> {_REFUNDED_SUM}", REFUNDED
        )
        + " RETURN NEW;",
    ),
    f"CREATE TRIGGER payment_guard BEFORE INSERT OR UPDATE OR DELETE ON {PAYMENT} "
    "FOR EACH ROW EXECUTE FUNCTION payment_guard()",
]
_GUARDED = {"invoice_guard": INVOICE, "invoiceline_guard": LINE, "payment_guard": PAYMENT}


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0018_budgets")]

    operations = [
        Guard(
            sqlite=[_sqlite(name, *trigger) for name, trigger in _SQLITE.items()],
            undo_sqlite=[f"DROP TRIGGER {name}" for name in _SQLITE],
            postgresql=_POSTGRESQL,
            undo_postgresql=[
                statement
                for name, table in _GUARDED.items()
                for statement in (f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()")
            ],
        ),
        append_only(
            ALLOCATION,
            "An allocation is never changed or deleted; take it back with its mirror image.",
            unique=(("credit_note_id",), ("write_off_id",), ("reverses_id",)),
        ),
        append_only(
            REFUND, "A refund of a payment is never changed or deleted.", unique=(("payment_id", "entry_id"),)
        ),
        append_only(
            "portfolio_creditnote",
            "A credit note is never changed or deleted.",
            unique=(("entity_id", "number"), ("entry_id",)),
        ),
        append_only(
            "portfolio_writeoff", "A write-off is never changed or deleted.", unique=(("entry_id",),)
        ),
    ]
