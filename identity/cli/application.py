"""The API and the review screen in one application: what `identity serve` serves."""

from __future__ import annotations

import os

from fastapi import FastAPI

from api.app import create_app
from api.serving import log_as_json
from api.settings import ApiSettings, api_settings_from
from identity.bootstrap import Service, settings_from
from stewardship.app import create_screen
from stewardship.settings import screen_settings_from
from stewardship.visit import ROOT

__all__ = ["application", "together"]


def together(service: Service, settings: ApiSettings) -> FastAPI:
    """Return the API with the screen beside it, behind one door."""
    return create_app(
        service, settings, besides={ROOT: create_screen(service, screen_settings_from(os.environ))}
    )


def application() -> FastAPI:
    """Return the application that the environment describes: what each of several processes runs."""
    log_as_json()
    return together(Service(settings_from(os.environ)), api_settings_from(os.environ))
