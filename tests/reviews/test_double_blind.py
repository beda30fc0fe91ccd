"""Who evaluates blind reads what is proposed, and not by whom, until the moment that the call names (rulebook 7.4)."""

import io
import zipfile
from typing import Any

import pikepdf
import pytest
from sqlalchemy import delete, select, update

from grants import files
from grants.applications.reading_copy import reading_copy
from grants.calls.models import BLIND_UNTIL, Call
from grants.db import db
from grants.experts.models import Conflict
from tests.applications.test_blind_call import part_b
from tests.reviews.typed import assignment, filled, report_url

WHO = (
    "University of A-Stadt",
    "UNI-A",
    "Firm B",
    "Laboratorio",
    "Torino",
    "999900001",
    "Germany",
    "Lena Lead",
)
"""Names, places and people of the consortium of most applications of the world."""


def blind(until: str = "released") -> None:
    db.session.execute(update(Call).where(Call.reference != "TAI-OPEN").values(blind_until=until))
    db.session.commit()


@pytest.fixture
def here(names: Any) -> Any:
    """In individual evaluation: the rapporteur has submitted, the expert writes, the third is invited."""
    blind()
    return names.applications["in_evaluation"]


def told(text: str) -> list[str]:
    return [word for word in WHO if word in text]


def test_an_expert_reads_what_is_proposed_by_partners_with_numbers(here: Any, as_: Any, cast: Any) -> None:
    expert, report = as_("expert"), report_url(here, cast.expert)
    page, form = expert.get(f"/applications/{here}").text, expert.get(report).text
    assert "Partner 1" in page
    assert "Partner 3" in form
    assert "Beneficiary" in page
    assert told(page + form) == []
    assert told(as_("officer").get(f"/applications/{here}").text) == [*WHO]


def test_the_gate_says_that_who_applies_is_not_told_and_takes_a_declaration(
    here: Any, as_: Any, cast: Any
) -> None:
    invited, gate = as_("expert2"), f"/assignments/{assignment(here, cast.expert2).public_id}"
    page = invited.get(gate).text
    assert "evaluated blind" in page
    assert told(page) == []
    invited.post(f"{gate}/acceptance", data={"conduct": "y"})
    said = {"declaration": "conflict", "code": "P3", "reason": "The method is that of a friend."}
    assert invited.post(f"{gate}/declaration", data=said).status_code == 303
    assert "The method is that of a friend." in as_("officer").get(f"/applications/{here}/conflicts").text


def test_the_system_compares_experts_with_the_partners_all_the_same(names: Any, as_: Any, cast: Any) -> None:
    db.session.execute(delete(Conflict))
    blind()
    address = f"/applications/{names.applications['admitted']}/assignments"
    chosen = {"experts": [cast.conflicted.public_id], "part": "score"}
    officer = as_("officer")
    officer.post(address, data=chosen)
    assert "Konrad Conflicted is not invited" in officer.get(address).text
    found = select(Conflict.reason).where(
        Conflict.user_id == cast.conflicted.id, Conflict.source == "detected"
    )
    assert "UNI-A" in set(db.session.scalars(found))


def test_what_is_taken_along_names_nobody(here: Any, as_: Any, cast: Any) -> None:
    """The pack, and the file by itself: another name, and no properties of who wrote it."""
    original = part_b("Lamps learn.", author="L. Lead of UNI-A")
    _attach(here, original)
    expert = as_("expert")
    pack = zipfile.ZipFile(
        io.BytesIO(expert.get(f"{report_url(here, cast.expert)}/pack", buffered=True).data)
    )
    sheet = zipfile.ZipFile(io.BytesIO(pack.read("report.xlsx")))
    texts = [
        pack.read("application.html").decode(),
        *(sheet.read(name).decode() for name in sheet.namelist()),
    ]
    assert told(" ".join(texts)) == []
    for content in (pack.read("files/part_b.pdf"), expert.get(_file(here)).data):
        with pikepdf.open(io.BytesIO(content)) as pdf:
            assert "/Author" not in pdf.docinfo
        assert b"UNI-A" not in content
    assert "part_b.pdf" in expert.get(_file(here)).headers["Content-Disposition"]
    same = as_("officer").get(_file(here))
    assert same.data == original
    assert "INEVALUATION-part-B.pdf" in same.headers["Content-Disposition"]


def _attach(public_id: str, content: bytes) -> None:
    from grants.applications.queries import by_public_id

    submission = by_public_id(public_id).submission  # type: ignore[union-attr]
    assert submission
    before = submission.proposal.part_b
    assert before
    submission.snapshot = submission.snapshot.replace(before.sha256, files.put(content))
    db.session.commit()


def _file(public_id: str) -> str:
    from grants.applications.queries import by_public_id

    submission = by_public_id(public_id).submission  # type: ignore[union-attr]
    assert submission
    assert submission.proposal.part_b
    return f"/applications/{public_id}/files/{submission.proposal.part_b.sha256}"


def test_a_file_loses_xmp_names_on_comments_and_signatures_and_keeps_its_pages() -> None:
    with pikepdf.open(io.BytesIO(part_b("Lamps learn.", author="Lena"))) as pdf:
        pdf.Root.Metadata = pdf.make_stream(b"<x>Lena</x>")
        comment = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9], T=pikepdf.String("Lena")
        )
        pdf.pages[0].Annots = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(comment)]))
        pdf.pages[0].PieceInfo = pikepdf.Dictionary(Editor=pikepdf.String("Lena"))
        pdf.Root.Sealed = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Sig, Name=pikepdf.String("Lena"), Contents=pikepdf.String("Lena")
            )
        )
        out = io.BytesIO()
        pdf.save(out)
    clean = reading_copy(out.getvalue(), None, "")
    assert reading_copy(out.getvalue(), None, "") == clean
    with pikepdf.open(io.BytesIO(clean)) as pdf:
        assert not any(b"Lena" in thing.unparse(resolved=True) for thing in pdf.objects)
        assert b"Lamps learn." in pdf.pages[0].Contents.read_bytes()
        assert len(pdf.docinfo) == 0


def test_reports_of_a_blind_call_ask_whether_the_text_tells_who_applies(
    here: Any, as_: Any, cast: Any
) -> None:
    """A10 is asked; A2 and A9, about participants that nobody is shown, are not."""
    expert, report = as_("expert"), report_url(here, cast.expert)
    page = expert.get(report).text
    assert "A10. Does the text tell who applies?" in page
    assert "A2. " not in page
    assert "A9. " not in page
    form = filled(assignment(here, cast.expert).report.version, answer_identity="yes", remark_identity="")
    expert.post(report, data=form)
    declared = {"declared": "y", "confirmed": "y"}
    assert (
        "The answer to question A10 needs a comment."
        in expert.post(f"{report}/submission", data=declared).text
    )
    form |= {
        "version": str(assignment(here, cast.expert).report.version),
        "remark_identity": "Page 3, the footer.",
    }
    expert.post(report, data=form)
    assert expert.post(f"{report}/submission", data=declared).status_code == 303
    assert "Page 3, the footer." in as_("officer").get(report).text


def test_a_call_that_is_not_blind_does_not_ask_it(names: Any, as_: Any, cast: Any) -> None:
    page = as_("expert").get(report_url(names.applications["in_evaluation"], cast.expert)).text
    assert "A10." not in page
    assert "A9. " in page


@pytest.mark.parametrize("until", BLIND_UNTIL)
@pytest.mark.parametrize(
    "state", ["in_evaluation", "in_consensus", "panel_best", "ranked_best", "released_best"]
)
def test_who_applies_is_told_from_the_moment_that_the_call_names(
    names: Any, as_: Any, until: str, state: str
) -> None:
    blind(until)
    order = ["in_evaluation", "in_consensus", "panel_best", "ranked_best", "released_best"]
    opens = {"in_consensus": "in_consensus", "in_panel": "panel_best", "released": "released_best"}[until]
    page = as_("expert").get(f"/applications/{names.applications[state]}").text
    assert ("Partner 1" not in page) == (order.index(state) >= order.index(opens))


@pytest.mark.parametrize(
    "page", ["history", "eligibility", "clarifications", "decision", "comparison", "versions/1"]
)
def test_pages_about_who_applies_are_closed_to_observers_till_then(names: Any, as_: Any, page: str) -> None:
    blind()
    one = f"/applications/{names.applications['ranked_best']}/{page}"
    assert as_("observer").get(one).status_code in (404, 409)
    assert as_("officer").get(one).status_code == 200


@pytest.mark.parametrize(
    ("call", "page"),
    [
        ("evaluation", "applications"),
        ("evaluation", "eligibility"),
        ("ranked", "ranking"),
        ("ranked", "decisions"),
    ],
)
def test_lists_leave_out_who_applies(names: Any, as_: Any, call: str, page: str) -> None:
    address = f"/calls/{names.calls[call]}/{page}"
    assert told(as_("observer").get(address).text)
    blind()
    assert told(as_("observer").get(address).text) == []
    assert told(as_("officer").get(address).text)


def test_an_officer_chooses_until_when_and_applicants_read_it(names: Any, as_: Any) -> None:
    officer, page = as_("officer"), f"/calls/{names.calls['draft']}"
    assert "When those who evaluate learn who applies" in officer.get(f"{page}/edit").text
    blind("in_panel")
    assert "Blind until an application comes to the panel" in officer.get(page).text
