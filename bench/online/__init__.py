"""The benchmark's real-time part: records resolved as they are written, asked for and compared, one by one.

plan.py       how much is measured at which size
records.py    which records are loaded, which are held back to be written and asked about
server.py     a PostgreSQL server of the benchmark's own
databases.py  databases filled once, and what their tables hold
abreast.py    processes that begin each phase together
clients.py    what those processes do: lookups, matches, writes
peer.py       Splink asked about one record at a time
measure.py    all of it in order
tables.py     the figures as tables
"""
