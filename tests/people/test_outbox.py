"""The outbox: administrators see that mails leave, and nothing that is meant for the recipient alone."""

from typing import Any

from sqlalchemy import select

from grants.applications import queries as applications
from grants.db import db
from grants.mail import Mail


def _address(template: str) -> str:
    found = db.session.scalars(select(Mail).where(Mail.occasion.startswith(f"{template}:"))).first()
    assert found, f"the world holds no mail {template}"
    return f"/outbox/{found.public_id}"


def test_an_administrator_does_not_read_the_link_that_opens_an_account(as_: Any) -> None:
    as_(None).post("/reset", data={"email": "clara@uni-a.example"})
    address, admin = _address("account"), as_("admin")
    mail = db.session.scalars(select(Mail).where(Mail.occasion.startswith("account:"))).one()
    assert "/reset/" in mail.body
    page = admin.get(address).get_data(as_text=True)
    assert "/reset/" not in page
    assert "the recipient alone" in page
    assert mail.subject in admin.get("/outbox").get_data(as_text=True)


def test_an_administrator_reads_no_mail_about_an_application_of_their_own(
    as_: Any, cast: Any, names: Any
) -> None:
    application = applications.by_public_id(names.applications["in_consensus"])
    assert application
    mails = db.session.scalars(select(Mail).where(Mail.application_id == application.id)).all()
    assert any(mail.occasion.startswith("invitation:") for mail in mails), "nobody was asked to evaluate it"
    admin, addresses = as_("admin"), [f"/outbox/{mail.public_id}" for mail in mails]

    def listed() -> set[str]:
        pages = [admin.get(f"/outbox?page={number}").get_data(as_text=True) for number in (1, 2, 3, 4)]
        return {address for address in addresses for page in pages if address in page}

    assert listed() == set(addresses)
    assert {admin.get(address).status_code for address in addresses} == {200}
    application.coordinator_id = cast.admin.id
    db.session.commit()
    assert {admin.get(address).status_code for address in addresses} == {404}
    assert listed() == set()
