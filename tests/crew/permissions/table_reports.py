"""Who may ask the pages of held editions, commentary, muted findings and actions what. Letters as in `table`."""

from collections.abc import Callable
from typing import Any

from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import World

RUNNERS = "OK"
STAFF = "OKBR"
_CEO = {"slug": "ceo"}


def _of(name: str) -> Callable[[World], Any]:
    return lambda world: world.places["a"].office["reports"][name]


def _finding(world: World) -> Any:
    return world.places["a"].office["finding"]


def _action(world: World) -> Any:
    return world.places["a"].office["action"]


def _binder(world: World) -> Any:
    return world.whole["binder"]


_HELD = {"pk": _of("held")}
_BINDER = {"number": _binder}

PAGES: list[Page] = [
    Page("reports:held_list", get=STAFF, scope="portal"),
    Page("reports:held_run", get=RUNNERS, scope="entity", kwargs=_HELD),
    Page("reports:held_preview", get=RUNNERS, scope="entity", kwargs=_HELD),
    Page("reports:held_figure", get=RUNNERS, scope="entity", kwargs={**_HELD, "key": _of("figure")}),
    Page("reports:approve_held", post="O", scope="entity", kwargs=_HELD),
    Page("reports:discard_held", post="O", scope="entity", kwargs=_HELD, data={"reason": "The wrong day."}),
    Page("reports:holding", get="O", post="O", scope="whole", kwargs=_CEO),
    Page("reports:commentary", get=RUNNERS, scope="portal", kwargs=_CEO),
    Page("reports:write_commentary", get=RUNNERS, post=RUNNERS, scope="portal", kwargs=_CEO),
    Page("reports:withdraw_commentary", post=RUNNERS, scope="entity", kwargs={**_CEO, "pk": _of("said")}),
    Page("reports:mute_finding", post=RUNNERS, scope="entity", kwargs={"pk": _finding}),
    Page("reports:unmute_finding", post=RUNNERS, scope="entity", kwargs={"pk": _finding}),
    Page("reports:action", get=STAFF, scope="entity", kwargs={"pk": _action}),
    Page("reports:assign_action", post=RUNNERS, scope="entity", kwargs={"pk": _action}, data={"person": ""}),
    Page("reports:add_action", get="OK", post="OK", scope="whole"),
    Page("reports:owners", get="O", post="O", scope="whole"),
    Page("reports:action_calendar", get=STAFF, scope="portal"),
    Page("reports:action_calendar_file", get=STAFF, scope="portal"),
    # Open to everybody; the secret decides.
    Page("reports:tap", get="*", post="*", scope="public", kwargs={"token": "0" * 43}),
    Page("reports:binders", get=STAFF, scope="whole"),
    Page("reports:binder", get=STAFF, scope="whole", kwargs=_BINDER),
    Page("reports:binder_pdf", get=STAFF, scope="whole", kwargs=_BINDER),
    Page("reports:binder_xlsx", get=STAFF, scope="whole", kwargs=_BINDER),
    Page("reports:issue_binder", post="O", scope="whole", data={"as_of": "2026-11-10", "after": "1"}),
]
