"""Who may ask the pages of technology what. Letters as in `table`."""

from collections.abc import Callable
from typing import Any

from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import World

KEEPERS = "OK"
STAFF = "OKBR"
_SLUG = {"slug": "entity-a"}


def _of(name: str) -> Callable[[World], Any]:
    return lambda world: world.places["a"].office["technology"][name]


def _form(name: str, /, **kwargs: Any) -> Page:
    return Page(f"portfolio:{name}", get=KEEPERS, post=KEEPERS, scope="entity", kwargs=kwargs)


def _press(name: str, /, **kwargs: Any) -> Page:
    return Page(f"portfolio:{name}", post=KEEPERS, scope="entity", kwargs=kwargs)


PAGES: list[Page] = [
    Page("portfolio:technology", get=STAFF, scope="entity", kwargs=_SLUG),
    _form("add_tech_finding", **_SLUG),
    _form("add_tech_system", **_SLUG),
    _form("add_tech_cost", **_SLUG),
    _form("add_tech_measure", **_SLUG),
    _form("add_deployment", **_SLUG),
    _form("say_domain", **_SLUG),
    _form("say_dns_record", **_SLUG),
    _form("say_cache", **_SLUG),
    _form("change_tech_finding", pk=_of("finding")),
    _form("fix_tech_finding", pk=_of("finding")),
    _form("mute_tech_finding", pk=_of("finding")),
    _press("unmute_tech_finding", pk=_of("muted")),
    _form("change_tech_system", pk=_of("system")),
    _form("restore_deployment", pk=_of("deployment")),
    _press("forget_tech", kind="domain", pk=_of("domain")),
]
