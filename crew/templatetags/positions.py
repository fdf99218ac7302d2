"""Words over the positions of an event."""

from collections.abc import Sequence

from django import template

from crew.domain.staffing import PositionRow, summary

register = template.Library()


@register.filter
def staffed(rows: Sequence[PositionRow]) -> str:
    """Write how many positions are staffed: ``2 of 3 staffed``."""
    return summary(rows)
