"""What an expert takes along to read without a network: the application, its files, and the form file, in one ZIP."""

import io
import zipfile
from collections.abc import Iterable

import pikepdf
from pikepdf import Dictionary, Name

SAME_DAY = (2000, 1, 1, 0, 0, 0)


def bundle(page: str, sheet: bytes, files: Iterable[tuple[str, bytes]], mark: str) -> bytes:
    """The ZIP; every page of every PDF in it says whom it was made for.

    Args:
        page: the application as one HTML page that needs nothing else.
        sheet: the form file.
        files: name in the ZIP and content of each PDF.
        mark: whom it was made for, and when.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("application.html", SAME_DAY), page, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("report.xlsx", SAME_DAY), sheet)
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(f"files/{name}", SAME_DAY), marked(content, mark))
    return out.getvalue()


def marked(content: bytes, mark: str) -> bytes:
    """A PDF with `mark` at the foot of each page and, pale, across it."""
    # The fonts that every reader has know no more than Latin letters; an e-mail address needs none.
    words = (
        mark.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    )
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        font = pdf.make_indirect(
            Dictionary(
                Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
            )
        )
        for page in pdf.pages:
            name = str(page.add_resource(font, Name.Font, Name.MadeFor)).encode()
            left, low, _right, high = (float(side) for side in page.cropbox)
            page.contents_add(b"q\n", prepend=True)
            page.contents_add(
                b"\nQ q 0.35 g BT %s 8 Tf %.1f %.1f Td (%s) Tj ET " % (name, left + 24, low + 12, words)
                + b"0.88 g BT %s 15 Tf 0.7 0.7 -0.7 0.7 %.1f %.1f Tm (%s) Tj ET Q"
                % (name, left + 60, low + (high - low) * 0.2, words)
            )
        pdf.save(out, static_id=True)
    return out.getvalue()
