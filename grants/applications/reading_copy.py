"""What those who evaluate read of an uploaded PDF: the pages that count, and nothing of who wrote it.

Made from the original each time it is asked for, so a file that was not stripped cannot be handed out by mistake.
"""

import io
from collections.abc import Iterator

import pikepdf
from pikepdf import Dictionary, Name, Stream

from grants.words import N_

NOTICE = N_("The pages beyond the limit of %(limit)s are left out.")

TRACES = ("/Metadata", "/PieceInfo", "/LastModified", "/Thumb")
"""Where programs write author, employer, time of the last change and earlier versions, on any object."""
SIGNER = ("/Contents", "/Cert", "/Name", "/Location", "/ContactInfo", "/Reason")
WAYS = (
    "/Outlines",
    "/Names",
    "/Dests",
    "/StructTreeRoot",
    "/PageLabels",
    "/Threads",
    "/OpenAction",
    "/AcroForm",
)
"""Ways from the catalogue to pages; the pages beyond the limit would stay in the file at their end."""


def reading_copy(content: bytes, most_pages: int | None, notice: str) -> bytes:
    """The PDF without properties and metadata, and without the pages beyond the limit (rulebook 1.1, 1.2, T-1.1).

    The same input gives the same bytes. The copy loses bookmarks, tags and inner links only where pages were left
    out, since these may lead to such a page.

    Args:
        most_pages: pages beyond it are left out; None for no limit.
        notice: the sentence of the page that stands in their place.
    """
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for thing in pdf.objects:
            if isinstance(thing, Dictionary | Stream):
                _forget(thing, TRACES)
                if "/Rect" in thing:  # who noted something in the margin, and when
                    _forget(thing, ("/T", "/M", "/CreationDate"))
                if thing.get("/Type") == Name.Sig:
                    _forget(thing, SIGNER)
        _forget(pdf.trailer, ("/Info",))
        if most_pages is not None and len(pdf.pages) > most_pages:
            _cut(pdf, most_pages, notice)
        pdf.save(out, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _forget(thing: pikepdf.Object, keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in thing:
            del thing[key]


def _cut(pdf: pikepdf.Pdf, most_pages: int, notice: str) -> None:
    del pdf.pages[most_pages:]
    _forget(pdf.Root, WAYS)
    for page in pdf.pages:
        _forget(page.obj, ("/B", "/AA", "/StructParents"))
        if "/Annots" in page:
            page.obj.Annots = pdf.make_indirect(pikepdf.Array(list(_going_outside(page))))
    _, _, width, height = (float(side) for side in pdf.pages[-1].cropbox) if most_pages else (0, 0, 595, 842)
    blank = pdf.add_blank_page(page_size=(max(width, 200), max(height, 200)))
    write(pdf, blank, notice, left=72, low=height / 2, size=11)


def _going_outside(page: pikepdf.Page) -> Iterator[pikepdf.Object]:
    """The links of a page that lead to an address, and to no page of this file."""
    for mark in page.obj.Annots:
        action = mark.get("/A")
        if mark.get("/Subtype") == Name.Link and action is not None and action.get("/S") == Name.URI:
            _forget(mark, ("/P", "/Parent", "/Dest", "/StructParent"))
            _forget(action, ("/Next",))
            yield mark


def write(pdf: pikepdf.Pdf, page: pikepdf.Page, text: str, *, left: float, low: float, size: float,
          grey: float = 0.2, turn: str = "1 0 0 1") -> None:  # fmt: skip
    """One line of text over a page, in the font that every reader has; letters that are not Latin become "?".

    Args:
        left, low: where it begins, in points.
        turn: the first four numbers of the text matrix.
    """
    words = (
        text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    )
    font = Dictionary(
        Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
    )
    name = str(page.add_resource(font, Name.Font, Name.Over)).encode()
    place = b"%s %.1f %.1f Tm" % (turn.encode(), left, low)
    page.contents_add(b"\nq %.2f g BT %s %.1f Tf %s (%s) Tj ET Q" % (grey, name, size, place, words))
