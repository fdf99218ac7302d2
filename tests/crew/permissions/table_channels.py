"""Who may ask the pages of channels what. Letters as in `table`."""

from collections.abc import Callable
from typing import Any

from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import World

SELLERS = "OB"
STAFF = "OKBR"


def _of(name: str) -> Callable[[World], Any]:
    return lambda world: world.places["a"].office["channels"][name]


def _form(name: str, /, **kwargs: Any) -> Page:
    return Page(f"portfolio:{name}", get=SELLERS, post=SELLERS, scope="entity", kwargs=kwargs)


_CHANNEL = {"pk": _of("channel")}

PAGES: list[Page] = [
    Page("portfolio:channel", get=STAFF, scope="entity", kwargs=_CHANNEL),
    _form("add_channel", slug="entity-a"),
    _form("plan_channel", **_CHANNEL),
    _form("add_gate", **_CHANNEL),
    _form("pass_gate", gate=_of("gate"), **_CHANNEL),
    _form("look_at_channel", **_CHANNEL),
    _form("count_channel", **_CHANNEL),
    _form("spend_on_channel", **_CHANNEL),
    _form("agree_commission", **_CHANNEL),
]
