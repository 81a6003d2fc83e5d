"""What pairs are scored with, made once for each model: a part of the composition root, in a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from identity.comparators import Comparator
from identity.engines.scoring import ModelScorer
from identity.model.errors import LookupFailed
from identity.model.match import MatchModel
from identity.ports import Look, OnlineWork, Scorer, StoredModel

__all__ = ["Scorers"]


@dataclass(frozen=True)
class Scorers:
    """The scorer of the model that was asked for last."""

    thaw: Callable[[StoredModel], MatchModel]
    comparators: dict[str, Comparator]
    _made: dict[str, Scorer] = field(default_factory=dict)

    def active(self, work: Look | OnlineWork) -> Scorer:
        """Return the scorer of the active model, which is read once per version."""
        version = work.model_version()
        if version is None:
            raise LookupFailed("E503", "No model is active yet.", "Load some records first.")
        if (made := self._made.get(version)) is not None:
            return made
        stored = work.active_model()
        assert stored is not None, "a version belongs to a model"
        return self.of(stored)

    def of(self, stored: StoredModel) -> Scorer:
        if (made := self._made.get(stored.version)) is None:
            made = ModelScorer(self.thaw(stored), self.comparators)
            self._made.clear()
            self._made[stored.version] = made
        return made
