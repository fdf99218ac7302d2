"""Template filters: amounts, shares and months as people read them."""

from decimal import Decimal

import pytest

from core.templatetags import amounts


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (amounts.money(123_450), "$1,234.50"),
        (amounts.money(-500, "MXN"), "−MX$5.00"),
        (amounts.money(None), ""),
        (amounts.money_round(123_450), "$1,235"),
        (amounts.money_round(-49), "$0"),
        (amounts.money_round(None), ""),
        (amounts.money_change(500), "+$5.00"),
        (amounts.money_change(-500), "−$5.00"),
        (amounts.money_change(None), ""),
        (amounts.money_negated(-500), "$5.00"),
        (amounts.money_negated(None), ""),
        (amounts.share(2000), "20 %"),
        (amounts.share(1250), "12.5 %"),
        (amounts.share(0), "0 %"),
        (amounts.share(None), ""),
        (amounts.plain_number(Decimal("3676.0000")), "3,676"),
        (amounts.plain_number(Decimal("4.7000")), "4.7"),
        (amounts.plain_number(Decimal("-0.5000")), "-0.5"),
        (amounts.plain_number(1_000_000), "1,000,000"),
        (amounts.plain_number(None), ""),
        (amounts.month_label(2026 * 12 + 9), "Oct 2026"),
    ],
)
def test_values_are_written_for_people(written: str, expected: str) -> None:
    assert written == expected
