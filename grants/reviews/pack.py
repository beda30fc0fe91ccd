"""What an expert takes along to read without a network: the application, its files, and the form file, in one ZIP."""

import io
import zipfile
from collections.abc import Iterable

import pikepdf

from grants.applications.reading_copy import write

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
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for page in pdf.pages:
            left, low, _right, high = (float(side) for side in page.cropbox)
            page.contents_add(b"q\n", prepend=True)
            page.contents_add(b"\nQ")
            write(pdf, page, mark, left=left + 24, low=low + 12, size=8, grey=0.35)
            across = low + (high - low) * 0.2
            write(pdf, page, mark, left=left + 60, low=across, size=15, grey=0.88, turn="0.7 0.7 -0.7 0.7")
        pdf.save(out, static_id=True)
    return out.getvalue()
