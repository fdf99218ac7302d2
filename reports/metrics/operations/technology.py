"""Operations over what is known of the technology."""

from core.money import divide
from reports.metrics.operations.base import operation


@operation
def priority(severity: int, exposure: int, effort: int) -> int | None:
    """Return severity × exposure ÷ effort in hundredths; undefined without any effort."""
    return divide(severity * exposure * 100, effort) if effort > 0 else None
