"""Who may ask which page of the crew portal what. By hand, from what the portal promises, never from `crew.rules`.

Letters: on an event C captain, W crew, G guest, A admin (by grant, or staff who own or book its entity), S staff who
only read its entity. On pages of the portal also O owner, K bookkeeper, B bookings, R reader, N nobody in particular,
L a session by link whatever its role, and ``*`` everybody who has signed in.
"""

from typing import Any

from tests.crew.permissions.answers import Page
from tests.crew.permissions.table_channels import PAGES as CHANNELS
from tests.crew.permissions.table_clients import PAGES as CLIENTS
from tests.crew.permissions.table_delivery import PAGES as DELIVERY
from tests.crew.permissions.table_expenses import PAGES as EXPENSES
from tests.crew.permissions.table_office import PAGES as OFFICE
from tests.crew.permissions.table_receivables import PAGES as RECEIVABLES
from tests.crew.permissions.table_rental import PAGES as RENTAL
from tests.crew.permissions.table_reports import PAGES as REPORTS
from tests.crew.permissions.table_technology import PAGES as TECHNOLOGY
from tests.crew.permissions.world import World

STAFF = "OKBR"
WORKERS, RUNNERS, SEE_WORK, SEE_RUN = "CWA", "CA", "CWAS", "CAS"
_TOLD = frozenset({"crew_linkevent"})
_ITEM = {
    "text": "Cake aboard",
    "phase": "return",
    "role": "crew",
    "due": "after_return",
    "minutes": "5",
    "evidence": "tick",
}
_ITEM = {
    "text": "Count the cups",
    "phase": "return",
    "due": "after_return",
    "minutes": "10",
    "evidence": "tick",
}
_NUMBER = {"number": "7.5", "text": "Sound", "reason": "The pump is loud", "review": "60"}


def _template(world: World) -> str:
    return f"template={world.places['a'].event.template_id}"


def _booking(world: World) -> int:
    pk: int = world.places["a"].office["books"].booking.pk
    return pk


def _press(name: str, letters: str, pk: str = "", **more: Any) -> Page:
    """Return a button of an event's page."""
    return Page(f"crew:{name}", post=letters, pk=pk, **more)


def _act(act: str, letters: str, pk: str) -> Page:
    return Page("crew:grant_act", post=letters, pk=pk, kwargs={"act": act})


EVENT: list[Page] = [
    Page("crew:event", get="CWGAS"),
    Page("crew:live", get=SEE_WORK, query="since=0-0"),
    Page("crew:event_change", get="A", post="A"),
    _press("event_advance", RUNNERS, data={"to": "underway"}),
    _press("event_advance", "A", data={"to": "confirmed"}),
    Page("crew:event_cancel", get="A", post="A", data={"reason": "The wind is against us"}),
    Page("crew:event_history", get="AS"),
    Page("crew:event_booking", get="OB", post="OB", scope="booked", data={"booking": _booking}),
    Page("crew:event_booking_untie", post="OB", scope="booked"),
]

GUESTS: list[Page] = [
    Page("crew:guests", get=SEE_RUN),
    _press("guest_add", RUNNERS, data={"name": "Una Newcomer", "email": "una@example.com"}),
    _press("guest_clear", RUNNERS, "guest.held", data={"how": "Paper waiver signed"}),
    _press("guest_mail", RUNNERS, "guest.held"),
    _press("guest_remove", RUNNERS, "guest.held"),
    Page("crew:dock", get=RUNNERS),
    Page("crew:dock_code", get=RUNNERS),
    Page("crew:dock_requests", get=RUNNERS),
    _press("dock_accept", RUNNERS, "boarding"),
    _press("dock_decline", RUNNERS, "boarding"),
]

PEOPLE: list[Page] = [
    Page(
        "crew:people",
        get=RUNNERS,
        post=RUNNERS,
        data={"email": "una@example.com", "name": "Una Newcomer", "role": "guest"},
    ),
    # A captain gives and takes back the roles of crew and guests; captains and admins are the office's.
    _press("grant_show", RUNNERS, "grant.other"),
    _press("grant_show", "A", "grant.captain"),
    *(_act(act, RUNNERS, "grant.other") for act in ("mail", "rotate", "revoke-links", "take-back")),
    *(_act(act, "A", "grant.captain") for act in ("mail", "rotate", "revoke-links", "take-back")),
]

POSITIONS: list[Page] = [
    *(
        Page("crew:position", get=SEE_WORK, pk=f"position.{which}")
        for which in ("open", "other", "held", "seeking", "theirs", "captains")
    ),
    Page("crew:position", get=SEE_WORK, pk="position.held", htmx=True),
    _press("position_claim", WORKERS, "position.open"),
    _press("position_claim", RUNNERS, "position.captains"),
    _press("position_take_over", WORKERS, "position.seeking"),
    _press("position_release", WORKERS, "position.theirs"),
    _press("position_release", RUNNERS, "position.other"),
    _press("position_stand_in", WORKERS, "position.theirs", data={"reason": "A wedding"}),
    _press("position_stand_in", "", "position.other", data={"reason": "A wedding"}),
    _press("position_keep", WORKERS, "position.theirs"),
    _press("position_keep", "", "position.seeking"),
    _press("position_confirm", RUNNERS, "position.other"),
    _press("position_hold", RUNNERS, "position.other", data={"reason": "The medical ran out"}),
    _press("position_resume", RUNNERS, "position.held"),
    _press("position_designate", RUNNERS, "position.open"),
    _press("position_designate", "A", "position.captains"),
    _press("position_override", "A", "position.open", data={"reason": "Nobody else is here"}),
    Page("crew:position_add", get="A", post="A", data={"station": "mate", "rate": "$150"}),
    _press("position_rate", "A", "position.open", data={"rate": "$160"}),
    _press("position_remove", "A", "position.open"),
]

CHECKLIST: list[Page] = [
    *(
        Page("crew:item", get=SEE_WORK, pk=f"item.{which}")
        for which in ("open", "other", "held", "done", "theirs", "captains")
    ),
    Page("crew:item_photo", get=SEE_WORK, pk="item.photo"),
    _press("item_claim", WORKERS, "item.open"),
    _press("item_claim", WORKERS, "item.open", htmx=True),
    _press("item_claim", RUNNERS, "item.captains"),
    _press("item_complete", WORKERS, "item.theirs", data=_NUMBER),
    _press("item_complete", RUNNERS, "item.other", data=_NUMBER),
    _press("item_hold", WORKERS, "item.theirs", data=_NUMBER),
    _press("item_hold", RUNNERS, "item.other", data=_NUMBER),
    _press("item_give_back", WORKERS, "item.theirs"),
    _press("item_give_back", RUNNERS, "item.other"),
    _press("item_resume", RUNNERS, "item.held"),
    _press("item_reopen", RUNNERS, "item.done"),
    Page("crew:item_add", get="A", post="A", data=_ITEM),
    _press("item_remove", "A", "item.open"),
    Page("crew:item_add", get="A", post="A", data=_ITEM),
    _press("item_remove", "A", "item.open"),
]

PORTAL: list[Page] = [
    # Who has a role and no duty is led on to their own work.
    Page("crew:home", get=STAFF + "CWGAL", scope="portal"),
    Page("crew:work", get="*", scope="portal"),
    # The sample's way in, shut wherever DEMO is off.
    Page("crew:demo", get="", post="", scope="nowhere", kwargs={"token": "forged"}),
    Page("crew:events", get=STAFF, scope="portal"),
    Page("crew:event_month", get=STAFF, scope="portal", kwargs={"month": "2026-11"}),
    Page("crew:event_add", get="OB", post="OB", scope="portal"),
    # With a template of entity A: its own people alone go on, and to others it is not there.
    Page("crew:event_add", get="OB", post="OB", scope="template", query=_template),
    Page("crew:maintenance", get=STAFF, scope="portal"),
    Page("crew:maintenance_add", get="OB", post="OB", scope="portal"),
    Page("crew:maintenance_close", post="OB", scope="entity", pk="mending", data={"resolution": "Greased"}),
    Page("crew:compare", get=STAFF, scope="portal"),
    Page("crew:grants", get="*", scope="portal"),
    Page("crew:grant_switch", post="CWGA", scope="own", pk="grant.theirs"),
]

_PAPER = {"kind": "first_aid", "number": "77", "issued_on": "2026-01-02", "expires_on": "2028-01-02"}

# One's own: to guests and strangers these pages do not exist.
OWN: list[Page] = [
    Page("crew:my_credentials", get="", scope="worker"),
    Page("crew:credential_add", get="", post="", scope="worker", data=_PAPER),
    Page(
        "crew:my_days",
        get="",
        post="",
        scope="worker",
        data={"first_on": "2027-01-02", "last_on": "2027-01-03"},
    ),
    Page("crew:day_off_remove", post="", scope="worker", pk="dayoff.theirs"),
    Page("crew:day_off_remove", post="", scope="papers", pk="dayoff.other"),
    Page("crew:my_pay", get="", scope="worker"),
    Page("crew:credential_change", get="", post="", scope="worker", pk="credential.theirs", data=_PAPER),
    Page("crew:credential_withdraw", post="", scope="worker", pk="credential.theirs"),
    Page("crew:credential_file", get="", scope="worker", pk="credential.theirs", empty=True),
    # Another's papers: who books for an entity they work for.
    Page("crew:credential_change", get="OB", post="OB", scope="papers", pk="credential.other", data=_PAPER),
    Page("crew:credential_withdraw", post="OB", scope="papers", pk="credential.other"),
    Page("crew:credential_file", get="OB", scope="papers", pk="credential.other"),
    Page("crew:credentials", get="OB", scope="portal"),
    Page("crew:credential_add_for", get="OB", post="OB", scope="portal", data=_PAPER),
    Page("crew:pay", get="OK", post="OK", scope="portal", data={"on": "2026-11-23"}),
    Page("crew:undo_pay", get="OK", post="OK", scope="entity", pk="position.held"),
]

# Whoever holds the secret is let in, and nobody sees more than whom it is for.
OPEN: list[Page] = [
    *(
        Page(f"crew:{name}", scope="public", notes=_TOLD)
        for name in (
            "link_taken",
            "link_code",
            "link_step",
            "link_fresh",
            "dock_ask",
            "dock_wait",
            "dock_open",
        )
    ),
    Page("crew:link", scope="public", notes=_TOLD, kwargs={"token": "A" * 43}),
    Page("crew:dock_scanned", scope="public", notes=_TOLD, kwargs={"code": "A" * 20}),
]

# Events first: who has a turn at their pages does not change with every page that the office gets.
PAGES: list[Page] = [
    *PORTAL,
    *OWN,
    *OPEN,
    *EVENT,
    *GUESTS,
    *PEOPLE,
    *POSITIONS,
    *CHECKLIST,
    *DELIVERY,
    *OFFICE,
    *CLIENTS,
    *EXPENSES,
    *RECEIVABLES,
    *REPORTS,
    *RENTAL,
    *CHANNELS,
    *TECHNOLOGY,
]
