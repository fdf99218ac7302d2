"""What people say of expenses when they look them through."""

# What audited actions on expenses are called in the portal.
ACTIONS: dict[str, str] = {}
