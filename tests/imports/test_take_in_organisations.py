"""The register of organisations: rows that are good come in, others are refused with the reason, a second run is quiet."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from grants.applications import queries
from grants.applications.models import Organisation
from grants.db import db
from grants.imports import organisations
from grants.imports.report import Report
from grants.imports.source import Unusable

HEAD = "pic,name,short,activity,sme,city,country,n\n"
ROWS = """999900001,Université de Nantes,UN,HES,False,NANTES,FR,12
99990000,Nine digits are missing,,HES,False,X,FR,1
999900003,Nowhere Ltd,,PRC,True,X,ZZ,1
999900004,Athens Research,AR,REC,True,ATHENS,EL,x
"""


def _take_in(path: Path) -> Report:
    found, sha256 = organisations.rows(path)
    report = Report(path.name, sha256)
    for _ in organisations.take_in(found, report):
        pass
    return report


@pytest.mark.parametrize("packed", [False, True])
def test_a_register_comes_in(app: Any, tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "register.csv"
    content = (HEAD + ROWS).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    report = _take_in(path)
    assert [(r.line, r.field) for r in report.refused] == [(3, "pic"), (4, "country")]
    assert [entry.id for entry in report.taken_in] == ["999900001", "999900004"]
    greek = queries.organisation("999900004")
    assert greek
    assert (greek.country, greek.sme, greek.projects) == ("GR", True, 0)
    again = _take_in(path)
    assert (len(again.taken_in), again.unchanged) == (0, [2, 5])
    path.write_text(HEAD + ROWS.replace("Université de Nantes", "Nantes Université"))
    assert [entry.id for entry in _take_in(path).taken_in] == ["999900001"]


@pytest.mark.parametrize("content", [b"", b"name,city\nA,B\n", b"\xff\xfe", b"\x1f\x8bbroken"])
def test_a_file_of_another_kind_is_refused(app: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(content)
    with pytest.raises(Unusable):
        organisations.rows(path)


def test_the_real_register(app: Any, shared: Path) -> None:
    """Every row of the file is in or refused, and a well-known organisation is found by a few letters."""
    path = shared / "reference" / "organisations_pic.csv.gz"
    found, _sha256 = organisations.rows(path)
    report = _take_in(path)
    assert len(report.taken_in) + len(report.refused) == len(found) > 30_000
    assert db.session.scalar(select(func.count()).select_from(Organisation)) == len(report.taken_in)
    assert queries.organisations("cnrs")[0].pic == "999997930"
    assert queries.organisations("fraunhofer gesellschaft")[0].pic == "999984059"
