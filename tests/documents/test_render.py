"""HTML becomes a tagged PDF in a process that reaches nothing and cannot take others with it."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from grants import warm
from grants.documents import contents, render
from tests.documents import reading

DATA = '{"fact":1}'
LETTERS = "Ł ő ș ț ğ İ ß ñ æ ø Ħ ż Ελλάδα България"


def page(body, title="A title"):
    return f'<!doctype html><html lang="fr"><head><title>{title}</title></head><body>{body}</body></html>'


@pytest.fixture(scope="module")
def tight():
    """A renderer with little patience, so that the suite need have none."""
    process = warm.Process("grants.documents.render", {"SOURCE_DATE_EPOCH": "0", "GRANTS_LIMIT_CPU": "2"})
    yield process
    process.close()


@pytest.fixture
def files():
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


HOSTILE = {
    "emoji": "<p>" + "\N{SNOWMAN}\N{PILE OF POO}" * 50_000,
    "one endless word": "<p>" + "W" * 200_000,
    "colspan": "<table><tr><td colspan=100000000>x</table>",
    "rowspan": "<table><tr><td rowspan=100000000>x<tr><td>y</table>",
    "many cells": "<table>" + "<tr><td>x<td>y" * 100_000,
    "broad": "<p style='width:1e9mm'>x<p style='margin-top:1e9mm'>y",
    "list": "<ol start=99999999999999><li>x</ol>",
    "vast svg": "<svg width=1e9 height=1e9><rect width=1e9 height=1e9 /></svg>",
    "nested svg": "<svg>" * 2000,
    "entities": "<p>" + "&nbsp;&shy;&zwj;" * 30_000,
    "both directions": "<p>" + "\u202e\u05d0a\u202c" * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_within_its_limits_and_the_next_one_is_made(files, tight, name):
    """Trust R-18: it gives a document or the reason why not, whatever it holds, and takes nobody along."""
    with suppress(warm.Failed):
        assert tight.ask({"html": page(HOSTILE[name]), "files": {}, "data": DATA})
    assert tight.ask({"html": page("<p>next one</p>"), "files": {}, "data": DATA})


def test_a_page_that_takes_too_long_is_ended_and_says_so(tight):
    with pytest.raises(warm.Failed, match="it took too much time or memory"):
        tight.ask({"html": page("<table>" + "<tr><td>x<td>y" * 100_000), "files": {}, "data": DATA})


def test_memory_is_limited_too(files):
    # Less than the process has mapped before it begins; a page that really fills two gigabytes takes minutes.
    narrow = warm.Process("grants.documents.render", {"GRANTS_LIMIT_MEMORY": str(64 * 1024**2)})
    with pytest.raises(warm.Failed):
        narrow.ask({"html": page("<p>x</p>" * 5000), "files": {}, "data": DATA})
    narrow.close()


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
