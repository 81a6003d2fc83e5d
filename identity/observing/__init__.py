"""How the service is watched: its log, its traces, its counts. Nothing here is about a person.

A process calls `observe` once, with the name it goes by. Whoever is inside says what happens with `span` (traces) and
the counts of `identity.observing.counts`; both cost next to nothing where nobody watches.
"""

from identity.observing.begin import observe
from identity.observing.settings import ObservingSettings, observing_settings_from

__all__ = ["ObservingSettings", "observe", "observing_settings_from"]
