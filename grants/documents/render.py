"""HTML to PDF in a process of its own that opens no connection and reads only the files it is handed.

`pdf()` is for everybody else; what follows it runs in the other process (trust: PDF bombs, forged requests).
"""

import base64
import hashlib
import io
import mimetypes
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from grants import config, warm

FONTS = config.HERE / "static" / "vendor" / "source-sans"
DESIGN = {
    "bundled:style.css": config.ROOT / "templates" / "documents" / "pdf" / "style.css",
    "bundled:regular.woff2": FONTS / "SourceSans3-Regular.ttf.woff2",
    "bundled:semibold.woff2": FONTS / "SourceSans3-Semibold.ttf.woff2",
    "bundled:italic.woff2": FONTS / "SourceSans3-It.ttf.woff2",
}
"""The house's style sheet and fonts, by the addresses under which a page finds them; every page is set with them."""


class RenderFailed(RuntimeError):
    """The document could not be made; the text says why, in English, for the log and the document's row."""


def pdf(html: str, files: Mapping[str, Path], data: str) -> bytes:
    """The page as a PDF that is archival and accessible at once (PDF/A-3a, PDF/UA-1); same input, same bytes.

    Args:
        files: the only addresses that the page can reach, such as `bundled:logo`, and what lies there.
        data: the facts that the page tells, as JSON; attached as data.json.

    Raises:
        RenderFailed: the renderer refused the page, or it took too much time or memory.
    """
    job = {"html": html, "files": {url: str(path) for url, path in files.items()}, "data": data}
    try:
        return base64.b64decode(renderer.ask(job))
    except warm.Failed as problem:
        raise RenderFailed(str(problem)) from None


# Fonts and identifiers carry no date of today, so that the same page gives the same bytes.
renderer = warm.Process(__name__, {"SOURCE_DATE_EPOCH": "0"})


# --- In the other process --------------------------------------------------------------------------------------------


def fetcher(files: Mapping[str, str]) -> Any:
    """Reads the given addresses and refuses every other, whatever its scheme."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Bundled(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in files:
                raise PermissionError("refused")
            kind = mimetypes.guess_type(files[url])[0] or "application/octet-stream"
            return URLFetcherResponse(url, Path(files[url]).read_bytes(), {"Content-Type": kind})

    return Bundled()


@cache
def design() -> dict[str, Any]:
    """The style sheet and the fonts that it loads, read and unpacked once for all pages of a process and its forks."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    reach = fetcher({url: str(path) for url, path in DESIGN.items()})
    style = CSS(url="bundled:style.css", url_fetcher=reach, font_config=fonts)
    return {"stylesheets": [style], "font_config": fonts}


def render(html: str, files: Mapping[str, str], data: str) -> bytes:
    """The PDF, made here and now; `pdf()` is the way to call it from a server."""
    import pikepdf
    from weasyprint import HTML, Attachment

    page = HTML(string=html, url_fetcher=fetcher(files), base_url="bundled:")
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    attached = Attachment(
        string=data, name="data.json", description="The facts that this document tells", relationship="Data",
        created=EPOCH, modified=EPOCH,
    )  # fmt: skip
    archival = page.write_pdf(
        pdf_variant="pdf/a-3a", pdf_identifier=identifier, attachments=[attached], **design()
    )
    finished = io.BytesIO()
    with pikepdf.open(io.BytesIO(archival)) as document:
        # WeasyPrint claims one standard at a time; the claim of the other goes into the same RDF block (PDF/UA-1 5).
        metadata = document.Root.Metadata.read_bytes().decode()
        assert metadata.count("</rdf:RDF>") == 1
        document.Root.Metadata.write(metadata.replace("</rdf:RDF>", f"{ACCESSIBLE}</rdf:RDF>").encode())
        document.save(finished, fix_metadata_version=False, deterministic_id=True)
    return finished.getvalue()


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ACCESSIBLE = """<rdf:Description rdf:about=""
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"
 xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfuaid:part>1</pdfuaid:part>
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>"""
"""What the file says of itself as PDF/UA, with the schema that PDF/A wants declared for each foreign name."""


def _work(job: dict[str, Any]) -> str:
    return base64.b64encode(render(job["html"], job["files"], job["data"])).decode()


if __name__ == "__main__":
    render(
        "<!doctype html><title>Warm</title><p>Warm", {}, "{}"
    )  # what the libraries load at first serves all forks
    warm.serve(_work, refused=warm.SOCKETS)
