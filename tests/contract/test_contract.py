"""A small share of `make contract`."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import JSONResponse, Response

from api.answers import Health
from tests.contract.fuzz import fuzz
from tests.contract.world import world_at


def test_every_answer_is_one_that_is_documented(url: str, tmp_path: Path) -> None:
    with world_at(url, tmp_path) as world:
        counted = fuzz(world, cases=6, chosen=1, boundaries=False)
    assert counted.failures == {}
    assert counted.cases > 180
    assert counted.share_of_successes() > 0.5


def test_an_answer_that_is_not_documented_is_found(sqlite_url: str, tmp_path: Path) -> None:
    def undocumented() -> Response:
        """Say that all is well, and something else."""
        return JSONResponse({"status": "ok", "mood": "good"})

    def failing() -> Response:
        """Say that all is well, in a strange way."""
        return JSONResponse({"status": "ok"}, 418)

    with world_at(sqlite_url, tmp_path) as world:
        for odd in (undocumented, failing):
            world.app.add_api_route(f"/v1/{odd.__name__}", odd, response_model=Health)
        counted = fuzz(world, cases=1, chosen=1, only=("undocumented", "failing"))
    assert counted.failures.keys() >= {"undocumented (positive)", "failing (positive)"}
    assert "mood" in counted.failures["undocumented (positive)"]
