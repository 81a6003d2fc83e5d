"""Write a new migration: what a database at head lacks of `tables.py`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from identity.store.dialect import database_in_file
from identity.store.upgrade import migrate, write_revision

with tempfile.TemporaryDirectory() as folder:
    database = database_in_file(Path(folder) / "empty.db", patience=5)
    migrate(database)
    write_revision(database, message=sys.argv[1])
