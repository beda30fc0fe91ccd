"""The people, organisations and projects of the demo: invented, in several countries."""

from grants.demo.story import Organisation, Project
from grants.words import N_

PASSWORD = "demo-password-2026"  # noqa: S105  (printed at the start of every demo)

# part: (name, e-mail, language, what this person finds waiting)
PEOPLE = {
    "admin": ("Ingrid Sørensen", "ingrid.sorensen@ceia.example", "en", N_("Administrator: people, outbox")),
    "officer": (
        "Julien Lefèvre",
        "julien.lefevre@ceia.example",
        "fr",
        N_("Programme officer: runs the calls"),
    ),
    "officer2": (
        "Marta Kowalska",
        "marta.kowalska@ceia.example",
        "en",
        N_("Second officer: approves and releases"),
    ),
    "chair": ("Prof. Elena Markou", "elena.markou@aegean-academy.example", "en", N_("Chair of the panels")),
    "observer": ("Dr Tomás Ó Briain", "tomas.obriain@fair-review.example", "en", N_("Observer")),
    "coordinator": (
        "Dr Claire Moreau",
        "claire.moreau@univ-garonne.example",
        "fr",
        N_("Applicant: drafts, results"),
    ),
    "coordinator2": (
        "Prof. Lars Nyström",
        "lars.nystrom@malaren.example",
        "en",
        N_("Applicant with submitted work"),
    ),
    "coordinator3": (
        "Dr Giulia Ferri",
        "giulia.ferri@istituto-galvani.example",
        "en",
        N_("Applicant in evaluation"),
    ),
    "partner": (
        "Jonas Weber",
        "jonas.weber@lindenwerk.example",
        "en",
        N_("Partner: asked to join a consortium"),
    ),
    "rapporteur": (
        "Prof. Aoife Byrne",
        "aoife.byrne@burren.example",
        "en",
        N_("Expert and rapporteur: consensus to write"),
    ),
    "expert": (
        "Dr Mateusz Zieliński",
        "mateusz.zielinski@nadwisla.example",
        "en",
        N_("Expert: reports to write"),
    ),
    "expert2": (
        "Dr Sofia Almeida",
        "sofia.almeida@tejo-lab.example",
        "en",
        N_("Expert: invitations to answer"),
    ),
    "expert3": (
        "Dr Henrik Dahl",
        "henrik.dahl@fjordtech.example",
        "en",
        N_("Expert: an invitation to answer"),
    ),
    "expert4": (
        "Prof. Nadia Benali",
        "nadia.benali@institut-pascaline.example",
        "fr",
        N_("Expert: terms to agree to"),
    ),
}

PROFILES = {
    "rapporteur": (
        "Burren University",
        "IE",
        "woman",
        ["trustworthy AI", "machine learning", "public services"],
    ),
    "expert": ("Politechnika Nadwiślańska", "PL", "man", ["machine learning", "energy", "robotics"]),
    "expert2": ("Tejo Lab", "PT", "woman", ["natural language", "health data", "trustworthy AI"]),
    "expert3": ("FjordTech AS", "NO", "man", ["robotics", "computer vision", "manufacturing"]),
    "expert4": ("Institut Pascaline", "FR", "woman", ["federated learning", "privacy", "health data"]),
}

GARONNE = Organisation(
    "Université de la Garonne", "UGAR", "998100011", "FR", "Toulouse", "HES", nonprofit=True
)
MALAREN = Organisation(
    "Mälaren University of Technology", "MUT", "998100022", "SE", "Västerås", "HES", nonprofit=True
)
GALVANI = Organisation("Istituto Galvani per l'Intelligenza Artificiale", "IGIA", "998100033", "IT", "Bologna", "REC",
                       nonprofit=True)  # fmt: skip
LINDEN = Organisation("Lindenwerk GmbH", "LINDEN", "998100044", "DE", "Dresden", "PRC", sme=True)
HELIX = Organisation("Helix Diagnostics SAS", "HELIX", "998100055", "FR", "Lyon", "PRC", sme=True)
NORDHAV = Organisation("Nordhavn Robotics ApS", "NORDHAVN", "998100066", "DK", "Copenhagen", "PRC", sme=True)
SAVA = Organisation(
    "Inštitut Sava za računalništvo", "SAVA", "998100077", "SI", "Ljubljana", "REC", nonprofit=True
)
ATTICA = Organisation(
    "Attica Centre for Language Technology", "ACLT", "998100088", "GR", "Athens", "REC", nonprofit=True
)
BALTICA = Organisation("Baltica Data Oy", "BALTICA", "998100099", "FI", "Turku", "PRC")
EBRO = Organisation(
    "Hospital Universitario del Ebro", "HUE", "998100110", "ES", "Zaragoza", "PUB", nonprofit=True
)
VLTAVA = Organisation(
    "Vltava Institute of Informatics", "VII", "998100121", "CZ", "Prague", "REC", nonprofit=True
)
KEMPEN = Organisation("Kempen Manufacturing NV", "KEMPEN", "998100132", "BE", "Geel", "PRC")
DAUGAVA = Organisation("Daugava University", "DAUGAVA", "998100143", "LV", "Riga", "HES", nonprofit=True)
RHEIN = Organisation("Rheinbrück Energie AG", "RHEIN-E", "998100154", "DE", "Duisburg", "PRC")
ALPINA = Organisation(
    "Alpina Institut für Robotik", "ALPINA", "998100165", "CH", "Chur", "REC", nonprofit=True
)
MARITSA = Organisation(
    "Технически институт „Марица“", "MARITSA", "998100176", "BG", "Пловдив", "HES", nonprofit=True
)


def _project(acronym: str, title: str, what: str, partners: tuple[tuple[Organisation, int], ...],
             people: tuple[tuple[str, str, str], ...], keywords: tuple[str, ...], duration: int = 36) -> Project:  # fmt: skip
    return Project(acronym, title, what, partners, people, keywords, duration)


PROJECTS = {
    project.acronym: project
    for project in (
        _project(
            "CLARITY", "Explanations that hold: auditable language models for public services",
            "Public administrations begin to use language models to draft decisions, yet nobody can say why a sentence "
            "was written. CLARITY develops models that carry the evidence for each statement, a method with which "
            "auditors can test it, and three pilots in Toulouse, Bologna and Athens where case workers use the tools "
            "every day. Results are released as open source with a handbook for procurement.",
            ((GARONNE, 820_000), (GALVANI, 610_000), (ATTICA, 540_000), (LINDEN, 390_000)),
            (("Claire", "Moreau", "woman"), ("Paolo", "Conti", "man"), ("Eleni", "Dimou", "woman")),
            ("trustworthy AI", "natural language", "public services"),
        ),
        _project(
            "MEDFED", "Federated learning across hospitals without moving a single record",
            "Rare diseases are too rare for one hospital. MEDFED trains diagnostic models across eleven hospitals while "
            "every record stays where it is, measures what leaks through updates, and proves with regulators which "
            "guarantees suffice for clinical use.",
            ((GARONNE, 640_000), (EBRO, 450_000), (HELIX, 520_000), (SAVA, 380_000), (BALTICA, 300_000)),
            (("Claire", "Moreau", "woman"), ("Iñigo", "Salas", "man"), ("Maja", "Kranjc", "woman")),
            ("federated learning", "health data", "privacy"), 48,
        ),
        _project(
            "GRIDWISE", "Learning controllers for regional energy grids that fail safely",
            "Regional grids with much wind and sun need decisions within seconds. GRIDWISE combines learning controllers "
            "with a proven fallback, tests them on a digital twin of two grids, and runs a supervised field trial.",
            ((MALAREN, 700_000), (RHEIN, 480_000), (VLTAVA, 350_000), (BALTICA, 260_000)),
            (("Lars", "Nyström", "man"), ("Petra", "Novotná", "woman")),
            ("energy", "machine learning"), 42,
        ),
        _project(
            "TACTUS", "Robots that feel: touch-guided assembly for small workshops",
            "Small workshops assemble in small numbers, so no robot pays off. TACTUS builds grippers with a sense of touch, "
            "learns assembly from three demonstrations, and lends ten stations to workshops in four countries.",
            ((MALAREN, 560_000), (NORDHAV, 610_000), (KEMPEN, 420_000), (ALPINA, 390_000)),
            (("Karin", "Berg", "woman"), ("Mikkel", "Holm", "man")),
            ("robotics", "manufacturing"),
        ),
        _project(
            "POLYGLOT", "Speech technology for the small languages of Europe",
            "Speakers of Latvian, Slovenian or Maltese meet machines that do not understand them. POLYGLOT collects speech "
            "with consent, trains compact models that run on a phone, and gives both to schools and broadcasters.",
            ((ATTICA, 520_000), (DAUGAVA, 410_000), (SAVA, 400_000), (MARITSA, 310_000)),
            (("Eleni", "Dimou", "woman"), ("Jānis", "Ozols", "man"), ("Мария", "Стоянова", "woman")),
            ("natural language", "public services"),
        ),
        _project(
            "VERITAS", "Certified robustness for vision systems in rail signalling",
            "A camera that reads signals must never read them wrong. VERITAS brings formal certificates of robustness to "
            "vision systems at the size that railways use, with an assessor at the table from the first month.",
            ((GALVANI, 590_000), (VLTAVA, 440_000), (KEMPEN, 520_000)),
            (("Giulia", "Ferri", "woman"), ("Jan", "Dvořák", "man")),
            ("trustworthy AI", "computer vision"), 36,
        ),
        _project(
            "SILVA", "Forests seen from above: learning from satellites against drought",
            "Foresters learn too late that trees are dying. SILVA reads drought stress from free satellite images, explains "
            "what it saw to foresters, and is tried on forty thousand hectares in Bohemia and Dalarna.",
            ((VLTAVA, 480_000), (MALAREN, 430_000), (BALTICA, 390_000)),
            (("Petra", "Novotná", "woman"), ("Karin", "Berg", "woman")),
            ("machine learning", "computer vision"), 30,
        ),
        _project(
            "AGORA", "Citizens' assemblies with help from language models",
            "AGORA studies when summaries by a language model help a citizens' assembly and when they bend its debate, in "
            "twelve assemblies with a control group each.",
            ((GARONNE, 400_000), (ATTICA, 340_000), (DAUGAVA, 300_000)),
            (("Hélène", "Roux", "woman"), ("Jānis", "Ozols", "man")),
            ("public services", "natural language"), 36,
        ),
        _project(
            "FERMENT", "Self-driving laboratories for industrial biotechnology",
            "FERMENT couples planning algorithms with small fermenters so that strains improve overnight, and opens the "
            "station to five start-ups a year.",
            ((GALVANI, 530_000), (LINDEN, 470_000), (KEMPEN, 440_000)),
            (("Paolo", "Conti", "man"), ("Ute", "Lindner", "woman")),
            ("machine learning", "robotics"), 36,
        ),
        _project(
            "LUMEN", "Low-energy neural hardware for sensors that last ten years",
            "LUMEN designs analogue circuits that infer with a microwatt, and proves the lifetime in bridges and vineyards.",
            ((SAVA, 450_000), (NORDHAV, 380_000), (LINDEN, 420_000)),
            (("Matej", "Zupan", "man"), ("Freja", "Lund", "woman")),
            ("machine learning", "energy"), 36,
        ),
    )
}  # fmt: skip

KEYWORDS = [
    "trustworthy AI", "machine learning", "natural language", "computer vision", "robotics", "federated learning",
    "privacy", "health data", "public services", "energy", "manufacturing",
]  # fmt: skip

QUESTIONS = (
    {"label": "How will people outside the consortium use the results?",
     "label_fr": "Comment les résultats seront-ils utilisés hors du consortium ?", "kind": "long", "limit": 2000,
     "hint": "Name the users, what they will be able to do, and by when.",
     "hint_fr": "Dites qui les utilisera, ce que ces utilisateurs pourront faire, et quand."},
    {"label": "Which risks to fundamental rights do you see, and how do you meet them?",
     "label_fr": "Quels risques pour les droits fondamentaux voyez-vous, et comment y répondez-vous ?",
     "kind": "long", "limit": 2000},
    {"label": "Does the project process personal data?",
     "label_fr": "Le projet traite-t-il des données à caractère personnel ?", "kind": "yes_no"},
)  # fmt: skip

TEXT = """\
## Expected outcome

Projects contribute to **{topic}** in Europe. Results are open to reuse, tried with the people they are for, and
described so that others can repeat them.

## Scope

Proposals bring together research organisations and companies, small ones included, from at least three countries.
They should

* set out a clear step beyond the state of the art,
* plan how results reach users, with figures by which success can be judged,
* take account of fundamental rights and of the energy that training and use consume.

## Specific conditions

Contributions are expected to lie in the range given above; other amounts may be requested with reasons.
"""

COMMENTS = {
    "excellence": (
        "The objectives are clear and measurable, and go well beyond the state of the art. The methodology is sound and "
        "the assumptions are stated. The treatment of rare cases remains somewhat general, which is a minor shortcoming."
    ),
    "impact": (
        "The pathway to use is credible and names the users. Measures for dissemination are suitable. The exploitation "
        "plan after the end of the project is less developed, which is a shortcoming."
    ),
    "implementation": (
        "Work packages and effort are coherent, and each partner has the expertise that its tasks need. Risks are "
        "identified with mitigation. The effort for the field trials appears low, which is a minor shortcoming."
    ),
}
