"""A source takes effect, phase by phase, and may be taken back.

covered.py  what is told in shadow mode of records that have gone live   live.py  records in shadow → live, and told
back.py     live → shadow, everybody else as they were                   naming.py  the golden ids of a past moment
"""

from identity.flows.cutover.back import go_back
from identity.flows.cutover.covered import as_live
from identity.flows.cutover.live import Turned, go_live

__all__ = ["Turned", "as_live", "go_back", "go_live"]
