"""Uploaded PDFs: judged by content, never by name, refused with the reason and the way out (rulebook 8.4)."""

import io
import unicodedata
from dataclasses import dataclass

import pikepdf

from grants.words import N_

# Keys whose presence means that the file can act on the reader's machine or carry other files.
ACTIVE = ("/JavaScript", "/JS", "/Launch", "/EmbeddedFiles", "/RichMedia", "/XFA")


class Unreadable(ValueError):
    """Why a file is refused (msgid)."""


@dataclass(frozen=True)
class Inspected:
    """What was found in a file that is fit to keep."""

    pages: int
    size: int


def inspect(content: bytes) -> Inspected:
    """Open a PDF as a reader would.

    Raises:
        Unreadable: empty, no PDF, encrypted, damaged, without pages, or with active content.
    """
    if not content:
        raise Unreadable(N_("The file is empty. Choose the file again."))
    if not content.lstrip()[:5] == b"%PDF-":
        raise Unreadable(N_("This is not a PDF file. Export your document as PDF and upload that."))
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise Unreadable(N_("The PDF is protected. Save it without password or restrictions."))
            pages = len(pdf.pages)
            active = _active_content(pdf)
    except pikepdf.PasswordError:
        raise Unreadable(N_("The PDF is protected by a password. Save it without one.")) from None
    except (pikepdf.PdfError, ValueError, RecursionError) as problem:
        if isinstance(problem, Unreadable):
            raise
        raise Unreadable(N_("The PDF is damaged and cannot be opened. Export it again.")) from None
    if not pages:
        raise Unreadable(N_("The PDF has no pages."))
    if active:
        raise Unreadable(
            N_("The PDF contains scripts, forms or embedded files. Print it to PDF again to remove them.")
        )
    return Inspected(pages, len(content))


def _active_content(pdf: pikepdf.Pdf) -> bool:
    return any(_is_active(thing) for thing in pdf.objects)


def _is_active(thing: pikepdf.Object, depth: int = 0) -> bool:
    """Whether an object, or a direct object inside it, may act; objects with a number of their own come in turn."""
    if depth > 50 or (depth and thing.is_indirect):
        return False
    if isinstance(thing, pikepdf.Array):
        return any(_is_active(inner, depth + 1) for inner in thing if isinstance(inner, pikepdf.Object))
    if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        rows = (
            dict(thing.items()) if isinstance(thing, pikepdf.Dictionary) else dict(thing.stream_dict.items())
        )
        return any(
            key in ACTIVE or (isinstance(inner, pikepdf.Object) and _is_active(inner, depth + 1))
            for key, inner in rows.items()
        )
    return False


def clean_name(name: str) -> str:
    """A file name fit to show and to send back: last part of a path, printable, at most 150 characters."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = "".join(c for c in name if c.isprintable() and c not in '<>:"|?*').strip(". ")
    stem = name[:-4] if name.lower().endswith(".pdf") else name
    return f"{stem[:146] or 'document'}.pdf"


def without_properties(content: bytes) -> bytes:
    """The PDF without what may name its author: document properties, XMP, editors' data, names on comments, signatures.

    The same file gives the same bytes. What stands on the pages, pictures included, stays as it is.
    """
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
                for key in _naming(thing):
                    if key in thing:
                        del thing[key]
        del pdf.docinfo
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def _naming(thing: pikepdf.Object) -> tuple[str, ...]:
    if thing.get("/Type") == "/Sig":
        return ("/Contents", "/Cert", "/Name", "/Location", "/ContactInfo", "/Reason")
    if thing.get("/Subtype") is not None and "/Rect" in thing:  # an annotation; /T is who wrote it
        return ("/T", "/Metadata", "/PieceInfo")
    return ("/Metadata", "/PieceInfo")
