"""Migrations, run by `store/upgrade.py`; `python -m identity.store.migrations "what changes"` writes one."""
