"""Routes on their way out say so, in every answer and in the document, and leave callers time."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from api.app import create_app
from api.contract import document
from api.deprecation import DEPRECATED, NOTICE, Deprecation, Notices
from tests.api.conftest import Api

OLD = Deprecation(
    date(2026, 1, 1), date(2026, 12, 31), about="https://example.com/changes", successor="/v1/new"
)


def app_with_an_old_route() -> FastAPI:
    app = FastAPI(generate_unique_id_function=lambda route: route.name)

    @app.get("/v1/old")
    def old(refused: bool = False) -> dict[str, str]:
        """Tell what it always told."""
        if refused:
            raise HTTPException(404)
        return {"told": "as ever"}

    @app.get("/v1/new")
    def new() -> dict[str, str]:
        """Tell it better."""
        return {"told": "better"}

    app.add_middleware(Notices, deprecated={"old": OLD})
    app.openapi = document(app, {"old": OLD})  # type: ignore[method-assign]
    return app


@pytest.mark.parametrize(("address", "status"), [("/v1/old", 200), ("/v1/old?refused=true", 404)])
def test_every_answer_of_a_deprecated_route_says_so(address: str, status: int) -> None:
    answer = TestClient(app_with_an_old_route()).get(address)
    assert answer.status_code == status
    assert answer.headers["deprecation"] == "@1767225600"
    assert answer.headers["sunset"] == "Thu, 31 Dec 2026 00:00:00 GMT"
    assert answer.headers["link"].split(", ") == [
        '<https://example.com/changes>; rel="deprecation"',
        '<https://example.com/changes>; rel="sunset"',
        '</v1/new>; rel="successor-version"',
    ]


def test_other_routes_say_nothing_of_it() -> None:
    answer = TestClient(app_with_an_old_route()).get("/v1/new")
    assert {"deprecation", "sunset", "link"} & answer.headers.keys() == set()


def test_the_document_marks_what_is_deprecated() -> None:
    paths = app_with_an_old_route().openapi()["paths"]
    assert paths["/v1/old"]["get"]["deprecated"] is True
    assert {"Deprecation", "Sunset", "Link"} <= paths["/v1/old"]["get"]["responses"]["200"]["headers"].keys()
    assert "deprecated" not in paths["/v1/new"]["get"]


def test_a_route_that_only_ages_names_no_end() -> None:
    assert Deprecation(date(2026, 1, 1)).headers() == {
        "Deprecation": "@1767225600",
        "Link": '</docs>; rel="deprecation"',
    }


def test_an_end_that_comes_too_soon_is_refused() -> None:
    with pytest.raises(ValueError, match=f"less than {NOTICE.days} days"):
        Deprecation(date(2026, 1, 1), date(2026, 6, 29))


def test_the_application_says_so_of_its_own_routes_also_to_strangers(lite: Api) -> None:
    app = create_app(lite.service, lite.settings, deprecated={"list_models": OLD})
    http = TestClient(app)
    assert http.get("/v1/models").status_code == 401
    assert http.get("/v1/models").headers["sunset"] == "Thu, 31 Dec 2026 00:00:00 GMT"
    assert "sunset" not in http.get("/v1/runs").headers
    assert app.openapi()["paths"]["/v1/models"]["get"]["deprecated"] is True


def test_what_is_said_to_be_deprecated_is_a_route(lite: Api) -> None:
    operations = {
        each["operationId"] for methods in lite.app.openapi()["paths"].values() for each in methods.values()
    }
    assert DEPRECATED.keys() <= operations
