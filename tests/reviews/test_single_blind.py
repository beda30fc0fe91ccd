"""Experts work without knowing each other until the consensus, and applicants never know them (rulebook 7.4)."""

import io
import zipfile

import pytest
from sqlalchemy import select

from grants.db import db
from grants.mail import Mail
from tests.reviews.typed import assignment, report_url


@pytest.fixture
def here(names):
    """In individual evaluation: the rapporteur has submitted, the expert writes, the third is invited."""
    return names.applications["in_evaluation"]


def test_before_the_consensus_no_page_or_file_names_a_colleague(here, cast, as_):
    expert, task, url = as_("expert"), assignment(here, cast.expert).public_id, report_url(here, cast.expert)
    pages = [f"/applications/{here}", f"/assignments/{task}", f"/assignments/{task}/declaration", "/assignments",
             url, f"{url}/submission", f"{url}/upload"]  # fmt: skip
    texts = {address: expert.get(address).text for address in pages}
    pack = zipfile.ZipFile(io.BytesIO(expert.get(f"{url}/pack", buffered=True).data))
    sheet = zipfile.ZipFile(io.BytesIO(pack.read("report.xlsx")))
    texts |= {name: pack.read(name).decode("latin-1") for name in pack.namelist()}
    texts |= {name: sheet.read(name).decode() for name in sheet.namelist()}

    for person in (cast.rapporteur, cast.expert2):
        for address, text in texts.items():
            assert person.name not in text, address
            assert person.email not in text, address


def test_before_the_consensus_no_mail_names_a_colleague(here, cast):
    application = assignment(here, cast.expert).application_id
    people = (cast.rapporteur, cast.expert, cast.expert2)
    mails = db.session.scalars(select(Mail).where(Mail.application_id == application)).all()

    assert {one.recipient for one in mails} >= {person.email for person in people}
    for mail in mails:
        for person in people:
            if mail.recipient != person.email:
                assert person.name not in mail.subject + mail.body


def test_from_the_consensus_on_the_group_knows_who_it_is(names, cast, as_):
    open_one = names.applications["in_consensus"]
    page = as_("expert").get(f"/applications/{open_one}/consensus").text

    assert all(person.name in page for person in (cast.rapporteur, cast.expert, cast.expert2))
    assert as_("applicant2").get(f"/applications/{open_one}/consensus").status_code == 404
