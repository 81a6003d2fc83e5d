"""The benchmark: our default beside plain Splink, on made-up retail customers and on labelled sets if there are any.

A batch part resolves whole populations; an online part (`bench/online`) writes, matches and looks up single records.
"""
