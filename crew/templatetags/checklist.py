"""The checklist's board for a template that has its rows."""

from collections.abc import Sequence

from django import template

from crew.domain.checklists import ItemRow
from crew.web.checklist_board import Board, board

register = template.Library()


@register.simple_tag
def checklist_board(rows: Sequence[ItemRow], show: str | None = "") -> Board:
    """Return rows in their phases, with what the address says is shown."""
    return board(rows, show or "")
