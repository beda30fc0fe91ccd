"""A report saves itself while its expert types; windows merge; what is doubtful is asked about before submitting."""

import pytest

from grants.experts import actions as experts
from grants.reviews import queries
from tests.reviews.test_write_report import events, stored
from tests.reviews.typed import CRITERIA, filled, report_url

EXCELLENCE, IMPACT = CRITERIA[:2]
JSON = {"Accept": "application/json"}


@pytest.fixture
def url(names, cast):
    """The draft of an expert."""
    return report_url(names.applications["in_evaluation"], cast.expert)


@pytest.fixture
def expert(as_):
    return as_("expert")


def seen_of(page):
    return (
        page.text.partition('name="seen" value="')[2]
        .partition('"')[0]
        .replace("&#34;", '"')
        .replace("&quot;", '"')
    )


def test_the_page_saves_itself_and_hears_the_new_version(url, expert):
    version = stored(url).version

    answer = expert.post(url, data=filled(version, remarks="Typed on a train"), headers=JSON)

    assert (answer.status_code, answer.json["state"], answer.json["version"]) == (200, "saved", version + 1)
    assert answer.json["saved_at"]
    assert answer.json["theirs"] == {}
    assert (stored(url).remarks, stored(url).version) == ("Typed on a train", version + 1)


def test_what_cannot_be_saved_is_named_by_field_and_nothing_changes(url, expert):
    before = stored(url)

    answer = expert.post(url, data=filled(before.version, (370, 400, 350)), headers=JSON)

    assert (answer.status_code, answer.json["state"]) == (422, "invalid")
    assert list(answer.json["errors"]) == [f"score_{EXCELLENCE}"]
    assert stored(url).version == before.version


def test_two_windows_in_one_text_hear_both(url, expert):
    version = stored(url).version
    expert.post(url, data=filled(version, remarks="First window"), headers=JSON)

    answer = expert.post(url, data=filled(version, remarks="Second window"), headers=JSON)

    assert (answer.status_code, answer.json["state"]) == (409, "conflict")
    assert (answer.json["mine"], answer.json["theirs"]) == (
        {"remarks": ["Second window"]},
        {"remarks": ["First window"]},
    )
    assert stored(url).remarks == "First window"


def test_two_windows_in_two_texts_merge(url, expert):
    version = stored(url).version
    expert.post(url, data=filled(version), headers=JSON)
    seen = seen_of(expert.get(url))
    made = {"seen": seen}
    expert.post(url, data=filled(version + 1, remarks="First window") | made, headers=JSON)

    second = filled(version + 1) | {f"comment_{IMPACT}": "Second window"} | made
    answer = expert.post(url, data=second, headers=JSON)

    assert answer.json["state"] == "saved"
    assert answer.json["theirs"] == {"remarks": ["First window"]}
    report = stored(url)
    assert (report.remarks, report.marks[1].comment) == ("First window", "Second window")


def test_a_page_whose_answer_was_lost_has_no_quarrel_with_itself(url, expert):
    version = stored(url).version
    tab = {"tab": "a1b2c3"}
    expert.post(url, data=filled(version, remarks="Half") | tab, headers=JSON)

    answer = expert.post(url, data=filled(version, remarks="Half a thought") | tab, headers=JSON)

    assert answer.json["state"] == "saved"
    assert stored(url).remarks == "Half a thought"


def test_a_submitted_report_takes_nothing_more(url, expert):
    expert.post(url, data=filled(stored(url).version))
    expert.post(f"{url}/submission", data={"declared": "y"})
    assert expert.post(url, data=filled(stored(url).version), headers=JSON).status_code == 409


# --- Before submitting -----------------------------------------------------------------------------------------------


def test_a_doubt_is_asked_about_and_the_answer_is_kept(url, expert):
    grave = {f"comment_{EXCELLENCE}": "There is a serious weakness in the method."}
    expert.post(url, data=filled(stored(url).version, (450, 400, 350)) | grave)

    page = expert.get(f"{url}/submission")

    assert "Excellence has a high score, and the comment names a serious weakness." in page.text
    refused = expert.post(f"{url}/submission", data={"declared": "y"})
    assert refused.status_code == 422
    assert "Please change the text, or confirm that it shall stay as it is." in refused.text
    assert stored(url).state == "draft"
    assert expert.post(f"{url}/submission", data={"declared": "y", "confirmed": "y"}).status_code == 303
    report = stored(url)
    assert report.state == "submitted"
    assert [one.payload.facts["left_as_is"] for one in events(report, "submit")] == [
        [f"HIGH_YET_WEAK:comment_{EXCELLENCE}"]
    ]


def test_a_comment_on_a_question_may_give_its_author_away_too(url, expert):
    form = filled(stored(url).version) | {"remark_scope": "Close to what my team does.", "next": "submission"}
    assert expert.post(url, data=form).status_code == 303
    refused = expert.post(f"{url}/submission", data={"declared": "y"})
    assert refused.status_code == 422
    assert "The text may tell the applicants who wrote it: “my team”." in refused.text


def test_a_report_without_a_doubt_asks_nothing(url, expert):
    expert.post(url, data=filled(stored(url).version))

    page = expert.get(f"{url}/submission")

    assert 'name="confirmed"' not in page.text
    assert expert.post(f"{url}/submission", data={"declared": "y"}).status_code == 303


TEXT = (
    "The consortium brings together the partners that this topic needs, and each of them has shown in earlier work "
    "that it can deliver what it promises, on time and within its means."
)


def test_the_own_words_on_another_application_are_noticed_and_those_of_a_colleague_are_not(
    names, cast, as_, url
):
    """What others wrote would be told by a warning about it."""
    for who in ("expert", "rapporteur"):
        other = queries.report(
            report_url(names.applications["in_consensus"], getattr(cast, who)).rpartition("/")[2]
        )
        other.marks[0].comment = TEXT if who == "rapporteur" else other.marks[0].comment
    browser = as_("expert")
    browser.post(url, data=filled(stored(url).version) | {f"comment_{EXCELLENCE}": TEXT})
    assert "stands in another report" not in browser.get(f"{url}/submission").text

    own = queries.report(report_url(names.applications["in_consensus"], cast.expert).rpartition("/")[2])
    own.marks[0].comment = TEXT

    assert "100 % of this text stands in another report too" in browser.get(f"{url}/submission").text


def test_the_employer_in_a_text_is_noticed(cast, url, expert):
    profile = experts.queries.expert(cast.expert)
    assert profile.employer
    words = f"We at {profile.employer} would do this otherwise."
    expert.post(url, data=filled(stored(url).version) | {f"comment_{EXCELLENCE}": words})

    assert "The text may tell the applicants who wrote it" in expert.get(f"{url}/submission").text
