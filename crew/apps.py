"""Crew: people, grants, sign-in and, later, the charters they work."""

from django.apps import AppConfig

ACTIONS = {
    "crew:person:add": "Person added",
    "crew:person:sign_in": "Signed in",
    "crew:person:sign_out": "Signed out",
    "crew:person:sign_out_everywhere": "Signed out everywhere",
    "crew:person:change": "Person changed",
    "crew:grant:give": "Duty granted",
    "crew:grant:revoke": "Duty revoked",
    "crew:role:give": "Role given",
    "crew:role:prolong": "Role prolonged",
    "crew:role:revoke": "Role taken back",
    "crew:link:issue": "Link made for",
    "crew:link:mail": "Link mailed again to",
    "crew:link:show": "Link shown on a screen for",
    "crew:link:revoke": "Link revoked for",
    "crew:boarding:accept": "Waved aboard",
    "crew:boarding:decline": "Turned away on the dock",
    "crew:event:create": "Written down",
    "crew:event:change": "Changed",
    "crew:event:draft": "Back to draft",
    "crew:event:open": "Opened",
    "crew:event:confirmed": "Confirmed",
    "crew:event:underway": "Under way",
    "crew:event:completed": "Completed",
    "crew:event:cancelled": "Cancelled",
    "crew:booking:tie": "Tied to an event",
    "crew:booking:untie": "Untied from its event",
    "crew:guest:add": "Guest added",
    "crew:guest:clear": "Guest cleared",
    "crew:guest:remove": "Guest removed",
    "crew:position:claim": "Position claimed",
    "crew:position:designate": "Position given",
    "crew:position:stand_in": "Position taken over",
    "crew:position:confirm": "Position confirmed",
    "crew:position:hold": "Position held",
    "crew:position:resume": "Position off hold",
    "crew:position:release": "Position released",
    "crew:position:seek_stand_in": "Stand-in sought",
    "crew:position:keep": "Position kept",
    "crew:position:override": "Position overridden",
    "crew:position:add": "Position added",
    "crew:position:remove": "Position removed",
    "crew:position:rate": "Rate changed",
    "crew:position:pay": "Position paid",
    "crew:position:unpay": "Payment taken back",
    "crew:credential:add": "Credential added",
    "crew:credential:change": "Credential changed",
    "crew:credential:withdraw": "Credential withdrawn",
    "crew:day_off:add": "Days off marked",
    "crew:day_off:remove": "Days off removed",
    "crew:checklist:start": "Checklist started",
    "crew:item:add": "Item added",
    "crew:item:remove": "Item removed",
    "crew:item:claim": "Item claimed",
    "crew:item:complete": "Item completed",
    "crew:item:miss": "Number out of limits",
    "crew:item:hold": "Item put on hold",
    "crew:item:resume": "Item taken off hold",
    "crew:item:give_back": "Item given back",
    "crew:item:reopen": "Item reopened",
    "crew:maintenance:open": "Maintenance record opened",
    "crew:maintenance:close": "Maintenance record closed",
}


class CrewConfig(AppConfig):
    name = "crew"
    verbose_name = "Crew portal"

    def ready(self) -> None:
        """Answer the lower floors' questions about who may see what, and compose the mails of this app."""
        from core import access, trail  # noqa: PLC0415 - registries are filled once apps are loaded
        from crew import rules  # noqa: PLC0415
        from crew.domain import (  # noqa: PLC0415
            codes,
            event_bookings,
            home_cards,
            link_mail,
            notices,
            papers,
            pay,
            post,
            stepup,
        )
        from mail.domain import compose  # noqa: PLC0415
        from portfolio.domain import crew_pay, worked_as  # noqa: PLC0415

        access.register(rules.StaffPolicy())
        compose.register(codes.COMPOSER, codes.compose_code)
        compose.register(link_mail.COMPOSER, link_mail.compose)
        compose.register(stepup.COMPOSER, stepup.compose)
        compose.register(notices.COMPOSER, notices.compose_notice)
        home_cards.register(papers.cards)
        home_cards.register(post.cards)
        worked_as.register(event_bookings.work_of)
        crew_pay.register(pay.earned_on)
        trail.name_actions(ACTIONS)
