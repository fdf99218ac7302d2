"""Rentals: stays, blocked nights, rates, maintenance tickets, and papers that expire."""

# What audited actions of a rental are called in the portal.
ACTIONS: dict[str, str] = {}
