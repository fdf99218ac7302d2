"""Portfolio: entities, their books, bookings, channels, plans and handoff notes."""

from django.apps import AppConfig

# What audited actions are called in the portal.
ACTIONS = {
    "portfolio:booking:add": "Booking written down",
    "portfolio:booking:change": "Booking changed",
    "portfolio:booking:quoted": "Booking quoted",
    "portfolio:booking:held": "Booking held",
    "portfolio:booking:booked": "Booking booked",
    "portfolio:booking:paid": "Booking paid",
    "portfolio:booking:completed": "Booking completed",
    "portfolio:booking:cancelled": "Booking cancelled",
    "portfolio:booking:lost": "Booking lost",
    "portfolio:capital:land": "Capital options landed",
    "portfolio:channel:move": "Channel moved",
    "portfolio:contract:bill": "Billing model set",
    "portfolio:entity:open": "Entity opened",
    "portfolio:entries:post": "Entries posted",
    "portfolio:entry:post": "Entry posted",
    "portfolio:entry:reverse": "Entry reversed",
    "portfolio:file:land": "File landed",
    "portfolio:handoff:adopt": "Handoff note taken over",
    "portfolio:handoff:read": "Handoff note read",
    "portfolio:period:close": "Month closed",
    "portfolio:period:reconcile": "Month reconciled",
    "portfolio:profitability_model:adopt": "Profitability model adopted",
    "portfolio:rules:land": "Category rules landed",
    "portfolio:responsibility:hand_over": "Handover moved",
    "portfolio:stake:sign": "Agreement signed",
    "portfolio:targets:land": "Revenue targets landed",
}


class PortfolioConfig(AppConfig):
    name = "portfolio"
    verbose_name = "Portfolio"

    def ready(self) -> None:
        """Say what the audited actions of the portfolio are called, and count what campaigns brought in."""
        from core import trail  # noqa: PLC0415 - models may be imported once apps are loaded
        from mail.domain import campaign_results  # noqa: PLC0415
        from portfolio.domain import campaign_income  # noqa: PLC0415

        campaign_results.register_income(campaign_income.measured)
        trail.name_actions(ACTIONS)
