"""What a reader, a screen reader or a curious person finds in a PDF."""

import io
from typing import Any

import pikepdf
from pypdf import PdfReader


def text(content: bytes) -> str:
    """The text layer of all pages, with single spaces."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def fonts(content: bytes) -> set[str]:
    """Names of the embedded fonts, without the prefix of the subset and the style."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        names = [str(thing.BaseFont) for thing in pdf.objects if is_font(thing)]
    return {name.partition("+")[2].partition("-")[0].rstrip(",") for name in names}


def is_font(thing: Any) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/Font" and "/BaseFont" in thing


def facts(content: bytes) -> dict[str, Any]:
    """What a PDF says about itself: information dictionary, XMP, language, tags, attachments, facts."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return {
            "info": {key: str(value) for key, value in pdf.docinfo.items()},
            "xmp": bytes(pdf.Root.Metadata.read_bytes()).decode(),
            "language": str(pdf.Root.Lang),
            "tagged": bool(pdf.Root.MarkInfo.Marked),
            "attachments": list(pdf.attachments),
            "data": pdf.attachments["data.json"].get_file().read_bytes().decode(),
        }


def everything(content: bytes) -> str:
    """Text, information dictionary, XMP and attachments of any PDF."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        told = [str(value) for value in pdf.docinfo.values()]
        if "/Metadata" in pdf.Root:
            told.append(bytes(pdf.Root.Metadata.read_bytes()).decode())
        for name, attached in pdf.attachments.items():
            told += [name, attached.get_file().read_bytes().decode(errors="replace")]
    return " ".join([text(content), *told])


def alternatives(content: bytes) -> list[str]:
    """What is said in place of each figure to who cannot see it."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [
            str(thing.Alt)
            for thing in pdf.objects
            if isinstance(thing, pikepdf.Dictionary) and "/Alt" in thing
        ]


def pages(content: bytes) -> int:
    return len(PdfReader(io.BytesIO(content)).pages)


def pages_with(content: bytes, words: str) -> list[int]:
    """Numbers, from 1, of the pages that hold the words."""
    found = PdfReader(io.BytesIO(content)).pages
    return [number for number, page in enumerate(found, 1) if words in " ".join(page.extract_text().split())]
