"""What the consortium changed after its last submission is nobody else's to read, not even the acronym."""

import pytest
from sqlalchemy import select, text

from grants.db import db
from grants.mail import Mail
from tests.reviews.typed import assignment, report_url

UNSUBMITTED = "NEVERSENT"


@pytest.fixture
def changed(app, names):
    """Every application has a working copy with another acronym than the submitted version."""
    values = {"acronym": UNSUBMITTED, "title": UNSUBMITTED}
    db.session.execute(text("UPDATE applications SET acronym = :acronym, title = :title"), values)
    db.session.commit()
    return names.applications


def test_staff_and_experts_read_the_submitted_acronym(changed, cast, as_):
    evaluated, consensus = changed["in_evaluation"], changed["in_consensus"]
    declaration = f"/assignments/{assignment(evaluated, cast.expert).public_id}/declaration"
    pages = {
        "officer": ["/", "/calls/TAI-EVALUATION/reports", f"/applications/{evaluated}/reports",
                    f"/applications/{consensus}/consensus"],
        "rapporteur": ["/", f"/applications/{consensus}/consensus", report_url(evaluated, cast.rapporteur)],
        "expert": ["/", "/assignments", declaration, f"{report_url(evaluated, cast.expert)}/submission"],
    }  # fmt: skip
    for part, addresses in pages.items():
        browser = as_(part)
        for address in addresses:
            page = browser.get(address)
            assert (page.status_code, UNSUBMITTED in page.text) == (200, False), (part, address)
    assert "INEVALUATION" in as_("expert").get("/").text


def test_mails_name_the_submitted_acronym(changed, cast, as_):
    declaration = f"/assignments/{assignment(changed['in_evaluation'], cast.expert).public_id}/declaration"
    as_("expert").post(declaration, data={"declaration": "conflict", "code": "D3", "reason": "My sister."})
    mails = db.session.scalars(select(Mail).where(Mail.occasion.startswith("conflict_declared:"))).all()
    assert mails
    assert ["INEVALUATION" in mail.body and UNSUBMITTED not in mail.body for mail in mails] == [True] * len(
        mails
    )


def test_an_officer_with_a_conflict_is_told_nothing_about_the_experts(changed, cast, as_, names):
    from grants.applications.queries import by_public_id
    from grants.experts import actions

    application = by_public_id(changed["in_evaluation"])
    actions.enter_conflict(
        application, cast.officer, code="D3", reason="A relative leads it.", by=cast.officer2
    )
    db.session.commit()
    declaration = f"/assignments/{assignment(changed['in_evaluation'], cast.expert).public_id}/declaration"
    as_("expert").post(declaration, data={"declaration": "conflict", "code": "D3", "reason": "My sister."})
    told = db.session.scalars(
        select(Mail.recipient).where(Mail.occasion.startswith("conflict_declared:"))
    ).all()
    assert told == [cast.officer2.email]
