"""A page of plain text as a DOCX file: headings, paragraphs and lists, in the very words of the page."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
STYLES = {"h1": "Title", "h2": "Heading 1", "h3": "Heading 2", "p": "Normal", "li": "List Bullet"}
SAME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def write(html: str, *, title: str, language: str) -> bytes:
    """The file; the same page gives the same bytes at any time.

    Elements other than those of STYLES, strong and br are read through.

    Args:
        language: of the text, such as "fr", for whoever checks or reads it aloud.
    """
    from docx import Document
    from docx.oxml.ns import qn

    document = Document()
    properties = document.core_properties
    properties.title, properties.author, properties.language = title, "", language
    properties.created = properties.modified = SAME_DAY
    fonts = document.styles["Normal"].element.get_or_add_rPr()
    for named in fonts.findall(qn("w:lang")):
        fonts.remove(named)
    said = fonts.makeelement(qn("w:lang"), {qn("w:val"): language})
    fonts.append(said)
    _Writer(document).feed(html)
    out = io.BytesIO()
    document.save(out)
    return _without_hours(out)


def _without_hours(packed: io.BytesIO) -> bytes:
    """The archive with the same date on each of its parts; the library writes the hour of the making there."""
    out = io.BytesIO()
    with zipfile.ZipFile(packed) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            after.writestr(
                zipfile.ZipInfo(part.filename, (2000, 1, 1, 0, 0, 0)), before.read(part), zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


class _Writer(HTMLParser):
    """Adds what it reads to a document."""

    def __init__(self, document: Any) -> None:
        super().__init__()
        self.document = document
        self.paragraph: Any = None
        self.bold = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in STYLES:
            self.paragraph = self.document.add_paragraph(style=STYLES[tag])
        elif tag == "strong":
            self.bold = True
        elif tag == "br" and self.paragraph is not None:
            self.paragraph.add_run().add_break()

    def handle_endtag(self, tag: str) -> None:
        if tag in STYLES:
            self.paragraph = None
        elif tag == "strong":
            self.bold = False

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if words and self.paragraph is not None:
            before = " " if data[0].isspace() and self.paragraph.text[-1:] not in ("", "\n", " ") else ""
            after = " " if data[-1].isspace() else ""
            self.paragraph.add_run(before + words + after).bold = self.bold or None
