"""Who declared which conflict of interest is for the officers; observers see that there are some (rulebook 7.4)."""

from sqlalchemy import select

from grants.applications.models import Application
from grants.db import db
from grants.mail import Mail

SISTER = "My sister leads a work package."


def test_observers_read_no_declaration(cast, as_, names):
    from tests.experts.asked import assignment

    here = names.applications["in_evaluation"]
    declaration = f"/assignments/{assignment(here, cast.expert).public_id}/declaration"
    declared = {"declaration": "conflict", "code": "D3", "reason": SISTER}
    assert as_("expert").post(declaration, data=declared).status_code == 303

    shown = {
        (part, page): SISTER in as_(part).get(f"/applications/{here}/{page}").text
        for part in ("officer", "observer")
        for page in ("assignments", "history")
    }

    assert shown == {("officer", "assignments"): True, ("officer", "history"): True,
                     ("observer", "assignments"): False, ("observer", "history"): False}  # fmt: skip
    assert "Declared a conflict" not in as_("observer").get(f"/applications/{here}/history").text


def test_an_administrator_with_a_conflict_reads_no_mail_about_the_application(cast, as_, names):
    """Ada reads the mails that were written; those about the project of her sister she does not."""
    here = names.applications["released_best"]
    mail = db.session.scalars(
        select(Mail.public_id).join(Application, Application.id == Mail.application_id)
        .where(Application.public_id == here)
    ).first()  # fmt: skip
    assert as_("admin").get(f"/outbox/{mail}").status_code == 200
    noted = {"person": cast.admin.public_id, "code": "D3", "reason": SISTER}
    page = f"/applications/{here}/conflicts"
    assert cast.other_officer.name not in as_("officer").get(page).text

    assert as_("officer").post(page, data=noted).status_code == 303

    assert as_("admin").get(f"/outbox/{mail}").status_code == 404
    assert mail not in as_("admin").get("/outbox").text
