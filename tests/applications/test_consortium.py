"""A consortium at work: rights, confirmations, declining, handing over, and removal on every path."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from grants import clock
from grants.applications import actions, queries
from grants.applications.models import Organisation, Partner
from grants.applications.register import search_words
from grants.calls.models import Question
from grants.db import db
from grants.demo.story import pdf
from grants.documents import actions as documents
from grants.mail import Mail
from tests import world


def _whole(public_id: str) -> Any:
    db.session.expire_all()
    found = queries.whole(public_id)
    assert found
    return found


@pytest.fixture
def draft(names: Any) -> str:
    return str(names.applications["draft"])


def _let(draft: str, cast: Any, access: str) -> None:
    application = _whole(draft)
    actions.edit_partner(application.partners[1], by=cast.coordinator, access=access)
    db.session.commit()


@pytest.mark.parametrize(
    ("access", "own", "summary", "submission", "lead"),
    [("read", 403, 403, 403, 403), ("own", 200, 403, 403, 403), ("all", 200, 200, 403, 403),
     ("submit", 200, 200, 200, 403)],
)  # fmt: skip
def test_what_each_right_opens(
    as_: Any, draft: str, cast: Any, access: str, own: int, summary: int, submission: int, lead: int
) -> None:
    """Everybody who takes part reads; the coordinator alone invites, whatever the right."""
    _let(draft, cast, access)
    partner = _whole(draft).partners[1].public_id
    browser = as_("partner")
    assert browser.get(f"/applications/{draft}").status_code == 200
    assert browser.get(f"/partners/{partner}").status_code == own
    assert browser.get(f"/applications/{draft}/summary").status_code == summary
    assert browser.get(f"/applications/{draft}/submission").status_code == submission
    assert browser.get(f"/applications/{draft}/partners/new").status_code == lead


def test_a_partner_names_its_own_people(as_: Any, draft: str) -> None:
    """With an ORCID whose check digit is checked; people of others are not theirs to add or remove."""
    first, own, _third = _whole(draft).partners
    browser = as_("partner")
    address = f"/applications/{draft}/researchers"
    person = {
        "partner": own.public_id,
        "first_name": "Odile",
        "last_name": "Own",
        "gender": "woman",
        "career_stage": "B",
    }
    wrong = browser.post(address, data=person | {"orcid": "0000-0002-1825-0098"})
    assert wrong.status_code == 422
    assert "not a valid ORCID" in wrong.text
    assert browser.post(address, data=person | {"partner": first.public_id}).status_code == 422
    assert browser.post(address, data=person | {"orcid": "0000-0002-1825-0097"}).status_code == 303
    assert [(r.last_name, r.partner.name) for r in _whole(draft).researchers] == [("Own", "Firm B SAS")]
    of_first = {
        "partner": first.public_id,
        "first_name": "Lena",
        "last_name": "Lead",
        "gender": "woman",
        "career_stage": "",
    }
    assert as_("coordinator").post(address, data=of_first).status_code == 303
    lead = next(r for r in _whole(draft).researchers if r.last_name == "Lead")
    assert browser.post(f"{address}/{lead.public_id}/removal").status_code == 403
    assert browser.post(f"{address}/{lead.public_id}", data=person).status_code == 403
    mine = next(r for r in _whole(draft).researchers if r.last_name == "Own")
    form = as_("coordinator").get(f"{address}/{mine.public_id}").text
    assert re.search(f'value="{own.public_id}" selected|selected value="{own.public_id}"', form)
    mended = person | {"first_name": "Odette", "leading": "y"}
    assert 'value="Odile"' in browser.get(f"{address}/{mine.public_id}").text
    assert browser.post(f"{address}/{mine.public_id}", data=mended | {"orcid": "1"}).status_code == 422
    assert browser.post(f"{address}/{mine.public_id}", data=mended).status_code == 303
    changed = next(r for r in _whole(draft).researchers if r.last_name == "Own")
    assert (changed.first_name, changed.leading, changed.public_id) == ("Odette", True, mine.public_id)


def _confirm(browser: Any, partner: str) -> Any:
    page = browser.get(f"/partners/{partner}/confirmation")
    assert page.status_code == 200
    found = re.search('name="version" value="([0-9a-f]{64})"', page.text)
    assert found
    return found[1]


def test_nobody_submits_before_everybody_has_confirmed(as_: Any, draft: str, cast: Any) -> None:
    """A change of costs asks again; a page that was read before the change confirms nothing."""
    own = _whole(draft).partners[1]
    partner = as_("partner")
    checklist = "Each organisation has confirmed that it takes part as entered: "
    assert f"{checklist}0 of 2" in as_("coordinator").get(f"/applications/{draft}").text
    read = _confirm(partner, own.public_id)
    assert partner.post(f"/partners/{own.public_id}/confirmation", data={"version": read}).status_code == 303
    assert f"{checklist}1 of 2" in as_("coordinator").get(f"/applications/{draft}").text
    application = _whole(draft)
    actions.save_budget(application.partners[1], by=cast.coordinator, lines={"travel": 77_00})
    db.session.commit()
    page = as_("coordinator").get(f"/applications/{draft}").text
    assert f"{checklist}0 of 2" in page
    assert "These confirm first, or again after a change: FIRM-B, LAB-C." in page
    refused = as_("coordinator").post(f"/applications/{draft}/submission", data={"key": "k" * 32})
    assert (refused.status_code, checklist in refused.text) == (422, True)
    address = f"/partners/{own.public_id}/confirmation"
    assert partner.post(address, data={"version": read}).status_code == 409
    assert partner.post(address, data={"version": _confirm(partner, own.public_id)}).status_code == 303
    assert f"{checklist}1 of 2" in as_("coordinator").get(f"/applications/{draft}").text


def test_a_confirmation_is_of_the_contact_who_gave_it(as_: Any, names: Any, cast: Any) -> None:
    """Somebody else as contact: the organisation is asked again, and holds once its new contact has confirmed."""
    public_id = names.applications["reopened"]
    application = _whole(public_id)
    assert [partner.confirmed for partner in application.partners] == [None, True, True]
    actions.edit_partner(application.partners[1], by=cast.coordinator, contact_email=cast.partner.email)
    actions.accept_invitation(application.partners[1], by=cast.partner)
    assert [partner.confirmed for partner in application.partners] == [None, False, True]
    actions.confirm_participation(application.partners[1], by=cast.partner)
    assert [partner.confirmed for partner in application.partners] == [None, True, True]


def test_the_coordinator_cannot_confirm_for_a_partner(as_: Any, draft: str) -> None:
    partner = _whole(draft).partners[1].public_id
    assert as_("coordinator").get(f"/partners/{partner}/confirmation").status_code == 403


def test_nobody_becomes_coordinator_by_the_ordinary_form(as_: Any, draft: str) -> None:
    """A coordinator is asked to confirm nothing: another organisation becomes it by handing over alone."""
    first, own, _third = _whole(draft).partners
    browser = as_("coordinator")
    for partner, role, status in (
        (own, "coordinator", 422),
        (first, "beneficiary", 422),
        (own, "affiliated_entity", 303),
    ):
        section = queries.section(_whole(draft), f"partner:{partner.public_id}")
        form = {
            "name": partner.name,
            "country": partner.country,
            "activity": partner.activity,
            "role": role,
            "access": partner.access,
            "contact_email": partner.contact_email,
            "version": str(section.version),
        }
        assert browser.post(f"/partners/{partner.public_id}", data=form).status_code == status
    form = {"name": "New", "country": "DE", "activity": "HES", "role": "coordinator", "access": "own"}
    assert browser.post(f"/applications/{draft}/partners/new", data=form).status_code == 422
    assert [p.role for p in _whole(draft).partners] == ["coordinator", "affiliated_entity", "beneficiary"]


@pytest.mark.parametrize(
    "change",
    [
        {"activity": "PUB"},
        {"nonprofit": True},
        {"city": "Elsewhere"},
        {"control_group": "Acme"},
        "effort",
        "person",
    ],
    ids=str,
)
def test_what_was_confirmed_covers_people_effort_and_status(
    as_: Any, draft: str, cast: Any, change: Any
) -> None:
    own = _whole(draft).partners[1].public_id
    confirmed = as_("partner").post(
        f"/partners/{own}/confirmation", data={"version": _confirm(as_("partner"), own)}
    )
    assert confirmed.status_code == 303
    application = _whole(draft)
    partner = application.partners[1]
    assert partner.confirmed is True
    if change == "effort":
        actions.save_budget(partner, by=cast.coordinator, person_months=125)
    elif change == "person":
        person = {"first_name": "Otto", "last_name": "Other", "gender": "man", "leading": True}
        actions.add_researcher(application, partner, by=cast.coordinator, **person)
    else:
        actions.edit_partner(partner, by=cast.coordinator, **change)
    db.session.commit()
    assert _whole(draft).partners[1].confirmed is False
    if change == "person":
        application = _whole(draft)
        actions.remove_researcher(application, application.researchers[-1], by=cast.coordinator)
        assert application.partners[1].confirmed is True
        assert "Otto" not in as_("partner").get(f"/applications/{draft}/consortium").text


def test_an_invitation_is_declined(as_: Any, draft: str) -> None:
    """The coordinator is told; the invitation is gone, and somebody else can be invited."""
    third = _whole(draft).partners[2].public_id
    invited = as_("expert4")
    assert invited.post(f"/partners/{third}/refusal").status_code == 303
    assert invited.post(f"/partners/{third}/acceptance").status_code in (403, 404)
    assert "You are invited" not in invited.get("/applications").text
    mail = db.session.scalars(select(Mail).where(Mail.occasion.like(f"declined:{third}%"))).one()
    assert (mail.recipient, "Laboratorio C" in mail.subject) == (world.CAST["coordinator"][1], True)
    assert "declined" in as_("coordinator").get(f"/applications/{draft}/consortium").text


def test_nobody_joins_after_the_deadline(as_: Any, draft: str) -> None:
    """The invitation is still there to decline; what was typed stays closed to who did not take part in time."""
    application = _whole(draft)
    third, deadline = application.partners[2].public_id, application.call.deadline_at
    with clock.at(deadline - timedelta(hours=1)):
        invited = as_("expert4")
        invited.token()
        assert "Take part" in invited.get("/applications").text
    with clock.at(deadline + timedelta(milliseconds=1)):
        assert invited.post(f"/partners/{third}/acceptance").status_code == 409
        assert invited.get(f"/applications/{draft}").status_code == 404
        assert f"/partners/{third}/acceptance" not in invited.get("/applications").text
        assert invited.post(f"/partners/{third}/refusal").status_code == 303


@pytest.mark.parametrize("address", ["annexes/figures", "annexes/figures/removal"])
def test_a_file_of_the_form_waits_for_who_submits(
    as_: Any, draft: str, cast: Any, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """While one uploads or removes a file, another submits: the file is not reported as saved behind the submission."""
    application = _whole(draft)
    application.call.questions.append(
        Question(call_id=application.call_id, key="figures", label="Figures", kind="file", position=9)
    )
    actions.attach(application, pdf(1, "Figures"), "figures.pdf", by=cast.coordinator, kind="q:figures")
    db.session.commit()
    waited = []
    monkeypatch.setattr(queries, "hold", lambda **of: waited.append(of))
    file = {"file": (BytesIO(pdf(1, "Other figures")), "other.pdf")} if "removal" not in address else {}
    assert as_("coordinator").post(f"/applications/{draft}/{address}", data=file).status_code == 303
    assert waited == [{"application": draft}]


def _invitations(address: str) -> int:
    db.session.expire_all()
    mails = select(Mail).where(Mail.recipient == address, Mail.occasion.startswith("partner:"))
    return len(db.session.scalars(mails).all())


def test_somebody_who_declined_is_invited_again(as_: Any, draft: str) -> None:
    """By a button; who has only just been invited is left in peace until tomorrow."""
    third = _whole(draft).partners[2].public_id
    address, lead = world.CAST["expert4"][1], as_("coordinator")
    again = f"/partners/{third}/invitation"
    before = _invitations(address)
    assert "Invite again" in lead.get(f"/applications/{draft}/consortium").text
    as_("expert4").post(f"/partners/{third}/refusal")
    assert lead.post(again).status_code == 303
    assert _invitations(address) == before + 1
    assert "You are invited" in as_("expert4").get("/applications").text
    lead.post(again)
    assert _invitations(address) == before + 1
    assert "less than a day old" in lead.get(f"/applications/{draft}/consortium").text
    as_("expert4").post(f"/partners/{third}/refusal")
    declined = select(Mail).where(Mail.occasion.like(f"declined:{third}%"))
    assert len(db.session.scalars(declined).all()) == 2
    assert as_("partner").post(again).status_code == 403


def test_one_person_is_invited_for_two_organisations_and_after_a_removal(
    as_: Any, draft: str, cast: Any
) -> None:
    address, application = "nora@two-institutes.example", _whole(draft)
    before = _invitations(address)
    fields = {"country": "NL", "activity": "REC", "contact_name": "Nora New", "contact_email": address}
    first = actions.add_partner(application, by=cast.coordinator, name="Institute One", **fields)
    actions.add_partner(application, by=cast.coordinator, name="Institute Two", **fields)
    assert _invitations(address) == before + 2
    actions.remove_partner(first, by=cast.coordinator)
    actions.add_partner(application, by=cast.coordinator, name="Institute One", **fields)
    db.session.commit()
    assert _invitations(address) == before + 3


def test_a_contact_that_is_taken_back_has_no_access(as_: Any, draft: str, cast: Any) -> None:
    """Clearing the address of a contact who had accepted ends their access, without anybody new being invited."""
    partner = as_("partner")
    assert partner.get(f"/applications/{draft}").status_code == 200
    application = _whole(draft)
    actions.edit_partner(application.partners[1], by=cast.coordinator, contact_name="", contact_email="")
    db.session.commit()
    assert partner.get(f"/applications/{draft}").status_code == 404


def test_a_removed_partner_finds_every_door_closed(as_: Any, names: Any, cast: Any) -> None:
    """From the next request on, also where the address was known and a document was wanted before (trust: A-11)."""
    draft = names.applications["reopened"]
    application = _whole(draft)
    own = application.partners[1]
    actions.edit_partner(own, by=cast.coordinator, contact_email=cast.partner.email)
    actions.accept_invitation(own, by=cast.partner)
    key = own.public_id
    sha256 = application.attached["part_b"].sha256
    document = documents.want("application", application=application, by=cast.partner)
    db.session.commit()
    paths = ["", "/consortium", "/budget", "/researchers", "/history", "/comparison", f"/files/{sha256}"]
    addresses = [f"/applications/{draft}{path}" for path in paths]
    addresses += [f"/partners/{key}{path}" for path in ("", "/budget", "/confirmation")]
    partner = as_("partner")
    assert {partner.get(address).status_code for address in addresses} == {200}
    removed = as_("coordinator").post(f"/partners/{key}/removal")
    assert removed.status_code == 303
    addresses.append(f"/documents/{document.public_id}/file")
    assert {address: partner.get(address).status_code for address in addresses} == dict.fromkeys(
        addresses, 404
    )
    posts = {f"/partners/{key}": {"name": "Still here"}, f"/partners/{key}/budget": {},
             f"/applications/{draft}/researchers": {"first_name": "X"}}  # fmt: skip
    for address, data in posts.items():
        answer = partner.post(address, data=data, headers={"Accept": "application/json"})
        assert answer.status_code == 404
    assert "REOPENED" not in partner.get("/applications").text


def test_the_coordination_is_handed_over(as_: Any, draft: str, cast: Any) -> None:
    """The partner's contact leads and submits from now on; the former coordinator keeps their own organisation."""
    own = _whole(draft).partners[1].public_id
    third = _whole(draft).partners[2].public_id
    coordinator = as_("coordinator")
    assert coordinator.post(f"/partners/{third}/coordination").status_code == 409  # has not accepted yet
    assert coordinator.post(f"/partners/{own}/coordination").status_code == 303
    application = _whole(draft)
    assert [(p.role, p.contact_id) for p in application.partners][:2] == [
        ("beneficiary", cast.coordinator.id), ("coordinator", cast.partner.id),
    ]  # fmt: skip
    assert application.coordinator_id == cast.partner.id
    assert as_("partner").get(f"/applications/{draft}/partners/new").status_code == 200
    assert coordinator.get(f"/applications/{draft}/summary").status_code == 403
    assert coordinator.get(f"/applications/{draft}").status_code == 200
    assert (
        db.session.scalars(select(Mail).where(Mail.occasion.like("handed over:%"))).one().recipient
        == (world.CAST["partner"][1])
    )


@pytest.mark.parametrize(
    ("field", "wrong", "right", "kept"),
    [
        ("vat", "FR00000000000", "fr 83 404 833 048", "FR83404833048"),
        ("ror", "05gq02986", "https://ror.org/05gq02987", "05gq02987"),
        ("pic", "12345", "999 900 002", "999900002"),
    ],
)
def test_identifiers_are_checked_by_their_check_digits(
    as_: Any, draft: str, field: str, wrong: str, right: str, kept: str
) -> None:
    partner = _whole(draft).partners[1]
    section = queries.section(_whole(draft), f"partner:{partner.public_id}")
    form = {
        "name": partner.name,
        "country": "FR",
        "activity": "PRC",
        "version": str(section.version if section else 0),
    }
    browser = as_("partner")
    refused = browser.post(f"/partners/{partner.public_id}", data=form | {field: wrong})
    assert refused.status_code == 422
    assert f'value="{wrong}"' in refused.text
    assert browser.post(f"/partners/{partner.public_id}", data=form | {field: right}).status_code == 303
    assert getattr(_whole(draft).partners[1], field) == kept


def test_figures_say_whether_it_is_an_sme(as_: Any, draft: str) -> None:
    """What the box says does not count where figures are given."""
    partner = _whole(draft).partners[1]
    section = queries.section(_whole(draft), f"partner:{partner.public_id}")
    form = {"name": partner.name, "country": "FR", "activity": "PRC", "sme": "y", "headcount": "251",
            "turnover": "1000000", "version": str(section.version if section else 0)}  # fmt: skip
    assert as_("partner").post(f"/partners/{partner.public_id}", data=form).status_code == 303
    assert (_whole(draft).partners[1].sme, _whole(draft).partners[1].size) == (False, "large")
    assert "no SME" in as_("partner").get(f"/partners/{partner.public_id}").text


def test_a_university_is_no_sme_whatever_its_figures(as_: Any, draft: str) -> None:
    """Nor by ticking the box; a company that ticks non-profit gets the rate of companies, and is told."""
    partner = _whole(draft).partners[1]
    partner.application.call.action = "IA"
    db.session.commit()
    browser = as_("partner")

    def save(**typed: str) -> Any:
        section = queries.section(_whole(draft), f"partner:{partner.public_id}")
        form = {"name": partner.name, "country": "FR", "version": str(section.version)} | typed
        assert browser.post(f"/partners/{partner.public_id}", data=form).status_code == 303
        return _whole(draft).partners[1]

    figures = {"sme": "y", "headcount": "9", "turnover": "1000000"}
    assert save(activity="PRC", **figures).sme is True
    assert save(activity="HES", **figures).sme is False
    assert save(activity="HES", sme="y").sme is False
    assert save(activity="OTH", nonprofit="y").rate == 10000
    assert save(activity="PRC", nonprofit="y").rate == 7000
    assert "Private companies are for-profit" in browser.get(f"/applications/{draft}").text


# --- The register ----------------------------------------------------------------------------------------------------


@pytest.fixture
def register(app: Any) -> None:
    for pic, name, short, country, projects in (
        ("999900011", "UNIVERSITÉ DE LA LOIRE", "UDL", "FR", 5),
        ("999900012", "UNIVERSITE LOIRE SUD", "", "FR", 50),
        ("999900013", "LOIRE 100% SARL", "L100", "FR", 1),
    ):
        db.session.add(
            Organisation(pic=pic, name=name, short_name=short, country=country, city="NANTES", activity="HES",
                         sme=False, projects=projects, words=search_words(name, short))
        )  # fmt: skip
    db.session.commit()


@pytest.mark.parametrize(
    ("text", "found"),
    [("loire universite", ["999900012", "999900011"]), ("Université", ["999900012", "999900011"]),
     ("udl", ["999900011"]), ("100%", ["999900013"]), ("_", []), ("x", []), ("nothing of the kind", [])],
)  # fmt: skip
def test_organisations_are_found_by_typing(as_: Any, register: None, text: str, found: list[str]) -> None:
    """Any words in any order, with or without accents; the busiest first."""
    answer = as_("coordinator").get("/organisations", query_string={"q": text})
    assert [row["pic"] for row in answer.get_json()] == found


def test_without_javascript_a_button_finds_and_fills(as_: Any, draft: str, register: None) -> None:
    browser = as_("coordinator")
    page = browser.get(f"/applications/{draft}/partners/new?q=loire+sud").text
    address = re.search(r'href="(/applications/\w+/partners/new\?pic=999900012)"', page)
    assert address
    page = browser.get(address[1]).text
    assert 'value="UNIVERSITE LOIRE SUD"' in page
    assert 'value="999900012"' in page
    assert '<option selected value="FR">' in page
    assert db.session.scalars(select(Partner).where(Partner.pic == "999900012")).all() == []
