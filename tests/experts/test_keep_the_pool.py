"""Officers keep the pool of a call: known people, new ones with an account, and those who leave."""

import pytest
from sqlalchemy import select

from grants.calls.queries import by_reference
from grants.db import db
from grants.experts import queries
from grants.experts.models import Expert
from grants.mail import Mail
from grants.people.queries import by_email

NEW = {
    "name": "Nadia Novák", "email": "Nadia@new.example", "employer": "Institute N", "employer_pic": "999 999 123",
    "country": "CZ", "sector": "research", "gender": "woman", "orcid": "https://orcid.org/0000-0002-1825-0097",
    "keywords": "robotics\r\n\r\nlearning\r\nrobotics", "past-0-name": "Firm B SAS", "past-0-until": "2025-05-31",
    "past-1-name": "",
}  # fmt: skip


@pytest.fixture
def pool(names):
    return f"/calls/{names.calls['evaluation']}/experts"


def profile(email):
    db.session.rollback()
    return db.session.scalars(select(Expert).where(Expert.user_id == by_email(email).id)).one()


def test_a_new_person_gets_an_account_and_a_mail(pool, names, as_):
    browser = as_("officer")
    assert browser.post(pool, data=NEW).status_code == 303

    person = by_email("nadia@new.example")
    assert queries.belongs(person, by_reference(names.calls["evaluation"]))
    expert = profile("nadia@new.example")
    assert (expert.employer, expert.employer_pic, expert.orcid, expert.keywords, expert.past_employers) == (
        "Institute N", "999999123", "0000-0002-1825-0097", ["robotics", "learning"],
        [{"name": "Firm B SAS", "pic": "", "ror": "", "since": "", "until": "2025-05-31"}],
    )  # fmt: skip
    mail = db.session.scalars(select(Mail).where(Mail.recipient == "nadia@new.example")).one()
    assert "Please choose a password" in mail.body
    assert "Nadia Novák" in browser.get(pool).text


def test_a_known_person_keeps_what_is_left_empty(pool, cast, as_):
    update = {"name": "x", "email": cast.expert.email, "employer": "New Employer", "country": "FI"}
    assert as_("officer").post(pool, data=update).status_code == 303
    expert = profile(cast.expert.email)
    assert (expert.employer, expert.country, expert.keywords) == (
        "New Employer",
        "FI",
        ["artificial intelligence"],
    )
    assert cast.expert.name == "Eva Expert"


def test_what_people_have_said_of_themselves_stands(pool, cast, as_):
    """An officer of another call adds Eva, whom they half remember: nothing that she wrote is lost, no tie either."""
    own = {
        "employer": "Institute N", "country": "SE", "sector": "", "seniority": "", "gender": "woman",
        "past-0-name": "Firm B SAS", "past-0-until": "2025-05-31",
    }  # fmt: skip
    assert as_("expert").post("/expert-profile", data=own).status_code == 303
    typed = {
        "name": "x", "email": cast.expert.email, "employer": "Old Employer", "country": "FI", "gender": "undisclosed",
        "sector": "industry", "past-0-name": "University C", "past-0-until": "2026-01-31", "past-1-name": "firm b sas",
    }  # fmt: skip
    officer = as_("officer")
    assert officer.post(pool, data=typed).status_code == 303

    expert = profile(cast.expert.email)
    assert (expert.employer, expert.country, expert.gender, expert.sector) == (
        "Institute N", "SE", "woman", "industry",
    )  # fmt: skip
    assert [one["name"] for one in expert.past_employers] == ["Firm B SAS", "University C"]
    assert "What they have said of themselves stands" in officer.get(pool).text


def test_a_past_employer_more_replaces_none(pool, cast, as_):
    for name in ("Firm B SAS", "University C"):
        typed = {
            "name": "x",
            "email": cast.expert2.email,
            "employer": "Academy F",
            "country": "SE",
            "gender": "man",
        }
        past = {"past-0-name": name, "past-0-until": "2026-01-31"}
        assert as_("officer").post(pool, data=typed | past).status_code == 303
    as_("officer").post(pool, data=typed | {"gender": "undisclosed"})
    expert = profile(cast.expert2.email)
    assert [one["name"] for one in expert.past_employers] == ["Firm B SAS", "University C"]
    assert expert.gender == "man"


@pytest.mark.parametrize(
    ("field", "value"),
    [("orcid", "0000-0002-1825-0098"), ("employer_pic", "12"), ("email", "nobody"), ("country", "")],
)
def test_what_cannot_be_true_is_refused_and_kept_on_the_page(pool, as_, field, value):
    answer = as_("officer").post(pool, data=NEW | {field: value})
    assert answer.status_code == 422
    assert "Nadia Novák" in answer.text
    assert by_email("nadia@new.example") is None


def test_who_runs_the_call_cannot_evaluate_in_it(pool, cast, as_):
    answer = as_("officer").post(pool, data=NEW | {"email": cast.observer.email})
    assert answer.status_code == 422
    assert "This person works for the call and cannot evaluate in it." in answer.text


def test_an_expert_leaves_the_pool_only_without_assignments(pool, names, cast, as_):
    browser, call = as_("officer"), names.calls["evaluation"]
    answer = browser.get(browser.post(f"{pool}/{cast.expert.public_id}/removal").location)
    assert "This expert still has assignments. Remove those first." in answer.text
    assert queries.belongs(cast.expert, by_reference(call))

    assert browser.post(f"{pool}/{cast.expert4.public_id}/removal").status_code == 303

    assert not queries.belongs(cast.expert4, by_reference(call))
    assert browser.post(f"{pool}/{cast.expert4.public_id}/removal").status_code == 404


def test_the_pool_asks_the_database_as_often_for_many_as_for_one(pool, names, as_, statements):
    browser = as_("officer")
    browser.get(pool)
    statements.clear()
    browser.get(pool)
    many = len(statements)
    for expert in db.session.scalars(queries.pool(by_reference(names.calls["draft"]))).all()[1:]:
        browser.post(f"/calls/{names.calls['draft']}/experts/{expert.user.public_id}/removal")
    browser.get(f"/calls/{names.calls['draft']}/experts")
    statements.clear()
    browser.get(f"/calls/{names.calls['draft']}/experts")
    assert len(statements) == many
