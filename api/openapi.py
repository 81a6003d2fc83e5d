"""`python -m api.openapi FILE`: the OpenAPI document, as it is kept in docs/openapi.json."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import orjson

from api.app import create_app
from api.settings import ApiSettings
from identity.bootstrap import Service, Settings

__all__ = ["written"]


def written() -> bytes:
    """Return the document as JSON with a stable order, for reading differences."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Settings(f"sqlite:///{folder}/identity.db"))
        app = create_app(service, ApiSettings(signing_key=Path(folder) / "key.json"))
        try:
            return orjson.dumps(app.openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        finally:
            service.store.close()


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(written())
