"""The portfolio in the Django admin: staff fix records here; what the books wrote is only read.

Nothing here posts, seals or moves a stage: those have their own pages, which call `portfolio.domain`.
"""

from portfolio.admin import (
    banks,
    bookings,
    books,
    channels,
    delivery,
    documents,
    entities,
    expenses,
    intake,
    payables,
    plans,
    receivables,
    recognition,
    rental,
    stripe,
    technology,
)

__all__ = [
    "banks",
    "bookings",
    "books",
    "channels",
    "delivery",
    "documents",
    "entities",
    "expenses",
    "intake",
    "payables",
    "plans",
    "receivables",
    "recognition",
    "rental",
    "stripe",
    "technology",
]
