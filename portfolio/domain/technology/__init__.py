"""Technology: findings whose evidence is masked, and snapshots of what runs."""

# What audited actions on technology are called in the portal.
ACTIONS: dict[str, str] = {}
