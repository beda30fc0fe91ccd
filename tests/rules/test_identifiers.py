"""Identifiers of organisations and people."""

import re

import pytest

from grants.people.identifiers import orcid, pic, ror, vat


@pytest.mark.parametrize(
    ("check", "typed", "normal"),
    [
        (pic, "999997930", "999997930"),
        (pic, " 999 997 930 ", "999997930"),
        (orcid, "0000-0002-1825-0097", "0000-0002-1825-0097"),
        (orcid, "0000000151093700", "0000-0001-5109-3700"),
        (orcid, "https://orcid.org/0000-0002-1694-233x", "0000-0002-1694-233X"),
        (ror, "00k4n6c32", "00k4n6c32"),
        (ror, "https://ror.org/05gq02987", "05gq02987"),
        (ror, "01GGX4157", "01ggx4157"),
        (ror, "00x6h5n95", "00x6h5n95"),
        (vat, "FR 40 303 265 045", "FR40303265045"),
        (vat, "el 094259216", "EL094259216"),
        (vat, "GR094259216", "EL094259216"),
    ],
)
def test_a_valid_identifier_is_returned_in_its_normal_form(check, typed, normal):
    assert check(typed) == normal


@pytest.mark.parametrize(
    ("check", "typed", "sentence"),
    [
        (pic, "99999793", "A participant code (PIC) has nine digits."),
        (pic, "9999979300", "A participant code (PIC) has nine digits."),
        (pic, "99999793a", "A participant code (PIC) has nine digits."),
        (pic, "\u0669" * 9, "A participant code (PIC) has nine digits."),
        (ror, "00k4n6c33", "This is not a valid ROR identifier. It looks like 00k4n6c32."),
        (ror, "00o4n6c32", "This is not a valid ROR identifier. It looks like 00k4n6c32."),
        (ror, "", "This is not a valid ROR identifier. It looks like 00k4n6c32."),
        (
            vat,
            "FR 40 303 265 046",
            "This is not a valid VAT number. It starts with the two letters of the country.",
        ),
        (vat, "094259216", "This is not a valid VAT number. It starts with the two letters of the country."),
        (vat, "", "This is not a valid VAT number. It starts with the two letters of the country."),
        (orcid, "", "This is not a valid ORCID iD. It looks like 0000-0002-1825-0097."),
        (orcid, "anything", "This is not a valid ORCID iD. It looks like 0000-0002-1825-0097."),
    ],
)
def test_an_invalid_identifier_is_refused_in_words(check, typed, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        check(typed)


DIGITS = "0000-0002-1825-0097"
WRONG = [
    DIGITS[:place] + other + DIGITS[place + 1 :]
    for place, digit in enumerate(DIGITS)
    if digit != "-"
    for other in "0123456789"
    if other != digit
]


def test_any_changed_digit_of_an_orcid_is_noticed():
    accepted = []
    for typed in WRONG:
        try:
            accepted.append(orcid(typed))
        except ValueError:
            continue
    assert accepted == []
    assert len(WRONG) == 16 * 9
