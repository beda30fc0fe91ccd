"""One value, one byte string, one hash."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.canonical import canonical, digest

calm = settings(deadline=None, database=None)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(
    lambda t: unicodedata.normalize("NFC", t)
)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def backwards(value):
    """The same value with each object's keys in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


def decomposed(value):
    """The same value with each text in the other normal form."""
    if isinstance(value, str):
        return unicodedata.normalize("NFD", value)
    if isinstance(value, dict):
        return {decomposed(key): decomposed(item) for key, item in value.items()}
    return [decomposed(item) for item in value] if isinstance(value, list) else value


def test_keys_are_sorted_and_nothing_is_added():
    assert canonical({"b": [1, True, None], "a": "\u00e9"}) == b'{"a":"\xc3\xa9","b":[1,true,null]}'


def test_the_hash_is_that_of_the_bytes():
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@calm
@given(values)
def test_neither_key_order_nor_normal_form_changes_the_hash(value):
    assert digest(backwards(value)) == digest(value)
    assert digest(decomposed(value)) == digest(value)


@calm
@given(values)
def test_reading_the_bytes_gives_the_value_again(value):
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize("value", [1.5, [float("nan")], {"a": 0.0}, {1: "a"}, {"a": {1, 2}}, b"bytes"])
def test_what_two_machines_may_write_differently_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2**53, "exceeds safe integer domain"),
        (-(2**53), "exceeds safe integer domain"),
        ({"\u00e9": 1, "e\u0301": 2}, "two keys of one object are the same text"),
        ("\ud800", "UTF-8"),
    ],
)
def test_what_cannot_be_kept_exactly_is_refused(value, reason):
    with pytest.raises(ValueError, match=reason):
        canonical(value)
