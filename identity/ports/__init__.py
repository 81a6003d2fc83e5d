"""What a flow needs from outside, as Protocols.

tables.py  the shape of every Arrow table that crosses          batch.py   what works on a whole population
work.py    the unit of work for changes of any size             online.py  the unit of work of real time
consents.py  what was said of consents                          cutover.py  what goes live, and goes back
decisions.py  what the latter knows of people's decisions       runs.py    the history of re-matches
history.py  what was so at a past moment, and why
reviews.py  what both know of review tasks                      delivery.py  what leaves, and by which way
consumers.py  what following the log takes                      loyalty.py  the loyalty platform
remote.py  how calls to other systems fail                    erp.py     the accounts of an ERP
intake.py  what systems send beside records
"""

from identity.ports.batch import BatchEngine, ChangeSet, Differ, Filings, Resolution, StageTimer, Survivor
from identity.ports.consents import ConsentReads, ConsentWork, Flags
from identity.ports.decisions import DecisionWork, Retirement
from identity.ports.history import History, Lead, Move, Surroundings
from identity.ports.online import (
    Arrival,
    Event,
    Holding,
    Look,
    OnlineTransactions,
    OnlineWork,
    ProfileRow,
    ProfileState,
    Redo,
    RedoKind,
    Scorer,
    StoredLink,
    StoredRecord,
)
from identity.ports.reviews import (
    LABELS,
    SAID,
    Drawn,
    Neighbourhood,
    ReviewTables,
    ReviewWork,
    Sampler,
    Surveyor,
)
from identity.ports.runs import RunLog
from identity.ports.tables import (
    EVENTS,
    FEATURE_TEXTS,
    FILED,
    GENERIC_VALUES,
    HELD,
    LINKS,
    LIVE_RECORDS,
    MARKS,
    MEMBERSHIPS,
    MOVES,
    PROFILE_STATES,
    PROFILES,
    QUARANTINED,
    RECORD_HASHES,
    RECORD_KEYS,
    RECORD_NUMBERS,
    RECORDS,
    REDIRECTS,
    VERDICTS,
)
from identity.ports.work import (
    Change,
    Clock,
    Load,
    LoadCounts,
    ModelRepository,
    StoredModel,
    Transactions,
    UnitOfWork,
)

__all__ = [
    "EVENTS",
    "FEATURE_TEXTS",
    "FILED",
    "GENERIC_VALUES",
    "HELD",
    "LABELS",
    "LINKS",
    "LIVE_RECORDS",
    "MARKS",
    "MEMBERSHIPS",
    "MOVES",
    "PROFILES",
    "PROFILE_STATES",
    "QUARANTINED",
    "RECORDS",
    "RECORD_HASHES",
    "RECORD_KEYS",
    "RECORD_NUMBERS",
    "REDIRECTS",
    "SAID",
    "VERDICTS",
    "Arrival",
    "BatchEngine",
    "Change",
    "ChangeSet",
    "Clock",
    "ConsentReads",
    "ConsentWork",
    "DecisionWork",
    "Differ",
    "Drawn",
    "Event",
    "Filings",
    "Flags",
    "History",
    "Holding",
    "Lead",
    "Load",
    "LoadCounts",
    "Look",
    "ModelRepository",
    "Move",
    "Neighbourhood",
    "OnlineTransactions",
    "OnlineWork",
    "ProfileRow",
    "ProfileState",
    "Redo",
    "RedoKind",
    "Resolution",
    "Retirement",
    "ReviewTables",
    "ReviewWork",
    "RunLog",
    "Sampler",
    "Scorer",
    "StageTimer",
    "StoredLink",
    "StoredModel",
    "StoredRecord",
    "Surroundings",
    "Surveyor",
    "Survivor",
    "Transactions",
    "UnitOfWork",
]
