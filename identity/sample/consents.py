"""Marketing consent by channel: who was asked where, what they said, and who took it back later elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from identity.sample.columns import Generator, Index, Mask, hits, per_source, pick
from identity.sample.entries import END, Entries
from identity.sample.rates import ASKED, ATTITUDES, GRANTS, PENDING, SOURCES, WITHDRAWS, WITHDRAWS_CHANNEL

State = npt.NDArray[np.int8]

UNKNOWN: Final = 0
GRANTED: Final = 1
REFUSED: Final = 2
WITHDRAWN: Final = 3
AWAITING: Final = 4
"""The states of a consent; the last is asked for by e-mail and not yet confirmed."""

TAKES_BACK: Final = {"email": ("ecommerce", "loyalty"), "sms": ("ecommerce", "loyalty"), "post": ("loyalty",)}
"""Where a person can take back the consent for a channel."""


@dataclass(frozen=True, slots=True)
class Consents:
    """For each channel, a state and the second in which it was last set, one row per record."""

    state: Mapping[str, State]
    changed: Mapping[str, Index]

    def only(self, rows: Mask) -> "Consents":
        return Consents(
            {c: s[rows] for c, s in self.state.items()}, {c: t[rows] for c, t in self.changed.items()}
        )


def draw_consents(rng: Generator, entries: Entries, people: int) -> Consents:
    attitude = np.array(GRANTS)[pick(rng, people, ATTITUDES)][entries.person]
    minutes = rng.integers(0, 15, len(entries.person)) * 60
    state = {channel: _answers(rng, channel, attitude, entries) for channel in ASKED}
    changed = dict.fromkeys(ASKED, entries.created + minutes)
    last = _last_word(rng, entries, people)
    regret = entries.created + (rng.random(len(last)) * (END - entries.created)).astype(np.int64)
    for channel, places in TAKES_BACK.items():
        here = np.isin(entries.source, [SOURCES.index(place) for place in places])
        rows = last & here & hits(rng, len(last), WITHDRAWS_CHANNEL)
        state[channel][rows] = WITHDRAWN
        changed[channel] = np.where(rows, regret, changed[channel])
    return Consents(state, changed)


def _answers(rng: Generator, channel: str, attitude: npt.NDArray[np.float64], entries: Entries) -> State:
    rows = len(entries.person)
    asked = hits(rng, rows, per_source(ASKED[channel], entries.source))
    answer = np.where(hits(rng, rows, attitude), GRANTED, REFUSED)
    pending = hits(rng, rows, PENDING) & (entries.source == SOURCES.index("ecommerce")) & (answer == GRANTED)
    answer = np.where(pending & (channel == "email"), AWAITING, answer)
    return np.where(asked, answer, UNKNOWN).astype(np.int8)


def _last_word(rng: Generator, entries: Entries, people: int) -> Mask:
    """The newest record that can take a consent back, of each person who does."""
    able = np.flatnonzero(np.isin(entries.source, [SOURCES.index("ecommerce"), SOURCES.index("loyalty")]))
    newest = np.full(people, -1, dtype=np.int64)
    newest[entries.person[able]] = able
    newest[~hits(rng, people, WITHDRAWS)] = -1
    last = np.zeros(len(entries.person), dtype=np.bool_)
    last[newest[newest >= 0]] = True
    return last


def latest_change(entries: Entries, consents: Consents) -> Index:
    """When each record was last touched, consents included."""
    times = [np.where(state > UNKNOWN, consents.changed[c], 0) for c, state in consents.state.items()]
    latest: Index = np.maximum.reduce([entries.updated, *times])
    return np.minimum(latest, END)
