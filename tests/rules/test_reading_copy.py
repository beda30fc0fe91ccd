"""Who evaluates reads the pages that count, and nothing of who wrote the file (rulebook 1.1, 1.2)."""

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from pypdf import PdfReader

from grants.applications.reading_copy import reading_copy, write

NOTICE = "The pages beyond the limit of 10 are left out."


def part_b(pages: int) -> bytes:
    """A file as word processors leave it: author, bookmarks, inner links, comments, the history of its making."""
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        for number in range(1, pages + 1):
            write(
                pdf, pdf.add_blank_page(page_size=(595, 842)), f"Page{number:02}", left=72, low=700, size=11
            )
        last = pdf.pages[-1].obj
        pdf.pages[0].obj.PieceInfo = Dictionary(Word=Dictionary(Private=String("Lumen Institute")))
        pdf.pages[0].obj.Annots = Array([
            pdf.make_indirect(Dictionary(
                Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], Dest=Array([last, Name.Fit]))),
            pdf.make_indirect(Dictionary(
                Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9],
                A=Dictionary(S=Name.URI, URI=String("https://example.org/annex")))),
            pdf.make_indirect(Dictionary(
                Type=Name.Annot, Subtype=Name.Text, Rect=[0, 0, 9, 9], T=String("Ada Author"),
                Contents=String("check this"))),
        ])  # fmt: skip
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("The end", pages - 1))
        pdf.docinfo["/Author"] = "Ada Author"
        with pdf.open_metadata() as told:
            told["dc:creator"] = ["Ada Author"]
        pdf.save(out)
    return out.getvalue()


def all_there_is(content: bytes) -> bytes:
    """Every object and every stream of a file, unpacked."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(
            out, stream_decode_level=pikepdf.StreamDecodeLevel.all, compress_streams=False,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )  # fmt: skip
    return out.getvalue()


def test_t_1_1_ten_of_twelve_pages_and_a_notice() -> None:
    """T-1.1: a first stage with a limit of 10 pages and an upload of 12."""
    copy = reading_copy(part_b(12), 10, NOTICE)
    texts = [page.extract_text().strip() for page in PdfReader(io.BytesIO(copy)).pages]
    assert texts == [*(f"Page{number:02}" for number in range(1, 11)), NOTICE]
    everything = all_there_is(copy)
    assert (b"Page10" in everything, b"Page11" in everything, b"Page12" in everything) == (True, False, False)
    assert b"https://example.org/annex" in everything  # a link that leads outside stays


@pytest.mark.parametrize("limit", [None, 12, 10])
def test_nothing_tells_who_wrote_the_file(limit: int | None) -> None:
    original = part_b(12)
    assert b"Ada Author" in all_there_is(original) and b"Lumen Institute" in all_there_is(original)
    everything = all_there_is(reading_copy(original, limit, NOTICE))
    assert b"Ada Author" not in everything and b"Lumen Institute" not in everything


@pytest.mark.parametrize("limit", [None, 12])
def test_a_file_within_the_limit_keeps_its_pages_bookmarks_and_links(limit: int | None) -> None:
    copy = PdfReader(io.BytesIO(reading_copy(part_b(12), limit, NOTICE)))
    assert [page.extract_text().strip() for page in copy.pages] == [f"Page{n:02}" for n in range(1, 13)]
    assert [one["/Title"] for one in copy.outline] == ["The end"]
    assert len(copy.pages[0]["/Annots"]) == 3


def test_the_same_file_gives_the_same_bytes() -> None:
    assert reading_copy(part_b(12), 10, NOTICE) == reading_copy(part_b(12), 10, NOTICE)
