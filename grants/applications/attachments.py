"""Uploaded PDFs: judged by content, never by name, refused with the reason and the way out (rulebook 8.4).

Anybody may upload anything, so a file is opened in a process of its own that may reach nothing and has little time and
memory: what cannot be opened within them is refused as well.
"""

import re
import tempfile
import unicodedata
from dataclasses import dataclass
from typing import Any

from grants import warm
from grants.words import N_

SECONDS, MEMORY = 10, 512 * 1024**2
"""Processor time and memory that opening one file may take."""
UNPACKED = 1024**3
"""How many bytes all the streams of a file may hold when they are unpacked; a page scanned in colour has 25 million."""

# Keys whose presence means that the file can act on the reader's machine or carry other files ...
KEYS = ("/JavaScript", "/JS", "/EmbeddedFiles", "/EF", "/RichMedia", "/RichMediaContent", "/XFA")
# ... and kinds of actions, annotations and streams that do.
KINDS = (
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/Movie", "/Sound",
    "/RichMediaExecute", "/RichMedia", "/Screen", "/3D", "/FileAttachment", "/EmbeddedFile",
)  # fmt: skip
NAMED = re.compile(rb"(?:%s)(?![A-Za-z0-9])" % b"|".join(word.encode() for word in {*KEYS, *KINDS}))
"""Quick to look for; an object in which it is found is then read with care, since a text may hold such a word."""

REASONS = {
    "empty": N_("The file is empty. Choose the file again."),
    "no_pdf": N_("This is not a PDF file. Export your document as PDF and upload that."),
    "password": N_("The PDF is protected by a password. Save it without one."),
    "protected": N_("The PDF is protected. Save it without password or restrictions."),
    "damaged": N_("The PDF is damaged or not complete, and cannot be opened. Export it again."),
    "no_pages": N_("The PDF has no pages."),
    "active": N_(
        "The PDF contains scripts, forms, media or embedded files, or opens other files. Print it to PDF again to "
        "remove them."
    ),
    "too_large": N_(
        "The PDF takes too much time or memory to open. Print it to PDF again, with images of a lower resolution."
    ),
}


class Unreadable(ValueError):
    """Why a file is refused (msgid)."""


@dataclass(frozen=True)
class Inspected:
    """What was found in a file that is fit to keep."""

    pages: int
    size: int


opener = warm.Process(__name__)


def inspect(content: bytes) -> Inspected:
    """Open a PDF as a reader would, in the other process.

    Raises:
        Unreadable: empty, no PDF, encrypted, damaged, without pages, with active content, or too much to open.
    """
    if not content:
        raise Unreadable(REASONS["empty"])
    if not content.lstrip()[:5] == b"%PDF-":
        raise Unreadable(REASONS["no_pdf"])
    with tempfile.NamedTemporaryFile(prefix="grants-", suffix=".pdf") as file:
        file.write(content)
        file.flush()
        try:
            told = opener.ask({"path": file.name})
        except warm.Failed:
            raise Unreadable(REASONS["too_large"]) from None
    if told["problem"]:
        raise Unreadable(REASONS[told["problem"]])
    return Inspected(told["pages"], len(content))


def clean_name(name: str) -> str:
    """A file name fit to show and to send back: last part of a path, printable, at most 150 characters."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = "".join(c for c in name if c.isprintable() and c not in '<>:"|?*').strip(". ")
    stem = name[:-4] if name.lower().endswith(".pdf") else name
    return f"{stem[:146] or 'document'}.pdf"


# --- In the other process --------------------------------------------------------------------------------------------


def _work(job: dict[str, Any]) -> dict[str, Any]:
    """Pages of a file, and a key of REASONS where it is refused."""
    import pikepdf

    try:
        # What a program would have to guess is not what an expert should read.
        with pikepdf.open(job["path"], attempt_recovery=False) as pdf:
            if pdf.is_encrypted:
                return {"problem": "protected"}
            pages = len(pdf.pages)
            problem = "" if pages else "no_pages"
            return {"pages": pages, "problem": problem or _problem(pdf)}
    except pikepdf.PasswordError:
        return {"problem": "password"}
    except (pikepdf.PdfError, ValueError, RecursionError):
        return {"problem": "damaged"}


def _problem(pdf: Any) -> str:
    import pikepdf

    left = UNPACKED
    for thing in pdf.objects:
        stream = isinstance(thing, pikepdf.Stream)
        if NAMED.search((thing.stream_dict if stream else thing).unparse(resolved=True)) and _is_active(
            thing
        ):
            return "active"
        if stream:
            try:
                left -= len(memoryview(thing.get_stream_buffer()))
            except pikepdf.DataDecodingError as error:
                return "too_large" if "bad_alloc" in str(error) else "damaged"
            except pikepdf.PdfError:  # an image that only a viewer can unpack
                continue
            if left < 0:
                return "too_large"
    return ""


def _is_active(thing: Any, depth: int = 0) -> bool:
    """Whether an object, or a direct object inside it, may act; objects with a number of their own come in turn."""
    import pikepdf

    if depth > 50 or (depth and thing.is_indirect):
        return False
    if isinstance(thing, pikepdf.Array):
        return any(_is_active(inner, depth + 1) for inner in thing if isinstance(inner, pikepdf.Object))
    if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        rows = (thing if isinstance(thing, pikepdf.Dictionary) else thing.stream_dict).items()
        return any(
            key in KEYS
            or (key in ("/S", "/Subtype", "/Type") and str(inner) in KINDS)
            or (isinstance(inner, pikepdf.Object) and _is_active(inner, depth + 1))
            for key, inner in rows
        )
    return False


if __name__ == "__main__":
    import pikepdf  # noqa: F401  loaded once, for all forks

    warm.serve(_work, refused=warm.CONNECTIONS, cpu=SECONDS, memory=MEMORY)
