"""What clients are served on."""

from collections.abc import Collection

from portfolio.models import ClientContract


def contracts(*, entity_ids: Collection[int]) -> tuple[ClientContract, ...]:
    """Return active client contracts."""
    return tuple(
        ClientContract.objects.filter(entity_id__in=entity_ids, active=True).select_related("client")
    )
