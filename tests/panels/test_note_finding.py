"""The panel notes aspects, an amended score with its reason, and a maximum grant; the consensus stays."""

from grants.applications.queries import by_public_id
from grants.panels import queries
from grants.reviews.queries import consensus_of
from tests.panels.built import MILLION, application, closed_call, finding


def open_form(as_, cast, person="chair"):
    call = closed_call(cast)
    one = application(call, cast.coordinator, "GATE", (450, 400, 350), 3 * MILLION)
    return one, as_(person), f"/applications/{one.public_id}/panel"


def found(one):
    return queries.finding_of(by_public_id(one.public_id))


def test_an_amended_score_needs_a_reason_and_both_scores_are_kept(app, cast, as_):
    one, chair, address = open_form(as_, cast)
    amended = finding(chair.get(address), score_impact="450")

    refused = chair.post(address, data=amended)
    assert refused.status_code == 422
    assert "Say why the panel changes the score. Both scores are kept." in refused.text
    assert found(one) is None

    assert chair.post(address, data=amended | {"reason": "Equal to the other reports."}).status_code == 303
    assert found(one).amended == {"impact": 450}
    assert consensus_of(by_public_id(one.public_id)).scores["impact"] == 400
    page = chair.get(f"/calls/{one.number[:-5]}/panel").text
    assert "consensus 4<" in page


def test_an_unchanged_score_is_no_amendment(app, cast, as_):
    one, chair, address = open_form(as_, cast)

    chair.post(address, data=finding(chair.get(address), aspects="Safety,  safety , Health"))

    assert found(one).amended == {}
    assert found(one).aspects == ["Safety", "Health"]


def test_a_score_off_the_grid_is_refused(app, cast, as_):
    one, chair, address = open_form(as_, cast)

    answer = chair.post(address, data=finding(chair.get(address), score_impact="410", reason="Because."))

    assert answer.status_code == 422
    assert found(one) is None


def test_the_maximum_grant_is_never_above_the_request(app, cast, as_):
    one, chair, address = open_form(as_, cast)

    answer = chair.post(address, data=finding(chair.get(address), max_grant="3000001"))
    assert answer.status_code == 422
    assert 'value="3000001"' in answer.text

    nothing = chair.post(address, data=finding(chair.get(address), max_grant="0"))
    assert nothing.status_code == 422
    assert "leave it empty for what was requested" in nothing.text

    chair.post(address, data=finding(chair.get(address), max_grant="2500000"))
    assert found(one).max_grant == 250_000_000


def test_two_people_at_once_the_second_keeps_the_text_and_sees_what_is_stored(app, cast, as_):
    one, chair, address = open_form(as_, cast)
    officer = as_("officer")
    first, second = (
        finding(officer.get(address), aspects="energy"),
        finding(chair.get(address), aspects="mobility"),
    )
    assert officer.post(address, data=first).status_code == 303

    answer = chair.post(address, data=second)

    assert answer.status_code == 409
    assert 'value="mobility"' in answer.text
    assert "energy" in answer.text
    assert found(one).aspects == ["energy"]


def test_observers_and_applicants_do_not_note_findings(app, cast, as_):
    one, chair, address = open_form(as_, cast)
    sent = finding(chair.get(address), aspects="energy")

    assert as_("observer").post(address, data=sent).status_code == 403
    assert as_("coordinator").post(address, data=sent).status_code == 403
    assert as_("stranger").post(address, data=sent).status_code == 404
    assert found(one) is None
