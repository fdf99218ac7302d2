"""What other apps may read of the portfolio: frozen rows, one query a function, nothing lazy.

Reports read the books only through here, a module for each family of records. Amounts are minor units, debit positive;
months are whole numbers (`core.months`); dates are local to the entity.
"""

from portfolio.domain.queries.books import (
    AccountFact,
    EntityFact,
    Freshness,
    Movement,
    PeriodFact,
    Standing,
    accounts,
    daily_nets,
    entities,
    first_entry_on,
    freshness,
    movements,
    periods,
    postings,
    sample_as_of,
    standing,
    total,
    uncategorised_lines,
)
from portfolio.domain.queries.clients import contracts
from portfolio.domain.queries.notes import Contradiction, contradictions, note_rows
from portfolio.domain.queries.people import assets, responsibilities, stakes
from portfolio.domain.queries.pipeline import (
    BookingFact,
    Exceptional,
    LinkedPosting,
    Trouble,
    bookings,
    held_troubles,
    linked_postings,
)
from portfolio.domain.queries.plans import (
    assumptions,
    capital_options,
    financial_rules,
    kpi_values,
    profitability_models,
    scenarios,
    targets,
)
from portfolio.domain.queries.references import REFERENCED, records
from portfolio.domain.queries.selling import (
    ChannelRows,
    channel_rows,
    channel_spends,
    channels,
    funnel,
    market_milestones,
)

__all__ = [
    "REFERENCED", "AccountFact", "BookingFact", "ChannelRows", "Contradiction", "EntityFact", "Exceptional",
    "Freshness", "LinkedPosting", "Movement", "PeriodFact", "Standing", "Trouble", "accounts", "assets", "assumptions",
    "bookings", "capital_options", "channel_rows", "channel_spends", "channels", "contracts", "contradictions",
    "daily_nets", "entities", "financial_rules", "first_entry_on", "freshness", "funnel", "held_troubles", "kpi_values",
    "linked_postings", "market_milestones", "movements", "note_rows", "periods", "postings", "profitability_models",
    "records", "responsibilities", "sample_as_of", "scenarios", "stakes", "standing", "targets", "total", "uncategorised_lines",
]  # fmt: skip
