"""The read side over HTTP: profiles, crosswalk and events. Writes and tokens come with the full API.

Until it knows who asks, it is served on this machine only (see `serve`).
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from identity.bootstrap import Service
from identity.commands.ask import event_report, profile_report
from identity.model.errors import IdentityError, LookupFailed
from identity.model.record import RecordKey

__all__ = ["create_app", "serve"]

_LOOPBACK = "127.0.0.1"


def create_app(service: Service) -> FastAPI:
    """Return the application over one service."""
    app = FastAPI(title="Customer identity", version="0.1.0", redoc_url=None)
    app.add_exception_handler(IdentityError, _problem)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> dict[str, Any]:
        service.store.check_current()
        return {"status": "ok", "profiles": service.store.views.counts().live_profiles}

    @app.get("/v1/profiles/{golden_id}")
    def profile(golden_id: str) -> dict[str, Any]:
        return profile_report(service, golden_id)

    @app.get("/v1/crosswalk/{source}/{source_record_id}")
    def crosswalk(source: str, source_record_id: str) -> dict[str, Any]:
        golden_id = service.store.views.golden_id_of(RecordKey(source, source_record_id))
        if golden_id is None:
            raise HTTPException(404, "No live record of that name.")
        return {"source": source, "source_record_id": source_record_id, "golden_id": golden_id}

    @app.get("/v1/events")
    def events(
        after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> dict[str, Any]:
        return event_report(service, after, limit)

    @app.middleware("http")
    async def never_stored(request: Request, proceed: Any) -> Any:
        response = await proceed(request)
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def serve(service: Service, port: int) -> None:
    """Serve on this machine until stopped."""
    import uvicorn

    uvicorn.run(create_app(service), host=_LOOPBACK, port=port, log_level="warning")


def _problem(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001 — the framework passes both
    assert isinstance(error, IdentityError)
    status = 404 if isinstance(error, LookupFailed) else 503
    body = {"code": error.code, "title": error.message, "detail": error.remedy, "status": status}
    return JSONResponse(body, status, media_type="application/problem+json")
