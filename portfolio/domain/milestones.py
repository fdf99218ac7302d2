"""Milestones of plans, and the live checks that meet them."""

# What audited actions on milestones are called in the portal.
ACTIONS: dict[str, str] = {}
