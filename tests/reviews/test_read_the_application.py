"""An expert reads Part B beside the form: the pages that count, as a copy that does not tell who wrote it."""

import hashlib
import io
import zipfile
from html import unescape
from types import SimpleNamespace

import pytest
from pypdf import PdfReader

from grants.applications import queries
from grants.calls.models import Call
from grants.db import db
from grants.experts import queries as experts
from tests.reviews.typed import report_url


@pytest.fixture
def received(names):
    """An application in evaluation, whose Part B is two pages longer than the call allows."""
    found = queries.whole(names.applications["in_evaluation"])
    part_b = found.submission.proposal.part_b
    set_limit(found.call, part_b.pages - 2)
    return SimpleNamespace(
        id=found.id,
        public_id=found.public_id,
        call_id=found.call_id,
        sha256=part_b.sha256,
        limit=part_b.pages - 2,
    )


def set_limit(call, pages):
    call.rules_json = call.rules_json | {"page_limit": pages}
    db.session.commit()


@pytest.fixture
def address(received):
    return f"/applications/{received.public_id}/files/{received.sha256}"


def test_the_report_offers_the_copy_and_says_what_is_left_out(as_, received, address, cast):
    page = unescape(as_("expert").get(report_url(received.public_id, cast.expert)).get_data(as_text=True))
    assert f'data-beside="{address}?beside"' in page
    assert f"2 pages beyond the limit of {received.limit} are left out." in page


def test_the_expert_gets_the_pages_that_count_and_a_notice(as_, received, address):
    answer = as_("expert").get(address, buffered=True)
    pages = PdfReader(io.BytesIO(answer.data)).pages
    assert len(pages) == received.limit + 1
    assert "left out" in pages[-1].extract_text()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_beside_the_form_the_copy_is_shown_and_only_by_our_own_pages(as_, address):
    answer = as_("expert").get(f"{address}?beside", buffered=True)
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("part", ["officer", "coordinator"])
def test_officers_and_the_consortium_get_the_very_file_of_the_receipt_and_never_inside_a_page(
    as_, received, address, part
):
    answer = as_(part).get(f"{address}?beside", buffered=True)
    assert hashlib.sha256(answer.data).hexdigest() == received.sha256
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_what_is_taken_along_is_the_copy_too(as_, received, cast):
    pack = as_("expert").get(f"{report_url(received.public_id, cast.expert)}/pack", buffered=True).data
    content = zipfile.ZipFile(io.BytesIO(pack)).read("files/part_b.pdf")
    assert len(PdfReader(io.BytesIO(content)).pages) == received.limit + 1


def test_pages_that_nobody_reads_are_not_counted_as_work(as_, received, cast):
    assert experts.left_to_read(cast.expert)[received.id] == received.limit
    set_limit(db.session.get(Call, received.call_id), None)
    assert experts.left_to_read(cast.expert)[received.id] == received.limit + 2
