"""What the experts of a call agree to before anything is shown to them: contract, code of conduct (rulebook 4.8)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from grants.canonical import digest

# In one language, as it is agreed to: a text that is translated on the way has no hash that two people share.
CONTRACT = """\
1. You evaluate applications to this call for the funder, in your own name. You may not hand the work to anybody else.
2. You accept or decline each application that you are asked to evaluate, and you may decline for any reason.
3. Each report is written by you alone, on what was submitted, by the criteria of the call and by the day agreed.
4. The funder may end an assignment at any time, above all because of a conflict of interest.
5. Your reports belong to the funder. Applicants receive the evaluation without your name. The names of all experts may
   be published once a year, never in connection with an application.
6. Your data are used to find experts, to keep the evaluation free of conflicts of interest, and to prove both.
"""
CONDUCT = """\
1. **Independence.** You evaluate in a personal capacity and take instructions from nobody.
2. **Impartiality.** Before you read an application you declare whether you have a conflict of interest with it or with
   those who take part in it: part in preparing it, gain or loss from its result, family or other close ties,
   management of or employment by a participant, a competing application, and any such tie of the last three years.
   You declare at once a conflict that you find later, and stop working on that application.
3. **Confidentiality.** You disclose nothing of the applications and their evaluation, to anybody, now and later. You
   keep no copies, work where nobody else can read along, and use nothing of it for yourself.
4. **No contact with applicants.** You do not contact them, and report any attempt of theirs to contact you.
5. **Your own work.** You give no part of an application or a report to a public service of artificial intelligence, and
   have no report written by one.
"""


@dataclass(frozen=True)
class Terms:
    """Two texts in Markdown. A change makes a new version, to which everybody is asked to agree again."""

    contract: str = CONTRACT
    conduct: str = CONDUCT
    version: int = 1

    def to_dict(self) -> dict[str, Any]:
        """The shape that is hashed and kept with whoever agreed."""
        return asdict(self)

    @property
    def sha256(self) -> str:
        """Of the canonical JSON."""
        return digest(self.to_dict())
