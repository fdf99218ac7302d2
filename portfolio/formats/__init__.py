"""Raw bytes to typed rows: pure functions without a database.

One file per format. Each has `parse(data, name=...)` that returns frozen rows with their line numbers or
raises `FormatError`, so a file is read whole or refused whole. What the rows mean to the books is decided
next door, in `portfolio.domain.intake` and `portfolio.domain.handoffs`.
"""

from portfolio.formats.errors import FormatError

__all__ = ["FormatError"]
