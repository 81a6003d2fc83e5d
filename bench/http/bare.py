"""The ceiling: the same framework and database with nothing around them. One route does nothing, one finds the golden
id of a record by a single question."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import orjson
from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy import bindparam, create_engine, event, make_url, text
from sqlalchemy.pool import QueuePool
from starlette.concurrency import run_in_threadpool

from api.serving import listen
from api.settings import ApiSettings

__all__ = ["application"]

_ASKED = text(
    "SELECT golden_id FROM crosswalk WHERE source = :source AND source_record_id = :id AND valid_to IS NULL"
).bindparams(bindparam("source"), bindparam("id"))


@asynccontextmanager
async def _threads(_: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = ApiSettings().threads
    yield


def application() -> FastAPI:
    """Return the application over the database that the environment names."""
    app = FastAPI(lifespan=_threads)
    url = make_url(os.environ["IDENTITY_DATABASE_URL"])
    told = url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg")
    engine = create_engine(told, poolclass=QueuePool, pool_size=24)
    if told.get_backend_name() == "sqlite":
        event.listen(
            engine, "connect", lambda connection, _: connection.execute("PRAGMA cache_size = -32768")
        )

    @app.post("/nothing")
    def nothing() -> Response:
        return Response(b"{}", media_type="application/json")

    def found(body: bytes) -> Response:
        asked = orjson.loads(body)
        with engine.connect() as connection:
            row = connection.execute(
                _ASKED, {"source": asked["source"], "id": asked["source_record_id"]}
            ).first()
        return Response(orjson.dumps({"golden_id": row[0] if row else None}), media_type="application/json")

    @app.post("/key")
    async def key(request: Request) -> Response:
        return await run_in_threadpool(found, await request.body())

    return app


def main() -> None:
    """Serve as the service is served: `python -m bench.http.bare --port N --workers W`."""
    asked = argparse.ArgumentParser(prog="python -m bench.http.bare")
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--workers", type=int, default=1)
    told = asked.parse_args()
    app = "bench.http.bare:application" if told.workers > 1 else application()
    listen(app, ApiSettings(workers=told.workers), told.port)


if __name__ == "__main__":
    main()
