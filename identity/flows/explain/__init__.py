"""Why things are as they are. Nothing is written, and everything is told by opaque names, as it is at one moment.

sides.py    what is asked about       company.py  the records around it, as the partition sees them
why.py      what holds two together   how.py      how a profile came to be       why_not.py  what keeps two apart
"""

from identity.flows.explain.how import How, Joined, Passage, how
from identity.flows.explain.sides import Said, Side
from identity.flows.explain.why import Step, Why, why
from identity.flows.explain.why_not import (
    Absent,
    BelowThreshold,
    Cause,
    CompanySpeaksAgainst,
    KeptApart,
    LimitReached,
    NoSharedBlock,
    TooLarge,
    Waiting,
    WhyNot,
    why_not,
)

__all__ = [
    "Absent",
    "BelowThreshold",
    "Cause",
    "CompanySpeaksAgainst",
    "How",
    "Joined",
    "KeptApart",
    "LimitReached",
    "NoSharedBlock",
    "Passage",
    "Said",
    "Side",
    "Step",
    "TooLarge",
    "Waiting",
    "Why",
    "WhyNot",
    "how",
    "why",
    "why_not",
]
