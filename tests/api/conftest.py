"""An application over a database of its own, and clients with tokens of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.scopes import Scope
from api.settings import ApiSettings
from api.tokens import issue
from identity.bootstrap import Service, Settings

Record = dict[str, Any]


class Api:
    """A running application, as its callers see it."""

    def __init__(self, service: Service, settings: ApiSettings) -> None:
        self.service = service
        self.settings = settings
        self.app = create_app(service, settings)
        self.http = TestClient(self.app, raise_server_exceptions=False)

    def headers(self, *scopes: str, client: str = "shop", **more: str) -> dict[str, str]:
        allowed: Iterable[str] = scopes or [scope.value for scope in Scope]
        token = issue(self.settings, client, list(allowed), 600)
        return {"Authorization": f"Bearer {token}", **more}

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.http.post(path, json=body, headers={**self.headers(), **headers})

    def get(self, path: str, **headers: str) -> Any:
        return self.http.get(path, headers={**self.headers(), **headers})

    def tell(self, source: str, record_id: str, **attributes: Any) -> Any:
        told = {"source": source, "source_record_id": record_id, **attributes}
        answer = self.post("/v1/records", told)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    opened: list[Api] = []

    def open_at(url: str, **settings: Any) -> Api:
        service = Service(Settings(url, index_secret="a secret of the tests", spool=tmp_path / "spool"))
        chosen = ApiSettings(signing_key=tmp_path / "key.json", rate="100000/second", **settings)
        api = Api(service, chosen)
        api.http.__enter__()
        opened.append(api)
        return api

    yield open_at
    for api in opened:
        api.http.__exit__(None, None, None)
        api.service.store.close()


@pytest.fixture
def api(at: Callable[..., Api], url: str) -> Api:
    return at(url)


@pytest.fixture
def lite(at: Callable[..., Api], sqlite_url: str) -> Api:
    """For what no database has a part in."""
    return at(sqlite_url)
