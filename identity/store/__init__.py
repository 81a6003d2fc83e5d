"""The database: tables, migrations, the unit of work that alone commits, the views that answer questions."""

from identity.store.bulk import BulkWork
from identity.store.dialect import SERVER_URL, file_url
from identity.store.engine import (
    CONNECTIONS,
    DEFAULT_URL,
    Store,
    check_current,
    head_revision,
    migrate,
)
from identity.store.online import OnlineWork
from identity.store.views import Counts, EventView, OperationView, ProfileView, RedoCount, RedoView, Views

__all__ = [
    "CONNECTIONS",
    "DEFAULT_URL",
    "SERVER_URL",
    "BulkWork",
    "Counts",
    "EventView",
    "OnlineWork",
    "OperationView",
    "ProfileView",
    "RedoCount",
    "RedoView",
    "Store",
    "Views",
    "check_current",
    "file_url",
    "head_revision",
    "migrate",
]
