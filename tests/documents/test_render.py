"""HTML becomes a tagged PDF in a process that reaches nothing and cannot take others with it."""

import os
import signal
import socket
from pathlib import Path

import pytest

from grants.documents import contents, render
from tests.documents import reading

DATA = '{"fact":1}'
LETTERS = "Ł ő ș ț ğ İ ß ñ æ ø Ħ ż Ελλάδα България"


def page(body, title="A title"):
    return f'<!doctype html><html lang="fr"><head><title>{title}</title></head><body>{body}</body></html>'


@pytest.fixture
def files(app):
    return contents.bundle("")


def test_the_pdf_is_tagged_has_its_language_and_title_and_names_no_author(files):
    content = render.pdf(page("<h1>Lettre</h1>", "Lettre à Zoë"), files, DATA)

    found = reading.facts(content)
    assert (found["language"], found["tagged"], found["attachments"]) == ("fr", True, ["data.json"])
    assert found["info"]["/Title"] == "Lettre à Zoë"
    assert set(found["info"]) == {"/Title", "/Producer"}
    assert "pdfuaid" in found["xmp"]


def test_letters_of_all_alphabets_of_the_union_survive_in_our_own_font(files):
    body = f"<h1>{LETTERS}</h1><p><em>{LETTERS}</em> ≥ 10 EUR\u00a01\u202f000</p>"

    content = render.pdf(page(body), files, DATA)

    assert reading.text(content).count(LETTERS) == 2
    assert reading.fonts(content) == {"SourceSans"}


def test_the_same_page_gives_the_same_bytes(files):
    assert render.pdf(page("<p>x</p>"), files, DATA) == render.pdf(page("<p>x</p>"), files, DATA)


def test_the_renderer_reaches_no_address_and_no_file_but_its_own(files):
    """Trust R-18: every way in which a page can ask for something else."""
    with socket.create_server(("127.0.0.1", 0)) as sink:
        sink.setblocking(False)
        base = f"http://127.0.0.1:{sink.getsockname()[1]}"
        body = (
            f"<style>@import url({base}/a); @font-face{{font-family:X;src:url({base}/b)}}"
            f"p{{font-family:X;background:url({base}/c);content:url({base}/d)}} li{{list-style-image:url({base}/e)}}"
            f"</style><link rel=stylesheet href={base}/f><link rel=attachment href=file:///etc/hostname>"
            f"<p>text<ul><li>one</ul><img src={base}/g alt=x><img src=file:///etc/hostname alt=x>"
            f"<object data={base}/h>x</object><embed src={base}/i>"
            f'<svg><image href="{base}/j" width="9" height="9"/></svg><img src="data:image/svg+xml,'
            f"%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Cimage href='{base}/k'/%3E%3C/svg%3E\" alt=x>"
        )
        content = render.pdf(page(body), files, DATA)

        with pytest.raises(BlockingIOError):
            sink.accept()
    assert reading.facts(content)["attachments"] == ["data.json"]
    assert Path("/etc/hostname").read_text().strip() not in reading.text(content)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "file:///etc/hostname", "data:text/plain,x", "bundled:other"]
)
def test_the_fetcher_refuses_what_it_was_not_given(url):
    with pytest.raises(PermissionError):
        render.fetcher({"bundled:style.css": "/dev/null"}).fetch(url)


def test_a_page_that_breaks_the_renderer_fails_alone(files):
    with pytest.raises(render.RenderFailed, match="RecursionError"):
        render.pdf(page("<div>" * 3000), files, DATA)

    assert reading.text(render.pdf(page("<p>next one</p>"), files, DATA)) == "next one 1 / 1"


def test_a_renderer_that_was_killed_is_started_again(files):
    render.pdf(page("<p>one</p>"), files, DATA)
    os.kill(render.renderer.process.pid, signal.SIGKILL)
    render.renderer.process.wait()

    assert reading.text(render.pdf(page("<p>two</p>"), files, DATA)) == "two 1 / 1"


def test_the_other_process_gets_no_settings_and_no_secrets(files, monkeypatch):
    monkeypatch.setenv("GRANTS_SECRET_KEY", "very secret")
    render.renderer.close()
    render.pdf(page("<p>one</p>"), files, DATA)

    environment = Path(f"/proc/{render.renderer.process.pid}/environ").read_bytes()
    assert b"SOURCE_DATE_EPOCH" in environment
    assert b"very secret" not in environment
