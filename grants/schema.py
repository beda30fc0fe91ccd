"""Every table: importing this module is what makes the schema complete, for the mappers and for the migrations."""

from grants import events, mail
from grants.applications import models as applications
from grants.calls import models as calls
from grants.db import Base
from grants.decisions import models as decisions
from grants.documents import models as documents
from grants.eligibility import models as eligibility
from grants.experts import models as experts
from grants.panels import models as panels
from grants.people import models as people
from grants.reviews import models as reviews

metadata = Base.metadata

__all__ = [
    "applications", "calls", "decisions", "documents", "eligibility", "events", "experts", "mail", "metadata",
    "panels", "people", "reviews",
]  # fmt: skip
