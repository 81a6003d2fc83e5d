"""cover: a cutover, and the country a record tells → whether the record takes effect by it."""

from __future__ import annotations

from identity.features.places import country_code
from identity.model.cutover import Cutover

__all__ = ["covers"]


def covers(cutover: Cutover, country: str) -> bool:
    """Say whether a record of the cutover's source is among those it is about, in whatever spelling its country is."""
    return not cutover.country or country_code(country, cutover.home) == cutover.country
