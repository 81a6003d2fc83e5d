"""What `identity export` and export jobs do: every golden profile of one moment, as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from identity.bootstrap import Service
from identity.connectors.golden_files import FORMS, write_golden_file
from identity.engines.stages import Stages
from identity.model.golden import GoldenProfile
from identity.model.purpose import PurposePolicy
from identity.steps.disclose import disclose, refused

__all__ = ["FORMS", "export_report"]


def export_report(
    service: Service, out: Path, form: str, stages: Stages, purpose: str | None = None, *, clear: bool = True
) -> dict[str, Any]:
    """Write every live profile to `out` and return how many were. For a purpose, what may be seen for it only, and
    nobody who is not to be read for it; without, what is personal is masked unless asked for in `clear`."""
    service.consents.lapse()  # what has run out is no yes in a file either
    policy = service.purposes[purpose] if purpose else None
    withheld = [0]

    def pages() -> Iterator[Sequence[dict[str, Any]]]:
        done = 0
        for profiles, of in service.store.exports.profiles():
            stages.reached("export", done, of)
            shown = [each for each in profiles if policy is None or not refused(each.consents, policy)]
            withheld[0] += len(profiles) - len(shown)
            done += len(profiles)
            yield [_row(each, policy, clear) for each in shown]

    with stages.stage("export"):
        profiles = write_golden_file(out, form, pages(), service.match_rules.custom)
    return {"profiles": profiles, "withheld": withheld[0], "format": form, "purpose": purpose, "clear": clear}


def _row(profile: GoldenProfile, policy: PurposePolicy | None, clear: bool) -> dict[str, Any]:
    values = {name: found.value for name, found in profile.values.items()}
    return {
        "golden_id": profile.golden_id,
        "version": profile.version,
        "values": disclose(values, profile.consents, policy, clear=clear),
        "consents": dict(profile.consents),
        "records": [
            {"source": key.source, "source_record_id": key.source_record_id} for key in profile.records
        ],
    }
