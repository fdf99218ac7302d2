"""Who may ask the pages about what is paid for clients, and about what landed invoices billed. Letters as in `table`."""

from tests.crew.permissions.answers import Page
from tests.crew.permissions.table_receivables import _form, _of, _press

PAGES: list[Page] = [
    _form("add_rebillable", pk=_of("contract")),
    _press("draft_rebillables", pk=_of("contract")),
    _press("delete_rebillable", pk=_of("rebillable")),
    _form("bill_landed", pk=_of("issued")),
]
