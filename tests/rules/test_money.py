"""Amounts as people type them, and shares of them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants import money

calm = settings(deadline=None, database=None)


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("1 234,50", 123450),
        ("1,234.50", 123450),
        ("1.234,50", 123450),
        ("1234.5", 123450),
        ("1'234.50", 123450),
        ("1\u00a0234,50", 123450),
        ("1\u2009234,50", 123450),
        ("1\u202f234\u202f567,8", 123456780),
        ("1.234.567", 123456700),
        ("1 234 567", 123456700),
        ("\u20ac 10", 1000),
        ("10 \u20ac", 1000),
        ("EUR 10", 1000),
        ("10 eur", 1000),
        (" 0 ", 0),
        ("0,05", 5),
        ("007", 700),
        ("100000000000", money.LARGEST),
    ],
)
def test_a_typed_amount_becomes_cents(typed, cents):
    assert money.parse(typed) == cents


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("1.234", "This amount can be read in two ways. Enter it with two decimals, or without separators."),
        ("12,345", "This amount can be read in two ways. Enter it with two decimals, or without separators."),
        ("-5", "Enter an amount that is not negative."),
        ("\u22125", "Enter an amount that is not negative."),
        ("\u20ac -5", "Enter an amount that is not negative."),
        ("1234.567", "Enter an amount with at most two decimals."),
        ("1 234,5678", "Enter an amount with at most two decimals."),
        ("0.123", "Enter an amount with at most two decimals."),
        ("NaN", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("Infinity", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("1e5", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("12 34", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("1.234.5", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("1,234,56", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("1,234 567", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("\u0661\u0662", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("EUR 10 EUR", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("5.", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("100000000000.01", "This amount is too large."),
    ],
)
def test_what_is_no_amount_is_refused_in_words(typed, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        money.parse(typed)


@calm
@given(st.integers(0, money.LARGEST), st.sampled_from([" ", "\u202f", "'", ".", ","]))
def test_every_amount_written_with_separators_is_read_back(cents, separator):
    euros = f"{cents // 100:,}".replace(",", separator)
    point = "." if separator == "," else ","
    assert money.parse(f"{euros}{point}{cents % 100:02}") == cents


@pytest.mark.parametrize(
    ("cents", "rate", "part"),
    [
        (27000300, 2500, 6750075),
        (67500000, 7000, 47250000),
        (1, 5000, 1),
        (1, 4999, 0),
        (2, 2500, 1),
        (0, 10000, 0),
    ],
)
def test_a_share_is_rounded_half_up(cents, rate, part):
    assert money.share(cents, rate) == part
