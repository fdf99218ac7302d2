"""Who may ask the pages of deliveries what. Letters as in `table`."""

from collections.abc import Callable
from typing import Any

from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import World

BOOKERS = "OB"
STAFF = "OKBR"
_SLUG = {"slug": "entity-a"}


def _of(name: str) -> Callable[[World], Any]:
    return lambda world: world.places["a"].office["delivery"][name]


def _form(name: str, /, **kwargs: Any) -> Page:
    return Page(f"portfolio:{name}", get=BOOKERS, post=BOOKERS, scope="entity", kwargs=kwargs)


def _press(name: str, /, **kwargs: Any) -> Page:
    return Page(f"portfolio:{name}", post=BOOKERS, scope="entity", kwargs=kwargs)


PAGES: list[Page] = [
    Page("portfolio:jobs", get=STAFF, scope="entity", kwargs=_SLUG),
    _form("add_job", **_SLUG),
    Page("portfolio:job", get=STAFF, scope="entity", kwargs={"pk": _of("job")}),
    _form("change_job", pk=_of("job")),
    _press("move_job", pk=_of("job")),
    _form("step_job_back", pk=_of("job")),
    _form("rate_job", pk=_of("job")),
    _form("add_job_gate", pk=_of("job")),
    _press("pass_job_gate", pk=_of("gate")),
    _press("open_job_gate", pk=_of("gate")),
    _form("put_aboard", pk=_of("job")),
    _form("add_incident", pk=_of("job")),
    _form("estimate_cost", pk=_of("job")),
]
