"""What the pages of the expense audit and of milestones of the matrix are about."""

from portfolio.models import Entity, ExpenseFlag, FlagKind, JournalEntry
from tests.factories.crew import NOW
from tests.factories.portfolio import PlanMilestoneFactory


def records(entity: Entity) -> dict[str, int]:
    """Make one record of every kind for an entity."""
    entry = JournalEntry.objects.filter(entity=entity).earliest("pk")
    flag = ExpenseFlag.objects.create(entry=entry, kind=FlagKind.PERSONAL, note="A private lunch", at=NOW)
    return {
        "entry": entry.pk,
        "flag": flag.pk,
        "milestone": PlanMilestoneFactory(entity=entity, check_name="", threshold=None).pk,
    }
