"""Yacht deliveries: a job from enquiry to closed, its gates, crew, costs and incidents."""

# What audited actions of a delivery are called in the portal.
ACTIONS: dict[str, str] = {}
