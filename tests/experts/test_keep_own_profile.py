"""An expert keeps their own profile: who they are, how much they take on, when they are away."""

from datetime import date

from grants.db import db
from grants.experts import queries

ADDRESS = "/expert-profile"
MINE = {
    "employer": "Observatory of E-Stadt", "employer_ror": "", "country": "SE", "sector": "research",
    "seniority": "leading", "gender": "woman", "orcid": "", "keywords": "stars\nspectra\nstars", "expertise": "Dust.",
    "languages": ["en", "sv"], "max_load": "4", "away_from": "2026-12-20", "away_until": "2027-01-06",
    "past-0-name": "Academy F", "past-0-until": "2025-08-31",
}  # fmt: skip


def stored(person):
    db.session.rollback()
    db.session.expire_all()
    return queries.expert(person)


def test_an_expert_says_who_they_are_and_reads_it_again(cast, as_):
    browser = as_("expert")

    assert browser.post(ADDRESS, data=MINE).status_code == 303

    expert = stored(cast.expert)
    assert (expert.employer, expert.seniority, expert.max_load) == ("Observatory of E-Stadt", "leading", 4)
    assert (expert.keywords, expert.languages) == (["stars", "spectra"], ["en", "sv"])
    assert (expert.away_from, expert.away_until) == (date(2026, 12, 20), date(2027, 1, 6))
    assert expert.past_employers == [
        {"name": "Academy F", "pic": "", "ror": "", "since": "", "until": "2025-08-31"}
    ]
    page = browser.get(ADDRESS).text
    assert "Academy F" in page
    assert "stars\nspectra" in page
    assert "You are away from 20 December 2026 until 6 January 2027." in browser.get("/assignments").text


def test_what_is_wrong_is_named_and_what_was_typed_stays(cast, as_):
    before = stored(cast.expert).employer
    wrong = MINE | {"employer_ror": "00k4n6c33", "max_load": "many"}
    wrong |= {"away_from": "2027-01-06", "away_until": "2026-12-20"}

    answer = as_("expert").post(ADDRESS, data=wrong)

    assert answer.status_code == 422
    assert "This is not a valid ROR identifier." in answer.text
    assert "This day lies before the first one." in answer.text
    assert "00k4n6c33" in answer.text
    assert stored(cast.expert).employer == before


def test_a_new_employer_in_the_profile_is_a_conflict_when_somebody_would_invite(names, cast, as_):
    """The profile is what the rules about conflicts read."""
    as_("expert3").post(ADDRESS, data=MINE | {"employer": "University of A-Stadt"})

    page = as_("officer").get(f"/applications/{names.applications['admitted']}/assignments").text

    assert "Employer takes part in the application" in page.partition(cast.expert3.name)[2]


def test_the_officer_sees_limit_and_absence_in_the_pool(names, as_):
    as_("expert").post(ADDRESS, data=MINE)

    page = as_("officer").get(f"/calls/{names.calls['evaluation']}/experts").text

    assert "at most 4" in page
    assert "away 20 December 2026 to 6 January 2027" in page


def test_somebody_who_is_no_expert_has_no_profile(as_):
    assert as_("coordinator").get(ADDRESS).status_code == 404
