"""The ERP in step: every account bears the golden id of whose it is, and knows what is approved to be told.

follower.py   what is so now around an event → what has to be written
reconcile.py  all accounts beside the master
"""

from identity.consumers.erp.follower import ERP, ErpFollower

__all__ = ["ERP", "ErpFollower"]
