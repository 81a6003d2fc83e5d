"""The nightly re-match: a proposal first, carried out inside limits, else left for a person.

incremental.py  what was told since the last time, and what waits to be decided again
full.py         everybody, by the model in force, a refreshed or a new one
unsettled.py    records whose links are not as stored
audit.py        where everybody's links are not as stored
rehearse.py     what deciding records again would do, without doing it
switch.py       another model takes over, in one unit of work
running.py      what all runs share: the history, the limits, a person's word
"""

from identity.flows.night.full import full
from identity.flows.night.incremental import incremental
from identity.flows.night.running import Night

__all__ = ["Night", "full", "incremental"]
