"""Two people in one section: whose field is whose, and which words differ."""

from hypothesis import given
from hypothesis import strategies as st

from grants.applications.comparison import loses_words, words
from grants.applications.merging import fingerprints, merge, read_fingerprints

TEXT = st.text("ab \n\r", max_size=12)
FIELDS = st.fixed_dictionaries({"title": st.lists(TEXT, max_size=1), "abstract": st.lists(TEXT, max_size=1)})


def typed(**texts: str) -> dict[str, list[str]]:
    return {name: [text] for name, text in texts.items()}


BEFORE = typed(title="Old title", abstract="Old text")


def test_different_fields_need_no_question() -> None:
    mine, theirs = typed(title="Mine", abstract="Old text"), typed(title="Old title", abstract="Theirs")
    merged = merge(fingerprints(BEFORE), mine, theirs)
    assert (merged.typed, merged.conflicts) == (typed(title="Mine", abstract="Theirs"), ())


def test_the_same_field_does() -> None:
    mine, theirs = typed(title="Mine", abstract="Old text"), typed(title="Theirs", abstract="Old text")
    merged = merge(fingerprints(BEFORE), mine, theirs)
    assert (merged.typed["title"], merged.conflicts) == (["Mine"], ("title",))


def test_a_page_that_brings_no_fingerprints_is_asked_about_every_difference() -> None:
    assert merge({}, typed(title="Mine", abstract="x"), BEFORE).conflicts == ("title", "abstract")


def test_nobody_collides_with_their_own_lost_answer() -> None:
    """My first save arrived and its answer did not; meanwhile I typed on, and another field came from somebody else."""
    stored = typed(title="Mine", abstract="Theirs")
    merged = merge(fingerprints(BEFORE), typed(title="Mine, longer", abstract="Old text"), stored, own=True)
    assert (merged.typed, merged.conflicts) == (typed(title="Mine, longer", abstract="Theirs"), ())


def test_line_breaks_and_the_order_of_choices_are_no_change() -> None:
    before = {"text": ["a\nb"], "keywords": ["x", "y"]}
    sent = {"text": ["a\r\nb"], "keywords": ["y", "x"]}
    assert merge({}, sent, before).conflicts == ()


def test_what_no_page_sends_is_nothing() -> None:
    assert [read_fingerprints(text) for text in ("", "[", "[1]", "7")] == [{}, {}, {}, {}]


@given(FIELDS, FIELDS, FIELDS)
def test_no_text_of_one_side_alone_is_lost(before: dict, mine: dict, theirs: dict) -> None:
    """For every field: whoever alone changed it is heard; where both did, it is a conflict that holds mine."""
    merged = merge(fingerprints(before), mine, theirs)
    prints = [fingerprints(side) for side in (before, mine, theirs, merged.typed)]
    for name in before:
        was, own, other, became = (side[name] for side in prints)
        if name in merged.conflicts:
            assert was != own != other != was
            assert became == own
        else:
            assert became == (own if other == was else other)


@given(st.text("ab \n", max_size=40), st.text("ab \n", max_size=40))
def test_marked_words_read_as_both_texts(before: str, after: str) -> None:
    pieces = words(before, after)
    assert "".join(p.text for p in pieces if p.kind != "added") == before
    assert "".join(p.text for p in pieces if p.kind != "removed") == after


def test_only_the_words_that_differ_are_marked() -> None:
    pieces = [
        (piece.kind, piece.text) for piece in words("We study trust.\nAlways.", "We study robots.\nAlways.")
    ]
    assert pieces == [
        ("same", "We study"),
        ("removed", " trust."),
        ("added", " robots."),
        ("same", "\nAlways."),
    ]


def test_very_long_passages_are_shown_as_replaced() -> None:
    pieces = words("old " * 4000, "new " * 4000)
    assert [piece.kind for piece in pieces] == ["removed", "added"]


def test_words_that_go_away() -> None:
    text = "A text of some length that somebody typed with care over the whole evening."
    assert not loses_words(text, text + " And more.")
    assert not loses_words(text, text.replace("care", "joy"))
    assert loses_words(text, "")
    assert loses_words(text, text[:20])
