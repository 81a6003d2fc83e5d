"""A real ERP for tests and the demonstration: a Tryton server in an environment and a process of its own.

Nothing of Tryton is imported here: its programs are run, and it is spoken to over HTTP.
"""

from erp.installation import ErpMissing, Installation, install, installed
from erp.server import Erp, running

__all__ = ["Erp", "ErpMissing", "Installation", "install", "installed", "running"]
