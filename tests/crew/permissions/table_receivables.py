"""Who may ask the pages of receivables what. Letters as in `table`."""

from collections.abc import Callable
from typing import Any

from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import World

KEEPERS = "OK"
STAFF = "OKBR"
_SLUG = {"slug": "entity-a"}


def _of(name: str) -> Callable[[World], Any]:
    return lambda world: world.places["a"].office["receivables"][name]


def _read(name: str, /, **kwargs: Any) -> Page:
    return Page(f"portfolio:{name}", get=STAFF, scope="entity", kwargs=kwargs)


def _form(name: str, letters: str = KEEPERS, /, **kwargs: Any) -> Page:
    return Page(f"portfolio:{name}", get=letters, post=letters, scope="entity", kwargs=kwargs)


def _press(name: str, /, **kwargs: Any) -> Page:
    return Page(f"portfolio:{name}", post=KEEPERS, scope="entity", kwargs=kwargs)


PAGES: list[Page] = [
    _read("receivables", **_SLUG),
    _read("receivables_file", kind="csv", **_SLUG),
    _form("invoice_paper", **_SLUG),
    _read("clients", **_SLUG),
    _form("add_client", **_SLUG),
    _read("client", pk=_of("client")),
    _form("change_client", pk=_of("client")),
    _read("client_statement", kind="csv", pk=_of("client")),
    _form("add_contract", pk=_of("client")),
    _form("change_contract", pk=_of("contract")),
    _form("move_contract", pk=_of("contract")),
    Page("portfolio:work", get=STAFF, post=KEEPERS, scope="entity", kwargs=_SLUG),
    _form("import_work", **_SLUG),
    _form("change_work", pk=_of("entry")),
    _press("delete_work", pk=_of("entry")),
    _form("add_milestone", pk=_of("contract")),
    _press("reach_milestone", pk=_of("milestone")),
    _read("invoices", **_SLUG),
    _form("draft_invoice", pk=_of("client")),
    _press("draft_from", pk=_of("contract")),
    _form("draft_booking", pk=lambda world: world.places["a"].office["books"].booking.pk),
    _read("invoice", pk=_of("issued")),
    _form("change_invoice", pk=_of("draft")),
    _press("discard_invoice", pk=_of("draft")),
    _form("issue_invoice", pk=_of("draft")),
    _form("credit_invoice", pk=_of("issued")),
    _form("write_off_invoice", "O", pk=_of("issued")),
    _read("invoice_pdf", pk=_of("issued")),
    _press("mail_invoice", pk=_of("issued")),
    _read("credit_note_pdf", pk=_of("note")),
    _read("payments", **_SLUG),
    _form("take_payment", pk=_of("client")),
    _read("payment", pk=_of("payment")),
    _form("allocate_payment", pk=_of("payment")),
    _form("reverse_payment", pk=_of("payment")),
    _form("pay_back", pk=_of("client")),
    _form("undo_refund", pk=_of("refund")),
    _form("tie_refund", pk=_of("refund_line")),
    _press("take_back", pk=_of("payment"), allocation=_of("allocation")),
    _read("reminders", **_SLUG),
    _press("draft_reminders", **_SLUG),
    _press("draft_reminder", pk=_of("client")),
    _press("send_letters", **_SLUG),
    _press("send_letter", pk=_of("letter"), **_SLUG),
    _press("discard_letter", pk=_of("letter"), **_SLUG),
]
