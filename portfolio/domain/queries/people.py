"""Who holds what, what an entity owns, and who answers for what."""

from collections.abc import Collection

from portfolio.models import Asset, Responsibility, Stake


def stakes(*, entity_ids: Collection[int]) -> tuple[Stake, ...]:
    """Return who holds what."""
    return tuple(Stake.objects.filter(entity_id__in=entity_ids))


def assets(*, entity_ids: Collection[int]) -> tuple[Asset, ...]:
    """Return what the entities own or may use."""
    return tuple(Asset.objects.filter(entity_id__in=entity_ids))


def responsibilities(*, entity_ids: Collection[int]) -> tuple[Responsibility, ...]:
    """Return who answers for what."""
    return tuple(Responsibility.objects.filter(entity_id__in=entity_ids))
