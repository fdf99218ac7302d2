"""Who may ask the pages of a rental what. Letters as in `table`."""

from collections.abc import Callable
from typing import Any

from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import World

BOOKERS = "OB"
STAFF = "OKBR"
_SLUG = {"slug": "entity-a"}


def _of(name: str) -> Callable[[World], Any]:
    return lambda world: world.places["a"].office["rental"][name]


def _form(name: str, /, **kwargs: Any) -> Page:
    return Page(f"portfolio:{name}", get=BOOKERS, post=BOOKERS, scope="entity", kwargs=kwargs)


PAGES: list[Page] = [
    Page("portfolio:rental", get=STAFF, scope="entity", kwargs=_SLUG),
    _form("add_stay", **_SLUG),
    _form("report_ticket", **_SLUG),
    _form("block_nights", **_SLUG),
    _form("offer_rate", **_SLUG),
    _form("enter_paper", **_SLUG),
    _form("move_stay", pk=_of("stay")),
    _form("move_ticket", pk=_of("ticket")),
    _form("unblock_nights", pk=_of("blocked")),
    _form("take_rate_back", pk=_of("rate")),
    _form("renew_paper", pk=_of("paper")),
]
