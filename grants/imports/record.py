"""One record of a file: its fields, each asked for by type, so that nothing else gets any further."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from grants.money import LARGEST

# Databases refuse NUL and lone surrogates, and no text needs the other control characters.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NAMES = {str: "a text", bool: "true or false", int: "a whole number", Decimal: "a number", list: "a list",
          dict: "an object", type(None): "null"}  # fmt: skip


class Refused(ValueError):
    """A record cannot be taken in: the field, and a sentence that says why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


class Record:
    """The fields of one JSON object. Each question raises Refused for a value of another type or size."""

    def __init__(self, facts: Any, path: str = "") -> None:
        if not isinstance(facts, dict):
            raise Refused(path or "record", f"This is {_name(facts)}, not an object.")
        self._facts, self._path = facts, path

    def at(self, field: str) -> str:
        """The field with the way to it: organisations[2].country."""
        return f"{self._path}.{field}" if self._path else field

    def text(self, field: str, *, most: int, required: bool = False) -> str:
        """A text of at most `most` characters without surrounding space; an absent one is empty."""
        found = self._get(field, str)
        if found is None:
            found = ""
        if control := _UNSTORABLE.search(found):
            raise Refused(
                self.at(field), f"It contains the character U+{ord(control[0]):04X}, which cannot be stored."
            )
        found = found.strip()
        if required and not found:
            raise Refused(self.at(field), "It is missing.")
        if len(found) > most:
            raise Refused(self.at(field), f"It has {len(found)} characters; at most {most} can be kept.")
        return found

    def texts(self, field: str, *, most: int) -> list[str]:
        """A list of texts that are not empty."""
        members = self._get(field, list) or []
        each = {f"{field}[{position}]": member for position, member in enumerate(members)}
        named = Record(each, self._path)
        return [text for name in each if (text := named.text(name, most=most))]

    def records(self, field: str, *, most: int) -> list["Record"]:
        """A list of one to `most` objects."""
        members = self._get(field, list) or []
        if not 1 <= len(members) <= most:
            raise Refused(self.at(field), f"It has {len(members)} members; from 1 to {most} can be taken in.")
        return [Record(member, f"{self.at(field)}[{position}]") for position, member in enumerate(members)]

    def flag(self, field: str) -> bool:
        """True or false; absent is false."""
        return bool(self._get(field, bool))

    def whole(self, field: str, *, most: int) -> int | None:
        """A whole number from 0 to `most`."""
        found = self._get(field, int)
        if found is not None and not 0 <= found <= most:
            raise Refused(self.at(field), f"It is not from 0 to {most}.")
        return found

    def cents(self, field: str) -> int | None:
        """An amount of euros as integer cents, exact to the digit that the file has."""
        found = self._get(field, Decimal, int)
        if found is None:
            return None
        if found < 0:
            raise Refused(self.at(field), "The amount is negative.")
        if found > LARGEST // 100:
            raise Refused(self.at(field), "The amount is too large.")
        amount = Decimal(found).quantize(Decimal("0.01"))
        if amount != found:
            raise Refused(self.at(field), "The amount has more than two decimals.")
        return int(amount.scaleb(2))

    def day(self, field: str) -> date:
        """A date such as 2027-03-31. A time of day behind it is left out: third parties make it up (rulebook 8.3)."""
        found = self.text(field, most=40, required=True)
        try:
            return date.fromisoformat(found[:10])
        except ValueError:
            raise Refused(self.at(field), "It is not a date such as 2027-03-31.") from None

    def choice(self, field: str, choices: Mapping[str, str]) -> str:
        """What one of the known words stands for."""
        found = self.text(field, most=100, required=True)
        if found not in choices:
            raise Refused(self.at(field), f"'{found}' is not one of {', '.join(choices)}.")
        return choices[found]

    def _get(self, field: str, *types: type) -> Any:
        found = self._facts.get(field)
        # True is an int in Python, and no amount.
        if found is None or type(found) in types:
            return found
        raise Refused(self.at(field), f"This is {_name(found)}, not {_NAMES[types[0]]}.")


def _name(value: Any) -> str:
    return _NAMES.get(type(value), "something else")
