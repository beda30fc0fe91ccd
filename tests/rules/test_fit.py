"""How well an expert fits an application: by words, rare ones more than common ones, and with the reason."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grants.experts.fit import NONE, fits, terms

WORDS = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 5), max_size=6).map(Counter)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The Networks of a NETWORK", {"network": 2}),
        ("Écoles, écologie & ÉCOLE", {"ecole": 2, "ecologie": 1}),
        ("and the 2026 of 12", {}),
        ("AI gas bus", {"ai": 1, "gas": 1, "bus": 1}),
        ("", {}),
    ],
)
def test_the_words_of_a_text(text: str, found: dict[str, int]) -> None:
    assert terms([], text) == Counter(found)


def test_a_keyword_counts_more_than_a_mention() -> None:
    assert terms(["Robotics"], "robotics in farms") == Counter({"robotic": 4, "farm": 1})


def test_a_rare_word_tells_more_than_one_that_all_use() -> None:
    wanted = terms([], "learning sewage")
    experts = {
        "plumber": terms([], "sewage"), "teacher": terms([], "learning"), "pupil": terms([], "learning"),
        "baker": terms([], "bread"), "both": terms([], "learning sewage bread"),
    }  # fmt: skip
    found = fits(wanted, experts)
    assert found["plumber"].value > found["teacher"].value == found["pupil"].value > 0
    assert found["both"].shared == ("sewage", "learning")
    assert found["baker"] == NONE


@given(WORDS, st.dictionaries(st.integers(0, 9), WORDS, max_size=5))
def test_from_no_word_in_common_to_the_same_words(
    wanted: Counter[str], offered: dict[int, Counter[str]]
) -> None:
    found = fits(wanted, offered)
    assert set(found) == set(offered)
    for key, fit in found.items():
        common = set(wanted) & set(offered[key])
        assert (fit.value > 0) == bool(common) and fit.value <= 1
        assert set(fit.shared) <= common and len(fit.shared) == min(6, len(common))
    if wanted:
        assert fits(wanted, offered | {-1: wanted})[-1].value == pytest.approx(1)


@given(WORDS, st.lists(WORDS, max_size=5))
def test_the_order_of_the_pool_does_not_matter(wanted: Counter[str], pool: list[Counter[str]]) -> None:
    one = fits(wanted, dict(enumerate(pool)))
    other = fits(wanted, dict(reversed(list(enumerate(pool)))))
    assert one == other
