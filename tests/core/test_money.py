"""Reading and writing money: what is accepted, what is refused, and that nothing is lost between."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import EXPONENTS, LIMIT_MINOR, MoneyError, divide, format_minor, parse_minor, share


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("0", 0),
        ("-0", 0),
        ("5", 500),
        ("5.", 500),
        (".5", 50),
        ("1234.5", 123450),
        ("1,234.50", 123450),
        ("$1,234.50", 123450),
        ("$ 12", 1200),
        ("-5.00", -500),
        ("\u22125.00", -500),
        ("-$5.00", -500),
        ("$-5.00", -500),
        ("+5", 500),
        ("(5.00)", -500),
        ("($1,000)", -100000),
        ("  7.25 ", 725),
        ("1.000", 100),
        ("99999999999.99", 9999999999999),
    ],
)
def test_reads_amounts_as_people_and_banks_write_them(text: str, minor: int) -> None:
    assert parse_minor(text) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "-",
        "$",
        "()",
        "1.005",
        "1e400",
        "NaN",
        "Infinity",
        "1_000",
        "١٢٣",
        "１２３",
        "1,23.00",
        "12,34",
        "1.2.3",
        "--5",
        "(-5)",
        "-(5)",
        "-$-5",
        "5-",
        "0x10",
        "5 USD",
        "€5",
        "5\x00",
        "1" * 40,
        "100000000000.01",
    ],
)
def test_refuses_what_is_not_an_amount_with_a_sentence(text: str) -> None:
    with pytest.raises(MoneyError, match=r"\.$"):
        parse_minor(text)


def test_a_currency_without_decimals_takes_none() -> None:
    assert parse_minor("¥1,500", "JPY") == 1500
    with pytest.raises(MoneyError, match="more than 0 decimals"):
        parse_minor("1.5", "JPY")


def test_an_unknown_currency_is_refused_by_name() -> None:
    with pytest.raises(MoneyError, match="'XXX' is not a currency we keep"):
        format_minor(1, "XXX")


@given(
    minor=st.integers(min_value=-LIMIT_MINOR, max_value=LIMIT_MINOR),
    currency=st.sampled_from(sorted(EXPONENTS)),
)
def test_what_is_written_reads_back_as_the_same_amount(minor: int, currency: str) -> None:
    assert parse_minor(format_minor(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("minor", "text"),
    [(149, "$1"), (150, "$2"), (-150, "\u2212$2"), (-49, "$0"), (123456789, "$1,234,568")],
)
def test_whole_units_round_half_away_from_zero_and_zero_has_no_sign(minor: int, text: str) -> None:
    assert format_minor(minor, cents=False) == text


def test_a_change_shows_its_sign() -> None:
    assert format_minor(500, plus=True) == "+$5.00"
    assert format_minor(0, plus=True) == "$0.00"


@given(minor=st.integers(-(10**12), 10**12), basis_points=st.integers(0, 10_000))
def test_a_share_is_within_half_a_cent_of_the_exact_one_and_mirrors(minor: int, basis_points: int) -> None:
    part = share(minor, basis_points)
    assert abs(part * 10_000 - minor * basis_points) <= 5_000
    assert share(-minor, basis_points) == -part


AMOUNT = st.integers(-(10**13), 10**13)


@given(AMOUNT, AMOUNT.filter(bool))
def test_a_quotient_is_the_nearest_whole_number_and_halves_go_away_from_zero(top: int, bottom: int) -> None:
    exact = Fraction(top, bottom)
    got = divide(top, bottom)
    assert abs(got - exact) <= Fraction(1, 2)
    if abs(got - exact) == Fraction(1, 2):
        assert abs(got) > abs(exact)
