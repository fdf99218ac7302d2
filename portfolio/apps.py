"""Portfolio: entities, their books, bookings, channels, plans and handoff notes."""

from django.apps import AppConfig

# What audited actions are called in the portal; families of records name their own.
ACTIONS = {
    "portfolio:assumption:add": "Assumption written down",
    "portfolio:bankaccount:card": "Account said to be a card",
    "portfolio:bankaccount:remember": "Bank account named",
    "portfolio:bill:enter": "Bill entered",
    "portfolio:bill:pay": "Bill paid",
    "portfolio:bill:take_back": "Payment of a bill reversed",
    "portfolio:bill:void": "Bill reversed",
    "portfolio:budget:set": "Budget set",
    "portfolio:budgets:land": "Budgets landed",
    "portfolio:close:tick": "Item of the close ticked",
    "portfolio:close:untick": "Tick of the close taken back",
    "portfolio:columnmap:delete": "Column map removed",
    "portfolio:columnmap:save": "Column map saved",
    "portfolio:forecast:make": "Forecast made",
    "portfolio:kpi:enter": "Figure written down",
    "portfolio:kpis:land": "Figures landed",
    "portfolio:line:match": "Bank line matched",
    "portfolio:line:pass_on": "Bank line passed on",
    "portfolio:line:post": "Bank line posted",
    "portfolio:line:unmatch": "Match of a bank line undone",
    "portfolio:rule:add": "Category rule written",
    "portfolio:rule:change": "Category rule changed",
    "portfolio:rule:apply": "Category rules applied",
    "portfolio:rule:delete": "Category rule removed",
    "portfolio:rule:move": "Category rule moved",
    "portfolio:rule:switch": "Category rule switched",
    "portfolio:statementbalance:note": "Balance of a statement noted",
    "portfolio:stripe:land": "Stripe's movements landed",
    "portfolio:stripe:try_again": "Event of Stripe's tried again",
    "portfolio:target:set": "Target set",
    "portfolio:vendor:add": "Vendor written down",
    "portfolio:vendor:change": "Vendor changed",
    "portfolio:account:add": "Account added",
    "portfolio:account:rename": "Account renamed",
    "portfolio:account:retire": "Account taken out of use",
    "portfolio:account:use": "Account back in use",
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
    "portfolio:contract:bill": "Billing model set",
    "portfolio:billing_profile:set": "Paper of invoices set",
    "portfolio:client:add": "Client written down",
    "portfolio:client:change": "Client changed",
    "portfolio:contract:add": "Contract written down",
    "portfolio:contract:change": "Contract changed",
    "portfolio:contract:move": "Contract moved",
    "portfolio:credit_note:issue": "Credit note issued",
    "portfolio:dunning_letter:draft": "Reminder drafted",
    "portfolio:invoice:draft": "Invoice drafted",
    "portfolio:invoice:change": "Draft invoice changed",
    "portfolio:invoice:discard": "Draft invoice thrown away",
    "portfolio:invoice:issue": "Invoice issued",
    "portfolio:invoice:letter": "Letter with invoice drafted",
    "portfolio:invoice:write_off": "Invoice written off",
    "portfolio:milestone:add": "Milestone written down",
    "portfolio:milestone:reach": "Milestone reached",
    "portfolio:payment:take": "Payment recorded",
    "portfolio:payment:allocate": "Payment allocated",
    "portfolio:payment:refund": "Payment paid back",
    "portfolio:payment:refund_undo": "Refund of a payment undone",
    "portfolio:payment:take_back": "Allocation taken back",
    "portfolio:payment:reverse": "Payment reversed",
    "portfolio:work:add": "Time written down",
    "portfolio:work:change": "Time changed",
    "portfolio:work:delete": "Time removed",
    "portfolio:work:land": "Time sheet landed",
    "portfolio:crew_pay:unpay": "Payment of crew undone",
    "portfolio:document:attach": "Document attached",
    "portfolio:entity:open": "Entity opened",
    "portfolio:entries:post": "Entries posted",
    "portfolio:entry:post": "Entry posted",
    "portfolio:entry:reverse": "Entry reversed",
    "portfolio:file:land": "File landed",
    "portfolio:handoff:adopt": "Handoff note taken over",
    "portfolio:handoff:read": "Handoff note read",
    "portfolio:opening:name": "Invoices and bills of the opening named",
    "portfolio:period:close": "Month closed",
    "portfolio:period:reconcile": "Month reconciled",
    "portfolio:period:reopen": "Month reopened",
    "portfolio:profitability_model:adopt": "Profitability model adopted",
    "portfolio:rules:land": "Category rules landed",
    "portfolio:responsibility:hand_over": "Handover moved",
    "portfolio:stake:sign": "Agreement signed",
    "portfolio:targets:land": "Revenue targets landed",
    "portfolio:booking:take_back": "Booking taken back from completed",
    "portfolio:booking:overrule": "Refund decided by hand",
    "portfolio:booking:reprice": "Price changed after completion",
    "portfolio:booking:dismiss": "Waiting deed put aside",
    "portfolio:terms:add": "Cancellation terms added",
    "portfolio:terms:retire": "Cancellation terms retired",
    "portfolio:terms:standard": "Cancellation terms made standard",
    "portfolio:tax_filing:say": "Due day of a tax said",
    "portfolio:tax_rate:add": "Tax rate added",
}


class PortfolioConfig(AppConfig):
    name = "portfolio"
    verbose_name = "Portfolio"

    def ready(self) -> None:
        """Say what the audited actions of the portfolio are called, and count what campaigns brought in."""
        from core import trail  # noqa: PLC0415 - models may be imported once apps are loaded
        from mail.domain import campaign_results, compose  # noqa: PLC0415
        from portfolio.domain import (  # noqa: PLC0415
            campaign_income,
            channels,
            delivery,
            expenses,
            milestones,
            rental,
            technology,
        )
        from portfolio.domain.receivables import letters  # noqa: PLC0415

        campaign_results.register_income(campaign_income.measured)
        compose.register(letters.INVOICE, letters.compose_invoice)
        compose.register(letters.REMINDER, letters.compose_reminder)
        trail.name_actions(ACTIONS)
        for family in (channels, delivery, expenses, milestones, rental, technology):
            trail.name_actions(family.ACTIONS)
