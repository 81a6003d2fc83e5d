"""The service as a data scientist uses it, in process: what `from identity import …` gives.

records.py  one record, two records     tables.py    a whole table, with no database
models.py   what a model has learnt     coverage.py  what blocking finds, and what it costs
accuracy.py  how right clusters are     stored.py    a database: load, decide, look, re-match, label

Nothing here knows more than the commands do: where those take files and return reports, these take tables and return
tables and nouns.
"""
