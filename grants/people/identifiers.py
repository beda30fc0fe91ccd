"""Identifiers of organisations and people: each is checked, and returned in its normal form."""

import re

from grants.words import N_

_CROCKFORD = str.maketrans("0123456789abcdefghjkmnpqrstvwxyz", "0123456789abcdefghijklmnopqrstuv")


def pic(text: str) -> str:
    """Participant identification code: nine digits (rulebook 1.5). Raises ValueError."""
    found = re.sub(r"\s", "", text)
    if not re.fullmatch("[0-9]{9}", found):
        raise ValueError(N_("A participant code (PIC) has nine digits."))
    return found


def orcid(text: str) -> str:
    """ORCID iD as 0000-0002-1825-0097, with its check digit (rulebook 10.5). Raises ValueError."""
    import idutils

    found = text.strip().upper().replace("HTTPS://ORCID.ORG/", "")
    if not re.fullmatch("[0-9X -]+", found) or not idutils.is_orcid(found):
        raise ValueError(N_("This is not a valid ORCID iD. It looks like 0000-0002-1825-0097."))
    return str(idutils.normalize_orcid(found))


def vat(text: str) -> str:
    """VAT number of an EU country with its prefix, EL for Greece (rulebook 10.5). Raises ValueError."""
    from stdnum.eu import vat as eu_vat
    from stdnum.exceptions import ValidationError

    try:
        found = str(eu_vat.validate(re.sub(r"[\s.-]", "", text)))
    except ValidationError as error:
        raise ValueError(
            N_("This is not a valid VAT number. It starts with the two letters of the country.")
        ) from error
    return re.sub("^GR", "EL", found)


def ror(text: str) -> str:
    """ROR identifier as 00k4n6c32, with its checksum (rulebook 10.5). Raises ValueError."""
    import idutils

    found = text.strip().lower()
    if idutils.is_ror(found) and _ror_checks(identifier := str(idutils.normalize_ror(found))):
        return identifier
    raise ValueError(N_("This is not a valid ROR identifier. It looks like 00k4n6c32."))


def _ror_checks(identifier: str) -> bool:
    if not re.fullmatch("0[a-hjkmnp-tv-z0-9]{6}[0-9]{2}", identifier):
        return False
    number = int(identifier[1:7].translate(_CROCKFORD), 32)
    return 98 - number * 100 % 97 == int(identifier[7:])
