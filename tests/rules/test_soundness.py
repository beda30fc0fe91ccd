"""Rules of thumb that ask an author to look again: score against comment, identity, copied text."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grants.calls.scheme import library
from grants.reviews import soundness

SCHEME = library()["he-ria-2026"]


def codes(score, text, **more):
    found = soundness.doubts({"excellence": score}, {"excellence": text}, SCHEME, **more)
    return [doubt.code for doubt in found]


@pytest.mark.parametrize(
    ("score", "text", "expected"),
    [
        (450, "There is a serious weakness in the method.", ["HIGH_YET_WEAK"]),
        (500, "Two major shortcomings remain.", ["HIGH_YET_WEAK"]),
        (450, "The work plan has a serious methodological flaw.", ["HIGH_YET_WEAK"]),
        (450, "Une faiblesse majeure demeure.", ["HIGH_YET_WEAK"]),
        (450, "De graves lacunes dans la méthode.", ["HIGH_YET_WEAK"]),
        (400, "There is a serious weakness in the method.", []),
        (450, "No serious weakness was found.", []),
        (450, "Il n'y a aucune faiblesse majeure.", []),
        (450, "Minor shortcomings only.", []),
        (200, "The concept is original and the team is excellent.", ["LOW_YET_FINE"]),
        (200, "Le concept est original et l'équipe excellente.", ["LOW_YET_FINE"]),
        (200, "No weaknesses were found.", ["LOW_YET_FINE"]),
        (200, "The method is not clearly explained.", []),
        (200, "La méthode est insuffisamment décrite.", []),
        (200, "Le plan manque de détails.", []),
        (250, "The concept is original and the team is excellent.", []),
        (0, "Everything is there.", ["LOW_YET_FINE"]),
    ],
)
def test_score_and_comment(score, text, expected):
    assert codes(score, text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We see this in my group too.", "my group"),
        ("As a professor of physics I disagree.", "as a professor of"),
        ("Dans mon laboratoire on le sait.", "mon laboratoire"),
        ("En tant que chercheuse, je doute.", "en tant que chercheuse"),
        ("Eva Expert finds this good.", "Eva Expert"),
        ("This is done at the Observatory of E. already.", "observatory of e"),
        ("The group is strong, and its university too.", ""),
        ("Le groupe est solide.", ""),
    ],
)
def test_words_that_say_who_wrote_it(text, words):
    eva = SimpleNamespace(name="Dr Eva Expert", email="eva@observatory-e.example")
    assert soundness.identity(text, [eva], ["observatory of e"]) == words


def test_where_low_is_best_the_ends_change_places():
    scheme = next(one for one in library().values() if one.direction == "low")
    first = scheme.criteria[0].id
    best, worst = scheme.scale_min, scheme.scale_max
    weak = {first: "A serious weakness."}
    fine = {first: "All is well."}
    assert [d.code for d in soundness.doubts({first: best}, weak, scheme)] == ["HIGH_YET_WEAK"]
    assert [d.code for d in soundness.doubts({first: worst}, fine, scheme)] == ["LOW_YET_FINE"]
    assert soundness.doubts({first: best}, fine, scheme) == ()


LONG = (
    "The objectives are pertinent to the topic and described in a clear and measurable manner, yet the baseline of "
    "the comparison is not given."
)


def test_a_text_of_another_report_is_noticed_and_a_phrase_is_not():
    assert codes(400, LONG, others=[LONG]) == ["COPIED"]
    assert (
        codes(
            400,
            LONG,
            others=["Something else entirely stands here, and it is about as long as the other one."],
        )
        == []
    )
    assert soundness.copied(LONG, LONG.upper().replace(",", ""))[0] == 100
    assert (
        codes(
            400,
            "Well addressed, with minor shortcomings.",
            others=["Well addressed, with minor shortcomings."],
        )
        == []
    )


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(SCHEME.grid()))
def test_any_text_gets_an_answer(text, other, score):
    found = soundness.doubts({"excellence": score}, {"excellence": text}, SCHEME, others=[other, text])
    assert {doubt.code for doubt in found} <= set(soundness.SENTENCES)
    assert all(doubt.field == "comment_excellence" for doubt in found)


@given(st.lists(st.sampled_from("alpha beta gamma delta epsilon".split()), max_size=60))
def test_a_text_is_its_own_copy(words):
    text = " ".join(words)
    share, _first = soundness.copied(text, text)
    assert share == (100 if len(words) >= 2 * soundness.RUN else 0)
