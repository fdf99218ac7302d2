"""Who may ask the pages of the expense audit and of milestones what. Letters as in `table`."""

from collections.abc import Callable
from typing import Any

from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import World

KEEPERS = "OK"
STAFF = "OKBR"
_SLUG = {"slug": "entity-a"}


def _of(name: str) -> Callable[[World], Any]:
    return lambda world: world.places["a"].office["expenses"][name]


PAGES: list[Page] = [
    Page("portfolio:expenses", get=STAFF, scope="entity", kwargs=_SLUG),
    Page("portfolio:flag_expense", get=KEEPERS, post=KEEPERS, scope="entity", kwargs={"pk": _of("entry")}),
    Page("portfolio:take_back_flag", post=KEEPERS, scope="entity", kwargs={"pk": _of("flag")}),
    Page("portfolio:milestones", get=STAFF, scope="portal"),
    Page("portfolio:add_plan_milestone", get="O", post="O", scope="whole"),
    Page("portfolio:move_milestone", get="O", post="O", scope="entity", kwargs={"pk": _of("milestone")}),
    Page("portfolio:finish_milestone", post="O", scope="entity", kwargs={"pk": _of("milestone")}),
]
