"""What people decide about profiles. Each is one unit of work, stored as an operation that can be taken back.

judging.py  what all of them share: versions, contradictions, the operation with its pre-image; and previews
merge.py    profiles are one person            split.py  some records are somebody else
pairs.py    keep apart, keep together          undo.py   an operation, or a merge by the machine, taken back
override.py  values that somebody knows better than the records
narrow.py   what a split leaves of earlier merges
decisions.py  all of them over one desk, taken or only shown
"""

from identity.flows.judge.decisions import Decisions
from identity.flows.judge.judging import Decided, Preview, Wish
from identity.flows.judge.merge import merge
from identity.flows.judge.override import override
from identity.flows.judge.pairs import Side, keep_apart, keep_together
from identity.flows.judge.split import split
from identity.flows.judge.undo import undo

__all__ = [
    "Decided",
    "Decisions",
    "Preview",
    "Side",
    "Wish",
    "keep_apart",
    "keep_together",
    "merge",
    "override",
    "split",
    "undo",
]
