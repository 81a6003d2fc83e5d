"""Followers of the event log that do something in other systems.

following.py  the runtime: a lease, events in, effects and inbox together, one profile parked at most
waiting.py    whose turn it is, in the order of each profile       outcomes.py  what is kept of what was tried
breaker.py    tells an event that fails from a system that does    schedule.py  when what failed is tried again
feeds.py      the log itself                                       stream.py    a Redis stream that carries it
loyalty/      consolidation: merges and unmerges at the loyalty platform, and reconciliation
"""
