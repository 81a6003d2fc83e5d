"""The routes under /v1, one file for each kind of question."""

import api.addresses  # noqa: F401 - before any route is declared
