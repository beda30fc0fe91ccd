"""What people type and post by mistake or on purpose: a clear message, nothing lost, never a crash."""

import io
import re
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest

from grants.applications import queries
from grants.db import db
from grants.demo import story

ODD_TEXTS = {
    "NUL": "before\x00after", "emoji": "👩🏽‍🔬 research", "right to left": "مشروع", "formula": "=HYPERLINK(1)",
    "markup": "<script>alert(1)</script>", "200 pages": "word " * 100_000,
}  # fmt: skip


def _whole(public_id: str) -> Any:
    db.session.expire_all()
    return queries.whole(public_id)


def _version(public_id: str, name: str) -> str:
    section = queries.section(_whole(public_id), name)
    return str(section.version if section else 0)


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS.keys())
def test_odd_texts_in_the_summary(as_: Any, names: Any, text: str) -> None:
    """Either saved as it is and shown inert, or refused beside the field with the text still there."""
    public_id = names.applications["draft"]
    form = {"acronym": "ODD", "title": "T", "abstract": text, "version": _version(public_id, "summary")}
    response = as_("coordinator").post(f"/applications/{public_id}/summary", data=form)
    assert response.status_code in (303, 422)
    if response.status_code == 303:
        assert _whole(public_id).abstract == text
        page = as_("coordinator").get(f"/applications/{public_id}/summary").get_data(as_text=True)
        assert "<script>alert" not in page
    else:
        page = response.get_data(as_text=True)
        assert "aria-invalid" in page
        assert text.replace("\x00", "\ufffd").strip()[:60].split("<")[0] in page or "\x00" in text


@pytest.mark.parametrize("amount", ["-5", "12,345,6", "abc", "1e9", "NaN", "99999999999999999999", "1.234"])
def test_amounts_that_are_none(as_: Any, names: Any, amount: str) -> None:
    public_id = names.applications["draft"]
    partner = _whole(public_id).partners[0].public_id
    form = {"personnel": amount, "requested": "10", "version": _version(public_id, f"budget:{partner}")}
    response = as_("coordinator").post(f"/partners/{partner}/budget", data=form)
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'value="{amount}"' in page
    assert 'aria-invalid="true"' in page


def test_fields_that_the_form_does_not_have_are_ignored(as_: Any, names: Any) -> None:
    """Nobody becomes coordinator, gains a version or moves a state by posting more than was asked (trust: A-14)."""
    public_id = names.applications["draft"]
    before = _whole(public_id)
    facts = (before.state, before.version, before.coordinator_id, before.call_id)
    form = {"acronym": "SAME", "version_number": "9", "state": "informed", "coordinator_id": "1", "call_id": "2",
            "version": _version(public_id, "summary")}  # fmt: skip
    assert as_("coordinator").post(f"/applications/{public_id}/summary", data=form).status_code == 303
    after = _whole(public_id)
    assert (after.state, after.version, after.coordinator_id, after.call_id) == facts


def test_a_partner_cannot_make_itself_coordinator(as_: Any, names: Any) -> None:
    public_id = names.applications["draft"]
    partner = _whole(public_id).partners[1]
    form = {"name": "Firm B SAS", "country": "FR", "activity": "PRC", "role": "coordinator",
            "version": _version(public_id, f"partner:{partner.public_id}")}  # fmt: skip
    assert as_("partner").post(f"/partners/{partner.public_id}", data=form).status_code == 303
    assert [p.role for p in _whole(public_id).partners] == ["coordinator", "beneficiary", "beneficiary"]


def test_two_people_in_one_section(as_: Any, names: Any) -> None:
    """The second keeps what they typed and sees what the first one saved; the next save goes through."""
    public_id = names.applications["draft"]
    stale = _version(public_id, "summary")
    coordinator = as_("coordinator")
    first = {"acronym": "FIRST", "title": "First", "abstract": "From the first tab", "version": stale}
    assert coordinator.post(f"/applications/{public_id}/summary", data=first).status_code == 303
    second = {"acronym": "SECOND", "title": "Second", "abstract": "From the second tab", "version": stale}
    response = coordinator.post(f"/applications/{public_id}/summary", data=second)
    page = re.sub("</?(ins|del)>", "", response.get_data(as_text=True))
    assert response.status_code == 409
    assert "From the first tab" in page
    assert "From the second tab" in page
    again = second | {"version": _version(public_id, "summary")}
    assert coordinator.post(f"/applications/{public_id}/summary", data=again).status_code == 303
    assert _whole(public_id).abstract == "From the second tab"


def _changed(change: Callable[[pikepdf.Pdf], Any], **saving: Any) -> bytes:
    """A sound PDF of one page after a change."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(story.pdf(1))) as document:
        change(document)
        document.save(out, **saving)
    return out.getvalue()


def _opening(**action: Any) -> bytes:
    """A PDF that does something as soon as it is opened."""
    return _changed(lambda pdf: pdf.Root.__setattr__("OpenAction", pikepdf.Dictionary(**action)))


def _annotated(**annotation: Any) -> bytes:
    """A PDF with something to click on."""
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Rect=[0, 0, 20, 20], **annotation)
    return _changed(lambda pdf: pdf.pages[0].__setattr__("Annots", pikepdf.Array([pdf.make_indirect(note)])))


def _carrying(pdf: pikepdf.Pdf) -> None:
    """A file behind a paper clip: not in the list of embedded files."""
    carried = pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F="a.exe",
                                 EF=pikepdf.Dictionary(F=pikepdf.Stream(pdf, b"MZ")))  # fmt: skip
    clip = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, Rect=[0, 0, 9, 9],
                              FS=pdf.make_indirect(carried))  # fmt: skip
    pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(clip)])


def _bomb(pdf: pikepdf.Pdf) -> None:
    """A page of some kilobytes, packed twice, that unpacks to a gigabyte of noughts."""
    million = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = million.compress(bytes(2**20)) + million.flush(zlib.Z_FULL_FLUSH)
    checksum = ((2**30 % 65521) << 16 | 1).to_bytes(4, "big")  # adler32 of so many noughts
    stream = pikepdf.Stream(pdf, zlib.compress(b"\x78\xda" + packed * 1024 + b"\x03\x00" + checksum, 9))
    stream.Filter = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
    pdf.pages[0].Contents = stream


AS_IT_IS = {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.none}
_remote = pikepdf.Dictionary(S=pikepdf.Name.GoToR, F=r"\\elsewhere.example\x.pdf", D=[0, pikepdf.Name.Fit])
FILES = {
    "empty": (b"", "choose|empty"), "word": (b"PK\x03\x04 a document", "not a PDF"),
    "named pdf": (b"<html>", "not a PDF"), "broken": (story.pdf(2)[:200], "damaged"),
    "cut off at the end": (story.pdf(20)[:-300], "damaged"),
    "page that cannot be unpacked": (
        _changed(lambda pdf: pdf.pages[0].__setattr__(
            "Contents", pikepdf.Stream(pdf, b"no zlib", Filter=pikepdf.Name.FlateDecode)), **AS_IT_IS), "damaged"),
    "encrypted": (_changed(lambda pdf: None, encryption=pikepdf.Encryption(owner="o", user="u")), "protected"),
    "script": (_opening(S=pikepdf.Name.JavaScript, JS="app.alert(1)"), "scripts"),
    "program": (_opening(S=pikepdf.Name.Launch, F="cmd.exe"), "scripts"),
    "form sent away": (_opening(S=pikepdf.Name.SubmitForm, F="https://elsewhere.example"), "scripts"),
    "file of another machine": (_annotated(Subtype=pikepdf.Name.Link, A=_remote), "opens other files"),
    "film": (_annotated(Subtype=pikepdf.Name.RichMedia), "media"),
    "embedded file": (_changed(lambda pdf: pdf.attachments.__setitem__("a.txt", b"x")), "embedded files"),
    "file behind a paper clip": (_changed(_carrying), "embedded files"),
    "bomb": (_changed(_bomb, **AS_IT_IS), "too much time or memory"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), FILES.values(), ids=FILES.keys())
def test_files_that_are_no_good(as_: Any, names: Any, content: bytes, reason: str) -> None:
    """Judged by content, refused beside the field with the reason; the earlier file stays."""
    public_id = names.applications["reopened"]
    before = _whole(public_id).attached["part_b"].sha256
    response = as_("coordinator").post(
        f"/applications/{public_id}/part-b", data={"file": (io.BytesIO(content), "part-b.pdf")}
    )
    assert response.status_code == 422
    assert any(word in response.get_data(as_text=True).lower() for word in reason.lower().split("|"))
    assert _whole(public_id).attached["part_b"].sha256 == before


def test_a_link_and_a_word_do_no_harm(as_: Any, names: Any) -> None:
    """An address to click on, and a title that speaks of scripts: both are ordinary."""
    link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://project.example/JS/Launch")
    for content in (
        _annotated(Subtype=pikepdf.Name.Link, A=link),
        _changed(lambda pdf: pdf.docinfo.__setitem__("/Title", "HTML/JS and /Launch")),
    ):
        upload = {"file": (io.BytesIO(content), "part-b.pdf")}
        answer = as_("coordinator").post(
            f"/applications/{names.applications['reopened']}/part-b", data=upload
        )
        assert answer.status_code == 303


def test_a_good_file_is_kept_and_comes_back_as_a_download(as_: Any, names: Any) -> None:
    public_id = names.applications["reopened"]
    content = story.pdf(3)
    browser = as_("coordinator")
    upload = {"file": (io.BytesIO(content), "../../Müller & Söhne.pdf")}
    assert browser.post(f"/applications/{public_id}/part-b", data=upload).status_code == 303
    kept = _whole(public_id).attached["part_b"]
    assert (kept.name, kept.pages) == ("Müller & Söhne.pdf", 3)
    answer = browser.get(f"/applications/{public_id}/files/{kept.sha256}")
    assert answer.data == content
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize("count", [2000, 2001], ids=["T-9.1 2000 accepted", "T-9.1 2001 refused"])
def test_t_9_1_the_abstract_is_counted_in_characters(as_: Any, names: Any, count: int) -> None:
    """Code points after NFC: an e with a combining accent is one, and the page's checklist says so."""
    public_id = names.applications["reopened"]
    form = {"acronym": "COUNT", "title": "T", "duration": "12", "abstract": "e\u0301" * count,
            "keywords": "artificial intelligence",
            "version": _version(public_id, "summary")}  # fmt: skip
    browser = as_("coordinator")
    assert browser.post(f"/applications/{public_id}/summary", data=form).status_code == 303
    page = browser.get(f"/applications/{public_id}").get_data(as_text=True)
    assert f"it has {count}." in page
    submitted = browser.post(f"/applications/{public_id}/submission", data={"key": "c" * 32})
    assert submitted.status_code == (303 if count == 2000 else 422)


ENDLESS = "9" * 5000


@pytest.mark.parametrize("version", ["", "-1", "²", "99999999999999999999", ENDLESS])
def test_versions_that_never_were_are_told_that_somebody_else_saved(
    as_: Any, names: Any, version: str
) -> None:
    public_id = names.applications["draft"]
    form = {"acronym": "ODD", "title": "T", "version": version}
    assert as_("coordinator").post(f"/applications/{public_id}/summary", data=form).status_code == 409


def test_an_endless_amount_is_too_large(as_: Any, names: Any) -> None:
    public_id = names.applications["draft"]
    partner = _whole(public_id).partners[0].public_id
    form = {"requested": ENDLESS, "version": _version(public_id, f"budget:{partner}")}
    page = as_("coordinator").post(f"/partners/{partner}/budget", data=form)
    assert page.status_code == 422
    assert "This amount is too large." in page.text


@pytest.mark.parametrize(
    "address",
    ["/calls/%00", "/applications/%00", "/calls/TAI-EVALUATION/applications?state=%00",
     "/applications/{submitted}/receipts/99999999999999999999", "/applications/{submitted}/versions/100000"],
)  # fmt: skip
def test_addresses_that_no_database_can_hold(as_: Any, names: Any, address: str) -> None:
    for part in ("coordinator", "officer"):
        found = as_(part).get(address.format(submitted=names.applications["submitted"]))
        assert found.status_code == 404


def test_a_way_back_that_is_no_address_leads_home(as_: Any) -> None:
    answer = as_("stranger").post("/language", data={"language": "en", "next": "http://["})
    assert (answer.status_code, answer.location) == (303, "/")


def test_an_e_mail_address_that_no_database_can_hold(as_: Any, names: Any) -> None:
    answer = as_("officer").post("/calls/TAI-OPEN/staff", data={"email": "a\x00b@x.example", "role": "chair"})
    assert answer.status_code == 422
    assert "This contains characters that cannot be stored." in answer.text


HUGE = "9" * 400


@pytest.mark.parametrize(
    ("part", "address", "field"),
    [
        ("coordinator", "/applications/{draft}/summary", "duration"),
        ("officer", "/calls/TAI-DRAFT/questions", "limit"),
        ("officer", "/calls/TAI-DRAFT/scheme", "criteria-0-weight"),
        ("officer", "/calls/TAI-DRAFT/edit", "page_limit"),
        ("officer", "/calls/TAI-EVALUATION/groups", "demand"),
        ("expert", "/expert-profile", "max_load"),
        ("chair", "/applications/{panel_best}/panel", "votes_for"),
    ],
)
def test_a_number_of_four_hundred_digits(as_: Any, names: Any, part: str, address: str, field: str) -> None:
    """It is said beside the field, and what was typed stands there."""
    page = as_(part).post(address.format(**names.applications), data={field: HUGE, "version": "1"})
    assert page.status_code == 422
    assert HUGE in page.text
    assert f'id="{field}-error"' in page.text


@pytest.mark.parametrize("name", ["past-\u00b2-name", f"past-{HUGE}-name", "past--1-name", "past-0x1-name"])
def test_a_row_with_a_number_that_no_page_sends(as_: Any, name: str) -> None:
    form = {"employer": "University", "country": "SE", name: "Nowhere"}
    assert as_("expert").post("/expert-profile", data=form).status_code in (303, 422)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1949-12-31"])
def test_days_of_another_age(as_: Any, day: str) -> None:
    """Three years after the last day of the calendar there is none."""
    away = {"employer": "University", "country": "SE", "past-0-name": "Old place", "past-0-until": day}
    leave = {"email": "odile@other-funder.example", "first_day": day, "last_day": day}
    for part, address, form in (("expert", "/expert-profile", away), ("officer", "/substitution", leave)):
        answer = as_(part).post(address, data=form)
        assert answer.status_code == 422
        assert "between 1950 and 2100" in answer.text
