"""Amounts of money: whole euro cents, read from what people type and shared by basis points."""

import re

from grants.words import N_

# No typed amount is larger than 100 billion euros: sums of them stay exact in canonical JSON.
LARGEST = 10**13

_SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
_CURRENCY = re.compile(r"^(?:€|EUR) ?| ?(?:€|EUR)$", re.IGNORECASE)
_AMOUNT = re.compile(
    r"(?P<whole>[0-9]+|[1-9][0-9]{0,2}(?P<group>[ .,'\u2019])[0-9]{3}(?:(?P=group)[0-9]{3})*)"
    r"(?:(?P<point>[.,])(?P<cents>[0-9]{1,2}))?"
)
_EITHER = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_TOO_FINE = re.compile(r"[0-9 .,'\u2019]*[0-9][.,][0-9]{3,}")


def parse(text: str) -> int:
    """Euro cents from a typed amount such as '1 234,50', '1,234.50', '1234.5' or 'EUR 10'.

    Raises ValueError with a sentence to translate; '1.234' is refused, since it may be either.
    """
    typed = _CURRENCY.sub("", _SPACES.sub(" ", text).strip(), count=1).strip()
    if typed.startswith(("-", "\u2212")):
        raise ValueError(N_("Enter an amount that is not negative."))
    if _EITHER.fullmatch(typed):
        raise ValueError(
            N_("This amount can be read in two ways. Enter it with two decimals, or without separators.")
        )
    found = _AMOUNT.fullmatch(typed)
    if found is None or (found["group"] and found["group"] == found["point"]):
        if _TOO_FINE.fullmatch(typed):
            raise ValueError(N_("Enter an amount with at most two decimals."))
        raise ValueError(N_("Enter an amount in euros, such as 1250 or 1250.50."))
    if len(found["whole"]) > len(str(LARGEST)) * 2:  # Python converts no more than some thousand digits
        raise ValueError(N_("This amount is too large."))
    cents = int(re.sub("[^0-9]", "", found["whole"])) * 100 + int((found["cents"] or "0").ljust(2, "0"))
    if cents > LARGEST:
        raise ValueError(N_("This amount is too large."))
    return cents


def share(cents: int, basis_points: int) -> int:
    """Share of an amount in euro cents, rounded half up (rulebook 2.3): 7000 basis points are 70 %."""
    return (cents * basis_points + 5000) // 10000
