"""Operations over what is carried from one month into the next."""

from reports.metrics.operations.base import operation


@operation
def rolled_forward(opening: int, came_in: int, *went_out: int) -> int:
    """Return what was there, plus what came in, less all that went out."""
    return opening + came_in - sum(went_out)


@operation
def held_forward(
    opening: int, received: int, recognised: int, refunded: int, forfeited: int, other: int
) -> int:
    """Return open + received − recognised − refunded − forfeited + whatever else was posted."""
    return opening + received - recognised - refunded - forfeited + other
