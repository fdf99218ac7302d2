"""Days to pay beside the days agreed: a bar for each client, with a mark at its terms."""

from collections.abc import Sequence

from reports.document import Form, Plot, Role, Series, Unit


def days_against_terms(
    rows: Sequence[tuple[str, int | None, int | None]], *, missing: str = "nothing paid"
) -> Plot:
    """Build a bar per client of its days to pay, with an upright mark at its terms; both in tenths of a day.

    A client without a paid invoice has no bar and says ``missing``; one without terms has no mark.
    """
    series = (
        Series("Days to pay", tuple(days for _, days, _ in rows), missing=missing),
        Series("Terms", tuple(terms for *_, terms in rows), Role.TARGET, "none agreed"),
    )
    return Plot(Form.ROWS, "Client", keys=tuple(name for name, *_ in rows), series=series, unit=Unit.DAYS)
