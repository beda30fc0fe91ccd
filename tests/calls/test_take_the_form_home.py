"""What a form asks for, as a file: for everybody, in their language, in the words of the page."""

import io
import time
import zipfile
from typing import Any

import pytest
from docx import Document

from grants.calls import word_file


def test_everybody_takes_the_questions_home(as_: Any, names: Any) -> None:
    reference = names.calls["open"]
    answer = as_(None).get(f"/calls/{reference}/form.docx")
    assert (answer.status_code, answer.mimetype) == (200, word_file.MEDIA_TYPE)
    document = Document(io.BytesIO(answer.data))
    lines = [paragraph.text for paragraph in document.paragraphs if paragraph.text]
    assert lines[0] == "What the form asks for"
    page = as_(None).get(f"/calls/{reference}/form").text
    shown = [line for line in lines[2:] if line not in page]
    assert len(lines) > 15
    assert not [line for line in shown if not all(part.strip() in page for part in line.split("\n"))]


def test_headings_lists_and_strong_words_are_those_of_the_page() -> None:
    html = (
        "<h2>Part <em>A</em></h2><p>Say <strong>why</strong>,<br>then how &amp; when</p><ul><li>one</li></ul>"
    )
    document = Document(io.BytesIO(word_file.write(html, title="A title", language="fr")))
    assert [(p.style.name, p.text) for p in document.paragraphs] == [
        ("Heading 1", "Part A"),
        ("Normal", "Say why,\nthen how & when"),
        ("List Bullet", "one"),
    ]
    assert [run.text for run in document.paragraphs[1].runs if run.bold] == ["why"]
    assert (document.core_properties.title, document.core_properties.language) == ("A title", "fr")


def test_the_same_page_is_the_same_file_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = word_file.write("<p>One</p>", title="A title", language="en")
    ten_years_on = time.localtime(time.time() + 315_576_000)
    monkeypatch.setattr(zipfile.time, "localtime", lambda _seconds=None: ten_years_on)
    assert word_file.write("<p>One</p>", title="A title", language="en") == made
